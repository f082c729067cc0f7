"""`mutud/asd`: every number of its trainings, and how it is opened and trained.

Source: MUTUD, "Audiovisual Active Speaker Detection (AV-ASD)", Table IX.

Contents: `TITLE`, `MutudAsdRecipe`, `RECIPES`, `create`, `train`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ...baselines.egoasd.recipe import PAPER, SYNTH, EgoasdRecipe
from .absent import SOURCE, SYNTH_TAME, TameNumbers

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
    "synth": MutudAsdRecipe(**asdict(SYNTH), **SYNTH_TAME),
    "paper": MutudAsdRecipe(**asdict(PAPER), tame_steps=PAPER.warmup),  # its length not stated
}


def _deployed(recipe: MutudAsdRecipe):
    from .asd_model import MutudAsdDeployed

    return MutudAsdDeployed.of(recipe)


def create(**which):
    """The system; arguments as of `avbench.registry.Family.create`."""
    from ...baselines.egoasd.system import open_detector
    from ..nn.enhancer import Net

    net = Net(version=VERSION, build=_deployed, watches=True, folder=Path(__file__).parent / "weights")
    return open_detector(NAME, TITLE, net, RECIPES, paper=SOURCE, hears=False, **which)


def train(recipe: MutudAsdRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    from ...baselines.egoasd.training import train_detector
    from .asd_model import asd_lesson

    return train_detector(lambda: asd_lesson(NAME, VERSION, recipe), recipe, **options)
