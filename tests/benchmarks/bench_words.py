"""Word error rate against jiwer: the same 1000 pairs of 12 words.

    python tests/benchmarks/bench_words.py [--rounds N] [--pairs N]

Three comparisons, in one thread, each from strings to the corpus value, `word_error_rate` against `jiwer.wer`:

    each its own      Normaliser included on both sides: jiwer's transforms for lower case, punctuation, spaces, strip
                      and words. This is what users run.
    ours for both     jiwer is lent our `normalise`, on all strings, then comes `jiwer.wer` with its defaults.
    none              Strings that were normalised beforehand, outside of the clock, and `jiwer.wer` with its defaults,
                      which split at spaces and count. `word_error_rate` does not know that, and normalises them again.

Beside them the same with a value for each pair: the formula of `wer` pair by pair and then the pool, and `measure_all`,
which adds the guard and a status. A round times each once, one after the other; ratios are taken within a round, of
wall time and of the thread's CPU time, which a busy machine disturbs less.

The sentences are drawn from 60 words of
ten Harvard sentences, apostrophes and capitals among them, with a full stop; a fifth of the words of an estimate is
replaced, dropped or doubled.
"""

import argparse
import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import jiwer
import numpy as np

from avbench.metrics import get_metric, measure_all
from avbench.metrics.words import count_errors, word_error_rate, word_errors
from avbench.signal.text import normalise

WORDS = """The birch canoe slid on smooth planks Glue sheet to dark blue background It's easy tell depth of well These
days a chicken leg is rare dish Rice often served in round bowls The juice lemons makes fine punch box was thrown beside
parked truck hogs were fed chopped corn and garbage Four hours steady work faced us don't""".split()

OWN = jiwer.Compose(
    [
        jiwer.ToLowerCase(),
        jiwer.RemovePunctuation(),
        jiwer.RemoveMultipleSpaces(),
        jiwer.Strip(),
        jiwer.ReduceToListOfListOfWords(),
    ]
)


def sentences(count):
    """(estimates, references): two lists of strings."""
    generator = np.random.Generator(np.random.Philox(12))
    estimates, references = [], []
    for _ in range(count):
        words = [WORDS[i] for i in generator.integers(0, len(WORDS), 12)]
        heard = []
        for word in words:
            draw = generator.random()
            other = WORDS[generator.integers(0, len(WORDS))]
            heard += [] if draw < 0.05 else [word, word] if draw < 0.1 else [other] if draw < 0.2 else [word]
        references.append(" ".join(words) + ".")
        estimates.append(" ".join(heard))
    return estimates, references


def contenders(estimates, references):
    """Name to a function without arguments that gives the corpus value."""
    metric = get_metric("wer")
    clean_e, clean_r = ([normalise(text) for text in texts] for texts in (estimates, references))

    def pairwise():
        return metric.pool([word_errors(e, r)["wer"] for e, r in zip(estimates, references, strict=True)])

    def guarded():
        scores = (measure_all(("wer",), e, r)["wer"] for e, r in zip(estimates, references, strict=True))
        return metric.pool([score.parts for score in scores])

    def counted():
        return metric.pool([count_errors(e.split(), r.split(), "words") for e, r in zip(clean_e, clean_r, strict=True)])

    return {
        "avbench": lambda: word_error_rate(estimates, references),
        "avbench, by pairs": pairwise,
        "avbench, measure_all": guarded,
        "avbench, none": lambda: word_error_rate(clean_e, clean_r),
        "avbench, none, pairs": counted,
        "jiwer, its own": lambda: jiwer.wer(references, estimates, reference_transform=OWN, hypothesis_transform=OWN),
        "jiwer, ours": lambda: jiwer.wer([normalise(x) for x in references], [normalise(x) for x in estimates]),
        "jiwer, none": lambda: jiwer.wer(clean_r, clean_e),
    }


COMPARISONS = {
    "each its own": ("avbench", "jiwer, its own"),
    "ours for both": ("avbench", "jiwer, ours"),
    "none": ("avbench, none", "jiwer, none"),
    "by pairs, its own": ("avbench, by pairs", "jiwer, its own"),
    "by pairs, ours": ("avbench, by pairs", "jiwer, ours"),
    "by pairs, none": ("avbench, none, pairs", "jiwer, none"),
}


def main(rounds=11, count=1000):
    """Print medians over rounds and ratios; returns the median ratios of CPU time by comparison."""
    functions = contenders(*sentences(count))
    values = {name: function() for name, function in functions.items()}  # and load what is loaded once
    spent = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = np.array((time.perf_counter(), time.thread_time()))
            function()
            spent[name].append(1e3 * (np.array((time.perf_counter(), time.thread_time())) - start))
    print(f"{count} pairs of 12 words, {rounds} interleaved rounds, one thread")
    for name, rows in spent.items():
        wall, cpu = np.median(rows, axis=0)
        print(f"{name:21} {wall:7.2f} ms wall  {cpu:7.2f} ms CPU  value {values[name]:.9f}")
    ratios = {}
    for name, (mine, theirs) in COMPARISONS.items():
        wall, cpu = (np.array(spent[theirs]) / np.array(spent[mine])).T
        ratios[name] = statistics.median(cpu)
        print(
            f"{name:21} ratio {statistics.median(wall):5.2f} wall ({min(wall):.2f} to {max(wall):.2f})  "
            f"{ratios[name]:5.2f} CPU ({min(cpu):.2f} to {max(cpu):.2f})"
        )
    return ratios


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--pairs", type=int, default=1000)
    given = parser.parse_args()
    main(given.rounds, given.pairs)
