"""The verb `avbench train`: train one system, or one judge, by one of its recipes.

Contents: `train`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from ..errors import UnknownName, UsageError
from ..judges import get_judge, list_judges
from ..registry import families, split_name
from .judge import TrainableJudge
from .loop import has_checkpoint
from .recipe import TrainingRecipe


def train(
    system: str,
    recipe: str = "synth",
    init: str | Path | None = None,
    resume: bool = False,
    out: str | Path | None = None,
    device: str = "auto",
    hours: float | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train a system, or a judge where no system has that name, and write its weights.

    Args:
        system: as typed, variant included: `"mutud/scratch"`, `"synth-asr"`.
        recipe: one of its recipes.
        init: weights to begin from; tensors whose names and shapes fit are taken.
        resume: continue the training that `out` holds.
        out: folder for checkpoint, log and weights; `train/<system>-<recipe>` unless given.
        device: `"auto"`, `"cpu"` or `"cuda"`.
        hours: stop, resumably, after so many hours; the weights so far are written and marked unfinished.
        announce: gets a line of text now and then.

    Returns:
        The path of the weights.

    Raises:
        UnknownName: no such system, judge, variant or recipe.
        UsageError: it cannot be trained here, or `out` already holds a training and `resume` is not set.
    """
    if hours is not None and not hours > 0:
        raise UsageError(f"--hours must be a positive number of hours, not {hours:g}.")
    recipes, run = _training_of(system)
    if recipe not in recipes:
        raise UnknownName(f"recipe of {system}", recipe, recipes)
    folder = Path(out) if out else Path("train") / f"{system.replace('/', '__')}-{recipe}"
    if has_checkpoint(folder) and not resume:
        raise UsageError(f"{folder} already holds a training: add --resume to go on, or choose another --out.")
    return run(
        recipes[recipe],
        out=folder,
        init=Path(init) if init else None,
        resume=resume,
        device=_device(device),
        hours=hours,
        announce=announce,
    )


def _training_of(name: str) -> tuple[Mapping[str, TrainingRecipe], Callable[..., Path]]:
    """The recipes of a name, and what trains by one: a system's, or those of a judge."""
    if name.partition("/")[0] not in families() and name in list_judges():
        judge = get_judge(name)
        if not isinstance(judge, TrainableJudge):
            raise UsageError(f"The judge {name} is not trained here: its weights are those of {judge.source}.")
        return judge.recipes, judge.train
    family, variant = split_name(name)
    if family.train is None:
        raise UsageError(f"{name} brings no training; train it with its own tools.")
    return family.recipes(variant), partial(family.train, variant)


def _device(name: str) -> str:
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise UnknownName("device", name, ("auto", "cpu", "cuda"))
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("No CUDA device is to be had here: use --device cpu.")
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
