"""The part `sentences`: a voice says a sentence of the grammar in a session, a face shows it.

Everything here is a pure function of (spec, clip id).

Conventions: those of `session`.

Contents: `say`, `show_mouth`, `show_landmarks`.
"""

import numpy as np

from ...seeds import seed_of
from ...signal.audio import RATE
from ...signal.video import frames_for
from .grammar import sentence
from .render import landmarks, render_mouth
from .session import Said, make_session, performance, recorded, trimmed
from .speakers import make_speaker
from .spec import CorpusSpec, speaker_of
from .voice import Phoneme, Voice

SHORTEST = 2.0  # seconds; what is said faster is followed by more silence
LONGEST = 6.48  # seconds: 162 frames


def say(spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
    """Make the sound of a clip.

    Args:
        spec: of the corpus.
        clip_id: which clip.
        voice: the engine; which one, and what it said before, makes no difference.

    Raises:
        MissingResource: the engine is missing or does not work.
    """
    speaker, session = make_speaker(spec, speaker_of(clip_id)), make_session(spec, clip_id)
    text = sentence(spec, clip_id)
    seed = seed_of("avbench-synth", spec.version, "breath", clip_id)
    longest = (LONGEST - session.before - session.after) * RATE
    rate = session.rate
    while True:
        spoken = trimmed(voice.speak(speaker, text, rate=rate, pitch=session.pitch, seed=seed))
        if len(spoken.samples) <= longest:
            break
        rate *= 1.03  # a slow speaker's longest sentences, one in some hundred: said faster until they fit
    begin = round(session.before * RATE)
    least = max(begin + len(spoken.samples) + session.after * RATE, SHORTEST * RATE)
    frames = frames_for(int(np.ceil(least)))
    return recorded(spec, speaker, session, clip_id, spoken, text=text, begin=begin, frames=frames)


def show_mouth(spec: CorpusSpec, clip_id: str, phonemes: tuple[Phoneme, ...], end: float, frames: int) -> np.ndarray:
    """Draw the mouth of a clip: `[frames, 88, 88]` uint8.

    Args:
        spec: of the corpus.
        clip_id: which clip.
        phonemes: of `Record`.
        end: of `Record`.
        frames: of `Record`.
    """
    return render_mouth(*performance(spec, clip_id, phonemes, end, frames))


def show_landmarks(
    spec: CorpusSpec, clip_id: str, phonemes: tuple[Phoneme, ...], end: float, frames: int
) -> np.ndarray:
    """The 68 points of the 128 × 128 face: `[frames, 68, 2]` float32, x and y in pixels; arguments as `show_mouth`."""
    return landmarks(*performance(spec, clip_id, phonemes, end, frames))
