"""Which systems are better than which others, and so what ranks each may hold.

Source: paired bootstrap over clusters (Efron & Tibshirani 1993, chapter 8), whose standard error is held against
Student's t with one degree of freedom less than clusters; Holm (1979) over all pairs of one metric; ranks as intervals
from the pairs that differ, which hold for all systems together (Mogstad, Romano, Shaikh & Wilhelm 2024, "Inference for
ranks"; resampled ranks themselves do not, where systems are close). The error of the resamples is used and not the
share of them beyond zero: Holm multiplies by the number of pairs, and 4000 resamples show nothing below 1/4000.
Conventions: `values` are `[S]` corpus values of S systems, `resampled` `[S, R]` those of R resamples, the same clusters
in every row. Two systems whose intervals of ranks overlap are tied.

Contents: `Place`, `places`, `p_values`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.statistics import holm

ALPHA = 0.05


@dataclass(frozen=True)
class Place:
    """The best and the worst rank that a system may hold."""

    first: int
    last: int

    def __str__(self):
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def p_values(values: Sequence[float], resampled: np.ndarray, clusters: int) -> np.ndarray:
    """`[P]` two-sided p-values of the pairs (0, 1), (0, 2) … (1, 2) …: is there a difference at all?

    Args:
        values: `[S]`.
        resampled: `[S, R]`.
        clusters: how many.
    """
    from scipy.special import stdtr

    values, found = np.asarray(values, dtype=np.float64), []
    for i in range(len(values) - 1):
        apart = np.abs(values[i + 1 :] - values[i])
        error = (resampled[i + 1 :] - resampled[i]).std(axis=1, ddof=1) * np.sqrt(clusters / (clusters - 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(apart == 0.0, 0.0, apart / error)
        found.append(2.0 * stdtr(clusters - 1, -t))
    return np.concatenate(found) if found else np.empty(0)


def places(values: Sequence[float], p: Sequence[float], higher_is_better: bool) -> list[Place]:
    """The ranks each system may hold.

    Args:
        values: `[S]`.
        p: `[P]` as of `p_values`, not corrected yet.
        higher_is_better: direction.

    Returns:
        `[S]`: 1 + those surely better, to S − those surely worse.
    """
    values = np.asarray(values, dtype=np.float64) * (1.0 if higher_is_better else -1.0)
    count = len(values)
    i, j = np.triu_indices(count, 1)
    sure = np.asarray(holm(p)) < ALPHA if len(i) else np.empty(0, dtype=bool)
    upper, lower = np.where(values[i] > values[j], i, j)[sure], np.where(values[i] > values[j], j, i)[sure]
    better, worse = np.bincount(lower, minlength=count), np.bincount(upper, minlength=count)
    return [Place(int(1 + b), int(count - w)) for b, w in zip(better, worse, strict=True)]
