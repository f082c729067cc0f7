"""What usable recordings lie below a folder.

Every file that claims to be sound or video is read once when the folder is opened: so lengths are exact, the
fingerprint pins what was heard, and what cannot be used is reported before anything long begins. Reading runs at some
hundred times real time on each core.

Conventions: ids are of `[a-z0-9._-]`; paths are sorted; nothing below a folder is read twice, however links lead, and
nothing but ordinary files is opened (a pipe would never end).

Contents: `Found`, `Skipped`, `Scan`, `scan`, `load`, `load_again`.
"""

import os
import re
import stat
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import AvbenchError, BadFile, MissingResource
from ..processors import usable_processors
from ..signal.audio import CONTAINERS, RATE, read_audio, resample
from ..signal.files import digest
from ..types import Audio

SOUNDS = frozenset(".wav .flac .ogg .oga .opus .mp3 .mp2 .m4a .aac .aif .aiff .au .caf .w64 .wma .sph".split())
QUIETEST = 2.0**-16  # half a step of 16 bits: a file that never exceeds it is digital silence
SHOWN = 3
BURST_SECONDS = 0.25
KEPT_BYTES = 256 << 20  # over an hour at 16 kHz


@dataclass(frozen=True)
class Found:
    """A usable recording.

    Args:
        id: unique in its scan.
        path: where.
        samples: length at 16 kHz.
        digest: of the samples at 16 kHz.
        burst: the greatest part of the energy, 0 to 1, that lies within any BURST_SECONDS.
    """

    id: str
    path: Path
    samples: int
    digest: str
    burst: float

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples / RATE


@dataclass(frozen=True)
class Skipped:
    """A file that claims to be sound or video and cannot be used, and the sentence why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Scan:
    """What lies below a folder.

    Args:
        root: the folder.
        found: what can be used.
        skipped: what can not.
        closed: folders that cannot be listed.
        twice: files that are the same file as one found before, by a link or a second name.
        others: how many other files there are.
    """

    root: Path
    found: tuple[Found, ...]
    skipped: tuple[Skipped, ...]
    closed: tuple[Skipped, ...]
    twice: tuple[Path, ...]
    others: int

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out; none if nothing was."""
        notes = []
        if self.skipped:
            total = len(self.found) + len(self.skipped)
            notes.append(
                f"{len(self.skipped)} of {total} recordings below {self.root} cannot be used: {listed(self.skipped)}"
            )
        if self.closed:
            notes.append(f"{len(self.closed)} folders below {self.root} were left out: {listed(self.closed)}")
        if self.twice:
            names = ", ".join(str(p.relative_to(self.root)) for p in self.twice[:SHOWN])
            more = f" and {len(self.twice) - SHOWN} more" if len(self.twice) > SHOWN else ""
            notes.append(f"{len(self.twice)} files below {self.root} are others by a second name: {names}{more}.")
        if self.others:
            notes.append(f"{self.others} files below {self.root} are neither sound nor video and were passed over.")
        return tuple(notes)


def scan(root: str | Path) -> Scan:
    """Read everything below a folder.

    Raises:
        MissingResource: no such folder, or no right to read it.
        BadFile: a file instead of a folder, or nothing in it that can be used.
    """
    root = Path(root).expanduser()
    paths, broken, closed, twice, others = [], [], [], [], 0
    seen: set[tuple[int, int]] = set()
    for path in _walk(_check_folder(root), closed):
        if path.suffix.lower() not in SOUNDS | CONTAINERS:
            others += 1
            continue
        file = _place(path)
        if isinstance(file, Skipped):
            broken.append(file)
        elif file in seen:
            twice.append(path)
        else:
            seen.add(file)
            paths.append(path)
    with ThreadPoolExecutor(usable_processors()) as pool:
        results = list(pool.map(_inspect, _name(root, paths), paths))
    found = tuple(r for r in results if isinstance(r, Found))
    skipped = (*(r for r in results if isinstance(r, Skipped)), *broken)
    if not found:
        raise BadFile(
            f"None of the {len(skipped)} recordings below {root} can be used: {listed(skipped)}"
            if skipped
            else f"{root} holds no sound or video files, only {others} other files (looked for {_suffixes()})."
            + (f" {listed(tuple(closed))}" if closed else "")
        )
    return Scan(root, found, skipped, tuple(closed), tuple(twice), others)


def load(path: Path) -> Audio:
    """A recording at 16 kHz, channels averaged.

    Raises:
        MissingResource, BadFile: see `avbench.signal.audio.read_channels`.
        BadFile: samples that are not numbers, or nothing but silence.
    """
    audio = resample(read_audio(path))
    if not np.isfinite(audio.samples).all():
        raise BadFile(f"{path} holds samples that are not numbers (NaN or infinite).")
    if not len(audio.samples):
        raise BadFile(f"{path} is too short: nothing is left of it at {RATE} Hz.")
    if np.abs(audio.samples).max() < QUIETEST:
        raise BadFile(f"{path} is silent from beginning to end.")
    return audio


def load_again(path: Path) -> Audio:
    """The same as `load`, read-only, and out of memory where it was asked for lately and the file has not changed.

    A plan asks for one clip and its noises at every SNR, for every system and every anchor.
    """
    try:
        status = path.stat()
    except OSError:
        return load(path)  # which says what is wrong
    key = (str(path.absolute()), status.st_ino, status.st_size, status.st_mtime_ns)
    return _recent.get(key) or _recent.keep(key, load(path))


class _Recent:
    """The recordings asked for last, up to so many bytes."""

    def __init__(self, most: int):
        self.most, self.bytes = most, 0
        self._kept: OrderedDict[tuple, Audio] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple) -> Audio | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: tuple, audio: Audio) -> Audio:
        audio.samples.flags.writeable = False
        with self._lock:
            if key not in self._kept and audio.samples.nbytes <= self.most:
                self._kept[key] = audio
                self.bytes += audio.samples.nbytes
            while self.bytes > self.most:
                self.bytes -= self._kept.popitem(last=False)[1].samples.nbytes
        return audio


_recent = _Recent(KEPT_BYTES)


def _check_folder(root: Path) -> Path:
    """The folder, if it can be listed."""
    try:
        if root.is_file():
            raise BadFile(f"{root} is a file where a folder is needed.")
        with os.scandir(root):
            return root
    except PermissionError as error:
        raise MissingResource(f"The folder {root} cannot be read: you lack the right to.") from error
    except OSError as error:
        reason = "it does not exist" if isinstance(error, FileNotFoundError) else (error.strerror or str(error)).lower()
        raise MissingResource(f"The folder {root} cannot be read: {reason}.") from error


def _walk(root: Path, closed: list[Skipped]) -> Iterator[Path]:
    """Files below `root` in sorted order, links followed, no folder entered twice, hidden ones passed over.

    Folders that cannot be listed are added to `closed`.
    """

    def refused(error: OSError) -> None:
        path = Path(error.filename)
        closed.append(Skipped(path, f"The folder {path} cannot be read: {(error.strerror or str(error)).lower()}."))

    seen = set()
    for folder, below, files in os.walk(root, followlinks=True, onerror=refused):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            below.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        below[:] = sorted(b for b in below if not b.startswith("."))
        yield from (Path(folder) / f for f in sorted(files) if not f.startswith("."))


def _place(path: Path) -> tuple[int, int] | Skipped:
    """Device and inode of an ordinary file, or why it is not opened."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return Skipped(path, f"{path} is a link that leads nowhere.")
    except OSError as error:
        return Skipped(path, f"{path} cannot be read: {(error.strerror or str(error)).lower()}.")
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, f"{path} is a pipe, a socket or a device, not a file.")
    return status.st_dev, status.st_ino


def _name(root: Path, paths: list[Path]) -> list[str]:
    """Unique ids: the stem, or where two stems clash the path below `root`, or that with the suffix, or a number."""
    relative = [p.relative_to(root) for p in paths]
    choices = [[_slug(r.stem), _slug(str(r.with_suffix(""))), _slug(str(r))] for r in relative]
    names = [c[0] for c in choices]
    for level in (1, 2):
        clashing = {n for n, count in Counter(names).items() if count > 1}
        names = [choices[i][level] if n in clashing else n for i, n in enumerate(names)]
    seen: Counter = Counter()
    taken = set(names)
    for i, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            number = seen[name]
            while f"{name}.{number}" in taken:
                number += 1
            names[i] = f"{name}.{number}"
            taken.add(names[i])
    return names


def _slug(text: str) -> str:
    """The text in the alphabet of ids."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.") or "clip"


def _inspect(name: str, path: Path) -> Found | Skipped:
    try:
        audio = load(path)
    except AvbenchError as error:
        return Skipped(path, str(error))
    return Found(name, path, len(audio.samples), digest(audio.samples), _burst(audio))


def _burst(audio: Audio) -> float:
    """The greatest part of the energy that lies within any BURST_SECONDS."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio.samples, dtype=np.float64))])
    width = min(round(BURST_SECONDS * audio.rate), len(audio.samples))
    return float((energy[width:] - energy[:-width]).max() / energy[-1])


def listed(skipped: tuple[Skipped, ...]) -> str:
    """The first few reasons, and how many more there are."""
    more = f" … and {len(skipped) - SHOWN} more." if len(skipped) > SHOWN else ""
    return " ".join(s.reason for s in skipped[:SHOWN]) + more


def _suffixes() -> str:
    return " ".join(sorted(SOUNDS | CONTAINERS))
