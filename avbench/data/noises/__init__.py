"""Published collections of noises, one file each. To add one: its file, and a line in `COLLECTIONS`.

A collection is opened as `NAME[/PART]:PATH`, or as `NAME[/PART]` once `prepare_noises` was told where it lies.
"""

from pathlib import Path

from ...errors import UnknownName
from ..dataset import Progress
from .collection import Collection, CollectionNoise, remember
from .demand import DEMAND
from .dns import DNS
from .esc import ESC10, ESC50
from .noisex import NOISEX

__all__ = ["COLLECTIONS", "Collection", "CollectionNoise", "open_collection", "prepare_noises"]

COLLECTIONS: dict[str, Collection] = {c.name: c for c in (DNS, DEMAND, NOISEX, ESC10, ESC50)}


def open_collection(name: str) -> CollectionNoise:
    """A collection by what a user types.

    Args:
        name: `"demand:/data/DEMAND"`, `"demand/ch05:/data/DEMAND"`, or without a path after `prepare_noises`.

    Raises:
        UnknownName: no such collection or part.
        MissingResource, BadFile: see `CollectionNoise`.
    """
    head, colon, path = name.partition(":")
    base, _, part = head.partition("/")
    if base not in COLLECTIONS:
        raise UnknownName("collection of noises", base, COLLECTIONS)
    return CollectionNoise(COLLECTIONS[base], path if colon and path else None, part)


def prepare_noises(
    name: str, root: str | Path, workers: int | None = None, progress: Progress | None = None
) -> CollectionNoise:
    """Read a collection once, and keep where it lies, so that its bare name opens it.

    Args:
        name: of `COLLECTIONS`, with or without a part: all of it is known afterwards, the part is read.
        root: where it lies.
        workers: threads.
        progress: called with files done and files in all.

    Raises:
        UnknownName: no such collection or part.
        MissingResource, BadFile: see `CollectionNoise`.
    """
    base, _, part = name.partition("/")
    if base not in COLLECTIONS:
        raise UnknownName("collection of noises", base, COLLECTIONS)
    found = CollectionNoise(COLLECTIONS[base], root, part, workers, progress)
    remember(COLLECTIONS[base], found.root)
    return found
