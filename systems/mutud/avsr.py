"""`mutud/avsr`: every number of its trainings, and how it is opened and trained.

Source: MUTUD, "Audiovisual Speech Recognition (AVSR)", Table VIII.

Contents: `TITLE`, `MutudAvsrRecipe`, `RECIPES`, `create`, `train`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ...baselines.vcafe.recipe import PAPER, SYNTH, VcafeRecipe
from .absent import SOURCE, SYNTH_TAME, TameNumbers

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
    "synth": MutudAvsrRecipe(**asdict(SYNTH), **SYNTH_TAME),
    "paper": MutudAvsrRecipe(**asdict(PAPER), tame_steps=20 * 131_000 // 64),  # 20 epochs, as for enhancement
}


def _deployed(recipe: MutudAvsrRecipe):
    from .avsr_model import MutudAvsrDeployed

    return MutudAvsrDeployed.of(recipe)


def create(**which):
    """The system; arguments as of `avbench.registry.Family.create`."""
    from ...baselines.vcafe.system import open_recogniser
    from ..nn.enhancer import Net

    net = Net(version=VERSION, build=_deployed, watches=False, folder=Path(__file__).parent / "weights")
    return open_recogniser(NAME, TITLE, net, RECIPES, paper=SOURCE, **which)


def train(recipe: MutudAvsrRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    from ...baselines.vcafe.training import train_recogniser
    from .avsr_model import avsr_lesson

    return train_recogniser(lambda: avsr_lesson(NAME, VERSION, recipe), recipe, **options)
