"""The Fréchet distance of two sets of features against pytorch-fid, means and covariances included on both sides.

    python tests/benchmarks/bench_frechet.py [--rounds N] [--counts N ...]

Both sides get the same [N, 2048] arrays, one after the other, on one thread. The features are made: normal vectors with
a spectrum that falls as a power of the index, as that of Inception features does, and rectified means. pytorch-fid's
`calculate_frechet_distance` takes means and covariances, which are made as its `calculate_activation_statistics` does.
"""

import argparse
import os
import statistics
import time
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from pytorch_fid.fid_score import calculate_frechet_distance

from avbench.metrics.frechet import frechet_distance

DIMENSIONS = 2048


def two_sets(count, seed=3):
    """Features of two sets that differ a little in mean and in spread."""
    generator = np.random.Generator(np.random.Philox(seed))
    mixing = generator.standard_normal((DIMENSIONS, DIMENSIONS)) / DIMENSIONS**0.5
    scale = (1.0 + np.arange(DIMENSIONS)) ** -0.5
    first = generator.standard_normal((count, DIMENSIONS)) * scale @ mixing
    second = generator.standard_normal((count, DIMENSIONS)) * (scale * 1.1) @ mixing + 0.02
    return first, second


def theirs(first, second):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy deprecates an argument that pytorch-fid gives
        return float(
            calculate_frechet_distance(
                first.mean(axis=0), np.cov(first, rowvar=False), second.mean(axis=0), np.cov(second, rowvar=False)
            )
        )


def main(rounds=5, counts=(256, 2048, 4096)):
    """Print medians over rounds, the ratio, and the relative difference; returns the ratios by count."""
    frechet_distance(*two_sets(8)), theirs(*(x[:, :8] for x in two_sets(16)))  # load
    found = {}
    print(f"D = {DIMENSIONS}, {rounds} interleaved rounds, one thread, means and covariances included")
    for count in counts:
        first, second = two_sets(count)
        ratios, ours_s, theirs_s = [], [], []
        for _ in range(rounds):
            start = time.perf_counter()
            mine = frechet_distance(first, second)
            middle = time.perf_counter()
            other = theirs(first, second)
            ours_s.append(middle - start)
            theirs_s.append(time.perf_counter() - middle)
            ratios.append(theirs_s[-1] / ours_s[-1])
        median = statistics.median(ratios)
        mine_s, other_s = statistics.median(ours_s), statistics.median(theirs_s)
        print(f"N = {count:5d}   avbench {mine_s:7.3f} s   pytorch-fid {other_s:7.3f} s   ratio {median:7.1f}", end="")
        print(f"  ({min(ratios):.1f} to {max(ratios):.1f})   difference {abs(mine / other - 1):.1e}", flush=True)
        found[count] = median
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--counts", type=int, nargs="+", default=[256, 2048, 4096])
    given = parser.parse_args()
    main(given.rounds, tuple(given.counts))
