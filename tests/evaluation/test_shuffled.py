"""The anchor that shows the film of another clip: whose film, how long, and what is said of it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from avbench.errors import EstimateFault
from avbench.evaluation import shuffled
from avbench.evaluation.examinee import anchor
from avbench.evaluation.progress import watched_by
from avbench.protocols import load_plan
from avbench.types import Inputs, Target, Trial, Video


class Exam(SimpleNamespace):
    __hash__, __eq__ = object.__hash__, object.__eq__


class Films:
    """A data set of flat films, each of a grey level of its own; `b` is never planned."""

    name, fingerprint = "films", "fp"
    people = {"a0": "anna", "a1": "anna", "a2": "anna", "b0": "bert", "b1": "bert", "c0": "cora", "d0": None}  # noqa: RUF012

    def __init__(self):
        self.ids, self.made = tuple(self.people), []

    def clip(self, name):
        return SimpleNamespace(id=name, speaker=self.people[name])

    def prepare(self, ids, progress=None):
        self.made += ids

    def film(self, name):
        grey = 10 * self.ids.index(name) + np.arange(4, dtype=np.uint8)
        return Video(np.broadcast_to(grey[:, None, None, None], (4, 8, 8, 3)), 25.0)


def exam_of(*planned, limit=None):
    rows = [SimpleNamespace(clip=clip) for clip in planned]
    return Exam(dataset=Films(), plan=SimpleNamespace(rows=rows), rows=rows[:limit])


@pytest.fixture(autouse=True)
def _films(monkeypatch):
    monkeypatch.setattr(shuffled.portraits, "film", lambda dataset, clip: dataset.film(clip))


def trial(clip, frames=6):
    film = Video(np.zeros((frames, 8, 8, 3), np.uint8), 25.0)
    return Trial("t", Inputs("t", None, None, 0), Target(video=film), {}, clip, clip)


def test_the_same_person_is_preferred_and_the_plan_before_the_rest():
    exam = exam_of("a0", "a1", "b0", "c0", "d0")
    assert shuffled.other_clip(exam, "a0") == ("a1", True)  # a2 is not in the plan
    assert shuffled.other_clip(exam, "b0") == ("b1", True)  # the only other one of bert is not in the plan
    for alone in ("c0", "d0"):
        other = shuffled.other_clip(exam, alone)
        assert not other.same_person and other.clip in {"a0", "a1", "b0", "c0", "d0"} - {alone}
    assert shuffled.other_clip(exam_of("c0"), "c0") is None


def test_a_limit_changes_no_choice():
    whole, cut = exam_of("a0", "b0", "c0", "d0"), exam_of("a0", "b0", "c0", "d0", limit=2)
    for clip in ("a0", "b0"):
        assert shuffled.other_clip(whole, clip) == shuffled.other_clip(cut, clip)


@pytest.mark.parametrize(("have", "want"), [(5, 3), (5, 5), (3, 8), (1, 4), (2, 5)])
def test_lengths_are_fitted_by_cutting_or_by_running_back_and_forth(have, want):
    fitted = shuffled.fitted(np.arange(have), want)
    assert len(fitted) == want and np.array_equal(fitted[: min(have, want)], np.arange(min(have, want)))
    assert have == 1 or want <= have or (np.abs(np.diff(fitted)) == 1).all()


def test_the_anchor_answers_with_the_other_film_and_says_whose_it_is():
    exam, notes = exam_of("a0", "b0", "c0"), []
    examinee = anchor("shuffled-audio", "video", exam)
    with watched_by(SimpleNamespace(note=notes.append, advance=lambda *_: None)):
        examinee.load("cpu")
    assert len(exam.dataset.made) == 3 and "1 of 3 films are of somebody else" in notes[0]
    (answer,) = examinee.answer([trial("b0")])
    assert answer.frames[:, 0, 0, 0].tolist() == [40, 41, 42, 43, 42, 41] and answer.fps == 25.0


def test_without_another_clip_or_an_exam_the_answer_is_a_fault():
    (alone,) = anchor("shuffled-audio", "video", exam_of("c0")).answer([trial("c0")])
    (nowhere,) = anchor("shuffled-audio", "video").answer([trial("c0")])
    assert isinstance(alone, EstimateFault) and "no clip but c0" in alone.reason
    assert isinstance(nowhere, EstimateFault)


def test_every_film_of_the_official_plans_is_of_the_same_person():
    from avbench.data.dataset import open_dataset

    for name in ("talking-face", "talking-face-commands"):
        plan = load_plan(name)
        dataset = open_dataset(plan.header["dataset"])
        exam = Exam(dataset=dataset, plan=plan, rows=plan.rows)
        others = [shuffled.other_clip(exam, row.clip) for row in plan.rows]
        assert len(others) == 40 and all(other.same_person for other in others)
        assert all(other.clip != row.clip for other, row in zip(others, plan.rows, strict=True))


def test_a_broken_film_of_the_other_clip_is_a_fault_and_ends_nothing(monkeypatch):
    from avbench.errors import ReferenceFault

    def broken(dataset, clip):
        raise ReferenceFault("no face")

    monkeypatch.setattr(shuffled.portraits, "film", broken)
    (answer,) = anchor("shuffled-audio", "video", exam_of("a0", "a1")).answer([replace(trial("a0"), id="x")])
    assert isinstance(answer, EstimateFault) and "a1, has no film: no face" in answer.reason
