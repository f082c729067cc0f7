"""PSNR and SSIM against scikit-image and torchmetrics.

    python tests/benchmarks/bench_frames.py [--rounds N] [--clips N]

A clip is 29 frames of 128 × 128 RGB, the estimate a blurred and noisy copy. All sides score the same clip one after
the other, clip by clip, so that whatever else the machine does falls on each. A round gives one ratio for each rival:
its time over ours, summed over the clips. Times are of the processor, on one thread: PSNR takes less than a slice of a
shared machine. For the same reason each side takes it twenty times in a row. `psnr, once` is a single time of each,
with pictures and code driven out of the cache before, by reading `CACHE` bytes; then waiting for memory is most of our
time: `psnr, read` does nothing but look for the highest number in both videos. Our time includes the guard; the others
get their pictures ready-made, in a layout and type they like. Clips are crops of real video where recordings lie in
../shared/data, and made pictures elsewhere.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from avbench.metrics.frames import ROWS
from avbench.types import Video

VIDEOS = Path(__file__).resolve().parents[3] / "shared" / "data" / "av"
FRAMES, SIDE, FPS = 29, 128, 25.0
REPEATS = {"psnr": 20}
BESIDE = {"all three": "ssim", "psnr, read": "psnr, once"}
COLD = {"psnr, once", "psnr, read"}
CACHE = 1 << 28  # more than the processor's caches hold
METRICS = {row.name: row for row in ROWS}


def real_clips(count):
    """Crops of 29 frames of talking heads; fewer, or none, where there are no recordings."""
    from avbench.signal.video import read_video

    files = sorted(VIDEOS.glob("grid_*/*.mpg"))[:count]
    return [read_video(file).frames[10 : 10 + FRAMES, 90 : 90 + SIDE, 110 : 110 + SIDE] for file in files]


def made_clips(count):
    """Smooth colour clouds that drift."""
    generator = np.random.Generator(np.random.Philox(3))
    for _ in range(count):
        cloud = gaussian_filter(generator.standard_normal((SIDE + FRAMES, SIDE, 3)), (4, 4, 0))
        cloud = np.clip(127 + 50 * cloud / cloud.std(), 0, 255).astype(np.uint8)
        yield np.stack([cloud[f : f + SIDE] for f in range(FRAMES)])


def pair_of(frames, seed):
    """(estimate, reference)."""
    noise = 8.0 * np.random.Generator(np.random.Philox(seed)).standard_normal(frames.shape)
    estimate = np.clip(gaussian_filter(frames.astype(np.float64), (0, 1, 1, 0)) + noise, 0, 255).astype(np.uint8)
    return Video(estimate, FPS), Video(np.ascontiguousarray(frames), FPS)


def ours(name):
    return lambda pair, _: METRICS[name].measure(*pair)["value"]


def all_of_ours(pair, _):
    return sum(METRICS[name].measure(*pair)["value"] for name in METRICS)


def skimage_psnr(pair, _):
    return np.mean([peak_signal_noise_ratio(r, e, data_range=255) for e, r in zip(*both(pair), strict=True)])


def skimage_wang(pair, _):
    options = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2)
    return np.mean([structural_similarity(r, e, **options) for e, r in zip(*both(pair), strict=True)])


def skimage_default(pair, _):
    return np.mean(
        [structural_similarity(r, e, channel_axis=2, data_range=255) for e, r in zip(*both(pair), strict=True)]
    )


def both(pair):
    return pair[0].frames, pair[1].frames


def read_only(pair, _):
    return max(int(frames.max()) for frames in both(pair))


def torch_rivals():
    """torchmetrics in float32, and SSIM frame by frame: a whole clip at once is up to twice as slow.

    None where it is not installed. Its SSIM counts reflected borders, hence the deviation.
    """
    try:
        import torch
        from torchmetrics.functional import image
    except ImportError:
        return {}, lambda pair: None
    torch.set_num_threads(1)

    def tensors(pair):
        return [torch.from_numpy(v).permute(0, 3, 1, 2).float().contiguous() for v in both(pair)]

    def psnr(_, ready):
        return image.peak_signal_noise_ratio(*ready, data_range=255.0, dim=(1, 2, 3)).item()

    def ssim(_, ready):
        frames = zip(*(side.split(1) for side in ready), strict=True)
        return np.mean([image.structural_similarity_index_measure(e, r, data_range=255.0).item() for e, r in frames])

    return {
        ("psnr, once", "torchmetrics"): psnr,
        ("psnr", "torchmetrics"): psnr,
        ("ssim", "torchmetrics"): ssim,
    }, tensors


def spread(values, digits):
    return f"{statistics.median(values):9.{digits}f}  ({min(values):.{digits}f} to {max(values):.{digits}f})"


def report(spent, deviation, rounds, clips):
    """Print a line for each contender: ms per clip, ratio to ours in the same round, deviation from ours."""
    print(f"{'metric':14} {'computed by':24} {'ms per clip':>34} {'times ours':>30}   deviation")
    for name, who in spent:
        mine = spent[name if (name, "avbench") in spent else BESIDE[name], "avbench"]
        times = [1e3 * t / clips for t in spent[name, who]]
        ratios = [t / m for t, m in zip(spent[name, who], mine, strict=True)]
        told = f"{spread(ratios, 2):>30}   {deviation[name, who]:.1e}" if who != "avbench" else ""
        print(f"{name:14} {who:24} {spread(times, 3):>34} {told}".rstrip())


def main(rounds=7, count=5):
    """Time all sides and print the table."""
    clips = real_clips(count)
    kind = "real video" if clips else "made pictures"
    rivals, ready = torch_rivals()
    pairs = [pair_of(frames, seed) for seed, frames in enumerate(clips or made_clips(count))]
    given = [ready(pair) for pair in pairs]
    contenders = {
        ("psnr, once", "avbench"): ours("psnr"),
        ("psnr, once", "scikit-image"): skimage_psnr,
        ("psnr, read", "numpy"): read_only,
        ("psnr", "avbench"): ours("psnr"),
        ("psnr", "scikit-image"): skimage_psnr,
        ("ssim", "avbench"): ours("ssim"),
        ("ssim", "scikit-image, Gaussian"): skimage_wang,
        ("ssim-skimage7", "avbench"): ours("ssim-skimage7"),
        ("ssim-skimage7", "scikit-image, default"): skimage_default,
        **rivals,
        ("all three", "avbench, beside ssim"): all_of_ours,
    }
    for contender in contenders.values():  # compile, load
        contender(pairs[0], given[0])
    spent = {key: [0.0] * rounds for key in contenders}
    deviation = dict.fromkeys(contenders, 0.0)
    ballast = np.ones(CACHE, np.uint8)
    for k in range(rounds):
        for pair, tensors in zip(pairs, given, strict=True):
            values = {}
            for key, contender in contenders.items():
                repeats = REPEATS.get(key[0], 1)
                if key[0] in COLD:
                    ballast.max()
                start = time.process_time()
                for _ in range(repeats):
                    values[key] = contender(pair, tensors)
                spent[key][k] += (time.process_time() - start) / repeats
            for name, who in contenders:
                if (name, "avbench") in values:
                    gap = abs(values[name, who] - values[name, "avbench"])
                    deviation[name, who] = max(deviation[name, who], gap)
    print(
        f"{len(pairs)} clips of {kind}, {FRAMES} frames of {SIDE} × {SIDE} RGB, {rounds} interleaved rounds, one thread"
    )
    report(spent, deviation, rounds, len(pairs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clips", type=int, default=5)
    options = parser.parse_args()
    main(options.rounds, options.clips)
