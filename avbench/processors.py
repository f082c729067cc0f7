"""How much of this machine a program may use, and processes that share its work.

Contents: `usable_processors`, `free_memory`, `processes`.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import MissingResource

ORPHANED = 1.0  # seconds after which a process notices that its owner is gone


def usable_processors() -> int:
    """How many processors this process may use: those that it is bound to, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that this process may still take without harm, as far as the system says; else as if there were enough.

    Of Linux: what is available, and what is left of the limit of its control group (version 2).
    """
    found = [1 << 40]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
        group = Path("/sys/fs/cgroup")
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
        found += [] if limit == "max" else [max(0, int(limit) - int(used))]
    except (OSError, ValueError):
        pass
    return min(found)


@contextmanager
def processes(workers: int, begin: Callable[..., None], *given: Any) -> Iterator[ProcessPoolExecutor]:
    """Some processes that end with this one, however it ends; Ctrl-C is for their owner alone.

    They are spawned, not forked: a progress bar's thread may hold a lock at that moment. So a program that asks for
    them must be guarded by `if __name__ == "__main__"`, as processes of Python are.

    Args:
        workers: how many.
        begin: called in each before its first job, with `given`.
        given: for `begin`; must pickle.

    Raises:
        MissingResource: one of them died.
    """
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin, initargs=(os.getpid(), begin, given))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise MissingResource(
            "A process that shares the work died, most likely because memory ran out: use fewer workers. What was done "
            "is kept."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(owner: int, begin: Callable[..., None], given: tuple) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(owner,), daemon=True).start()
    begin(*given)


def _end_with(owner: int) -> None:
    while os.getppid() == owner:
        time.sleep(ORPHANED)
    os._exit(1)
