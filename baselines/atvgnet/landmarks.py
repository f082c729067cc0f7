"""Stage one: speech and the landmarks of the example to landmarks of every picture; and what finds the example's.

Source: Chen et al. 2019, section 3.1 (AT-net): MFCC of 280 ms around a picture through convolutions, the example's
landmarks through two layers, both into an LSTM, which predicts coefficients of principal components.

Deviations: the authors normalise identity away before they compute components; here components are those of movement
(landmarks less the mean of their clip), what is predicted is how far they have moved from the example, and what
components do not hold is kept from the example: so faces keep their own shape. Landmarks of the example are those of
dlib in the paper, and those of a small net here, `Finder`, which learns along from the same clips: the point finder of
the harness is a judge, and who asks the judge for an answer would be judged by itself.

Conventions: landmarks `[…, 68, 2]` in halves of the picture, -1 to 1 from edge to edge; waves `[B, T]` at 16 kHz;
coefficients `[…, K]` in units of the first one's standard deviation.

Contents: `to_units`, `Movement`, `components_of`, `AtNet`, `Finder`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.signal.landmarks import COUNT
from avbench.signal.video import SAMPLES_PER_FRAME

from ..egoasd.mfcc import COEFFICIENTS, Mfcc
from .recipe import AtvgnetRecipe

NUMBERS = 2 * COUNT
STEPS = 4  # MFCC frames to a picture
State = tuple[Tensor, Tensor]


def to_units(points: Tensor, size: int) -> Tensor:
    """Pixels, (0, 0) being the centre of the first one, to halves of the picture."""
    return (points + 0.5) * (2 / size) - 1


class Movement(nn.Module):
    """The components of how landmarks move, as buffers.

    Args:
        components: how many, K.
    """

    def __init__(self, components: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(NUMBERS))
        self.register_buffer("basis", torch.zeros(NUMBERS, components))
        self.register_buffer("scale", torch.ones(1))

    def take(self, mean: Tensor, basis: Tensor, scale: Tensor) -> None:
        """Take what `components_of` gave."""
        for name, value in (("mean", mean), ("basis", basis), ("scale", scale)):
            getattr(self, name).copy_(value)

    def coefficients(self, points: Tensor, origin: Tensor | None = None) -> Tensor:
        """`[…, 68, 2]` to `[…, K]`, counted from `[…, 68, 2]`, or from the mean face."""
        off = points.flatten(-2) - (self.mean if origin is None else origin.flatten(-2))
        return off @ self.basis / self.scale

    def moved(self, origin: Tensor, coefficients: Tensor) -> Tensor:
        """`[B, 68, 2]` and `[B, F, K]` to `[B, F, 68, 2]`."""
        return origin[:, None] + (coefficients * self.scale @ self.basis.T).unflatten(-1, (COUNT, 2))


def components_of(clips: list[Tensor], components: int) -> tuple[Tensor, Tensor, Tensor]:
    """The mean face, `[136]`; the components, `[136, K]`; the standard deviation along the first one, `[1]`.

    Args:
        clips: `[F, 68, 2]` each.
        components: how many.
    """
    flat = [clip.flatten(1).double() for clip in clips]
    moves = torch.cat([clip - clip.mean(0) for clip in flat])
    values, vectors = torch.linalg.eigh(moves.T @ moves / len(moves))
    basis = vectors[:, -components:].flip(1)
    largest = basis.gather(0, basis.abs().argmax(0, keepdim=True))
    mean = torch.cat(flat).mean(0)
    return mean.float(), (basis * largest.sign()).float(), values[-1:].sqrt().float()


def _layer(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _two(inputs: int, widths: tuple[int, int]) -> nn.Sequential:
    one, two = widths
    return nn.Sequential(nn.Linear(inputs, one), nn.ReLU(inplace=True), nn.Linear(one, two), nn.ReLU(inplace=True))


class AtNet(nn.Module):
    """Speech and an example to movement.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AtvgnetRecipe):
        super().__init__()
        self.before = recipe.before
        self.window = (2 * recipe.before + 1) * STEPS
        one, two, three, four, five = recipe.sound_widths
        self.mfcc = Mfcc()
        self.sound = nn.Sequential(
            *_layer(1, one), *_layer(one, two), nn.MaxPool2d(3, (1, 2)),
            *_layer(two, three), *_layer(three, four), *_layer(four, five), nn.MaxPool2d(3, (2, 2)),
        )  # fmt: skip
        left = ((self.window - 2) - 3) // 2 + 1  # of the steps, and two of the coefficients
        self.connected = _two(five * left * 2, recipe.sound_connected)
        self.example = _two(recipe.components, recipe.point_connected)
        inputs = recipe.sound_connected[1] + recipe.point_connected[1]
        self.lstm = nn.LSTM(inputs, recipe.hidden, recipe.layers, batch_first=True)
        self.last = nn.Linear(recipe.hidden, recipe.components)

    def windows(self, wave: Tensor, frames: int) -> Tensor:
        """`[B, frames, 28, 12]`: the coefficients around each picture; silence lies before and behind the wave."""
        ahead = self.before * SAMPLES_PER_FRAME
        steps = (frames + 2 * self.before) * STEPS
        found = self.mfcc(F.pad(wave, (ahead, 0)), steps)[..., 1:]  # without the first, which is the level
        return found.unfold(1, self.window, STEPS).transpose(2, 3)

    def forward(self, windows: Tensor, example: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Coefficients of movement from the example on.

        Args:
            windows: `[B, F, 28, 12]`.
            example: `[B, K]` coefficients of the example, counted from the mean face.
            state: of the LSTM behind the picture before the first.

        Returns:
            `[B, F, K]`, and the state behind the last.
        """
        frames = windows.shape[1]
        heard = self.connected(self.sound(windows.flatten(0, 1)[:, None]).flatten(1)).unflatten(0, (-1, frames))
        shown = self.example(example)[:, None].expand(-1, frames, -1)
        found, state = self.lstm(torch.cat([shown, heard], -1), state)
        return self.last(found), state


class Finder(nn.Module):
    """A registered picture of a face to its landmarks.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AtvgnetRecipe):
        super().__init__()
        layers, last = [], 3
        for width in recipe.finder_widths:
            layers += [nn.Conv2d(last, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            last = width
        side = recipe.size // 2 ** len(recipe.finder_widths)
        self.layers = nn.Sequential(*layers, nn.Conv2d(last, 16, 1), nn.Flatten())
        self.last = nn.Linear(16 * side * side, NUMBERS)

    def forward(self, face: Tensor) -> Tensor:
        """`[B, 3, S, S]`, -1 to 1, to how far each point lies from the mean face, `[B, 68, 2]`."""
        return self.last(self.layers(face)).unflatten(-1, (COUNT, 2))


assert COEFFICIENTS == 13  # two are left of twelve behind both poolings
