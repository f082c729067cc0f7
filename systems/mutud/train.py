"""MUTUD's training, in stages (section V-A and our order, see README):

1. the lip encoder learns to read (`nn/lips.py`) and is frozen: a target that does not move;
2. TAME on clean pairs (section V-A), nothing decoded; `mutud/scratch` leaves this out;
3. all of eq. 10.

The first two are pre-training: the third has as many steps as any row that MUTUD is compared with. `mutud/no-video` has
the third stage alone: eq. 9 with the estimate, no picture ever seen.

Contents: `exercise`, `watching_exercise`, `plain_exercise`, `train`.
"""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch import Tensor, nn

from avbench.data.synth.articulation import VISEMES
from avbench.training.loop import Batch, Objective
from avbench.training.material import MATERIAL
from avbench.training.recipe import TrainingRecipe

from ..nn.lips import LipReader, freeze_lips, reading_loss
from ..nn.training import Exercise, train_enhancer
from . import VERSION, build
from .analysis import analyse
from .losses import code_perplexity, effective_rank, estimate_correlation, mutud_loss, task_loss
from .recipe import RECIPES, MutudRecipe

RANK_ALARM = 2.0  # of D directions: less is little more than a line, however many numbers describe it
PERPLEXITY_ALARM = 0.94  # of N codes; a frame that uses all codes alike recalls the mean picture whatever it hears


def exercise(name: str, recipe: MutudRecipe) -> Exercise:
    """A variant's exercise.

    Args:
        name: full name, e.g. `mutud/scratch`.
        recipe: one of its recipes.
    """
    if not recipe.video:
        return plain_exercise(name, VERSION, build, recipe)

    def objective(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        output = model(batch["noisy"] if step >= 0 else None, batch["clean"], batch["mouth"])
        loss, terms = mutud_loss(output, batch["clean"], recipe)
        return loss, {"stage": 3 if step >= 0 else 2, **terms}

    return Exercise(
        name, VERSION, _reader(build, recipe), _after_reading(objective, recipe),
        lambda model, batch: model.net.deployed()(batch["noisy"]).wave, lambda model: model.net.deployed(),
        watches=True, reading=recipe.lip_steps, monitor=_health(recipe),
    )  # fmt: skip


def watching_exercise(name: str, version: str, build: Callable, recipe: TrainingRecipe) -> Exercise:
    """The exercise of a net that sees the lips: they are read first, then eq. 9 and nothing else.

    Args:
        name: full name of the system.
        version: of its code.
        build: `recipe -> nn.Module` whose forward takes noisy speech and mouth crops.
        recipe: sizes and schedule.
    """

    def objective(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        loss = task_loss(model(batch["noisy"], batch["mouth"]), batch["clean"])
        return loss, {"stage": 3, "task": loss.detach()}

    return Exercise(
        name, version, _reader(build, recipe), _after_reading(objective, recipe),
        lambda model, batch: model(batch["noisy"], batch["mouth"]).wave, lambda model: model.net,
        watches=True, reading=recipe.lip_steps,
    )  # fmt: skip


def plain_exercise(name: str, version: str, build: Callable, recipe: TrainingRecipe) -> Exercise:
    """The exercise of a net that only listens: eq. 9 and nothing else.

    Args:
        name: full name of the system.
        version: of its code.
        build: `recipe -> nn.Module` whose forward takes noisy speech.
        recipe: sizes and schedule.
    """
    torch.manual_seed(recipe.seed)

    def objective(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        loss = task_loss(model(batch["noisy"]), batch["clean"])
        return loss, {"task": loss.detach()}

    return Exercise(
        name, version, build(recipe), objective, lambda model, batch: model(batch["noisy"]).wave,
        lambda model: model, watches=False,
    )  # fmt: skip


def train(variant: str, recipe: MutudRecipe, announce: Callable[[str], None] = lambda line: None, **options) -> Path:
    """Train a variant; options as of `train_enhancer`. A whole training by a whole recipe ends with its analysis."""
    name = f"mutud/{variant}" if variant else "mutud"
    weights = train_enhancer(exercise(name, recipe), recipe, announce=announce, **options)
    if recipe.video and recipe == RECIPES[variant][recipe.name] and rank_zero_only.rank == 0:
        _analyse(weights.parent, recipe, announce)
    return weights


def _analyse(training: Path, recipe: MutudRecipe, announce: Callable[[str], None]) -> None:
    """Keep the data of Figs 3 to 6 while the lip encoder is there; later it is only in the checkpoint."""
    facts = json.loads((training / "training.json").read_text())
    if facts["steps"] == facts["planned_steps"]:
        speech, noise = MATERIAL.get(recipe.corpus, (None, None))
        where = analyse(training, dataset=speech, noise=noise and noise.partition("/")[0], announce=announce)
        announce(f"analysed: {where}")


def _reader(build: Callable, recipe: TrainingRecipe) -> LipReader:
    torch.manual_seed(recipe.seed)
    net = build(recipe)
    return LipReader(net, net.backbone.dim, len(VISEMES))


def _after_reading(objective: Objective, recipe: TrainingRecipe) -> Objective:
    """An objective that is preceded by `recipe.lip_steps` steps of reading."""

    def staged(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        if step < recipe.lip_steps - sum(recipe.pretraining):
            loss, values = reading_loss(model, batch["mouth"], batch["viseme"])
            return loss, {"stage": 1, **values}
        if recipe.lip_steps:
            freeze_lips(getattr(model, "module", model))
        return objective(model, batch, step)

    return staged


def _health(recipe: MutudRecipe):
    """What tells a collapse from a success: its losses look alike."""

    def monitor(model: nn.Module, batch: Batch) -> dict[str, float]:
        output = model.net.tame_only(batch["noisy"], batch["mouth"])
        read = reading_loss(model, batch["mouth"], batch["viseme"])[1] if recipe.lip_steps else {}
        values = {
            **read,
            "effective_rank": effective_rank(output.f_v),
            "perplexity_video": code_perplexity(output.p),
            "perplexity_audio": code_perplexity(output.q),
            "estimate_correlation": estimate_correlation(output.f_hat, output.f_v),
        }
        rank = values["effective_rank"]
        if rank < RANK_ALARM:
            warnings.warn(f"the video features vary in {rank:.1f} directions: collapse", stacklevel=2)
        if values["perplexity_video"] > PERPLEXITY_ALARM * recipe.codes:
            warnings.warn(f"every frame uses all {recipe.codes} codes alike: collapse of the codebooks", stacklevel=2)
        return values

    return monitor
