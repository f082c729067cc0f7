"""How long intervals and paired tests of a whole table take: 10,000 resamples of 2,000 trials under 5 metrics.

Compares with the plain way, one resample at a time, done for some and multiplied. Seconds of one core: what else the
machine does counts nothing.
Run: python tests/benchmarks/bench_statistics.py
"""

import time

import numpy as np

from avbench.evaluation import statistics
from avbench.evaluation.statistics import blocks, differences, intervals
from avbench.seeds import Draw

TRIALS, METRICS, RESAMPLES, PLAIN = 2000, 5, 10_000, 200


def timed(work):
    statistics._kept.cache_clear()
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def plain(columns, clusters):
    """Means of resampled trials, gathered one resample at a time."""
    order = np.argsort(clusters, kind="stable")
    labels, starts = np.unique(clusters[order], return_index=True)
    groups = np.split(order, starts[1:])
    for weights in next(blocks("bootstrap", len(labels), PLAIN)):
        drawn = np.concatenate([groups[i] for i, times in enumerate(weights) for _ in range(int(times))])
        columns[:, drawn].mean(axis=1)


def main():
    a = np.stack([Draw("a", m).normals(TRIALS) for m in range(METRICS)])
    b = a + np.stack([Draw("b", m).normals(TRIALS, 0.01, 0.1) for m in range(METRICS)])
    print(f"{TRIALS} trials, {METRICS} metrics, {RESAMPLES} resamples, {RESAMPLES} flips; seconds")
    print("clusters  intervals  paired tests  intervals, one by one  ratio")
    for count in (40, 400, 2000):
        clusters = np.array([f"s{i % count:04d}" for i in range(TRIALS)])
        one, _ = timed(lambda c=clusters: intervals(a, c, RESAMPLES))
        two, _ = timed(lambda c=clusters: differences(a, b, c, RESAMPLES, RESAMPLES))
        slow, _ = timed(lambda c=clusters: plain(a, c))
        slow *= RESAMPLES / PLAIN
        print(f"{count:8}  {one:9.2f}  {two:12.2f}  {slow:21.1f}  {slow / one:5.0f}")


if __name__ == "__main__":
    main()
