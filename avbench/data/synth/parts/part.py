"""What a part of the embedded corpus is: it names its clips, says them and shows them; the rest is done for it.

A part is one object, `PART`, of a subclass of `Part`, in a module of this folder that `PARTS` lists. It is made by
workers, kept in shards and opened as a data set like every other. What must be written is `clip_ids` and `say`; `show`
and the rest have defaults for clips of one speaker with one face.

Conventions: a clip's name begins with its speaker (`s017-…`) and is unlike every other part's, because seeds hang on
it; every method is a pure function of its arguments. The cache's key holds the room's sources and the part's own
files, so whoever edits one meets no clip of before.

Contents: `Part`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ....errors import UnknownName
from ..session import Performance, Record, Said, performance
from ..spec import SPLITS, CorpusSpec, speaker_of

if TYPE_CHECKING:
    from ..corpus import SynthDataset
    from ..voice import Voice


class Part(ABC):
    """A part of the embedded corpus.

    Attributes:
        name: as data sets are called after the slash.
        title: one line for lists.
        version: of what the part says and shows; seeds and fingerprints hang on it.
        sizes: names of its sizes, the smallest first.
        default: the size that is meant where none is named.
        files: of this folder, that decide its clips: the key of its cache holds their digest.
        picture: height and width (and more axes, before or behind) of one picture of `show`; None: there are none.
        per_shard: how many clips the default `shards` keeps together.
    """

    name: str
    title: str
    version: int = 1
    sizes: tuple[str, ...] = ("tiny", "small", "base")
    default: str = "base"
    files: tuple[str, ...] = ()
    picture: tuple[int, ...] | None = (88, 88)
    per_shard: int = 32

    # What a part must say.

    @abstractmethod
    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        """Names of the clips of a split, in the order in which they are read.

        Raises:
            UnknownName: no such size or split (`check` says it).
        """

    @abstractmethod
    def say(self, spec: CorpusSpec, clip_id: str, voice: "Voice") -> Said:
        """Make the sound of a clip, and say what is known of it. Raises `MissingResource` without a speech engine."""

    # What a part may say otherwise.

    def shards(self, size: str, split: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        """Which clips are made and kept together: name and clips of each shard, in the order of making.

        A shard's name stands for its clips, whatever the size: sizes share the shards that they share whole. By
        default, as many clips as `per_shard` in the order of `clip_ids`; each size has shards of its own.
        """
        ids, step = self.clip_ids(size, split), self.per_shard
        return [(f"{size}-{k:04d}", ids[k : k + step]) for k in range(0, len(ids), step)]

    def speaker(self, clip_id: str) -> str:
        """Who is heard (first). Raises `UsageError`: not the name of a clip."""
        return speaker_of(clip_id)

    def perform(self, spec: CorpusSpec, record: Record) -> Performance:
        """What the face does in a clip, one row per picture."""
        return performance(spec, record.id, record.phonemes, record.end, record.frames)

    def show(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        """Draw what is kept of a clip: `[record.frames, *picture]` uint8; by default the mouth, 88 × 88, grey."""
        from ..render import render_mouth

        return render_mouth(*self.perform(spec, record))

    def face(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        """Draw the whole face: `[record.frames, 128, 128, 3]` uint8, RGB; never kept."""
        from ..render import render_face

        return render_face(*self.perform(spec, record))

    def landmarks(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        """The 68 points of `face`: `[record.frames, 68, 2]` float32, x and y in pixels."""
        from ..render import landmarks

        return landmarks(*self.perform(spec, record))

    def traits(self, record: Record) -> dict[str, Any]:
        """What `Clip.traits` says of a clip beside the speaker's."""
        return {}

    def open(self, name: str, split: str, size: str, spec: CorpusSpec) -> "SynthDataset":
        """The data set; a part whose clips have more to them returns a subclass."""
        from ..corpus import SynthDataset

        return SynthDataset(name, split, size, spec, self.name)

    # What is the same for all.

    @property
    def root(self) -> str:
        """The name of its data sets, without the size."""
        return f"avbench-synth/{self.name}" if self.name else "avbench-synth"

    def check(self, size: str, split: str) -> None:
        """Raise `UnknownName` where there is no such size or split."""
        if size not in self.sizes:
            raise UnknownName(f"size of {self.root}", size, self.sizes)
        if split not in SPLITS:
            raise UnknownName("split", split, SPLITS)
