"""Training batches: films of one word, their speech, and the same speech in noise; new draws at every step.

A batch is a pure function of the recipe's seed and the step. Noise is one of the 138 training kinds, at one of 13 SNRs
from -6 to 30 dB (section 4.1), by the rule of the protocols at 16 kHz; then both are brought to 8 kHz. The condition
image is the first frame of the clip, as in later code of the author.

Conventions: speech `[B, T]` float32 at 8 kHz, T = 320 F; frames `[B, F, S, S, 3]` and face `[B, S, S, 3]` uint8; mouth
`[B, F, 2]` pixels.

Contents: `Talks`.
"""

import numpy as np
import torch
from torch import Tensor

from avbench.seeds import Draw
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.training.batches import Noises, mix_at

from .films import Films
from .recipe import TalkingFaceRecipe
from .signals import halve


class Talks:
    """The batches of one training.

    Args:
        films: clips.
        noise: training noises.
        recipe: segment, batch, SNRs, levels.
        seed: names the stream of draws; equal for all variants.
    """

    def __init__(self, films: Films, noise: Noises, recipe: TalkingFaceRecipe, seed: object):
        self.films, self.noise, self.recipe, self.seed = films, noise, recipe, seed

    def batch(self, step: int, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """The batch of a step: `clean`, `noisy`, `frames`, `face`, `mouth`."""
        draws = (Draw("talk", str(self.seed), step, b) for b in range(rank, self.recipe.batch, world))
        items = [self.item(draw.integer(len(self.films)), draw) for draw in draws]
        return {name: torch.from_numpy(np.stack([item[name] for item in items])) for name in items[0]}

    def item(self, clip: int, draw: Draw, snr: float | None = None) -> dict[str, np.ndarray]:
        """One clip, or a piece of it where segments are shorter; with an SNR, without a change of level."""
        recipe, film, count = self.recipe, self.films.frames(clip), self.recipe.frames
        first = draw.integer(len(film) - count + 1)
        samples = slice(first * SAMPLES_PER_FRAME, (first + count) * SAMPLES_PER_FRAME)
        clean = self.films.audio(clip)[samples].astype(np.float32) / 32768
        noise = self.noise.cut(draw.integer(len(self.noise)), draw, len(clean))
        level, drawn = draw.uniform(*recipe.gain), draw.choice(recipe.snr)
        if snr is None:
            clean, snr = clean * np.float32(10 ** (level / 20)), drawn
        noisy, clean = mix_at(clean, noise, snr)
        return {
            "clean": halve(clean),
            "noisy": halve(noisy),
            "frames": np.array(film[first : first + count]),
            "face": np.array(film[0]),
            "mouth": np.array(self.films.mouth(clip)[first : first + count]),
        }
