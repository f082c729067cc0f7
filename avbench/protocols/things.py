"""What trials are made of beside speech and noise: each thing has a name, so that a difference can be named.

    sound    speech of a clip            mouth    its mouth, 88 × 88          track    crops of a face track
    film     its face, registered        masked   the same, mouth hidden      labels   when that face speaks
    still    a still picture             frame    one picture of a film       noisy    speech as others recorded it

A thing is recorded by its hash and by a fingerprint, which says what is near enough to be the same made by another
machine. Of a sound: its length, the level of MELS mel bands and the course of its level over STRETCHES stretches, in
half decibels above -60 dB. Of a clip's pictures: their number and size, and the mean grey level of CELLS × CELLS cells
at INSTANTS instants. Near is what is within TOLERANCE steps everywhere: 1 dB, or two grey levels of 256.

Conventions: a fingerprint is text, `<length>:<bytes in hexadecimal>`.

Contents: `HEARD`, `SEEN`, `Thing`, `load`, `sound`, `has_noisy`, `hash_thing`; `of_sounds`, `of_frames`, `near`.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..data.dataset import Dataset
from ..errors import BadFile, MissingResource, ReferenceFault, UsageError
from ..signal.audio import RATE
from ..signal.files import digest
from ..types import Audio, Video
from . import portraits
from .protocol import Use

HEARD = ("sound", "noisy")
"""Kinds that are heard."""
SEEN = ("mouth", "film", "masked", "still", "frame", "track")
"""Kinds that are pictures. Labels are neither heard nor seen."""
MELS, STRETCHES = 20, 16
FLOOR_DB, STEP_DB = -60.0, 0.5
CELLS, INSTANTS = 4, 4
TOLERANCE = 2  # steps
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
    if kind in HEARD:
        return sound(dataset, use.item, kind)
    if kind == "mouth":
        try:
            return dataset.mouth(dataset.clip(use.item))
        except BadFile as error:
            raise ReferenceFault(f"the picture cannot be used: {error}") from error
    make = {"film": portraits.film, "masked": portraits.masked, "track": portraits.track}
    if kind in make:
        return make[kind](dataset, use.item)
    return {"still": portraits.still, "frame": portraits.frame}[kind](dataset, use)


def sound(dataset: Dataset, clip_id: str, kind: str = "sound") -> Audio:
    """Speech of a clip at 16 kHz, or its `noisy` side.

    Raises:
        ReferenceFault: it is silent or broken.
        UsageError: it has another rate.
    """
    clip, named = dataset.clip(clip_id), "clip" if kind == "sound" else f"{kind} side of the clip"
    try:
        audio = dataset.audio(clip) if kind == "sound" else dataset.sound(clip, kind)
    except BadFile as error:
        raise ReferenceFault(f"the sound cannot be used: {error}") from error
    if audio.rate != RATE:
        raise UsageError(f"The {named} {clip_id} of {dataset.name} has {audio.rate} Hz; plans work at {RATE} Hz.")
    if not audio.samples.any() or not np.isfinite(audio.samples).all():
        raise ReferenceFault(f"the {named} {clip_id} is silent or holds values that are not finite")
    return audio


def has_noisy(dataset: Dataset, clip_id: str) -> bool:
    """Others recorded the speech of this clip with noise, too."""
    if not hasattr(dataset, "sound"):  # only corpora that users bring have files beside a clip's own
        return False
    try:
        return bool(dataset.path(dataset.clip(clip_id), "noisy"))
    except MissingResource:
        return False


def hash_thing(dataset: Dataset, thing: Thing) -> list[str]:
    """Hash and fingerprint, or only a hash where nothing is near enough; `["void"]` for what is broken."""
    try:
        if thing.kind == "labels":
            return [digest(portraits.labels(dataset, thing.use.item).astype(np.uint8))[:16]]
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


def of_sounds(*sounds: np.ndarray) -> str:
    """`[T]` each, of one length: `MELS` and `STRETCHES` levels of each, a byte each."""
    levels = np.concatenate([_levels(np.asarray(x, np.float64)) for x in sounds])
    steps = np.clip(np.rint((levels - FLOOR_DB) / STEP_DB), 0, 255).astype(np.uint8)
    return f"{len(sounds[0])}:{steps.tobytes().hex()}"


def of_frames(frames: np.ndarray) -> str:
    """`[F, H, W, C]` uint8: mean grey levels, a byte each."""
    chosen = frames[np.linspace(0, len(frames) - 1, INSTANTS).round().astype(int)].mean(axis=3, dtype=np.float64)
    rows = [part.mean(axis=1) for part in np.array_split(chosen, CELLS, axis=1)]
    cells = np.stack([[part.mean(axis=1) for part in np.array_split(row, CELLS, axis=1)] for row in rows])
    return f"{'x'.join(map(str, frames.shape))}:{np.rint(cells).astype(np.uint8).tobytes().hex()}"


def near(then: str, now: str) -> bool:
    """Whether two fingerprints agree within `TOLERANCE`."""
    length, levels = then.split(":")
    length_now, levels_now = now.split(":")
    a, b = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in (levels, levels_now))
    return length == length_now and len(a) == len(b) and bool(np.all(np.abs(a - b) <= TOLERANCE))


def _levels(x: np.ndarray) -> np.ndarray:
    """Mel bands and stretches in dB re the mean power of the whole."""
    power = np.mean(x * x) + 1e-20
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, max(0, 512 - len(x)))), 512)[::256]
    spectrum = np.mean(np.abs(np.fft.rfft(frames * np.hanning(512))) ** 2, axis=0)
    bands = _mel_bands() @ spectrum
    stretches = np.array([np.mean(part * part) if len(part) else 0.0 for part in np.array_split(x, STRETCHES)])
    return 10 * np.log10(np.concatenate([bands / (bands.sum() + 1e-20), stretches / power]) + 1e-12)


@lru_cache(maxsize=1)
def _mel_bands() -> np.ndarray:
    """`[MELS, 257]` triangles, evenly spaced on the mel scale (2595 lg(1 + f / 700)) from 60 to 7800 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7800 / 700), MELS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    f = np.fft.rfftfreq(512, 1 / RATE)
    rise = (f - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - f) / np.diff(edges)[1:, None]
    return np.clip(np.minimum(rise, fall), 0, None)
