"""Published collections of noises: what one is, and how one that lies on this machine is opened.

A collection knows its layout: which files are noises, and which of them its papers count as different kinds. Files are
read once and remembered by size and time (see `avbench.data.corpora.census`). The fingerprint covers ids, kinds and the
content of the files, never where they lie, so two people with the same collection draw the same plan.

Conventions: a noise is `[T]` float32 at 16 kHz with an RMS of one; paths of sources are relative to the root.

Contents: `Source`, `Listing`, `Collection`, `CollectionNoise`, `remember`, `remembered`.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import BadFile, MissingResource, UnknownName
from ...signal.audio import RATE, rms
from ...signal.files import atomic_write, digest
from ..dataset import Progress
from ..noise import NoiseItem
from ..scan import load

KEPT_BYTES = 512 << 20  # all of DEMAND's first channels: the trials of a plan ask for a few noises again and again
SHOWN = 4


@dataclass(frozen=True)
class Source:
    """One file that is a noise.

    Args:
        id: unique, of `[a-z0-9._-]`.
        path: relative to the root.
        family: what sort of thing makes it.
        kind: what the collection's papers count as one noise.
        split: `"train"` or `"test"`.
    """

    id: str
    path: str
    family: str
    kind: str
    split: str = "test"


@dataclass(frozen=True)
class Listing:
    """What a root holds: sources in order, and sentences on what is missing or was passed over."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Collection:
    """A published collection of noises.

    Args:
        name: as typed, e.g. `"demand"`.
        title: one line.
        obtain: where one gets it, a sentence.
        licence: as its authors state it.
        layout: what its root looks like, as the object of "wants".
        parts: what may stand after a slash, each with what it means; `{n}` stands for a number.
        find: `(root, part) -> Listing`; raises `BadFile` for a root that holds nothing of it.
        is_part: whether a text is a part.
    """

    name: str
    title: str
    obtain: str
    licence: str
    layout: str
    parts: dict[str, str]
    find: Callable[[Path, str], Listing]
    is_part: Callable[[str], bool]


class CollectionNoise:
    """A collection, or a part of it, on this machine.

    Args:
        collection: which.
        root: where it lies; None for where it was when it was prepared.
        part: of `collection.parts`; empty for all.
        workers: threads that read what is not known yet.
        progress: called with files done and files in all; never if nothing is to be read.

    Raises:
        UnknownName: no such part.
        MissingResource: it was never prepared, or the folder is not there.
        BadFile: the folder holds nothing of the collection, or nothing of it can be used.
    """

    def __init__(
        self,
        collection: Collection,
        root: str | Path | None = None,
        part: str = "",
        workers: int | None = None,
        progress: Progress | None = None,
    ):
        from ..corpora.census import census
        from ..corpora.tree import is_utf8

        if part and not collection.is_part(part):
            raise UnknownName(f"part of {collection.name}", part, collection.parts)
        self.collection, self.part = collection, part
        self.name = collection.name + (f"/{part}" if part else "")
        self.root = _folder(collection, root)
        listing = collection.find(self.root, part)
        once = {s.id: s for s in reversed(listing.sources) if is_utf8(s.path)}
        sources = [s for s in listing.sources if once.get(s.id) is s]
        # A part has a journal of its own: one of the whole would forget all files that are not of the part.
        journal = self.name.replace("/", "-")
        facts = census(journal, self.root, [s.path for s in sources], workers, progress)
        self._sources = {s.id: s for s in sources if not facts[s.path].problem and facts[s.path].samples}
        broken = [facts[s.path].problem or f"{s.path} holds no sound." for s in sources]
        broken = [text for text, s in zip(broken, sources, strict=True) if s.id not in self._sources]
        if not self._sources:
            raise BadFile(f"Nothing of {collection.name} in {self.root} can be used: {_some(broken)}")
        self.notes = listing.notes
        if broken:
            said = f"{len(broken)} of {len(sources)} noises of {self.name} cannot be used: {_some(broken)}"
            self.notes = (*self.notes, said)
        if left := len(listing.sources) - len(sources):
            why = "they are listed twice, or the names of their files are not UTF-8"
            self.notes = (*self.notes, f"{left} noises of {self.name} are passed over: {why}.")
        self.items = tuple(
            NoiseItem(s.id, s.family, s.kind, s.split, facts[s.path].samples / RATE) for s in self._sources.values()
        )
        lines = (f"{s.id} {s.family} {s.kind} {facts[s.path].digest}" for s in self._sources.values())
        self.fingerprint = digest("\n".join((self.name, *lines)).encode())
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, item_id: str) -> np.ndarray:
        """`[T]` float32 at 16 kHz with unit RMS, read-only.

        Raises:
            UnknownName: no such noise.
            MissingResource, BadFile: the file has changed for the worse since.
        """
        if item_id not in self._sources:
            raise UnknownName(f"noise in {self.name}", item_id, self._sources)
        with self._lock:
            if item_id in self._kept:
                self._kept.move_to_end(item_id)
                return self._kept[item_id]
        samples = load(self.root / self._sources[item_id].path).samples
        loaded = (samples / rms(samples)).astype(np.float32)
        loaded.setflags(write=False)
        with self._lock:
            self._kept[item_id] = loaded
            while sum(kept.nbytes for kept in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
        return loaded

    def __getstate__(self) -> dict:
        """For other processes: without what was loaded, and without the lock."""
        return {**self.__dict__, "_kept": OrderedDict(), "_lock": None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()


def remember(collection: Collection, root: Path) -> None:
    """Keep where a collection lies, for `CollectionNoise` without a root."""
    with atomic_write(_note_of(collection), "w") as handle:
        handle.write(json.dumps({"root": str(root)}, ensure_ascii=False) + "\n")


def remembered(collection: Collection) -> Path | None:
    """Where a collection lay when it was prepared; None if it never was."""
    try:
        return Path(json.loads(_note_of(collection).read_text(encoding="utf-8"))["root"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _note_of(collection: Collection) -> Path:
    from ..synth.cache import cache_folder

    return cache_folder() / "datasets" / collection.name / "root.json"


def _folder(collection: Collection, root: str | Path | None) -> Path:
    found = remembered(collection) if root is None else Path(root).expanduser().absolute()
    if found is None:
        raise MissingResource(
            f"The noises {collection.name} are not known on this machine: name them as {collection.name}:PATH. "
            f"{collection.obtain}"
        )
    if not found.is_dir():
        what = "is a file, not a folder" if found.exists() else "does not exist"
        raise MissingResource(f"{found} {what}: {collection.name} wants {collection.layout}.")
    return found


def _some(texts: list[str]) -> str:
    more = f" … and {len(texts) - SHOWN} more." if len(texts) > SHOWN else ""
    return " ".join(texts[:SHOWN]) + more
