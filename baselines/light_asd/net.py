"""Light-ASD: a small detector of active speakers, as published.

Source: Liao et al. 2023, "A light weight model for active speaker detection", CVPR. Names and shapes are those of the
state dict that its authors publish (MIT), so that it loads as it is; what neither paper nor tensors say (eps of the
norms, pooling, order of normalisation and nonlinearity) is known from the authors' repository.

Two paths of small kernels in every block, space before time for pictures, coefficients before time for sound; features
of both sides are added, passed by a GRU forwards and by another backwards, and told by two outputs, whose second is the
score. The state dict's third part, `lossV`, is a classifier on pictures alone that helps in training and is not asked.

Conventions: faces `[B, F, 112, 112]` grey, 0 to 255, 25 fps; MFCC `[B, 4 F, 13]`; scores `[B, F]`, positive where this
face more probably speaks.

Contents: `LightAsd`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN, DEVIATION = 0.4161, 0.1688  # of faces between 0 and 1
EPS, MOMENTUM = 1e-3, 0.01
WIDTHS = (32, 64, 128)


class LightAsd(nn.Module):
    """The detector."""

    def __init__(self):
        super().__init__()
        self.model = nn.Module()
        self.model.visualEncoder = _VisualEncoder()
        self.model.audioEncoder = _AudioEncoder()
        self.model.GRU = _TwoWays(WIDTHS[-1])
        self.lossAV, self.lossV = nn.Module(), nn.Module()
        self.lossAV.FC, self.lossV.FC = nn.Linear(WIDTHS[-1], 2), nn.Linear(WIDTHS[-1], 2)

    def forward(self, face: Tensor, mfcc: Tensor) -> Tensor:
        """Scores: the second output, before any softmax."""
        seen = self.model.visualEncoder((face.float() / 255 - MEAN) / DEVIATION)
        heard = self.model.audioEncoder(mfcc)
        return self.lossAV.FC(self.model.GRU(seen + heard))[..., 1]


class _Block(nn.Module):
    """Two paths, of kernel 3 and of kernel 5, added and mixed.

    Args:
        inputs: channels in.
        outputs: channels out.
        solid: pictures over time; else coefficients over time.
        halves: the first convolution of a path has stride 2 in space.
    """

    def __init__(self, inputs: int, outputs: int, solid: bool, halves: bool = False):
        super().__init__()
        conv, norm, self.first = (nn.Conv3d, nn.BatchNorm3d, "s") if solid else (nn.Conv2d, nn.BatchNorm2d, "m")
        for k in (3, 5):
            here, then = ((1, k, k), (k, 1, 1)) if solid else ((k, 1), (1, k))
            stride = (1, 2, 2) if halves else 1
            for name, wide, kernel, step in ((self.first, inputs, here, stride), ("t", outputs, then, 1)):
                padding = tuple(n // 2 for n in kernel)
                self.add_module(f"{name}_{k}", conv(wide, outputs, kernel, step, padding, bias=False))
                self.add_module(f"bn_{name}_{k}", norm(outputs, EPS, MOMENTUM))
        self.last = conv(outputs, outputs, 1, bias=False)
        self.bn_last = norm(outputs, EPS, MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, inputs, ...]` to `[B, outputs, ...]`."""
        both = sum(self._path(x, k) for k in (3, 5))
        return F.relu(self.bn_last(self.last(both)))

    def _path(self, x: Tensor, k: int) -> Tensor:
        for name in (f"{self.first}_{k}", f"t_{k}"):
            x = F.relu(getattr(self, f"bn_{name}")(getattr(self, name)(x)))
        return x


class _VisualEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        last = 1
        for k, width in enumerate(WIDTHS, start=1):
            self.add_module(f"block{k}", _Block(last, width, solid=True, halves=k == 1))
            last = width
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))

    def forward(self, face: Tensor) -> Tensor:
        """`[B, F, H, W]` to `[B, F, 128]`."""
        maps = self.pool(self.block1(face[:, None]))
        maps = self.block3(self.pool(self.block2(maps)))
        return maps.amax((3, 4)).transpose(1, 2)


class _AudioEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        last = 1
        for k, width in enumerate(WIDTHS, start=1):
            self.add_module(f"block{k}", _Block(last, width, solid=False))
            last = width
        self.pool = nn.MaxPool2d((1, 3), (1, 2), (0, 1))

    def forward(self, mfcc: Tensor) -> Tensor:
        """`[B, 4 F, 13]` to `[B, F, 128]`."""
        maps = self.pool(self.block1(mfcc[:, None].transpose(2, 3)))
        maps = self.block3(self.pool(self.block2(maps)))
        return maps.mean(2).transpose(1, 2)


class _TwoWays(nn.Module):
    """One GRU, and another one backwards over what it gives."""

    def __init__(self, width: int):
        super().__init__()
        self.gru_forward = nn.GRU(width, width, batch_first=True)
        self.gru_backward = nn.GRU(width, width, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, F, width]` to the same."""
        onward = F.gelu(self.gru_forward(x)[0])
        return F.gelu(torch.flip(self.gru_backward(torch.flip(onward, (1,)))[0], (1,)))
