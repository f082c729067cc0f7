"""What the two faces of a conversation do: speech, chewing, laughing, turns of the head; and how the camera moves.

Speech and mouthed sentences move the lips by the same rules, so a mouthed one differs from speech in nothing but that
it is not heard. Turns of the head and the camera's jerks are drawn independently of who speaks.

Conventions: `[750, 6]` articulation as in `articulation`; motion as in `motion`; head units as in `face`; the camera's
way in pixels of the canvas, x to the right, y down.

Contents: `act`, `Camera`, `make_camera`.
"""

from dataclasses import dataclass, replace

import numpy as np

from ....seeds import Draw
from ....signal.video import FPS
from .. import articulation
from ..face import make_identity
from ..motion import make_motion
from ..session import Performance
from ..speakers import make_speaker
from ..spec import CorpusSpec
from .conversations_events import FRAMES, SECONDS, Conversation, Event
from .conversations_script import with_rests

LARGEST_TURN = 0.19
"""Of yaw, in head units: beyond about 0.2 the drawing of a turned head folds."""
SHUTTER = 0.6
"""Share of a frame's 40 ms for which the camera sees."""

_TIMES = (np.arange(FRAMES) + 0.5) / FPS


def act(spec: CorpusSpec, conversation: Conversation, face: int) -> Performance:
    """Who moves, what the mouth does, what the head does.

    Args:
        spec: of the corpus.
        conversation: what happens.
        face: 0 left, 1 right.
    """
    key = f"{conversation.id}-{face}"
    identity = make_identity(spec, make_speaker(spec, conversation.cast[face]))
    own = sorted((e for e in conversation.events if e.person == face), key=lambda e: e.start)
    phonemes = with_rests([e for e in own if e.phonemes])
    track = articulation.track(phonemes, SECONDS, FRAMES, spec=spec, clip=key, gain=identity.gain).astype(np.float64)
    motion = make_motion(FRAMES, spec=spec, clip=key)
    yaw, roll, lift, brow = (getattr(motion, n).astype(np.float64) for n in ("yaw", "roll", "shift_y", "brow"))
    for number, event in enumerate(own):
        draw = Draw("avbench-synth", spec.version, "decoy", key, number)
        if event.kind == "chew":
            _blend(track, _chew(draw), event)
        elif event.kind == "laugh":
            shape, bounce = _laugh(draw)
            _blend(track, shape, event)
            lift += bounce * _share(event)
            brow += 0.6 * _share(event)
    turn, tilt = _turns(Draw("avbench-synth", spec.version, "turned", key), toward=1.0 if face == 0 else -1.0)
    yaw = np.clip(yaw + spec.pose * turn, -LARGEST_TURN, LARGEST_TURN)
    moved = {"yaw": yaw, "roll": roll + spec.pose * tilt, "shift_y": lift, "brow": brow}
    motion = replace(motion, **{name: x.astype(np.float32) for name, x in moved.items()})
    return Performance(identity, track.astype(np.float32), motion)


def _share(event: Event, ramp: float = 0.16) -> np.ndarray:
    """`[750]` 0 outside an event, 1 inside, smooth at its ends."""
    inside = np.clip(np.minimum(_TIMES - event.start, event.end - _TIMES) / ramp, 0.0, 1.0)
    return inside * inside * (3 - 2 * inside)


def _blend(track, shape, event) -> None:
    share = _share(event)[:, None]
    track += share * (shape - track)


def _chew(draw) -> np.ndarray:
    """`[750, 6]`: the jaw goes round 1.1 to 1.8 times a second; the lips stay closed, or part now and then."""
    pace, phase, depth = draw.uniform(1.1, 1.8), draw.uniform(0.0, 6.28), draw.uniform(0.28, 0.55)
    open_mouthed = draw.chance(0.35)
    beat = 2 * np.pi * pace * _TIMES + phase + 0.7 * np.sin(0.9 * _TIMES + phase)  # no two bites are alike
    jaw = depth * (0.55 + 0.45 * np.sin(beat))
    opening = 0.30 * np.clip(np.sin(beat), 0.0, 1.0) if open_mouthed else -0.05 + 0.0 * beat
    width = -0.10 + 0.16 * np.sin(0.5 * beat)
    return np.stack([opening, width, 0.12 + 0.08 * np.cos(beat), 0.3 + 0 * beat, jaw, 0 * beat], axis=1)


def _laugh(draw) -> tuple[np.ndarray, np.ndarray]:
    """`[750, 6]` a wide mouth that shakes four to five times a second, and `[750]` the head that shakes with it."""
    pace, phase, much = draw.uniform(4.0, 5.2), draw.uniform(0.0, 6.28), draw.uniform(0.25, 0.5)
    shake = np.sin(2 * np.pi * pace * _TIMES + phase)
    still = 0.0 * shake
    opening, jaw = much + 0.16 * shake, 0.25 + 0.5 * much + 0.12 * shake
    return np.stack([opening, still + 0.85, still, still + 0.25, jaw, still], axis=1), 0.012 * shake


def _turns(draw, toward: float) -> tuple[np.ndarray, np.ndarray]:
    """`[750]` turning and tilting of the head: for one to four seconds, mostly towards the other one."""
    turn, tilt = np.zeros(FRAMES), np.zeros(FRAMES)
    at = draw.exponential(4.0)
    while at < SECONDS:
        stay, side = draw.uniform(1.0, 4.0), toward if draw.chance(0.7) else -toward
        share = _share(Event(0, "", at, at + stay), ramp=0.30)
        turn += side * draw.uniform(0.08, LARGEST_TURN) * share
        tilt += draw.uniform(-0.06, 0.06) * share
        at += stay + draw.exponential(5.0)
    return turn, tilt


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera on somebody's head.

    Args:
        pan: `[750, 2]` pixels by which everything has moved in the canvas.
        speed: `[750, 2]` pixels for which a point is smeared: what it moves while the shutter is open.
        gain: of the light.
        slope: change of the light from the middle of the canvas to its right and lower edge.
        noise: standard deviation of the sensor's noise, grey levels.
        grain: `[750]` where in the table of noise each frame begins, a share of its length.
    """

    pan: np.ndarray
    speed: np.ndarray
    gain: float
    slope: tuple[float, float]
    noise: float
    grain: np.ndarray


def make_camera(spec: CorpusSpec, conversation: str) -> Camera:
    """Draw the camera of a conversation; `spec.camera` scales its faults, 0 is a still and ideal one."""
    draw = Draw("avbench-synth", spec.version, "ego", conversation)
    fine = (np.arange(-8, 8 * FRAMES + 8) + 0.5) / (8 * FRAMES) * SECONDS  # eight steps to a frame
    way = np.zeros((len(fine), 2))
    for axis, much in enumerate((5.0, 3.0)):
        for _ in range(5):  # the head is never still
            size, pace, phase = draw.uniform(0.2, 0.6), draw.uniform(0.4, 3.5), draw.uniform(0, 6.28)
            way[:, axis] += much * size * np.sin(pace * fine + phase)
    at, place = draw.exponential(4.0), np.zeros(2)
    while at < SECONDS:  # and now and then it looks elsewhere, quickly
        goal = np.array([draw.uniform(-26, 26), draw.uniform(-9, 9)])
        share = np.clip((fine - at) / draw.uniform(0.10, 0.30), 0.0, 1.0)
        way += (share * share * (3 - 2 * share))[:, None] * (goal - place)
        place = goal
        at += 0.5 + draw.exponential(4.0)
    way *= spec.camera
    ends = np.arange(FRAMES) * 8 + 8
    half = round(4 * SHUTTER)
    return Camera(
        pan=way[ends + 4].astype(np.float32),
        speed=(way[ends + 4 + half] - way[ends + 4 - half]).astype(np.float32),
        gain=1.0 + spec.camera * draw.uniform(-0.15, 0.10),
        slope=(spec.camera * draw.uniform(-0.14, 0.14), spec.camera * draw.uniform(-0.08, 0.08)),
        noise=spec.camera * draw.uniform(1.0, 3.0),
        grain=draw.uniforms(FRAMES),
    )
