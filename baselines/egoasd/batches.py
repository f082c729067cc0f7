"""Pieces of conversations, to learn from whose face speaks.

A batch is a pure function of seed and step. Head turns, a camera that moves, and mouths that move without being heard
are in the material already (`avbench.data.synth.parts.conversations`); added here are noise, mirroring, rotation and
motion blur (MUTUD), the same in all pictures of a piece.

Conventions: waves `[B, T]` float32 at 16 kHz, faces `[B, F, 112, 112]` uint8, T = 640 F; labels `[B, F]` float32.

Contents: `Tracks`, `open_tracks`, `Pieces`, `turned`.
"""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from avbench.seeds import Draw
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.training.batches import MixtureRecipe, NoiseTracks, equalise, mix_at

from .recipe import EgoasdRecipe

MIXTURE = MixtureRecipe()  # for levels and equaliser


class Tracks(Protocol):
    """What is asked of the material: face tracks by number."""

    fingerprint: str

    def __len__(self) -> int: ...

    def face(self, index: int) -> np.ndarray:
        """`[F, H, W]` uint8."""

    def audio(self, index: int) -> np.ndarray:
        """`[640 F]` int16."""

    def labels(self, index: int) -> np.ndarray:
        """`[F]` bool."""


class _ConversationTracks:
    def __init__(self, arrays, dataset):
        self.fingerprint, self._arrays, self._dataset = arrays.fingerprint, arrays, dataset
        self.seconds = 2 * arrays.seconds
        self._labels: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return 2 * len(self._arrays)

    def face(self, index: int) -> np.ndarray:
        return self._arrays.mouth(index // 2)[:, index % 2]

    def audio(self, index: int) -> np.ndarray:
        return self._arrays.audio(index // 2)

    def labels(self, index: int) -> np.ndarray:
        if index not in self._labels:
            self._labels[index] = self._dataset.labels(f"{self._arrays.ids[index // 2]}-{index % 2}")
        return self._labels[index]


def open_tracks(size: str, split: str) -> Tracks:
    """The face tracks of the embedded conversations, made where they are not.

    Raises:
        UnknownName: no such size or split.
        MissingResource: no speech engine, no right to write to the cache, no space.
    """
    from avbench.data.dataset import open_dataset
    from avbench.data.synth.corpus import open_training

    arrays = open_training(size, split, mouth=True, part="conversations")
    return _ConversationTracks(arrays, open_dataset(f"avbench-synth/conversations/{size}", split))


class Pieces:
    """The batches of one training.

    Args:
        tracks: the material.
        noise: training noises.
        recipe: what a piece is.
        seed: of the draws.
    """

    def __init__(self, tracks: Tracks, noise: NoiseTracks, recipe: EgoasdRecipe, seed: object):
        self.tracks, self.noise, self.recipe, self.seed = tracks, noise, recipe, seed
        self.frames = round(recipe.seconds * 25)

    def batch(self, step: int, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """`noisy`, `clean` `[B, T]`, `face` `[B, F, H, W]` uint8, `labels` `[B, F]`."""
        numbers = range(rank, self.recipe.batch, world)
        items = [self._item(Draw("piece", str(self.seed), step, b)) for b in numbers]
        return {name: torch.stack([item[name] for item in items]) for name in items[0]}

    def _item(self, draw: Draw) -> dict[str, Tensor]:
        track = draw.integer(len(self.tracks))
        labels = self.tracks.labels(track)
        first = draw.integer(len(labels) - self.frames + 1)
        place = slice(first, first + self.frames)
        begin = first * SAMPLES_PER_FRAME
        clean = self.tracks.audio(track)[begin : begin + self.frames * SAMPLES_PER_FRAME].astype(np.float32) / 32768
        clean = equalise(clean, draw, MIXTURE.equaliser)
        level = 10 ** (draw.uniform(*MIXTURE.level) / 20)
        clean = clean * np.float32(level / max(float(np.sqrt(np.mean(clean**2))), 1e-4))
        noisy = self.noisy(clean, draw, self.recipe.noise, draw.uniform(*self.recipe.snr))
        face = torch.from_numpy(np.ascontiguousarray(self.tracks.face(track)[place]))
        return {
            "noisy": torch.from_numpy(noisy),
            "clean": torch.from_numpy(np.ascontiguousarray(clean, np.float32)),
            "face": self._spoilt(face, draw),
            "labels": torch.from_numpy(labels[place].astype(np.float32)),
        }

    def noisy(self, clean: np.ndarray, draw: Draw, chance: float, snr: float) -> np.ndarray:
        """`[T]` with one noise, or as it is."""
        if not draw.chance(chance):
            return np.ascontiguousarray(clean, np.float32)
        return mix_at(clean, self.noise.cut(draw.integer(len(self.noise)), draw, len(clean)), snr)[0]

    def _spoilt(self, face: Tensor, draw: Draw) -> Tensor:
        r, mirror = self.recipe, draw.chance(self.recipe.flip)
        angle = draw.uniform(-r.turn, r.turn)
        length = draw.uniform(0, r.blur_most) * face.shape[-1] if draw.chance(r.blur) else 0.0
        return turned(face, mirror, math.radians(angle), length, draw.uniform(0, math.pi))


def turned(face: Tensor, mirror: bool, angle: float, length: float, direction: float) -> Tensor:
    """Faces mirrored, turned about the middle, and smeared as by a camera that moves.

    Args:
        face: `[F, H, W]` uint8.
        mirror: left for right.
        angle: in radians, counter-clockwise.
        length: of the smear in pixels.
        direction: of the smear, in radians.

    Returns:
        `[F, H, W]` uint8.
    """
    maps = face[None].float()
    sign = -1.0 if mirror else 1.0
    back = [[sign * math.cos(angle), -sign * math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0]]
    grid = F.affine_grid(torch.tensor([back]), [1, 1, *face.shape[1:]], align_corners=False)
    maps = F.grid_sample(maps, grid, padding_mode="border", align_corners=False)
    if length >= 1:
        kernel = _smear(length, direction)
        edge = kernel.shape[-1] // 2
        padded = F.pad(maps.transpose(0, 1), (edge, edge, edge, edge), mode="replicate")
        maps = F.conv2d(padded, kernel).transpose(0, 1)
    return maps[0].round().clamp(0, 255).to(torch.uint8)


def _smear(length: float, direction: float) -> Tensor:
    """`[1, 1, n, n]`: a line through the middle, its points spread over neighbours, sum 1."""
    reach = math.ceil(length / 2)
    kernel = torch.zeros(2 * reach + 3, 2 * reach + 3)
    points: Sequence[float] = torch.linspace(-length / 2, length / 2, 8 * reach + 1).tolist()
    for way in points:
        x, y = reach + 1 + way * math.cos(direction), reach + 1 + way * math.sin(direction)
        left, top = math.floor(x), math.floor(y)
        for i, down in ((top, 1 - (y - top)), (top + 1, y - top)):
            for j, right in ((left, 1 - (x - left)), (left + 1, x - left)):
                kernel[i, j] += down * right
    return (kernel / kernel.sum())[None, None]
