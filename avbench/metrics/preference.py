"""Whether a generated face or voice corresponds to what it was made from: by votes of people, and by a judge.

Source: XFaVoT, section 4.3, the correspondence preference ratio: people see triplets of one voice and two faces, and
the ratio counts how often they choose the right one. `cpr` is that ratio of votes. `cpr-auto` asks a face–voice judge
in place of people; it is another quantity and never stands in one column with `cpr`.

Conventions: rates 0–1; chance is 0.5. In `cpr` every vote counts alike, whatever the number of votes of its triplet.
`cpr-auto` takes one generated thing and two candidates, and is 1 where the judge's embedding of it is nearer to the
right one, 0 where it is nearer to the wrong one and 0.5 where it is as near to both. The paper's triplet of
audio-guided image translation has two generated faces and one voice; here the one face made for the right voice is
held against both voices, so that a trial judges one output.

Contents: `count_votes`, `right_votes`, `nearer_candidate`, `ROWS`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..errors import MissingResource, UnknownName
from ..types import Audio, Video
from .kinds import MATCH, VOTES
from .metric import Metric, Parts

JUDGE = "synth-face-voice"


def count_votes(estimate: int, reference: int) -> dict[str, Parts]:
    """The votes of one triplet: `{"cpr": {"right", "votes", "value"}}`.

    Args:
        estimate: votes for the right candidate.
        reference: votes cast, at least one.
    """
    return {"cpr": {"right": int(estimate), "votes": int(reference), "value": estimate / reference}}


def right_votes(parts: Sequence[Parts]) -> float:
    """Corpus value: right votes by all votes.

    Raises:
        ValueError: there is nothing to pool.
    """
    if not parts:
        raise ValueError("a preference over no votes does not exist")
    return sum(part["right"] for part in parts) / sum(part["votes"] for part in parts)


def nearer_candidate(estimate: Audio | Video, reference: tuple[Audio | Video, Audio | Video]) -> dict[str, float]:
    """Which of two candidates a face–voice judge finds nearer: `{"cpr-auto": 1.0, 0.5 or 0.0}`.

    Args:
        estimate: a voice or a face.
        reference: the right candidate and the wrong one, each a voice or a face; as a rule of the other kind.

    Raises:
        MissingResource: no face–voice judge is here.
        EstimateFault, ReferenceFault: as the judge raises them.
    """
    judge = _open()
    right, wrong = (_embed(judge, candidate) for candidate in reference)
    own = _embed(judge, estimate)
    # Unit vectors: the difference of the cosines has the sign of the difference of the distances.
    return {"cpr-auto": float(np.heaviside(own @ right - own @ wrong, 0.5))}


def _open() -> Any:
    from ..judges import open_judge

    try:
        return open_judge(JUDGE)
    except UnknownName as error:
        raise MissingResource(
            f"The face–voice judge {JUDGE} is not here: install a package that offers it in the group avbench.judges."
        ) from error


def _embed(judge: Any, thing: Audio | Video) -> np.ndarray:
    """`[d]` float64, of length 1."""
    found = judge.embed_voice(thing) if isinstance(thing, Audio) else judge.embed_face(thing)
    return np.asarray(found, np.float64)


def _no_vote(reference: int) -> Parts:
    return {"right": 0, "votes": int(reference), "value": 0.0}


# Two points of a hundred: what one vote in a test of fifty moves.
_rate = partial(Metric, higher_is_better=True, low=0.0, high=1.0, floor=0.0, percent=True, digits=1, relevance=0.02)

ROWS = (
    _rate(
        name="cpr",
        title="Correspondence preference ratio, by votes of people",
        source="XFaVoT, section 4.3",
        implementation="own, right votes by all votes",
        kind=VOTES,
        formula=count_votes,
        failed=_no_vote,
        pool=right_votes,
    ),
    _rate(
        name="cpr-auto",
        title="How often a face–voice judge finds the right candidate nearer",
        source="XFaVoT, section 4.3, with a judge in place of people",
        implementation="own, cosine of the judge's embeddings",
        kind=MATCH,
        formula=nearer_candidate,
        judge=JUDGE,
    ),
)
