"""Answers of every kind: taken from a prediction, kept, judged as they were kept."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeProtocol, contents, fake_exam, named, sit_exam

from avbench.errors import EstimateFault, MissingResource
from avbench.evaluation.answers import ANSWERS, key_of, seconds_of
from avbench.evaluation.examinee import OutputsFolder
from avbench.types import Audio, Inputs, Prediction, Target, Video

FRAMES = np.random.default_rng(0).integers(0, 256, (7, 31, 33, 3), np.uint8)
THINGS = {
    "audio": Audio(np.array([0.1, np.nan, -2.0, np.inf], np.float32), 8000),
    "text": "where is\r\nthe cat? ä",
    "video": Video(FRAMES, 25.0),
    "scores": np.array([0.1, np.nan, -1e-30, 3, np.inf], np.float32),
}


def same(one, other):
    if isinstance(one, Audio):
        return one.rate == other.rate and one.samples.tobytes() == other.samples.tobytes()
    if isinstance(one, Video):
        return one.fps == other.fps and np.array_equal(one.frames, other.frames)
    return one == other if isinstance(one, str) else one.dtype == other.dtype and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_comes_back_bit_for_bit(kind, tmp_path):
    answers, thing = ANSWERS[kind], THINGS[kind]
    paths = [tmp_path / f"{name}{answers.suffixes[0]}" for name in "ab"]
    for path in paths:
        answers.write(path, thing)
    assert same(answers.read(paths[0]), thing) and paths[0].read_bytes() == paths[1].read_bytes()
    assert same(answers.take(Prediction(**{kind: thing})), thing)


@pytest.mark.parametrize(("frames", "fps"), [(1, 25.0), (40, 30000 / 1001), (3, 12.5)])
def test_a_film_keeps_its_frames_and_their_rate_and_says_that_it_is_made(frames, fps, tmp_path):
    import av

    film = Video(np.random.default_rng(1).integers(0, 256, (frames, 16, 18, 3), np.uint8), fps)
    ANSWERS["video"].write(tmp_path / "a.mkv", film)
    found = ANSWERS["video"].read(tmp_path / "a.mkv")
    assert np.array_equal(found.frames, film.frames) and found.fps == pytest.approx(fps, rel=1e-5)
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert "Synthetic media" in container.metadata["COMMENT"]


@pytest.mark.parametrize(
    ("kind", "thing", "words"),
    [
        ("audio", np.zeros(5, np.float32), "is no avbench.types.Audio"),
        ("text", b"cat", "is no text"),
        ("text", "\ud800", "no text that can be used"),
        ("video", FRAMES, "is no avbench.types.Video"),
        ("video", Video(FRAMES[..., :1], 25.0), r"must be \[F, H, W, 3\]"),
        ("video", Video(FRAMES[:0], 25.0), r"must be \[F, H, W, 3\]"),
        ("video", Video(FRAMES[:, :3], 25.0), "cannot be kept"),
        ("video", Video(FRAMES, np.inf), "inf frames a second cannot be kept"),
        ("video", Video(FRAMES, 1e-9), "frames a second cannot be kept"),
        ("audio", Audio(np.zeros(5, np.float32), 2**31), "Hz cannot be kept"),
        ("scores", np.zeros((5, 2)), "one number for each picture"),
        ("scores", ["a"], "no scores that can be used"),
        *((kind, None, f"the system gave no {kind}") for kind in ANSWERS),
    ],
)
def test_an_answer_of_no_use_is_the_systems_fault(kind, thing, words):
    with pytest.raises(EstimateFault, match=words):
        ANSWERS[kind].take(Prediction(**{kind: thing}))


# --- runs ---------------------------------------------------------------------------------------------------------


class Wants(FakeProtocol):
    """Trials of another kind of answer."""

    def __init__(self, skipped=(), **wanted):
        super().__init__(skipped=skipped)
        self.wanted = Target(**wanted)

    def target(self, clean):
        return self.wanted


LABELS = np.array([0, 1, 1, 0, 1, 0, 0], bool)
WORST = np.mean([k / (22 * 4 + k) for k in range(1, 22 * 3 + 1)])  # all frames that do not speak stand before
FILM = Video(np.repeat(FRAMES[:1], 7, axis=0), 25.0)
WANTED = {
    "text": ("avsr", ("wer",), {"text": "where is the cat"}),
    "scores": ("asd", ("map",), {"labels": LABELS}),
    "video": ("talking-face", ("psnr",), {"video": FILM}),
}


def exam_of(kind, skipped=(), **more):
    task, metrics, wanted = WANTED[kind]
    return fake_exam(clips=11, task=task, metrics=metrics, protocol=Wants(skipped, **wanted), **more)


def seated(exam, kind, thing, folder):
    """A system that always answers the same sits the exam."""
    return sit_exam(exam, named(kind, output=kind, one=lambda self, given: Prediction(**{kind: thing})), folder)


@pytest.mark.parametrize(
    ("kind", "thing", "value"),
    [
        ("text", "where is a cat", 0.25),
        ("scores", [0, 3, 2, 0, 1, 0, 0], 1.0),
        ("video", Video(FILM.frames, 25.0), 120.0),
    ],
)
def test_every_kind_of_answer_is_kept_and_judged(kind, thing, value, tmp_path):
    run = seated(exam_of(kind), kind, thing, tmp_path / "run")
    row = run.row(WANTED[kind][1][0], {})
    assert row["value"] == pytest.approx(value) and (row["n"], row["total"]) == (22, 22) and run.complete
    kept = sorted((run.folder / "predictions").iterdir())
    assert len(kept) == 22 and {path.suffix for path in kept} == {ANSWERS[kind].suffixes[0]}
    again = seated(exam_of(kind), kind, thing, tmp_path / "again")
    assert contents(again.folder) == contents(run.folder)


@pytest.mark.parametrize(
    ("kind", "thing", "low", "high"),
    [("text", None, 1.0, 1.0), ("scores", LABELS[:3], WORST, WORST), ("video", Video(FILM.frames[:5], 25.0), 0.0, 0.0)],
)
def test_a_bad_answer_of_every_kind_scores_the_floor(kind, thing, low, high, tmp_path):
    run = seated(exam_of(kind), kind, thing, tmp_path / "run")
    row = run.row(WANTED[kind][1][0], {})
    assert row["failed"] == row["total"] == 22 and row["complete"] and low - 1e-12 <= row["value"] <= high + 1e-12


@pytest.mark.parametrize("kind", WANTED)
def test_anchors_bound_every_kind_of_answer(kind, tmp_path):
    from avbench.evaluation.examinee import ANCHORS, truth_of
    from avbench.metrics import get_metric

    name = WANTED[kind][1][0]
    values = {}
    for each in ANCHORS[kind]:
        run = sit_exam(exam_of(kind), each, tmp_path / each)
        assert run.complete
        values[each] = run.row(name, {})["value"]
    best = values.pop(truth_of(kind))
    assert best == (0.0 if kind == "text" else 1.0 if kind == "scores" else 120.0)
    better = get_metric(name).higher_is_better
    assert all(value < best if better else value > best for value in values.values())


def test_a_row_without_a_trial_at_a_condition_is_not_missing(tmp_path):
    exam = exam_of("text", skipped={("c00", 5.0), ("c01", 5.0), ("c01", -5.0)})
    assert exam.asked == (10, 9) and exam.size == 19
    run = seated(exam, "text", "where is the cat", tmp_path / "run")
    assert [run.row("wer", c)["total"] for c in ({"snr": -5}, {"snr": 5}, {})] == [10, 9, 19]
    assert run.complete and run.row("wer", {})["n"] == 19
    (run.folder / "summary.json").unlink()  # what an unfinished run shows is counted from its head
    assert run.__class__(run.folder).row("wer", {})["total"] == 19


def test_a_trial_without_anything_to_compare_with_is_void_for_everybody(tmp_path):
    exam = fake_exam(clips=2, task="talking-face", metrics=("psnr",), protocol=Wants(text="cat"))
    run = seated(exam, "video", FILM, tmp_path / "run")
    row = run.row("psnr", {})
    assert (row["void"], row["total"], row["value"]) == (4, 0, None)
    assert "nothing that an answer could be held against" in run.trials[0]["scores"]["psnr"]["reason"]


def test_an_answer_that_cannot_be_written_costs_a_trial_and_not_the_run(tmp_path, monkeypatch):
    def refuse(path, answer):
        if "0003" in path.name:
            raise OverflowError("too large")
        path.write_text(answer)

    monkeypatch.setitem(ANSWERS, "text", replace(ANSWERS["text"], write=refuse))
    run = seated(exam_of("text"), "text", "where is the cat", tmp_path / "run")
    row = run.row("wer", {})
    assert (row["n"], row["failed"], row["total"]) == (20, 2, 22) and run.complete
    reasons = {trial["scores"]["wer"]["reason"] for trial in run.trials}
    assert any("the system gave no text that can be kept" in reason for reason in reasons)


def test_a_text_is_taken_whatever_class_it_is_of():
    class Clever(str):
        def __str__(self):
            return self

    found = ANSWERS["text"].take(Prediction(text=Clever("cat")))
    assert type(found) is str and found == "cat"


# --- small things -------------------------------------------------------------------------------------------------


def test_targets_have_one_key_where_no_judge_could_tell_them_apart():
    targets = [
        Target(),
        Target(text="a"),
        Target(text="b"),
        Target(audio=THINGS["audio"]),
        Target(audio=replace(THINGS["audio"], rate=16000)),
        Target(voices=(THINGS["audio"],)),
        Target(video=THINGS["video"]),
        Target(video=Video(FRAMES.reshape(7, 33, 31, 3), 25.0)),
        Target(labels=LABELS),
        Target(labels=~LABELS),
    ]
    keys = [key_of(target) for target in targets]
    assert len(set(keys)) == len(keys)
    assert key_of(Target(labels=LABELS.copy())) == key_of(Target(labels=LABELS))


def test_the_length_of_a_trial_is_that_of_what_it_plays_or_shows():
    sound, film, picture = Audio(np.zeros(8000, np.float32), 16000), Video(FRAMES, 25.0), Video(FRAMES[:1], 25.0)
    assert seconds_of(Inputs("a", sound, None, 0, face=film)) == 0.5
    assert seconds_of(Inputs("a", None, film, 0)) == seconds_of(Inputs("a", None, None, 0, face=film)) == 7 / 25
    assert seconds_of(Inputs("a", None, None, 0, face=picture)) == 0


@pytest.mark.parametrize("kind", ["text", "scores", "video"])
def test_answers_made_elsewhere_are_read_and_what_is_wrong_with_them_said(kind, tmp_path):
    kinds = ANSWERS[kind]
    with pytest.raises(MissingResource, match=r"holds no \.\w+"):
        OutputsFolder(tmp_path, kind)
    kinds.write(tmp_path / f"t1{kinds.suffixes[0]}", THINGS[kind])
    (tmp_path / f"t2{kinds.suffixes[0]}").write_bytes(b"\xff\xfe\x00 not")
    system = OutputsFolder(tmp_path, kind)
    ask = lambda name: system.predict([Inputs(name, None, None, 0)])[0]  # noqa: E731
    assert same(getattr(ask("t1"), kind), THINGS[kind])
    with pytest.raises(EstimateFault, match="t2"):
        ask("t2")
    with pytest.raises(EstimateFault, match="there is no file t3"):
        ask("t3")
    if len(kinds.suffixes) > 1:
        (tmp_path / f"t1{kinds.suffixes[1]}").write_bytes(b"x")
        with pytest.raises(EstimateFault, match="there are both"):
            ask("t1")


def test_scores_made_elsewhere_may_be_an_array(tmp_path):
    np.save(tmp_path / "t1.npy", np.array([0.5, 1.0]))
    found = OutputsFolder(tmp_path, "scores").predict([Inputs("t1", None, None, 0)])[0].scores
    assert found.dtype == np.float32 and found.tolist() == [0.5, 1.0]
