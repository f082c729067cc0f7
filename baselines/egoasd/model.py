"""EgoASD: whether the face that is seen is the one that is heard, picture by picture, from the past alone.

Source: MUTUD, "Audiovisual Active Speaker Detection"; encoders of SyncNet (Chung and Zisserman 2016) without their
heads; self-attentive pooling (Cai et al. 2018) over the two features of a step, a causal LSTM over steps, a layer to
one number. A picture's video feature shows it and the four before it, its audio feature the 0.2 s up to its end.

Deviations: what MUTUD does not say is chosen (see `recipe`). Before a clip there is grey, and the first frame of
its MFCC; faces are used as they were tracked, not cut anew around the mouth. The convolution over space and time is
written as one over five pictures stacked as channels: the same weights and sums.

Conventions: faces `[B, F, H, W]` or `[B, F, H, W, 3]` uint8 at 25 fps; waves `[B, T]` at 16 kHz; features `[B, F, D]`
at 25 Hz; logits `[B, F]`. Names of the state dict: `video.*`, `audio.*`, `head.*`.

Contents: `VggAudio`, `VggVideo`, `SelfAttentivePool`, `Head`, `Egoasd`, `EgoasdVideo`.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mfcc import COEFFICIENTS, Mfcc
from .recipe import EgoasdRecipe

PICTURES = 5  # that one video feature shows
STEPS = 20  # MFCC frames that one audio feature hears, 100 a second
STEPS_PER_PICTURE = 4
MIDDLE, SPREAD = 128, 64  # levels; constants, so that the first picture does not know the last one
GREY = (0.299, 0.587, 0.114)
CHUNK = 64  # pictures at once where nothing is learned, so that memory does not grow with the length of a clip


def _layer(last: int, width: int, kernel, stride=1, padding=0) -> list[nn.Module]:
    return [nn.Conv2d(last, width, kernel, stride, padding), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]


class VggAudio(nn.Module):
    """Windows of 13 MFCC × 20 frames to one feature each.

    Args:
        widths: channels of the six convolutions.
    """

    def __init__(self, widths: Sequence[int]):
        super().__init__()
        one, two, three, four, five, six = widths
        self.mfcc = Mfcc()
        self.layers = nn.Sequential(
            *_layer(1, one, 3, 1, 1),
            *_layer(one, two, 3, 1, 1),
            nn.MaxPool2d(3, (1, 2)),
            *_layer(two, three, 3, 1, 1),
            *_layer(three, four, 3, 1, 1),
            *_layer(four, five, 3, 1, 1),
            nn.MaxPool2d(3, 2),
            *_layer(five, six, (5, 4)),
        )

    def forward(self, wave: Tensor, frames: int) -> Tensor:
        """Sound to `[B, frames, D]`; silence follows where it ends before the pictures."""
        steps = self.mfcc(wave, frames * STEPS_PER_PICTURE)
        early = steps[:, :1].expand(-1, STEPS - STEPS_PER_PICTURE, -1)
        windows = torch.cat([early, steps], 1).unfold(1, STEPS, STEPS_PER_PICTURE)  # [B, F, 13, 20]
        maps = windows.reshape(-1, 1, COEFFICIENTS, STEPS).to(self.layers[0].weight.dtype)
        return self.layers(maps).flatten(1).unflatten(0, (len(wave), frames))


class VggVideo(nn.Module):
    """Faces to one feature for each picture.

    Args:
        widths: channels of the six convolutions.
        side: pixels that a face is brought to.
        colours: 3 or 1.
    """

    def __init__(self, widths: Sequence[int], side: int, colours: int):
        super().__init__()
        one, two, three, four, five, six = widths
        self.side, self.colours = side, colours
        self.layers = nn.Sequential(
            *_layer(PICTURES * colours, one, 7, 2),
            nn.MaxPool2d(3, 2),
            *_layer(one, two, 5, 2, 1),
            nn.MaxPool2d(3, 2, 1),
            *_layer(two, three, 3, 1, 1),
            *_layer(three, four, 3, 1, 1),
            *_layer(four, five, 3, 1, 1),
            nn.MaxPool2d(3, 2),
            *_layer(five, six, _last_side(side)),
        )

    def forward(self, face: Tensor) -> Tensor:
        """`[B, F, H, W]` or `[B, F, H, W, 3]` uint8 to `[B, F, D]`."""
        frames = face.shape[1]
        if self.training:
            return self._see(face, 0, frames)
        return torch.cat([self._see(face, k, min(k + CHUNK, frames)) for k in range(0, frames, CHUNK)], 1)

    def _see(self, face: Tensor, begin: int, end: int) -> Tensor:
        """Features of pictures `begin` to `end`, from these and the four before them."""
        first = max(0, begin - PICTURES + 1)
        seen = self._prepared(face[:, first:end])  # [B, n, C, side, side]
        padded = F.pad(seen, (0, 0, 0, 0, 0, 0, PICTURES - 1 - (begin - first), 0), value=MIDDLE)
        count = end - begin
        stacked = torch.cat([padded[:, k : k + count] for k in range(PICTURES)], 2).flatten(0, 1)
        # Whole levels up to here, which are a quarter of the bytes to copy; and exact in bfloat16 once centred.
        stacked = stacked.contiguous(memory_format=torch.channels_last)
        levels = stacked.to(_computed_in(self.layers[0].weight)).sub_(MIDDLE).div_(SPREAD)
        maps = self.layers(levels)
        return maps.flatten(1).unflatten(0, (len(face), count))

    def _prepared(self, face: Tensor) -> Tensor:
        """`[B, n, C, side, side]` uint8."""
        maps = face[:, :, None] if face.ndim == 4 else face.permute(0, 1, 4, 2, 3)
        if maps.shape[2] != self.colours:
            grey = torch.tensor(GREY, device=face.device)[:, None, None]
            turn = maps.expand(-1, -1, 3, -1, -1) if self.colours == 3 else (maps * grey).sum(2, keepdim=True)
            maps = turn.round().to(torch.uint8) if turn.is_floating_point() else turn
        if maps.shape[-2:] == (self.side, self.side):
            return maps
        size = (self.side, self.side)
        resized = F.interpolate(maps.flatten(0, 1).float(), size=size, mode="bilinear", antialias=True)
        return resized.round().clamp(0, 255).to(torch.uint8).unflatten(0, maps.shape[:2])


def _computed_in(weight: Tensor) -> torch.dtype:
    """The type that a convolution of this weight works in."""
    kind = weight.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else weight.dtype


def _last_side(side: int) -> int:
    """Places along a side that the last convolution of `VggVideo` meets."""
    for kernel, stride, padding in ((7, 2, 0), (3, 2, 0), (5, 2, 1), (3, 2, 1), (3, 2, 0)):
        side = (side + 2 * padding - kernel) // stride + 1
    return side


class SelfAttentivePool(nn.Module):
    """One feature of several, weighted by how much each matters."""

    def __init__(self, dim: int):
        super().__init__()
        self.hidden = nn.Linear(dim, dim)
        self.context = nn.Parameter(torch.randn(dim) / dim**0.5)

    def forward(self, items: Tensor) -> Tensor:
        """`[..., n, D]` to `[..., D]`."""
        weights = torch.softmax((torch.tanh(self.hidden(items)) @ self.context).float(), -1)
        return (weights[..., None].to(items.dtype) * items).sum(-2)


class Head(nn.Module):
    """Features of both sides, or of the pictures alone, to logits.

    Args:
        dim: D.
        hidden: features of the LSTM.
        pools: whether there are two sides.
    """

    def __init__(self, dim: int, hidden: int, pools: bool):
        super().__init__()
        if pools:
            self.pool = SelfAttentivePool(dim)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, f_v: Tensor, f_a: Tensor | None = None) -> Tensor:
        """`[B, F, D]` each to `[B, F]`, positive where this face more probably speaks."""
        joined = f_v if f_a is None else self.pool(torch.stack([f_v, f_a], 2))
        return self.out(self.lstm(joined)[0]).squeeze(-1)


class Egoasd(nn.Module):
    """The audio-visual detector."""

    def __init__(self, recipe: EgoasdRecipe):
        super().__init__()
        self.video = VggVideo(recipe.video_widths, recipe.side, recipe.colours)
        self.audio = VggAudio(recipe.audio_widths)
        self.head = Head(recipe.video_widths[-1], recipe.hidden, pools=True)

    def forward(self, face: Tensor, wave: Tensor) -> Tensor:
        """Logits `[B, F]`."""
        return self.head(self.video(face), self.audio(wave, face.shape[1]))


class EgoasdVideo(nn.Module):
    """The detector that only looks."""

    def __init__(self, recipe: EgoasdRecipe):
        super().__init__()
        self.video = VggVideo(recipe.video_widths, recipe.side, recipe.colours)
        self.head = Head(recipe.video_widths[-1], recipe.hidden, pools=False)

    def forward(self, face: Tensor) -> Tensor:
        """Logits `[B, F]`."""
        return self.head(self.video(face))
