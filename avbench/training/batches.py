"""Training batches: clean speech of the corpus mixed with training noises, drawn anew at every step.

A batch is a pure function of the recipe's seed and the step, so that a resumed training sees the data of an
uninterrupted one, and rows of one table see the same mixtures. Item b of step s belongs to rank b mod world.

Mixing is that of the protocol `additive-noise` (k noises of different kinds at equal RMS, scaled to the SNR by power),
over the segment. Augmentation, so that nets trained on synthetic voices meet real microphones: a smooth random
equaliser on speech (target included) and on noise, a random level, and for video random erasing and time masking
(MUTUD section IV-B) with a shift of the crop of up to two pixels.

Conventions: waves `[B, T]` float32, mouth `[B, F, 88, 88]` uint8, T = 640 F.

Contents: `Corpus`, `Noises`, `Mixtures`, `NoiseTracks`, `MixtureRecipe`, `cut_from`, `readable`, `mix_at`,
`spoil_mouth`, `equalise`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ..errors import BadFile
from ..seeds import Draw
from ..signal.audio import RATE
from ..signal.video import SAMPLES_PER_FRAME

UNIT = 1024  # int16 steps per unit RMS: crest factors up to 30 dB stay whole, as keystrokes and raindrops have them
READING_FRAMES = 10
TRIES = 20  # clips that are drawn until one can be used
SILENT_RMS = 1e-3  # -60 dBFS, the protocol's limit for a noise segment


class Corpus(Protocol):
    """What is asked of training material: clips by number."""

    def __len__(self) -> int: ...

    def frames(self, index: int) -> int:
        """Video frames of a clip."""

    def audio(self, index: int) -> np.ndarray:
        """`[T]` int16 at 16 kHz, T = 640 frames."""

    def mouth(self, index: int) -> np.ndarray:
        """`[F, 88, 88]` uint8."""

    def visemes(self, index: int) -> np.ndarray | None:
        """`[F]` int64: what the lips say; None where nobody knows."""


class Noises(Protocol):
    """What is asked of training noises: pieces by number."""

    fingerprint: str

    def __len__(self) -> int: ...

    def cut(self, index: int, draw: Draw, samples: int) -> np.ndarray:
        """`[samples]` float32 of unit RMS from a drawn place."""


@dataclass(frozen=True)
class MixtureRecipe:
    """What a training mixture is. Every number names its source.

    Args:
        seconds: length of a segment. Not stated in the paper; 2 s holds most of a phrase.
        batch: mixtures of one step over all devices. Not stated.
        noises: at most so many are mixed (section IV-B: up to 5).
        snr: range in dB (section IV-B: -15 to 10).
        level: range of the speech level in dBFS RMS. Not stated; the range of ordinary recordings.
        equaliser: standard deviation in dB of the random equaliser's octave gains; 0 turns it off. Ours.
        erase: chance that a clip's crop loses one rectangle (section IV-B names random erasure, not its chance).
        mask: chance that up to 0.4 s of video are masked (section IV-B names time masking, not its chance).
    """

    seconds: float = 2.0
    batch: int = 16
    noises: int = 5
    snr: tuple[float, float] = (-15.0, 10.0)
    level: tuple[float, float] = (-38.0, -18.0)
    equaliser: float = 3.0
    erase: float = 0.3
    mask: float = 0.3


class NoiseTracks:
    """Training noises in memory, to be cut at any place.

    Args:
        tracks: each `[T]` float32 of unit RMS at 16 kHz; shorter ones than a segment are looped.
        samples: the least length wanted.
        fingerprint: of the set they are from.
    """

    def __init__(self, tracks: Sequence[np.ndarray], samples: int, fingerprint: str = ""):
        self.fingerprint = fingerprint
        self._tracks = [np.tile(t, -(-samples // len(t))) if len(t) < samples else t for t in tracks]
        self._tracks = [np.clip(t * UNIT, -32768, 32767).astype(np.int16) for t in self._tracks]

    def __len__(self) -> int:
        return len(self._tracks)

    def cut(self, index: int, draw: Draw, samples: int) -> np.ndarray:
        """`[samples]` float32 of unit RMS from a drawn place; a silent place is drawn again, eight times at most."""
        return cut_from(self._tracks[index], draw, samples, UNIT)


def cut_from(track: np.ndarray, draw: Draw, samples: int, unit: float = 1.0) -> np.ndarray:
    """`[samples]` float32 of unit RMS from a drawn place of `track / unit`; see `NoiseTracks.cut`."""
    for _ in range(8):
        start = draw.integer(len(track) - samples + 1)
        segment = track[start : start + samples].astype(np.float32) / np.float32(unit)
        rms = float(np.sqrt(np.mean(np.square(segment))))
        if rms > SILENT_RMS:
            return segment / rms
    return np.zeros(samples, np.float32)


class Mixtures:
    """The batches of one training.

    Args:
        corpus: clean clips.
        noise: training noises.
        recipe: what a mixture is.
        seed: names the stream of draws; equal for the rows of one table.
        video: whether mouth crops and visemes are wanted.
        augment: off for validation, where level, equaliser and video stay as they are.
    """

    def __init__(
        self,
        corpus: Corpus,
        noise: Noises,
        recipe: MixtureRecipe,
        *,
        seed: object,
        video: bool,
        augment: bool = True,
    ):
        self.corpus, self.noise, self.recipe = corpus, noise, recipe
        self.seed, self.video, self.augment = seed, video, augment
        self.frames = round(recipe.seconds * RATE / SAMPLES_PER_FRAME)
        self._long = [i for i in range(len(corpus)) if corpus.frames(i) >= self.frames]
        if not self._long:
            raise ValueError(f"no clip of the corpus lasts {recipe.seconds} s")

    def batch(self, step: int, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """The batch of a step.

        Returns:
            `noisy`, `clean` `[B, T]` float32, `snr` `[B]` dB and, if wanted, `mouth` `[B, F, 88, 88]` uint8
            and, where it is known, `viseme` `[B, F]` int64.
        """
        items = [self._item(Draw("mixture", str(self.seed), step, b)) for b in range(rank, self.recipe.batch, world)]
        return {name: torch.from_numpy(np.stack([item[name] for item in items])) for name in items[0]}

    def pictures(self, step: int, rank: int = 0, world: int = 1, frames: int = READING_FRAMES) -> dict[str, Tensor]:
        """Short pieces of many clips, to learn to read lips from: as many frames as a batch has, less alike.

        Args:
            step: of the training.
            rank: of this process.
            world: processes.
            frames: of one piece, at most those of a segment.

        Returns:
            `mouth` `[B', frames, 88, 88]` uint8 and `viseme` `[B', frames]` int64.
        """
        number = self.recipe.batch * self.frames // frames
        items = [self._piece(Draw("pictures", str(self.seed), step, b), frames) for b in range(rank, number, world)]
        return {name: torch.from_numpy(np.stack([item[name] for item in items])) for name in items[0]}

    def _piece(self, draw: Draw, frames: int) -> dict[str, np.ndarray]:
        clip = draw.choice(self._long)
        first = draw.integer(self.corpus.frames(clip) - frames + 1)
        place = slice(first, first + frames)
        mouth = _shift(np.array(self.corpus.mouth(clip)[place]), draw)
        return {"mouth": mouth, "viseme": self.corpus.visemes(clip)[place]}

    def _clip(self, draw: Draw) -> tuple[int, np.ndarray, np.ndarray | None]:
        """A drawn clip with its sound and, if wanted, its mouth; of recordings some can not be used.

        Raises:
            BadFile: many in a row can not.
        """
        first = draw.choice(self._long)
        clip, (heard, seen) = readable(
            first,
            lambda clip: (self.corpus.audio(clip), self.corpus.mouth(clip) if self.video else None),
            # From a stream of its own: what else is drawn for this mixture stays the same for who only listens.
            lambda attempt: Draw("another clip", first, attempt).choice(self._long),
        )
        return clip, heard, seen

    def _item(self, draw: Draw) -> dict[str, np.ndarray]:
        r, samples = self.recipe, self.frames * SAMPLES_PER_FRAME
        clip, heard, seen = self._clip(draw)
        first = draw.integer(self.corpus.frames(clip) - self.frames + 1)
        begin = first * SAMPLES_PER_FRAME
        clean = heard[begin : begin + samples].astype(np.float32) / 32768
        kinds = draw.sample(range(len(self.noise)), min(len(self.noise), 1 + draw.integer(r.noises)))
        noise = np.sum([self.noise.cut(k, draw, samples) for k in kinds], axis=0, dtype=np.float32)
        if self.augment:
            clean = equalise(clean, draw, r.equaliser)
            noise = equalise(noise, draw, r.equaliser)
            level = 10 ** (draw.uniform(*r.level) / 20)
            clean = clean * (level / max(float(np.sqrt(np.mean(clean**2))), 1e-4))
        snr = draw.uniform(*r.snr)
        noisy, clean = mix_at(clean, noise, snr)
        item = {"noisy": noisy, "clean": clean, "snr": np.float32(snr)}
        if seen is not None:
            mouth, visemes = seen[first : first + self.frames], self.corpus.visemes(clip)
            if visemes is not None:
                item["viseme"] = visemes[first : first + self.frames]
            item["mouth"] = spoil_mouth(np.array(mouth), r, draw) if self.augment else np.array(mouth)
        return item


def readable(first: int, read: Callable[[int], Any], another: Callable[[int], int]) -> tuple[int, Any]:
    """A number and what is read by it; of recordings some cannot be read, and others take their places.

    Args:
        first: is tried first.
        read: gives what lies under a number, or raises `BadFile`.
        another: the number to try after so many failures, the first of which is 0.

    Raises:
        BadFile: many in a row cannot be read.
    """
    number = first
    for attempt in range(TRIES - 1):
        try:
            return number, read(number)
        except BadFile:
            number = another(attempt)
    return number, read(number)


def mix_at(clean: np.ndarray, noise: np.ndarray, snr: float) -> tuple[np.ndarray, np.ndarray]:
    """Noise added at an SNR in dB; mixture and speech `[T]` float32, scaled down together where they would clip."""
    power = float(np.mean(np.square(clean, dtype=np.float64)))
    gain = np.sqrt(power / max(float(np.mean(np.square(noise, dtype=np.float64))), 1e-12) / 10 ** (snr / 10))
    noisy = clean + np.float32(gain) * noise
    peak = max(1.0, float(np.abs(noisy).max()) / 0.99)
    return (noisy / peak).astype(np.float32), (clean / peak).astype(np.float32)


def spoil_mouth(mouth: np.ndarray, recipe: MixtureRecipe, draw: Draw) -> np.ndarray:
    """Shift, erase, mask: `[F, 88, 88]` uint8, in place where possible."""
    mouth = _shift(mouth, draw)
    frames, height, width = mouth.shape
    if draw.chance(recipe.erase):
        h, w = draw.integer(height // 8, height // 2), draw.integer(width // 8, width // 2)
        top, left = draw.integer(height - h), draw.integer(width - w)
        mouth[:, top : top + h, left : left + w] = draw.integer(256)
    if draw.chance(recipe.mask):
        length = draw.integer(1, 11)
        start = draw.integer(max(1, frames - length))
        mouth[start : start + length] = round(float(mouth.mean()))
    return mouth


def _shift(mouth: np.ndarray, draw: Draw) -> np.ndarray:
    """The crop moved by up to two pixels, as detectors miss: `[F, 88, 88]`."""
    return np.roll(mouth, (draw.integer(-2, 3), draw.integer(-2, 3)), (1, 2))


def equalise(wave: np.ndarray, draw: Draw, sd: float) -> np.ndarray:
    """A smooth random gain over frequency: normal octave gains at 125 Hz to 8 kHz, interpolated in log frequency."""
    if sd == 0:
        return wave
    gains = draw.normals(7, sd=sd)
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE)
    curve = np.interp(np.log2(np.maximum(frequency, 1.0)), np.log2(125.0 * 2.0 ** np.arange(7)), gains)
    return np.fft.irfft(np.fft.rfft(wave) * 10 ** (curve / 20), len(wave)).astype(np.float32)
