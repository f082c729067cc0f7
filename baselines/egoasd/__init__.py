"""EgoASD: the detector of active speakers that MUTUD's Table IX compares with, audio-visual and video-only.

Source: Huh et al. 2025, "Advancing active speaker detection for egocentric videos", as MUTUD describes it. The net is
`model.py`; `README.md` is its card: sizes against the source, deviations, time of a training.

Contents: `RECIPES`, `build`, `FAMILY`.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from avbench.registry import Family

from .recipe import PAPER, SYNTH, EgoasdRecipe

VERSION = "egoasd-1"
SOURCE = "Huh et al. 2025; Hong et al. 2025, arXiv 2501.18157"
VARIANTS = {"": "audio-visual EgoASD", "video": "EgoASD that only looks"}
RECIPES: Mapping[str, Mapping[str, EgoasdRecipe]] = {
    variant: {recipe.name: replace(recipe, hears=variant == "") for recipe in (SYNTH, PAPER)} for variant in VARIANTS
}


def build(recipe: EgoasdRecipe):
    """The net of a recipe, to train and to deploy."""
    from .model import Egoasd, EgoasdVideo

    return Egoasd(recipe) if recipe.hears else EgoasdVideo(recipe)


def _create(variant, **which):
    from ...systems.nn.enhancer import Net
    from .system import open_detector

    name, hears = FAMILY.full_name(variant), variant == ""
    net = Net(version=VERSION, build=build, watches=True, folder=Path(__file__).parent / "weights")
    return open_detector(name, VARIANTS[variant], net, RECIPES[variant], paper=SOURCE, hears=hears, **which)


def _train(variant, recipe, **options):
    from .training import egoasd_lesson, train_detector

    return train_detector(lambda: egoasd_lesson(FAMILY.full_name(variant), VERSION, recipe), recipe, **options)


FAMILY = Family(
    id="egoasd", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train, tasks={"asd": ""}
)
