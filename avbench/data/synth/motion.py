"""How a head moves in one clip, and what the camera does to it.

Everything here is drawn per clip, independently of the speaker, so that light, background or noise never tell who
speaks or what is said.

Conventions: a picture is seen in head units around its centre, x to the right, y down; a pose takes a point of the
picture to a point of the face (`to_face`) and back (`to_picture`). Only + - × ÷ √ touch pixels, operations that are
rounded alike on every machine.

Contents: `Motion`, `make_motion`, `View`, `FACE_VIEW`, `mouth_view`, `to_face`, `to_picture`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...seeds import Draw

if TYPE_CHECKING:
    from .face import Identity
    from .spec import CorpusSpec

FPS = 25
_DEPTH_X, _DEPTH_Y = 0.70, 1.00
"""Half axes of the ellipse on which turning the head moves points; its middle moves most."""

# Standard deviation and time constant in seconds of each moving part.
_MOVES = {
    "roll": (0.035, 1.2),
    "yaw": (0.050, 1.0),
    "pitch": (0.035, 0.8),
    "shift_x": (0.022, 1.5),
    "shift_y": (0.018, 1.5),
    "scale": (0.012, 2.0),
    "brow": (0.300, 0.6),
}


@dataclass(frozen=True, eq=False)
class Motion:
    """Pose, lids, gaze and light of every frame of a clip.

    Args:
        roll: `[F]` radians, clockwise in the picture.
        yaw: `[F]` by how much the middle of the face moves to the right.
        pitch: `[F]` the same, down.
        shift_x: `[F]` of the whole head.
        shift_y: `[F]`.
        scale: `[F]` 1 is the size at rest.
        brow: `[F]` raising of the eyebrows, about -1 to 1.
        blink: `[F]` 0 open to 1 shut.
        gaze: `[F, 2]` displacement of the irises.
        gain: of the light.
        slope: change of the light per head unit, to the right and down.
        noise: standard deviation of the sensor's noise in grey levels.
        grain: `[F]` where in the table of noise each frame begins, a share of its length.
        background: RGB.
    """

    roll: np.ndarray
    yaw: np.ndarray
    pitch: np.ndarray
    shift_x: np.ndarray
    shift_y: np.ndarray
    scale: np.ndarray
    brow: np.ndarray
    blink: np.ndarray
    gaze: np.ndarray
    gain: float
    slope: tuple[float, float]
    noise: float
    grain: np.ndarray
    background: tuple[float, float, float]

    def __len__(self):
        return len(self.roll)


@dataclass(frozen=True)
class View:
    """A square picture: `size` pixels a side, `half` head units from its centre (x, y) to its edge.

    `steadied` is the share of the head's shifts and roll that a tracker has taken out, and of turning's effect on the
    point that it follows, the view's centre.
    """

    size: int
    half: float
    x: float
    y: float
    steadied: float


FACE_VIEW = View(size=128, half=1.06, x=0.0, y=0.06, steadied=0.0)


def mouth_view(identity: "Identity") -> View:
    """The 88 × 88 crop around the mouth, steadied as a landmark tracker would."""
    return View(size=88, half=0.38, x=0.0, y=identity.mouth_y + 0.030, steadied=0.75)


def make_motion(frames: int, *, spec: "CorpusSpec", clip: str) -> Motion:
    """Draw a clip's motion and light.

    Args:
        frames: how many.
        spec: its dials `pose` (0 is a still head) and `camera` (0 is an ideal one) count here.
        clip: id of the clip; seeds every draw.
    """
    draw = Draw("avbench-synth", spec.version, "motion", clip)
    moves = {name: _wander(draw, frames, sd, tau) for name, (sd, tau) in _MOVES.items()}
    rest_x, rest_y, rest_scale = draw.normals(3)
    moves["shift_x"] += 0.015 * rest_x
    moves["shift_y"] += 0.015 * rest_y
    moves["scale"] += 0.025 * rest_scale
    moves = {name: np.clip(spec.pose * x, -0.16, 0.16) if name != "brow" else x for name, x in moves.items()}
    moves["scale"] = 1.0 + moves["scale"]
    camera = Draw("avbench-synth", spec.version, "camera", clip)
    grey = camera.uniform(55, 185)
    background = tuple(float(grey + tint) for tint in camera.uniforms(3, -14, 14))
    return Motion(
        **{name: x.astype(np.float32) for name, x in moves.items()},
        blink=_blinks(draw, frames),
        gaze=_gaze(draw, frames),
        gain=1.0 + spec.camera * camera.uniform(-0.13, 0.12),
        slope=(spec.camera * camera.uniform(-0.18, 0.18), spec.camera * camera.uniform(-0.08, 0.08)),
        noise=spec.camera * camera.uniform(0.8, 2.8),
        grain=camera.uniforms(frames),
        background=background,
    )


def to_face(x: np.ndarray, y: np.ndarray, motion: Motion, frames: slice, view: View) -> tuple[np.ndarray, np.ndarray]:
    """Where on the face the points of a picture lie.

    Args:
        x: `[H, W]` points of the picture, from the view's centre.
        y: `[H, W]`.
        motion: of the clip.
        frames: which.
        view: whose steadying applies.

    Returns:
        Two `[F, H, W]` float32, in head units.
    """
    cos, sin, scale, dx, dy, yaw, pitch, depth0 = (p[frames, None, None] for p in _pose(motion, view))
    x, y = x - dx, y - dy
    cos, sin = cos / scale, sin / scale
    u = x * cos
    u += y * sin
    u += np.float32(view.x)
    v = y * cos
    v -= x * sin
    v += np.float32(view.y)
    depth = _depth(u, v)
    depth -= depth0
    u -= yaw * depth
    depth *= pitch
    v -= depth
    return u, v


def to_picture(points: np.ndarray, motion: Motion, view: View) -> np.ndarray:
    """Where points of the face lie in a picture: the inverse of `to_face`.

    Args:
        points: `[F, N, 2]` in head units.
        motion: of the clip.
        view: the picture.

    Returns:
        `[F, N, 2]` float32: x and y in pixels; (0, 0) is the centre of the first pixel.
    """
    cos, sin, scale, dx, dy, yaw, pitch, depth0 = (p[:, None].astype(np.float64) for p in _pose(motion, view))
    u = u0 = points[..., 0].astype(np.float64)
    v = v0 = points[..., 1].astype(np.float64)
    for _ in range(30):  # contracts: the slope of the depth times the largest turn is below 0.6
        depth = _depth(u, v) - depth0
        u, v = u0 + yaw * depth, v0 + pitch * depth
    u, v = u - view.x, v - view.y
    x = (cos * u - sin * v) * scale + dx
    y = (sin * u + cos * v) * scale + dy
    return ((np.stack([x, y], axis=-1) / view.half + 1.0) * (view.size / 2) - 0.5).astype(np.float32)


def _pose(motion, view):
    """Cosine and sine of the roll, scale, shifts, turns, and the depth that the tracker holds in place: `[F]` each."""
    left = np.float32(1.0 - view.steadied)
    roll = motion.roll.astype(np.float64) * left
    # Rounded to 2^-20, so that a last bit of cos on another machine changes nothing.
    cos, sin = ((np.round(f(roll) * 2**20) / 2**20).astype(np.float32) for f in (np.cos, np.sin))
    scale = np.float32(1) + (motion.scale - np.float32(1)) * left
    depth0 = view.steadied * _depth(np.float32(view.x), np.float32(view.y))
    held = np.full(len(roll), depth0, np.float32)
    return cos, sin, scale, motion.shift_x * left, motion.shift_y * left, motion.yaw, motion.pitch, held


def _depth(u, v):
    """How far a point of the face lies before the axis on which the head turns, 0 to 1."""
    depth = u * u
    depth *= -1 / _DEPTH_X**2
    depth -= v * v * (1 / _DEPTH_Y**2)
    depth += 1.0
    return np.maximum(depth, 0.0)


def _wander(draw, frames, sd, tau):
    """`[frames]` smoothed Ornstein-Uhlenbeck process of a standard deviation and a time constant in seconds."""
    warm = 50
    keep = np.exp(-1.0 / (FPS * tau))
    steps = draw.normals(frames + warm) * sd * np.sqrt(1 - keep**2)
    level, levels = 0.0, []
    for step in steps:
        level = keep * level + step
        levels.append(level)
    kernel = np.hanning(11)[1:-1]
    return np.convolve(levels, kernel / kernel.sum(), "same")[warm - 8 : warm - 8 + frames]


def _blinks(draw, frames):
    """`[frames]` lids: shut for a moment every few seconds, about five frames from open to open."""
    lids = np.zeros(frames)
    at = draw.exponential(1.5)
    while at < frames / FPS:
        lids = np.maximum(lids, np.clip(1.25 - np.abs(np.arange(frames) - at * FPS) / 2.6, 0.0, 1.0))
        at += 0.6 + draw.exponential(3.0)
    return lids.astype(np.float32)


def _gaze(draw, frames):
    """`[frames, 2]` gaze: jumps every 0.4 to 2.4 s."""
    gaze = np.zeros((frames, 2))
    at = 0
    while at < frames:
        stay = draw.integer(10, 60)
        gaze[at : at + stay] = draw.normals(2) * (0.015, 0.006)
        at += stay
    return gaze.astype(np.float32)
