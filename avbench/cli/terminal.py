"""What the verbs share: where to print, and the progress bar.

Contents: `printer`, `watching`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

NARROWEST = 80


def printer(json: Path | None = None) -> Console:
    """Where tables go: standard output, or standard error where that is taken by `--json -`.

    In a log or a pipe, where nobody knows the width, tables are 80 columns wide.
    """
    console = Console(stderr=str(json) == "-", highlight=False, emoji=False)
    if not console.is_terminal and console.width < NARROWEST:
        console.width = NARROWEST
    return console


class Bars:
    """Shows notes, and one bar per job, on standard error; notes alone where that is no terminal."""

    def __init__(self):
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console = Console(stderr=True, highlight=False, emoji=False)
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.tasks = {}

    def note(self, text: str) -> None:
        """A sentence, above the bars."""
        self.console.print(text, style="dim", markup=False, soft_wrap=True)

    def advance(self, label: str, done: int, total: int) -> None:
        """Move the bar of a job; it goes when the job is done."""
        if label not in self.tasks:
            self.tasks[label] = self.bars.add_task(label, total=total)
        self.bars.update(self.tasks[label], completed=done, total=total, visible=done < total)


@contextmanager
def watching() -> Iterator[Bars]:
    """Show what the library tells inside the block."""
    from ..evaluation.progress import watched_by

    bars = Bars()
    with bars.bars, watched_by(bars):
        yield bars
    sys.stderr.flush()
