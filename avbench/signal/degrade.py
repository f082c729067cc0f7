"""What goes wrong with a picture: blur, occlusion, low light, lost frames, low resolution, each in three strengths.

Every fault is a function of the frames and a draw; it leaves shape, rate and time alone. Sizes are parts of the
picture's height, so a strength means the same on a mouth of 88 pixels and on a face of 128.

    blur            Gaussian, standard deviation 1.5, 3 and 6 % of the height
    occlusion       a grey rectangle of 15, 35 and 60 % of the picture, at a drawn place, throughout the clip
    low-light       the light of 1/3, 1/8 and 1/20, with photon noise (a full pixel is PHOTONS) and read noise; every
                    frame has another stretch of one field of noise, POOL frames large
    frame-loss      10, 30 and 60 % of the frames (never the first) are lost; the last one that came stays
    low-resolution  2, 4 and 8 pixels each way become one

Conventions: frames are `[F, H, W, C]` uint8.

Source: kinds and strengths are this project's own choice.

Contents: `DEGRADATIONS`, `degrade`.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ..seeds import Draw

PHOTONS = 800.0  # that a white pixel of the original stands for
READ_NOISE = 1.2  # grey levels
POOL = 8
Fault = Callable[[np.ndarray, Draw], np.ndarray]


def degrade(frames: np.ndarray, name: str, draw: Draw) -> np.ndarray:
    """The frames with a fault.

    Args:
        frames: `[F, H, W, C]` uint8.
        name: of `DEGRADATIONS`.
        draw: decides what the fault leaves open.

    Returns:
        `[F, H, W, C]` uint8, a new array.
    """
    return np.ascontiguousarray(DEGRADATIONS[name](frames, draw)) if len(frames) else frames.copy()


def _blur(frames: np.ndarray, draw: Draw, part: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    sigma = part * frames.shape[1]
    soft = gaussian_filter1d(frames.astype(np.float32), sigma, axis=1, mode="nearest")
    return _grey(gaussian_filter1d(soft, sigma, axis=2, mode="nearest"))


def _occlude(frames: np.ndarray, draw: Draw, part: float) -> np.ndarray:
    height, width = frames.shape[1:3]
    aspect = draw.uniform(0.8, 1.25)
    tall = min(height, round(height * np.sqrt(part * aspect)))
    wide = min(width, round(height * width * part / tall))
    top, left = draw.integer(height - tall + 1), draw.integer(width - wide + 1)
    covered = frames.copy()
    covered[:, top : top + tall, left : left + wide] = draw.integer(40, 216)
    return covered


def _darken(frames: np.ndarray, draw: Draw, light: float) -> np.ndarray:
    # A pixel of so many photons has their square root as its noise; the rest is the sensor's own.
    levels = np.arange(256, dtype=np.float32) * np.float32(light)
    spreads = np.sqrt(levels * np.float32(255.0 / PHOTONS) + np.float32(READ_NOISE**2))
    size = frames[0].size
    field = draw.normals(POOL * size).astype(np.float32)
    starts = [draw.integer((POOL - 1) * size) for _ in frames]
    noise = np.stack([field[start : start + size] for start in starts]).reshape(frames.shape)
    return _grey(levels[frames] + spreads[frames] * noise)


def _lose(frames: np.ndarray, draw: Draw, part: float) -> np.ndarray:
    count = len(frames)
    lost = draw.sample(range(1, count), round(part * (count - 1)))
    shown = np.arange(count)
    shown[lost] = 0
    return frames[np.maximum.accumulate(shown)]


def _coarsen(frames: np.ndarray, draw: Draw, size: int) -> np.ndarray:
    count, height, width, channels = frames.shape
    more = ((0, 0), (0, -height % size), (0, -width % size), (0, 0))
    padded = np.pad(frames, more, mode="edge").astype(np.float32)
    blocks = padded.reshape(count, padded.shape[1] // size, size, padded.shape[2] // size, size, channels)
    coarse = _grey(blocks.mean(axis=(2, 4)))
    return coarse.repeat(size, axis=1).repeat(size, axis=2)[:, :height, :width]


def _grey(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


DEGRADATIONS: dict[str, Fault] = {
    **{f"blur-{n}": partial(_blur, part=part) for n, part in enumerate((0.015, 0.03, 0.06), 1)},
    **{f"occlusion-{n}": partial(_occlude, part=part) for n, part in enumerate((0.15, 0.35, 0.6), 1)},
    **{f"low-light-{n}": partial(_darken, light=light) for n, light in enumerate((1 / 3, 1 / 8, 1 / 20), 1)},
    **{f"frame-loss-{n}": partial(_lose, part=part) for n, part in enumerate((0.1, 0.3, 0.6), 1)},
    **{f"low-resolution-{n}": partial(_coarsen, size=size) for n, size in enumerate((2, 4, 8), 1)},
}
"""Every fault in every strength, 1 the mildest."""
