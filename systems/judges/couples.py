"""People to learn faces and voices from: drawn faces and spoken clips of the same speaker.

Conventions: faces as in `faces`; voices int16 at 16 kHz. What is known of a face: the eight traits that follow the
voice (see `avbench.data.synth.face`), gender, age; of a voice: the latents of pitch and of the vocal tract, gender,
age. All are brought to about zero mean and unit spread, traits within gender.

Contents: `Couples`, `make_couples`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from avbench.data.synth.sentences import say
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec
from avbench.data.synth.voice import Voice
from avbench.seeds import Draw
from avbench.signal.audio import RATE

from .faces import Faces, draw_faces, more_speakers

FIRST_CLIP = 500  # none of the corpus' own clips is so numbered


@dataclass(frozen=True, eq=False)
class Couples:
    """Faces and voices of P people.

    Args:
        faces: `views` of each, one after the other.
        views: pictures of one person.
        voices: clips of each, `[T]` int16.
        male: `[P]` bool.
        face_traits: `[P, 10]` float32.
        voice_traits: `[P, 4]` float32.
    """

    faces: Faces
    views: int
    voices: tuple[tuple[np.ndarray, ...], ...]
    male: np.ndarray
    face_traits: np.ndarray
    voice_traits: np.ndarray

    def __len__(self) -> int:
        return len(self.voices)

    def piece(self, person: int, seconds: float, draw: Draw) -> np.ndarray:
        """`[T]` float32: a piece of one clip at a drawn level."""
        clip = draw.choice(self.voices[person])
        length = min(len(clip), round(seconds * RATE))
        begin = draw.integer(len(clip) - length + 1)
        return clip[begin : begin + length].astype(np.float32) * np.float32(10 ** (draw.uniform(-12, 6) / 20) / 32768)


def make_couples(
    split: str, count: int, clips: int, frames: int, corpus: str, announce: Callable[[str], None]
) -> Couples:
    """Draw and say; about a fifth of a second for each person on one core.

    Args:
        split: whose speakers; those of the corpus first, then others of the same split.
        count: how many.
        clips: of each, seen and heard alike.
        frames: pictures of each clip.
        corpus: size of the corpus whose clips lend what the faces say.
        announce: gets a line of text now and then.

    Raises:
        MissingResource: no speech engine.
    """
    spec = CorpusSpec()
    names = more_speakers(split, count)
    faces = draw_faces(names, clips, frames, split, corpus, announce)
    with Voice() as voice:
        voices = tuple(
            tuple(say(spec, f"{name}-{FIRST_CLIP + c}", voice).samples for c in range(clips)) for name in names
        )
    announce(f"said: {count * clips} clips of {count} speakers")
    speakers = [make_speaker(spec, name) for name in names]
    male = np.array([s.gender == "m" for s in speakers])
    age = np.array([(s.age - 46.5) / 16.5 for s in speakers])
    known = np.stack([male * 2 - 1, age], axis=1)
    latents = np.array([[s.latent_f0, s.latent_tract] for s in speakers])
    shape = _within(faces.traits[:: clips * frames, :8], male)
    return Couples(
        faces, clips * frames, voices, male,
        np.concatenate([shape, known], axis=1).astype(np.float32),
        np.concatenate([latents, known], axis=1).astype(np.float32),
    )  # fmt: skip


def _within(values: np.ndarray, male: np.ndarray) -> np.ndarray:
    """Each column with zero mean and unit spread within gender."""
    out = np.empty(values.shape)
    for gender in (False, True):
        rows = male == gender
        if rows.any():
            out[rows] = (values[rows] - values[rows].mean(0)) / (values[rows].std(0) + 1e-6)
    return out
