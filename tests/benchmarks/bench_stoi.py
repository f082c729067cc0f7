"""STOI and ESTOI in one pass against pystoi called twice.

    python tests/benchmarks/bench_stoi.py [--rounds N] [--clips N]

Both sides score the same clips one after the other, clip by clip, so that whatever else the machine does falls on both.
A round gives one ratio: pystoi's time over ours, summed over its clips. Our time includes the guard. Clips are crops of
real speech where recordings lie in ../shared/data, and made signals elsewhere; noise at -15 to 20 dB.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pystoi

from avbench.metrics import measure_all
from avbench.metrics.golden import golden_pair
from avbench.types import Audio

SPEECH = Path(__file__).resolve().parents[3] / "shared" / "data" / "speech"
RATE = 16_000


def real_clips(count):
    """(estimate, reference) of 3 to 4 s, cut from LibriSpeech utterances; empty where there are none."""
    import soundfile

    files = sorted(SPEECH.glob("librispeech_*/**/*.flac"))
    generator = np.random.Generator(np.random.Philox(11))
    clips = []
    for i in range(count if files else 0):
        samples, _ = soundfile.read(files[i % len(files)], dtype="float64")
        length = RATE * 3 + int(generator.integers(0, RATE))
        start = min(4000 + (i // len(files)) * RATE * 4, max(0, len(samples) - length))
        clean = samples[start : start + length]
        noise = generator.standard_normal(len(clean))
        noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10 ** (-generator.uniform(-15, 20) / 20)
        clips.append((Audio((clean + noise).astype(np.float32), RATE), Audio(clean.astype(np.float32), RATE)))
    return clips


def ours(estimate, reference):
    scores = measure_all(("stoi", "estoi"), estimate, reference)
    return scores["stoi"].raw, scores["estoi"].raw


def theirs(estimate, reference):
    return pystoi.stoi(reference, estimate, RATE), pystoi.stoi(reference, estimate, RATE, extended=True)


def main(rounds=7, count=60):
    """Print medians over rounds, the ratio, and the largest deviation."""
    clips = real_clips(count)
    kind = "real speech" if clips else "made signals"
    clips = clips or [golden_pair(f"bench {i}", -15 + i % 8 * 5) for i in range(count)]
    wide = [(e.samples.astype(np.float64), c.samples.astype(np.float64)) for e, c in clips]
    ours(*clips[0]), theirs(*wide[0])  # compile, load, build tables
    ratios, our_ms, their_ms, deviation = [], [], [], 0.0
    for _ in range(rounds):
        spent = np.zeros(2)
        for pair, wide_pair in zip(clips, wide, strict=True):
            start = time.perf_counter()
            found = ours(*pair)
            middle = time.perf_counter()
            expected = theirs(*wide_pair)
            spent += middle - start, time.perf_counter() - middle
            deviation = max(deviation, *(abs(a - b) for a, b in zip(found, expected, strict=True)))
        ratios.append(spent[1] / spent[0])
        our_ms.append(1e3 * spent[0] / len(clips))
        their_ms.append(1e3 * spent[1] / len(clips))
    seconds = statistics.mean(pair[0].seconds for pair in clips)
    print(f"{len(clips)} clips of {kind}, {seconds:.2f} s on average, {rounds} interleaved rounds, one thread")
    print(f"avbench, STOI + ESTOI in one pass   {statistics.median(our_ms):7.2f} ms per clip")
    print(f"pystoi, STOI and then ESTOI         {statistics.median(their_ms):7.2f} ms per clip")
    median = statistics.median(ratios)
    print(f"ratio, median of rounds             {median:7.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"largest deviation                   {deviation:7.1e}")
    return median, deviation


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clips", type=int, default=60)
    given = parser.parse_args()
    main(given.rounds, given.clips)
