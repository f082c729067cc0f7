"""GCRN: the audio-only net that MUTUD is compared with.

Source: Tan and Wang 2020, "Learning complex spectral mapping with gated convolutional recurrent networks for monaural
speech enhancement", IEEE/ACM TASLP 28, at the widths of MUTUD Table VI. The net itself is `systems/nn/gcrn.py`.

Deviation: the row "similar # params" (3.627 M, 1.821 G MACs) says not where it is wider; `gcrn/matched` widens the last
two encoder layers to 186 and 136, the nearest that plain widening comes (3.628 M, 1.816 G).

Contents: `GcrnRecipe`, `RECIPES`, `build`, `FAMILY`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from avbench.registry import Family
from avbench.training.recipe import TrainingRecipe
from avbench.types import Card

from ..systems.nn.sizes import BACKBONE_1, BACKBONE_2, MATCHED, PAPER_SCHEDULE, SYNTH_SCHEDULE

VERSION = "gcrn-1"
VARIANTS = {
    "": "audio-only GCRN",
    "matched": "audio-only GCRN with about as many parameters as MUTUD",
    "small": "audio-only GCRN, backbone 2",
}


@dataclass(frozen=True, kw_only=True)
class GcrnRecipe(TrainingRecipe):
    """Sizes beside the schedule.

    Args:
        channels: widths of the five encoder layers; sources in `systems/nn/sizes.py`.
    """

    channels: tuple[int, ...]


RECIPES: Mapping[str, Mapping[str, GcrnRecipe]] = {
    variant: {
        schedule["name"]: GcrnRecipe(**schedule, channels=channels) for schedule in (SYNTH_SCHEDULE, PAPER_SCHEDULE)
    }
    for variant, channels in {"": BACKBONE_1, "matched": MATCHED, "small": BACKBONE_2}.items()
}


def build(recipe: GcrnRecipe):
    """The net of a recipe, to train and to deploy."""
    from ..systems.nn.gcrn import Gcrn

    return Gcrn(recipe.channels)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ..systems.nn.enhancer import Net, open_enhancer

    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Tan and Wang 2020, IEEE/ACM TASLP 28",
        inputs=frozenset({"audio"}),
        output="audio",
        rate=16000,
        causal=True,
        lookahead=0.02,
    )
    net = Net(version=VERSION, build=build, watches=False, folder=Path(__file__).parent / "weights")
    return open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)


def _train(variant, recipe, **options):
    from ..systems.mutud.train import plain_exercise
    from ..systems.nn.training import train_enhancer

    name = FAMILY.full_name(variant)
    return train_enhancer(plain_exercise(name, VERSION, build, recipe), recipe, **options)


FAMILY = Family(id="gcrn", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train)
