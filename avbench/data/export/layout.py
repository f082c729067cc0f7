"""How a part of the embedded corpus lies on disk in the manner of another corpus.

A layout names the place of every clip, and says which files stand there and what is in them. Names depend on the clip,
the size and the split alone, never on what else is exported, so an export can grow split by split.

Conventions: paths are relative to the exported folder, with `/`; a place is the path of a clip without its endings.

Contents: `Layout`, `numbered`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ..synth.parts import find_part
from ..synth.parts.part import Part
from ..synth.spec import SPLITS, CorpusSpec

if TYPE_CHECKING:
    from ..synth.corpus import SynthDataset

Files = Mapping[str, Callable[[], bytes]]
"""Path of a file, and what makes its content."""


class Layout(ABC):
    """A layout.

    Attributes:
        name: as typed after `--as`.
        part: of the embedded corpus that has the role.
        version: of what is written; a folder of another version is not gone on with.
        corpus: the adapter that reads it.
        splits: those of the embedded corpus that have a place in it.
    """

    name: str
    part: str
    version: int = 1
    corpus: str
    splits: tuple[str, ...] = SPLITS

    @abstractmethod
    def places(self, size: str, split: str) -> dict[str, str]:
        """Clip and place, for all clips of a split, in order; places are unlike each other in all splits of a size."""

    @abstractmethod
    def files(self, dataset: "SynthDataset", clip_id: str, place: str) -> Files:
        """The files of a clip. Nothing is made or read until a content is asked for."""

    def tables(self, spec: CorpusSpec, size: str) -> dict[str, str]:
        """Lists that stand beside the clips, whole, whatever is exported: path and text."""
        return {}

    @property
    def source(self) -> Part:
        """The part of the embedded corpus."""
        return find_part(self.part)

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        """Names of the clips of a split. Raises `UnknownName`: no such size or split."""
        return self.source.clip_ids(size, split)

    def speakers(self, size: str, split: str) -> list[str]:
        """Who is in a split, in the order of the clips."""
        return list(dict.fromkeys(map(self.source.speaker, self.clip_ids(size, split))))


def numbered(names: Iterable[str]) -> list[int]:
    """For each name, how often it has come so far, itself included.

    Example:
        >>> numbered(["a", "b", "a"])
        [1, 1, 2]
    """
    counts: dict[str, int] = {}
    numbers = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        numbers.append(counts[name])
    return numbers
