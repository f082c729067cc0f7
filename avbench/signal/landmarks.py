"""The 68 points of a face: their order, the mean face, and alignment to it.

Source: Sagonas et al. 2013, "300 Faces in-the-Wild Challenge" (iBUG 68 points) for the order and for the distance of
the outer corners of the eyes as the unit; Umeyama 1991, IEEE TPAMI 13(4), for the least-squares similarity transform.

Conventions: points are `[F, 68, 2]`, x to the right and y down, left is the picture's left: jaw 0-16, brows 17-26, nose
27-35, eyes 36-47, outer lips 48-59, inner lips 60-67. The mean face has its centroid at the origin and its outer eye
corners at a distance of 1, so that whatever is aligned to it is measured in inter-ocular distances.

Contents: `COUNT`, `MOUTH`, `EYE_CORNERS`, `mean_face`, `inter_ocular`, `is_face`, `similarity`, `align`,
`as_complex`.
"""

from functools import cache
from pathlib import Path

import numpy as np

COUNT = 68
MOUTH = slice(48, 68)
EYE_CORNERS = (36, 45)
"""The outer corners of the eyes."""

_MEAN_FACE = Path(__file__).with_name("mean_face.tsv")


@cache
def mean_face() -> np.ndarray:
    """`[68, 2]` float64, read-only: the mean of the drawn faces at rest, which `avbench.data.synth.mean_face` makes."""
    points = np.loadtxt(_MEAN_FACE, delimiter="\t", skiprows=1, usecols=(1, 2))
    points.setflags(write=False)
    return points


def inter_ocular(points: np.ndarray) -> np.ndarray:
    """Distance of the outer eye corners: `[…, 68, 2]` to `[…]`.

    Example:
        >>> round(float(inter_ocular(mean_face())), 3)
        1.0
    """
    return np.linalg.norm(points[..., EYE_CORNERS[1], :] - points[..., EYE_CORNERS[0], :], axis=-1)


def is_face(points: np.ndarray) -> np.ndarray:
    """Which frames hold points that can be aligned: all finite, and not all in one place.

    Args:
        points: `[F, N, 2]`.

    Returns:
        `[F]` bool.
    """
    finite = np.isfinite(points).all(axis=(1, 2))
    held = np.where(finite[:, None, None], points, 0.0).astype(np.float64)
    spread = np.ptp(held, axis=1).max(axis=1)
    # Relative to where the points lie: a spread that is nothing but rounding is no face.
    return finite & (spread > 1e-9 * np.maximum(1.0, np.abs(held).max(axis=(1, 2))))


def similarity(points: np.ndarray, template: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least-squares similarity transform of each frame's points onto a template: no reflection.

    With a point as a complex number z = x + iy it is z ↦ a·z + b. The best a is Σ conj(z)·t / Σ |z|² for centred z and
    t: what singular values give, in closed form, since multiplying by a complex number never reflects.

    Args:
        points: `[F, N, 2]`, every frame `is_face`.
        template: `[N, 2]`.

    Returns:
        a and b, `[F]` complex128 each.

    Raises:
        ValueError: other shapes, or a frame whose points are not finite or all in one place.
    """
    points, template = np.asarray(points, np.float64), np.asarray(template, np.float64)
    if points.ndim != 3 or points.shape[1:] != template.shape or template.shape[1] != 2:
        raise ValueError(f"points of shape {list(points.shape)} cannot be aligned to {list(template.shape)}")
    if not is_face(points).all():
        raise ValueError("points that are not finite, or all in one place, cannot be aligned")
    z, t = as_complex(points), as_complex(template)
    centre, target = z.mean(axis=1), t.mean()
    z, t = z - centre[:, None], t - target
    turn = np.sum(z.conj() * t, axis=1) / np.sum(np.abs(z) ** 2, axis=1)
    return turn, target - turn * centre


def align(points: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Each frame's points, moved onto a template by `similarity`.

    Args:
        points: `[F, N, 2]`.
        template: `[N, 2]`.

    Returns:
        `[F, N, 2]` float64 in the template's coordinates.

    Raises:
        ValueError: as for `similarity`.
    """
    turn, shift = similarity(points, template)
    moved = turn[:, None] * as_complex(np.asarray(points, np.float64)) + shift[:, None]
    return np.stack([moved.real, moved.imag], axis=-1)


def as_complex(points: np.ndarray) -> np.ndarray:
    """`[…, 2]` to `[…]`: x + iy."""
    return points[..., 0] + 1j * points[..., 1]
