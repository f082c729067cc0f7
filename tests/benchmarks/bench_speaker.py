"""Speaker embeddings in batches against Resemblyzer, one recording after another; NISQA against torchmetrics.

    python tests/benchmarks/bench_speaker.py [--rounds N] [--clips N]

Trials of one estimate and ten recordings of the target, as in XFaVoT, go through both sides alternately, so that
whatever else the machine does falls on both; then single clips go through NISQA likewise. Preparation of the sound is
part of either time. A round gives one ratio: the peer's time over ours. One thread. Clips are crops of real speech;
recordings must lie in ../shared/data and the NISQA file in ../shared/weights.
"""

import argparse
import os
import statistics
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch

from avbench.judges import get_judge, open_judge
from avbench.signal.audio import read_audio
from avbench.types import Audio

SHARED = Path(__file__).resolve().parents[3] / "shared"
REFERENCES = 10


def real_clips(count, seconds=3.5):
    """Crops of LibriSpeech."""
    files = sorted((SHARED / "data" / "speech").glob("librispeech_*/**/*.flac"))
    if not files:
        raise SystemExit("real recordings are not here: put them in ../shared/data to run this benchmark")
    clips = []
    for i in range(count):
        audio = read_audio(files[i % len(files)])
        start = int(0.25 * audio.rate)
        clips.append(Audio(audio.samples[start : start + int(seconds * audio.rate)], audio.rate))
    return clips


def compare(name, ours, theirs, cases, rounds):
    """Both sides case by case; prints medians and spread, returns the ratio and the largest deviation."""
    ours(cases[0]), theirs(cases[0])
    ratios, our_ms, their_ms, deviation = [], [], [], 0.0
    for _ in range(rounds):
        spent = np.zeros(2)
        for case in cases:
            start = time.perf_counter()
            found = ours(case)
            middle = time.perf_counter()
            expected = theirs(case)
            spent += middle - start, time.perf_counter() - middle
            deviation = max(deviation, float(np.abs(np.subtract(found, expected)).max()))
        ratios.append(spent[1] / spent[0])
        our_ms.append(1e3 * spent[0] / len(cases))
        their_ms.append(1e3 * spent[1] / len(cases))
    print(f"{name}: {len(cases)} cases, {rounds} interleaved rounds, one thread")
    print(f"  avbench                  {statistics.median(our_ms):8.1f} ms per case")
    print(f"  peer                     {statistics.median(their_ms):8.1f} ms per case")
    median = statistics.median(ratios)
    print(f"  ratio, median of rounds  {median:8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"  largest deviation        {deviation:8.1e}")
    return median, deviation


def embeddings(clips, rounds):
    """Our batches against the package."""
    encoder = open_judge("resemblyzer")
    import resemblyzer

    peer = resemblyzer.VoiceEncoder("cpu", verbose=False)

    def theirs(case):
        return np.stack([peer.embed_utterance(resemblyzer.preprocess_wav(a.samples, source_sr=a.rate)) for a in case])

    size = 1 + REFERENCES
    trials = [clips[i : i + size] for i in range(0, len(clips) - size + 1, size)]
    return compare("speaker embeddings, 11 recordings a trial", encoder.embed, theirs, trials, rounds)


def quality(clips, rounds):
    """Our NISQA against that of torchmetrics, which is handed the same file."""
    import torchmetrics.functional.audio.nisqa as peer

    folder = SHARED / "weights" / "nisqa"
    peer.NISQA_DIR = str(folder)
    judge = get_judge("nisqa").load({"nisqa/nisqa.tar": folder / "nisqa.tar"}, "cpu")

    def theirs(audio):
        return peer.non_intrusive_speech_quality_assessment(torch.from_numpy(audio.samples), audio.rate)[0]

    return compare("NISQA", judge.score, theirs, clips, rounds)


def main(rounds=7, count=33):
    """Print both tables."""
    torch.set_num_threads(1)
    clips = real_clips(count)
    return embeddings(clips, rounds), quality(clips[:12], rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clips", type=int, default=33)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    main(given.rounds, given.clips)
