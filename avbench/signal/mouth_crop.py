"""The mouth of a face as word lip readers want it: aligned to a mean face and cut out.

Source: Martinez et al. 2020, ICASSP (faces aligned to a mean face shape, a fixed crop of 96 × 96 pixels around the
mouth); the points that the transform is fitted to and the smoothing over 12 frames are those of the preprocessing that
the authors published with their weights.

Conventions: the mean face lies in a picture of 256 × 256 pixels and belongs to the weights: a lip reader knows the size
of mouth that its own mean face gives.

Contents: `crop_mouth`, `fill_gaps`.
"""

import numpy as np

from .landmarks import MOUTH, as_complex, similarity

STABLE = (28, 33, 36, 39, 42, 45, 48, 54)
"""Nose, corners of the eyes and of the mouth: what the transform is fitted to."""

PICTURE = 256
SIZE = 96
SMOOTHED = 12  # frames


def fill_gaps(points: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Points of frames without a face, on a straight line between their neighbours; at the ends those of the nearest.

    Args:
        points: `[F, N, 2]`.
        found: `[F]` bool, not all False.

    Returns:
        `[F, N, 2]` float64.

    Raises:
        ValueError: no frame has a face.
    """
    if not found.any():
        raise ValueError("no frame has a face")
    known, flat = np.flatnonzero(found), points.reshape(len(points), -1)
    columns = [np.interp(np.arange(len(points)), known, column[known]) for column in flat.T]
    return np.stack(columns, axis=1).reshape(points.shape)


def crop_mouth(frames: np.ndarray, points: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Cut the mouth out of every frame.

    The transform of a frame is fitted to the mean of its points and those of the 11 frames that follow; the last 11
    frames of a clip share the last transform that there is.

    Args:
        frames: `[F, H, W, C]` uint8.
        points: `[F, 68, 2]` in pixels of the frames, without gaps.
        template: `[68, 2]` mean face in pixels of a picture of 256 × 256.

    Returns:
        `[F, 96, 96, C]` uint8, truncated as the source does; black where the frame ends.

    Raises:
        ValueError: points that cannot be aligned.
    """
    stable = list(STABLE)
    window = min(SMOOTHED, len(points))
    means = np.stack([points[k : k + window, stable].mean(axis=0) for k in range(len(points) - window + 1)])
    turn, shift = (
        np.concatenate([part, np.repeat(part[-1:], window - 1)]) for part in similarity(means, template[stable])
    )
    centres = turn * as_complex(points[:, MOUTH]).mean(axis=1) + shift
    return np.stack([_patch(*each) for each in zip(frames, turn, shift, centres, strict=True)])


def _patch(frame: np.ndarray, turn: complex, shift: complex, centre: complex) -> np.ndarray:
    """`[96, 96, C]` of the aligned picture, sampled bilinearly from the frame."""
    from scipy.ndimage import map_coordinates

    half = SIZE // 2
    left, top = (round(min(max(at, half), PICTURE - half)) - half for at in (centre.real, centre.imag))
    y, x = np.mgrid[top : top + SIZE, left : left + SIZE]
    source = (x + 1j * y - shift) / turn
    channels = [
        map_coordinates(channel.astype(np.float64), (source.imag, source.real), order=1, mode="grid-constant")
        for channel in np.moveaxis(frame, -1, 0)
    ]
    return (np.stack(channels, axis=-1) + 1e-6).astype(np.uint8)  # 1e-6: a whole grey level stays one
