"""lsa: a word is read or it is not; who is to blame if it cannot be."""

import numpy as np
import pytest

from avbench import judges
from avbench.errors import EstimateFault, MissingResource, ReferenceFault
from avbench.metrics.lips import JUDGE, ROWS
from avbench.types import Video

(LSA,) = ROWS


class Reader:
    """Reads the word whose number the first pixel holds; blind to clips of fewer than 29 frames."""

    words = ("ABOUT", "BLACK", "DON'T")

    def read(self, video):
        if len(video.frames) != 29:
            raise EstimateFault("the estimate has too few frames")
        return self.words[video.frames[0, 0, 0, 0]]


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    monkeypatch.setattr(judges, "open_judge", lambda name: {JUDGE: Reader()}[name])


def video(number, frames=29):
    return Video(np.full((frames, 96, 96, 1), number, np.uint8), 25.0)


@pytest.mark.parametrize(
    ("number", "word", "value"),
    [(0, "about", 1), (0, "black", 0), (1, " Black. ", 1), (2, "don’t", 1), (2, "about", 0)],
)
def test_right_or_wrong(number, word, value):
    assert LSA.measure(video(number), word) == {"value": value, "raw": value}


def test_pooling_is_the_share_of_clips():
    parts = [LSA.measure(video(k), word) for k, word in ((0, "about"), (1, "about"), (2, "don't"), (1, "black"))]
    assert LSA.pool(parts) == pytest.approx(0.75)


def test_an_unknown_word_is_void_for_who_crashes_too():
    from avbench.metrics import measure_all

    for estimate in (video(0), None):
        assert measure_all(["lsa"], estimate, "zebra")["lsa"].status == "void"
    assert measure_all(["lsa"], None, "about")["lsa"].status == "failed"


def test_blame():
    with pytest.raises(ReferenceFault, match="knows 3 words, and 'zebra' is none of them"):
        LSA.measure(video(0), "zebra")
    with pytest.raises(ReferenceFault):
        LSA.measure(video(0), " ?")
    with pytest.raises(ReferenceFault):
        LSA.measure("about", video(0))  # the wrong way round
    with pytest.raises(EstimateFault, match="too few"):
        LSA.measure(video(0, frames=28), "about")
    with pytest.raises(EstimateFault):
        LSA.measure(Video(np.zeros((0, 96, 96, 1), np.uint8), 25.0), "about")
    with pytest.raises(EstimateFault):
        LSA.measure(None, "about")
    assert LSA.parts_of_failure("about") == {"value": 0.0}


def test_without_the_judge_it_says_how_to_get_it(monkeypatch):
    monkeypatch.undo()
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    with pytest.raises(MissingResource, match="mstcn has no weights here"):
        LSA.measure(video(0), "about")
