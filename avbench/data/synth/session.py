"""A session: what is said into one microphone in one room, in front of one camera, and what is kept of it.

Everything here is a pure function of (spec, clip id) and of what is said, whichever part of the corpus says it.
Speakers are too consistent when a machine speaks, so each clip is a session of its own: pitch, rate, vocal effort,
microphone and a small room differ from clip to clip. A wider opened jaw radiates more sound (about 1 dB per tenth of
its range; synthetic speech by itself hardly shows it), so loudness follows the same articulation that the face shows.

Source: equaliser sections after Bristow-Johnson's "Cookbook formulae for audio equalizer biquad filter coefficients".

Conventions: 16 kHz; a clip is whole frames of 640 samples; times in seconds from the start of the clip; the mouth's
frame f shows the 40 ms from f / 25 s on, apart from the lag that `spec.lag_jitter` lets the picture have.

Contents: `Session`, `Record`, `Said`, `Performance`, `make_session`, `trimmed`, `recorded`, `performance`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ...seeds import Draw
from ...signal.audio import RATE, active_level, to_int16
from ...signal.video import SAMPLES_PER_FRAME
from ...types import Audio, Word
from . import articulation
from .face import Identity, make_identity
from .motion import Motion, make_motion
from .speakers import Speaker, make_speaker
from .spec import CorpusSpec, speaker_of
from .voice import Phoneme, Utterance

PADDING = (0.1, 0.4)  # seconds of silence before and after speech
PEAK = 0.98
_JAW = articulation.PARAMETERS.index("jaw")


@dataclass(frozen=True)
class Session:
    """What differs from clip to clip of one speaker.

    Args:
        pitch: times the speaker's F0.
        rate: times the speaker's speaking rate, unless that makes the clip too long.
        level_dbfs: of active speech.
        low_db: gain below 250 Hz: distance to the microphone.
        mid_db: gain around `mid_hz`.
        mid_hz: centre of a broad bell.
        high_db: gain above 3 kHz: microphone, and effort, which lifts high frequencies more than low ones.
        decay: reverberation time of the room, seconds.
        echo_db: energy of the room's answer re the direct sound.
        before: silence before speech, seconds.
        after: silence after it, at least, seconds.
    """

    pitch: float
    rate: float
    level_dbfs: float
    low_db: float
    mid_db: float
    mid_hz: float
    high_db: float
    decay: float
    echo_db: float
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class Record:
    """What is known of a clip; the cache keeps it as text.

    Args:
        id: of the clip.
        frames: length in pictures.
        text: what is said, with punctuation.
        words: when each word is said.
        phonemes: when each phoneme begins, pauses among them.
        end: when the last phoneme ends.
        more: what only the part knows; nothing but text, numbers, lists and dicts.
    """

    id: str
    frames: int
    text: str
    words: tuple[Word, ...]
    phonemes: tuple[Phoneme, ...]
    end: float
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Said(Record):
    """A record with its sound: `samples` is `[T]` int16, by custom 640 to a picture."""

    samples: np.ndarray = field(kw_only=True)


class Performance(NamedTuple):
    """Who moves, what the mouth does, `[F, 6]`, and what the head does: the arguments of everything that draws."""

    identity: Identity
    track: np.ndarray
    motion: Motion


def make_session(spec: CorpusSpec, clip_id: str) -> Session:
    """Draw what is particular to one clip; independent of who speaks and of what is said."""
    draw = Draw("avbench-synth", spec.version, "session", clip_id)
    effort = float(np.clip(draw.normal(), -2.0, 2.0))
    return Session(
        pitch=1.0 + draw.uniform(-spec.pitch_jitter, spec.pitch_jitter),
        rate=1.0 + draw.uniform(-spec.rate_jitter, spec.rate_jitter),
        level_dbfs=spec.level_dbfs + spec.level_sd * effort,
        low_db=spec.room * draw.uniform(-2.0, 2.0),
        mid_db=spec.room * draw.uniform(-2.0, 2.0),
        mid_hz=draw.uniform(800.0, 2500.0),
        high_db=spec.room * draw.uniform(-2.5, 2.5) + spec.level_sd * effort / 3.0,
        decay=draw.uniform(0.08, 0.25),
        echo_db=draw.uniform(-22.0, -12.0),
        before=draw.uniform(*PADDING),
        after=draw.uniform(*PADDING),
    )


def trimmed(said: Utterance) -> Utterance:
    """The utterance without the engine's silence before and after: all that stays 60 dB under its peak."""
    loud = np.flatnonzero(np.abs(said.samples) > 1e-3 * np.abs(said.samples).max())
    first, last = int(loud[0]), int(loud[-1]) + 1
    length = (last - first) / RATE

    def moved(time: float) -> float:
        return min(max(time - first / RATE, 0.0), length)

    return Utterance(
        said.samples[first:last],
        tuple(Word(w.text, moved(w.start), moved(w.end)) for w in said.words),
        tuple(replace(p, start=moved(p.start)) for p in said.phonemes),
    )


def recorded(
    spec: CorpusSpec,
    speaker: Speaker,
    session: Session,
    clip_id: str,
    spoken: Utterance,
    *,
    text: str,
    begin: int,
    frames: int,
) -> Said:
    """Record an utterance: place it in silence, and give it the jaw's loudness, the microphone, the room, the level.

    Args:
        spec: of the corpus.
        speaker: who says it.
        session: in which.
        clip_id: which clip; seeds the articulation and the room.
        spoken: of `trimmed`.
        text: what is said.
        begin: sample at which it begins.
        frames: length of the clip; the utterance must end within.
    """
    samples = np.zeros(frames * SAMPLES_PER_FRAME)
    samples[begin : begin + len(spoken.samples)] = spoken.samples
    shift = begin / RATE
    words = tuple(Word(w.text, w.start + shift, w.end + shift) for w in spoken.words)
    phonemes = tuple(replace(p, start=p.start + shift) for p in spoken.phonemes)
    end = shift + len(spoken.samples) / RATE

    samples *= _jaw_gain(spec, speaker, clip_id, phonemes, end, frames)
    samples = _heard(samples, session, spec, clip_id)
    level = active_level(Audio(samples.astype(np.float32), RATE))
    samples *= 10.0 ** ((session.level_dbfs - level) / 20.0)
    samples *= min(1.0, PEAK / np.abs(samples).max())
    return Said(clip_id, frames, text, words, phonemes, end, samples=to_int16(samples))


def performance(
    spec: CorpusSpec, clip_id: str, phonemes: tuple[Phoneme, ...], end: float, frames: int, speaker: str | None = None
) -> Performance:
    """What a camera sees of a clip.

    Args:
        spec: of the corpus.
        clip_id: which clip; seeds the articulation, its lag, and the motion.
        phonemes: of `Record`.
        end: of `Record`.
        frames: of `Record`.
        speaker: whose face; the clip's speaker unless given.
    """
    identity = make_identity(spec, make_speaker(spec, speaker or speaker_of(clip_id)))
    track = articulation.track(phonemes, end, frames, spec=spec, clip=clip_id, gain=identity.gain)
    return Performance(identity, track, make_motion(frames, spec=spec, clip=clip_id))


def _jaw_gain(
    spec: CorpusSpec, speaker: Speaker, clip_id: str, phonemes: tuple[Phoneme, ...], end: float, frames: int
) -> np.ndarray:
    """`[640 frames]` amplitude factors: `spec.jaw_db` dB per unit of jaw opening, 0 dB on average over the clip."""
    # The picture may come early or late, the sound may not: the lag is a fault of the camera.
    on_time, gain = replace(spec, lag_jitter=0), make_identity(spec, speaker).gain
    jaw = articulation.track(phonemes, end, frames, spec=on_time, clip=clip_id, gain=gain)[:, _JAW].astype(np.float64)
    decibels = spec.jaw_db * (jaw - jaw.mean())
    step = SAMPLES_PER_FRAME
    # Straight lines between the frames' centres, their corners rounded off by a mean over one frame.
    lines = np.interp(np.arange(-step, (frames + 1) * step) / step, np.arange(frames) + 0.5, decibels)
    sums = np.cumsum(lines)
    means = (sums[step:] - sums[:-step]) / step
    return 10.0 ** (means[step // 2 : step // 2 + frames * step] / 20.0)


def _heard(samples: np.ndarray, session: Session, spec: CorpusSpec, clip_id: str) -> np.ndarray:
    """The sound as the session's microphone takes it in the session's room: one product of spectra."""
    size = 1 << (len(samples) + RATE // 2).bit_length()  # room for the longest answer, so that nothing wraps around
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    spectrum = np.fft.rfft(samples, size)
    bands = ("low", 250.0, session.low_db), ("bell", session.mid_hz, session.mid_db), ("high", 3000.0, session.high_db)
    for band in bands:
        b, a = _section(*band)
        spectrum *= (b[0] + z * (b[1] + z * b[2])) / (a[0] + z * (a[1] + z * a[2]))
    if spec.room:
        spectrum *= np.fft.rfft(_room(session, spec, clip_id), size)
    return np.fft.irfft(spectrum, size)[: len(samples)]


def _section(shape: str, hertz: float, decibels: float, quality: float = 0.7) -> tuple[list[float], list[float]]:
    """Numerator and denominator of a shelf (`low`, `high`) or a `bell`, after Bristow-Johnson."""
    g, w = 10.0 ** (decibels / 40.0), 2.0 * np.pi * hertz / RATE
    cos, alpha = np.cos(w), np.sin(w) / (2.0 * quality)
    if shape == "bell":
        return [1 + alpha * g, -2 * cos, 1 - alpha * g], [1 + alpha / g, -2 * cos, 1 - alpha / g]
    s = 1.0 if shape == "low" else -1.0  # a high shelf is a low shelf mirrored at a quarter of the rate
    more, less, root = g + 1, g - 1, 2.0 * np.sqrt(g) * alpha
    b = [g * (more - s * less * cos + root), s * 2 * g * (less - s * more * cos), g * (more - s * less * cos - root)]
    a = [more + s * less * cos + root, -s * 2 * (less + s * more * cos), more + s * less * cos - root]
    return b, a


def _room(session: Session, spec: CorpusSpec, clip_id: str) -> np.ndarray:
    """Answer of a small room: the direct path, undelayed, then noise that fades by 60 dB in `session.decay`."""
    start, length = round(0.003 * RATE), round(session.decay * RATE)
    answer = Draw("avbench-synth", spec.version, "room", clip_id).normals(length)
    answer *= 10.0 ** (-3.0 * np.arange(length) / length)
    answer[:start] = 0.0
    answer *= spec.room * 10.0 ** (session.echo_db / 20.0) / np.sqrt(np.square(answer).sum())
    answer[0] = 1.0
    return answer
