"""Draws a talking face: every pixel asks where on the face it lies, and what is there.

A frame is the speaker's texture, fetched through the pose and the drop of the jaw, with mouth and eyes drawn on it,
then light and sensor noise. The grey crop of the mouth is drawn in grey at its own resolution, never scaled.

Conventions: `[F, 6]` articulation as in `articulation`; head units as in `face`. Equal arguments give equal bytes in
every process; pixels see only operations that all machines round alike.

Contents: `render_mouth`, `render_face`; `Motion`, `make_motion`, `landmarks`, `mouth_landmarks` are here as well.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ...seeds import Draw
from .canvas import EXTENT, SIZE
from .eyes import paint_eyes
from .face import GREY
from .landmarks import jaw_weight, landmarks, mouth_landmarks
from .motion import FACE_VIEW, Motion, make_motion, mouth_view, to_face
from .mouth import JAW_DROP, Mouth, mouth_of, paint_mouth
from .texture import Texture, face_texture, mouth_texture

if TYPE_CHECKING:
    from .face import Identity

__all__ = ["Motion", "landmarks", "make_motion", "mouth_landmarks", "render_face", "render_mouth"]

_CHUNK = 8
"""Frames drawn at a time: few enough for the planes in use to stay in the processor's cache."""
_GRAIN = 1 << 17


def render_mouth(identity: "Identity", track: np.ndarray, motion: Motion) -> np.ndarray:
    """Draw the crop of the mouth.

    Args:
        identity: whose face.
        track: `[F, 6]` articulation.
        motion: of the clip, F frames.

    Returns:
        `[F, 88, 88]` uint8, grey.
    """
    return _render(identity, track, motion, mouth_view(identity), grey=True)[:, 0]


def render_face(identity: "Identity", track: np.ndarray, motion: Motion) -> np.ndarray:
    """Draw the face.

    Args:
        identity: whose face.
        track: `[F, 6]` articulation.
        motion: of the clip, F frames.

    Returns:
        `[F, 128, 128, 3]` uint8, RGB.
    """
    planes = _render(identity, track, motion, FACE_VIEW, grey=False)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))


def _render(identity, track, motion, view, grey):
    """`[F, C, H, W]` uint8."""
    if len(track) != len(motion):
        raise ValueError(f"{len(track)} frames of articulation do not go with {len(motion)} of motion")
    texture = mouth_texture(identity) if grey else face_texture(identity)
    sheet = _with_background(texture, motion.background)
    out = np.empty((len(track), len(sheet.planes), view.size, view.size), np.uint8)
    mouth = mouth_of(identity, track)
    for start in range(0, len(track), _CHUNK):
        frames = slice(start, min(start + _CHUNK, len(track)))
        part = Mouth(**{name: value[frames] for name, value in vars(mouth).items()})
        picture = _draw_frames(identity, sheet, part, motion, frames, view, grey)
        _expose(picture, motion, frames, view)
        out[frames] = picture
    return out


def _with_background(texture, background):
    """The texture before the clip's background, a little lighter above: float32 planes of full coverage."""
    colours = background if len(texture.planes) == 3 else [float(np.dot(GREY, background))]
    fall = np.linspace(1.12, 0.88, SIZE, dtype=np.float32)[texture.top : texture.top + len(texture.coverage), None]
    through = (np.float32(1) - texture.coverage.astype(np.float32)) * fall
    planes = [p.astype(np.float32) + through * np.float32(c) for p, c in zip(texture.planes, colours, strict=True)]
    return Texture(np.stack(planes), texture.coverage, texture.left, texture.top)


def _draw_frames(identity, sheet, mouth, motion, frames, view, grey):
    """`[f, C, H, W]` float32, before light and noise."""
    x, y = _grid(view.size, view.half)
    u, v = to_face(x, y, motion, frames, view)
    shift = jaw_weight(identity, u, v)
    shift *= JAW_DROP * mouth.jaw
    picture = _fetch(sheet, u, v - shift)
    pixel = 1.2 * 2 * view.half / view.size
    ink = _grey_ink if grey else _colour_ink

    box = _box(u, v, identity.mouth_width * 1.30 + 0.11, identity.mouth_y - 0.17, identity.mouth_y + 0.36)
    at = (slice(None), *box)
    part = np.ascontiguousarray(picture[:, :, box[0], box[1]])
    paint_mouth(part, np.ascontiguousarray(u[at]), np.ascontiguousarray(v[at]), identity, mouth, pixel, ink)
    picture[:, :, box[0], box[1]] = part

    if view is FACE_VIEW:
        box = _box(u, v, 0.48, identity.eye_y - 0.26, identity.eye_y + 0.16)
        at = (slice(None), *box)
        part = np.ascontiguousarray(picture[:, :, box[0], box[1]])
        lids_and_brows = motion.blink[frames], motion.gaze[frames], motion.brow[frames]
        paint_eyes(part, u[at], v[at], identity, *lids_and_brows, pixel, ink)
        picture[:, :, box[0], box[1]] = part
    return picture


def _expose(picture, motion, frames, view):
    """Light, sensor noise and rounding to whole grey levels, in place."""
    x, y = _grid(view.size, view.half)
    light = np.float32(motion.gain) * (1 + np.float32(motion.slope[0]) * x + np.float32(motion.slope[1]) * y)
    picture *= light
    if motion.noise:
        grain, count = _grain(), view.size * view.size
        starts = (motion.grain[frames] * (_GRAIN - count)).astype(np.int64)
        for frame, start in zip(picture, starts, strict=True):
            frame += np.float32(motion.noise) * grain[start : start + count].reshape(view.size, view.size)
    picture += 0.5
    np.clip(picture, 0.0, 255.0, out=picture)


def _fetch(sheet, u, v):
    """`[f, C, H, W]`: the texture at places of the face, bilinear between its pixels."""
    count, height, width = sheet.planes.shape
    scale = SIZE / (2 * EXTENT)
    origin = EXTENT * scale - 0.5
    x = np.clip(u * scale + (origin - sheet.left), 0.0, width - 1.01)
    y = np.clip(v * scale + (origin - sheet.top), 0.0, height - 1.01)
    column, row = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= row
    row *= width
    row += column
    index = row.astype(np.intp)
    out = np.empty((len(u), count, *u.shape[1:]), np.float32)
    for c, plane in enumerate(sheet.planes.reshape(count, -1)):
        top = _mix(plane.take(index), plane[1:].take(index), x)
        bottom = _mix(plane[width:].take(index), plane[width + 1 :].take(index), x)
        out[:, c] = _mix(top, bottom, y)
    return out


def _mix(a, b, share):
    b -= a
    b *= share
    b += a
    return b


def _box(u, v, side, top, bottom):
    """Rows and columns that hold every pixel of a part of the face in any of the frames."""
    inside = (v > top) & (v < bottom) & (np.abs(u) < side)
    rows, columns = np.flatnonzero(inside.any((0, 2))), np.flatnonzero(inside.any((0, 1)))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


@lru_cache(maxsize=4)
def _grid(size: int, half: float):
    """Places of a picture's pixels, x and y, `[H, W]` float32 each, in head units from its centre."""
    line = (((np.arange(size) + 0.5) / size * 2 - 1) * half).astype(np.float32)
    return np.meshgrid(line, line)


@lru_cache(maxsize=1)
def _grain():
    """A table of unit normal noise, shared by all clips: each frame starts at a place of its own in it."""
    return np.round(Draw("avbench-synth", "grain").normals(_GRAIN), 4).astype(np.float32)


def _grey_ink(colour):
    return np.array([np.dot(GREY, colour)], np.float32)


def _colour_ink(colour):
    return np.array(colour, np.float32)
