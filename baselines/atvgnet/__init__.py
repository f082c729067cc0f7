"""ATVGnet: the talking face in two stages over landmarks that the noisy talking face is compared with.

Source: Chen, Maddox, Duan and Xu 2019, "Hierarchical cross-modal talking face generation with dynamic pixel-wise loss",
CVPR. Stage one is `landmarks.py`, stage two `pictures.py`; `README.md` is the card: sizes against the source,
deviations, time of a training.

Contents: `RECIPES`, `build`, `FAMILY`.
"""

from pathlib import Path

from avbench.registry import Family
from avbench.types import Card

from .recipe import RECIPES, AtvgnetRecipe

VERSION = "atvgnet-1"
# A picture belongs to the sound from its beginning on, and the last window that it hears ends 175 ms after that.
LOOKAHEAD = 0.175


def build(recipe: AtvgnetRecipe):
    """The deployed net of a recipe."""
    from .model import Atvgnet

    return Atvgnet(recipe)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ...systems.nn.enhancer import Net, open_enhancer
    from .system import TalkingHead

    card = Card(
        id=FAMILY.full_name(variant),
        title=FAMILY.variants[variant],
        paper="Chen et al. 2019, arXiv 1905.03820",
        inputs=frozenset({"audio", "face"}),
        output="video",
        rate=16000,
        causal=True,
        lookahead=LOOKAHEAD,
    )
    net = Net(version=VERSION, build=build, watches=True, folder=Path(__file__).parent / "weights")
    opened = open_enhancer(net, card, RECIPES, recipe=recipe, weights=weights, untrained=untrained)
    return TalkingHead(opened, RECIPES[opened.card.recipe].size)


def _train(variant, recipe, **options):
    from .training import train_atvgnet

    return train_atvgnet(FAMILY.full_name(variant), VERSION, recipe, **options)


FAMILY = Family(
    id="atvgnet",
    variants={"": "ATVGnet: landmarks from speech, pictures from landmarks"},
    create=_create,
    recipes=lambda variant: RECIPES,
    train=_train,
    tasks={"talking-face": ""},
)
