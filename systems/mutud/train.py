"""MUTUD's training, in stages (section V-A and our order, see README):

1. video first: noisy speech is decoded with the true video features, so that the lip encoder learns what is useful;
2. TAME on clean pairs (section V-A), nothing decoded; `mutud/scratch` leaves this out;
3. all of eq. 10. Where the recipe freezes it, the lip encoder stays as stage 1 left it: a target that does not move.

`mutud/no-video` has one stage: eq. 9 with the estimate alone, no picture ever seen.

Contents: `exercise`, `plain_exercise`, `train`.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from avbench.training.loop import Batch
from avbench.training.recipe import TrainingRecipe

from ..nn.gcrn import Enhanced
from ..nn.training import Exercise, train_enhancer
from . import VERSION, build
from .losses import code_perplexity, effective_rank, estimate_correlation, mutud_loss, task_loss
from .recipe import MutudRecipe

RANK_ALARM = 5.0  # of D directions; healthy trainings of our trial kept 9 to 13, collapsed ones 1
PERPLEXITY_ALARM = 0.94  # of N codes; a frame that uses all codes alike recalls the mean picture whatever it hears


def exercise(name: str, recipe: MutudRecipe) -> Exercise:
    """A variant's exercise.

    Args:
        name: full name, e.g. `mutud/scratch`.
        recipe: one of its recipes.
    """
    if not recipe.video:
        return plain_exercise(name, VERSION, build, recipe, watches=False)
    torch.manual_seed(recipe.seed)

    def objective(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        net = getattr(model, "module", model)
        joint = step >= recipe.video_steps + recipe.tame_steps
        if recipe.freeze_video and step >= recipe.video_steps:
            net.video.requires_grad_(False).eval()
        if step < recipe.video_steps:
            loss = task_loss(model(batch["noisy"], None, batch["mouth"], only_video=True), batch["clean"])
            return loss, {"stage": 1, "task_video": loss.detach()}
        noisy = batch["noisy"] if joint else None
        output = model(noisy, batch["clean"], batch["mouth"])
        loss, terms = mutud_loss(output, batch["clean"], recipe)
        return loss, {"stage": 3 if joint else 2, **terms}

    return Exercise(
        name, VERSION, build(recipe), objective, lambda model, batch: model.deployed()(batch["noisy"]).wave,
        lambda model: model.deployed(), watches=True, monitor=_health(recipe),
    )  # fmt: skip


def plain_exercise(name: str, version: str, build: Callable, recipe: TrainingRecipe, watches: bool) -> Exercise:
    """The exercise of a net without TAME: eq. 9 and nothing else.

    Args:
        name: full name of the system.
        version: of its code.
        build: `recipe -> nn.Module` whose forward takes noisy speech, and mouth crops if it watches.
        recipe: sizes and schedule.
        watches: whether it sees video.
    """
    torch.manual_seed(recipe.seed)

    def enhanced(model: nn.Module, batch: Batch) -> Enhanced:
        return model(batch["noisy"], batch["mouth"]) if watches else model(batch["noisy"])

    def objective(model: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        loss = task_loss(enhanced(model, batch), batch["clean"])
        return loss, {"task": loss.detach()}

    return Exercise(
        name, version, build(recipe), objective, lambda model, batch: enhanced(model, batch).wave,
        lambda model: model, watches=watches,
    )  # fmt: skip


def train(variant: str, recipe: MutudRecipe, **options):
    """Train a variant; options as of `train_enhancer`."""
    return train_enhancer(exercise(f"mutud/{variant}" if variant else "mutud", recipe), recipe, **options)


def _health(recipe: MutudRecipe):
    """What tells a collapse from a success: its losses look alike."""

    def monitor(model: nn.Module, batch: Batch) -> dict[str, float]:
        output = model.tame_only(batch["noisy"], batch["mouth"])
        values = {
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
