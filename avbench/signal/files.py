"""Files that are whole or absent, locks between processes, digests.

A file is written aside in its own folder, flushed to the disk and renamed, so a kill or a full disk never leaves half a
file under the real name. What the operating system refuses becomes one sentence that names the remedy.

Contents: `atomic_write`, `atomic_folder`, `file_lock`, `refusal`, `digest`, `file_digest`.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import AvbenchError, BadFile, MissingResource, UsageError


def refusal(error: OSError, path: Path) -> AvbenchError:
    """The sentence for what the operating system refused while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return MissingResource(f"The disk is full: {path} could not be written. Free some space and run this again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return MissingResource(f"{path} cannot be written: the folder is read-only for you. Choose another folder.")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UsageError(f"{path} cannot be written: a file stands where a folder is needed, or a folder for a file.")
    return MissingResource(f"{path} could not be written: {error.strerror or error}.")


@contextmanager
def atomic_write(path: str | Path, mode: str = "wb") -> Iterator[IO]:
    """A file handle whose content appears under `path` only if the block ends well.

    Args:
        path: where the file shall be; missing folders above it are made.
        mode: `"wb"` or `"w"` (UTF-8, line ends as written).

    Raises:
        MissingResource: disk full, no right to write.
        UsageError: a folder stands under that name.
    """
    path = Path(path)
    aside = None
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent)
        aside = Path(name)
        with os.fdopen(number, mode, **text) as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        aside.chmod(0o666 & ~_umask())  # mkstemp makes files that only their owner can read
        aside.replace(path)
        aside = None
    except OSError as error:
        raise refusal(error, path) from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """A fresh folder that takes the name `path` only if the block ends well; what stood there before is removed.

    Raises:
        MissingResource: disk full, no right to write.
        UsageError: a file stands where a folder is needed.
    """
    path = Path(path)
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
        yield aside
        for child in aside.iterdir():
            with child.open("rb") as handle:
                os.fsync(handle.fileno())
        aside.chmod(0o777 & ~_umask())
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
            path.rename(old / path.name)
            aside.rename(path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            aside.rename(path)
        aside = None
    except OSError as error:
        raise refusal(error, path) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def file_lock(path: str | Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock that at most one process has; it falls when its holder ends, however it ends.

    Args:
        path: the lock file; it is made, and left behind empty (removing it would let two processes in).
        waiting: called once before a wait, to tell the user why nothing moves.

    Raises:
        MissingResource: the lock file cannot be made.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("ab")
    except OSError as error:
        raise refusal(error, path) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


def digest(data: bytes | memoryview | np.ndarray) -> str:
    """BLAKE2b of some bytes, 32 hex digits; of an array its bytes in C order, without shape or type.

    Example:
        >>> digest(b"") == digest(np.zeros(0))
        True
    """
    if isinstance(data, np.ndarray):
        data = memoryview(np.ascontiguousarray(data)).cast("B") if data.size else b""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def file_digest(path: Path) -> str:
    """The `digest` of a file's content, read piece by piece. Raises `BadFile` where it cannot be read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from error


def _umask() -> int:
    """The process's file mode mask; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
