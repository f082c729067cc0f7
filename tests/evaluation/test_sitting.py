import json
import os
import shutil
import sys

import numpy as np
import pytest
from fakes import RATE, Gain, InProcess, answering, contents, fake_exam, named, sit_exam

from avbench.errors import UsageError
from avbench.evaluation.answers import ANSWERS
from avbench.types import Audio, Prediction


def statuses(run, metric="stoi"):
    return {trial["trial"]: trial["scores"][metric]["status"] for trial in run.trials}


def test_a_run_leaves_every_file_and_the_values_add_up(tmp_path):
    exam = fake_exam()
    run = sit_exam(exam, Gain(), tmp_path / "gain")
    assert sorted(p.name for p in run.folder.iterdir() if p.name != ".lock") == [
        "errors", "plan.jsonl", "predictions", "provenance.json", "run.json", "scores", "summary.json",
    ]  # fmt: skip
    assert len(list((run.folder / "predictions").iterdir())) == 24 == len(run.trials)
    assert run.complete and not run.cached
    values = [t["scores"]["stoi"]["value"] for t in run.trials if t["condition"] == {"snr": 5}]
    row = run.row("stoi", {"snr": 5})
    assert row["value"] == pytest.approx(np.mean(values)) and row["ci95"][0] < row["value"] < row["ci95"][1]
    assert (row["n"], row["failed"], row["total"]) == (12, 0, 12)
    assert run.row("stoi", {})["total"] == 24
    assert run.row("stoi", {"snr": 5})["value"] > run.row("stoi", {"snr": -5})["value"]


def test_a_batch_is_one_clip_at_all_conditions(tmp_path):
    system = Gain()
    sit_exam(fake_exam(clips=2), system, tmp_path / "gain")
    assert system.calls == [["fake-0000.snr-5", "fake-0000.snr5"], ["fake-0001.snr-5", "fake-0001.snr5"]]


def test_scores_are_made_from_the_saved_file(tmp_path):
    import soundfile

    run = sit_exam(fake_exam(clips=1), Gain(), tmp_path / "gain")
    path = run.record.prediction("fake-0000.snr5", ANSWERS["audio"])
    assert soundfile.info(path).subtype == "FLOAT"
    samples, rate = soundfile.read(path, dtype="float32")
    soundfile.write(path, samples[::-1], rate, subtype="FLOAT")
    before = statuses(run), run.trials
    shutil.rmtree(run.folder / "scores")
    (run.folder / "summary.json").unlink()
    again = sit_exam(fake_exam(clips=1), Gain(), tmp_path / "gain")
    assert statuses(again) == before[0]
    assert again.trials[1]["scores"]["si-sdr"]["value"] < before[1][1]["scores"]["si-sdr"]["value"] - 10
    assert again.trials[0] == before[1][0]


def raising(error):
    def one(self, given):
        raise error

    return one


BAD = {
    "crash": (lambda self, given: 1 / 0, "ZeroDivisionError"),
    "exit": (lambda self, given: sys.exit(), "SystemExit"),
    "time-out": (raising(TimeoutError("gave up")), "TimeoutError: gave up"),
    "no file": (raising(FileNotFoundError(2, "No such file")), "FileNotFoundError"),
    "no server": (raising(ConnectionRefusedError(111, "refused")), "ConnectionRefusedError"),
    "silent": (answering(lambda x: Audio(np.zeros_like(x), RATE)), "silent"),
    "nan": (answering(lambda x: Audio(np.full_like(x, np.nan), RATE)), "NaN"),
    "infinite": (answering(lambda x: Audio(np.full_like(x, np.inf), RATE)), "infinite"),
    "empty": (answering(lambda x: Audio(x[:0], RATE)), "empty"),
    "short": (answering(lambda x: Audio(x[:-1], RATE)), "samples"),
    "long": (answering(lambda x: Audio(np.append(x, x), RATE)), "samples"),
    "8 kHz": (answering(lambda x: Audio(x, 8000)), "8000 Hz"),
    "stereo": (answering(lambda x: Audio(np.stack([x, x]), RATE)), "ValueError"),
    "doubles": (answering(lambda x: Audio(x.astype(np.float64), RATE)), "ValueError"),
    "mute": (lambda self, given: Prediction(text="hello"), "no audio"),
    "wordless": (lambda self, given: None, "no audio"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_fault_of_the_system_scores_the_floor_with_its_reason(tmp_path, kind):
    """One bad answer of twelve: counted, at the floor, and the mean can only fall."""
    one, words = BAD[kind]

    def sometimes(self, given):
        return one(self, given) if given.id == "fake-0003.snr5" else Gain.one(self, given)

    good = sit_exam(fake_exam(), Gain(), tmp_path / "good")
    run = sit_exam(fake_exam(), named(kind, one=sometimes), tmp_path / kind)
    bad = next(t for t in run.trials if t["trial"] == "fake-0003.snr5")["scores"]
    assert bad["stoi"]["status"] == bad["si-sdr"]["status"] == "failed"
    assert (bad["stoi"]["value"], bad["si-sdr"]["value"]) == (0.0, -60.0)
    assert words in bad["stoi"]["reason"] and "\n" not in bad["stoi"]["reason"]
    row = run.row("stoi", {"snr": 5})
    assert (row["n"], row["failed"], row["total"], row["complete"]) == (11, 1, 12, True)
    assert row["value"] < good.row("stoi", {"snr": 5})["value"]
    assert run.complete
    assert run.row("stoi", {"snr": -5})["value"] == good.row("stoi", {"snr": -5})["value"]


def test_a_failing_batch_is_retried_one_by_one(tmp_path):
    class Picky(Gain):
        digest = "picky"

        def predict(self, inputs):
            self.calls.append(len(inputs))
            if any(one.id.endswith("snr5") for one in inputs):
                raise RuntimeError("I do not like it")
            return [self.one(one) for one in inputs]

    system = Picky()
    run = sit_exam(fake_exam(clips=1), system, tmp_path / "picky")
    assert system.calls == [2, 1, 1]
    assert statuses(run) == {"fake-0000.snr-5": "ok", "fake-0000.snr5": "failed"}


def test_a_wrong_number_of_answers_is_a_fault(tmp_path):
    run = sit_exam(fake_exam(clips=1), named("generous", predict=lambda self, inputs: [None] * 3), tmp_path / "g")
    assert set(statuses(run).values()) == {"failed"}
    assert "3 answers to 1 inputs" in run.trials[0]["scores"]["stoi"]["reason"]


def test_a_silent_reference_is_void_for_every_system_also_for_one_that_crashes(tmp_path):
    silent = {"c03"}
    runs = [
        sit_exam(fake_exam(silent=silent), system, tmp_path / str(i))
        for i, system in enumerate([Gain(), named("crash", one=lambda self, given: 1 / 0), "noisy", "silence"])
    ]
    for run in runs:
        row = run.row("stoi", {"snr": 5})
        assert (row["void"], row["total"], row["n"] + row["failed"], row["complete"]) == (1, 11, 11, True)
        assert statuses(run)["fake-0003.snr5"] == "void"


def test_a_clip_that_cannot_be_rendered_is_void_and_the_rest_goes_on(tmp_path):
    system = Gain()
    run = sit_exam(fake_exam(broken={"c03"}), system, tmp_path / "run")
    row = run.row("stoi", {"snr": 5})
    assert (row["void"], row["total"], row["n"], row["complete"]) == (1, 11, 11, True) and len(system.calls) == 11
    void = next(t for t in run.trials if t["trial"] == "fake-0003.snr5")
    assert void["scores"]["stoi"]["reason"] == "the clip is broken" and void["cluster"] == "s03"
    assert sit_exam(fake_exam(broken={"c03"}), Gain(), tmp_path / "run").cached


@pytest.mark.parametrize(
    "error", [MemoryError(), OSError(28, "No space left"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_a_fault_of_the_machine_is_no_score_and_is_retried(tmp_path, error):
    broken = [True]

    def one(self, given):
        if given.id == "fake-0003.snr5" and broken:
            raise error
        return Gain.one(self, given)

    folder = tmp_path / "run"
    run = sit_exam(fake_exam(), named("tired", one=one), folder)
    row = run.row("stoi", {"snr": 5})
    assert (row["n"], row["failed"], row["total"], row["complete"]) == (11, 0, 12, False)
    assert not run.complete and run.record.errors() == ["fake-0003.snr5"]
    broken.clear()
    again = sit_exam(fake_exam(), named("tired", one=one), folder)
    assert again.complete and not again.cached and not again.record.errors()
    whole = sit_exam(fake_exam(), named("tired", one=one), tmp_path / "whole")
    assert contents(folder) == contents(whole.folder)


def test_a_finished_run_is_cached_and_costs_nothing(tmp_path):
    folder = tmp_path / "gain"
    first = sit_exam(fake_exam(clips=2), Gain(), folder)
    before, system, engine = contents(folder), Gain(), InProcess()
    second = sit_exam(fake_exam(clips=2), system, folder, engine)
    assert second.cached and second.rows == first.rows and contents(folder) == before
    assert system.calls == [] and engine.jobs == [] and not hasattr(system, "device")


def test_fresh_makes_it_anew(tmp_path):
    folder = tmp_path / "gain"
    sit_exam(fake_exam(clips=2), Gain(), folder)
    before, system = contents(folder), Gain()
    assert not sit_exam(fake_exam(clips=2), system, folder, fresh=True).cached
    assert len(system.calls) == 2 and contents(folder) == before


def test_another_run_is_never_mixed_in(tmp_path):
    sit_exam(fake_exam(clips=2), Gain(), tmp_path / "a")
    with pytest.raises(UsageError, match=r"another run \(axes: snr is \[-5, 5\], not \[0\]\)"):
        sit_exam(fake_exam(clips=2, snr=(0.0,)), Gain(), tmp_path / "a")
    with pytest.raises(UsageError, match="digest is gain@1"):
        sit_exam(fake_exam(clips=2), named("gain"), tmp_path / "a", fresh=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError, match="not of a run"):
        sit_exam(fake_exam(clips=2), Gain(), tmp_path / "b")
    assert (tmp_path / "b" / "thesis.tex").read_text() == "mine"


def interrupted(exam, after, folder):
    """A run that is broken off once so many scores are kept, as by Ctrl-C."""

    class Stop(InProcess):
        def run(self, jobs):
            for count, pair in enumerate(super().run(jobs)):
                if count == after:
                    raise KeyboardInterrupt
                yield pair

    with pytest.raises(KeyboardInterrupt):
        sit_exam(exam, Gain(), folder, Stop())


@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_a_resumed_run_equals_an_uninterrupted_one_byte_for_byte(tmp_path, after):
    whole = sit_exam(fake_exam(clips=4), Gain(), tmp_path / "whole")
    interrupted(fake_exam(clips=4), after, tmp_path / "resumed")
    system = Gain()
    run = sit_exam(fake_exam(clips=4), system, tmp_path / "resumed")
    assert not run.cached and contents(run.folder) == contents(whole.folder)
    assert all(len(batch) == 2 for batch in system.calls) and len(system.calls) <= 4 - after // 2
    assert len(run.record.provenance["sessions"]) == 2


def test_an_unfinished_run_can_be_shown_and_is_not_complete(tmp_path):
    from avbench.evaluation.runs import Run

    interrupted(fake_exam(), 7, tmp_path / "run")
    run = Run(tmp_path / "run")
    row = run.row("stoi", {})
    assert (row["n"], row["total"], row["complete"]) == (7, 24, False) and run.unranked == "run incomplete"
    assert not run.ended


def test_a_damaged_score_file_is_named(tmp_path):
    from avbench.errors import BadFile

    run = sit_exam(fake_exam(clips=2), Gain(), tmp_path / "run")
    (run.folder / "scores" / "fake-0000.snr5.json").write_text('{"tri')
    (run.folder / "summary.json").unlink()
    with pytest.raises(BadFile, match=r"fake-0000.snr5.json is damaged .* delete it"):
        sit_exam(fake_exam(clips=2), Gain(), tmp_path / "run")


def test_anchors_bound_the_table(tmp_path):
    runs = {name: sit_exam(fake_exam(), name, tmp_path / name) for name in ("noisy", "oracle", "silence")}
    value = {name: run.row("stoi", {"snr": 5})["value"] for name, run in runs.items()}
    assert value["silence"] == 0 < value["noisy"] < value["oracle"] == pytest.approx(1.0)
    assert runs["silence"].row("stoi", {})["failed"] == 24 and runs["silence"].complete
    capped = runs["oracle"].trials[0]["scores"]["si-sdr"]
    assert capped["value"] == 100.0 and "capped" in capped["flags"]
    assert all(run.anchor and run.unranked == "anchor" for run in runs.values())


def test_the_same_answer_to_the_same_reference_is_judged_once(tmp_path):
    engine = InProcess()
    run = sit_exam(fake_exam(clips=3, snr=(-5.0, 0.0, 5.0)), "oracle", tmp_path / "oracle", engine)
    assert len(engine.jobs) == 3 and len(run.trials) == 9 and run.complete
    engine = InProcess()
    run = sit_exam(fake_exam(clips=3, snr=(-5.0, 0.0, 5.0)), "noisy", tmp_path / "noisy", engine)
    assert len(engine.jobs) == 9 and len({t["scores"]["stoi"]["value"] for t in run.trials}) == 9


def test_clips_are_the_clusters_where_speakers_are_unknown(tmp_path):
    run = sit_exam(fake_exam(speakers=False), Gain(), tmp_path / "run")
    assert run.head["clusters"] == "clips" and run.row("stoi", {"snr": 5})["ci95"] is not None
    assert sit_exam(fake_exam(clips=9), Gain(), tmp_path / "few").row("stoi", {})["ci95"] is None


def test_records_are_json_without_nan_and_say_nothing_of_the_machine(tmp_path):
    run = sit_exam(fake_exam(clips=2), "silence", tmp_path / "run")
    for path in run.folder.rglob("*.json"):
        document = json.loads(path.read_text(), parse_constant=pytest.fail)
        if path.name != "provenance.json":
            assert str(tmp_path) not in json.dumps(document)
    assert run.trials[0]["facts"] == {"power_snr_db": -5.0, "nothing": None}
    session = run.record.provenance["sessions"][0]
    assert {"started", "device", "seconds", "rtf", "machine", "packages", "source"} <= set(session)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_sentence(tmp_path):
    from avbench.errors import MissingResource

    tmp_path.chmod(0o500)
    with pytest.raises(MissingResource, match="cannot be written"):
        sit_exam(fake_exam(clips=1), Gain(), tmp_path / "run")


def test_a_full_disk_is_one_sentence_and_the_run_goes_on_later(tmp_path, monkeypatch):
    from avbench.errors import MissingResource

    real, count = os.fsync, [0]

    def full(number):
        count[0] += 1
        if count[0] > 5:
            raise OSError(28, "No space left on device")
        real(number)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(MissingResource, match="disk is full"):
            sit_exam(fake_exam(clips=3), Gain(), tmp_path / "run")
    run = sit_exam(fake_exam(clips=3), Gain(), tmp_path / "run")
    whole = sit_exam(fake_exam(clips=3), Gain(), tmp_path / "whole")
    assert contents(run.folder) == contents(whole.folder)


def test_what_the_user_interrupts_is_no_fault_of_the_system(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        sit_exam(fake_exam(clips=1), named("stopped", one=raising(KeyboardInterrupt())), tmp_path / "run")
    assert not list((tmp_path / "run" / "scores").iterdir())


def test_what_an_early_kill_leaves_is_no_obstacle(tmp_path):
    folder = tmp_path / "run"
    (folder / "scores").mkdir(parents=True)
    for name in (".run.json.abc.part", ".plan.jsonl.abc.part", "provenance.json", "plan.jsonl", ".lock"):
        (folder / name).write_text("")
    (folder / "summary.json").write_text('{"rows": []}')
    run = sit_exam(fake_exam(clips=2), Gain(), folder)
    assert (
        not run.cached
        and run.complete
        and contents(folder) == contents(sit_exam(fake_exam(clips=2), Gain(), tmp_path / "whole").folder)
    )
    (folder / "run.json").unlink()
    with pytest.raises(UsageError, match="not of a run"):  # whose scores these are, nobody knows
        sit_exam(fake_exam(clips=2), Gain(), folder)


def test_a_missing_judge_is_tried_again_without_asking_the_system_again(tmp_path):
    from avbench.errors import NotApplicable
    from avbench.evaluation.engines import Verdict, scores_without

    class Judgeless(InProcess):
        def run(self, jobs):
            for job, verdict in super().run(jobs):
                yield job, Verdict(verdict.scores | scores_without(["stoi"], NotApplicable("install it")), 0.0)

    folder = tmp_path / "run"
    run = sit_exam(fake_exam(clips=2), Gain(), folder, Judgeless())
    assert not run.complete and run.left == {"not-applicable": 4} and run.row("si-sdr", {})["complete"]
    system = Gain()
    again = sit_exam(fake_exam(clips=2), system, folder)
    assert again.complete and not again.cached and not again.left and system.calls == []
    assert contents(folder) == contents(sit_exam(fake_exam(clips=2), Gain(), tmp_path / "whole").folder)
    assert sit_exam(fake_exam(clips=2), Gain(), folder).cached


def test_one_unknown_speaker_makes_every_clip_its_own_cluster(tmp_path):
    from dataclasses import replace

    exam = fake_exam(broken={"c01"})
    data = exam.dataset
    data.clips = (replace(data.clips[0], speaker=None), *(replace(clip, speaker="s") for clip in data.clips[1:]))
    run = sit_exam(exam, Gain(), tmp_path / "run")
    assert run.head["clusters"] == "clips" and all(trial["cluster"] == trial["clip"] for trial in run.trials)
    assert run.row("stoi", {})["ci95"] is not None


def test_a_score_of_another_exam_is_not_counted(tmp_path):
    run = sit_exam(fake_exam(clips=2), Gain(), tmp_path / "run")
    other = {**run.trials[1], "trial": "fake-0000.rooms-0f0f.snr5"}
    (run.folder / "scores" / f"{other['trial']}.json").write_text(json.dumps(other))
    (run.folder / "summary.json").unlink()
    row = sit_exam(fake_exam(clips=2), Gain(), tmp_path / "run").row("stoi", {"snr": 5})
    assert (row["n"], row["total"], row["complete"]) == (2, 2, True)


def test_starting_a_system_again_is_no_part_of_its_speed(tmp_path):
    import time
    from dataclasses import replace

    from avbench.evaluation.evaluate import head_of
    from avbench.evaluation.examinee import candidate
    from avbench.evaluation.sitting import sit

    system, spent = Gain(), [0.0]

    def answer(trials):
        time.sleep(0.2)
        spent[0] += 0.2
        return [system.one(trial.input).audio for trial in trials]

    examinee = replace(candidate("gain", system), answer=answer, reloading=lambda: spent[0])
    exam = fake_exam(clips=2)
    run = sit(exam, examinee, head_of(exam, examinee), tmp_path / "run", InProcess(), "cpu")
    seconds = run.record.provenance["sessions"][0]["seconds"]
    assert seconds["predict"] < 0.2 < 0.39 < seconds["load"]


def test_other_pictures_are_not_as_published(tmp_path, monkeypatch):
    """Sound may be exact where the pictures are not; one who sees none is not asked about them."""
    from dataclasses import replace

    from avbench.evaluation import sitting
    from avbench.evaluation.examinee import candidate
    from avbench.evaluation.record import Record
    from avbench.signal.audio import to_int16
    from avbench.signal.files import digest
    from avbench.types import Video

    exam = fake_exam(clips=1)
    row, frames = exam.rows[0], np.zeros((15, 88, 88, 1), np.uint8)
    heard = exam.trials(row, False)
    seen = [replace(t, input=replace(t.input, video=Video(frames, 25.0))) for t in heard]
    pcm = b"".join(to_int16(t.input.audio.samples).tobytes() for t in heard)
    for first, same in ((digest(frames), True), (digest(frames + 1), False)):
        published = {"rows": {row.id: [digest(pcm)[:16], ""]}, "frames": {row.clip: [first[:16], ""]}}
        told = replace(exam, official=True, published=published)
        assert told.is_as_published(row, heard, False) and told.is_as_published(row, seen, True) == same

    asked = {}
    monkeypatch.setattr(sitting, "verify_plan", lambda *a, **more: asked.update(more) or Record(tmp_path))
    monkeypatch.setattr(Record, "verdict", "equivalent", raising=False)
    for inputs, video in (({"audio"}, False), ({"audio", "video"}, True)):
        one = sitting.Sitting(told, candidate("x", named("x", inputs=frozenset(inputs))), Record(tmp_path), "cpu")
        one.differs = True
        assert one.sound() == "equivalent" and asked == {"video": video}
