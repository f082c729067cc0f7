"""What VisualVoice sees: a lip net (one convolution over space and time, ShuffleNetV2, a temporal convolutional net)
and a face net.

Sources: Gao and Grauman 2021 (VisualVoice) for the parts and sizes; Ma et al. 2018, "ShuffleNet V2: practical
guidelines for efficient CNN architecture design", section 3 and Table 5, for its units; Bai et al. 2018, "An empirical
evaluation of generic convolutional and recurrent networks for sequence modeling", section 3, for the temporal blocks.

Conventions: mouth crops are `[B, F, 88, 88]` uint8 grey at 25 fps, faces `[B, 3, 224, 224]` in 0 to 1; features are
`[B, F, D]`. All convolutions over time are centred: a feature knows `PICTURES_AHEAD` pictures after its own.

Contents: `LipNet`, `ShuffleNetV2`, `FaceNet`, `PICTURES_AHEAD`, `FACE_DIM`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .video import TAPS, residual_blocks, stacked_crops

REPEATS = (4, 8, 4)  # units of ShuffleNetV2's three stages
DILATIONS = (1, 2, 4, 8)  # of the four layers of the temporal net, each two convolutions with a kernel of 3
DROPOUT = 0.2
PICTURES_AHEAD = TAPS // 2 + 2 * sum(DILATIONS)
FACE_DIM = 128


class LipNet(nn.Module):
    """Mouth crops to one feature vector per picture.

    Args:
        widths: channels of the first convolution, of ShuffleNetV2's three stages and of its last convolution.
        dim: D, channels of the temporal net.
    """

    whole_segments = True  # is to learn to read from long pieces: pictures far away matter, and so does their absence

    def __init__(self, widths: Sequence[int], dim: int):
        super().__init__()
        front = nn.Conv2d(TAPS, widths[0], 7, 2, 3, bias=False)  # 5x7x7 over stacked pictures, see `stacked_crops`
        self.front = nn.Sequential(front, nn.BatchNorm2d(widths[0]), nn.PReLU(widths[0]), nn.MaxPool2d(3, 2, 1))
        self.trunk = nn.Sequential(ShuffleNetV2(widths), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        befores = (widths[-1], *(dim for _ in DILATIONS[1:]))
        self.temporal = nn.Sequential(*(_Temporal(a, dim, d) for a, d in zip(befores, DILATIONS, strict=True)))

    def forward(self, mouth: Tensor) -> Tensor:
        """`[B, F, 88, 88]` uint8 to `[B, F, D]`."""
        stacked = stacked_crops(mouth, TAPS // 2, self.front[0].weight.dtype)
        pictures = self.trunk(self.front(stacked)).unflatten(0, mouth.shape[:2])
        return self.temporal(pictures.transpose(1, 2)).transpose(1, 2)


class ShuffleNetV2(nn.Module):
    """The stages of ShuffleNetV2 and its last convolution, without what comes before and after.

    Args:
        widths: channels in, of the three stages (even), and out.
    """

    def __init__(self, widths: Sequence[int]):
        super().__init__()
        units: list[nn.Module] = []
        for before, width, repeats in zip(widths[:3], widths[1:4], REPEATS, strict=True):
            units += [_Shrink(before, width), *(_Shuffle(width) for _ in range(repeats - 1))]
        self.units = nn.Sequential(*units)
        self.last = nn.Sequential(*_pointwise(widths[3], widths[4]))

    def forward(self, maps: Tensor) -> Tensor:
        """`[B, C, H, W]` to `[B, C', H / 8, W / 8]`, rounded up."""
        return self.last(self.units(maps))


class _Shuffle(nn.Module):
    """Half of the channels pass, the other half is convolved, and both are mixed."""

    def __init__(self, width: int):
        super().__init__()
        half = width // 2
        self.convolved = nn.Sequential(*_pointwise(half, half), *_depthwise(half, 1), *_pointwise(half, half))

    def forward(self, maps: Tensor) -> Tensor:
        passed, rest = maps.chunk(2, 1)
        return _mix(passed, self.convolved(rest))


class _Shrink(nn.Module):
    """Both branches see all channels and halve the picture."""

    def __init__(self, before: int, width: int):
        super().__init__()
        half = width // 2
        self.short = nn.Sequential(*_depthwise(before, 2), *_pointwise(before, half))
        self.convolved = nn.Sequential(*_pointwise(before, half), *_depthwise(half, 2), *_pointwise(half, half))

    def forward(self, maps: Tensor) -> Tensor:
        return _mix(self.short(maps), self.convolved(maps))


def _pointwise(before: int, width: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)


def _depthwise(width: int, stride: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(width, width, 3, stride, 1, groups=width, bias=False), nn.BatchNorm2d(width)


def _mix(one: Tensor, other: Tensor) -> Tensor:
    """Channels of both in turn: what the paper calls a shuffle in two groups."""
    return torch.stack([one, other], 2).flatten(1, 2)


class _Temporal(nn.Module):
    """Two dilated convolutions over time, centred, and a way around them."""

    def __init__(self, before: int, width: int, dilation: int):
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (before, width):
            conv = nn.Conv1d(channels, width, 3, padding=dilation, dilation=dilation)
            layers += [conv, nn.BatchNorm1d(width), nn.PReLU(width), nn.Dropout(DROPOUT)]
        self.layers, self.out = nn.Sequential(*layers), nn.PReLU(width)
        self.short = nn.Identity() if before == width else nn.Conv1d(before, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.out(self.layers(features) + self.short(features))


class FaceNet(nn.Module):
    """One picture of a face to 128 features of who it is: ResNet-18 and a linear layer."""

    def __init__(self):
        super().__init__()
        front = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.front = nn.Sequential(front, nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.trunk = nn.Sequential(*residual_blocks((64, 128, 256, 512)), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.out = nn.Linear(512, FACE_DIM)

    def forward(self, face: Tensor) -> Tensor:
        """`[B, 3, 224, 224]` to `[B, 128]`."""
        return self.out(self.trunk(self.front(face)))
