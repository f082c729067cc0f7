"""The noisy talking face: a face that speaks what is heard, however noisy.

Source: Eskimez, Maddox, Xu and Duan 2020, "End-to-end generation of talking faces from noisy speech", ICASSP. README.md
has the sizes, the deviations and what came of the traps.

Contents: `FAMILY`, `build`, and in the modules `model`, `discriminators`, `losses`, `recipe` what the paper says.
"""

from pathlib import Path

from avbench.registry import Family
from avbench.types import Card

from .recipe import RECIPES, VARIANTS, TalkingFaceRecipe

VERSION = "noisy-talking-face-1"


def build(recipe: TalkingFaceRecipe):
    """The generator of a recipe, which is what is deployed."""
    from .model import Generator

    return Generator(recipe)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ..nn.enhancer import Net, open_enhancer
    from .stream import LOOKAHEAD
    from .system import TalkingFace

    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Eskimez et al. 2020, ICASSP",
        inputs=frozenset({"audio", "face"}),
        output="video",
        rate=16000,
        causal=True,
        lookahead=LOOKAHEAD,
    )
    net = Net(version=VERSION, build=build, watches=False, folder=Path(__file__).parent / "weights")
    opened = open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)
    return TalkingFace(opened, RECIPES[variant][opened.card.recipe])


def _train(variant, recipe, **options):
    from .train import train

    return train(FAMILY.full_name(variant), VERSION, recipe, **options)


FAMILY = Family(
    id="noisy-talking-face", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train,
    tasks={"talking-face": ""},
)  # fmt: skip
