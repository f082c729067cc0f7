"""What may be concluded from scores: intervals, paired differences, shares of a gain.

Source: percentile bootstrap over clusters (Efron & Tibshirani 1993, chapters 8 and 13; Cameron, Gelbach & Miller 2008);
sign-flip permutation test on cluster sums (Fisher's randomisation test).
Conventions: `values` are `[N]` floats, one per trial; `clusters` `[N]` labels. Trials of one speaker are not
independent, so speakers are resampled, not trials. Below `FEWEST` clusters there is no interval, because a bootstrap of
so few says nothing about the next speaker. Draws are seeded by names: the same scores give the same interval anywhere.

Contents: `interval`, `Difference`, `difference`, `Share`, `share`, `blocks`, `percentiles`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..seeds import Draw

RESAMPLES = 4000
FLIPS = 9999
FEWEST = 10
LEVEL = 0.95
BLOCK = 2**22  # numbers that are drawn at a time, 32 MB

Interval = tuple[float, float]


def _sums(clusters: Sequence[str], *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """`[C]` trials per cluster, then the `[C]` sum of each column over each cluster, clusters in sorted order."""
    _, index = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    return tuple(np.bincount(index, weights=w) for w in (np.ones(len(index)), *columns))


def _weights(uniforms: np.ndarray) -> np.ndarray:
    """`[R, C]`: how often each cluster is drawn."""
    resamples, count = uniforms.shape
    picks = np.minimum((uniforms * count).astype(np.int64), count - 1) + np.arange(resamples)[:, None] * count
    return np.bincount(picks.ravel(), minlength=uniforms.size).reshape(uniforms.shape).astype(np.float64)


def _signs(uniforms: np.ndarray) -> np.ndarray:
    """`[R, C]` of +1 and -1."""
    return np.where(uniforms < 0.5, -1.0, 1.0)


KINDS = {"bootstrap": (RESAMPLES, _weights), "sign-flip": (FLIPS, _signs)}


def blocks(kind: str, count: int) -> Iterator[np.ndarray]:
    """`[R, C]` weights of some resamples at a time; the same for every metric, so that curves are paired.

    Args:
        kind: `"bootstrap"` (how often each cluster is drawn) or `"sign-flip"` (+1 or -1).
        count: clusters.
    """
    times, weights = KINDS[kind]
    draw, step = Draw(kind, count), max(1, BLOCK // count)
    for first in range(0, times, step):
        resamples = min(step, times - first)
        yield weights(draw.uniforms(resamples * count).reshape(resamples, count))


@lru_cache(maxsize=4)
def _kept(kind: str, count: int) -> tuple[np.ndarray, ...]:
    return tuple(blocks(kind, count))


def _resampled(kind: str, *columns: np.ndarray) -> list[np.ndarray]:
    """The `[R]` weighted sums of each `[C]` column; weights that fill more than a block are drawn anew each time."""
    count = len(columns[0])
    weights = _kept(kind, count) if KINDS[kind][0] * count <= BLOCK else blocks(kind, count)
    return [np.concatenate(sums) for sums in zip(*([w @ c for c in columns] for w in weights), strict=True)]


def percentiles(draws: np.ndarray) -> Interval:
    """The ends of the 95 % interval of `[R]` resampled values."""
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
    totals, trials = _resampled("bootstrap", total, n)
    return percentiles(totals / trials)


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
    totals, trials = _resampled("bootstrap", total, n)
    (flipped,) = _resampled("sign-flip", total)
    # Flipping nothing must count as "at least as far", whatever the order of summation did to the last bit.
    far = np.abs(flipped) >= abs(total.sum()) * (1 - 1e-12)
    return Difference(mean, percentiles(totals / trials), float((1 + far.sum()) / (1 + FLIPS)), len(d))


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
    gains, wholes, trials = _resampled("bootstrap", gain, whole, n)
    low, high = percentiles(wholes / trials)
    if low <= 0 <= high:
        return Share(None, None, len(a))
    # A resample may still come near zero; percentiles bear such a ratio, a zero they do not.
    ratios = gains[wholes != 0] / wholes[wholes != 0]
    return Share(float(gain.sum() / whole.sum()), percentiles(ratios), len(a))
