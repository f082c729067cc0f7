"""Stage two: landmarks and the example picture to pictures, and the discriminator that judges them.

Source: Chen et al. 2019, section 3.2 (VG-net: a convolutional recurrent net over pictures and landmarks, an attention
map between old and new features, and one between the example and new colours) and 3.3 (the regression-based
discriminator, which tells true from made and reads the landmarks off as well).

Deviation: the released training cuts the gradient between discriminator and generator, so that there the generator
learns from pixels alone; here it flows, as the paper has it. A layer of the released discriminator that nothing uses is
left out. All pictures of a piece share the statistics of a batch norm.

Conventions: pictures -1 to 1, `[B, 3, S, S]` or `[B, F, 3, S, S]`; landmarks as in `landmarks`; maps of features are at
S / 4 ("fine") and S / 16 ("coarse").

Contents: `ConvGru`, `VgNet`, `Made`, `Discriminator`.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.signal.landmarks import COUNT

from .landmarks import NUMBERS
from .recipe import AtvgnetRecipe


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, padding: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _up(inputs: int, outputs: int, bias: bool = False) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1, bias=bias)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class _Residual(nn.Module):
    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
            nn.Dropout(dropout), nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class ConvGru(nn.Module):
    """A gated recurrent layer (Cho et al. 2014) whose products are convolutions of 3 × 3, every other pixel.

    Args:
        inputs: channels.
        hidden: channels.
    """

    def __init__(self, inputs: int, hidden: int):
        super().__init__()
        self.hidden = hidden
        self.outer = nn.Conv2d(inputs, 3 * hidden, 3, padding=2, dilation=2)
        self.inner = nn.Conv2d(hidden, 3 * hidden, 3, padding=2, dilation=2)

    def forward(self, x: Tensor, state: Tensor | None = None) -> Tensor:
        """`[B, F, C, h, w]` to `[B, F, C', h, w]`; `state` `[B, C', h, w]` is what stands before the first."""
        outer = self.outer(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        if state is None:
            state = outer.new_zeros(len(x), self.hidden, *x.shape[3:])
        found = []
        for frame in outer.unbind(1):
            reset, keep, new = frame.chunk(3, 1)
            reset_in, keep_in, new_in = self.inner(state).chunk(3, 1)
            keep = torch.sigmoid(keep + keep_in)
            new = torch.tanh(new + torch.sigmoid(reset + reset_in) * new_in)
            state = keep * state + (1 - keep) * new
            found.append(state)
        return torch.stack(found, 1)


class Made(NamedTuple):
    """Pictures `[B, F, 3, S, S]`, the attention maps between example and colours `[B, F, 1, S, S]`, the last state."""

    pictures: Tensor
    attention: Tensor
    state: Tensor


class VgNet(nn.Module):
    """Landmarks and an example to pictures.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AtvgnetRecipe):
        super().__init__()
        w, self.coarse = recipe.width, recipe.size // 16
        self.fine_image = nn.Sequential(
            nn.ReflectionPad2d(3), *_conv(3, w, 7, 1, 0), *_conv(w, w, stride=2), *_conv(w, 2 * w, stride=2)
        )
        self.coarse_image = nn.Sequential(*_conv(2 * w, 4 * w, stride=2), *_conv(4 * w, 8 * w, stride=2))
        self.points = nn.Sequential(nn.Linear(NUMBERS, self.coarse**2), nn.ReLU(inplace=True))
        self.points_map = nn.Sequential(*_conv(1, 4 * w))
        self.points_wide = nn.Sequential(*_conv(4 * w, 8 * w))
        self.moving = nn.Sequential(
            *_up(8 * w, 4 * w, True), *_up(4 * w, 2 * w, True), nn.Conv2d(2 * w, 1, 3, 1, 1), nn.Sigmoid()
        )
        self.narrow = nn.Sequential(*_conv(16 * w, 2 * w))
        self.recurrent = ConvGru(2 * w, 8 * w)
        blocks = [_Residual(8 * w, recipe.dropout) for _ in range(recipe.blocks)]
        self.new = nn.Sequential(*blocks, *_up(8 * w, 4 * w), *_up(4 * w, 2 * w))
        self.base = nn.Sequential(*_up(2 * w, w), *_up(w, w // 2))
        self.colours = nn.Sequential(nn.Conv2d(w // 2, 3, 7, padding=3), nn.Tanh())
        self.attention = nn.Sequential(nn.Conv2d(w // 2, 1, 7, padding=3), nn.Sigmoid())
        if recipe.attention_start:
            nn.init.constant_(self.attention[0].bias, recipe.attention_start)

    def mapped(self, points: Tensor) -> Tensor:
        """`[N, 68, 2]` to `[N, 4 w, S / 16, S / 16]`."""
        return self.points_map(self.points(points.flatten(1)).unflatten(1, (1, self.coarse, self.coarse)))

    def forward(self, face: Tensor, example: Tensor, points: Tensor, state: Tensor | None = None) -> Made:
        """Make pictures.

        Args:
            face: `[B, 3, S, S]`, the example.
            example: `[B, 68, 2]`, its landmarks.
            points: `[B, F, 68, 2]`, those that are wanted.
            state: of the recurrent layer behind the picture before the first.
        """
        frames = points.shape[1]
        fine = self.fine_image(face)
        coarse = self.coarse_image(fine)
        still, wanted = self.mapped(example), self.mapped(points.flatten(0, 1))
        moving = self.moving(torch.cat([wanted, _each(still, frames)], 1))
        way = self.points_wide(wanted) - _each(self.points_wide(still), frames)
        narrow = self.narrow(torch.cat([_each(coarse, frames), way], 1))
        recurrent = self.recurrent(narrow.unflatten(0, (-1, frames)), state)
        new = self.new(recurrent.flatten(0, 1))
        base = self.base(_each(fine, frames) * (1 - moving) + new * moving)
        colours, attention = self._shown(base)
        pictures = attention * colours + (1 - attention) * _each(face, frames)
        return Made(*(x.unflatten(0, (-1, frames)) for x in (pictures, attention)), recurrent[:, -1])

    def _shown(self, base: Tensor) -> tuple[Tensor, Tensor]:
        """Colours and attention, `[N, 3, S, S]` and `[N, 1, S, S]`: both layers' convolutions as one of four filters.

        They see the same wide map, and what takes time is to bring it from memory.
        """
        (paint, tanh), (veil, sigmoid) = self.colours, self.attention
        weight, bias = torch.cat([paint.weight, veil.weight]), torch.cat([paint.bias, veil.bias])
        colours, attention = F.conv2d(base, weight, bias, padding=paint.padding).split([3, 1], 1)
        return tanh(colours), sigmoid(attention)


def _each(x: Tensor, frames: int) -> Tensor:
    """`[B, …]` to `[B · frames, …]`."""
    return x[:, None].expand(-1, frames, *(-1 for _ in x.shape[1:])).flatten(0, 1)


class Discriminator(nn.Module):
    """Pictures to whether they are true, as a piece, and to their landmarks, one by one.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AtvgnetRecipe):
        super().__init__()
        w, side = recipe.judge_width, recipe.size // 16
        self.image = nn.Sequential(
            nn.Conv2d(3, w, 3, 2, 1), nn.ReLU(inplace=True), *_conv(w, 2 * w, stride=2), *_conv(2 * w, 4 * w, stride=2),
            *_conv(4 * w, 8 * w, stride=2), nn.Flatten(), nn.Linear(8 * w * side * side, 8 * w), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.example = nn.Sequential(
            nn.Linear(NUMBERS, 4 * w), nn.ReLU(inplace=True), nn.Linear(4 * w, 8 * w), nn.ReLU(inplace=True)
        )
        self.lstm = nn.LSTM(16 * w, 4 * w, 3, batch_first=True)
        self.points = nn.Linear(4 * w, NUMBERS)
        self.decision = nn.Linear(4 * w, 1)

    def forward(self, pictures: Tensor, example: Tensor) -> tuple[Tensor, Tensor]:
        """Logits `[B]` and landmarks `[B, F, 68, 2]` of `[B, F, 3, S, S]`, given the example's `[B, 68, 2]`."""
        frames = pictures.shape[1]
        seen = self.image(pictures.flatten(0, 1)).unflatten(0, (-1, frames))
        known = self.example(example.flatten(1))[:, None].expand(-1, frames, -1)
        found, _ = self.lstm(torch.cat([known, seen], -1))
        moved = torch.tanh(self.points(found)).unflatten(-1, (COUNT, 2))
        return self.decision(found).mean((1, 2)), example[:, None] + moved
