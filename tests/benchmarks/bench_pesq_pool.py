"""All metrics of a set of clips, with one worker process and with as many as there are processors.

    python tests/benchmarks/bench_pesq_pool.py [--rounds N] [--clips N]

The two pools take turns, started and warm before the first round. PESQ is nearly all of the work.
"""

import argparse
import statistics
import time

from bench_stoi import real_clips

from avbench.metrics import PersistentPool, measure_all
from avbench.metrics.golden import golden_pair
from avbench.processors import usable_processors

NAMES = ("stoi", "estoi", "si-sdr", "pesq-wb")


def main(rounds=5, count=40):
    """Print medians over rounds and the ratio."""
    clips = real_clips(count) or [golden_pair(f"bench {i}", -15 + i % 8 * 5) for i in range(count)]
    jobs = [(NAMES, *pair) for pair in clips]
    many = usable_processors()
    with PersistentPool(1) as one, PersistentPool(many) as all_of_them:
        pools = (one, all_of_them)
        values = [[outcome.value for outcome in pool.map(measure_all, jobs)] for pool in pools]
        times = [[], []]
        for _ in range(rounds):
            for pool, spent in zip(pools, times, strict=True):
                start = time.perf_counter()
                pool.map(measure_all, jobs)
                spent.append(time.perf_counter() - start)
    ratios = [a / b for a, b in zip(*times, strict=True)]
    print(f"{len(jobs)} clips, {rounds} rounds in turn; scores bit-equal: {values[0] == values[1]}")
    for workers, spent in zip((1, many), times, strict=True):
        print(f"{workers:3} workers   {1e3 * statistics.median(spent) / len(jobs):7.1f} ms per clip")
    print(f"ratio, median of rounds  {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=40)
    given = parser.parse_args()
    main(given.rounds, given.clips)
