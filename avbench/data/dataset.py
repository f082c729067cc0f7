"""What a data set is, and how one is opened by name.

A data set is a named list of clips of one split. It may hold more than it has on disk: what is missing is made or read
when it is asked for, or ahead of time by `prepare`.

Conventions: audio is 16 kHz; mouth pictures are `[F, 88, 88, 1]` at 25 fps, 640 samples a frame.

Contents: `Dataset`, `DATASETS`, `open_dataset`, `recorded_name`, `pictured`.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

import numpy as np

from ..errors import UnknownName, UsageError
from ..types import Audio, Clip, Video

Progress = Callable[[int, int], None]
"""Called with how many are done and how many there are."""

Say = Callable[[str], None]
"""Called with a sentence for the user."""

DATASETS = {
    "avbench-synth": "embedded corpus, made on this machine: voices and faces of 400 speakers (= avbench-synth/base)",
    "avbench-synth/tiny": "the same with 32 training clips, for trying things out",
    "avbench-synth/small": "the same with 2240 training clips",
    "avbench-synth/base": "the same with 8320 training clips",
    "avbench-synth-rho0": "negative control: faces that know nothing of the voice's pitch and tract length",
    "folder:PATH": "your own recordings: every sound or video file below a folder",
}
"""One line on every name that `open_dataset` takes."""


class Dataset(Protocol):
    """A named list of clips of one split.

    Attributes:
        name: as typed.
        split: `"train"`, `"validation"` or `"test"`.
        synthetic: no human spoke; tables must say so.
        licence: SPDX identifier, or a phrase.
        fingerprint: digest of everything that decides the clips.
        ids: of all clips, in order; costs nothing.
        clips: in the same order; asking for all of them may make them.
        made: those of the clips that exist already.
        notes: sentences that a user should see, e.g. which files could not be used.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def split(self) -> str: ...  # noqa: D102
    @property
    def synthetic(self) -> bool: ...  # noqa: D102
    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def fingerprint(self) -> str: ...  # noqa: D102
    @property
    def ids(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def clips(self) -> tuple[Clip, ...]: ...  # noqa: D102
    @property
    def made(self) -> tuple[Clip, ...]: ...  # noqa: D102
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102

    def clip(self, clip_id: str) -> Clip:
        """One clip; cheaper than `clips` where not all are made. Raises `UnknownName`."""

    def audio(self, clip: Clip) -> Audio:
        """`[T]` at 16 kHz. Raises `MissingResource` or `BadFile`."""

    def mouth(self, clip: Clip) -> Video:
        """`[F, 88, 88, 1]` at 25 fps. Raises `MissingResource` where there is no picture."""

    def landmarks(self, clip: Clip) -> np.ndarray:
        """`[F, 68, 2]` float32, pixels of the 128 × 128 face. Raises `MissingResource` where there are none."""

    def prepare(
        self,
        clip_ids: Iterable[str] | None = None,
        mouth: bool = False,
        workers: int | None = None,
        progress: Progress | None = None,
        say: Say | None = None,
    ) -> None:
        """Make ready ahead of time what `audio` (and `mouth`) would make when asked; nothing where all is there.

        Args:
            clip_ids: which clips; all unless given.
            mouth: whether pictures are wanted too.
            workers: processes; as many as there are processors unless given.
            progress: called with what is done and what there is to do; never if nothing is missing.
            say: called with a sentence when this process has to wait for another.
        """


def open_dataset(name: str, split: str = "test") -> Dataset:
    """Open a data set.

    Args:
        name: of `DATASETS`; `avbench-synth-rho0` takes the same sizes after a slash as `avbench-synth` does.
        split: `"train"`, `"validation"` or `"test"`; a folder has no splits and ignores it.

    Raises:
        UnknownName: no such data set or split.
        UsageError: `folder:` without a path.
        MissingResource: the folder does not exist.
        BadFile: nothing in the folder can be used, or its transcripts.tsv is broken.
    """
    from .synth.spec import SIZES, SPLITS, CorpusSpec

    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    if name.startswith("folder:"):
        from .folder import FolderDataset

        path = name.removeprefix("folder:")
        if not path:
            raise UsageError(
                "A folder is named like folder:path/to/recordings. A plan over one does not keep where it lies: "
                "say so with --dataset."
            )
        return FolderDataset(path, split=split)
    base, _, size = name.partition("/")
    specs = {"avbench-synth": CorpusSpec(), "avbench-synth-rho0": CorpusSpec(rho=0.0)}
    size = size or "base"
    if base not in specs or size not in SIZES or name.endswith("/"):
        raise UnknownName("data set", name, DATASETS)
    from .synth.corpus import SynthDataset

    return SynthDataset(name, split, size, specs[base])


def recorded_name(name: str) -> str:
    """A name of `open_dataset` or `open_noise` as plans keep it: of a folder not the path, its fingerprint says more.

    Example:
        >>> recorded_name("folder:/home/me/speech"), recorded_name("avbench-synth/tiny")
        ('folder:', 'avbench-synth/tiny')
    """
    return "folder:" if name.startswith("folder:") else name


def pictured(dataset: Dataset) -> Collection[str]:
    """Ids of the clips that have a mouth picture: all of them, unless the data set has a `pictured` that says which."""
    return getattr(dataset, "pictured", dataset.ids)
