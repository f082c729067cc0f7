"""Ends boxes that take too much, ten times a second.

The memory of a box is what all its processes hold together, pages that they share counted for each; limits of the
kernel know only one process at a time. No control groups: not every user may make them.

Contents: `watch`.
"""

import contextlib
import os
import signal
import threading
import time
import weakref
from typing import TYPE_CHECKING

from .sandbox import Limits

if TYPE_CHECKING:
    from .box import Box

TICK = 0.1


class _Watch:
    """Ends boxes that take too much."""

    def __init__(self):
        self.boxes: weakref.WeakSet[Box] = weakref.WeakSet()
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()

    def add(self, box: "Box") -> None:
        """Keep an eye on a box from now on."""
        with self.lock:
            self.boxes.add(box)
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._look, daemon=True)
                self.thread.start()

    def _look(self) -> None:
        while True:
            with self.lock:
                boxes = [(box, box.process) for box in self.boxes]
                boxes = [(box, process) for box, process in boxes if process is not None and process.returncode is None]
                if not boxes:
                    self.thread = None
                    return
            children = _children()
            for box, process in boxes:
                reason = _excess(process.pid, children, box.limits)
                if reason and box.process is process:
                    box.ended = reason
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGKILL)
            time.sleep(TICK)


def _excess(root: int, children: dict[int, list[int]], limits: Limits) -> str:
    """What a tree of processes has too much of; empty where nothing."""
    tree, todo = [], [root]
    while todo:
        each = todo.pop()
        tree.append(each)
        todo += children.get(each, [])
    if len(tree) - 3 > limits.processes:  # two are of the sandbox itself, one is the system
        return f"the system had more than {limits.processes} processes"
    held = sum(map(_held, tree))
    return f"the system took more than {limits.memory >> 20} MiB of memory" if held > limits.memory else ""


def _children() -> dict[int, list[int]]:
    """Every process of this machine by its parent."""
    found: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat", "rb") as file:  # noqa: PTH123
                    parent = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            found.setdefault(parent, []).append(int(entry.name))
    return found


def _held(process: int) -> int:
    """Bytes of memory in use."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


_watch = _Watch()


def watch(box: "Box") -> None:
    """Keep an eye on a box until its process ends; whoever takes too much is ended, and told why in `Box.ended`."""
    _watch.add(box)
