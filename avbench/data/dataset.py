"""What a data set is, and how one is opened by name.

A data set is a named list of clips of one split. It may hold more than it has on disk: what is missing is made or read
when it is asked for, or ahead of time by `prepare`.

Conventions: audio is 16 kHz; mouth pictures are `[F, 88, 88, 1]` at 25 fps, 640 samples a frame.

Contents: `Dataset`, `DATASETS`, `corpus_names`, `open_dataset`, `recorded_name`, `pictured`.
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
    "avbench-synth/words": "single words in a carrier phrase, 29 frames each, 500 classes (tiny, small, base)",
    "avbench-synth/commands": "six-word commands of 3 s: 64000 sentences, 34 speakers (tiny, small, base)",
    "avbench-synth/conversations": "two people talk, both seen, 30 s each, with decoys and labels (tiny, small, base)",
    "avbench-synth/voices": "many sentences by few speakers, parallel and not, never seen (tiny, small, base)",
    "avbench-synth/faces": "8 still pictures each of 1000 people, never heard (tiny, small, base)",
    "avbench-synth/couples": "10 sentences and 10 still pictures each of 1000 people (tiny, small, base)",
    "avbench-synth-rho0": "negative control: faces that know nothing of the voice's pitch and tract length",
    "folder:PATH": "your own recordings: every sound or video file below a folder",
}
"""One line on every name that `open_dataset` takes, beside those of `corpus_names`."""


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
        """`[F, 68, 2]` float32, pixels of the clip's own face or film. Raises `MissingResource` where none."""

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
        name: of `DATASETS` or of a corpus; `avbench-synth-rho0` takes the same sizes after a slash as `avbench-synth`.
            Two names with a `+` between them are both together: `celeba-hq+vctk`, faces of one and voices of the other.
            A folder comes last: what follows its `folder:` is its path, whatever it holds.
        split: `"train"`, `"validation"` or `"test"`; a folder has no splits and ignores it.

    Raises:
        UnknownName: no such data set or split.
        UsageError: `folder:` without a path.
        MissingResource: the folder does not exist; a corpus was not prepared, or has no such split.
        BadFile: nothing in the folder can be used, or its transcripts.tsv is broken.
    """
    from .corpora import open_corpus
    from .synth.spec import SPLITS

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
    if "+" in name:
        from .joined import JoinedDataset

        first, rest = name.split("+", 1)
        others = open_dataset(rest, split)
        return JoinedDataset([open_dataset(first, split), *getattr(others, "members", [others])])
    corpus = open_corpus(name, split)
    if corpus is not None:
        return corpus
    from .synth.parts.names import open_synth

    embedded = open_synth(name, split)
    if embedded is None:
        raise UnknownName("data set", name, [*DATASETS, *corpus_names()])
    return embedded


def corpus_names() -> dict[str, str]:
    """One line on every corpus that a user may bring, under all of its names."""
    from .corpora import CORPORA

    titles = {c.name: c.title for c in CORPORA.values()}
    return titles | {f"{c.name}/{v}": line for c in CORPORA.values() for v, line in c.variants.items()}


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
