"""Which file of one folder belongs to which of another.

A side is a file, a folder (searched to its bottom), or a table of texts. In a folder a file's name is its path below
the folder without the suffix, so `enhanced/p1/a.wav` belongs to `clean/p1/a.flac`. Where no two names agree, the last
part of the names decides instead, if it tells all files of a side apart. Names that begin with a dot are not looked at.

Texts are files (.txt, UTF-8) or the rows of a `transcripts.tsv` in the folder: tab-separated, a header, columns `path`
and `transcript`. Such a table may also be named itself.

Contents: `Source`, `Role`, `SOUND`, `PICTURES`, `FACES`, `TEXT`, `NUMBERS`, `Side`, `match`.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from ..errors import BadFile, MissingResource, UsageError
from ..signal.audio import CONTAINERS

TABLE = "transcripts.tsv"
_SOUNDS = frozenset(".aac .aif .aiff .au .caf .flac .m4a .mp3 .oga .ogg .opus .w64 .wav .wave .wma".split())
_IMAGES = frozenset(".bmp .jpeg .jpg .png .ppm .tif .tiff .webp".split())
_SHOWN = 3


@dataclass(frozen=True)
class Source:
    """One thing to be judged.

    Args:
        path: the file it is in.
        text: what a table says; None where the file itself is the thing.
    """

    path: Path
    text: str | None = None


@dataclass(frozen=True)
class Role:
    """What a metric takes from a side.

    Args:
        name: for messages, as is `like`.
        like: which files these are.
        suffixes: of files that can play it, in groups: of one name, the first group's file is taken (a wav before the
            video it was taken from); two of one group are an error.
        table: whether a table of texts can.
    """

    name: str
    like: str
    suffixes: tuple[frozenset[str], ...]
    table: bool = False


SOUND = Role("sound", "such as .wav, .flac, .mp3 or .mp4", (_SOUNDS, CONTAINERS))
PICTURES = Role("pictures or video", "such as .png, .jpg or .mp4", (CONTAINERS | _IMAGES,))
FACES = Role("pictures, video or points", "such as .png, .mp4 or .npy", (frozenset([".npy"]), CONTAINERS | _IMAGES))
TEXT = Role("text", ".txt, or a table transcripts.tsv", (frozenset([".txt"]),), table=True)
NUMBERS = Role("numbers", ".npy", (frozenset([".npy"]),))


@dataclass(frozen=True)
class Side:
    """Everything below a path; its files are listed once.

    Args:
        path: what the user named.
        label: what it is, `estimate` or `reference`.
        files: all files, in order; the path itself where it is a file.
    """

    path: Path
    label: str
    files: tuple[Path, ...]

    @classmethod
    def of(cls, path: str | Path, label: str) -> "Side":
        """List a side.

        Raises:
            MissingResource: there is nothing under that path, or it may not be read.
            BadFile: an empty folder.
        """
        path = Path(path)
        if path.is_dir():
            files = tuple(sorted(_below(path)))
            if not files:
                raise BadFile(f"The folder {path} holds no files.")
            return cls(path, label, files)
        if not path.exists():
            raise MissingResource(f"There is no file or folder {path}.")
        return cls(path, label, (path,))

    @property
    def is_folder(self) -> bool:
        """A folder, or a table that stands for one."""
        return self.path.is_dir() or self.path.suffix.lower() == ".tsv"

    def things(self, role: Role) -> dict[str, Source]:
        """What can play a role, by name; empty where nothing can.

        Raises:
            UsageError: two files of one name.
            BadFile: a broken table.
        """
        found: dict[str, Source] = {}
        for group in role.suffixes:
            mine: dict[str, Path] = {}
            for file in self.files:
                if file.suffix.lower() in group and (name := self._name(file)) not in found:
                    if name in mine:
                        raise UsageError(f"{mine[name]} and {file} have one name: which one is the {self.label}?")
                    mine[name] = file
            found |= {name: Source(file) for name, file in mine.items()}
        if role.table:
            for table in self.files:
                if table.name == TABLE or (table == self.path and table.suffix.lower() == ".tsv"):
                    self._add_table(table, found)
        return dict(sorted(found.items()))

    def _name(self, file: Path) -> str:
        if file == self.path:
            return file.stem
        name = file.relative_to(self.path).with_suffix("").as_posix()
        return name.removesuffix(".landmarks") if file.suffix == ".npy" else name

    def _add_table(self, table: Path, found: dict[str, Source]) -> None:
        below = PurePath() if table == self.path else table.parent.relative_to(self.path)
        for path, text in _rows(table):
            if self.label == "reference" and not text.strip():
                continue  # nobody wrote down what is said; an empty estimate is an answer
            parts = PurePath(path.replace("\\", "/"))
            if len(parts.parts) > 1 and parts.parts[0] == table.resolve().parent.name:
                parts = parts.relative_to(parts.parts[0])  # paths may begin with the name of the table's own folder
            name = (below / parts).with_suffix("").as_posix()
            if name in found:
                raise UsageError(f"{found[name].path} and {table} both have a text for {name}: which one is right?")
            found[name] = Source(table, text)


def _below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterable[Path]:
    """Files below a folder, without what begins with a dot; a link back to a folder above is not followed."""
    above |= {folder.resolve()}
    try:
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue
            if path.is_dir():
                if path.resolve() not in above:
                    yield from _below(path, above)
            elif path.is_file():
                yield path
    except PermissionError as error:
        raise MissingResource(f"{folder} cannot be read: you lack the right to.") from error


def _rows(table: Path) -> list[tuple[str, str]]:
    """`(path, transcript)` of every row."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise BadFile(f"{table} cannot be read as a UTF-8 table: {error}.") from error
    header = rows[0] if rows else []
    if "path" not in header or "transcript" not in header:
        raise BadFile(f"{table} needs columns called path and transcript in its first line.")
    for number, row in enumerate(rows[1:], start=2):
        if row and len(row) != len(header):
            raise BadFile(f"{table}, line {number}: {len(row)} fields, but the header has {len(header)}.")
    path, text = header.index("path"), header.index("transcript")
    return [(row[path], row[text]) for row in rows[1:] if row]


def match(
    estimates: Mapping[str, Source], references: Mapping[str, Source]
) -> tuple[dict[str, Source | None], list[Source], bool]:
    """Find each reference its estimate.

    Returns:
        The estimate, or None, by the name of the reference; the estimates that are left over; whether names were
        compared by their last part only.

    Raises:
        UsageError: no estimate fits any reference.
    """
    keys = {name: name for name in estimates}
    short = False
    if not keys.keys() & references.keys():
        last = {name: PurePath(name).name for name in (*estimates, *references)}
        wanted = {last[name]: name for name in references}
        if len(wanted) == len(references) and len({last[n] for n in estimates}) == len(estimates):
            keys, short = {wanted[last[n]]: n for n in estimates if last[n] in wanted}, True
        if not keys.keys() & references.keys():
            mine, other = (", ".join([*things][:_SHOWN]) for things in (estimates, references))
            raise UsageError(
                "No estimate is called like a reference: pairs are found by the path below the folder, without the "
                f"suffix. Estimates are {mine}{'…' * (len(estimates) > _SHOWN)}; references are "
                f"{other}{'…' * (len(references) > _SHOWN)}."
            )
    pairs = {name: estimates[keys[name]] if name in keys else None for name in references}
    used = {keys[name] for name in references if name in keys}
    return pairs, [source for name, source in estimates.items() if name not in used], short
