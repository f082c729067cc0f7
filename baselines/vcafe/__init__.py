"""V-CAFE: the recogniser that MUTUD's Table VIII compares with, audio-visual and audio-only.

Source: Hong et al. 2022, "Visual context-driven audio feature enhancement for robust end-to-end audio-visual speech
recognition", at the sizes of MUTUD's section on speech recognition. The net is `model.py`; `README.md` is its
card: sizes against the source, deviations, time of a training.

Contents: `RECIPES`, `build`, `FAMILY`.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from avbench.registry import Family

from .recipe import PAPER, SYNTH, VcafeRecipe

VERSION = "vcafe-1"
SOURCE = "Hong et al. 2022, arXiv 2207.06020; sizes by Hong et al. 2025, arXiv 2501.18157"
VARIANTS = {
    "": "audio-visual V-CAFE; Conformer without relative positions",
    "audio": "V-CAFE that only listens; Conformer without relative positions",
}
RECIPES: Mapping[str, Mapping[str, VcafeRecipe]] = {
    "": {recipe.name: recipe for recipe in (SYNTH, PAPER)},
    "audio": {recipe.name: replace(recipe, watches=False, lip_steps=0) for recipe in (SYNTH, PAPER)},
}


def build(recipe: VcafeRecipe):
    """The net of a recipe, to train and to deploy."""
    from .model import Vcafe, VcafeAudio

    return Vcafe(recipe) if recipe.watches else VcafeAudio(recipe)


def _create(variant, **which):
    from ...systems.nn.enhancer import Net
    from .system import open_recogniser

    net = Net(version=VERSION, build=build, watches=variant == "", folder=Path(__file__).parent / "weights")
    return open_recogniser(FAMILY.full_name(variant), VARIANTS[variant], net, RECIPES[variant], paper=SOURCE, **which)


def _train(variant, recipe, **options):
    from .training import train_recogniser, vcafe_lesson

    return train_recogniser(lambda: vcafe_lesson(FAMILY.full_name(variant), VERSION, recipe), recipe, **options)


FAMILY = Family(
    id="vcafe", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train, tasks={"avsr": ""}
)
