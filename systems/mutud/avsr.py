"""`mutud/avsr`: every number of its trainings, and how it is opened and trained.

Source: MUTUD, "Audiovisual Speech Recognition (AVSR)", Table VIII.

Contents: `TITLE`, `MutudAvsrRecipe`, `RECIPES`, `create`, `train`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from avbench.types import Card

from ...baselines.vcafe.recipe import PAPER, SYNTH, VcafeRecipe
from .absent import TameNumbers

VERSION = "mutud-avsr-1"
NAME = "mutud/avsr"
TITLE = "MUTUD on V-CAFE, a recogniser that only listens; Conformer without relative positions"


@dataclass(frozen=True, kw_only=True)
class MutudAvsrRecipe(TameNumbers, VcafeRecipe):
    """Sizes and objectives."""

    @property
    def pretraining(self) -> tuple[int, ...]:
        """Lips first, then TAME."""
        return self.lip_steps, self.tame_steps


RECIPES: Mapping[str, MutudAvsrRecipe] = {
    "synth": MutudAvsrRecipe(
        **asdict(SYNTH), tame_steps=200, stop_gradient=True, reduction="mean", lambda_=1.0
    ),  # as for enhancement, see `recipe`
    "paper": MutudAvsrRecipe(**asdict(PAPER), tame_steps=20 * 131_000 // 64),  # likewise
}


def _deployed(recipe: MutudAvsrRecipe):
    from .avsr_model import MutudAvsrDeployed

    return MutudAvsrDeployed.of(recipe)


def create(*, recipe: str | None = None, weights: Path | None = None, untrained: bool = False):
    """The system; arguments as of `avbench.registry.Family`."""
    from ...baselines.vcafe.system import Recogniser
    from ..nn.enhancer import Net, open_enhancer

    card = Card(
        id=NAME,
        title=TITLE,
        paper="Hong et al. 2025, arXiv 2501.18157",
        inputs=frozenset({"audio"}),
        output="text",
        rate=16000,
        causal=False,
        lookahead=0.0,
    )
    net = Net(version=VERSION, build=_deployed, watches=False, folder=Path(__file__).parent / "weights")
    opened = open_enhancer(net, card, RECIPES, recipe=recipe, weights=weights, untrained=untrained)
    return Recogniser(opened, watches=False)


def train(recipe: MutudAvsrRecipe, **options) -> Path:
    """Train; options as of `train_lesson`."""
    from ...baselines.vcafe.training import train_recogniser
    from .avsr_model import avsr_lesson

    return train_recogniser(lambda: avsr_lesson(NAME, VERSION, recipe), recipe, NAME, **options)
