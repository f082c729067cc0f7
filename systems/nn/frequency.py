"""Gated convolutions along frequency as matrix products, for training in bfloat16 on a processor.

The nets' convolutions see one frame, have three taps and step by two bins. The libraries' kernels for such shapes leave
most of a processor's matrix unit idle, and a gate that lies beside its values in one tensor is read in small pieces.
Here values and gates are products of their own over unfolded bins, forward and backward. Same weights, same sums; only
the rounding differs. Unfolding and folding are each other's adjoint, so each is the backward pass of the other.

Conventions: maps `[B, C, T, F]` in any memory layout; results are laid out channels last. A weight holds the values'
channels first and the gates' second.

Contents: `wanted`, `gated_conv`, `gated_deconv`.
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

TAPS, STEP = 3, 2


def wanted(maps: Tensor, training: bool) -> bool:
    """Whether the products pay: in training, on a processor, in bfloat16."""
    bfloat16 = torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
    return training and bfloat16 and maps.device.type == "cpu"


def gated_conv(maps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """`F.glu(F.conv2d(maps, weight, bias, stride=(1, 2)), 1)`.

    Args:
        maps: `[B, C, T, F]`.
        weight: `[2 C', C, 1, 3]`.
        bias: `[2 C']`.

    Returns:
        `[B, C', T, (F - 3) // 2 + 1]` in bfloat16.
    """
    return _GatedConv.apply(maps, weight, bias)


def gated_deconv(maps: Tensor, weight: Tensor, bias: Tensor, extra: int) -> Tensor:
    """`F.glu(F.conv_transpose2d(maps, weight, bias, stride=(1, 2), output_padding=(0, extra)), 1)`.

    Args:
        maps: `[B, C, T, F]`.
        weight: `[C, 2 C', 1, 3]`.
        bias: `[2 C']`.
        extra: 0 or 1.

    Returns:
        `[B, C', T, 2 F + 1 + extra]` in bfloat16.
    """
    return _GatedDeconv.apply(maps, weight, bias, extra)


class _GatedConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        columns = _unfold(_rows(maps))
        matrices = [part[:, :, 0].permute(2, 1, 0).flatten(0, 1).bfloat16() for part in weight.chunk(2)]  # [3 C, C']
        biases = bias.bfloat16().chunk(2)
        values, gates = (torch.addmm(b, columns, m) for m, b in zip(matrices, biases, strict=True))
        gates.sigmoid_()
        ctx.save_for_backward(columns, *matrices, values, gates)
        ctx.shape = maps.shape
        return _maps(values * gates, maps.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor):
        columns, to_values, to_gates, values, gates = ctx.saved_tensors
        sides = _through_gate(_rows(gradient).flatten(0, 1), values, gates)
        to_weight = [(columns.T @ side).float().unflatten(0, (TAPS, -1)).permute(2, 1, 0)[:, :, None] for side in sides]
        to_maps = None
        if ctx.needs_input_grad[0]:
            parts = (sides[0] @ to_values.T).addmm_(sides[1], to_gates.T)
            parts = parts.view(ctx.shape[0] * ctx.shape[2], -1, TAPS, ctx.shape[1])
            to_maps = _maps(_fold(parts, ctx.shape[3]), ctx.shape)
        return to_maps, torch.cat(to_weight), torch.cat([side.sum(0, dtype=torch.float32) for side in sides])


class _GatedDeconv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps: Tensor, weight: Tensor, bias: Tensor, extra: int) -> Tensor:
        rows = _rows(maps)
        flat = rows.flatten(0, 1)
        bins = STEP * maps.shape[3] + 1 + extra
        matrices = [part[:, :, 0].transpose(1, 2).flatten(1).bfloat16() for part in weight.chunk(2, 1)]  # [C, 3 C']
        values, gates = (
            _fold((flat @ m).view(*rows.shape[:2], TAPS, -1), bins).add_(b)
            for m, b in zip(matrices, bias.bfloat16().chunk(2), strict=True)
        )
        gates.sigmoid_()
        ctx.save_for_backward(flat, *matrices, values, gates)
        ctx.shape = maps.shape
        return _maps(values * gates, maps.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor):
        flat, to_values, to_gates, values, gates = ctx.saved_tensors
        sides = _through_gate(_rows(gradient), values, gates)
        columns = [_unfold(side, ctx.shape[3]) for side in sides]
        to_weight = [(flat.T @ c).float().unflatten(1, (TAPS, -1)).transpose(1, 2)[:, :, None] for c in columns]
        rows = (columns[0] @ to_values.T).addmm_(columns[1], to_gates.T)
        to_bias = torch.cat([side.sum((0, 1), dtype=torch.float32) for side in sides])
        return _maps(rows, ctx.shape), torch.cat(to_weight, 1), to_bias, None


def _through_gate(gradient: Tensor, values: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of values and of gates before their sigmoid, from that of `values * gates`."""
    of_values = gradient * gates
    of_gates = of_values * values
    return of_values, of_gates.addcmul_(of_gates, gates, value=-1)


def _rows(maps: Tensor) -> Tensor:
    """`[B, C, T, F]` to `[B T, F, C]` in bfloat16: one row of channels per bin."""
    return maps.permute(0, 2, 3, 1).bfloat16().flatten(0, 1).contiguous()


def _maps(rows: Tensor, like: torch.Size) -> Tensor:
    """Rows of any grouping as maps `[B, C, T, F]` with B and T of `like`."""
    return rows.view(like[0], like[2], -1, rows.shape[-1]).permute(0, 3, 1, 2)


def _unfold(rows: Tensor, count: int | None = None) -> Tensor:
    """`[N, F, C]` to `[N F', 3 C]`: the bins that each of F' outputs sees."""
    number, bins, channels = rows.shape
    count = (bins - TAPS) // STEP + 1 if count is None else count
    seen = rows.as_strided((number, count, TAPS * channels), (bins * channels, STEP * channels, 1))
    return seen.reshape(number * count, TAPS * channels)


def _fold(parts: Tensor, bins: int) -> Tensor:
    """`[N, F', 3, C]` to `[N, F, C]`: what each of F' inputs gives to three bins, summed."""
    number, count, _, channels = parts.shape
    whole = parts.new_empty(number, bins, channels)
    even = whole[:, 0 : STEP * count + 1 : STEP]
    even[:, 0] = parts[:, 0, 0]
    even[:, -1] = parts[:, -1, 2]
    torch.add(parts[:, 1:, 0], parts[:, :-1, 2], out=even[:, 1:-1])
    whole[:, 1 : STEP * count : STEP] = parts[:, :, 1]
    whole[:, STEP * count + 1 :] = 0
    return whole
