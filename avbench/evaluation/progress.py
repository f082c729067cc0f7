"""What a long job tells whoever watches. The library tells; the command line shows.

Contents: `watched_by`, `note`, `advance`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Watcher(Protocol):
    """Somebody who watches."""

    def note(self, text: str) -> None:
        """A sentence worth reading once."""

    def advance(self, label: str, done: int, total: int) -> None:
        """How far a job of this label is."""


class Nobody:
    """The default: a library is quiet."""

    def note(self, text: str) -> None:
        """Nothing happens."""

    def advance(self, label: str, done: int, total: int) -> None:
        """Nothing happens."""


_watcher: ContextVar[Watcher] = ContextVar("watcher", default=Nobody())  # noqa: B039 - it has no state


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Let somebody watch what happens inside the block."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def note(text: str) -> None:
    """Tell the watcher a sentence."""
    _watcher.get().note(text)


def advance(label: str, done: int, total: int) -> None:
    """Tell the watcher how far a job is."""
    _watcher.get().advance(label, done, total)
