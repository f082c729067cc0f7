"""Hair: a cap with a hairline, a parting and strands, and what hangs behind and beside the face.

Conventions: head units as in `face`; drawn on a `Canvas`.

Contents: `paint_back_hair`, `paint_front_hair`.
"""

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .face import Identity


@dataclass(frozen=True)
class Style:
    """How a style is built.

    Args:
        top: volume above the skull.
        side: volume beside it.
        length: how far down it hangs, or None where it does not.
        waves: sideways swing of hanging hair.
        strands: stripes across the head; 0 is a texture of curls or stubble.
        lift: the hairline's shift upwards.
    """

    top: float
    side: float
    length: float | None
    waves: float
    strands: int
    lift: float


_STYLES = {
    "bald": Style(0.000, 0.012, None, 0.0, 0, 0.0),
    "buzz": Style(0.018, 0.018, None, 0.0, 0, 0.02),
    "short": Style(0.075, 0.022, None, 0.0, 80, 0.02),
    "swept": Style(0.115, 0.020, None, 0.0, 70, 0.07),
    "curly": Style(0.130, 0.120, None, 0.0, 0, 0.0),
    "long": Style(0.075, 0.075, 1.20, 0.008, 90, 0.0),
    "bob": Style(0.080, 0.095, 0.58, 0.004, 90, 0.0),
    "wavy": Style(0.090, 0.110, 1.00, 0.030, 75, 0.0),
    "tied": Style(0.045, 0.030, None, 0.0, 90, 0.03),
    "fringe": Style(0.075, 0.085, 0.75, 0.004, 90, 0.0),
}


def paint_back_hair(canvas: Canvas, identity: Identity):
    """What is seen behind neck and ears."""
    style = _STYLES[identity.hair_style]
    hair = np.array(identity.hair)
    if identity.hair_style == "tied":
        bun = np.sqrt((canvas.x / 0.20) ** 2 + ((canvas.y + identity.face_height + 0.07) / 0.14) ** 2) - 1
        canvas.paint(canvas.shape(bun * 0.14), hair, 0.85 + 0.10 * canvas.stripes(0.5 + canvas.x, 60))
    if identity.hair_style == "curly":
        # A cloud around the upper head, with a lumpy outline.
        wide, high = identity.face_width + style.side, identity.face_height + style.top - 0.17
        cloud = np.sqrt((canvas.x / wide) ** 2 + ((canvas.y + 0.19) / high) ** 2) - 1
        canvas.paint(canvas.shape(cloud * wide + 0.022 * canvas.noise(26), 0.03), hair, 0.80 + 0.14 * canvas.noise(46))
    if style.length is None:
        return
    wide = identity.face_width + style.side + style.waves * np.sin(9.0 * canvas.y + 2.0 * identity.hair_part)
    hang = np.maximum(np.abs(canvas.x) - wide * (1 - 0.10 * np.clip(canvas.y, 0, 1)), canvas.y - style.length)
    hang = np.maximum(hang, -0.15 - canvas.y)
    strands = canvas.stripes(0.5 + 0.4 * canvas.x + 0.2 * style.waves * np.sin(9.0 * canvas.y), 90)
    canvas.paint(canvas.shape(hang, 0.02), hair * 0.72, 1 + 0.12 * strands)


def paint_front_hair(canvas: Canvas, identity: Identity):
    """The cap above the hairline, sideburns, and locks that fall beside the face."""
    style, name = _STYLES[identity.hair_style], identity.hair_style
    skull = _outline(canvas, identity, style)
    if name == "curly":
        skull = skull + 0.022 * canvas.noise(26)
    line = _hairline(canvas, identity, style)
    soft = 0.09 if name in ("buzz", "bald") else 0.035
    inside = canvas.shape(skull, 0.03) * canvas.shape(line, soft)
    if name in ("short", "swept"):
        inside *= 1.0 - 0.55 * np.clip((canvas.y + 0.34) * 3.2, 0, 1)  # cut shorter towards the ears
    elif name == "bald":
        # Only a rim above the ears is left, and little of it.
        inside *= 0.45 * np.clip((np.abs(canvas.x) / identity.face_width - 0.80) * 6, 0, 1)
        inside *= np.clip((canvas.y + 0.62) * 5, 0, 1)
    elif name == "buzz":
        inside *= 0.80
    canvas.paint(inside, np.array(identity.hair), _shade(canvas, identity, style, skull))
    if style.length is not None:
        _paint_locks(canvas, identity, style)


def _outline(canvas, identity, style):
    """Signed distance to the outer outline of the hair."""
    wide, high = identity.face_width + style.side, identity.face_height + style.top
    x = np.abs(canvas.x)
    if identity.hair_style == "swept":
        high = high + 0.05 * np.clip(canvas.x * np.sign(identity.hair_part or 1.0) / wide, -1, 1)
    exponent = 2.3
    radius = ((x / wide) ** exponent + (np.abs(np.minimum(canvas.y + 0.02, 0.0)) / high) ** exponent) ** (1 / exponent)
    return (radius - 1) * wide


def _hairline(canvas, identity, style):
    """Signed distance below which the skin begins: positive on the face."""
    q = np.clip(np.abs(canvas.x) / identity.face_width, 0.0, 1.15)
    height = max(identity.hairline - style.lift, -0.60) + 0.55 * q**7 + 0.03 * q**2
    part = identity.hair_part * 0.5
    if identity.hair_style in ("short", "long", "bob", "wavy"):
        # Hair falls away from the parting to both sides, farther on the wider one.
        side = (canvas.x - part) * (-1.0 if part > 0 else 1.0)
        height = height + 0.16 * np.clip(side / 0.5, 0, 1) ** 1.3 + 0.12 * np.clip(-side / 0.3, 0, 1) ** 1.2
        height = height - 0.05 * np.exp(-(((canvas.x - part) / 0.05) ** 2))
    elif identity.hair_style in ("swept", "buzz"):
        height = height - 0.09 * np.exp(-(((q - 0.58) / 0.17) ** 2)) + 0.01  # the temples recede
    elif identity.hair_style == "fringe":
        height = height + 0.20 * (1 - 0.4 * q**2) + 0.012 * canvas.stripes(0.5 + 0.5 * canvas.x, 40)
    elif identity.hair_style == "curly":
        height = height + 0.03 + 0.025 * canvas.noise(28)
    height = height + 0.008 * canvas.noise(60)
    # Sideburns end beside the ears.
    return np.maximum(canvas.y - height, canvas.y - (0.10 if identity.male else 0.02))


def _shade(canvas, identity, style, skull):
    """Strands, shine and the dark of the parting, as a factor."""
    if style.strands == 0:
        fine = canvas.noise(110 if identity.hair_style in ("buzz", "bald") else 46)
        lumps = canvas.noise(20)
        amount = (0.05, 0.03) if identity.hair_style in ("buzz", "bald") else (0.17, 0.10)
        return 1.0 + amount[0] * fine + amount[1] * lumps - 0.15 * np.clip(canvas.y + 0.4, 0, 1)
    part = identity.hair_part * 0.5
    if identity.hair_style in ("swept", "tied"):
        flow = 0.5 + 0.42 * canvas.x / (1.15 + 0.5 * canvas.y)
    else:
        flow = np.arctan2(canvas.x - part, canvas.y + identity.face_height + 0.30) / np.pi + 0.5
    flow = flow + 0.006 * canvas.noise(14)
    # Dark hair needs stronger strands to be seen at all.
    depth = 1.0 + np.clip((110 - np.dot((0.3, 0.6, 0.1), identity.hair)) / 60, 0, 1.2)
    strands = 0.085 * canvas.stripes(flow, style.strands) + 0.05 * canvas.stripes(flow, style.strands // 3)
    strands = depth * strands
    shine = 0.20 * depth * np.exp(-(((skull + 0.17) / 0.06) ** 2))
    shade = 1.0 + strands + shine + 0.25 * shine * canvas.stripes(flow, style.strands)
    shade = shade - 0.22 * np.exp(-(((skull + 0.0) / 0.04) ** 2))
    if identity.hair_style not in ("swept", "tied", "fringe"):
        crease = np.abs(canvas.x - part * (1.0 + 0.3 * (canvas.y + identity.face_height)))
        shade = shade - 0.30 * np.exp(-((crease / 0.014) ** 2)) * (canvas.y < -0.45)
    return shade


def _paint_locks(canvas, identity, style):
    """Hair that falls in front of the ears and over the shoulders."""
    x = np.abs(canvas.x)
    swing = style.waves * np.sin(9.0 * canvas.y + 2.0 * identity.hair_part)
    inner = identity.face_width * (0.97 - 0.06 * np.clip(canvas.y + 0.3, 0, 1)) + swing
    outer = identity.face_width + style.side + swing - 0.06 * np.clip(canvas.y - 0.3, 0, 1)
    ends = style.length - 0.02 + 0.02 * canvas.stripes(0.5 + 0.4 * canvas.x, 50)
    lock = np.maximum(np.maximum(inner - x, x - outer), np.maximum(canvas.y - ends, -0.32 - canvas.y))
    middle = (x - inner) / (outer - inner + 1e-6)
    strands = canvas.stripes(0.5 + 0.4 * (canvas.x - np.sign(canvas.x) * swing), 110)
    shade = 0.86 + 0.14 * np.sin(np.pi * np.clip(middle, 0, 1)) + 0.10 * strands
    opacity = canvas.shape(lock, 0.02) * np.clip((canvas.y + 0.34) * 8, 0, 1)
    canvas.paint(opacity, np.array(identity.hair), shade)
