"""Pieces of conversations, to learn from whose face speaks.

A batch is a pure function of seed and step. Head turns, a camera that moves, and mouths that move without being heard
are in the material already (`avbench.data.synth.parts.conversations`, and EasyCom); added here are noise, mirroring,
rotation and motion blur (MUTUD), the same in all pictures of a piece. In place of a track whose film or labels cannot
be read, another one is taken.

Conventions: waves `[B, T]` float32 at 16 kHz, faces `[B, F, 112, 112]` uint8, T = 640 F; labels `[B, F]` float32.

Contents: `Pieces`, `turned`.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from avbench.seeds import Draw
from avbench.signal.audio import RATE
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.training.batches import MixtureRecipe, Noises, equalise, mix_at, readable
from avbench.training.tracks import Tracks

from ..vcafe.batches import TRACK
from .recipe import EgoasdRecipe

MIXTURE = MixtureRecipe()  # for levels and equaliser


class Pieces:
    """The batches of one training.

    Args:
        tracks: the material.
        noise: training noises; None where the material is noisy as it is.
        recipe: what a piece is.
        seed: of the draws.
    """

    def __init__(self, tracks: Tracks, noise: Noises | None, recipe: EgoasdRecipe, seed: object):
        self.tracks, self.noise, self.recipe, self.seed = tracks, noise, recipe, seed
        self.frames = round(recipe.seconds * 25)

    def batch(self, step: int, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """`noisy`, `clean` `[B, T]`, `face` `[B, F, H, W]` uint8, `labels` `[B, F]`."""
        numbers = range(rank, self.recipe.batch, world)
        items = [self._item(Draw("piece", str(self.seed), step, b)) for b in numbers]
        return {name: torch.stack([item[name] for item in items]) for name in items[0]}

    def _item(self, draw: Draw) -> dict[str, Tensor]:
        heard, seen, labels = self.track(draw.integer(len(self.tracks)))
        first = draw.integer(len(labels) - self.frames + 1)
        place = slice(first, first + self.frames)
        begin = first * SAMPLES_PER_FRAME
        clean = heard[begin : begin + self.frames * SAMPLES_PER_FRAME].astype(np.float32) / 32768
        clean = equalise(clean, draw, MIXTURE.equaliser)
        level = 10 ** (draw.uniform(*MIXTURE.level) / 20)
        clean = clean * np.float32(level / max(float(np.sqrt(np.mean(clean**2))), 1e-4))
        noisy = self.noisy(clean, draw, self.recipe.noise, draw.uniform(*self.recipe.snr))
        face = torch.from_numpy(np.ascontiguousarray(seen[place]))
        return {
            "noisy": torch.from_numpy(noisy),
            "clean": torch.from_numpy(np.ascontiguousarray(clean, np.float32)),
            "face": self._spoilt(face, draw),
            "labels": torch.from_numpy(labels[place].astype(np.float32)),
        }

    def track(self, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sound, pictures and labels of a track, or of another one where these cannot be read.

        Raises:
            BadFile: many cannot.
        """
        tracks = self.tracks
        return readable(
            index,
            lambda k: (tracks.audio(k), tracks.face(k), tracks.labels(k)),
            lambda attempt: Draw("another track", index, attempt).integer(len(tracks)),
        )[1]

    def noisy(self, clean: np.ndarray, draw: Draw, chance: float, snr: float) -> np.ndarray:
        """`[T]` with one noise, or as it is; noises are shorter than a conversation, and repeated."""
        if self.noise is None or not draw.chance(chance):
            return np.ascontiguousarray(clean, np.float32)
        piece = self.noise.cut(draw.integer(len(self.noise)), draw, min(len(clean), TRACK * RATE))
        return mix_at(clean, np.resize(piece, len(clean)), snr)[0]

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
