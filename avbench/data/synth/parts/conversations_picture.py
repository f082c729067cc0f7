"""Draws a conversation: the canvas with both people, or the crop around one face at its own resolution.

Every picture is a grid of places on the canvas. What lies there is the wall, before it the two people, over all the
camera's smear, light and noise. So a crop shows what the canvas shows in the face's box, drawn finer, never scaled.

Conventions: canvas of 384 × 216 pixels, x to the right, y down, (0, 0) is the centre of the first pixel; head units as
in `face`. Only operations that every machine rounds alike touch pixels.

Contents: `CANVAS`, `CROP`, `Scene`, `make_scene`, `face_points`, `face_boxes`, `crop_boxes`, `draw_canvas`,
`draw_crops`, `crop_points`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ....seeds import Draw
from ..brush import edge
from ..face import GREY
from ..landmarks import landmarks
from ..motion import FACE_VIEW
from ..session import Performance
from ..spec import CorpusSpec
from .conversations_acting import Camera, act, make_camera
from .conversations_events import FRAMES, Conversation
from .conversations_people import paint_person

CANVAS = (216, 384)
CROP = 112
_CHUNK = 8
_GRAIN = 1 << 17
_BARS = 5


@dataclass(frozen=True, eq=False)
class Scene:
    """All that decides the pictures of a conversation.

    Args:
        people: what the left and the right face do.
        places: `[2, 750, 2]` float32: where the middle of each person's view lies on the canvas.
        scales: pixels to a head unit, of each.
        camera: its way, light and noise.
        wall: colour, RGB.
        bars: `[5, 3]`: middle, width and lightness of the wall's panels.
        jitter: `[2, 750, 3]`: by how much a tracker errs about each face's middle and size, shares of its box.
    """

    people: tuple[Performance, Performance]
    places: np.ndarray
    scales: tuple[float, float]
    camera: Camera
    wall: tuple[float, float, float]
    bars: np.ndarray
    jitter: np.ndarray


def make_scene(spec: CorpusSpec, conversation: Conversation) -> Scene:
    """Draw seats, wall and tracker of a conversation, and let its people act."""
    camera = make_camera(spec, conversation.id)
    draw = Draw("avbench-synth", spec.version, "scene", conversation.id)
    scales = (draw.uniform(54.0, 78.0), draw.uniform(54.0, 78.0))
    seats = np.stack([np.array([100.0, 262.0]) + draw.uniforms(2, 0, 22), draw.uniforms(2, 100, 118)], axis=1)
    grey = draw.uniform(55, 185)
    wall = tuple(float(grey + tint) for tint in draw.uniforms(3, -14, 14))
    bars = np.stack(
        [draw.uniforms(_BARS, -40, 420), draw.uniforms(_BARS, 14, 90), draw.uniforms(_BARS, -0.22, 0.18)], axis=1
    )
    noise = draw.normals(6 * (FRAMES + 12)).reshape(6, -1)
    kernel = np.hanning(15)[1:-1] / np.sqrt((np.hanning(15)[1:-1] ** 2).sum())
    slow = np.stack([np.convolve(row, kernel, "valid") for row in noise])[:, :FRAMES]
    jitter = 0.018 * slow.reshape(2, 3, FRAMES).transpose(0, 2, 1)
    places = seats[:, None, :] + camera.pan[None].astype(np.float64)
    people = act(spec, conversation, 0), act(spec, conversation, 1)
    return Scene(people, places.astype(np.float32), scales, camera, wall, bars, jitter)


def face_points(scene: Scene, face: int) -> np.ndarray:
    """`[750, 68, 2]` float32: the landmarks of a face, x and y in pixels of the canvas."""
    view = landmarks(*scene.people[face]).astype(np.float64)
    units = ((view + 0.5) * (2.0 / FACE_VIEW.size) - 1.0) * FACE_VIEW.half
    return (units * scene.scales[face] + scene.places[face][:, None]).astype(np.float32)


def face_boxes(scene: Scene, face: int) -> np.ndarray:
    """`[750, 4]` float32: x1, y1, x2, y2 of a face, from the hairline to the chin, in pixels of the canvas."""
    points = face_points(scene, face)
    jaw, brows, nose = points[:, :17], points[:, 17:27], points[:, 27]
    chin, brow = jaw[..., 1].max(axis=1), brows[..., 1].min(axis=1)
    top = brow - 0.42 * (chin - nose[:, 1])
    return np.stack([jaw[..., 0].min(axis=1), top, jaw[..., 0].max(axis=1), chin], axis=1).astype(np.float32)


def crop_boxes(scene: Scene, face: int) -> np.ndarray:
    """`[750, 4]` float32: the square that a tracker keeps around a face: smoothed over nine frames, a little off."""
    boxes = face_boxes(scene, face).astype(np.float64)
    middle, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 3] - boxes[:, 1]) * 1.15
    middle, side = _smoothed(middle), _smoothed(side[:, None])
    middle = middle + scene.jitter[face][:, :2] * side
    half = side * (1.0 + scene.jitter[face][:, 2:]) / 2
    return np.concatenate([middle - half, middle + half], axis=1).astype(np.float32)


def _smoothed(values):
    padded = np.pad(values, ((4, 4), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), padded]), axis=0)
    return (sums[9:] - sums[:-9]) / 9


def draw_canvas(scene: Scene, start: int = 0, stop: int = FRAMES) -> np.ndarray:
    """Draw the canvas.

    Args:
        scene: of `make_scene`.
        start: first frame.
        stop: frame after the last one.

    Returns:
        `[stop - start, 216, 384, 3]` uint8, RGB.
    """
    height, width = CANVAS
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    out = np.empty((stop - start, height, width, 3), np.uint8)
    for first in range(start, stop, _CHUNK):
        frames = slice(first, min(first + _CHUNK, stop))
        count = frames.stop - first
        grid = (np.broadcast_to(p, (count, height, width)) for p in (x, y))
        picture = _draw(scene, frames, *grid, (0, 1), np.ones(count, np.float32), 1.0, _colour_ink)
        out[first - start : frames.stop - start] = picture.transpose(0, 2, 3, 1)
    return out


def draw_crops(scene: Scene, face: int, start: int = 0, stop: int = FRAMES) -> np.ndarray:
    """Draw the crops around a face, those of `crop_boxes`.

    Args:
        scene: of `make_scene`.
        face: 0 left, 1 right.
        start: first frame.
        stop: frame after the last one.

    Returns:
        `[stop - start, 112, 112]` uint8, grey.
    """
    boxes = crop_boxes(scene, face)
    softness = float((boxes[:, 2] - boxes[:, 0]).mean()) / CROP  # of the whole track: a frame knows no neighbours
    out = np.empty((stop - start, CROP, CROP), np.uint8)
    share = ((np.arange(CROP) + 0.5) / CROP).astype(np.float32)
    for first in range(start, stop, _CHUNK):
        frames = slice(first, min(first + _CHUNK, stop))
        left, top, right, bottom = (boxes[frames, k, None, None] for k in range(4))
        x, y = left + (right - left) * share, top + (bottom - top) * share[:, None]
        x, y = np.broadcast_arrays(x, y)
        finer = CROP / (right - left)[:, 0, 0]
        out[first - start : frames.stop - start] = _draw(scene, frames, x, y, (face,), finer, softness, _grey_ink)[:, 0]
    return out


def crop_points(scene: Scene, face: int) -> np.ndarray:
    """`[750, 68, 2]` float32: the landmarks of a face in pixels of its crops."""
    boxes = crop_boxes(scene, face)[:, None]
    side = boxes[..., 2:] - boxes[..., :2]
    return ((face_points(scene, face) - boxes[..., :2]) / side * CROP - 0.5).astype(np.float32)


def _draw(scene, frames, x, y, faces, finer, softness, ink):
    """`[f, C, H, W]` uint8 of places on the canvas.

    `finer` is `[f]`, pixels of the picture to one of the canvas; `softness` of edges is in pixels of the canvas.
    """
    camera, pan = scene.camera, scene.camera.pan[frames]
    wall = ink(scene.wall)[:, None, None] * _wall(scene, x - pan[:, 0, None, None], y - pan[:, 1, None, None])[:, None]
    picture = np.ascontiguousarray(wall, np.float32)
    for face in faces:
        scale, place = np.float32(scene.scales[face]), scene.places[face, frames]
        across, down = (x - place[:, 0, None, None]) / scale, (y - place[:, 1, None, None]) / scale
        pixel = 1.2 * softness / scene.scales[face]
        paint_person(picture, across, down, scene.people[face], frames, pixel, ink)
    _smear(picture, camera.speed[frames] * finer[:, None])
    half_y, half_x = CANVAS[0] / 2, CANVAS[1] / 2
    across, down = (np.float32(s / half) for s, half in zip(camera.slope, (half_x, half_y), strict=True))
    light = 1 + across * (x - half_x) + down * (y - half_y)
    picture *= (np.float32(camera.gain) * light)[:, None]
    if camera.noise:
        grain, count = _grain(), x[0].size
        for frame, start in zip(picture, camera.grain[frames] * (_GRAIN - count), strict=True):
            frame += np.float32(camera.noise) * grain[int(start) : int(start) + count].reshape(x.shape[1:])
    picture += 0.5
    return np.clip(picture, 0.0, 255.0, out=picture).astype(np.uint8)


def _wall(scene, x, y):
    """`[f, H, W]` lightness of the wall: panels, a little lighter above."""
    light = 1.12 - np.float32(0.24 / CANVAS[0]) * y
    for middle, width, change in scene.bars:
        light = light + np.float32(change) * edge(np.abs(x - np.float32(middle)) - np.float32(width / 2), 6.0)
    return np.clip(light, 0.4, 1.5)


def _smear(picture, ways):
    """Motion blur, in place: the mean of the picture moved along `[f, 2]` pixels."""
    for frame, (dx, dy) in zip(picture, ways, strict=True):
        steps = int(max(abs(dx), abs(dy)) + 0.5)
        if steps < 1:
            continue
        reach = steps // 2 + 1
        padded = np.pad(frame, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
        total = np.zeros_like(frame)
        for k in range(steps + 1):
            share = k / steps - 0.5
            ox, oy = reach + round(share * float(dx)), reach + round(share * float(dy))
            total += padded[:, oy : oy + frame.shape[1], ox : ox + frame.shape[2]]
        frame[:] = total / np.float32(steps + 1)


@lru_cache(maxsize=1)
def _grain():
    """A table of unit normal noise: each frame starts at a place of its own in it."""
    return np.round(Draw("avbench-synth", "grain").normals(_GRAIN), 4).astype(np.float32)


def _grey_ink(colour):
    return np.array([np.dot(GREY, colour)], np.float32)


def _colour_ink(colour):
    return np.array(colour, np.float32)
