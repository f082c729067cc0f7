"""Multiply-accumulates by the rule of thop 0.1.1, for comparison with papers that used it (MUTUD's Table VI).

It is not the true count (see `cost`): it looks at modules only, so products of bare parameters and all functions are
free; it counts a transposed convolution at its *output* size, about twice the truth for stride 2; a normalisation with
weights costs four per element; an LSTM or GRU includes biases and gates; activations, pooling by maximum and attention
are free. Written from that behaviour, and tested against the package where it can be installed.

Contents: `macs_thop`.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


def macs_thop(network: "nn.Module", example: Sequence["Tensor"]) -> int:
    """What thop's `profile` calls MACs, of one call.

    Args:
        network: in evaluation mode.
        example: its inputs.
    """
    import torch

    total = 0
    handles = []

    def count_with(rule: Callable) -> Callable:
        def hook(module, inputs, output):
            nonlocal total
            total += int(rule(module, inputs[0], output))

        return hook

    rules = _rules()
    for module in network.modules():
        rule = rules.get(type(module))  # the exact type, as thop: a subclass counts nothing
        if rule is not None and not any(True for _ in module.children()):
            handles.append(module.register_forward_hook(count_with(rule)))
    try:
        with torch.no_grad():
            network(*example)
    finally:
        for handle in handles:
            handle.remove()
    return total


def _rules() -> dict[type, Callable]:
    """Module type to `(module, input, output) -> count`; a type that is not here is free."""
    from torch import nn

    norms = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, nn.LayerNorm)
    norms += (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
    convolutions = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    return {
        **dict.fromkeys(convolutions, _convolution),
        **dict.fromkeys(norms, _norm),
        **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), lambda m, x, y: y.numel()),
        **dict.fromkeys((nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _adaptive_average),
        nn.Linear: lambda m, x, y: m.in_features * y.numel(),
        nn.PReLU: lambda m, x, y: x.numel(),
        nn.Softmax: lambda m, x, y: x.numel() // x.shape[m.dim] * (3 * x.shape[m.dim] - 1),
        nn.RNN: lambda m, x, y: _recurrent(m, x, _rnn_cell),
        nn.GRU: lambda m, x, y: _recurrent(m, x, _gru_cell),
        nn.LSTM: lambda m, x, y: _recurrent(m, x, _lstm_cell),
    }


def _convolution(module, x, y) -> int:
    return y.numel() * (x.shape[1] // module.groups) * math.prod(module.weight.shape[2:])


def _norm(module, x, y) -> int:
    weighted = getattr(module, "affine", False) or getattr(module, "elementwise_affine", False)
    return x.numel() * (4 if weighted else 2)


def _adaptive_average(module, x, y) -> int:
    return (math.prod(a / b for a, b in zip(x.shape[2:], y.shape[2:], strict=True)) + 1) * y.numel()


def _recurrent(module, x, cell: Callable) -> int:
    """All layers and directions of a recurrent layer over all its steps."""
    sides = 2 if module.bidirectional else 1
    once = sum(
        sides * cell(sides * module.hidden_size if layer else module.input_size, module.hidden_size, module.bias)
        for layer in range(module.num_layers)
    )
    return once * x.shape[0] * x.shape[1]


def _gate(wide: int, hidden: int, bias: bool) -> int:
    """One gate: both products, their sum, and both biases."""
    return (wide + hidden) * hidden + hidden + (2 * hidden if bias else 0)


def _rnn_cell(wide: int, hidden: int, bias: bool) -> int:
    return _gate(wide, hidden, bias)


def _gru_cell(wide: int, hidden: int, bias: bool) -> int:
    return 3 * _gate(wide, hidden, bias) + hidden + 3 * hidden


def _lstm_cell(wide: int, hidden: int, bias: bool) -> int:
    return 4 * _gate(wide, hidden, bias) + 3 * hidden + hidden
