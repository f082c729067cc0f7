"""The mouth: curves of the lips, and lips, teeth and tongue between them.

Conventions: head units as in `face`; s runs from -1 to 1 between the corners of the mouth; a lip's inner and outer
edge are functions of s. The same curves draw the picture and place the landmarks.

Contents: `Mouth`, `mouth_of`, `lip_edges`, `paint_mouth`, `JAW_DROP`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .brush import bump, cover, edge

if TYPE_CHECKING:
    from .face import Identity

JAW_DROP = 0.105
"""How far the chin moves down per unit of `jaw`."""

_CAVITY = (58, 20, 22)
_TEETH = (214, 206, 190)
_TONGUE = (186, 88, 88)


@dataclass(frozen=True, eq=False)
class Mouth:
    """The shape of one speaker's mouth, frame by frame: `[F, 1, 1]` float32 each.

    Args:
        half: half the width.
        corner: height of the corners.
        lift: how far the upper lip's inner edge stands above them in the middle.
        drop: how far the lower lip's inner edge hangs below them.
        upper: thickness of the upper lip.
        lower: thickness of the lower lip.
        roundness: 0 is a lens, 1 an ellipse.
        press: how hard closed lips are pressed, 0 to 0.3.
        spread: `width` where positive.
        round: as in `articulation`.
        tongue: as in `articulation`.
        jaw: as in `articulation`.
        curl: as in `articulation`.
    """

    half: np.ndarray
    corner: np.ndarray
    lift: np.ndarray
    drop: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    roundness: np.ndarray
    press: np.ndarray
    spread: np.ndarray
    round: np.ndarray
    tongue: np.ndarray
    jaw: np.ndarray
    curl: np.ndarray


def mouth_of(identity: "Identity", track: np.ndarray) -> Mouth:
    """The mouth of a face under `[F, 6]` articulation."""
    opening, width, rounding, tongue, jaw, curl = (track[:, k, None, None].astype(np.float64) for k in range(6))
    gap, press = np.maximum(opening, 0.0), np.clip(-opening, 0.0, 0.3)
    spread = np.maximum(width, 0.0)
    thick = identity.lip_thickness
    shape = {
        "half": identity.mouth_width * (1 + 0.30 * width - 0.16 * rounding - 0.05 * jaw),
        "corner": identity.mouth_y + 0.012 * jaw - 0.014 * width - 0.008 * curl,
        "lift": gap * (0.044 * (1 - 0.25 * rounding) + 0.030 * spread + 0.030 * curl),
        "drop": gap * 0.158 * (1 - 0.12 * rounding) * (1 - 0.55 * np.minimum(curl, 1.0)),
        "upper": thick * (0.88 + 0.42 * rounding - 1.3 * press - 0.10 * gap - 0.10 * spread),
        "lower": thick * (1.22 + 0.45 * rounding - 1.4 * press - 0.62 * curl - 0.15 * gap),
        "roundness": np.clip(0.35 + 0.65 * rounding - 0.20 * spread, 0.0, 1.0),
        "press": press,
        "spread": spread,
        "round": rounding,
        "tongue": tongue,
        "jaw": jaw,
        "curl": curl,
    }
    return Mouth(**{name: value.astype(np.float32) for name, value in shape.items()})


def lip_edges(mouth: Mouth, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Heights of the lips' four edges: upper outer, upper inner, lower inner, lower outer.

    Args:
        mouth: `[F, 1, 1]` shapes.
        s: place between the corners, -1 to 1, of any shape that goes with them.
    """
    lens = 1.0 - s * s
    np.maximum(lens, 0.0, out=lens)
    ellipse = np.sqrt(lens)
    inner = ellipse - lens
    inner *= mouth.roundness
    inner += lens
    outer = ellipse + lens
    outer *= 0.5
    middle = mouth.corner + 0.010 - 0.010 * lens
    upper_inner = middle - mouth.lift * inner
    lower_inner = middle + mouth.drop * inner
    # Cupid's bow: a dip in the middle between two peaks, flattened when the lips are rounded.
    bow = 1.0 + 0.14 * bump((np.abs(s) - 0.28) * 3.3) - 0.30 * bump(s * 4.0)
    bow -= 1.0
    bow *= 1.0 - 0.5 * mouth.round
    bow += 1.0
    bow *= outer
    upper_outer = upper_inner - mouth.upper * bow
    lower_outer = lower_inner + mouth.lower * outer
    return upper_outer, upper_inner, lower_inner, lower_outer


def paint_mouth(
    picture: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    identity: "Identity",
    mouth: Mouth,
    pixel: float,
    ink: Callable[[tuple[float, float, float]], np.ndarray],
):
    """Draw the mouth, in place.

    Args:
        picture: `[F, C, H, W]`, the part that may hold a mouth.
        u: `[F, H, W]` place on the face of each pixel.
        v: `[F, H, W]`.
        identity: colours.
        mouth: shapes.
        pixel: size of a pixel, the softness of edges.
        ink: turns RGB into the picture's `[C]` colours.
    """
    skin = np.array(identity.skin)
    across = np.abs(u)
    s = np.clip(u / mouth.half, -1.0, 1.0)
    upper_outer, upper_inner, lower_inner, lower_outer = lip_edges(mouth, s)
    beside = edge(across - mouth.half, pixel)
    lips = edge(np.maximum(upper_outer - v, v - lower_outer), pixel)
    lips *= beside
    s *= s  # from here on only its square counts

    _paint_surroundings(picture, v, across, s, lower_outer, mouth, ink(skin * 0.70))
    _paint_lips(picture, v, s, lips, (upper_outer, upper_inner, lower_inner, lower_outer), mouth, identity, ink)

    gap = mouth.lift + mouth.drop
    hole = edge(np.maximum(upper_inner - v, v - lower_inner), pixel)
    hole *= beside
    hole *= np.clip(gap * 90.0, 0.0, 1.0)
    _paint_inside(picture, v, across, s, hole, lower_inner, mouth, pixel, ink)

    # The line where closed lips meet.
    meeting = bump((v - 0.5 * (upper_inner + lower_inner)) * (1.0 / 0.016))
    meeting *= lips
    meeting *= 0.80 * np.clip(1.0 - gap * 40.0, 0.0, 1.0)
    cover(picture, meeting, ink(np.array(identity.upper_lip) * 0.42))


def _paint_surroundings(picture, v, across, s2, lower_outer, mouth, shadow):
    """Shadows below the lower lip, at the corners and in the cheeks of a smile."""
    below = bump((v - lower_outer - 0.026) * (1 / 0.042))
    below *= 1.0 - s2
    below *= 0.38 + 0.2 * mouth.round
    out = across - mouth.half
    corner = bump(np.sqrt(out * out + (v - mouth.corner - 0.008) ** 2) * (1 / 0.045))
    corner *= 0.45
    below += corner
    crease = bump((out - 0.055) * (1 / 0.045))
    crease *= bump((v - mouth.corner) * (1 / 0.15))
    crease *= 0.55 * mouth.spread
    below += crease
    cover(picture, np.minimum(below, 0.8, out=below), shadow)


def _paint_lips(picture, v, s2, lips, edges, mouth, identity, ink):
    """Both lips: the upper in the shade, the lower with a highlight."""
    upper_outer, upper_inner, lower_inner, lower_outer = edges
    middle = 0.5 * (upper_inner + lower_inner)
    is_lower = edge(middle - v, 0.006)
    height = (v - lower_inner) / (lower_outer - lower_inner + 1e-3)
    shine = bump((height - 0.40) * 2.2)
    shine *= 0.20 * (1.0 - 0.7 * s2)
    shine += 0.96
    shine -= 0.16 * bump((height - 1.0) * 2.5)
    rise = (v - upper_outer) / (upper_inner - upper_outer + 1e-3)
    shade = np.clip(rise, 0.0, 1.0, out=rise)
    shade *= -0.14
    shade += 1.0
    cover(picture, lips * (1.0 - is_lower), ink(np.array(identity.upper_lip)), shade)
    is_lower *= lips
    cover(picture, is_lower, ink(np.array(identity.lower_lip)), shine)


def _paint_inside(picture, v, across, s2, hole, floor, mouth, pixel, ink):
    """Cavity, tongue, teeth and the tip of the tongue, all behind the lips."""
    gap = mouth.lift + mouth.drop
    soft = max(pixel, 0.010)
    dark = 1.0 - 0.5 * np.clip(gap * 8.0, 0.0, 1.0)
    cover(picture, hole, ink(_CAVITY), dark)
    lit = 1.0 - 0.45 * s2

    # Tongue: a dome that rises from the floor; its back (k, g) stays low and dark.
    reach = 0.80 * mouth.half
    between = np.clip((mouth.tongue - 0.90) * 14.0, 0.0, 1.0)
    rise = 0.20 + 0.42 * np.minimum(mouth.tongue, 1.0) + 0.22 * between
    top = floor - 0.006 - gap * rise + (0.06 / reach) * across * across
    body = edge(np.maximum(top - v, across - reach), 0.022)
    body *= hole
    body *= np.clip(0.10 + 1.25 * mouth.tongue, 0.0, 1.0)
    cover(picture, body, ink(_TONGUE), lit * (0.62 + 0.38 * np.minimum(mouth.tongue, 1.0)))

    # Lower teeth ride on the jaw, upper teeth sit in the skull: the upper lip hides them unless it is lifted.
    rim = mouth.corner + 0.018 + 0.070 * mouth.jaw - 0.05 * mouth.round * mouth.jaw
    lower = edge(rim + 0.35 * across * across - v, soft)
    lower *= edge(across - 0.62 * mouth.half, 0.08)
    lower *= hole
    lower *= np.clip(0.80 - 0.75 * mouth.tongue, 0.15, 0.8) * (1.0 - 0.8 * np.minimum(mouth.round, 1.0))
    cover(picture, lower, ink(_TEETH), 0.80 * lit)
    rest = mouth.corner - 0.012 * mouth.jaw + 0.004 - 0.014 * mouth.round + 0.016 * mouth.curl + 0.006 * mouth.spread
    upper = edge(v - rest + 0.35 * across * across, soft)
    upper *= hole
    upper *= 0.92 - 0.35 * np.minimum(mouth.round, 1.0)
    cover(picture, upper, ink(_TEETH), lit)

    # The tip: behind the upper teeth for l, between the teeth for th.
    tip = np.clip((mouth.tongue - 0.70) * 7.0, 0.0, 1.0)
    place = rest + 0.018 - 0.004 * between
    height = 0.020 + 0.006 * between
    wide = (0.34 + 0.22 * between) * mouth.half
    spot = edge(np.sqrt((across / wide) ** 2 + ((v - place) / height) ** 2) - 1.0, 0.5)
    spot *= hole
    spot *= tip
    cover(picture, spot, ink(_TONGUE), 1.10 - 0.12 * s2)
