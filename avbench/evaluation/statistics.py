"""What may be concluded from scores: intervals, paired differences, shares of a gain.

Source: percentile bootstrap over clusters (Efron & Tibshirani 1993, chapters 8 and 13; Cameron, Gelbach & Miller 2008);
sign-flip permutation test on cluster sums (Fisher's randomisation test).
Conventions: `values` are `[N]` floats, one per trial; `clusters` `[N]` labels. Trials of one speaker are not
independent, so speakers are resampled, not trials. Below `FEWEST` clusters there is no interval, because a bootstrap of
so few says nothing about the next speaker. Draws are seeded by names: the same scores give the same interval anywhere.

Contents: `interval`, `Difference`, `difference`, `Share`, `share`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..seeds import Draw

RESAMPLES = 4000
FLIPS = 9999
FEWEST = 10
LEVEL = 0.95

Interval = tuple[float, float]


def _sums(clusters: Sequence[str], *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """`[C]` trials per cluster, then the `[C]` sum of each column over each cluster, clusters in sorted order."""
    _, index = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    return tuple(np.bincount(index, weights=w) for w in (np.ones(len(index)), *columns))


@lru_cache(maxsize=2)
def _weights(count: int) -> np.ndarray:
    """`[RESAMPLES, count]`: how often each cluster is drawn. The same for every metric, so that curves are paired."""
    picks = np.minimum((Draw("bootstrap", count).uniforms(RESAMPLES * count) * count).astype(np.int64), count - 1)
    rows = np.repeat(np.arange(RESAMPLES) * count, count)
    return np.bincount(rows + picks, minlength=RESAMPLES * count).reshape(RESAMPLES, count).astype(np.float64)


@lru_cache(maxsize=2)
def _signs(count: int) -> np.ndarray:
    """`[FLIPS, count]` of +1 and -1."""
    return np.where(Draw("sign-flip", count).uniforms(FLIPS * count) < 0.5, -1.0, 1.0).reshape(FLIPS, count)


def _percentiles(draws: np.ndarray) -> Interval:
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def interval(values: Sequence[float], clusters: Sequence[str]) -> Interval | None:
    """The 95 % interval of the mean over trials.

    Returns:
        (low, high), or None below ten clusters.
    """
    n, total = _sums(clusters, np.asarray(values, dtype=np.float64))
    if len(n) < FEWEST:
        return None
    w = _weights(len(n))
    return _percentiles((w @ total) / (w @ n))


@dataclass(frozen=True)
class Difference:
    """A mean paired difference a - b, its 95 % interval p-value (None below ten clusters), and the pairs."""

    mean: float
    ci95: Interval | None
    p_value: float | None
    n: int


def difference(a: Sequence[float], b: Sequence[float], clusters: Sequence[str]) -> Difference:
    """Whether a differs from b on the same trials.

    The p-value is two-sided: how often a difference at least as far from zero arises when the sign of every cluster is
    flipped at random.

    Args:
        a: `[N]` scores of one system.
        b: `[N]` scores of the other, same trials in the same order.
        clusters: `[N]` labels.

    Raises:
        ValueError: no trial, or lists of different length.
    """
    d = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    if not len(d) or len(d) != len(clusters):
        raise ValueError(f"a paired difference needs trials in pairs, not {len(d)} for {len(clusters)} labels")
    n, total = _sums(clusters, d)
    mean = float(total.sum() / n.sum())
    if len(n) < FEWEST:
        return Difference(mean, None, None, len(d))
    w = _weights(len(n))
    draws = (w @ total) / (w @ n)
    # Flipping nothing must count as "at least as far", whatever the order of summation did to the last bit.
    far = np.abs(_signs(len(n)) @ total) >= abs(total.sum()) * (1 - 1e-12)
    return Difference(mean, _percentiles(draws), float((1 + far.sum()) / (1 + FLIPS)), len(d))


@dataclass(frozen=True)
class Share:
    """A ratio of two gains, None where it is not defined; `n` trials."""

    value: float | None
    ci95: Interval | None
    n: int


def share(a: Sequence[float], b: Sequence[float], c: Sequence[float], clusters: Sequence[str]) -> Share:
    """The share (a - b) / (c - b): how much of what c gains over b is also gained by a.

    Numerator and denominator come from the same resamples. Where the interval of the denominator holds zero, or there
    are too few clusters to know it, the ratio means nothing and value and interval are None.

    Args:
        a: `[N]` scores of the system in question, e.g. mutud.
        b: `[N]` scores of the lower reference, e.g. the audio-only system.
        c: `[N]` scores of the upper reference, e.g. the audio-visual system.
        clusters: `[N]` labels.
    """
    a, b, c = (np.asarray(x, dtype=np.float64) for x in (a, b, c))
    n, gain, whole = _sums(clusters, a - b, c - b)
    if len(n) < FEWEST:
        return Share(None, None, len(a))
    w = _weights(len(n))
    gains, wholes = w @ gain, w @ whole
    low, high = _percentiles(wholes / (w @ n))
    if low <= 0 <= high:
        return Share(None, None, len(a))
    # A resample may still come near zero; percentiles bear such a ratio, a zero they do not.
    ratios = gains[wholes != 0] / wholes[wholes != 0]
    return Share(float(gain.sum() / whole.sum()), _percentiles(ratios), len(a))
