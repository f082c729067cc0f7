"""Strokes: soft edges and blending, shared by everything that is drawn.

Only operations that every machine rounds alike are used (+ - × ÷ √ and comparisons), so that a picture has the same
bytes everywhere.

Conventions: a signed distance is negative inside; a picture is `[F, C, H, W]` or `[C, H, W]` float32, C = 1 or 3; an
opacity lacks the axis C.

Contents: `edge`, `bump`, `cover`.
"""

import numpy as np


def edge(distance: np.ndarray, width: float | np.ndarray) -> np.ndarray:
    """Opacity of a shape: 1 inside, 0 outside, linear over `width` around its border."""
    out = distance * (-1.0 / width)
    out += 0.5
    return np.clip(out, 0.0, 1.0, out=out)


def bump(x: np.ndarray) -> np.ndarray:
    """A soft spot: (1 - x²)² within |x| < 1, 0 outside."""
    out = x * x
    np.subtract(1.0, out, out=out)
    np.maximum(out, 0.0, out=out)
    out *= out
    return out


def cover(picture: np.ndarray, opacity: np.ndarray, colour: np.ndarray, shade: np.ndarray | float = 1.0):
    """Paint over a picture, in place.

    Args:
        picture: `[F, C, H, W]`.
        opacity: `[F, H, W]`, 0 to 1.
        colour: `[C]`.
        shade: factor of the colour, a number or `[F, H, W]`.
    """
    for c, value in enumerate(colour):
        plane = picture[:, c]
        difference = shade * value - plane
        difference *= opacity
        plane += difference
