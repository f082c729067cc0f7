"""How a judge is trained, whatever it judges: the loop, the weights, the facts of the training.

Contents: `Course`, `train_course`, `open_net`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import nn

from avbench.errors import BadFile
from avbench.training.loop import Batch, Objective, fit
from avbench.training.recipe import TrainingRecipe, fingerprint
from avbench.training.weights import begin_from, load_weights, save_weights


@dataclass(frozen=True)
class Course:
    """What is trained, and how.

    Args:
        judge: its name.
        model: the net.
        objective: `(model, batch, step) -> (loss, values to log)`.
        batch_of: `(step, rank, world) -> batch`.
        validate: `(model, step) -> values`, on speakers that the training does not know.
        fingerprint: of the data.
        data: one clause on what it learns from.
        deployed: the part that judges, whose weights are exported.
    """

    judge: str
    model: nn.Module
    objective: Objective
    batch_of: Callable[[int, int, int], Batch]
    validate: Callable[[nn.Module, int], dict[str, float]]
    fingerprint: str
    data: str
    deployed: Callable[[nn.Module], nn.Module] = lambda model: model


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
        The path of the weights: 8 bits per channel, with metadata that says what was trained for how long.

    Raises:
        BadFile: `init` is no weight file, or none of it fits.
    """
    if init is not None:
        announce(f"begins from {init}: {begin_from(course.deployed(course.model), init)}")
    identity = f"{course.judge} {recipe.name} {fingerprint(recipe)} {course.fingerprint}"
    model, progress = fit(
        course.model, course.objective, course.batch_of, recipe, out=out, identity=identity, device=device,
        resume=resume, hours=hours, validate=course.validate, announce=announce,
    )  # fmt: skip
    path = out / "weights.safetensors"
    if rank_zero_only.rank != 0:
        return path  # written by the first process
    facts = {
        "judge": course.judge, "recipe": recipe.name, "recipe_fingerprint": fingerprint(recipe),
        "steps": progress.steps, "planned_steps": progress.planned, "trained_seconds": round(progress.seconds),
        "device": device, "init": init.name if init else "", "data": course.data,
        "data_fingerprint": course.fingerprint,
    }  # fmt: skip
    state = course.deployed(model).state_dict()
    save_weights(path, {name: tensor.cpu() for name, tensor in state.items()}, facts, bits=8)
    open_net(course.deployed(model), path, device)
    values = course.validate(model, progress.steps)  # of the weights as stored: 8 bits cost what they cost
    facts["stored"] = {name: round(value, 5) for name, value in values.items()}
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    line = " ".join(f"{name} {value:.4g}" for name, value in values.items())
    announce(f"{progress.stopped} after {progress.steps} of {progress.planned} steps, as stored {line}: {path}")
    return path


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
