"""What may be concluded from scores: intervals, paired differences, shares of a gain.

Source: percentile bootstrap over clusters (Efron & Tibshirani 1993, chapters 8 and 13; Cameron, Gelbach & Miller 2008);
sign-flip permutation test on cluster sums (Fisher's randomisation test); correction for several tests: Holm 1979,
Scandinavian Journal of Statistics 6(2).
Conventions: `values` are `[N]` floats, one per trial; `clusters` `[N]` labels. Trials of one speaker are not
independent, so speakers are resampled, not trials. Below `FEWEST` clusters there is no interval, because a bootstrap of
so few says nothing about the next speaker. Draws are seeded by names and sums are taken in one order, whatever the
number of columns, threads or processes: the same scores give the same interval anywhere.

Contents: `interval`, `intervals`, `Difference`, `difference`, `differences`, `holm`, `Share`, `share`, `blocks`,
`percentiles`.
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
BLOCK = 2**16  # weights that are drawn at a time; what fits into a processor's own memory is drawn three times as fast
KEPT = 2**22  # weights that are kept for the next metric, 32 MB

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


def blocks(kind: str, count: int, times: int | None = None) -> Iterator[np.ndarray]:
    """`[R, C]` weights of some resamples at a time; the same for every metric, so that curves are paired.

    Args:
        kind: `"bootstrap"` (how often each cluster is drawn) or `"sign-flip"` (+1 or -1).
        count: clusters.
        times: resamples; those of `KINDS` unless given, of which fewer are the first.
    """
    usual, weights = KINDS[kind]
    times = usual if times is None else times
    draw, step = Draw(kind, count), max(1, BLOCK // count)
    for first in range(0, times, step):
        resamples = min(step, times - first)
        yield weights(draw.uniforms(resamples * count).reshape(resamples, count))


@lru_cache(maxsize=4)
def _kept(kind: str, count: int, times: int) -> tuple[np.ndarray, ...]:
    return tuple(blocks(kind, count, times))


def _resampled(kind: str, *columns: np.ndarray, times: int | None = None) -> list[np.ndarray]:
    """The `[R]` weighted sums of each `[C]` column; weights that are too many to be kept are drawn anew each time."""
    count, times = len(columns[0]), KINDS[kind][0] if times is None else times
    weights = _kept(kind, count, times) if times * count <= KEPT else blocks(kind, count, times)
    # A matrix product would sum in an order that hangs on the number of columns and of threads.
    sums = [[np.einsum("rc,c->r", w, c, optimize=False) for c in columns] for w in weights]
    return [np.concatenate(parts) for parts in zip(*sums, strict=True)]


def percentiles(draws: np.ndarray) -> Interval:
    """The ends of the 95 % interval of `[R]` resampled values."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def interval(values: Sequence[float], clusters: Sequence[str]) -> Interval | None:
    """The 95 % interval of the mean over trials.

    Returns:
        (low, high), or None below ten clusters.
    """
    return intervals([values], clusters)[0]


def intervals(
    columns: Sequence[Sequence[float]], clusters: Sequence[str], resamples: int = RESAMPLES
) -> list[Interval | None]:
    """The 95 % interval of each of several means over the same trials, from the same resamples.

    Args:
        columns: `[M]` of `[N]` values, e.g. one for each metric.
        clusters: `[N]` labels.
        resamples: how often the clusters are drawn.
    """
    n, *totals = _sums(clusters, *(np.asarray(values, dtype=np.float64) for values in columns))
    if len(n) < FEWEST:
        return [None] * len(totals)
    trials, *drawn = _resampled("bootstrap", n, *totals, times=resamples)
    return [percentiles(total / trials) for total in drawn]


@dataclass(frozen=True)
class Difference:
    """A mean paired difference a - b, its 95 % interval and p-value (None below ten clusters), and the pairs."""

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
    return differences([a], [b], clusters)[0]


def differences(
    a: Sequence[Sequence[float]],
    b: Sequence[Sequence[float]],
    clusters: Sequence[str],
    resamples: int = RESAMPLES,
    flips: int = FLIPS,
) -> list[Difference]:
    """Several paired differences on the same trials, from the same resamples; see `difference`.

    Args:
        a: `[M]` of `[N]` scores of one system, e.g. one for each metric.
        b: `[M]` of `[N]` scores of the other.
        clusters: `[N]` labels.
        resamples: how often the clusters are drawn, for the intervals.
        flips: how often signs are flipped, for the p-values.
    """
    apart = [np.asarray(x, np.float64) - np.asarray(y, np.float64) for x, y in zip(a, b, strict=True)]
    for d in apart:
        if not len(d) or len(d) != len(clusters):
            raise ValueError(f"a paired difference needs trials in pairs, not {len(d)} for {len(clusters)} labels")
    n, *totals = _sums(clusters, *apart)
    means = [float(total.sum() / n.sum()) for total in totals]
    if len(n) < FEWEST:
        return [Difference(mean, None, None, len(clusters)) for mean in means]
    trials, *drawn = _resampled("bootstrap", n, *totals, times=resamples)
    found = []
    for mean, total, sums, flipped in zip(
        means, totals, drawn, _resampled("sign-flip", *totals, times=flips), strict=True
    ):
        # Flipping nothing must count as "at least as far", whatever the order of summation did to the last bit.
        far = np.abs(flipped) >= abs(total.sum()) * (1 - 1e-12)
        found.append(Difference(mean, percentiles(sums / trials), float((1 + far.sum()) / (1 + flips)), len(clusters)))
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several tests, made larger so that one false alarm among all of them is as rare as one of one test.

    Returns:
        Adjusted p-values, in the order given; to be compared with the level as it is.

    Raises:
        ValueError: a value that is no probability.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a p-value lies between 0 and 1")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted.tolist()


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
