"""What a set of noises is, and how one is opened by name.

Conventions: a noise is `[T]` float32 at 16 kHz with an RMS of one; it may be cut anywhere and looped.

Contents: `NoiseItem`, `NoiseSet`, `FolderNoise`, `NOISES`, `open_noise`.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from ..errors import BadFile, UnknownName, UsageError
from ..signal.audio import rms
from ..signal.files import digest
from .scan import BURST_SECONDS, Skipped, listed, load_again, scan

MOST_BURST = 0.95


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


class FolderNoise:
    """Every usable recording below a folder as a noise: kind = stem of the file, family = name of its folder.

    Families are drawn evenly: a folder of two files is heard as often as a folder of a hundred, so what shall count as
    one sort of noise belongs into one folder. Files that lie in `path` itself are one family, `"."`.

    A recording with MOST_BURST of its energy within BURST_SECONDS is a click or the impulse response of a room, which
    would be looped into a rattle: it is no noise, and left out with a note. (Of 106 recordings of many collections,
    four room responses have 0.97 to 1.00 of their energy there, and no noise has more than 0.80.)

    Args:
        path: the folder.

    Raises:
        MissingResource: no such folder.
        BadFile: nothing in it can be used.
    """

    def __init__(self, path: str | Path):
        self.name = f"folder:{path}"
        self._scan = scan(path)
        self._found = {f.id: f for f in self._scan.found if f.burst < MOST_BURST}
        if not self._found:
            raise BadFile(f"No recording below {self._scan.root} is a noise: {listed(self.bursts)}")
        self.fingerprint = digest(
            "\n".join(f"{i.id} {self._found[i.id].digest} {i.family} {i.kind}" for i in self.items).encode()
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out; none if nothing was."""
        if not self.bursts:
            return self._scan.notes
        total = len(self._scan.found)
        said = f"{len(self.bursts)} of {total} recordings below {self._scan.root} are not taken: {listed(self.bursts)}"
        return (*self._scan.notes, said)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The recordings that cannot be used, each with its sentence."""
        return self._scan.skipped

    @property
    def bursts(self) -> tuple[Skipped, ...]:
        """The recordings that are clicks or impulse responses instead of noises."""
        return tuple(
            Skipped(
                f.path,
                f"{f.path} has {100 * f.burst:.0f} % of its energy within {BURST_SECONDS:g} s: "
                "a click or an impulse response, not a noise.",
            )
            for f in self._scan.found
            if f.burst >= MOST_BURST
        )

    @cached_property
    def items(self) -> tuple[NoiseItem, ...]:
        """One per file, in the order of their paths."""
        # As the folder shows it, not as links resolve: the same tree elsewhere has the same families.
        return tuple(
            NoiseItem(
                id=f.id,
                family=f.path.relative_to(self._scan.root).parent.name or ".",
                kind=f.path.stem.lower(),
                split="test",
                seconds=f.seconds,
            )
            for f in self._found.values()
        )

    def load(self, item_id: str) -> np.ndarray:
        """`[T]` float32 at 16 kHz with unit RMS.

        Raises:
            UnknownName: no such item.
            MissingResource, BadFile: the file has changed for the worse since.
        """
        if item_id not in self._found:
            raise UnknownName(f"noise in {self.name}", item_id, self._found)
        samples = load_again(self._found[item_id].path).samples
        return (samples / rms(samples)).astype(np.float32)


NOISES = {
    "synth-noise": "embedded noises for tests: 16 families of training in other instances",
    "synth-noise/train": "embedded noises for training: 138 kinds of 16 families",
    "synth-noise/unseen": "embedded noises of five families that no training hears: motorcycle, factory, babble, "
    "cafeteria, speech-shaped",
    "dns-noise:PATH": "noises of the DNS Challenge: recordings of AudioSet and Freesound, each a kind",
    "demand:PATH": "DEMAND: 18 environments of six families, channel 1 of 16 (another: demand/ch05:PATH)",
    "noisex-92:PATH": "NOISEX-92: 15 noises of eight families",
    "esc-10:PATH": "ESC-10: the 400 clips of ESC-50 that are of ten plain kinds (one fold: esc-10/fold5:PATH)",
    "esc-50:PATH": "ESC-50: 2,000 clips of 50 kinds in five families (some folds: esc-50/fold1-4:PATH)",
    "folder:PATH": "your own noises: every sound file below a folder",
}
"""One line on every name that `open_noise` takes; collections need no path once they were prepared."""


def open_noise(name: str) -> NoiseSet:
    """Open a set of noises.

    Args:
        name: of `NOISES`.

    Raises:
        UnknownName: no such set, or no such part of one.
        UsageError: `folder:` without a path.
        MissingResource: the folder does not exist, or nobody said where the collection lies.
        BadFile: nothing in the folder can be used.
    """
    from .noises import COLLECTIONS, open_collection

    if name.partition(":")[0].partition("/")[0] in COLLECTIONS:
        return open_collection(name)
    if name.startswith("folder:"):
        path = name.removeprefix("folder:")
        if not path:
            raise UsageError(
                "A folder is named like folder:path/to/noises. A plan over one does not keep where it lies: "
                "say so with --noise."
            )
        return FolderNoise(path)
    splits = {"synth-noise": "test", "synth-noise/train": "train", "synth-noise/unseen": "unseen"}
    if name not in splits:
        raise UnknownName("noise", name, NOISES)
    from .synth.noise_bank import SynthNoise

    return SynthNoise(splits[name])
