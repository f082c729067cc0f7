"""How fast the embedded corpus is made: minutes of it per core-minute, by part.

    python tests/benchmarks/bench_corpus.py [--rounds N] [--seconds S]

Core time is the processor time of this process and of its speech engine, so that other work on the machine counts
little. A round makes about S seconds of every part in turn, in one process, from clips that no round before has used:
speech alone, then the mouth (88 × 88, grey, what the corpus keeps), then the whole face (128 × 128, RGB, never kept).
Nearly every clip has another speaker here, whose texture is drawn first: the slowest order there is. Median and range
over the rounds are printed.
"""

import argparse
import os
import resource
import statistics

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from avbench.data.synth.parts import find_part
from avbench.data.synth.spec import CorpusSpec
from avbench.data.synth.voice import Voice
from avbench.signal.audio import RATE

PARTS = ("", "words", "commands")
STAGES = ("speech", "speech and mouth", "and face")
TARGET = 10


def core_seconds():
    """Processor time of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def one_round(part, ids, seconds):
    """Seconds made, and core seconds of speech, mouth and face."""
    spec, made, said = CorpusSpec(), 0.0, []
    start = core_seconds()
    with Voice() as voice:  # ended before the clock is read: only then its time is known
        while made < seconds:
            said.append(part.say(spec, ids.pop(0), voice))
            made += len(said[-1].samples) / RATE
    spoken = core_seconds()
    for one in said:
        part.show(spec, one)
    shown = core_seconds()
    for one in said:
        part.face(spec, one)
    return made, spoken - start, shown - spoken, core_seconds() - shown


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    words = parser.parse_args()
    ids = {name: list(find_part(name).clip_ids("base", "train")) for name in PARTS}
    one_round(find_part(""), ids[""], 2.0)  # compiles and loads
    rates = {name: [] for name in PARTS}
    for _ in range(words.rounds):
        for name in PARTS:
            made, speech, mouth, face = one_round(find_part(name), ids[name], words.seconds)
            rates[name].append((made / speech, made / (speech + mouth), made / (speech + mouth + face)))
    print(f"minutes of corpus per core-minute, {words.rounds} rounds of {words.seconds:g} s a part, median (range)")
    for name in PARTS:
        cells = []
        for title, values in zip(STAGES, zip(*rates[name], strict=True), strict=True):
            cells.append(f"{title} {statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})")
        reached = statistics.median(r[1] for r in rates[name]) >= TARGET
        print(f"{name or 'sentences':10s} {'  '.join(cells)}  target {TARGET}: {'reached' if reached else 'MISSED'}")


if __name__ == "__main__":
    main()
