"""What was found in a video is kept, so that a plan that asks for a clip at every SNR looks for its face once.

    $AVBENCH_CACHE/faces/<first two digits>/<digest of the file>.<digest of the settings>.<what>.npz
                                                                                       or .npy: many crops, not held

The settings are the sources of this room and those of `avbench.signal` that it stands on, the versions of dlib and of
FFmpeg's binding, the file of the shape predictor, and the box or template that was given. Files are written aside and
renamed; one that is damaged is made again.

Contents: `key_of`, `read`, `write`, `stack`, `making`, `workers`.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import numpy as np

from ...processors import free_memory, usable_processors
from ...signal.audio import check_readable
from ...signal.files import atomic_write, digest, file_digest, file_lock
from ..synth.cache import cache_folder
from .dlib68 import SHA256

T = TypeVar("T")
A_FILM = 768 << 20
"""Bytes that one film may take while its face is found and cut: pictures of its decoder, `follow.HELD`, its points."""

_BELOW = ("film.py", "landmarks.py", "mean_face.tsv", "mouth_crop.py")


def key_of(path: Path, what: str, *settings: np.ndarray | str | None) -> Path:
    """Where a result is kept, whether it is there or not.

    Raises:
        MissingResource, BadFile: the video cannot be read.
    """
    hashed = hashlib.blake2b(_sources().encode(), digest_size=8)
    for setting in settings:
        array = isinstance(setting, np.ndarray | list | tuple)
        hashed.update(digest(np.asarray(setting, np.float64)).encode() if array else repr(setting).encode())
    file = digest_of(path)
    return cache_folder() / "faces" / file[:2] / f"{file}.{hashed.hexdigest()}.{what}.npz"


def read(key: Path, unpack: Callable[[dict[str, np.ndarray]], T]) -> T | None:
    """What is kept; None where nothing is, or nothing that can be read."""
    try:
        with np.load(key, allow_pickle=False) as arrays:
            return unpack({name: arrays[name] for name in arrays.files})
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def write(key: Path, **arrays: np.ndarray) -> None:
    """Keep a result. Raises `MissingResource` where the disk is full or closed."""
    with atomic_write(key) as handle:
        np.savez(handle, **arrays)


def stack(key: Path, shape: tuple[int, ...], frames: Iterable[np.ndarray]) -> np.ndarray:
    """Keep frames as they come, and hand them out from the disk; for films whose crops would fill the memory.

    Args:
        key: of `key_of`; what lies beside it as `.npy` is taken as it is.
        shape: `[F, …]` of all.
        frames: as many, uint8; not asked for where they are kept.

    Returns:
        The stack, mapped from the file; a change of it changes no file.

    Raises:
        MissingResource: the disk is full or closed.
    """
    path = key.with_suffix(".npy")
    try:
        kept = np.load(path, mmap_mode="c", allow_pickle=False)
        if kept.shape == shape and kept.dtype == np.uint8:
            return kept
    except (OSError, EOFError, ValueError):
        pass
    with atomic_write(path) as handle:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(handle, header)
        for frame in frames:
            handle.write(np.ascontiguousarray(frame).data)
    return np.load(path, mmap_mode="c", allow_pickle=False)


def making(key: Path) -> AbstractContextManager[None]:
    """Held while a result is made, so that two processes do not make it twice; few files serve as locks for all."""
    return file_lock(cache_folder() / "faces" / "locks" / f"{key.name[:3]}.lock")


def digest_of(path: Path) -> str:
    """Digest of a file's bytes; a file that has not changed is read once."""
    check_readable(path)
    status = path.stat()
    return _digest_of(str(path.absolute()), status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=1 << 16)
def _digest_of(path: str, *_: int) -> str:
    return file_digest(Path(path))


@lru_cache(maxsize=1)
def _sources() -> str:
    """Everything but the file and the arguments that decides a result."""
    here = Path(__file__).parent
    below = here.parents[1] / "signal"
    hashed = hashlib.blake2b(SHA256.encode(), digest_size=8)
    for source in (*sorted(here.glob("*.py")), *(below / name for name in _BELOW)):
        hashed.update(source.name.encode() + source.read_bytes())
    return hashed.hexdigest() + "".join(f",{name}={_version(name)}" for name in ("dlib-bin", "dlib", "av"))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def workers(wanted: int | None, jobs: int) -> int:
    """Threads for so many clips: dlib and FFmpeg let go of the interpreter while they work.

    Unless somebody says how many, there are as many as processors, and as find memory for a long film each.
    """
    return max(1, min(wanted or usable_processors(), jobs, *(() if wanted else (free_memory() // A_FILM,))))
