"""A judge's net with the weights of a file.

Contents: `open_net`.
"""

from pathlib import Path
from typing import Any

from torch import nn

from avbench.errors import BadFile
from avbench.training.weights import load_weights


def open_net(net: nn.Module, path: Path, device: str) -> Any:
    """A net with the weights of a file, ready to answer.

    Raises:
        MissingResource: there is no such file.
        BadFile: it holds something else.
    """
    state, _ = load_weights(path)
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise BadFile(f"{path} does not fit {type(net).__name__}: other sizes or parts.") from error
    return net.to(device).eval().requires_grad_(False)
