"""Clips of the embedded corpus to learn to listen from, spoilt as converted and enhanced speech is.

A batch is a pure function of seed and step. Each clip is drawn with others of like length, so that little is padded.
What is done to it, at random: resampled by a few per cent (another throat, other pitch, other rate), a smooth equaliser
with a low-pass now and then, a short room, one of the corpus' training noises, a level.

Conventions: waves `[B, T]` float32 at 16 kHz, padded with zeros to the longest.

Contents: `Recordings`, `SpoilRecipe`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from avbench.data.noise import open_noise
from avbench.data.synth.corpus import TrainingArrays
from avbench.seeds import Draw
from avbench.signal.audio import RATE
from avbench.training.batches import NoiseTracks

NEIGHBOURS = 96  # clips of like length that one batch is drawn from


@dataclass(frozen=True)
class SpoilRecipe:
    """How much is spoilt. All ours; chances let a good half of all clips keep most of their quality.

    Args:
        warp: largest change of all frequencies and of the rate, as a share: 6 % spans the throats within a gender.
        equaliser: standard deviation of octave gains in dB: twice that of the corpus' sessions.
        low_pass: chance that everything above 2 to 7 kHz is lost, as vocoders lose it.
        room: chance of a room that rings for 0.1 to 0.5 s.
        noise: chance of a noise.
        snr: its range in dB: what an enhancement system may leave over.
        level: range of the level in dBFS RMS.
    """

    warp: float = 0.06
    equaliser: float = 4.0
    low_pass: float = 0.15
    room: float = 0.3
    noise: float = 0.4
    snr: tuple[float, float] = (5.0, 30.0)
    level: tuple[float, float] = (-40.0, -15.0)


class Recordings:
    """Spoilt clips by step.

    Args:
        corpus: clips.
        recipe: how they are spoilt; None leaves them as they are.
        batch: clips of one step.
        seed: of the draws.
    """

    def __init__(self, corpus: TrainingArrays, recipe: SpoilRecipe | None, batch: int, seed: object):
        self.corpus, self.recipe, self.size, self.seed = corpus, recipe, batch, seed
        self._by_length = sorted(range(len(corpus)), key=corpus.frames)
        if recipe is not None:
            noises = open_noise("synth-noise/train")
            self._noise = NoiseTracks([noises.load(item.id) for item in noises.items], 8 * RATE)

    def clips(self, step: int, rank: int = 0, world: int = 1) -> list[int]:
        """Numbers of a step's clips: of like length, each at most once."""
        draw = Draw("recordings", str(self.seed), step)
        near = min(NEIGHBOURS, len(self._by_length))
        first = draw.integer(len(self._by_length) - near + 1)
        return draw.sample(self._by_length[first : first + near], min(self.size, near))[rank::world]

    def waves(self, clips: list[int], step: int) -> dict[str, Tensor]:
        """`wave` `[B, T]` and `length` `[B]` of some clips as they are heard in a step."""
        found = []
        for place, clip in enumerate(clips):
            wave = self.corpus.audio(clip).astype(np.float32) / 32768
            if self.recipe is not None:
                wave = spoil(wave, self._noise, self.recipe, Draw("spoil", str(self.seed), step, clip, place))
            found.append(wave)
        return pad_waves(found)


def pad_waves(waves: list[np.ndarray]) -> dict[str, Tensor]:
    """`wave` `[B, T]` float32 and `length` `[B]` int64."""
    lengths = [len(wave) for wave in waves]
    batch = np.zeros((len(waves), max(lengths)), np.float32)
    for row, wave in zip(batch, waves, strict=True):
        row[: len(wave)] = wave
    return {"wave": torch.from_numpy(batch), "length": torch.tensor(lengths)}


def spoil(wave: np.ndarray, noise: NoiseTracks, recipe: SpoilRecipe, draw: Draw) -> np.ndarray:
    """One clip, spoilt: `[T]` to `[T']` float32."""
    from scipy.fft import irfft, next_fast_len, rfft

    room = draw.uniform(0.1, 0.5) if draw.chance(recipe.room) else 0.0
    size = next_fast_len(len(wave) + round(room * RATE), real=True)
    spectrum = rfft(wave, size) * _curve(size // 2 + 1, size, recipe, draw)
    if room:
        spectrum *= rfft(_room(room, draw), size)
    longer = next_fast_len(round(size * (1 + draw.uniform(-recipe.warp, recipe.warp))), real=True)
    samples = min(round(len(wave) * longer / size), longer)
    wave = irfft(_resized(spectrum, longer // 2 + 1), longer)[:samples] * (longer / size)
    if draw.chance(recipe.noise):
        disturbance = noise.cut(draw.integer(len(noise)), draw, samples)
        ratio = 10 ** (-draw.uniform(*recipe.snr) / 20)
        wave = wave + disturbance * (ratio * float(np.sqrt(np.mean(wave**2))))
    level = 10 ** (draw.uniform(*recipe.level) / 20)
    return np.clip(wave * (level / max(float(np.sqrt(np.mean(wave**2))), 1e-6)), -1, 1).astype(np.float32)


def _curve(bins: int, size: int, recipe: SpoilRecipe, draw: Draw) -> np.ndarray:
    """`[bins]` gains over frequency, interpolated in its logarithm."""
    frequency = np.arange(bins) * (RATE / size)
    octaves = np.log2(np.maximum(frequency, 1.0))
    decibels = np.interp(octaves, np.log2(125.0 * 2.0 ** np.arange(7)), draw.normals(7, sd=recipe.equaliser))
    if draw.chance(recipe.low_pass):
        edge = draw.uniform(2000.0, 7000.0)
        decibels -= 60.0 * np.clip((frequency - edge) / 500.0, 0.0, 1.0)
    return 10 ** (decibels / 20)


def _room(seconds: float, draw: Draw) -> np.ndarray:
    """The direct sound, then noise that falls by 60 dB in so many seconds, 6 to 18 dB under it in all."""
    length = round(seconds * RATE)
    answer = draw.normals(length) * 10 ** (-3.0 * np.arange(length) / length)
    answer[: RATE // 500] = 0.0
    answer *= 10 ** (-draw.uniform(6.0, 18.0) / 20) / np.sqrt(np.sum(answer**2))
    answer[0] = 1.0
    return answer


def _resized(spectrum: np.ndarray, bins: int) -> np.ndarray:
    """More or fewer bins: resampling, up to the end of the shorter spectrum."""
    out = np.zeros(bins, spectrum.dtype)
    count = min(bins, len(spectrum))
    out[:count] = spectrum[:count]
    return out
