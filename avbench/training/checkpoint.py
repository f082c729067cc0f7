"""What a killed training needs to go on as if nothing had happened.

A checkpoint holds the model, the averaged weights, the optimizer, the step, the seconds spent and torch's random state.
Batches need no state: they are pure functions of the step. It is written aside and renamed, so that there is always one
whole checkpoint, and it names the recipe it belongs to, so that another recipe can not continue it.

Contents: `save_checkpoint`, `load_checkpoint`.
"""

import io
from pathlib import Path
from typing import Any

import torch

from ..errors import BadFile, UsageError
from ..signal.files import atomic_write

NAME = "checkpoint.pt"


def save_checkpoint(folder: Path, identity: str, state: dict[str, Any]) -> None:
    """Write a checkpoint aside and rename it.

    Args:
        folder: the training's folder.
        identity: what is trained on what, as text; a resume must name the same.
        state: anything `torch.save` takes.
    """
    buffer = io.BytesIO()
    state = state | {"identity": identity, "torch_rng": torch.get_rng_state()}
    if torch.cuda.is_available():
        state["cuda_rng"] = torch.cuda.get_rng_state_all()
    torch.save(state, buffer)
    with atomic_write(folder / NAME) as file:
        file.write(buffer.getbuffer())


def load_checkpoint(folder: Path, identity: str, device: str) -> dict[str, Any]:
    """Read a checkpoint back and restore torch's random state.

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
    torch.set_rng_state(state["torch_rng"].cpu())
    if "cuda_rng" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([s.cpu() for s in state["cuda_rng"]])
    return state
