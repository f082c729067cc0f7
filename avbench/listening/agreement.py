"""Whether raters agree: Krippendorff's alpha.

Source: K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011, section E (any number of raters, missing
answers, any metric): 1 - observed / expected disagreement, over all pairs of answers to one trial, and over all pairs
of answers at all.

Conventions: 1 is perfect agreement, 0 what chance gives, below 0 is systematic disagreement. Answers `left` and `right`
are taken as they were given, and not as right or wrong: sides are drawn, so both are about as frequent, and raters who
all find every right face agree perfectly, which an alpha over right and wrong could not say. Opinions are ordinal.

Contents: `LEVELS`, `alpha`.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

LEVELS = {"cpr": "nominal", "ab": "nominal", "mos": "ordinal"}
"""How far two answers are apart, by the kind of test."""


def alpha(
    units: Iterable[Sequence[str]], values: Sequence[str], level: Literal["nominal", "ordinal", "interval"]
) -> float | None:
    """Krippendorff's alpha.

    Args:
        units: for each trial the answers that it got, from one to all raters; a trial with one answer says nothing.
        values: every answer there is, in ascending order; numbers as text for `interval`.
        level: `nominal` (equal or not), `ordinal` (by rank) or `interval` (by distance).

    Returns:
        None where no trial has two answers, or all answers are the same one: then there is nothing to agree on.
    """
    place = {value: number for number, value in enumerate(values)}
    met = np.zeros((len(values), len(values)))  # coincidences o[c, k]
    for unit in units:
        if len(unit) < 2:
            continue
        counts = np.bincount([place[answer] for answer in unit], minlength=len(values)).astype(np.float64)
        met += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
    n = met.sum(axis=1)
    apart = _apart(n, values, level)
    expected = float((np.outer(n, n) * apart).sum())
    if expected == 0.0:
        return None
    return 1.0 - (n.sum() - 1.0) * float((met * apart).sum()) / expected


def _apart(n: np.ndarray, values: Sequence[str], level: str) -> np.ndarray:
    """`[V, V]` squared distances; an ordinal one depends on how often each answer was given, `n` `[V]`."""
    if level == "nominal":
        return 1.0 - np.eye(len(n))
    if level == "interval":
        x = np.array([float(value) for value in values])
    else:
        x = np.cumsum(n) - n / 2.0  # the ranks between two answers, half of each end
    return np.square(x[:, None] - x[None, :])
