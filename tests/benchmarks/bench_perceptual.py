"""LPIPS against the package lpips: the diversity of ten outputs, and a clip frame by frame.

    python tests/benchmarks/bench_perceptual.py [--rounds N] [--groups N]

Both sides get the same uint8 pictures of 128 × 128 and the same weights, one after the other, on one thread; a group is
ten variants of one picture and their 45 distances. The package is called pair by pair, as its users do for diversity,
and once with all frames of a clip. Our features are forgotten before every call, so that none is computed beforehand;
the last row alone keeps those of the reference, as for the second system that answers the same trial.
Weights are read from ../shared/weights where they lie there; elsewhere both sides have equal random ones.
"""

import argparse
import os
import statistics
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import lpips
import numpy as np
import torch

from avbench.judges import open_judge
from avbench.judges.perceptual import Perceptual

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights"
SIDE, FRAMES, VARIANTS = 128, 29, 10


def both_sides():
    """Our judge and the package's network with the same weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips uses arguments that torchvision calls old
        theirs = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    if WEIGHTS.is_dir():
        ours, kind = open_judge("lpips-alex", WEIGHTS), "real weights"
        names = theirs.net.state_dict()
        theirs.net.load_state_dict({name: ours.state["features." + name.partition(".")[2]] for name in names})
    else:
        state = {"features." + name.partition(".")[2]: value for name, value in theirs.net.state_dict().items()}
        heads = [lin.model[-1].weight.detach() for lin in theirs.lins]
        ours, kind = Perceptual("alex", state, heads), "random weights"
    return ours, theirs.requires_grad_(False), kind


def made_pictures(count, generator):
    """`[count, 128, 128, 3]` uint8: smooth colours, and noise of its own on each."""
    y, x = np.mgrid[:SIDE, :SIDE]
    phase = generator.uniform(0, 6, 3)
    base = np.stack([128 + 90 * np.sin(x / (7 + p) + y / 11 + p) for p in phase], axis=2)
    noise = generator.standard_normal((count, SIDE, SIDE, 3)) * generator.uniform(5, 30, (count, 1, 1, 1))
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def wanted(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def their_diversity(network, images):
    tensors = [wanted(image[None]) for image in images]
    pairs = [float(network(a, b)) for i, a in enumerate(tensors) for b in tensors[i + 1 :]]
    return np.array([np.mean(pairs)])


def our_diversity(judge, images):
    return np.array([judge.pairs(images)[np.triu_indices(len(images), 1)].mean()])


def their_clip(network, images):
    return network(wanted(images[:FRAMES]), wanted(images[FRAMES:])).flatten().numpy()


def our_clip(judge, images):
    return judge.distance(images[:FRAMES], images[FRAMES:])


def our_second_estimate(judge, images):
    """Another system's answer to the same reference, whose features are known by then."""
    return judge.distance(images[:FRAMES], images[FRAMES:])


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def main(rounds=7, groups=3):
    """Print medians over rounds, the ratios, and the largest deviations; returns the ratios."""
    torch.set_num_threads(1)
    ours, theirs, kind = both_sides()
    generator = np.random.Generator(np.random.Philox(9))
    variants = [made_pictures(VARIANTS, generator) for _ in range(groups)]
    clips = [made_pictures(2 * FRAMES, generator) for _ in range(groups)]
    jobs = {
        "diversity, 45 pairs of 10": (variants, our_diversity, their_diversity),
        "clip of 29 frames": (clips, our_clip, their_clip),
        "the same, reference known": (clips, our_second_estimate, their_clip),
    }
    print(f"{SIDE} × {SIDE}, AlexNet, {kind}, {groups} groups, {rounds} interleaved rounds, one thread")
    found = {}
    for name, (material, mine, other) in jobs.items():
        mine(ours, material[0]), other(theirs, material[0])
        ratios, our_ms, their_ms, deviation = [], [], [], 0.0
        for _ in range(rounds):
            spent = np.zeros(2)
            for images in material:
                ours.features.forget()
                if mine is our_second_estimate:
                    ours.features(images[FRAMES:])
                result, ours_s = timed(mine, ours, images)
                expected, theirs_s = timed(other, theirs, images)
                spent += ours_s, theirs_s
                deviation = max(deviation, float(np.abs(result - expected).max()))
            ratios.append(spent[1] / spent[0])
            our_ms.append(1e3 * spent[0] / groups)
            their_ms.append(1e3 * spent[1] / groups)
        found[name] = statistics.median(ratios)
        mine_ms, other_ms = statistics.median(our_ms), statistics.median(their_ms)
        print(f"{name:26s} avbench {mine_ms:7.1f} ms   lpips {other_ms:7.1f} ms", end="")
        print(f"   ratio {found[name]:.1f}  ({min(ratios):.1f} to {max(ratios):.1f})   deviation {deviation:.1e}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--groups", type=int, default=3)
    given = parser.parse_args()
    main(given.rounds, given.groups)
