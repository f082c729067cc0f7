"""Votes of people, and a judge in their place."""

import sys
import types

import numpy as np
import pytest

import avbench.judges
from avbench.metrics import get_metric, measure_all
from avbench.metrics.preference import JUDGE, ROWS
from avbench.types import Audio, Video


def test_ratio_of_votes():
    """All right votes by all votes: (3 + 1) / (4 + 10), whatever the triplets were."""
    metric = get_metric("cpr")
    parts = [metric.measure(3, 4), metric.measure(1, 10)]
    assert parts == [{"value": 0.75, "right": 3, "votes": 4}, {"value": 0.1, "right": 1, "votes": 10}]
    assert metric.pool(parts) == 4 / 14
    with pytest.raises(ValueError, match="no votes"):
        metric.pool([])


@pytest.mark.parametrize(
    ("right", "votes", "status"),
    [
        (0, 5, "ok"), (5, 5, "ok"), (np.int64(2), np.int64(5), "ok"),
        (6, 5, "failed"), (-1, 5, "failed"), (None, 5, "failed"), (1.5, 5, "failed"), (True, 5, "failed"),
        (0, 0, "void"), (0, None, "void"), (1, -3, "void"),
    ],
)  # fmt: skip
def test_statuses_of_votes(right, votes, status):
    score = measure_all(["cpr"], right, votes)["cpr"]
    assert score.status == status
    if status == "failed":
        assert score.parts == {"value": 0.0, "right": 0, "votes": 5}


class Judge:
    """Embeds by one number each: the level of a sound, the brightness of a picture, as an angle."""

    def embed_voice(self, audio):
        return self.at(np.abs(audio.samples).max())

    def embed_face(self, video):
        return self.at(video.frames.mean() / 255)

    def at(self, share):
        return np.array([np.cos(share), np.sin(share)])


def voice(level):
    return Audio(np.float32(level) * np.sin(np.arange(16_000, dtype=np.float32) / 9), 16_000)


def face(level):
    return Video(np.full((1, 8, 8, 3), round(255 * level), np.uint8), 25.0)


@pytest.fixture
def judge(monkeypatch):
    """A face–voice judge of another package, found by its entry point."""
    row = avbench.judges.Judge(
        name=JUDGE, title="a fake", source="this test", licence="Apache-2.0", assets=(), extra=None,
        load=lambda files, device: Judge(),
    )  # fmt: skip
    module = types.ModuleType("fake_face_voice")
    module.JUDGE = row
    monkeypatch.setitem(sys.modules, "fake_face_voice", module)
    from importlib.metadata import EntryPoint

    point = EntryPoint(JUDGE, "fake_face_voice:JUDGE", avbench.judges.GROUP)
    monkeypatch.setattr(avbench.judges, "entry_points", lambda group: [point])
    monkeypatch.setattr(avbench.judges, "_opened", {})


@pytest.mark.parametrize(
    ("estimate", "right", "wrong", "value"),
    [
        (face(0.8), voice(0.9), voice(0.2), 1.0),
        (face(0.8), voice(0.2), voice(0.9), 0.0),
        (voice(0.3), face(0.2), face(1.0), 1.0),
        (voice(0.3), face(1.0), face(0.2), 0.0),
        (face(0.4), voice(0.7), voice(0.7), 0.5),
    ],
)
def test_judge_finds_the_nearer(estimate, right, wrong, value, judge):
    score = measure_all(["cpr-auto"], estimate, (right, wrong))["cpr-auto"]
    assert (score.status, score.value) == ("ok", value)


def test_statuses_with_a_judge(judge):
    candidates = voice(0.9), voice(0.2)
    silent = Audio(np.zeros(16_000, np.float32), 16_000)
    for estimate in (None, silent, "a face"):
        score = measure_all(["cpr-auto"], estimate, candidates)["cpr-auto"]
        assert score.status == "failed" and score.parts == {"value": 0.0}
    for reference in (None, candidates[:1], (candidates[0], silent), candidates * 2):
        assert measure_all(["cpr-auto"], face(0.8), reference)["cpr-auto"].status == "void"
    metric = get_metric("cpr-auto")
    assert metric.pool([{"value": 1.0}, {"value": 0.0}, {"value": 0.5}, {"value": 1.0}]) == 0.625


def test_without_a_judge_it_does_not_apply(monkeypatch):
    monkeypatch.setattr(avbench.judges, "entry_points", lambda group: [])
    monkeypatch.setattr(avbench.judges, "JUDGES", {})
    score = measure_all(["cpr-auto"], face(0.8), (voice(0.9), voice(0.2)))["cpr-auto"]
    assert score.status == "not-applicable" and JUDGE in score.reason and score.reason.endswith(".")


def test_rows():
    assert [(row.name, row.judge) for row in ROWS] == [("cpr", None), ("cpr-auto", JUDGE)]
