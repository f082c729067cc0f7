"""Lip sync accuracy: whether a word lip reader reads from a made video the word that it should say.

Source: "Cross-Modal Mutual Learning" (CMML, AAAI 2022), Table 2 (accuracy of the pretrained word lip reader of
Martinez et al. 2020 on generated clips). Top-1 of all words that the judge knows; the share of clips is the corpus
value. A lip reader errs on true videos too: put its score on them beside every other.

Conventions: 1 where the word is read, else 0. Words are compared as `avbench.signal.text` normalises them.

Contents: `lip_sync_accuracy`, `known_word`, `ROWS`.
"""

from ..errors import ReferenceFault
from ..types import Video
from .kinds import LIPS
from .metric import Metric

JUDGE = "mstcn"


def lip_sync_accuracy(estimate: Video, reference: str) -> dict[str, float]:
    """Whether the word is read off one clip that has passed the guard.

    Args:
        estimate: what the lip reader takes; `mstcn` wants 29 frames at 25 a second.
        reference: the word.

    Raises:
        EstimateFault: the video is none that the lip reader can look at.
        MissingResource: the lip reader is not here.
    """
    from ..judges import open_judge
    from ..signal.text import normalise

    return {"lsa": float(normalise(open_judge(JUDGE).read(estimate)) == normalise(reference))}


def known_word(reference: str) -> None:
    """Refuse a word that the lip reader does not know, so that nobody could be right.

    Raises:
        ReferenceFault: so it is.
        MissingResource: the lip reader is not here.
    """
    from ..judges import open_judge
    from ..signal.text import normalise

    words = open_judge(JUDGE).words
    if normalise(reference) not in {normalise(known) for known in words}:
        raise ReferenceFault(f"the lip reader knows {len(words)} words, and {reference!r} is none of them")


ROWS = (
    Metric(
        name="lsa",
        title="Lip sync accuracy: top-1 of a word lip reader",
        higher_is_better=True,
        low=0.0,
        high=1.0,
        floor=0.0,
        source="CMML (AAAI 2022), Table 2; Martinez et al. 2020, ICASSP",
        implementation="own, with the judge mstcn",
        kind=LIPS,
        formula=lip_sync_accuracy,
        fit=known_word,
        percent=True,
        digits=1,
        relevance=0.01,  # as top1
        judge=JUDGE,
    ),
)
