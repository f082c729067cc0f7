"""Submissions sit an exam: what comes out is an ordinary run, made from the raw answers alone."""

import json
import os
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from submission_cards import CODE, OUTPUTS, TRIALS

import avbench
from avbench.errors import BadFile, MissingResource, UsageError
from avbench.evaluation.runs import open_run
from avbench.submission import new, pack, sandbox, score, try_out, validate
from avbench.submission.sandbox import Limits
from avbench.types import Inputs, Target, Trial

HERE = Path(__file__).parent
EXAM = {"limit": 2, "metrics": "si-sdr", "anchors": "none", "workers": 1}


def folder_of(home, entry, card=CODE):
    folder = home / entry.lower()
    folder.mkdir()
    (folder / "card.toml").write_text(card.replace("Fair", entry))
    shutil.copy(HERE / "hostile_systems.py", folder / "system.py")
    return folder


@pytest.fixture
def scored(walled, tmp_path, cache):
    """A system that is lost if it meets a clip twice, at two SNRs, as a submission."""
    archive = pack(folder_of(tmp_path, "Rememberer"), tmp_path / "half.zip")
    (run,) = score(archive, "tiny", snr="0,5", out=tmp_path / "runs", **EXAM)
    return run, archive


def test_a_submission_makes_an_ordinary_run(scored, tmp_path, monkeypatch):
    """The same answers as the same class gives without a sandbox; but no box meets a clip twice."""
    run, archive = scored
    assert run.complete and run.system == "half" and run.head["card"]["title"] == "Half as loud"
    assert [t["scores"]["si-sdr"]["status"] for t in run.trials] == ["ok"] * 4
    told = json.loads((run.folder / "submission.json").read_text())
    assert told["sandbox"] is True and told["card"]["authors"] == ["A. Author", "B. Author"]
    assert open_run(run.folder).row("si-sdr", {})["n"] == 4

    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setattr("hostile_systems.Fair.card", validate(archive).card.system)
    monkeypatch.setattr("avbench.registry._foreign", _foreign)
    (plain,) = avbench.run("__main__:Fair", protocol="tiny", snr="0,5", out=tmp_path / "plain", device="cpu", **EXAM)
    for path in sorted((plain.folder / "predictions").iterdir()):
        assert path.read_bytes() == (run.folder / "predictions" / path.name).read_bytes()
    (again,) = score(archive, "tiny", snr="0,5", out=tmp_path / "runs", **EXAM)
    assert again.cached

    import hostile_systems

    alone = hostile_systems.Rememberer()
    alone.load("cpu")
    heard = [_hear(run.folder / "predictions" / f"tiny-0000.snr{snr}.wav") for snr in (0, 5)]
    alone.one(heard[0])
    with pytest.raises(RuntimeError, match="seen before"):
        alone.one(heard[1])

    outputs = {f"outputs/{t}.wav": (run.folder / "predictions" / f"{t}.wav").read_bytes() for t in TRIALS}
    with zipfile.ZipFile(tmp_path / "outputs.zip", "w") as out:
        for name, content in {"card.toml": OUTPUTS, **outputs}.items():
            out.writestr(name, content)
    (made,) = score(tmp_path / "outputs.zip", out=tmp_path / "outputs", **{**EXAM, "limit": None})
    mine = {t["trial"]: t["scores"] for t in made.trials}
    assert mine == {t["trial"]: t["scores"] for t in run.trials if t["trial"] in TRIALS} and len(mine) == 2


def _foreign(name):
    import hostile_systems

    return hostile_systems.Fair()


def _hear(path):
    from avbench.types import Audio, Inputs

    samples, rate = soundfile.read(path, dtype="float32")
    return Inputs("x", Audio(samples, rate), None, 0)


BAD = {
    "nan": (lambda path: soundfile.write(path, np.full(68480, np.nan, np.float32), 16000, "FLOAT"), "not finite"),
    "stereo": (lambda path: soundfile.write(path, np.ones((99, 2)), 16000), "2 channels"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "cut": (
        lambda path: path.write_bytes(b"RIFF\xff\xff\xff\x7fWAVEfmt " + os.urandom(200)),
        "cannot be read as sound",
    ),
    "pickle": (lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR."), "cannot be read as sound"),
}


def test_outputs_that_are_no_answers_are_told_of(walled, tmp_path):
    folder = tmp_path / "outputs-only"
    (folder / "outputs").mkdir(parents=True)
    (folder / "card.toml").write_text(OUTPUTS.replace("limit = 2", f"limit = {len(BAD)}"))
    for i, (spoil, _) in enumerate(BAD.values()):
        spoil(folder / "outputs" / f"tiny-{i:04d}.snr5.wav")
    assert validate(folder).errors == ()
    answered = try_out(folder, trials=len(BAD))
    for one, (_, words) in zip(answered, BAD.values(), strict=True):
        assert words in one.reason and one.reason.isprintable()


def test_more_conditions_than_boxes(tmp_path, monkeypatch):
    """What was opened last makes room, and every condition keeps to its own box."""
    from avbench.submission import scoring
    from avbench.submission.card import read_card

    class Toy:
        opened, closed, loading = 0, 0, 1.0

        def __init__(self, *_):
            Toy.opened += 1
            self.asked = set()

        def ask(self, one):
            assert one not in self.asked
            self.asked.add(one)
            return len(self.asked)

        def close(self):
            Toy.closed += 1

    monkeypatch.setattr(scoring, "Box", Toy)
    monkeypatch.setattr(scoring, "BOXES", 3)
    boxes = scoring.Boxes(tmp_path, read_card(CODE.encode())[0], Limits())
    answers = [[boxes.ask(clip, condition) for condition in "abcde"] for clip in ("one", "two")]
    assert answers == [[1] * 5, [2, 2, 1, 1, 1]]
    assert boxes.loading() == Toy.opened == 8 and Toy.closed == 5
    boxes.close()
    assert Toy.closed == Toy.opened


def test_a_clip_that_comes_again_has_a_further_box(tmp_path, monkeypatch):
    """As where several faces of one clip are judged."""
    from avbench.submission import scoring
    from avbench.submission.card import read_card

    class Toy:
        loading = 0.0

        def __init__(self, *_):
            self.asked = []

        def ask(self, one):
            self.asked.append(one.wanted["clip"])
            return self.asked

        def close(self):
            pass

    monkeypatch.setattr(scoring, "Box", Toy)
    boxes = scoring.Boxes(tmp_path, read_card(CODE.encode())[0], Limits(), keep=tmp_path)
    trials = [
        Trial(f"t{i}", Inputs(f"t{i}", None, None, i, wanted={"clip": clip}), Target(), {"snr": snr}, clip, clip)
        for i, (clip, snr) in enumerate((clip, snr) for clip in "aabacb" for snr in (0, 5))
    ]
    for i in range(0, len(trials), 2):
        for asked in boxes.answer(trials[i : i + 2]):
            assert len(set(asked)) == len(asked)
    assert len(boxes._boxes) == 6

    seen = boxes._inputs(trials[0])
    assert seen.id not in ("t0", f"{trials[0].input.seed:016x}") and seen.seed != trials[0].input.seed
    again = scoring.Boxes(tmp_path, boxes.card, Limits(), keep=tmp_path)._inputs(trials[0])
    assert (again.id, again.seed) == (seen.id, seen.seed)
    elsewhere = scoring.Boxes(tmp_path, boxes.card, Limits(), keep=tmp_path / "other")._inputs(trials[0])
    assert elsewhere.id != seen.id and elsewhere.seed != seen.seed
    (tmp_path / scoring.KEY).write_text("short")
    with pytest.raises(BadFile, match="is damaged"):
        scoring.key_beside(tmp_path)


def test_other_limits_are_another_identity(tmp_path):
    from avbench.submission.card import read_card
    from avbench.submission.scoring import Boxes, examinee_of

    card = read_card(CODE.encode())[0]
    limits = [Limits(), Limits(seconds=600.0), Limits(loading=1.0), Limits(memory=1 << 30), Limits(processes=1)]
    made = [examinee_of(card, Boxes(tmp_path, card, each), "d") for each in (*limits, Limits(disk=1))]
    made.append(examinee_of(card, Boxes(tmp_path, card, Limits(), trust=True), "d"))
    assert made[0].digest == "d" and len({each.digest for each in made}) == 7
    assert {each.timeout for each in made} == {None}


def test_bad_answers_score_the_floor(walled, tmp_path, cache):
    folder = tmp_path / "bad-outputs"
    (folder / "outputs").mkdir(parents=True)
    (folder / "card.toml").write_text(OUTPUTS.replace("limit = 2", "limit = 4"))
    noise = np.random.default_rng(0).normal(0, 0.1, 9000)
    answers = [(np.full(68480, np.nan), 16000), (noise, 16000), (np.resize(noise, 68480), 44100), None]
    for i, answer in enumerate(answers):
        path = folder / "outputs" / f"tiny-{i:04d}.snr5.wav"
        soundfile.write(path, *answer, "FLOAT") if answer else path.write_bytes(b"")
    (run,) = score(folder, out=tmp_path / "runs", **{**EXAM, "limit": None})
    found = [trial["scores"]["si-sdr"] for trial in run.trials]
    assert [each["status"] for each in found] == ["failed"] * 4 and all(each["value"] == -60 for each in found)
    words = ("NaN", "samples|length|long", "Hz|samples|length", "is empty")
    for each, word in zip(found, words, strict=True):
        assert any(part in each["reason"] for part in word.split("|")), each["reason"]
    assert run.complete and run.row("si-sdr", {})["failed"] == 4


def test_code_without_a_sandbox_is_refused_unless_trusted(tmp_path, monkeypatch):
    folder = folder_of(tmp_path, "Fair")
    monkeypatch.setattr(sandbox, "problem", lambda: "bubblewrap (bwrap) is not installed")
    with pytest.raises(
        MissingResource, match=r"runs under bubblewrap only, and bubblewrap .* is not installed.*--trust"
    ):
        try_out(folder)
    assert [one.reason for one in try_out(folder, trust=True)] == ["", "", ""]


def test_what_cannot_be_scored_says_why(tmp_path, archive, walled):
    with pytest.raises(BadFile, match=r"is refused: .*lacks the field name.*more: `avbench submit validate"):
        score(archive({"card.toml": ""}))
    needs = folder_of(tmp_path, "Fair", CODE + '[environment]\npackages = ["no-such-thing-at-all"]\n')
    with pytest.raises(MissingResource, match="needs the package no-such-thing-at-all"):
        score(needs)
    with pytest.raises(MissingResource, match="cannot be loaded: ValueError: no"):
        try_out(folder_of(tmp_path, "Unloadable"))
    with pytest.raises(MissingResource, match="cannot be loaded: ModuleNotFoundError"):
        broken = folder_of(tmp_path, "Quitter")
        (broken / "system.py").write_text("import nothing_of_that_name\n")
        try_out(broken)
    outputs = archive({"card.toml": OUTPUTS, **{f"outputs/{trial}.wav": b"" for trial in TRIALS}})
    with pytest.raises(UsageError, match="Outputs belong to the plan"):
        score(outputs, snr="0")
    assert [one.reason for one in try_out(folder_of(tmp_path, "OtherRate"))] == [
        "the answer has 44100 Hz, and the trial 16000"
    ] * 3
    assert "not finite" in try_out(folder_of(tmp_path, "NotANumber"))[0].reason


def test_a_dry_run_takes_seconds(walled, tmp_path):
    folder = folder_of(tmp_path, "Endless")
    began = time.monotonic()
    assert [one.reason for one in try_out(folder, Limits(seconds=1.0))] == ["the system took longer than 1 s"] * 3
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("task", ["avsr", "asd", "talking-face"])
def test_the_template_fits_every_task(tmp_path, task, walled):
    new(tmp_path / "mine", task)
    assert validate(tmp_path / "mine").errors == ()
    assert len((tmp_path / "mine" / "system.py").read_text().splitlines()) < 20
    assert [one.reason for one in try_out(tmp_path / "mine")] == ["", "", ""]


def test_a_folder_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(UsageError, match="is there already"):
        new(tmp_path / "mine")
    with pytest.raises(UsageError, match="called like its folder"):
        new(tmp_path / "my system!")
