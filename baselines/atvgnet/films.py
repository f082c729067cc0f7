"""Pieces of films to learn from, with the points of every picture.

Pictures and sound are those that the noisy talking face learns from, and are kept once for both
(`systems.noisy_talking_face.films`); points come from the data set and are registered alike.

Conventions: pictures `[F, S, S, 3]` uint8, points `[F, 68, 2]` in halves of them (`landmarks`), sound `[640 F]` float32
at 16 kHz.

Contents: `Film`, `Films`, `open_films`, `Pieces`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from avbench.data.dataset import Dataset, open_dataset
from avbench.data.faces.crops import STYLES, placed
from avbench.seeds import Draw
from avbench.signal.audio import from_int16
from avbench.signal.landmarks import as_complex
from avbench.signal.video import SAMPLES_PER_FRAME

from ...systems.noisy_talking_face import films as shared
from .landmarks import to_units
from .recipe import AtvgnetRecipe

STYLE = "three-point"
IN_MEMORY = 8192  # clips whose points are kept, 16 kB each


class Film(NamedTuple):
    """Pictures, points and sound of a clip."""

    frames: np.ndarray
    points: Tensor
    sound: np.ndarray


class Films:
    """Clips by number.

    Args:
        kept: pictures and sound.
        dataset: that they are of, which has the points.
    """

    def __init__(self, kept: shared.Films, dataset: Dataset):
        self.name, self.fingerprint, self._kept, self._dataset = kept.name, kept.fingerprint, kept, dataset
        self.points = lru_cache(maxsize=IN_MEMORY)(self._points)

    def __len__(self) -> int:
        return len(self._kept)

    def film(self, index: int) -> Film:
        """One film."""
        return Film(self._kept.frames(index), self.points(index), from_int16(self._kept.audio(index)))

    def _points(self, index: int) -> Tensor:
        """`[F, 68, 2]` as registered; where a recording lacks pictures, those of its last one stay."""
        points = self._dataset.landmarks(self._dataset.clip(self._kept.ids[index]))
        turn, shift = placed(points, STYLE)
        z = turn[:, None] * as_complex(points) + shift[:, None]
        found = torch.from_numpy(np.stack([z.real, z.imag], axis=-1).astype(np.float32))
        last = torch.arange(len(self._kept.frames(index))).clamp_max(len(found) - 1)
        return to_units(found[last], STYLES[STYLE].size)


def open_films(corpus: str, split: str, most: int, size: int, tell: Callable[[str], None] = lambda line: None) -> Films:
    """The films of a recipe's corpus.

    Args:
        corpus: size of the embedded words, or the name of a data set of recordings.
        split: `"train"` or `"validation"`.
        most: so many clips, the first.
        size: S.
        tell: gets a line of text now and then.

    Raises:
        MissingResource: the corpus is not here, no speech engine, no space.
    """
    kept = shared.open_films(corpus, split, most, size, tell)
    return Films(kept, open_dataset(kept.name, split))


class Pieces:
    """The batches of one training: a pure function of seed and step.

    Args:
        films: the material.
        recipe: sizes, level.
        seed: of the draws.
    """

    def __init__(self, films: Films, recipe: AtvgnetRecipe, seed: object):
        self.films, self.recipe, self.seed = films, recipe, seed

    def batch(self, step: int, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """The batch of a step.

        Returns:
            `wave` `[B, T]` and `points` `[B, F, 68, 2]` of whole clips; `face` `[B, S, S, 3]` uint8 and `example`
            `[B, 68, 2]`, one picture of each; `film` `[B, P, S, S, 3]` uint8 and `wanted` `[B, P, 68, 2]`, a piece.
        """
        numbers = range(rank, self.recipe.batch, world)
        items = [self._item(Draw("atvgnet", str(self.seed), step, b)) for b in numbers]
        return {name: torch.stack([item[name] for item in items]) for name in items[0]}

    def _item(self, draw: Draw) -> dict[str, Tensor]:
        film, length = self.films.film(draw.integer(len(self.films))), self.recipe.frames
        shown, first = draw.integer(len(film.frames)), draw.integer(len(film.frames) - length + 1)
        gain = np.float32(10 ** (draw.uniform(*self.recipe.gain) / 20))
        piece = slice(first, first + length)
        return {
            "wave": torch.from_numpy(film.sound[: len(film.frames) * SAMPLES_PER_FRAME] * gain),
            "points": film.points,
            "face": torch.from_numpy(np.array(film.frames[shown])),
            "example": film.points[shown],
            "film": torch.from_numpy(np.array(film.frames[piece])),
            "wanted": film.points[piece],
        }
