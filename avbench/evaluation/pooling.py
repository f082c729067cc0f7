"""Corpus values of any metric, with intervals, differences and shares: parts are pooled, and divided once.

What a resample of speakers would have scored is the pool of the parts of those speakers (DESIGN, promise 5), never a
mean of per-trial ratios. Three routes lead there, and the metric's own pool decides which one is taken:

    mean    the pool is a mean of values: sums of values and of trials per cluster, one matrix product
    sums    the pool of summed parts is the pool of the parts (errors by words, right votes by votes): sums per cluster,
            weighted by one matrix product, pooled once for each resample
    sets    any other (average precision): the parts of the drawn clusters are pooled anew, `SETS` times

No interval is given where a metric is of sets as wholes (a Fréchet distance depends on how many different pictures
there are, and a resample holds some of them twice), nor where the parts hold more than `LARGEST` numbers.

Conventions: `parts` are `[N]` parts of trials that are ok or failed, `clusters` their `[N]` labels. Draws, level and
least number of clusters are those of `statistics`.

Contents: `corpus_value`, `corpus_interval`, `corpus_difference`, `corpus_share`, `corpus_resamples`, `whole_refusal`.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from ..errors import ReferenceFault
from ..metrics import Metric, Parts
from ..metrics.metric import mean_of_values
from .statistics import (
    FEWEST,
    Difference,
    Interval,
    Share,
    blocks,
    difference,
    interval,
    percentiles,
    share,
)

SETS = 1000  # resamples where each one is pooled anew
LARGEST = 2**18  # numbers in all parts, beyond which even so many would take minutes
LOST = 0.05  # of the resamples; where more of them have no value, an interval of the others would mislead


def corpus_value(metric: Metric, parts: Sequence[Parts]) -> tuple[float | None, str]:
    """What a metric pools of these parts, or None and the reason why there is no number."""
    if not parts:
        return None, ""
    try:
        return float(metric.pool(parts)), ""
    except ReferenceFault as fault:
        return None, fault.reason


def whole_refusal(metric: Metric, failed: int, total: int) -> str:
    """Why a metric that judges a set as a whole has no number where some outputs failed; else nothing."""
    if not metric.whole or not failed:
        return ""
    return f"{failed} of {total} outputs failed, and {metric.name} judges the set as a whole"


def corpus_interval(metric: Metric, parts: Sequence[Parts], clusters: Sequence[str]) -> tuple[Interval | None, str]:
    """The 95 % interval of a corpus value, or None and the reason why there is none."""
    if reason := _refusal(metric, parts, clusters):
        return None, reason
    if metric.pool is mean_of_values:
        return interval([part["value"] for part in parts], clusters), ""
    sample = _Sample(metric, parts, clusters)
    return _limits(sample.under(sample.drawn("bootstrap")))


def corpus_difference(
    metric: Metric, a: Sequence[Parts], b: Sequence[Parts], clusters: Sequence[str]
) -> tuple[Difference, str]:
    """Whether one system's corpus value differs from another's on the same trials.

    The p-value is two-sided: how often a difference at least as far from zero arises when the two systems' answers to
    every cluster are exchanged at random.

    Args:
        metric: judges both.
        a: `[N]` parts of one system.
        b: `[N]` parts of the other, same trials in the same order.
        clusters: `[N]` labels.

    Returns:
        The difference, and the reason why it has no interval, or nothing.

    Raises:
        ReferenceFault: one of the two has no corpus value.
    """
    if metric.pool is mean_of_values:
        found = difference([part["value"] for part in a], [part["value"] for part in b], clusters)
        return found, "" if found.ci95 else _refusal(metric, a, clusters)
    apart = float(metric.pool(a)) - float(metric.pool(b))
    if reason := _refusal(metric, [*a, *b], clusters):
        return Difference(apart, None, None, len(a)), reason
    pair = _Sample(metric, [*a, *b], [f"{side} {c}" for side in "ab" for c in clusters])
    drawn = pair.drawn("bootstrap", 2)
    none = np.zeros_like(drawn)
    ci95, reason = _limits(pair.under(np.hstack([drawn, none])) - pair.under(np.hstack([none, drawn])))
    stays = (1.0 + pair.drawn("sign-flip", 2)) / 2.0
    swapped = pair.under(np.hstack([stays, 1.0 - stays])) - pair.under(np.hstack([1.0 - stays, stays]))
    swapped = swapped[np.isfinite(swapped)]
    far = np.abs(swapped) >= abs(apart) * (1 - 1e-9)  # exchanging nothing must count, whatever the summation did
    p_value = float((1 + far.sum()) / (1 + len(swapped))) if ci95 else None
    return Difference(apart, ci95, p_value, len(a)), reason


def corpus_share(
    metric: Metric, a: Sequence[Parts], b: Sequence[Parts], c: Sequence[Parts], clusters: Sequence[str]
) -> Share:
    """The share (a - b) / (c - b) of three corpus values; see `statistics.share`."""
    if metric.pool is mean_of_values:
        return share(*([part["value"] for part in parts] for parts in (a, b, c)), clusters)
    if _refusal(metric, [*a, *b, *c], clusters):
        return Share(None, None, len(a))
    triple = _Sample(metric, [*a, *b, *c], [f"{side} {label}" for side in "abc" for label in clusters])
    drawn = triple.drawn("bootstrap", 3)
    none = np.zeros_like(drawn)
    low = triple.under(np.hstack([none, drawn, none]))
    gains = triple.under(np.hstack([drawn, none, none])) - low
    wholes = triple.under(np.hstack([none, none, drawn])) - low
    ends, _ = _limits(wholes)
    if ends is None or ends[0] <= 0 <= ends[1]:
        return Share(None, None, len(a))
    mine, lower, upper = (float(metric.pool(parts)) for parts in (a, b, c))
    known = np.isfinite(gains) & np.isfinite(wholes) & (wholes != 0)
    return Share((mine - lower) / (upper - lower), percentiles(gains[known] / wholes[known]), len(a))


def corpus_resamples(
    metric: Metric, systems: Sequence[np.ndarray | Sequence[Parts]], clusters: Sequence[str]
) -> np.ndarray | None:
    """What each system would have scored on resamples of the clusters, the same ones for all systems.

    Args:
        metric: pools.
        systems: S times the scores of the same trials in the same order: `[N]` values where the metric is their mean,
            else N parts.
        clusters: `[N]` labels, of ten at least.

    Returns:
        `[S, R]`, or None where too few resamples have a value.
    """
    if metric.pool is mean_of_values:
        names, index = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
        member = np.zeros((len(index), len(names)))
        member[np.arange(len(index)), index] = 1.0
        sums, counts = np.array(systems) @ member, member.sum(axis=0)
        return np.concatenate([(w @ sums.T) / (w @ counts)[:, None] for w in blocks("bootstrap", len(names))]).T
    samples = [_Sample(metric, parts, clusters) for parts in systems]
    drawn = min((sample.drawn("bootstrap") for sample in samples), key=len)
    found = np.array([sample.under(drawn) for sample in samples])
    known = np.isfinite(found).all(axis=0)
    return found[:, known] if known.mean() >= 1 - LOST else None


def _refusal(metric: Metric, parts: Sequence[Parts], clusters: Sequence[str]) -> str:
    """Why there can be no interval; nothing where there can."""
    if metric.whole and metric.pool is not mean_of_values:
        return f"{metric.name} is of a set as a whole, and a resample, which holds some of it twice, is another set"
    if len(set(clusters)) < FEWEST:
        return f"there are {len(set(clusters))} clusters, and an interval needs {FEWEST}"
    if sum(_numbers(part) for part in parts) > LARGEST:
        return f"{metric.name} of so many numbers is not resampled"
    return ""


def _numbers(part: Parts) -> int:
    return sum(value.size for value in part.values() if isinstance(value, np.ndarray))


def _limits(values: np.ndarray) -> tuple[Interval | None, str]:
    known = values[np.isfinite(values)]
    if len(known) < (1 - LOST) * len(values):
        return None, f"{len(values) - len(known)} of {len(values)} resamples have no value"
    return percentiles(known), ""


class _Sample:
    """Parts by cluster, to be pooled under any weights of the clusters.

    Args:
        metric: pools.
        parts: `[N]`.
        clusters: `[N]` labels; weights follow their sorted order.
    """

    def __init__(self, metric: Metric, parts: Sequence[Parts], clusters: Sequence[str]):
        self.metric = metric
        self.groups: list[list[Parts]] = [[] for _ in sorted(set(clusters))]
        place = {label: i for i, label in enumerate(sorted(set(clusters)))}
        for part, label in zip(parts, clusters, strict=True):
            self.groups[place[label]].append(part)
        self.sums = _summed(metric, self.groups)

    def drawn(self, kind: str, systems: int = 1) -> np.ndarray:
        """`[R, C]` weights of resamples of the clusters of one of so many systems; fewer where pooling is slow."""
        found = np.concatenate(list(blocks(kind, len(self.groups) // systems)))
        return found if self.sums is not None else found[:SETS]

    def under(self, weights: np.ndarray) -> np.ndarray:
        """`[R]` corpus values under `[R, C]` weights, whole numbers; NaN where there is none."""
        return np.array([self._pool(some) for some in self._resamples(weights)])

    def _resamples(self, weights: np.ndarray) -> Iterator[Sequence[Parts]]:
        if self.sums is not None:
            names, columns = self.sums
            for row in (weights @ columns).tolist():
                yield [dict(zip(names, row, strict=True))]
        else:
            for row in weights.astype(int):
                yield list(chain.from_iterable(self.groups[i] * row[i] for i in np.flatnonzero(row)))

    def _pool(self, parts: Sequence[Parts]) -> float:
        try:
            return float(self.metric.pool(parts))
        except (ReferenceFault, ZeroDivisionError):
            return math.nan


def _summed(metric: Metric, groups: Sequence[Sequence[Parts]]) -> tuple[list[str], np.ndarray] | None:
    """Names and `[C, P]` sums of the parts of each cluster, where they are as good as the parts themselves; else None.

    That is tried, on all and on every cluster, and not believed: a pool that is no ratio of sums fails it.
    """
    every = list(chain.from_iterable(groups))
    names = sorted(set.intersection(*(set(part) for part in every)))
    if any(isinstance(part[name], np.ndarray) for part in every for name in names):
        return None
    columns = np.array([[math.fsum(part[name] for part in group) for name in names] for group in groups])
    for parts, sums in [(every, columns.sum(axis=0)), *zip(groups, columns, strict=True)]:
        try:
            whole, short = (float(metric.pool(p)) for p in (parts, [dict(zip(names, sums.tolist(), strict=True))]))
        except (KeyError, ReferenceFault, ZeroDivisionError):
            return None
        if not math.isclose(whole, short, rel_tol=1e-9, abs_tol=1e-12):
            return None
    return names, columns
