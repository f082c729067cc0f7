"""The lip encoder: one convolution over space and time, then a ResNet-18 on every frame.

Source: MUTUD section IV-B ("a 3D convolutional layer followed by a ResNet18"), with the sizes of the lip-reading nets
it cites: kernel 5x7x7, stride 1x2x2, max-pool 3x3. It is made causal by padding time on the left only (the usual
padding of two on both sides would look two frames ahead); the count of parameters is the same.

Conventions: mouth crops are `[B, F, 88, 88]` uint8 grey at 25 fps; features are `[B, F, D]`.

Contents: `VideoEncoder`, `stacked_crops`, `residual_blocks`, `fit_frames`.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Mean and deviation of grey mouth crops, as lip-reading nets use them. Constants, not statistics of the clip, because
# those would let the first frame know the last one.
MEAN, DEVIATION = 0.421 * 255, 0.165 * 255
TAPS = 5  # frames that the first convolution sees: in `VideoEncoder` this one and the four before it


class VideoEncoder(nn.Module):
    """Mouth crops to one feature vector per video frame.

    The first convolution, 5x7x7 in time and space, is written as a 7x7 convolution of five frames stacked as channels:
    the same weights and sums, and several times faster on a CPU.

    Args:
        widths: channels of the four ResNet stages; the first is also that of the first convolution.
        dim: D, features per frame after the projection (linear and batch norm).
    """

    whole_segments = False  # reads from short pieces of many clips: five frames are all it ever sees

    def __init__(self, widths: Sequence[int], dim: int):
        super().__init__()
        front = nn.Conv2d(TAPS, widths[0], 7, 2, 3, bias=False)
        self.front = nn.Sequential(front, nn.BatchNorm2d(widths[0]), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.trunk = nn.Sequential(*residual_blocks(widths), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.project = nn.Sequential(nn.Linear(widths[-1], dim), nn.BatchNorm1d(dim))

    def forward(self, mouth: Tensor) -> Tensor:
        """`[B, F, 88, 88]` uint8 to `[B, F, D]`."""
        stacked = stacked_crops(mouth, TAPS - 1, self.front[0].weight.dtype)
        return self.project(self.trunk(self.front(stacked))).unflatten(0, mouth.shape[:2])


def stacked_crops(mouth: Tensor, before: int, dtype: torch.dtype) -> Tensor:
    """Crops, normalised, each with its neighbours as channels.

    Outside the clip there is grey (zero after normalisation), not a copy of a frame at its end.

    Args:
        mouth: `[B, F, 88, 88]` uint8.
        before: so many of the five pictures come before the frame's own, 4 (causal) or 2 (centred).
        dtype: wanted.

    Returns:
        `[B F, 5, 88, 88]`, channels last in memory.
    """
    frames = mouth.shape[1]
    padded = F.pad((mouth.to(dtype) - MEAN) / DEVIATION, (0, 0, 0, 0, before, TAPS - 1 - before))
    stacked = torch.stack([padded[:, i : i + frames] for i in range(TAPS)], 2).flatten(0, 1)
    return stacked.contiguous(memory_format=torch.channels_last)


def residual_blocks(widths: Sequence[int]) -> list[nn.Module]:
    """The basic blocks of a ResNet-18 whose stages have these channels; the first is also that of the maps it takes."""
    blocks, last = [], widths[0]
    for stage, width in enumerate(widths):
        for first in (True, False):
            blocks.append(_Residual(last, width, 2 if stage and first else 1))
            last = width
    return blocks


class _Residual(nn.Module):
    """The basic block of ResNet-18."""

    def __init__(self, channels_in: int, channels_out: int, stride: int):
        super().__init__()
        self.first = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.norm_first, self.norm_second = nn.BatchNorm2d(channels_out), nn.BatchNorm2d(channels_out)
        self.short = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            down = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.short = nn.Sequential(down, nn.BatchNorm2d(channels_out))

    def forward(self, maps: Tensor) -> Tensor:
        inner = F.relu(self.norm_first(self.first(maps)), inplace=True)
        return F.relu(self.norm_second(self.second(inner)) + self.short(maps), inplace=True)


def fit_frames(features: Tensor, frames: int, times: int) -> Tensor:
    """Bring features of the video's rate to the frames of a spectrum.

    Audio frame t belongs to video frame t // times. Where the video is shorter its last frame stays, so the one
    spectral frame beyond the last hop of a clip, and a video that ends early, see the last picture.

    Args:
        features: `[B, F, D]`, F > 0.
        frames: wanted.
        times: audio frames per video frame, K.

    Returns:
        `[B, frames, D]`.
    """
    index = (torch.arange(frames, device=features.device) // times).clamp_(max=features.shape[1] - 1)
    return features[:, index]
