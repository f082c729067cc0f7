"""MUTUD: multimodal training, unimodal deployment.

Source: Hong et al., "Efficient Audiovisual Speech Processing via MUTUD: Multimodal Training and Unimodal Deployment",
arXiv 2501.18157. Speech enhancement with lips at training time only: README.md has the table and the deviations.

Contents: `FAMILY`, `build`, and in the modules `model`, `tame`, `losses`, `recipe` what the paper's sections say.
"""

from pathlib import Path

from avbench.registry import Family
from avbench.types import Card

from .recipe import RECIPES, MutudRecipe

VERSION = "mutud-1"
VARIANTS = {
    "": "MUTUD, TAME pre-trained on clean pairs",
    "scratch": "MUTUD without pre-trained TAME",
    "small": "MUTUD on backbone 2",
    "no-video": "control: MUTUD's deployed net, trained without any video",
}


def build(recipe: MutudRecipe):
    """The net to train, with its lip encoder; for `no-video` the deployed net alone."""
    from .model import Mutud, MutudDeployed

    return Mutud(recipe) if recipe.video else MutudDeployed.of(recipe)


def _deployed(recipe: MutudRecipe):
    from .model import MutudDeployed

    return MutudDeployed.of(recipe)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ..nn.enhancer import Net, open_enhancer

    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Hong et al. 2025, arXiv 2501.18157",
        inputs=frozenset({"audio"}),
        output="audio",
        rate=16000,
        causal=True,
        lookahead=0.02,
    )
    net = Net(version=VERSION, build=_deployed, watches=False, folder=Path(__file__).parent / "weights")
    return open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)


def _train(variant, recipe, **options):
    from .train import train

    return train(variant, recipe, **options)


FAMILY = Family(id="mutud", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train)
