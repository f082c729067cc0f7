"""The 68 landmarks of a face, from the same curves and the same pose that draw it.

Source of the order: Sagonas et al. 2013, "300 Faces in-the-Wild Challenge" (iBUG 68 points): jaw 0-16, brows 17-26,
nose 27-35, eyes 36-47, outer lips 48-59, inner lips 60-67.

Conventions: left is the picture's left. Pixels of the 128 × 128 picture; (0, 0) is the centre of its first pixel.

Contents: `landmarks`, `mouth_landmarks`.
"""

from typing import TYPE_CHECKING

import numpy as np

from .eyes import brow_line, lids
from .motion import FACE_VIEW, Motion, mouth_view, to_picture
from .mouth import JAW_DROP, lip_edges, mouth_of
from .texture import jaw_taper

if TYPE_CHECKING:
    from .face import Identity

_OUTER_TOP = (-1.0, -0.62, -0.28, 0.0, 0.28, 0.62, 1.0)
_OUTER_BOTTOM = (0.62, 0.28, 0.0, -0.28, -0.62)
_INNER_TOP = (-0.90, -0.40, 0.0, 0.40, 0.90)
_INNER_BOTTOM = (0.40, 0.0, -0.40)


def landmarks(identity: "Identity", track: np.ndarray, motion: Motion) -> np.ndarray:
    """`[F, 68, 2]` float32: x and y in pixels of the picture that `render_face` draws.

    Args:
        identity: whose face.
        track: `[F, 6]` articulation.
        motion: of the clip, F frames.
    """
    parts = [_jaw(identity, track), *_upper_face(identity, motion), _lips(identity, track)]
    return to_picture(np.concatenate(parts, axis=1), motion, FACE_VIEW)


def mouth_landmarks(identity: "Identity", track: np.ndarray, motion: Motion) -> np.ndarray:
    """`[F, 20, 2]` float32: landmarks 48 to 67 in pixels of the 88 × 88 crop that `render_mouth` draws."""
    return to_picture(_lips(identity, track), motion, mouth_view(identity))


def jaw_weight(identity: "Identity", u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """By which share of the chin's way a point moves when the jaw drops, as a function of where it has arrived."""
    down = np.clip((v - identity.mouth_y) * (1 / 0.30), 0.0, 1.0)
    weight = down * down
    down *= -2.0
    down += 3.0
    weight *= down
    side = np.abs(u)
    side *= -1.0 / (identity.face_width * 0.95)
    side += 1.3
    weight *= np.clip(side, 0.0, 1.0, out=side)
    end = v * (-1 / 0.35)
    end += 1.35 / 0.35
    weight *= np.clip(end, 0.0, 1.0, out=end)
    return weight


def _jaw(identity, track):
    """`[F, 17, 2]` from ear to ear along the outline, moved with the jaw."""
    angle = np.linspace(np.pi * 1.02, -np.pi * 0.02, 17)
    cos, sin = np.cos(angle), np.sin(angle)
    power = identity.jaw_exponent
    radius = (np.abs(cos) ** power + np.abs(sin) ** power) ** (-1 / power)
    y = radius * sin * identity.face_height
    down = np.clip(y / identity.face_height, 0.0, 1.0)
    x = radius * cos * identity.face_width * (1 - jaw_taper(identity) * down**2)
    drop = JAW_DROP * track[:, 4, None].astype(np.float64)
    moved = np.broadcast_to(y, (len(track), 17)).copy()
    for _ in range(25):  # the weight is that of the place of arrival, as in the picture
        moved = y + drop * jaw_weight(identity, x, moved)
    return np.stack([np.broadcast_to(x, moved.shape), moved], axis=-1)


def _upper_face(identity, motion):
    """`[F, 10, 2]` brows, `[F, 9, 2]` nose, `[F, 12, 2]` eyes."""
    frames = len(motion)
    along = np.linspace(-1.3, 1.3, 5) * identity.eye_size
    brows = [
        _points(side * identity.eye_x + along, brow_line(identity, along, side, motion.brow[:, None]), frames)
        for side in (-1, 1)
    ]
    tip = identity.eye_y + identity.nose_length + 0.02
    bridge = _points(np.zeros(4), np.linspace(identity.eye_y, tip, 4), frames)
    base = np.linspace(-0.9, 0.9, 5)
    wings = _points(base * identity.nose_width, tip + 0.025 + 0.025 * (1 - base**2), frames)
    eyes = []
    for side in (-1, 1):
        x = np.array([-1.0, -0.4, 0.4, 1.0, 0.4, -0.4]) * identity.eye_size
        upper, lower = lids(identity, x, motion.blink[:, None])
        eyes.append(_points(side * identity.eye_x + x, np.where(np.arange(6) < 3, upper, lower), frames))
    return np.concatenate(brows, 1), bridge, wings, np.concatenate(eyes, 1)


def _lips(identity, track):
    """`[F, 20, 2]` outer lips, then inner lips."""
    mouth = mouth_of(identity, track)
    parts = []
    for places, edge in ((_OUTER_TOP, 0), (_OUTER_BOTTOM, 3), (_INNER_TOP, 1), (_INNER_BOTTOM, 2)):
        s = np.tile(np.array(places, np.float32), (len(track), 1, 1))
        height = lip_edges(mouth, s)[edge][:, 0]
        parts.append(np.stack([(s * mouth.half)[:, 0], height], axis=-1))
    return np.concatenate(parts, axis=1)


def _points(x, y, frames):
    """`[F, N, 2]` from `[N]` and `[N]` or `[F, N]`."""
    shape = (frames, len(x))
    return np.stack([np.broadcast_to(x, shape), np.broadcast_to(y, shape)], axis=-1)
