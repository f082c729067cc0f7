"""`avbench measure` under four metrics against the same under PESQ alone.

    python tests/benchmarks/bench_measure.py [--rounds N] [--clips N] [--workers N]

Both read the same files, diagnose every pair and start their own worker processes; they take turns, and which goes
first changes. A round gives one ratio of wall times and one of processor times, workers included. Clips of 3 to 4 s are
cut from real speech where recordings lie in ../shared/data, and made elsewhere. The target is a ratio of 1.15.

Leave PYTHONDONTWRITEBYTECODE unset: without bytecode on disk every worker compiles all of numba's source again.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import soundfile
from bench_stoi import real_clips

from avbench import measure
from avbench.metrics.golden import golden_pair

ALONE = "pesq-wb"
ALL = "stoi,estoi,pesq-wb,si-sdr"


def write_clips(folder, count):
    """Put pairs below est/ and ref/; returns what kind they are of."""
    clips = real_clips(count)
    kind = "real speech" if clips else "made signals"
    for i, pair in enumerate(clips or [golden_pair(f"bench {i}", -15 + i % 8 * 5) for i in range(count)]):
        for side, audio in zip(("est", "ref"), pair, strict=True):
            (folder / side).mkdir(exist_ok=True)
            soundfile.write(folder / side / f"{i:03d}.wav", audio.samples, audio.rate, subtype="FLOAT")
    return kind


def spent(folder, metrics, workers):
    """Seconds of wall and of processors, workers included."""
    before, began = os.times(), time.perf_counter()
    found = measure(folder / "est", folder / "ref", metrics, workers=workers)
    wall, after = time.perf_counter() - began, os.times()
    assert found.complete
    return wall, sum(after[:4]) - sum(before[:4])


def main(rounds=5, count=100, workers=2):
    """Print medians over rounds and the ratios."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        kind = write_clips(folder, count)
        spent(folder, ALL, workers)  # compile, fill the caches of files
        times = {ALONE: [], ALL: []}
        for i in range(rounds):
            for metrics in (ALONE, ALL) if i % 2 else (ALL, ALONE):
                times[metrics].append(spent(folder, metrics, workers))
    print(f"{count} pairs of {kind}, {workers} workers, {rounds} rounds in turn, load {os.getloadavg()[0]:.1f}")
    for metrics, found in times.items():
        wall, used = (statistics.median(values) for values in zip(*found, strict=True))
        print(f"{metrics:30} {wall:7.2f} s wall {used:7.2f} s of processors")
    for place, name in enumerate(("wall", "processors")):
        ratios = [a[place] / b[place] for a, b in zip(times[ALL], times[ALONE], strict=True)]
        print(f"ratio, {name:12} median {statistics.median(ratios):.3f}  ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    main(given.rounds, given.clips, given.workers)
