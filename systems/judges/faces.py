"""Drawn faces to learn to see from: what is known of each, and how they are spoilt.

Faces are drawn when a training begins (a minute or so for ten thousand) and kept in memory: a pure function of the
speakers and of how many are wanted. Pictures of a speaker come from several clips, each with light, background, pose
and speech of its own; what is said is that of some clip of the corpus, whoever says it there.

Conventions: pictures `[N, 128, 128, 3]` uint8 RGB; points in their pixels, (0, 0) being the centre of the first.

Contents: `Faces`, `draw_faces`, `mean_points`, `more_speakers`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np

from avbench.data.synth import articulation
from avbench.data.synth.corpus import SynthDataset, visemes_of
from avbench.data.synth.face import Identity, make_identity
from avbench.data.synth.render import Motion, landmarks, make_motion, render_face
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec, speaker_ids, split_of
from avbench.seeds import Draw
from avbench.signal.landmarks import mean_face

SIZE = 128
EYES = 40.0
MIDDLE = (63.5, 70.2)
"""Pixels between the outer corners of the eyes, and the middle of all points, on average."""
TRAITS = (
    "face_width", "face_height", "jaw_exponent", "mouth_width", "lip_thickness", "brow_thickness", "nose_length",
    "nose_width", "male", "age", "eye_x", "eye_y", "eye_size", "mouth_y", "hairline",
)  # fmt: skip
"""Of an identity; the first eight follow the voice."""
COLOURS = ("skin", "hair", "upper_lip", "clothes")
POINT_SPREAD = 4.0
"""Pixels: about the standard deviation of a point over faces."""
MOVES = ("roll", "yaw", "pitch", "shift_x", "shift_y", "scale", "brow", "blink")


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces and what is known of them; those of one speaker lie together, equally many of each.

    Args:
        pictures: `[N, 128, 128, 3]` uint8.
        points: `[N, 68, 2]` float32, pixels.
        speaker: `[N]` int64, places in the list of speakers.
        traits: `[N, 15]` float32, those of `TRAITS` as they are.
        colours: `[N, 12]` float32, those of `COLOURS`, 0 to 1.
        moves: `[N, 16]` float32: those of `MOVES`, the gaze, and the six parameters of articulation.
        viseme: `[N]` int64.
    """

    pictures: np.ndarray
    points: np.ndarray
    speaker: np.ndarray
    traits: np.ndarray
    colours: np.ndarray
    moves: np.ndarray
    viseme: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)


@cache
def mean_points() -> np.ndarray:
    """`[68, 2]` float32: about where the points of a face at rest lie, in pixels: the mean face at the corpus' size."""
    return (mean_face() * EYES + MIDDLE).astype(np.float32)


def more_speakers(split: str, count: int) -> tuple[str, ...]:
    """So many speakers of a split: those of the corpus, and then names beyond its 400 that belong to the same split."""
    found, number = list(speaker_ids(split)), 400
    while len(found) < count:
        if split_of(f"s{number}") == split:
            found.append(f"s{number}")
        number += 1
    return tuple(found[:count])


def draw_faces(
    speakers: Sequence[str],
    clips: int,
    frames: int,
    split: str,
    corpus: str = "small",
    announce: Callable[[str], None] = lambda line: None,
) -> Faces:
    """Draw the faces of some speakers.

    Args:
        speakers: who.
        clips: of each, numbered from 500 so that none is a clip of the corpus.
        frames: pictures of each clip, evenly spread with a drawn beginning.
        split: whose clips lend what is said.
        corpus: the size of which they are; counts for training clips only.
        announce: gets a line of text now and then.
    """
    spec = CorpusSpec()
    said = SynthDataset(f"avbench-synth/{corpus}", split, corpus, spec)
    said.prepare()
    parts = []
    for k, name in enumerate(speakers):
        identity = make_identity(spec, make_speaker(spec, name))
        parts += [_clip(spec, identity, k, f"{name}-{500 + c}", frames, said) for c in range(clips)]
        if (k + 1) % 100 == 0:
            announce(f"drawn: {(k + 1) * clips * frames} of {len(speakers) * clips * frames} faces")
    return Faces(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Faces)))


def _clip(spec, identity: Identity, place: int, clip: str, frames: int, said: SynthDataset) -> Faces:
    """Some pictures of one clip."""
    draw = Draw("judges", "faces", spec.version, clip)
    source = said.clip(draw.choice(said.ids))
    phonemes, count, end = said.phonemes(source), round(source.seconds * 25), source.words[-1].end
    track = articulation.track(phonemes, end, count, spec=spec, clip=clip, gain=identity.gain)
    at = np.sort((draw.integer(count) + np.arange(frames) * count // frames) % count)
    motion = _frames_of(make_motion(count, spec=spec, clip=clip), at)
    track = track[at]
    traits = np.array([float(getattr(identity, name)) for name in TRAITS], np.float32)
    colours = np.concatenate([getattr(identity, name) for name in COLOURS]).astype(np.float32) / 255
    moves = [getattr(motion, name)[:, None] for name in MOVES]
    return Faces(
        render_face(identity, track, motion),
        landmarks(identity, track, motion),
        np.full(frames, place),
        np.tile(traits, (frames, 1)),
        np.tile(colours, (frames, 1)),
        np.concatenate([*moves, motion.gaze, track], axis=1).astype(np.float32),
        visemes_of(phonemes, end, count)[at],
    )


def _frames_of(motion: Motion, at: np.ndarray) -> Motion:
    arrays = {name: value[at] for name, value in vars(motion).items() if isinstance(value, np.ndarray)}
    return replace(motion, **arrays)
