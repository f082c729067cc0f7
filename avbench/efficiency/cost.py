"""Parameters, bytes and the true count of multiply-accumulates.

Rule: one multiply-accumulate (MAC) is one multiplication and addition of a convolution, matrix product or recurrent
layer; bias, normalisation, activation, softmax, Fourier transform and resizing count nothing. A transposed convolution
counts what it does: its kernel once per *input* element.

Source: `torch.utils.flop_counter`, halved. It misses fused kernels (LSTM on a CPU, attention's fast path), so these are
switched off while counting, and a module that owns weights but was counted as nothing is an error, not a zero.

Contents: `parameters`, `weights_bytes`, `macs`.
"""

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import VerificationFailed

if TYPE_CHECKING:
    from torch import Tensor, nn


def parameters(network: "nn.Module") -> int:
    """Trainable numbers, whether they are being trained or not; shared ones once."""
    return sum(p.numel() for p in network.parameters())


def weights_bytes(network: "nn.Module") -> int:
    """Bytes of parameters and buffers as they lie in memory."""
    return sum(t.numel() * t.element_size() for t in (*network.parameters(), *network.buffers()))


def macs(network: "nn.Module", example: Sequence["Tensor"]) -> int:
    """The true multiply-accumulates of one call, counted on the CPU.

    Args:
        network: in evaluation mode, on the CPU.
        example: its inputs.

    Raises:
        VerificationFailed: a module that owns weights ran and was counted as nothing.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    ran: set[nn.Module] = set()
    handles = [m.register_forward_hook(lambda module, *_: ran.add(module)) for m in network.modules()]
    try:
        with _unfused(), torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(*example)
    finally:
        for handle in handles:
            handle.remove()
    counted = counter.get_flop_counts()
    root = type(network).__name__
    missed = [
        name or root
        for name, module in network.named_modules()
        if module in ran and _owns_weights(module) and not counted.get(f"{root}.{name}" if name else root)
    ]
    if missed:
        raise VerificationFailed(
            f"The counter saw no multiply-accumulates in {', '.join(missed[:5])}, which own weights: a fused kernel "
            "hides them, and the count would be too low."
        )
    return counter.get_total_flops() // 2


@contextlib.contextmanager
def _unfused() -> Iterator[None]:
    """Without the kernels that `FlopCounterMode` does not see; both switches come back as they were."""
    import torch

    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with warnings.catch_warnings():
            # Switching oneDNN sets all of its flags, one of which warns of the absence of Intel GPUs.
            warnings.filterwarnings("ignore", "TF32 acceleration on top of oneDNN")
            with torch.backends.mkldnn.flags(enabled=False):
                yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _owns_weights(module: "nn.Module") -> bool:
    """Whether a module multiplies by a matrix of its own; an embedding only looks rows up."""
    import torch

    own = any(p.ndim >= 2 for p in module.parameters(recurse=False))
    return own and not isinstance(module, torch.nn.Embedding | torch.nn.EmbeddingBag)
