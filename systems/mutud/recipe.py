"""Every number of MUTUD's trainings.

Contents: `MutudRecipe`, `MutudVisualVoiceRecipe`, `RECIPES`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from avbench.training.recipe import TrainingRecipe

from ..nn.sizes import (
    BACKBONE_1,
    BACKBONE_2,
    LIP_STEPS,
    PAPER_SCHEDULE,
    RESNET18,
    RESNET18_QUARTER,
    SHUFFLENET,
    SHUFFLENET_REDUCED,
    SYNTH_SCHEDULE,
    VISUALVOICE,
    VISUALVOICE_REDUCED,
)


@dataclass(frozen=True, kw_only=True)
class MutudRecipe(TrainingRecipe):
    """Sizes, objectives and stages.

    Args:
        channels: widths of the audio encoder (Table VI, see `BACKBONE_1`).
        video_widths: channels of the lip encoder's four stages (section IV-B: ResNet-18).
        codes: N, codes of one codebook (section IV-B: 32, chosen in Table VII).
        tau: softmax temperature of eqs 3 and 4. Not stated; 16 is what the authors' earlier memory networks use.
        stop_video_gradient: eqs 6 to 8 do not move the video features. Not in the paper. Without it, and with mean
            reductions, the features collapsed to one dimension within 600 steps of our trial.
        reduction: of eqs 6 to 8, see `losses`. Not stated.
        alpha: weight of eq. 6 (section IV-B: 1).
        beta: weight of eq. 7 (section IV-B: 1).
        gamma: weight of eq. 8 (section IV-B: 1).
        lambda_: weight of eq. 9 (section IV-B: 0.01).
        lip_steps: steps of pre-training in which the lip encoder learns to read visemes, and nothing later; 0 trains it
            with everything else, as the paper does. See `nn/lips.py`.
        tame_steps: steps of TAME's pre-training on clean pairs (section V-A; its length is not stated); 0 trains from
            scratch, "w.o. pretrained TAME".
        video: False trains the deployed net alone by eq. 9, the structural control: same wiring, no picture ever seen.
    """

    channels: tuple[int, ...] = BACKBONE_1
    video_widths: tuple[int, ...] = RESNET18
    codes: int = 32
    tau: float = 16.0
    stop_video_gradient: bool = False
    reduction: Literal["mean", "sum"] = "sum"
    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0
    lambda_: float = 0.01
    lip_steps: int = 0
    tame_steps: int = 0
    video: bool = True

    @property
    def pretraining(self) -> tuple[int, ...]:
        """Lips first, then TAME."""
        return self.lip_steps, self.tame_steps


@dataclass(frozen=True, kw_only=True)
class MutudVisualVoiceRecipe(MutudRecipe):
    """The same on VisualVoice (Table IV).

    `channels` are then the eight widths of its U-Net and `video_widths` the five of its lip net, as in
    `nn/visualvoice_video.py`. K is 1: the bottleneck has one feature per picture. The paper does not say its K there.
    """


# The paper's equations as printed. Pre-training of 20 epochs: not stated, chosen equal to the warm-up.
PAPER = MutudRecipe(**PAPER_SCHEDULE, tame_steps=PAPER_SCHEDULE["warmup"])
SYNTH = MutudRecipe(
    **SYNTH_SCHEDULE,
    video_widths=RESNET18_QUARTER,
    stop_video_gradient=True,
    reduction="mean",
    lambda_=1.0,  # with mean reductions the gradients of task and TAME then stand about 15 to 1 on the audio features
    lip_steps=LIP_STEPS,
    tame_steps=200,  # chosen because the codebooks fill within a few hundred steps
)

_VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "scratch": {"tame_steps": 0},
    "small": {"channels": BACKBONE_2},
    "small-scratch": {"channels": BACKBONE_2, "tame_steps": 0},
    "no-video": {"lip_steps": 0, "tame_steps": 0, "video": False},
    "n8": {"codes": 8},  # Table VII; N = 32 is `mutud` itself
    "n16": {"codes": 16},
    "n64": {"codes": 64},
}
_VISUALVOICE = {"synth": (VISUALVOICE_REDUCED, SHUFFLENET_REDUCED), "paper": (VISUALVOICE, SHUFFLENET)}


def _on_visualvoice(recipe: MutudRecipe) -> MutudVisualVoiceRecipe:
    channels, lips = _VISUALVOICE[recipe.name]
    return MutudVisualVoiceRecipe(**asdict(recipe) | {"channels": channels, "video_widths": lips})


RECIPES: Mapping[str, Mapping[str, MutudRecipe]] = {
    **{v: {recipe.name: replace(recipe, **changes) for recipe in (SYNTH, PAPER)} for v, changes in _VARIANTS.items()},
    "visualvoice": {recipe.name: _on_visualvoice(recipe) for recipe in (SYNTH, PAPER)},
}
