"""What a killed training needs to go on as if nothing had happened.

A checkpoint holds the model, the averaged weights, the optimizer, the step, the seconds spent and torch's random state.
Batches need no state: they are pure functions of the step. It is written aside and renamed, so that there is always one
whole checkpoint, and it names the recipe it belongs to, so that another recipe can not continue it.

Contents: `save_checkpoint`, `load_checkpoint`, `random_state`.
"""

import io
from pathlib import Path
from typing import Any

import torch

from ..errors import BadFile, UsageError
from ..signal.files import atomic_write

NAME = "checkpoint.pt"


def save_checkpoint(folder: Path, identity: str, state: dict[str, Any], random: dict[str, torch.Tensor]) -> None:
    """Write a checkpoint aside and rename it.

    Args:
        folder: the training's folder.
        identity: what is trained on what, as text; a resume must name the same.
        state: anything `torch.save` takes.
        random: random states, as `random_state` gives them, or a row for every process.
    """
    buffer = io.BytesIO()
    torch.save(state | {"identity": identity, "random": random}, buffer)
    with atomic_write(folder / NAME) as file:
        file.write(buffer.getbuffer())


def random_state(device: str) -> dict[str, torch.Tensor]:
    """Torch's random states: that of the CPU, and of the GPU that this process uses."""
    on_gpu = {"cuda": torch.cuda.get_rng_state(device)} if device.startswith("cuda") else {}
    return {"cpu": torch.get_rng_state(), **on_gpu}


def load_checkpoint(folder: Path, identity: str, device: str, rank: int = 0) -> dict[str, Any]:
    """Read a checkpoint back and restore the random state that this process, the `rank`-th, had.

    Raises:
        UsageError: there is none, or it belongs to another recipe, variant or corpus.
        BadFile: it can not be read.
    """
    path = folder / NAME
    if not path.is_file():
        raise UsageError(f"There is no training to resume in {folder}: leave out --resume to begin one.")
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise BadFile(f"The checkpoint {path} cannot be read ({error}); delete it to begin anew.") from error
    if state["identity"] != identity:
        raise UsageError(f"{folder} holds another training ({state['identity']}); choose another --out.")
    for name, states in state["random"].items():
        one = (states if states.ndim == 1 else states[min(rank, len(states) - 1)]).cpu().clone()  # not a view
        if name == "cpu":
            torch.set_rng_state(one)
        elif device.startswith("cuda"):
            torch.cuda.set_rng_state(one, device)
    return state
