"""The audio-visual net that MUTUD is derived from: GCRN that is shown the lips, at training and at test.

Source: MUTUD section IV-B and Table VI. The net itself is `systems/nn/av_gcrn.py`.

Deviations: Table VI gives 15.736 M parameters for backbone 1; with the parts that the text describes, and any fusion
that reproduces the other rows, there are 14.687 M (about one 1024 x 1024 matrix less). Backbone 2 has exactly the
published 12.195 M. The recipe `synth` has a lip encoder of a quarter of the widths.

Contents: `AvGcrnRecipe`, `RECIPES`, `build`, `FAMILY`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from avbench.registry import Family
from avbench.types import Card

from ..systems.nn.sizes import (
    BACKBONE_1,
    BACKBONE_2,
    LIP_STEPS,
    PAPER_SCHEDULE,
    RESNET18,
    RESNET18_QUARTER,
    SYNTH_SCHEDULE,
)
from .gcrn import GcrnRecipe

VERSION = "av-gcrn-1"
VARIANTS = {
    "": "audio-visual GCRN",
    "small": "audio-visual GCRN, backbone 2",
}


@dataclass(frozen=True, kw_only=True)
class AvGcrnRecipe(GcrnRecipe):
    """Sizes beside the schedule.

    Args:
        video_widths: channels of the lip encoder's four stages (section IV-B: ResNet-18).
        lip_steps: steps of pre-training in which the lip encoder learns to read visemes, and nothing later; 0 trains it
            with everything else, as the paper does. See `systems/nn/lips.py`.
    """

    video_widths: tuple[int, ...]
    lip_steps: int = 0

    @property
    def pretraining(self) -> tuple[int, ...]:
        """Lips first."""
        return (self.lip_steps,)


RECIPES: Mapping[str, Mapping[str, AvGcrnRecipe]] = {
    variant: {
        "synth": AvGcrnRecipe(**SYNTH_SCHEDULE, channels=channels, video_widths=RESNET18_QUARTER, lip_steps=LIP_STEPS),
        "paper": AvGcrnRecipe(**PAPER_SCHEDULE, channels=channels, video_widths=RESNET18),
    }
    for variant, channels in {"": BACKBONE_1, "small": BACKBONE_2}.items()
}


def build(recipe: AvGcrnRecipe):
    """The net of a recipe, to train and to deploy."""
    from ..systems.nn.av_gcrn import AvGcrn

    return AvGcrn(recipe.channels, recipe.video_widths)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ..systems.nn.enhancer import Net, open_enhancer

    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Hong et al. 2025, arXiv 2501.18157, section IV-B",
        inputs=frozenset({"audio", "video"}),
        output="audio",
        rate=16000,
        causal=True,
        lookahead=0.05,  # a spectral frame begins 10 ms before its picture, whose exposure lasts 40 ms
    )
    net = Net(version=VERSION, build=build, watches=True, folder=Path(__file__).parent / "weights")
    return open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)


def _train(variant, recipe, **options):
    from ..systems.mutud.train import watching_exercise
    from ..systems.nn.training import train_enhancer

    name = FAMILY.full_name(variant)
    return train_enhancer(watching_exercise(name, VERSION, build, recipe), recipe, **options)


FAMILY = Family(id="av-gcrn", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train)
