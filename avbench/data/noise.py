"""What a set of noises is, and how one is opened by name.

Conventions: a noise is `[T]` float32 at 16 kHz with an RMS of one; it may be cut anywhere and looped.

Contents: `NoiseItem`, `NoiseSet`, `NOISES`, `open_noise`.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from ..errors import UnknownName, UsageError


@dataclass(frozen=True)
class NoiseItem:
    """One noise. It loads nothing by itself: its `NoiseSet` does.

    Args:
        id: unique in its set, of `[a-z0-9._-]`.
        family: what sort of thing makes it, e.g. `"rain"`.
        kind: what a protocol counts as different noises; of the embedded bank a family with one set of parameters.
        split: `"train"`, `"test"` or `"unseen"` (of a family that no training hears).
        seconds: duration.
        talkers: speakers of the corpus whose voices are in it; none of them may be its target.
    """

    id: str
    family: str
    kind: str
    split: str
    seconds: float
    talkers: tuple[str, ...] = ()


@runtime_checkable
class NoiseSet(Protocol):
    """A named list of noises.

    Attributes:
        name: as typed.
        fingerprint: digest of everything that decides the noises.
        items: in order; none is loaded.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def items(self) -> tuple[NoiseItem, ...]: ...  # noqa: D102

    def load(self, item_id: str) -> np.ndarray:
        """`[T]` float32 at 16 kHz, unit RMS. Raises `UnknownName`, `MissingResource` or `BadFile`."""


NOISES = {
    "synth-noise": "embedded noises for tests: 16 families of training in other instances",
    "synth-noise/train": "embedded noises for training: 138 kinds of 16 families",
    "synth-noise/unseen": "embedded noises of five families that no training hears: motorcycle, factory, babble, "
    "cafeteria, speech-shaped",
    "folder:PATH": "your own noises: every sound file below a folder",
}
"""One line on every name that `open_noise` takes."""


def open_noise(name: str) -> NoiseSet:
    """Open a set of noises.

    Args:
        name: of `NOISES`.

    Raises:
        UnknownName: no such set.
        UsageError: `folder:` without a path.
        MissingResource: the folder does not exist.
        BadFile: nothing in the folder can be used.
    """
    if name.startswith("folder:"):
        from .folder import FolderNoise

        path = name.removeprefix("folder:")
        if not path:
            raise UsageError("A folder is named like folder:path/to/noises.")
        return FolderNoise(path)
    splits = {"synth-noise": "test", "synth-noise/train": "train", "synth-noise/unseen": "unseen"}
    if name not in splits:
        raise UnknownName("noise", name, NOISES)
    from .synth.noise_bank import SynthNoise

    return SynthNoise(splits[name])
