"""The axes of a condition: what may be varied beside the plan, and how a trial is called after it.

    snr             dB, or "clean"
    modality        what is seen and heard at all: see `MODALITIES`
    offset          the video comes so many frames late
    degradation     what is wrong with the picture: see `signal.degrade`
    reverberation   the room the talker stands in: a declared synthetic one, or a drawn one of a folder
    band, clipping  what the channel does to the mixture: see `signal.channel`
    identity        whose face or voice an answer shall have: see `IDENTITIES`
    guidance        what says how an answer shall look or sound: see `GUIDANCES`
    reference       which of a row's references it is, from 0

An axis at its neutral value leaves no mark in the trial's id, so a trial is called the same whether the axis was set to
it or not set at all. What stays open in a value (where an occlusion lies, which room of a folder) is drawn from the
name of the row and of the axis, so it is the same at every SNR and for everybody.

Conventions: ids are of `[a-z0-9._-]`; no two values of different axes leave the same mark.

Contents: `MODALITIES`, `IDENTITIES`, `GUIDANCES`, `Axis`, `AXES`, `NONE`, `Condition`, `read_condition`, `marks_of`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UnknownName, UsageError
from ..signal.channel import BANDS, CLIPS
from ..signal.degrade import DEGRADATIONS
from ..signal.reverb import ROOMS

NONE = "none"
FOLDER = "folder:PATH"
MODALITIES = {
    "av": "the mouth of the clip",
    "audio": "no picture at all",
    "video": "the mouth of the clip, and no sound at all",
    "frozen-face": "the first picture of the clip throughout",
    "wrong-face": "the mouth of the next clip of the plan that another speaker says, fitted in length",
}

IDENTITIES = {
    "own": "that of the clip itself",
    "other": "the same person's, from another clip",
    "swapped": "another person's",
}
GUIDANCES = {
    "image": "a picture of the person",
    "voice": "speech of the person",
    "latent": "nothing but the gender; the rest is the system's own draw from the trial's seed",
}


@dataclass(frozen=True)
class Axis:
    """Something that a condition can vary.

    Args:
        name: as typed.
        title: one line.
        words: the values it takes, the neutral one first; None for numbers. With FOLDER any `folder:…` is one.
        mark: what stands before a value in a trial's id.
    """

    name: str
    title: str
    words: tuple[str, ...] | None
    mark: str = ""

    def check(self, value: Any) -> None:
        """Raises `UnknownName` for a word that is no value."""
        if self.words is None or value in self.words:
            return
        if FOLDER in self.words and str(value).startswith("folder:"):
            if value == "folder:":
                raise UsageError(f"The axis {self.name} takes a folder as folder:PATH, with the path.")
            return
        raise UnknownName(f"value of the axis {self.name}", str(value), self.words)


AXES = {
    axis.name: axis
    for axis in (
        Axis("snr", "power SNR in dB over the whole clip, or clean", None),
        Axis("noise", "the family of the one noise that is added", None, "noise-"),
        Axis("modality", "what is seen and heard at all", tuple(MODALITIES)),
        Axis("offset", "the video comes so many frames late", None, "offset"),
        Axis("degradation", "what is wrong with the picture", (NONE, *DEGRADATIONS)),
        Axis("reverberation", "the room the talker stands in", (NONE, *ROOMS, FOLDER)),
        Axis("band", "the frequencies that the channel lets through", (NONE, *BANDS), "band-"),
        Axis("clipping", "how far under its peak the mixture is cut off", (NONE, *CLIPS), "clip-"),
        Axis("identity", "whose face or voice the answer shall have", tuple(IDENTITIES)),
        Axis("guidance", "what says how the answer shall look or sound", tuple(GUIDANCES)),
        Axis("reference", "which of the references of a row is followed", None, "r"),
    )
}
"""Every axis, in the order of their marks in a trial's id."""


@dataclass(frozen=True)
class Condition:
    """A checked condition, everything that was not set at its neutral value; see `AXES`.

    `snr` is None where a protocol adds no noise; `reference` likewise where there are none.
    """

    snr: float | str | None = None
    noise: str = ""
    modality: str = "av"
    offset: int = 0
    degradation: str = NONE
    reverberation: str = NONE
    band: str = NONE
    clipping: str = NONE
    identity: str = ""
    guidance: str = ""
    reference: int | None = None


MUST = ("snr", "noise", "identity", "guidance", "reference")
"""Axes without a neutral value: a protocol that has one of them must be told."""


def read_condition(name: str, axes: Sequence[str], condition: Mapping[str, Any]) -> Condition:
    """A condition as somebody asked for it, checked.

    Args:
        name: of the protocol, for errors.
        axes: which it has; those of `MUST` have to be set.
        condition: axis to value.

    Raises:
        UsageError: an axis the protocol lacks, one that must be set and is not, a number that cannot be.
        UnknownName: a word that is no value of its axis.
    """
    unknown = [axis for axis in condition if axis not in axes]
    absent = [axis for axis in MUST if axis in axes and axis not in condition]
    if unknown or absent:
        article = "an" if absent and absent[0] in ("snr", "identity") else "a"
        problem = f"has no axis {unknown[0]}" if unknown else f"needs {article} {absent[0]}"
        raise UsageError(f"The protocol {name} {problem}; its axes are {', '.join(axes)}.")
    for axis, value in condition.items():
        AXES[axis].check(value)
    snr, offset = condition.get("snr"), condition.get("offset", 0)
    if snr not in (None, "clean"):
        snr = float(snr)
        if not math.isfinite(snr):
            raise UsageError("An SNR must be a finite number of dB, or clean.")
    if int(offset) != float(offset):
        raise UsageError(f"The video is shifted by whole frames, not by {offset}.")
    return Condition(**{**condition, "snr": snr, "offset": int(offset)})


def marks_of(asked: Condition, *, of_picture: bool = False) -> str:
    """What a condition adds to the id of a row: `".snr-15"`, `".clean.wrong-face.offset2.band-4khz"`.

    Args:
        asked: the condition.
        of_picture: only what changes the picture, so that trials with one picture have one mark.
    """
    seen = ("modality", "offset", "degradation")
    marks = "" if of_picture or asked.snr is None else f".{asked.snr if asked.snr == 'clean' else f'snr{asked.snr:g}'}"
    for axis in AXES.values():
        value = getattr(asked, axis.name)
        neutral = value in ("", "av", NONE, None) or (value == 0 and axis.name == "offset")
        if axis.name == "snr" or neutral or (of_picture and axis.name not in seen):
            continue
        if of_picture and value == "video":  # the same picture; what is missing is the sound
            continue
        marks += f".{axis.mark}{_room_mark(value) if str(value).startswith('folder:') else value}"
    return marks


def _room_mark(value: str) -> str:
    """Of a folder not the path but what it holds."""
    from ..data.noises.rooms import open_rooms

    return f"rooms-{open_rooms(value.removeprefix('folder:')).fingerprint[:8]}"
