"""The archive of a submission: a zip, read as if its maker wished us ill.

Why zip and not tar: its directory names every file and its size before anything is unpacked, files can be read alone,
and its names mean nothing but regular files. A tar has links, devices and sparse files, and must be unpacked to be
known.

Nothing of the directory is believed without a look: there is one end record at the very end, the directory lies right
before it, files lie side by side from the first byte on, and unpacking counts bytes and stops where a file is longer
than announced.

Limits: `LARGEST_ARCHIVE`, `LARGEST_FILE`, `LARGEST` (all files together), `MOST_FILES`, `DENSEST` (bytes out per byte
in, of files beyond `SMALL`).

Contents: `Entry`, `Listing`, `look`, `unpack`, `write`, `shown`.
"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ..errors import BadFile
from ..signal.files import atomic_write

MIB = 1 << 20
LARGEST_ARCHIVE, LARGEST_FILE, LARGEST = 2048 * MIB, 1024 * MIB, 4096 * MIB
MOST_FILES = 20_000
LARGEST_DIRECTORY = 8 * MIB
DENSEST, SMALL = 200, 8 * MIB
EPOCH = (1980, 1, 1, 0, 0, 0)
END = struct.Struct("<4s4H2LH")
UTF8, ENCRYPTED, SIZES_BEHIND = 0x800, 0x1, 0x8
LEFT_OUT = ("__pycache__", ".", "tests", "test_")
KINDS = {
    stat.S_IFLNK: "a symbolic link", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One file: its name with `/` between folders, and its size in bytes."""

    name: str
    size: int


@dataclass
class Listing:
    """What an archive, or the folder that is to become one, holds.

    Args:
        path: of it.
        entries: files, by name.
        faults: what is wrong, a sentence each.
    """

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _infos: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    _archive: zipfile.ZipFile | None = None

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file. Raises `BadFile`."""
        try:
            with self._open(name) as file:
                return file.read(most)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BadFile(f"{shown(name)} cannot be read ({type(error).__name__}).") from None

    def _open(self, name: str) -> IO[bytes]:
        if self.path.is_dir():
            return (self.path / name).open("rb")
        self._archive = self._archive or zipfile.ZipFile(self.path)
        return self._archive.open(self._infos[name])


def look(path: Path) -> Listing:
    """What an archive or a folder holds; what is wrong with it is in `faults`, all at once.

    Raises:
        BadFile: there is nothing there, or nothing that is an archive.
    """
    if path.is_dir():
        return _look_at_folder(path)
    if not path.is_file():
        raise BadFile(f"There is no archive and no folder {path}.")
    listing = Listing(path)
    end = _end(path)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError, RuntimeError) as error:
        raise BadFile(f"{path} cannot be read as a zip archive ({type(error).__name__}).") from None
    for info in infos:
        _take(listing, info)
    _look_at_sizes(listing, infos)
    if not _side_by_side(path, infos, end):
        listing.faults.append(
            "Files overlap inside the archive, as they do in zip bombs, or other bytes lie between them."
        )
    return listing


def _end(path: Path) -> int:
    """Where the directory begins. Raises `BadFile` for an archive that does not end as a plain one does."""
    size = path.stat().st_size
    if size > LARGEST_ARCHIVE:
        raise BadFile(f"{path} has {size >> 20} MiB, more than the {LARGEST_ARCHIVE >> 20} of a submission.")
    with path.open("rb") as file:
        file.seek(max(0, size - END.size - 20))
        tail = file.read()
    if size < END.size or tail[-END.size :][:4] != b"PK\5\6":
        raise BadFile(
            f"{path} is no zip archive, or one with something behind its end: `avbench submit pack` makes one."
        )
    _, disk, first, here, count, length, start, comment = END.unpack(tail[-END.size :])
    if tail[:4] == b"PK\6\7" or count > MOST_FILES or length > LARGEST_DIRECTORY:
        raise BadFile(f"{path} announces more than the {MOST_FILES} files of a submission.")
    if disk or first or here != count or comment or start + length + END.size != size:
        raise BadFile(f"{path} has a directory that does not fit its size: `avbench submit pack` makes one that does.")
    return start


def _take(listing: Listing, info: zipfile.ZipInfo) -> None:
    """One line of the directory."""
    name, faults = info.orig_filename, listing.faults
    if not name.isascii() and not info.flag_bits & UTF8:
        faults.append(f"The name {shown(name)} is not UTF-8.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        faults.append(f"{shown(name)} is {KINDS.get(kind, 'no regular file')}: only regular files are taken.")
        return
    if info.flag_bits & ENCRYPTED:
        faults.append(f"{shown(name)} is encrypted.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        faults.append(f"{shown(name)} is packed by a method that is not taken: store or deflate it.")
        return
    if name.endswith("/") or kind == stat.S_IFDIR:
        if info.file_size:
            faults.append(f"{shown(name)} is a folder that holds bytes.")
        name = name.rstrip("/")
        if name:
            faults += name_faults(name)
        return
    if name in listing.entries:
        faults.append(f"{shown(name)} is in the archive twice.")
        return
    listing.entries[name], listing._infos[name] = Entry(name, info.file_size), info
    if info.file_size > SMALL and info.file_size > DENSEST * max(1, info.compress_size):
        faults.append(
            f"{shown(name)} becomes {info.file_size // max(1, info.compress_size)} times as large when it is unpacked, "
            f"as in zip bombs; {DENSEST} times is the most."
        )


def _look_at_sizes(listing: Listing, infos: Iterable[zipfile.ZipInfo] = ()) -> None:
    """Names and sizes of all files together."""
    faults, entries = listing.faults, listing.entries.values()
    for entry in entries:
        faults += name_faults(entry.name)
        if entry.size > LARGEST_FILE:
            faults.append(f"{shown(entry.name)} has {entry.size >> 20} MiB, more than {LARGEST_FILE >> 20}.")
    total = sum(entry.size for entry in entries)
    if total > LARGEST:
        faults.append(f"All files together have {total >> 20} MiB, more than {LARGEST >> 20}.")
    if len(listing.entries) > MOST_FILES:
        faults.append(f"There are {len(listing.entries)} files, more than {MOST_FILES}.")
    seen: dict[str, str] = {}
    for name in listing.entries:
        parts = name.split("/")
        for part in ("/".join(parts[:i]) for i in range(1, len(parts) + 1)):
            other = seen.setdefault(part.casefold(), part)
            if other != part:
                faults.append(f"{shown(other)} and {shown(part)} are one name where capitals do not count.")
        if any("/".join(parts[:i]) in listing.entries for i in range(1, len(parts))):
            faults.append(f"{shown(name)} lies in what is also a file.")


def name_faults(name: str) -> list[str]:
    """What is wrong with a name."""
    from .contents import COMPONENT, DEEPEST, LONGEST_NAME

    if name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":"):
        return [f"The name {shown(name)} is absolute: names begin at the folder of the submission."]
    parts = name.split("/")
    if ".." in parts or "." in parts or "\\" in name:
        return [f"The name {shown(name)} leads out of the submission, or around in it."]
    if len(name) > LONGEST_NAME or len(parts) > DEEPEST or not all(COMPONENT.fullmatch(part) for part in parts):
        return [
            f"The name {shown(name)} is not taken: names are of A-Z a-z 0-9 . _ - and begin and end with none of the "
            f"marks, at most {LONGEST_NAME} long and {DEEPEST} folders deep."
        ]
    return []


def _side_by_side(path: Path, infos: Iterable[zipfile.ZipInfo], end: int) -> bool:
    """The files fill the archive from its first byte to the directory, and each byte belongs to one of them."""
    place = 0
    with path.open("rb") as file:
        for info in sorted(infos, key=lambda info: info.header_offset):
            file.seek(info.header_offset)
            head = file.read(30)
            if info.header_offset != place or len(head) < 30:
                return False
            place += 30 + sum(struct.unpack("<HH", head[26:])) + info.compress_size
            if struct.unpack_from("<H", head, 6)[0] & SIZES_BEHIND:
                file.seek(place)
                place += _behind(file.read(24), info)
    return place == end


def _behind(found: bytes, info: zipfile.ZipInfo) -> int:
    """How many bytes repeat the sizes of a file behind it, as writers do that cannot go back; 0 where none do."""
    for sizes in ("<LLL", "<LQQ"):
        try:
            told = struct.pack(sizes, info.CRC, info.compress_size, info.file_size)
        except struct.error:
            continue
        for all_of_it in (b"PK\7\10" + told, told):
            if found.startswith(all_of_it):
                return len(all_of_it)
    return 0


def _look_at_folder(path: Path) -> Listing:
    listing = Listing(path)
    todo = [path]
    while todo and len(listing.entries) <= MOST_FILES:
        for child in sorted(todo.pop().iterdir()):
            if is_left_out(child.name):
                continue
            kind, name = child.lstat(), child.relative_to(path).as_posix()
            if stat.S_ISDIR(kind.st_mode):
                todo.append(child)
            elif stat.S_ISREG(kind.st_mode):
                listing.entries[name] = Entry(name, kind.st_size)
            else:
                what = KINDS.get(stat.S_IFMT(kind.st_mode), "no regular file")
                listing.faults.append(f"{shown(name)} is {what}: only regular files are taken.")
    _look_at_sizes(listing)
    return listing


def is_left_out(name: str) -> bool:
    """Files that belong to no archive: hidden ones, caches, tests."""
    return name.startswith((".", "test_")) or name in ("__pycache__", "tests")


def unpack(listing: Listing, to: Path) -> None:
    """Write the files of a listing without fault into an empty folder.

    Raises:
        BadFile: a file is longer or shorter than announced, or damaged.
    """
    for name, entry in listing.entries.items():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with os.fdopen(number, "wb") as out, listing._open(name) as file:
                left = entry.size
                while piece := file.read(min(MIB, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        raise BadFile(f"{shown(name)} is longer than the archive says.")
                    out.write(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, FileExistsError) as error:
            raise BadFile(f"{shown(name)} is damaged ({type(error).__name__}).") from None
        if left:
            raise BadFile(f"{shown(name)} is shorter than the archive says.")


def write(listing: Listing, out: Path) -> None:
    """A zip of the files of a listing; equal files give equal bytes."""
    with atomic_write(out) as handle, zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(listing.entries):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            with archive.open(info, "w") as to, (listing.path / name).open("rb") as file:
                while piece := file.read(MIB):
                    to.write(piece)


def shown(name: str) -> str:
    """A foreign name for a sentence: ASCII, in quotes, not long."""
    text = ascii(name)
    return text if len(text) <= 90 else f"{text[:87]}..."
