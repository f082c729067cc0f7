"""What votes make: `cpr` and `mos` of the metric table, and the share that prefers one run to another.

    cpr          right votes by all votes, 0–1; see `metrics.preference`
    mos          sum of the ratings by their number, 1–5; see `metrics.opinion`
    preference   share of votes for one of two runs, 0–1, "no difference" counting half; it belongs to a pair of runs,
                 is written into neither, and so is no metric of the table

Conventions: every vote counts alike. A trial that the system failed is worth what its worst answer is worth (0 right;
the rating 1; none for it), with as many votes as there are raters.

Contents: `PREFERENCE`, `metric_of`, `points`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import EstimateFault, Unscorable
from ..metrics import Metric, Parts, get_metric
from ..metrics.kinds import Kind


def prefer(estimate: float, reference: int) -> dict[str, Parts]:
    """The votes on one pair of answers: `{"preference": {"sum", "votes", "value"}}`; half a vote for no difference."""
    return {"preference": {"sum": float(estimate), "votes": int(reference), "value": estimate / reference}}


def mean_vote(parts: Sequence[Parts]) -> float:
    """Corpus value: the sum of all votes by their number. Raises `ValueError` where there are none."""
    if not parts:
        raise ValueError("a mean over no votes does not exist")
    return sum(part["sum"] for part in parts) / sum(part["votes"] for part in parts)


def _sum(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if isinstance(thing, bool) or not isinstance(thing, int | float | np.number) or not np.isfinite(thing) or thing < 0:
        raise fault(f"the {name} must be a sum of votes")


def _number(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if isinstance(thing, bool) or not isinstance(thing, int | np.integer) or thing < 0:
        raise fault(f"the {name} must be a number of votes")
    if thing == 0:
        raise fault("nobody has voted")


def _fits(estimate: float, reference: int) -> None:
    if estimate > reference:
        raise EstimateFault(f"{reference} votes cannot have the sum {estimate}")


def _no_vote(reference: int) -> Parts:
    return {"sum": 0, "votes": int(reference), "value": 0.0}


PREFERENCE = Metric(
    name="preference",
    title="Share that prefers one run to another, by votes of people",
    higher_is_better=True,
    low=0.0,
    high=1.0,
    floor=0.0,
    percent=True,
    digits=1,
    source="paired comparison, no difference counting half",
    implementation="own, sum of the votes by their number",
    kind=Kind("preferences", _sum, _number, _fits, perfect=lambda reference: reference),
    formula=prefer,
    failed=_no_vote,
    pool=mean_vote,
)


def metric_of(kind: str) -> Metric:
    """The metric that a kind of test gives."""
    return PREFERENCE if kind == "ab" else get_metric(kind)


def points(kind: str, answer: str, right: str | None) -> float:
    """What an answer adds to the sum.

    Args:
        kind: of test.
        answer: as given.
        right: the right side, or that of the first run; None for ratings.
    """
    if kind == "mos":
        return float(answer)
    return 0.5 if answer == "same" else float(answer == right)
