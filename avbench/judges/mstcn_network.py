"""The network of the MS-TCN lip reader.

Source: Martinez, Ma, Petridis and Pantic 2020, "Lipreading using Temporal Convolutional Networks", ICASSP: a
spatio-temporal convolution and a ResNet-18 per frame, a temporal network of four blocks, each with three branches of
kernels 3, 5 and 7, the mean over time, a linear layer. Sizes that the paper leaves open, and the names of the tensors,
are those of the weights that its authors published.

Conventions: `[B, 1, F, 88, 88]` in, `[B, words]` logits out. Names of modules are names in the weight file. Dropout
does nothing in evaluation and is left out.

Contents: `LipReader`, `ACTIVATIONS`.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

KERNELS = (3, 5, 7)
BRANCH = 256
"""Channels of each branch."""

LEVELS = 4

ACTIVATIONS: dict[str, Callable[[int], nn.Module]] = {
    "prelu": nn.PReLU,
    "relu": lambda channels: nn.ReLU(),
    "swish": lambda channels: nn.SiLU(),
}
"""By the name that the configurations of the published weights use; each takes the number of channels."""

Activation = Callable[[int], nn.Module]


class LipReader(nn.Module):
    """Crops of a mouth to the word that it says.

    Args:
        words: how many.
        activation: one of `ACTIVATIONS`.
    """

    def __init__(self, words: int, activation: str):
        super().__init__()
        act = ACTIVATIONS[activation]
        self.frontend3D = nn.Sequential(
            nn.Conv3d(1, 64, (5, 7, 7), stride=(1, 2, 2), padding=(2, 3, 3), bias=False),
            nn.BatchNorm3d(64),
            act(64),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
        )
        self.trunk = Trunk(act)
        self.tcn = Temporal(words, act)

    def forward(self, video: Tensor) -> Tensor:
        """`[B, 1, F, 88, 88]` to `[B, words]`."""
        maps = self.frontend3D(video).transpose(1, 2)  # [B, F, 64, 22, 22]
        return self.tcn(self.trunk(maps.flatten(0, 1)).unflatten(0, maps.shape[:2]))


class Trunk(nn.Module):
    """ResNet-18 without its stem: `[N, 64, 22, 22]` to `[N, 512]`."""

    def __init__(self, act: Activation):
        super().__init__()
        wide = 64
        for stage, out in enumerate((64, 128, 256, 512), start=1):
            blocks = nn.Sequential(Residual(wide, out, 1 if stage == 1 else 2, act), Residual(out, out, 1, act))
            self.add_module(f"layer{stage}", blocks)
            wide = out

    def forward(self, maps: Tensor) -> Tensor:
        """One vector per picture."""
        return self.layer4(self.layer3(self.layer2(self.layer1(maps)))).mean(dim=(2, 3))


class Residual(nn.Module):
    """Two 3 × 3 convolutions and a shortcut, which is itself a convolution where the shape changes."""

    def __init__(self, wide: int, out: int, stride: int, act: Activation):
        super().__init__()
        self.conv1 = nn.Conv2d(wide, out, 3, stride, padding=1, bias=False)
        self.bn1, self.relu1 = nn.BatchNorm2d(out), act(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2, self.relu2 = nn.BatchNorm2d(out), act(out)
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(wide, out, 1, stride, bias=False), nn.BatchNorm2d(out))
        else:
            self.downsample = nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, wide, H, W]` to `[N, out, H / stride, W / stride]`."""
        inner = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(maps)))))
        return self.relu2(inner + self.downsample(maps))


class Temporal(nn.Module):
    """The multi-scale temporal network, the mean over time and the classifier: `[B, F, 512]` to `[B, words]`."""

    def __init__(self, words: int, act: Activation):
        super().__init__()
        wide = BRANCH * len(KERNELS)
        self.mb_ms_tcn = nn.Module()
        self.mb_ms_tcn.network = nn.Sequential(
            *(Level(512 if k == 0 else wide, wide, dilation=2**k, act=act) for k in range(LEVELS))
        )
        self.tcn_output = nn.Linear(wide, words)

    def forward(self, features: Tensor) -> Tensor:
        """Logits."""
        return self.tcn_output(self.mb_ms_tcn.network(features.transpose(1, 2)).mean(dim=2))


class Level(nn.Module):
    """Two rows of branches and a shortcut by a convolution of kernel 1, which every level has."""

    def __init__(self, wide: int, out: int, dilation: int, act: Activation):
        super().__init__()
        for row, channels in enumerate((wide, out)):
            for k, kernel in enumerate(KERNELS):
                self.add_module(f"cbcr{row}_{k}", Branch(channels, kernel, dilation, act))
        self.downsample = nn.Conv1d(wide, out, 1)
        self.relu_final = act(out)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, wide, F]` to `[B, out, F]`."""
        inner = x
        for row in range(2):
            inner = torch.cat([getattr(self, f"cbcr{row}_{k}")(inner) for k in range(len(KERNELS))], dim=1)
        return self.relu_final(inner + self.downsample(x))


class Branch(nn.Module):
    """A dilated convolution that keeps the length, as much context before as after."""

    def __init__(self, channels: int, kernel: int, dilation: int, act: Activation):
        super().__init__()
        self.conv = nn.Conv1d(channels, BRANCH, kernel, padding=(kernel - 1) // 2 * dilation, dilation=dilation)
        self.batchnorm = nn.BatchNorm1d(BRANCH)
        self.non_lin = act(BRANCH)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, channels, F]` to `[B, 256, F]`."""
        return self.non_lin(self.batchnorm(self.conv(x)))
