"""Convolutions of 3 × 3 as the decoder has them, in forms that move less memory; results are those of the plain ones.

A convolution behind nearest-neighbour interpolation to the double size sees each pixel four times over. What it gives
at the four places of a doubled pixel hangs on that pixel and its neighbours, by sums of weights: it is a convolution of
four times as many filters at the single size, put in order. The mirrored edge of a doubled picture is the repeated edge
of the single one. So nothing of the double size is made but the result.

Conventions: `[N, C, H, W]`, channels last in memory, which is what processors multiply fastest.

Contents: `edged`, `doubled`, `mirrored`, `channels_last`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


class _Edged(torch.autograd.Function):
    """`F.pad` by one pixel, which makes its gradient many times faster where channels are last."""

    @staticmethod
    def forward(ctx, x: Tensor, inwards: int) -> Tensor:
        ctx.inwards = k = inwards
        n, c, h, w = x.shape
        size = (n, c, h + 2, w + 2)
        y = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        y[:, :, 1:-1, 1:-1] = x
        y[:, :, 0, 1:-1], y[:, :, -1, 1:-1] = x[:, :, k], x[:, :, -1 - k]
        y[..., 0], y[..., -1] = y[..., 1 + k], y[..., -2 - k]
        return y

    @staticmethod
    def backward(ctx, g: Tensor) -> tuple[Tensor, None]:
        k = ctx.inwards
        rows = g[..., 1:-1].clone(memory_format=torch.channels_last)
        rows[..., k] += g[..., 0]
        rows[..., -1 - k] += g[..., -1]
        inner = rows[:, :, 1:-1]
        inner[:, :, k] += rows[:, :, 0]
        inner[:, :, -1 - k] += rows[:, :, -1]
        return inner, None


def edged(x: Tensor, repeated: bool = False) -> Tensor:
    """`[N, C, H, W]` to `[N, C, H + 2, W + 2]`: the edge repeated, or mirrored without itself ("reflect")."""
    return _Edged.apply(x, 0 if repeated else 1)


def mirrored(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The convolution by `[O, C, 3, 3]` with a mirrored edge."""
    return F.conv2d(edged(x), weight, bias)


def doubled(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The same of `x` at the double size, by nearest neighbours: `[N, C, H, W]` to `[N, O, 2 H, 2 W]`."""
    four = None if bias is None else bias.repeat_interleave(4)
    return F.pixel_shuffle(F.conv2d(edged(x, repeated=True), _fourfold(weight), four), 2)


def channels_last(x: Tensor) -> Tensor:
    """The same numbers in the order that the convolutions here like."""
    return x.contiguous(memory_format=torch.channels_last)


def _fourfold(weight: Tensor) -> Tensor:
    """`[O, C, 3, 3]` to `[4 O, C, 3, 3]`; the four places of one filter follow each other, row by row."""
    rows = torch.stack(_halves(weight, 2), 1)
    return torch.stack(_halves(rows, 4), 2).flatten(0, 2)


def _halves(weight: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """What the first and the second of two doubled pixels see of the pixel before, their own and the one behind."""
    before, here, behind = weight.unbind(axis)
    none = torch.zeros_like(here)
    return torch.stack([before, here + behind, none], axis), torch.stack([none, before + here, behind], axis)
