"""Eyes, eyebrows and glasses, which move on their own.

Conventions: head units as in `face`; side is -1 for the eye on the picture's left, 1 for the other. The same curves
draw the picture and place the landmarks.

Contents: `lids`, `brow_line`, `paint_eyes`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .brush import bump, cover, edge

if TYPE_CHECKING:
    from .face import Identity

_WHITE = (226, 222, 215)


def lids(identity: "Identity", x: np.ndarray, blink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the upper and the lower lid at a distance `x` from the middle of an eye."""
    size = identity.eye_size
    arch = np.maximum(1.0 - (x / size) ** 2, 0.0)
    upper = identity.eye_y - arch * size * (0.52 * (1.0 - blink) - 0.20 * blink)
    lower = identity.eye_y + arch * size * 0.32 * (1.0 - 0.35 * blink)
    return upper, lower


def brow_line(identity: "Identity", x: np.ndarray, side: int, raised: np.ndarray) -> np.ndarray:
    """Height of the middle of an eyebrow at a distance `x` from the middle of its eye: highest on the outer half."""
    peak = 0.3 * side * identity.eye_size
    arch = np.maximum(1.0 - ((x - peak) / (1.9 * identity.eye_size)) ** 2, 0.0)
    return identity.eye_y - 0.100 - 0.030 * raised - 0.040 * arch


def paint_eyes(
    picture: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    identity: "Identity",
    blink: np.ndarray,
    gaze: np.ndarray,
    brow: np.ndarray,
    pixel: float,
    ink: Callable[[tuple[float, float, float]], np.ndarray],
):
    """Draw both eyes, in place.

    Args:
        picture: `[F, C, H, W]`, the part that may hold eyes.
        u: `[F, H, W]` place on the face of each pixel.
        v: `[F, H, W]`.
        identity: shapes and colours.
        blink: `[F]` 0 open to 1 shut.
        gaze: `[F, 2]` displacement of the irises.
        brow: `[F]` raising of the eyebrows.
        pixel: size of a pixel.
        ink: turns RGB into the picture's `[C]` colours.
    """
    size, skin = identity.eye_size, np.array(identity.skin)
    blink, brow = blink[:, None, None], brow[:, None, None]
    for side in (-1, 1):
        x = u - np.float32(side * identity.eye_x)
        y = v - np.float32(identity.eye_y)
        upper, lower = lids(identity, x, blink)
        inside = np.abs(x) < size
        socket = bump(np.sqrt((x / (1.7 * size)) ** 2 + ((y + 0.012) / (1.25 * size)) ** 2))
        cover(picture, 0.42 * socket, ink(skin * 0.66))
        eye = edge(np.maximum(upper - v, v - lower), pixel) * inside
        # The upper lid throws a shadow on the white.
        cover(picture, eye, ink(_WHITE), 0.80 + 0.20 * np.clip((v - upper) * 28.0, 0.0, 1.0))
        gx, gy = x - gaze[:, 0, None, None], y - gaze[:, 1, None, None]
        radius = np.sqrt(gx * gx + gy * gy)
        iris = 0.41 * size
        cover(picture, eye * edge(radius - iris, pixel), ink(identity.iris), 1.15 - 0.55 * (radius / iris) ** 2)
        cover(picture, eye * edge(radius - 0.18 * size, pixel), ink((14, 11, 11)))
        glint = edge(np.sqrt((gx + 0.012) ** 2 + (gy + 0.014) ** 2) - 0.008, pixel)
        cover(picture, eye * glint, ink((245, 245, 242)))
        lash = 0.010 if identity.male else 0.014
        cover(picture, bump((v - upper) / (2.0 * lash)) * inside * 0.85, ink(skin * 0.18))
        cover(picture, bump((v - lower) / 0.014) * inside * 0.35, ink(skin * 0.40))
        cover(picture, bump((v - upper + 0.030) / 0.014) * inside * (0.5 - 0.5 * blink), ink(skin * 0.55))
        line = brow_line(identity, x, side, brow)
        taper = 1.0 - 0.45 * np.clip(side * x / (1.3 * size), 0.0, 1.0)
        hairs = edge(np.abs(v - line) - identity.brow_thickness * taper, 1.4 * pixel)
        hairs *= edge(np.abs(x) - 1.32 * size, 0.035)
        cover(picture, 0.85 * hairs, ink(np.minimum(np.array(identity.hair) * 0.66, skin * 0.62)))
        if identity.glasses:
            rim = np.sqrt((x / (1.68 * size)) ** 2 + ((y - 0.01) / (1.32 * size)) ** 2) - 1.0
            cover(picture, 0.10 * edge(rim, 0.1), ink((235, 240, 245)))
            cover(picture, 0.9 * edge(np.abs(rim) * (1.45 * size) - 0.010, pixel), ink(identity.glasses))
    if identity.glasses:
        bar, reach = np.abs(v - np.float32(identity.eye_y - 0.01)) - 0.009, identity.eye_x - 1.66 * size
        bridge = edge(np.maximum(bar, np.abs(u) - reach), pixel)
        cover(picture, 0.9 * bridge, ink(identity.glasses))
