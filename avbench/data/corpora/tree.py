"""Finding one's way in a corpus: its root, what lies in a folder, texts of unknown encoding.

Names are compared as they are; hidden files, and the `._` doubles that some archives leave, are passed over, and so are
names that are not UTF-8, which no manifest could hold.

Contents: `find_root`, `folders`, `files`, `renamed`, `read_text`, `folder_digest`, `is_utf8`, `Seen`, `watched`,
`slug`, `unique_ids`.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from ...errors import BadFile, MissingResource
from ...signal.audio import check_readable
from ...signal.files import digest

SHOWN = 8


@dataclass(frozen=True)
class Seen:
    """What was seen of a tree: digests of the texts that were read, and the names that are not UTF-8."""

    texts: dict[Path, str] = field(default_factory=dict)
    nameless: set[str] = field(default_factory=set)


_SEEN: ContextVar[Seen | None] = ContextVar("seen", default=None)


@contextmanager
def watched() -> Iterator[Seen]:
    """Note what `read_text`, `files` and `folders` see inside the block, whichever adapter calls them."""
    seen = Seen()
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def find_root(
    given: str | Path, title: str, looked_for: str, names: Sequence[str], fits: Callable[[Path], bool]
) -> Path:
    """The folder that directly holds a corpus.

    Args:
        given: the user's path: that folder, or the one above it.
        title: of the corpus, for the sentence.
        looked_for: what makes a folder fit, in words.
        names: what the folder is usually called, in case the user gives the one above it.
        fits: whether a folder directly holds the corpus.

    Raises:
        MissingResource: no such folder, or no right to read it.
        BadFile: a file, or a folder that holds something else; the sentence says what was looked for and what is there.
    """
    root = Path(given).expanduser()
    if not is_utf8(str(root.resolve())):
        raise BadFile(f"The name of the folder of {title} is not UTF-8: rename it, or a folder above it.")
    if root.is_file():
        raise BadFile(f"{root} is a file where the folder of {title} is needed: unpack archives first.")
    if not root.is_dir():
        raise MissingResource(f"There is no folder {root}.")
    for folder in (root, *(root / n for n in names)):
        if folder.is_dir() and fits(folder):
            return folder.resolve()
    if fits(root.parent):
        raise BadFile(f"{root} is one folder inside {title}: give the folder above it, {root.parent}.")
    there = [*(f"{n}/" for n in folders(root)), *files(root)]
    shown = ", ".join(there[:SHOWN]) + (f" and {len(there) - SHOWN} more" if len(there) > SHOWN else "")
    places = " or ".join(f"{n}/" for n in names)
    raise BadFile(
        f"{root} does not hold {title}. Looked for {looked_for} there{f' and in {places}' if places else ''}; "
        f"it holds {shown or 'nothing'}."
    )


def folders(path: Path) -> list[str]:
    """Names of the folders in a folder, sorted; none where there is no such folder."""
    return _names(path, lambda entry: entry.is_dir())


def files(path: Path, *suffixes: str) -> list[str]:
    """Names of the files in a folder, sorted, of these suffixes (lower case) if any are given."""
    return _names(path, lambda e: (not suffixes or e.name.lower().endswith(suffixes)) and not e.is_dir())


def renamed(name: str, there: Iterable[str]) -> str:
    """A half sentence that names the folder which was probably renamed, or nothing."""
    near = get_close_matches(name, list(there), n=1, cutoff=0.6)
    return f" (is {near[0]}/ it under another name? Then rename it back)" if near else ""


def read_text(path: Path) -> str:
    """A text file, CRLF or not, as lines ending in a newline.

    Raises:
        MissingResource, BadFile: as `check_readable`, and a text that is not UTF-8 (ASCII included).
    """
    check_readable(path)
    content = path.read_bytes()
    if (seen := _SEEN.get()) is not None:
        seen.texts[path] = digest(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            f"{path} is not UTF-8 text (byte 0x{content[error.start]:02x} at {error.start}): convert it to UTF-8."
        ) from error
    if "\0" in text:
        raise BadFile(f"{path} is not UTF-8 text (it holds zero bytes, as UTF-16 does): convert it to UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def folder_digest(path: Path) -> str:
    """Digest of the names and sizes of the files in a folder; `"unreadable"` where it cannot be listed.

    What lies in it is not read: a folder of pictures stands for up to thousands of files, and whoever makes a picture
    anew makes it of another size.
    """
    try:
        with os.scandir(path) as entries:
            found = sorted((e.name, e.stat().st_size) for e in entries if not e.name.startswith(".") and e.is_file())
    except OSError:
        return "unreadable"
    return digest("\n".join(f"{size} {name}" for name, size in found).encode("utf-8", "surrogateescape"))


def is_utf8(name: str) -> bool:
    """Whether the name of a file is text; Linux takes any bytes for one."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def slug(text: str, bare: str = "clip") -> str:
    """The text in the alphabet of ids, `[a-z0-9._-]`; `bare` where nothing is left of it."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.") or bare


def unique_ids(names: Sequence[str], bare: str = "clip") -> list[str]:
    """An id for each name: names that differ only outside the alphabet of ids get a digest of theirs behind.

    Equal names keep equal ids: they mean one thing, or somebody made a mistake that they should hear of. Names of
    which nothing is left are called `bare`.

    Example:
        >>> unique_ids(["a/b", "c", "c"])
        ['a-b', 'c', 'c']
    """
    slugs = {name: slug(name, bare) for name in names}
    counts = Counter(slugs.values())
    return [slugs[n] if counts[slugs[n]] == 1 else f"{slugs[n]}-{digest(os.fsencode(n))[:6]}" for n in names]


def _names(path: Path, wanted: Callable[[os.DirEntry], bool]) -> list[str]:
    try:
        with os.scandir(path) as entries:
            names = sorted(e.name for e in entries if not e.name.startswith(".") and wanted(e))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise MissingResource(f"The folder {path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    if (seen := _SEEN.get()) is not None:
        seen.nameless.update(str(path / name) for name in names if not is_utf8(name))
    return [name for name in names if is_utf8(name)]
