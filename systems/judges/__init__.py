"""Judges of our own for the embedded corpus: small nets that know its words, faces and voices, and nothing else.

Judges made for people and photographs mostly fail on drawn faces and synthetic speech. These are trained on the corpus'
training speakers, and every net takes what it needs from the corpus alone; README.md has a card for each. Their scores
are as synthetic as the corpus.

Contents: `SYNTH_ASR`, `SYNTH_LANDMARKS`, `SYNTH_FACE`, `SYNTH_FACE_VOICE`, `SYNTH_LIPS`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from avbench.judges.assets import Asset
from avbench.training.judge import TrainableJudge
from avbench.training.recipe import TrainingRecipe

from . import recipe as recipes

LICENCE = "Apache-2.0"


def _row(name: str, title: str, recipe: TrainingRecipe, module: str, parts: tuple[str, str, str]) -> TrainableJudge:
    """A judge.

    Args:
        name: as typed.
        title: one line.
        recipe: its usual one.
        module: of this package.
        parts: there, the names of `recipe -> net`, of the adapter, and of the training.
    """
    file = f"{name}-{recipe.name}.safetensors"
    asset = Asset(
        name=f"judges/{file}",
        sha256=None,  # every training makes a file of its own; the digest of the one in use stands in the result
        bytes=None,
        licence=LICENCE,
        note=f"`avbench train --system {name}`, which makes it,",
        package=f"avbench.systems.judges:weights/{file}",
    )
    build, adapter, train = (_later(module, part) for part in parts)

    def load(files: Mapping[str, Path], device: str) -> Any:
        from .opened import open_net

        return adapter(open_net(build(recipe), files[asset.name], device), device)

    return TrainableJudge(
        name=name, title=title, source="own, trained on the embedded corpus", licence=LICENCE, assets=(asset,),
        extra=None, load=load, recipes={recipe.name: recipe}, train=train,
    )  # fmt: skip


def _later(module: str, part: str) -> Callable[..., Any]:
    """A function that is imported when it is called, so that a list of judges costs no torch."""

    def call(*args, **options):
        return getattr(import_module(f".{module}", __name__), part)(*args, **options)

    return call


SYNTH_ASR = _row(
    "synth-asr",
    "recogniser of the embedded corpus' words",
    recipes.ASR,
    "asr",
    ("AsrNet", "SynthAsr", "train_asr"),
)
SYNTH_LANDMARKS = _row(
    "synth-landmarks",
    "68 points of the embedded corpus' faces",
    recipes.LANDMARKS,
    "landmarks",
    ("LandmarkNet", "SynthLandmarks", "train_landmarks"),
)
SYNTH_FACE = _row(
    "synth-face",
    "features of the embedded corpus' faces",
    recipes.FACE,
    "face",
    ("FaceNet", "SynthFace", "train_face"),
)
SYNTH_FACE_VOICE = _row(
    "synth-face-voice",
    "whether a face and a voice of the embedded corpus belong together",
    recipes.FACE_VOICE,
    "face_voice",
    ("FaceVoiceNet", "SynthFaceVoice", "train_face_voice"),
)
SYNTH_LIPS = _row(
    "synth-lips",
    "reader of the embedded corpus' 500 words from lips",
    recipes.LIPS,
    "lips",
    ("LipNet", "SynthLips", "train_lips"),
)
