"""MUTUD: multimodal training, unimodal deployment.

Source: Hong et al., "Efficient Audiovisual Speech Processing via MUTUD: Multimodal Training and Unimodal Deployment",
arXiv 2501.18157. Speech enhancement with lips at training time only: README.md has the table and the deviations.

Contents: `FAMILY`, `build`, and in the modules `model`, `tame`, `losses`, `recipe` what the paper's sections say.
"""

from pathlib import Path

from avbench.registry import Family
from avbench.types import Card

from . import asd, avsr
from .recipe import RECIPES, MutudRecipe

VERSION = "mutud-1"
VARIANTS = {
    "": "MUTUD, TAME pre-trained on clean pairs",
    "scratch": "MUTUD without pre-trained TAME",
    "small": "MUTUD on backbone 2",
    "small-scratch": "MUTUD on backbone 2, without pre-trained TAME",
    "visualvoice": "MUTUD on VisualVoice, K = 1",
    "no-video": "control: MUTUD's deployed net, trained without any video",
    "n8": "MUTUD with 8 codes per codebook",
    "n16": "MUTUD with 16 codes per codebook",
    "n64": "MUTUD with 64 codes per codebook",
    "avsr": avsr.TITLE,
    "asd": asd.TITLE,
}
OTHERS = {"avsr": avsr, "asd": asd}
"""Variants that do not enhance: each module opens and trains its own."""


def build(recipe: MutudRecipe):
    """The net to train, with its lip encoder; for `no-video` the deployed net alone."""
    from .model import Mutud, MutudDeployed

    return Mutud(recipe) if recipe.video else MutudDeployed.of(recipe)


def _deployed(recipe: MutudRecipe):
    from .model import MutudDeployed

    return MutudDeployed.of(recipe)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    if variant in OTHERS:
        return OTHERS[variant].create(recipe=recipe, weights=weights, untrained=untrained)
    from ..nn.enhancer import Net, open_enhancer
    from ..nn.visualvoice import LOOKAHEAD

    windows = variant != "visualvoice"  # only the windows of its spectrum look ahead
    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Hong et al. 2025, arXiv 2501.18157",
        inputs=frozenset({"audio"}),
        output="audio",
        rate=16000,
        causal=windows,
        lookahead=0.02 if windows else LOOKAHEAD,
    )
    net = Net(version=VERSION, build=_deployed, watches=False, folder=Path(__file__).parent / "weights")
    return open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)


def _recipes(variant):
    return OTHERS[variant].RECIPES if variant in OTHERS else RECIPES[variant]


def _train(variant, recipe, **options):
    if variant in OTHERS:
        return OTHERS[variant].train(recipe, **options)
    from .train import train

    return train(variant, recipe, **options)


FAMILY = Family(
    id="mutud", variants=VARIANTS, create=_create, recipes=_recipes, train=_train,
    tasks={"avse": "", "avsr": "avsr", "asd": "asd"},
)  # fmt: skip
