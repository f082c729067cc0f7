"""The still part of a face, painted once per speaker: skin, nose, wrinkles, beard, hair, neck and clothes.

The mouth is painted without lips and with the jaw closed; `render` moves it and adds what changes from frame to frame.

Conventions: as in `canvas`; colours are multiplied by the coverage, the background shines through where it is below 1.

Contents: `Texture`, `face_texture`, `mouth_texture`, `head_outline`, `jaw_taper`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .canvas import EXTENT, SIZE, Canvas
from .face import GREY, Identity
from .hair import paint_back_hair, paint_front_hair

_WINDOW_X, _WINDOW_TOP, _WINDOW_BOTTOM = 0.60, -0.20, 1.05


@dataclass(frozen=True, eq=False)
class Texture:
    """A painted face, or a window of it.

    Args:
        planes: `[C, h, w]` colour (C = 3) or grey (C = 1) times coverage, in eighths, which float16 holds exactly.
        coverage: `[h, w]` float16; 0 is background.
        left: column of the whole sheet at which the window begins.
        top: row.
    """

    planes: np.ndarray
    coverage: np.ndarray
    left: int = 0
    top: int = 0


@lru_cache(maxsize=8)
def face_texture(identity: Identity) -> Texture:
    """The whole face in colour; the last few are kept."""
    canvas = _paint(identity)
    return Texture(_eighths(np.clip(canvas.picture, 0.0, 255.0)), _coverage(canvas))


@lru_cache(maxsize=512)
def mouth_texture(identity: Identity) -> Texture:
    """The part that a crop of the mouth can show, in grey; those of a whole corpus are kept (90 kB each)."""
    canvas = _paint(identity)
    left, right, top, bottom = (_index(w) for w in (-_WINDOW_X, _WINDOW_X, _WINDOW_TOP, _WINDOW_BOTTOM))
    grey = np.tensordot(GREY, np.clip(canvas.picture, 0.0, 255.0), 1)
    window = (slice(top, bottom), slice(left, right))
    return Texture(_eighths(grey[window])[None], _coverage(canvas)[window], left, top)


def _paint(identity):
    """A canvas with everything on it, from back to front."""
    canvas = Canvas(identity.seed)
    skin = np.array(identity.skin)
    paint_back_hair(canvas, identity)
    _paint_body(canvas, identity, skin)
    head = _paint_head(canvas, identity, skin)
    _paint_age(canvas, identity, skin, head)
    if identity.beard != "none":
        _paint_beard(canvas, identity, skin, head)
    _paint_nose(canvas, identity, skin)
    paint_front_hair(canvas, identity)
    return canvas


def _index(place):
    """Row or column of a place in head units."""
    return round((place + EXTENT) * SIZE / (2 * EXTENT))


def _eighths(grey):
    return (np.round(grey * 8) / 8).astype(np.float16)


def _coverage(canvas):
    return (np.round(np.clip(canvas.coverage, 0.0, 1.0) * 256) / 256).astype(np.float16)


def head_outline(identity: Identity, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Relative distance to the outline of the head: below 0 inside."""
    down = np.clip(y / identity.face_height, 0.0, 1.0)
    wide = identity.face_width * (1.0 - jaw_taper(identity) * down**2)
    exponent = np.where(y > 0, identity.jaw_exponent, 2.25)
    ratio = np.abs(y) / np.where(y > 0, identity.face_height, identity.face_height * 0.98)
    return ((np.abs(x) / wide) ** exponent + ratio**exponent) ** (1 / exponent) - 1.0


def jaw_taper(identity: Identity) -> float:
    """By which share of its width the face has narrowed at the chin."""
    return 0.22 if identity.male else 0.26


def _paint_body(canvas, identity, skin):
    """Neck, shoulders, ears."""
    x, y = np.abs(canvas.x), canvas.y
    neck = (0.31 if identity.male else 0.25) * (1 + 0.35 * np.clip(y - 0.85, 0, 1))
    canvas.paint(canvas.shape(x - neck) * (y > 0.3), skin * 0.84, 1 - 0.25 * (x / neck) ** 4 + 0 * y)
    under_chin = np.exp(-(((y - identity.face_height) / 0.13) ** 2)) * canvas.shape(x - neck)
    canvas.darken(0.34 * under_chin * (y > 0.3))
    collar = 1.00 + 0.16 * np.clip(1 - (x / neck) ** 2, 0, 1) + 0.22 * np.clip(x - neck, 0, 1)
    folds = 1 + 0.05 * canvas.noise(12) - 0.18 * np.exp(-(((y - collar) / 0.018) ** 2))
    canvas.paint(canvas.shape(collar - y), np.array(identity.clothes), folds)
    for side in (-1, 1):
        ear_x, ear_y = canvas.x - side * (identity.face_width + 0.012), y + 0.06
        ear = np.sqrt((ear_x / 0.058) ** 2 + (ear_y / 0.135) ** 2) - 1
        canvas.paint(canvas.shape(ear * 0.06), skin * 0.90)
        hollow = np.exp(-((ear_x / 0.026) ** 2) - (ear_y / 0.075) ** 2)
        canvas.paint(0.45 * hollow * canvas.shape(ear * 0.06), skin * 0.62)


def _paint_head(canvas, identity, skin):
    """The head with its shading. Returns its opacity."""
    x, y = canvas.x, canvas.y
    head = canvas.shape(head_outline(identity, x, y) * identity.face_width)
    fx, fy = x / identity.face_width, y / identity.face_height
    shade = 1.03 - 0.17 * fx**2 - 0.05 * fx**6 - 0.10 * np.clip(fy, 0, 1) ** 2
    shade = shade + 0.05 * canvas.spot(0, -0.36, 0.26, 0.14)  # forehead
    for side in (-1, 1):
        shade = shade + 0.06 * canvas.spot(side * 0.29, 0.08, 0.12, 0.09)  # cheekbones
        shade = shade - 0.05 * canvas.spot(side * 0.36, 0.34, 0.10, 0.16)  # hollow of the cheek
        shade = shade - 0.05 * canvas.spot(side * 0.10, -0.10, 0.05, 0.08)  # root of the nose
    shade = shade + 0.045 * canvas.spot(0, identity.face_height - 0.14, 0.10, 0.06)  # chin
    shade = shade - 0.05 * canvas.spot(0, identity.mouth_y + 0.135, 0.16, 0.025)  # above the chin
    shade = shade + 0.012 * canvas.noise(90) + 0.018 * canvas.noise(12)
    canvas.paint(head, skin, shade)
    blush = sum(canvas.spot(side * 0.31, 0.15, 0.13, 0.11) for side in (-1, 1))
    canvas.paint(0.16 * blush * head, skin * (1.06, 0.78, 0.76))
    # Philtrum: two faint ridges from the nose to the lip.
    ridge = np.exp(-(((np.abs(x) - 0.030) / 0.013) ** 2)) * canvas.spot(0, identity.mouth_y - 0.085, 9.0, 0.035)
    canvas.paint(0.30 * ridge * head, np.minimum(skin * 1.10, 250))
    canvas.paint(0.22 * canvas.spot(0, identity.mouth_y - 0.085, 0.014, 0.035) * head, skin * 0.72)
    return head


def _paint_age(canvas, identity, skin, head):
    """Lines of the forehead, beside the nose, under and beside the eyes."""
    x, y, amount = canvas.x, canvas.y, identity.wrinkles
    fold = np.exp(-(((np.abs(x) - 0.125 - 0.34 * (y - 0.12)) / 0.015) ** 2))
    fold *= canvas.shape(np.abs(y - 0.235) - 0.085, 0.08)
    canvas.paint((0.04 + 0.40 * amount) * fold * head, skin * 0.66)
    if amount == 0.0:
        return
    for height in (-0.43, -0.37, -0.31):
        line = np.exp(-(((y - height - 0.015 * np.cos(5 * x)) / 0.008) ** 2)) * np.exp(-((x / 0.27) ** 4))
        canvas.paint(0.30 * amount * line * head, skin * 0.66)
    for side in (-1, 1):
        away = side * x - identity.eye_x
        bag = np.exp(-(((y - identity.eye_y - 0.085 + 2.0 * away**2) / 0.012) ** 2))
        bag *= canvas.shape(np.abs(away) - 0.07, 0.05)
        canvas.paint(0.32 * amount * bag * head, skin * 0.62)
        for slope in (-0.4, 0.0, 0.4):
            beside = away - identity.eye_size
            line = np.exp(-(((y - identity.eye_y - slope * beside) / 0.006) ** 2))
            canvas.paint(0.30 * amount * line * canvas.shape(np.abs(beside - 0.055) - 0.025, 0.03) * head, skin * 0.66)


def _paint_beard(canvas, identity, skin, head):
    """Beard and moustache. Its irregularity stays well below the contrast of the lips."""
    x, y, lip = canvas.x, canvas.y, identity.mouth_y
    kind = identity.beard
    q = np.clip(np.abs(x) / identity.face_width, 0, 1)
    moustache = canvas.shape(np.abs(y - (lip - 0.066 + 0.35 * x**2)) - 0.024, 0.03)
    moustache *= canvas.shape(np.abs(x) - 0.17, 0.08)
    cheek = canvas.shape(0.50 - 0.16 * q**2 - 0.60 * np.clip(q - 0.80, 0, 1) ** 0.8 - y, 0.09)
    around_lips = 1 - np.clip(1.4 - ((x / 0.25) ** 4 + ((y - lip - 0.005) / 0.080) ** 4), 0, 1)
    jaw = cheek * around_lips
    goatee = ((np.abs(x) / (0.19 - 0.12 * (y - lip - 0.1))) ** 2.6 + (np.abs(y - lip - 0.26) / 0.17) ** 2.6) ** (
        1 / 2.6
    )
    chin = canvas.shape((goatee - 1) * 0.18, 0.09)
    region = {
        "stubble": 0.32 * np.maximum(jaw, moustache),
        "full": 0.88 * np.maximum(jaw, moustache),
        "goatee": 0.85 * np.maximum(chin, moustache),
        "moustache": 0.85 * moustache,
    }[kind]
    grain = canvas.noise(110)
    strands = canvas.stripes(0.5 + 0.5 * canvas.x / (1.0 + 0.9 * (y - 0.2)), 110)
    roughness = 0.05 if kind == "stubble" else 0.085
    colour = np.minimum(np.array(identity.hair) * 0.82 + skin * 0.10, skin * 0.9 if kind == "stubble" else 250)
    canvas.paint(region * head, colour, 1 + roughness * (0.5 * np.clip(grain, -2, 2) + 0.5 * np.clip(strands, -2, 2)))


def _paint_nose(canvas, identity, skin):
    """Bridge, tip, wings and nostrils."""
    x, y = canvas.x, canvas.y
    tip, wide = identity.eye_y + identity.nose_length + 0.02, identity.nose_width
    bridge = canvas.shape(np.abs(y - (tip - 0.15)) - 0.12, 0.10)
    canvas.paint(0.22 * np.exp(-(((np.abs(x) - 0.052) / 0.022) ** 2)) * bridge, skin * 0.68)
    canvas.paint(0.32 * np.exp(-((x / 0.024) ** 2)) * bridge, np.minimum(skin * 1.14 + 6, 252))
    canvas.paint(0.40 * canvas.spot(0, tip - 0.005, 0.040, 0.030), np.minimum(skin * 1.14 + 8, 252))
    canvas.paint(0.30 * canvas.spot(0, tip + 0.050, wide * 1.1, 0.020), skin * 0.55)
    for side in (-1, 1):
        wing = np.sqrt(((x - side * wide * 0.62) / (wide * 0.42)) ** 2 + ((y - tip - 0.008) / 0.042) ** 2) - 1
        canvas.paint(0.45 * np.exp(-((wing / 0.28) ** 2)) * (side * x > wide * 0.55), skin * 0.62)
        nostril = np.sqrt(((x - side * wide * 0.42) / (wide * 0.25)) ** 2 + ((y - tip - 0.030) / 0.014) ** 2) - 1
        canvas.paint(0.75 * canvas.shape(nostril * 0.014), skin * 0.30)
