"""What many files are, in parallel and never twice.

Hashing and decoding leave Python's lock, so threads fill all cores. What was found is noted in a journal as it comes: a
file of the same size and time is not read again, whether the last attempt ended or was killed.

    $AVBENCH_CACHE/datasets/<corpus>/files.jsonl
        line 1      {"root": …, "probe": version of `probe`}
        the rest    [path, size, mtime, digest, samples, rate, channels, frames, shown, fps, ends, packet, problem]

Contents: `census`, `known_files`.
"""

import json
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from ...errors import MissingResource
from ...processors import usable_processors
from ...signal.files import atomic_write, file_lock, refusal
from ..dataset import Progress
from ..manifest import manifest_folder
from .probe import VERSION, Facts, probe

CHUNK = 512  # files in flight: enough for any machine, few enough that an interrupt is answered at once


def census(
    corpus: str, root: Path, paths: Iterable[str], workers: int | None = None, progress: Progress | None = None
) -> dict[str, Facts]:
    """The facts of every file.

    Args:
        corpus: under whose name the journal is kept.
        root: that paths are relative to.
        paths: of files; each is read once.
        workers: threads; as many as there are processors unless given.
        progress: called with files done and files in all; never if nothing is to be read.

    Raises:
        MissingResource: the journal cannot be written.
    """
    journal = manifest_folder(corpus) / "files.jsonl"
    with file_lock(journal.with_suffix(".lock")):
        return _read(corpus, root, sorted(set(paths)), journal, workers, progress)


def _read(
    corpus: str, root: Path, paths: list[str], journal: Path, workers: int | None, progress: Progress | None
) -> dict[str, Facts]:
    before = known_files(corpus, root)
    facts = {p: before[p] for p in paths if before and p in before and _same(root / p, before[p])}
    todo = [p for p in paths if p not in facts]
    if before is None or len(facts) < len(before):
        _rewrite(journal, root, facts)
    done = len(facts)
    try:
        with (
            warnings.catch_warnings(),  # of FFmpeg's binding; once and here, because threads share the filters
            journal.open("a", encoding="utf-8") as handle,
            ThreadPoolExecutor(workers or usable_processors()) as pool,
        ):
            warnings.simplefilter("ignore")
            waiting = iter(todo)
            while chunk := list(islice(waiting, CHUNK)):
                for path, found in zip(chunk, pool.map(probe, (root / p for p in chunk)), strict=True):
                    facts[path] = found
                    if found.problem is None:  # what is broken is looked at again: it may have been mended in place
                        handle.write(json.dumps([path, *found], ensure_ascii=False) + "\n")
                    done += 1
                    if progress is not None:
                        progress(done, len(paths))
                handle.flush()
    except OSError as error:
        raise refusal(error, journal) from error
    return facts


def known_files(corpus: str, root: Path) -> dict[str, Facts] | None:
    """What the journal says; None if there is none, or one of another root or another version of `probe`.

    A line that was cut off by a kill is passed over.
    """
    journal = manifest_folder(corpus) / "files.jsonl"
    facts: dict[str, Facts] = {}
    try:
        with journal.open(encoding="utf-8", errors="surrogateescape") as handle:
            if json.loads(handle.readline() or "{}") != _head(root):
                return None
            for line in handle:
                try:
                    path, *values = json.loads(line)
                    facts[path] = Facts(*values)
                except (ValueError, TypeError):
                    continue
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise MissingResource(f"{journal} cannot be read: you lack the right to.") from error
        return None
    return facts


def _head(root: Path) -> dict:
    return {"root": str(root), "probe": VERSION}


def _same(path: Path, facts: Facts) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (facts.size, facts.mtime)


def _rewrite(journal: Path, root: Path, facts: dict[str, Facts]) -> None:
    with atomic_write(journal, "w") as handle:
        handle.write(json.dumps(_head(root), ensure_ascii=False) + "\n")
        for path in sorted(facts):
            handle.write(json.dumps([path, *facts[path]], ensure_ascii=False) + "\n")
