"""The carriers and records that every room shares.

Conventions: audio is `[T]` float32 in [-1, 1] with a rate in Hz; video is `[F, H, W, C]` uint8 with a rate in fps; a
signal never travels without its rate. Times are in seconds unless a name says samples.

Contents: `Audio`, `Video`, `Word`, `Clip`, `Inputs`, `Target`, `Trial`, `Prediction`, `Card`, `Stream`, `System`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono samples and their rate.

    Args:
        samples: `[T]` float32, full scale 1; values are not clipped and not checked for NaN here (judges do that).
        rate: samples per second.

    Raises:
        ValueError: not one-dimensional, not float32, or a rate that is not a positive integer.
    """

    samples: np.ndarray
    rate: int

    def __post_init__(self):
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError(f"audio must be [T] float32, not {self.samples.shape} {self.samples.dtype}")
        if not isinstance(self.rate, int) or self.rate <= 0:
            raise ValueError(f"an audio rate must be a positive integer in Hz, not {self.rate!r}")

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / self.rate


@dataclass(frozen=True, eq=False)
class Video:
    """Frames and their rate.

    Args:
        frames: `[F, H, W, C]` uint8, C = 1 (grey) or 3 (RGB).
        fps: frames per second.

    Raises:
        ValueError: another shape or type, or a rate that is not positive.
    """

    frames: np.ndarray
    fps: float

    def __post_init__(self):
        if self.frames.ndim != 4 or self.frames.dtype != np.uint8 or self.frames.shape[3] not in (1, 3):
            raise ValueError(f"video must be [F, H, W, 1 or 3] uint8, not {self.frames.shape} {self.frames.dtype}")
        if not self.fps > 0:
            raise ValueError(f"a frame rate must be positive, not {self.fps!r}")

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.frames) / self.fps


@dataclass(frozen=True)
class Word:
    """A spoken word and when it is said, in seconds from the start of the clip."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Clip:
    """One utterance of one face. It loads nothing by itself: its `Dataset` does.

    Args:
        id: unique in its data set, of `[a-z0-9._-]`.
        seconds: duration.
        speaker: label, or None where the data set has none.
        text: what is said, or None.
        words: when each word is said; empty where unknown.
        traits: what else is known, e.g. `{"gender": "f", "accent": "en-us"}`.
    """

    id: str
    seconds: float
    speaker: str | None = None
    text: str | None = None
    words: tuple[Word, ...] = ()
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a system may see of one trial.

    Args:
        id: of the trial.
        audio: noisy speech, or None.
        video: mouth crop `[F, 88, 88, 1]` at 25 fps (frame f shows the 40 ms that begin at f / 25 s), or None.
        seed: hash of the trial id: the only randomness a system may use.
        face: the face that is to be moved, changed or judged, one picture `[1, H, W, C]` or a film; or None.
        references: whose look or voice is wanted, by role: `{"voice": Audio}`, `{"image": Video}`.
        wanted: what is said of the answer in words, e.g. `{"gender": "f"}`.
    """

    id: str
    audio: Audio | None
    video: Video | None
    seed: int
    face: Video | None = None
    references: Mapping[str, "Audio | Video"] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Target:
    """What only the judge sees; only what the task's metrics ask for is filled.

    Args:
        audio: the speech that is wanted.
        text: what is to be heard, or read from the lips.
        video: the pictures that are wanted.
        labels: `[F]` bool, one for each picture of `Inputs.face`.
        voices: recordings of the wanted voice, which a voice is held against where no speech is wanted word for word.
    """

    audio: Audio | None = None
    text: str | None = None
    video: Video | None = None
    labels: np.ndarray | None = None
    voices: tuple[Audio, ...] = ()


@dataclass(frozen=True, eq=False)
class Trial:
    """One exam question.

    Args:
        id: of `[a-z0-9._-]`, e.g. `3-bn-0007.snr-15`.
        input: what the system sees.
        target: what only the judge sees.
        condition: labels, e.g. `{"snr": -15.0}`; the axes of the table.
        clip: id of the clip.
        cluster: what intervals are clustered over: the speaker, or the clip where speakers are unknown.
        facts: measured at rendering: power SNR and active-speech SNR in dB, gain in dB, PCM hash.
    """

    id: str
    input: Inputs
    target: Target
    condition: Mapping[str, Any]
    clip: str
    cluster: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Prediction:
    """A system's answer to one trial. Only what its task asks for is filled.

    Args:
        audio: speech.
        text: what is said.
        video: `[F, H, W, 3]`, a film; a picture is a film of one frame.
        scores: `[F]` float, one for each picture of `Inputs.face`: the greater, the surer that this face speaks.
    """

    audio: Audio | None = None
    text: str | None = None
    video: Video | None = None
    scores: np.ndarray | None = None


@dataclass(frozen=True)
class Card:
    """What a system says about itself; shown in tables, digested into the run's identity.

    Args:
        id: as typed, variant included: `mutud/scratch`.
        title: one line.
        paper: where it comes from.
        inputs: of `{"audio", "video", "face"}` and the roles of references: what it needs.
        output: the field of `Prediction` that it fills: `"audio"`, `"text"`, `"video"` or `"scores"`.
        rate: audio rate in and out, Hz.
        causal: the output up to t depends on no input after t + lookahead.
        lookahead: seconds.
        licence: SPDX identifier.
        synthetic: trained on the embedded corpus only.
        recipe: which recipe's weights these are, or None.
        training: one sentence on what was trained for how long, or that nothing was.
        finished: False where the weights have seen fewer steps than their recipe states, or none: shown, never ranked.
    """

    id: str
    title: str
    paper: str
    inputs: frozenset[str]
    output: str
    rate: int
    causal: bool
    lookahead: float
    licence: str = "Apache-2.0"
    synthetic: bool = False
    recipe: str | None = None
    training: str = ""
    finished: bool = True


class Stream(Protocol):
    """A system that answers while it listens: hop by hop, with a state in between.

    A system that can be streamed has a method `stream() -> Stream` beside those of `System`. A gap in the sound is for
    whoever pushes to fill, with silence as long as what is lost, so that the answer stays in step. Nothing here waits:
    a source that stalls is answered whenever it goes on.

    Attributes:
        rate: Hz of what is heard and answered.
        hop: samples that are pushed at a time, as many as come back.
        late: samples by which the answer lags behind what was pushed.
    """

    rate: int
    hop: int
    late: int

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take `[hop]` float samples, give as many of the answer, `[hop]` float32: it begins with `late` zeros.

        Raises:
            UsageError: another number of samples, or values that are not finite; the stream can go on after it.
        """

    def begin(self) -> None:
        """Forget what was heard."""


@runtime_checkable
class System(Protocol):
    """Something that can sit a task.

    `predict` gets a batch of inputs and returns one prediction each, in order. It never sees a target. The runner
    retries a failing batch one by one, so a system need not guard against a bad neighbour.
    """

    @property
    def card(self) -> Card:
        """What the system says about itself."""

    @property
    def digest(self) -> str:
        """Hash of what decides its answers: code version, architecture, weights."""

    def load(self, device: str) -> None:
        """Make ready to predict on `"cpu"` or `"cuda"`."""

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Answer a batch."""
