"""How a net that answers with something other than sound is trained: the loop, the weights, the facts of the training.

Contents: `Task`, `Pupil`, `Lesson`, `train_lesson`, `refuse_paper`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import Tensor, nn

from avbench.errors import MissingResource
from avbench.training.loop import Batch, Objective, fit
from avbench.training.recipe import TrainingRecipe, fingerprint
from avbench.training.weights import begin_from, load_weights, save_weights

BITS = 8


Task = Callable[[nn.Module, Batch, int], tuple[Tensor, dict]]
"""`(net, batch, step) -> (loss, values to log)`."""


class Pupil(nn.Module):
    """A net while it learns: what it does for its loss is its forward pass, so that several processes can share it.

    Args:
        net: as it is trained; with a lip encoder `net.video` of `dim` features where it shall read visemes first.
        task: what it learns.
        dim: features of a picture.
        visemes: how many there are to read; 0 where lips are not read.
    """

    def __init__(self, net: nn.Module, task: Task, dim: int = 0, visemes: int = 0):
        super().__init__()
        self.net, self.task = net, task
        self.names = nn.Linear(dim, visemes) if visemes else None

    def forward(self, *mouth: Tensor, batch: Batch | None = None, step: int = 0, reading: bool = False):
        """Loss and values of a batch; where it reads, viseme scores `[B, F, visemes]` of crops `[B, F, 88, 88]`."""
        return self.names(self.net.video(*mouth)) if reading else self.task(self.net, batch, step)


@dataclass(frozen=True)
class Lesson:
    """What is trained, and how.

    Args:
        system: full name, e.g. `mutud/avsr`.
        version: of the code that answers; enters the weights' metadata.
        model: the pupil.
        objective: `(pupil, batch, step) -> (loss, values to log)`.
        batch_of: `(step, rank, world) -> batch`.
        validate: `(deployed net, step) -> values`, on speakers that the training does not know.
        deployed: the part of the pupil's net whose weights are exported.
        monitor: `(pupil's net, step) -> values`, beside those of the deployed part.
        fingerprint: of the data.
        data: one clause on what it learns from.
    """

    system: str
    version: str
    model: Pupil
    objective: Objective
    batch_of: Callable[[int, int, int], Batch]
    validate: Callable[[nn.Module, int], dict[str, float]]
    deployed: Callable[[nn.Module], nn.Module]
    fingerprint: str
    data: str
    monitor: Callable[[nn.Module, int], dict[str, float]] = lambda model, step: {}


def train_lesson(
    lesson: Lesson,
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
        announce(f"begins from {init}: {begin_from(lesson.model.net, init)}")

    def validate(model: Pupil, step: int) -> dict[str, float]:
        return lesson.validate(lesson.deployed(model.net).eval(), step) | lesson.monitor(model.net, step)

    identity = f"{lesson.system} {recipe.name} {fingerprint(recipe)} {lesson.fingerprint}"
    average, progress = fit(
        lesson.model, lesson.objective, lesson.batch_of, recipe, out=out, identity=identity, device=device,
        resume=resume, hours=hours, validate=validate, announce=announce,
    )  # fmt: skip
    path = out / "weights.safetensors"
    if rank_zero_only.rank != 0:
        return path  # written by the first process
    facts = {
        "system": lesson.system, "version": lesson.version, "recipe": recipe.name,
        "recipe_fingerprint": fingerprint(recipe), "steps": progress.steps, "planned_steps": progress.planned,
        "trained_seconds": round(progress.seconds), "device": device, "data": lesson.data,
        "corpus_fingerprint": lesson.fingerprint, "init": init.name if init else "",
    }  # fmt: skip
    net = lesson.deployed(average.net)
    save_weights(path, {name: tensor.cpu() for name, tensor in net.state_dict().items()}, facts, bits=BITS)
    net.load_state_dict(load_weights(path)[0])
    values = lesson.validate(net.eval(), progress.steps)  # of the weights as stored: 8 bits cost what they cost
    facts["stored"] = {name: round(value, 5) for name, value in values.items()}
    (out / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
    said = " ".join(f"{name} {value:.4g}" for name, value in values.items())
    announce(f"{progress.stopped} after {progress.steps} of {progress.planned} steps, as stored {said}: {path}")
    return path


def refuse_paper(recipe: TrainingRecipe, system: str, corpus: str) -> None:
    """Raises `MissingResource` for a recipe that no embedded corpus serves."""
    if recipe.corpus not in ("tiny", "small", "base"):
        raise MissingResource(
            f"The recipe {recipe.name} of {system} trains on {corpus}, which this version of avbench cannot train "
            "from; the recipe synth trains on the embedded corpus."
        )
