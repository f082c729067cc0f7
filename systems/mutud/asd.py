"""`mutud/asd`: every number of its trainings, and how it is opened and trained.

Source: MUTUD, "Audiovisual Active Speaker Detection (AV-ASD)", Table IX.

Contents: `TITLE`, `MutudAsdRecipe`, `RECIPES`, `create`, `train`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from avbench.types import Card

from ...baselines.egoasd.recipe import PAPER, SYNTH, EgoasdRecipe
from .absent import TameNumbers

VERSION = "mutud-asd-1"
NAME = "mutud/asd"
TITLE = "MUTUD on EgoASD, a detector that only looks"


@dataclass(frozen=True, kw_only=True)
class MutudAsdRecipe(TameNumbers, EgoasdRecipe):
    """Sizes and objectives."""

    @property
    def pretraining(self) -> tuple[int, ...]:
        """TAME."""
        return (self.tame_steps,)


RECIPES: Mapping[str, MutudAsdRecipe] = {
    "synth": MutudAsdRecipe(
        **asdict(SYNTH), tame_steps=200, stop_gradient=True, reduction="mean", lambda_=1.0
    ),  # as for enhancement, see `recipe`
    "paper": MutudAsdRecipe(**asdict(PAPER), tame_steps=PAPER.warmup),  # its length not stated
}


def _deployed(recipe: MutudAsdRecipe):
    from .asd_model import MutudAsdDeployed

    return MutudAsdDeployed.of(recipe)


def create(*, recipe: str | None = None, weights: Path | None = None, untrained: bool = False):
    """The system; arguments as of `avbench.registry.Family`."""
    from ...baselines.egoasd.system import Detector
    from ..nn.enhancer import Net, open_enhancer

    card = Card(
        id=NAME,
        title=TITLE,
        paper="Hong et al. 2025, arXiv 2501.18157",
        inputs=frozenset({"face"}),
        output="scores",
        rate=16000,
        causal=True,
        lookahead=0.04,  # a picture's exposure
    )
    net = Net(version=VERSION, build=_deployed, watches=True, folder=Path(__file__).parent / "weights")
    opened = open_enhancer(net, card, RECIPES, recipe=recipe, weights=weights, untrained=untrained)
    sizes = RECIPES[opened.card.recipe]
    return Detector(opened, False, sizes.side, sizes.colours)


def train(recipe: MutudAsdRecipe, **options) -> Path:
    """Train; options as of `train_lesson`."""
    from ...baselines.egoasd.training import train_detector
    from .asd_model import asd_lesson

    return train_detector(lambda: asd_lesson(NAME, VERSION, recipe), recipe, NAME, **options)
