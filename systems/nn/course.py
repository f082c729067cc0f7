"""How anything here is trained, systems and judges alike: the loop, the weights, the facts of the training.

Contents: `Course`, `train_course`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import nn

from avbench.training.loop import Batch, Objective, Progress, fit
from avbench.training.recipe import TrainingRecipe, fingerprint
from avbench.training.weights import begin_from, load_weights, save_weights


@dataclass(frozen=True)
class Course:
    """What is trained, and how.

    Args:
        name: full name of a system, e.g. `mutud/scratch`, or of a judge.
        model: what learns, with all that only learning needs.
        objective: `(model, batch, step) -> (loss, values to log)`.
        batch_of: `(step, rank, world) -> batch`.
        validate: `(averaged model, step) -> values`, on speakers that the training does not know.
        fingerprint: of the data; a resume must have the same.
        data: one clause on what it learns from, or what gives it when it is known how far the training came.
        deployed: the part that answers, whose weights are exported; it shares them with the model.
        begins: the part that takes the weights to begin from; the deployed one unless given.
        version: of the code of a system that answers; a judge has none.
        bits: of a weight as it is stored; weights of 8 bits are validated once more, because they cost what they cost.
    """

    name: str
    model: nn.Module
    objective: Objective
    batch_of: Callable[[int, int, int], Batch]
    validate: Callable[[nn.Module, int], dict[str, float]]
    fingerprint: str
    data: str | Callable[[Progress], str]
    deployed: Callable[[nn.Module], nn.Module] = lambda model: model
    begins: nn.Module | None = None
    version: str | None = None
    bits: int = 8


def train_course(
    course: Course,
    recipe: TrainingRecipe,
    *,
    out: Path,
    init: Path | None = None,
    resume: bool = False,
    device: str = "cpu",
    hours: float | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> Path:
    """Train and export; see `avbench.training.train.train` for the arguments.

    Returns:
        The path of the weights, with metadata that says what was trained for how long.

    Raises:
        BadFile: `init` is no weight file, or none of it fits.
    """
    if init is not None:
        begins = course.deployed(course.model) if course.begins is None else course.begins
        announce(f"begins from {init}: {begin_from(begins, init)}")
    identity = f"{course.name} {recipe.name} {fingerprint(recipe)} {course.fingerprint}"
    average, progress = fit(
        course.model, course.objective, course.batch_of, recipe, out=out, identity=identity, device=device,
        resume=resume, hours=hours, validate=course.validate, announce=announce,
    )  # fmt: skip
    path = out / "weights.safetensors"
    if rank_zero_only.rank != 0:
        return path  # written by the first process
    facts = _facts(course, recipe, progress, device) | {"init": init.name if init else ""}
    net, said = course.deployed(average), ""
    save_weights(path, {name: tensor.cpu() for name, tensor in net.state_dict().items()}, facts, bits=course.bits)
    if course.bits == 8:
        net.load_state_dict(load_weights(path)[0])
        values = course.validate(average.eval(), progress.steps)
        facts["stored"] = {name: round(value, 5) for name, value in values.items()}
        said = ", as stored " + " ".join(f"{name} {value:.4g}" for name, value in values.items())
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    announce(f"{progress.stopped} after {progress.steps} of {progress.planned} steps{said}: {path}")
    return path


def _facts(course: Course, recipe: TrainingRecipe, progress: Progress, device: str) -> dict[str, Any]:
    """What the weights say of themselves: what was trained, on what, for how long."""
    who = {"judge": course.name} if course.version is None else {"system": course.name, "version": course.version}
    return {
        **who, "recipe": recipe.name, "recipe_fingerprint": fingerprint(recipe), "steps": progress.steps,
        "planned_steps": progress.planned, "trained_seconds": round(progress.seconds), "device": _device_name(device),
        "data": course.data if isinstance(course.data, str) else course.data(progress),
        "data_fingerprint": course.fingerprint,
    }  # fmt: skip


def _device_name(device: str) -> str:
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU, {torch.get_num_threads()} thread{'s' if torch.get_num_threads() > 1 else ''}"
