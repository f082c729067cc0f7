"""VisualVoice: the third backbone of MUTUD, as it listens alone and as it is shown the lips.

Source: Gao and Grauman 2021, "VisualVoice: audio-visual speech separation with cross-modal consistency", CVPR; MUTUD
Table IV. The net itself is `systems/nn/visualvoice.py`.

Deviations and choices:

- **One voice from noise**, not several from each other: one mask, and MUTUD's eq. 9 (L1 of the masked spectrum, and
  SI-SDR) in place of VisualVoice's losses on masks, on co-separation and on faces. AdamW with MUTUD's schedule and one
  rate for all parts, where VisualVoice has a tenth of it for what it sees.
- **Lips only.** `visualvoice/identity` has the published identity net too, so that it can be counted and timed; it
  takes a picture of the speaker's face, which no enhancement corpus here has, and is neither trained nor run.
- **Not causal**, as published: see `systems/nn/visualvoice.py`. A clip is enhanced whole, not in pieces of 2.55 s.
- **Not stated in our sources**, and chosen: a Hann window; two convolutions per layer of the lip net's temporal part,
  with batch norm, PReLU and dropout; no bias in its first convolution.
- **Recipe `synth`**: an eighth of the U-Net's widths, about a quarter of the lip net's, and lips that are read first,
  as for the other nets.

Contents: `VisualVoiceRecipe`, `RECIPES`, `build`, `FAMILY`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from avbench.errors import UsageError
from avbench.registry import Family
from avbench.training.recipe import TrainingRecipe
from avbench.types import Card

from ..systems.nn.sizes import (
    LIP_STEPS,
    PAPER_SCHEDULE,
    SHUFFLENET,
    SHUFFLENET_REDUCED,
    SYNTH_SCHEDULE,
    VISUALVOICE,
    VISUALVOICE_REDUCED,
)

VERSION = "visualvoice-1"
VARIANTS = {
    "": "VisualVoice with lips",
    "audio": "VisualVoice's U-Net, audio-only",
    "identity": "VisualVoice with lips and identity, for counting only",
}


@dataclass(frozen=True, kw_only=True)
class VisualVoiceRecipe(TrainingRecipe):
    """Sizes beside the schedule.

    Args:
        channels: widths of the U-Net's eight encoder layers.
        video_widths: channels of the lip net; none for a net that only listens.
        face: whether a face is looked at too.
        lip_steps: steps of pre-training in which the lip net learns to read visemes, and nothing later; 0 trains it
            with everything else. See `systems/nn/lips.py`.
    """

    channels: tuple[int, ...]
    video_widths: tuple[int, ...] = ()
    face: bool = False
    lip_steps: int = 0

    @property
    def pretraining(self) -> tuple[int, ...]:
        """Lips first."""
        return (self.lip_steps,)


SYNTH = VisualVoiceRecipe(
    **SYNTH_SCHEDULE, channels=VISUALVOICE_REDUCED, video_widths=SHUFFLENET_REDUCED, lip_steps=LIP_STEPS
)
PAPER = VisualVoiceRecipe(**PAPER_SCHEDULE, channels=VISUALVOICE, video_widths=SHUFFLENET)

RECIPES: Mapping[str, Mapping[str, VisualVoiceRecipe]] = {
    variant: {recipe.name: replace(recipe, **changes) for recipe in (SYNTH, PAPER)}
    for variant, changes in {
        "": {},
        "audio": {"video_widths": (), "lip_steps": 0},
        "identity": {"face": True},
    }.items()
}


def build(recipe: VisualVoiceRecipe):
    """The net of a recipe, to train and to deploy."""
    from ..systems.nn.visualvoice import VisualVoice, VisualVoiceUnet

    if not recipe.video_widths:
        return VisualVoiceUnet(recipe.channels)
    return VisualVoice(recipe.channels, recipe.video_widths, recipe.face)


def _create(variant, *, recipe=None, weights=None, untrained=False):
    from ..systems.nn.enhancer import Net, open_enhancer
    from ..systems.nn.visualvoice import LOOKAHEAD, LOOKAHEAD_OF_LIPS

    watches = variant != "audio"
    card = Card(
        id=FAMILY.full_name(variant),
        title=VARIANTS[variant],
        paper="Gao and Grauman 2021, CVPR",
        inputs=frozenset({"audio", "video"} if watches else {"audio"}),
        output="audio",
        rate=16000,
        causal=False,
        lookahead=LOOKAHEAD_OF_LIPS if watches else LOOKAHEAD,
    )
    net = Net(VERSION, build, watches, Path(__file__).parent / "weights", faces=variant == "identity")
    return open_enhancer(net, card, RECIPES[variant], recipe=recipe, weights=weights, untrained=untrained)


def _train(variant, recipe, **options):
    from ..systems.mutud.train import plain_exercise, watching_exercise
    from ..systems.nn.training import train_enhancer

    name = FAMILY.full_name(variant)
    if recipe.face:
        raise UsageError(
            f"{name} cannot be trained: no corpus here has faces beside mouths. Train visualvoice instead."
        )
    exercise = watching_exercise if recipe.video_widths else plain_exercise
    return train_enhancer(exercise(name, VERSION, build, recipe), recipe, **options)


FAMILY = Family(id="visualvoice", variants=VARIANTS, create=_create, recipes=RECIPES.__getitem__, train=_train)
