"""EgoASD: the detector of active speakers that MUTUD's Table IX compares with, audio-visual and video-only.

Source: Huh et al. 2025, "Advancing active speaker detection for egocentric videos", as MUTUD describes it. The net is
`model.py`; `README.md` is its card: sizes against the source, deviations, time of a training.

Contents: `RECIPES`, `build`, `FAMILY`.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from avbench.registry import Family
from avbench.types import Card

from .recipe import PAPER, SYNTH, EgoasdRecipe

VERSION = "egoasd-1"
VARIANTS = {"": "audio-visual EgoASD", "video": "EgoASD that only looks"}
LOOKAHEAD = 0.055  # a picture lasts 40 ms, and the last window of sound that belongs to it ends 15 ms after it
RECIPES: Mapping[str, Mapping[str, EgoasdRecipe]] = {
    variant: {recipe.name: replace(recipe, hears=variant == "") for recipe in (SYNTH, PAPER)} for variant in VARIANTS
}


def build(recipe: EgoasdRecipe):
    """The net of a recipe, to train and to deploy."""
    from .model import Egoasd, EgoasdVideo

    return Egoasd(recipe) if recipe.hears else EgoasdVideo(recipe)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ...systems.nn.enhancer import Net, open_enhancer
    from .system import Detector

    hears = variant == ""
    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Huh et al. 2025; Hong et al. 2025, arXiv 2501.18157",
        inputs=frozenset({"audio", "face"} if hears else {"face"}),
        output="scores",
        rate=16000,
        causal=True,
        lookahead=LOOKAHEAD if hears else 0.04,
    )
    net = Net(version=VERSION, build=build, watches=True, folder=Path(__file__).parent / "weights")
    opened = open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)
    sizes = RECIPES[variant][opened.card.recipe]
    return Detector(opened, hears, sizes.side, sizes.colours)


def _train(variant, recipe, **options):
    from .training import egoasd_lesson, train_detector

    name = FAMILY.full_name(variant)
    return train_detector(lambda: egoasd_lesson(name, VERSION, recipe), recipe, name, **options)


FAMILY = Family(
    id="egoasd", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train, tasks={"asd": ""}
)
