"""Weights on disk: safetensors, small, with the facts of their training.

Conventions: tensors of two and more dimensions are stored as float16 (`bits=16`) or as int8 with one float32 scale per
channel (`bits=8`); vectors (biases, norms and their statistics) stay float32, integers as they are. `load_weights`
gives float32 back either way. A scale lies beside its tensor as `<name>.scale`, of one element per channel and
one-sized elsewhere: channels are dimension 0, or dimension 1 where that loses less (transposed convolutions,
codebooks).

Contents: `save_weights`, `load_weights`, `begin_from`, `digest_of`.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadFile, MissingResource
from ..signal.files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor, nn

SCALE = ".scale"


def save_weights(path: Path, state: Mapping[str, "Tensor"], metadata: Mapping[str, Any], bits: int = 16) -> None:
    """Write a state dict.

    Args:
        path: of the safetensors file; written aside and renamed.
        state: names and tensors.
        metadata: facts that JSON can hold: recipe, steps, planned_steps, trained_seconds, data, …
        bits: 8 or 16.

    Raises:
        ValueError: other bits, or a tensor that is not finite or too large for float16.
    """
    import torch
    from safetensors.torch import save

    if bits not in (8, 16):
        raise ValueError(f"weights are stored in 8 or 16 bits, not {bits}")
    stored = {}
    for name, tensor in state.items():
        tensor = tensor.detach().cpu().contiguous()
        if not tensor.is_floating_point():
            stored[name] = tensor.clone()
            continue
        tensor = tensor.float()
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} holds values that are not finite")
        if tensor.ndim < 2:
            stored[name] = tensor.clone()
        elif bits == 16:
            stored[name] = tensor.half()
            if not torch.isfinite(stored[name]).all():
                raise ValueError(f"{name} is too large for float16")
        else:
            stored[name], stored[name + SCALE] = _quantise(tensor)
    facts = json.dumps({**metadata, "bits": bits}, sort_keys=True)
    with atomic_write(Path(path)) as file:
        file.write(save(stored, metadata={"avbench": facts}))


def load_weights(path: Path) -> tuple[dict[str, "Tensor"], dict[str, Any]]:
    """Read a state dict, expanded to float32, and its metadata.

    Raises:
        MissingResource: there is no such file.
        BadFile: it is not a safetensors file that `save_weights` wrote.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise MissingResource(f"There is no weight file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            stored = {name: file.get_tensor(name) for name in file.keys()}
            metadata = json.loads((file.metadata() or {})["avbench"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise BadFile(f"{path} is not a weight file of avbench ({type(error).__name__}: {error}).") from error
    state = {}
    for name, tensor in stored.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in stored:
            continue
        scale = stored.get(name + SCALE)
        if scale is not None:
            tensor = tensor.float() * scale
        state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state, metadata


def begin_from(model: "nn.Module", path: Path) -> str:
    """Take from a weight file the tensors whose names and shapes fit a net.

    Args:
        model: changed in place; what does not fit stays as it is.
        path: of the weight file.

    Returns:
        How many were taken, e.g. `"12 of 40 tensors"`.

    Raises:
        MissingResource: there is no such file.
        BadFile: it is no weight file, or none of it fits.
    """
    state, _ = load_weights(path)
    own = model.state_dict()
    fitting = {n: t for n, t in state.items() if n in own and own[n].shape == t.shape}
    if not fitting:
        raise BadFile(f"No tensor of {path} fits this net.")
    model.load_state_dict(fitting, strict=False)
    return f"{len(fitting)} of {len(own)} tensors"


def digest_of(path: Path) -> str:
    """SHA-256 of a weight file, in hexadecimal."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _quantise(tensor: "Tensor") -> tuple["Tensor", "Tensor"]:
    """int8 values and the float32 scale by which they multiply back."""
    import torch

    best = None
    for channel in (0, 1):
        others = [d for d in range(tensor.ndim) if d != channel]
        scale = tensor.abs().amax(others, keepdim=True).clamp_min(1e-12) / 127
        values = (tensor / scale).round()
        error = _worst_channel(values * scale - tensor, tensor)
        if best is None or error < best[0]:
            best = (error, values.to(torch.int8), scale)
    return best[1], best[2]


def _worst_channel(error: "Tensor", tensor: "Tensor") -> float:
    """The largest ratio of error to weight among the channels of both dimensions."""
    worst = 0.0
    for channel in (0, 1):
        others = [d for d in range(tensor.ndim) if d != channel]
        ratio = error.square().sum(others) / tensor.square().sum(others).clamp_min(1e-24)
        worst = max(worst, float(ratio.max()))
    return worst
