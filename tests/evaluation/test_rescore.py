"""Saved answers judged again: the very run that sitting the exam with those metrics would have made."""

import json
import shutil
from dataclasses import replace

import pytest
from fakes import FakePlan, Gain, InProcess, contents, fake_exam, named, sit_exam

from avbench.errors import BadFile, IncompleteRun, UsageError
from avbench.evaluation import rescore
from avbench.evaluation.kept import keep
from avbench.evaluation.record import write_json
from avbench.evaluation.rescore import score


class NoSystem(Gain):
    """Answers all but one trial, which crashes."""

    digest = "crash"

    def one(self, given):
        return 1 / 0 if given.id == "fake-0001.snr5" else Gain.one(self, given)


class Engine(InProcess):
    """Judges here; tests/cli/test_gate.py has the real one."""

    def __init__(self, workers=None):
        super().__init__()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A run with an anchor and a crash, below runs/, and an exam that is set again without files."""
    monkeypatch.chdir(tmp_path)
    broken = ("c02",)
    monkeypatch.setattr(rescore, "set_exam", lambda task, axes, metrics, dataset, noise, plan, limit, judges: fake_exam(
        clips=4, snr=axes["snr"], metrics=[m.name for m in metrics], limit=limit, broken=broken
    ))  # fmt: skip
    monkeypatch.setattr(rescore, "LocalEngine", Engine)
    monkeypatch.setattr(rescore, "is_committed", lambda name, sha256: sha256 == FakePlan(()).sha256)
    exam = fake_exam(clips=4, metrics=("stoi",), broken=broken)
    sit_exam(exam, NoSystem(), tmp_path / "made" / "nosystem")
    sit_exam(exam, "oracle", tmp_path / "made" / "oracle")
    return tmp_path


def test_it_is_the_run_that_run_would_have_made(home):
    """Byte for byte, with the failures, the voids and the anchors; and it lies where `run` will look for it."""
    runs = score("made/nosystem", metrics="si-sdr,stoi")
    assert [run.system for run in runs] == ["nosystem", "oracle"] and not any(run.cached for run in runs)
    direct = fake_exam(clips=4, metrics=("si-sdr", "stoi"), broken=("c02",))
    for run, system in zip(runs, (NoSystem(), "oracle"), strict=True):
        made = sit_exam(direct, system, home / "direct" / run.system)
        assert contents(run.folder) == contents(made.folder)
        assert run.folder.parts[:2] == ("runs", "avse") and run.folder.name.endswith(run.head["hash"][:8])
    assert runs[0].row("si-sdr", {})["failed"] == 1 and runs[0].row("si-sdr", {})["void"] == 2
    assert runs[0].row("si-sdr", {})["n"] == 5
    assert all(run.cached for run in score("made/nosystem", metrics="si-sdr,stoi"))


def test_the_run_itself_stays_as_it_was(home):
    before = contents(home / "made")
    score("made/nosystem", metrics="si-sdr", out="elsewhere")
    assert contents(home / "made") == before and (home / "elsewhere/nosystem/summary.json").is_file()
    same = score("made/nosystem")
    assert [run.folder.resolve() for run in same] == [home / "made/nosystem", home / "made/oracle"]
    assert all(run.cached for run in same) and contents(home / "made") == before


def test_the_times_of_the_system_are_not_those_of_the_judging(home):
    run = score("made/nosystem", metrics="si-sdr")[0]
    sessions = run.record.provenance["sessions"]
    assert len(sessions) == 2 and sessions[0]["rtf"] is not None and sessions[1]["rtf"] is None


def test_answers_to_an_earlier_avbench_are_not_passed_off_as_new(home):
    path = home / "made/nosystem/run.json"
    head = json.loads(path.read_text())
    head["identity"]["avbench"] = "0.0.1"
    write_json(path, head)
    run = score("made/nosystem", metrics="stoi")[0]
    assert run.identity["system"]["answered_under"] == "0.0.1" and run.identity["avbench"] != "0.0.1"
    assert run.where.resolve() != home / "made/nosystem" and not run.cached


def test_other_sound_than_was_answered_ends_it(home):
    path = home / "made/nosystem/scores/fake-0000.snr5.json"
    trial = json.loads(path.read_text())
    write_json(path, {**trial, "facts": {**trial["facts"], "pcm": "0" * 32}})
    with pytest.raises(UsageError, match=r"renders fake-0000.snr5 to other sound"):
        score("made/nosystem", metrics="si-sdr")


def test_a_lost_answer_is_no_failure_of_the_system(home):
    (home / "made/nosystem/predictions/fake-0000.snr5.wav").unlink()
    with pytest.raises(BadFile, match="missing"):
        score("made/nosystem", metrics="si-sdr")


def test_what_cannot_be_judged_again_is_refused(home, monkeypatch):
    keep("made/nosystem", "kept.json")
    with pytest.raises(UsageError, match="without its answers"):
        score("kept.json", metrics="si-sdr")
    with pytest.raises(UsageError, match="cannot judge avse"):
        score("made/nosystem", metrics="wer")
    shutil.copytree(home / "made", home / "half")
    (home / "half/nosystem/summary.json").unlink()
    with pytest.raises(IncompleteRun, match="not finished"):
        score("half/nosystem", metrics="si-sdr")
    make = rescore.set_exam
    monkeypatch.setattr(rescore, "set_exam", lambda *given: replace(make(*given), plan=FakePlan((), sha256="0" * 64)))
    with pytest.raises(UsageError, match="its plan was fake ffffffffffff and would be fake 000000000000"):
        score("made/nosystem", metrics="si-sdr")


def test_a_folder_of_the_user_must_be_shown_again(home):
    path = home / "made/nosystem/run.json"
    head = json.loads(path.read_text())
    head["identity"]["dataset"]["name"] = "folder:speech"
    write_json(path, head)
    with pytest.raises(UsageError, match=r"dataset from folder:speech: say where it lies with --dataset"):
        score("made/nosystem", metrics="si-sdr")


def test_a_system_that_is_gone_is_not_needed(home):
    gone = named("Gone", digest="gone")
    sit_exam(fake_exam(clips=4, metrics=("stoi",), broken=("c02",)), gone, home / "made" / "gone")
    del gone
    assert score("made/gone", metrics="si-sdr")[0].complete
