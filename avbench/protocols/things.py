"""What trials are made of beside speech and noise: each thing has a name, so that a difference can be named.

    sound    speech of a clip            mouth    its mouth, 88 × 88          track    crops of a face track
    film     its face, registered        masked   the same, mouth hidden      labels   when that face speaks
    still    a still picture             frame    one picture of a film

Contents: `HEARD`, `Thing`, `load`, `sound`, `hash_thing`.
"""

from typing import NamedTuple

import numpy as np

from ..data.dataset import Dataset
from ..errors import BadFile, ReferenceFault, UsageError
from ..signal.audio import RATE
from ..signal.files import digest
from ..types import Audio, Video
from . import portraits
from .fingerprint import of_frames, of_sounds
from .protocol import Use

HEARD = ("sound",)
"""Kinds that are heard; the others are seen."""
GROUP = 4  # numbers of a fingerprint that are averaged, for a record of many things must be small


class Thing(NamedTuple):
    """One thing: of which kind, and out of which clip."""

    kind: str
    use: Use

    def __str__(self):
        return f"{self.kind} {self.use}"


def load(dataset: Dataset, thing: Thing) -> Audio | Video:
    """The thing itself.

    Raises:
        ReferenceFault: it is broken, which voids the trials that need it.
        MissingResource, UsageError: it cannot be had here.
    """
    kind, use = thing
    if kind == "sound":
        return sound(dataset, use.item)
    if kind == "mouth":
        try:
            return dataset.mouth(dataset.clip(use.item))
        except BadFile as error:
            raise ReferenceFault(f"the picture cannot be used: {error}") from error
    make = {"film": portraits.film, "masked": portraits.masked, "track": portraits.track}
    if kind in make:
        return make[kind](dataset, use.item)
    return {"still": portraits.still, "frame": portraits.frame}[kind](dataset, use)


def sound(dataset: Dataset, clip_id: str) -> Audio:
    """Speech of a clip at 16 kHz. Raises `ReferenceFault` (silent or broken) or `UsageError` (another rate)."""
    try:
        audio = dataset.audio(dataset.clip(clip_id))
    except BadFile as error:
        raise ReferenceFault(f"the sound cannot be used: {error}") from error
    if audio.rate != RATE:
        raise UsageError(f"The clip {clip_id} of {dataset.name} has {audio.rate} Hz; plans work at {RATE} Hz.")
    if not audio.samples.any() or not np.isfinite(audio.samples).all():
        raise ReferenceFault(f"the clip {clip_id} is silent or holds values that are not finite")
    return audio


def hash_thing(dataset: Dataset, thing: Thing) -> list[str]:
    """Hash and fingerprint, or only a hash where nothing is near enough; `["void"]` for what is broken."""
    if thing.kind == "labels":
        return [digest(portraits.labels(dataset, thing.use.item).astype(np.uint8))[:16]]
    try:
        made = load(dataset, thing)
    except ReferenceFault:
        return ["void"]
    if isinstance(made, Audio):
        return [digest(np.ascontiguousarray(made.samples, "<f4"))[:16], _brief(of_sounds(made.samples))]
    return [digest(made.frames)[:16], _brief(of_frames(made.frames))]


def _brief(fingerprint: str) -> str:
    """A fingerprint of a quarter of its length: means of `GROUP` neighbours."""
    length, levels = fingerprint.split(":")
    numbers = np.frombuffer(bytes.fromhex(levels), np.uint8).reshape(-1, GROUP).mean(axis=1)
    return f"{length}:{np.rint(numbers).astype(np.uint8).tobytes().hex()}"
