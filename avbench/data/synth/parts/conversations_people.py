"""Paints a person into a picture that is there already, wherever and however large.

What `render` does for pictures of one face, with an opacity: the wall and other people are seen beside the head.

Conventions: as in `render`; head units as in `face`. Only operations that every machine rounds alike touch pixels.

Contents: `paint_person`.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..brush import edge
from ..canvas import EXTENT, SIZE
from ..eyes import paint_eyes
from ..face import GREY, Identity
from ..landmarks import jaw_weight
from ..motion import FACE_VIEW, to_face
from ..mouth import JAW_DROP, mouth_of, paint_mouth
from ..session import Performance
from ..texture import face_texture


def paint_person(
    picture: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    person: Performance,
    frames: slice,
    pixel: float,
    ink: Callable[[tuple[float, float, float]], np.ndarray],
):
    """Paint a person over what is there, in place; only the columns that the person may fill are touched.

    Args:
        picture: `[F, C, H, W]` float32.
        x: `[F, H, W]` place of each pixel from the middle of the person's view, in head units.
        y: `[F, H, W]`.
        person: who moves, and how.
        frames: which frames of the person's these are.
        pixel: size of a pixel, the softness of edges.
        ink: turns RGB into the picture's `[C]` colours.
    """
    identity, track, motion = person
    columns = np.flatnonzero((np.abs(x) < 1.32).any((0, 1)))
    if not len(columns):
        return
    span = slice(columns[0], columns[-1] + 1)
    u, v = to_face(x[..., span], y[..., span], motion, frames, FACE_VIEW)
    mouth = mouth_of(identity, track[frames])
    shift = jaw_weight(identity, u, v)
    shift *= JAW_DROP * mouth.jaw
    planes, coverage = _sheet(identity, picture.shape[1])
    read = _reader(u, v - shift, coverage.shape)
    opacity = read(coverage) * _shoulders(u, v)
    drawn = np.stack([read(plane) for plane in planes], axis=1)

    box = _box(u, v, identity.mouth_width * 1.30 + 0.11, identity.mouth_y - 0.17, identity.mouth_y + 0.36)
    if box:
        part, pu, pv = (np.ascontiguousarray(a[..., box[0], box[1]]) for a in (drawn, u, v))
        paint_mouth(part, pu, pv, identity, mouth, pixel, ink)
        drawn[..., box[0], box[1]] = part
    box = _box(u, v, 0.48, identity.eye_y - 0.26, identity.eye_y + 0.16)
    if box:
        part, pu, pv = (np.ascontiguousarray(a[..., box[0], box[1]]) for a in (drawn, u, v))
        lids_and_brows = motion.blink[frames], motion.gaze[frames], motion.brow[frames]
        paint_eyes(part, pu, pv, identity, *lids_and_brows, pixel, ink)
        drawn[..., box[0], box[1]] = part
    under = picture[..., span]
    under += opacity[:, None] * (drawn - under)


def _shoulders(u, v):
    """Opacity: nobody is wider than their shoulders, which the sheet leaves open."""
    x, y = u * np.float32(1 / 1.18), np.maximum(np.float32(2.3) - v, 0) * np.float32(1 / 1.28)
    x *= x
    y *= y
    out = edge(x * x + y * y - 1.0, 0.10)
    out[(v < 0.98) | (np.abs(u) < 0.62)] = 1.0
    out[np.abs(u) > 1.24] = 0.0
    return out


@lru_cache(maxsize=8)
def _sheet(identity: Identity, colours: int):
    """The texture without what is behind it: `[C, S, S]` float32 colours of full opacity, `[S, S]` opacity."""
    texture = face_texture(identity)
    coverage = texture.coverage.astype(np.float32)
    planes = texture.planes.astype(np.float32) / np.maximum(coverage, np.float32(1 / 256))
    planes[:, coverage == 0] = 0
    if colours == 1:
        planes = (planes * np.array(GREY, np.float32)[:, None, None]).sum(axis=0, keepdims=True)
    return planes, coverage


def _reader(u, v, shape):
    """A function that reads a plane of the sheet at places of the face, bilinear between its pixels."""
    height, width = shape
    scale = np.float32(SIZE / (2 * EXTENT))
    x = np.clip(u * scale + np.float32(SIZE / 2 - 0.5), 0.0, np.float32(width - 1.01))
    y = np.clip(v * scale + np.float32(SIZE / 2 - 0.5), 0.0, np.float32(height - 1.01))
    column, row = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= row
    index = (row * width + column).astype(np.intp)

    def read(plane):
        flat = plane.reshape(-1)
        top, under = flat.take(index), flat.take(index + width)
        top += (flat.take(index + 1) - top) * x
        under += (flat.take(index + width + 1) - under) * x
        return top + (under - top) * y

    return read


def _box(u, v, side, top, bottom):
    """Rows and columns that hold every pixel of a part of the face in any of the frames; None if there is none."""
    inside = (v > top) & (v < bottom) & (np.abs(u) < side)
    rows, columns = np.flatnonzero(inside.any((0, 2))), np.flatnonzero(inside.any((0, 1)))
    return (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)) if len(rows) and len(columns) else None
