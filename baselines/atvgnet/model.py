"""ATVGnet as it is deployed: one picture of a face and speech to a film, and as it learns: with its discriminator.

Conventions: waves `[B, T]` at 16 kHz, T of any length, a picture every 640 samples; faces `[B, S, S, 3]` uint8.

Contents: `Atvgnet`, `Learner`.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from avbench.signal.video import frames_for

from .landmarks import AtNet, Finder, Movement
from .pictures import Discriminator, VgNet
from .recipe import AtvgnetRecipe

CHUNK = 25  # pictures that are made at a time, so that memory does not grow with the length of the speech


class Atvgnet(nn.Module):
    """Both stages, and what finds the landmarks of the picture that is shown.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AtvgnetRecipe):
        super().__init__()
        self.movement = Movement(recipe.components)
        self.finder = Finder(recipe)
        self.stage_one = AtNet(recipe)
        self.stage_two = VgNet(recipe)

    def landmarks(self, face: Tensor) -> Tensor:
        """`[B, 3, S, S]`, -1 to 1, to `[B, 68, 2]`."""
        return self.finder(face) + self.movement.mean.unflatten(0, (-1, 2))

    def forward(self, wave: Tensor, face: Tensor) -> Tensor:
        """`[B, F, S, S, 3]` uint8."""
        return torch.cat(list(self.pieces(wave, face)), 1)

    def pieces(self, wave: Tensor, face: Tensor) -> Iterator[Tensor]:
        """The same piece by piece."""
        shown = to_net(face)
        example = self.landmarks(shown)
        known = self.movement.coefficients(example)
        windows = self.stage_one.windows(wave, frames_for(wave.shape[1]))
        hidden = state = None
        for part in windows.split(CHUNK, 1):
            moved, hidden = self.stage_one(part, known, hidden)
            made = self.stage_two(shown, example, self.movement.moved(example, moved), state)
            state = made.state
            yield to_pictures(made.pictures)


class Learner(nn.Module):
    """The net and its discriminator.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AtvgnetRecipe):
        super().__init__()
        self.net = Atvgnet(recipe)
        self.discriminator = Discriminator(recipe)


def to_net(pictures: Tensor) -> Tensor:
    """`[…, S, S, 3]` uint8 to `[…, 3, S, S]` from -1 to 1."""
    return pictures.movedim(-1, -3).float() / 127.5 - 1


def to_pictures(pictures: Tensor) -> Tensor:
    """`[…, 3, S, S]` from -1 to 1 to `[…, S, S, 3]` uint8."""
    return ((pictures.movedim(-3, -1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
