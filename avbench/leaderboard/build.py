"""The verb `avbench leaderboard`: boards from runs, written or shown, and runs kept.

Contents: `build`, `show`, `nearest`, `keep`, `FORMATS`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import UnknownName, UsageError
from ..evaluation.identity import is_same
from ..evaluation.kept import is_kept, kept_path
from ..evaluation.kept import keep as keep_run
from ..evaluation.record import hand_out, to_json
from ..evaluation.runs import Run, is_run, open_run
from ..signal.files import atomic_write
from .board import Board, build_boards
from .published import Published, PublishedTable, home, read_published
from .render_data import csv_text, document
from .render_latex import latex
from .render_markdown import markdown

FORMATS: dict[str, Callable[[str, Sequence[Board], Published], str]] = {
    "md": markdown,
    "csv": lambda task, boards, published: csv_text(boards),
    "tex": lambda task, boards, published: latex(task, boards),
    "json": lambda task, boards, published: to_json(document(task, boards, published)),
}
"""By the end of a file's name, what makes its text of a task's name, its boards and the published numbers."""


def build(
    runs: Sequence[str | Path] = (),
    out: str | Path | None = None,
    formats: Sequence[str] | None = None,
    published: str | Path | None = None,
    site: bool = False,
    json: str | Path | None = None,
) -> list[Path]:
    """Render the boards of every task that there are runs or published numbers of.

    Args:
        runs: folders of runs at any depth, runs, or kept runs; `leaderboards/runs` unless given.
        out: folder for the files; `leaderboards` where no runs are named, else `boards`.
        formats: of `FORMATS`; all unless given, but Markdown alone into the folder `leaderboards`.
        published: folder of the published numbers.
        site: also the pages, in a folder `site` there.
        json: file for all tasks in one list; `"-"` for standard output.

    Returns:
        The files that were written, and the folder of the site.

    Raises:
        UsageError: there is no run, or no such format.
        BadFile: the published numbers, or a kept run, are damaged.
    """
    formats = list(formats or (FORMATS if runs or out else ["md"]))
    if unknown := [f for f in formats if f not in FORMATS]:
        raise UsageError(f"There is no format {unknown[0]!r}: choose from {', '.join(FORMATS)}.")
    numbers = read_published(published)
    out = Path(out) if out is not None else Path("boards") if runs else home()
    found = build_boards(_found(runs), numbers)
    tasks = sorted({board.name for board in found} | {task for table in numbers.tables for task in table.tasks})
    by_task = {task: [board for board in found if board.name == task] for task in tasks}
    paths = []
    for task, boards in by_task.items():
        for ending in formats:
            if boards or ending in ("md", "json"):
                path = out / f"{_safe(task)}.{ending}"
                with atomic_write(path) as file:
                    file.write(FORMATS[ending](task, boards, numbers).encode())
                paths.append(path)
    if site:
        from .site import build_site

        paths.append(build_site(found, out / "site", published=numbers))
    if json is not None:
        hand_out([document(task, boards, numbers) for task, boards in by_task.items()], json)
    return paths


def show(
    task: str,
    runs: Sequence[str | Path] = (),
    metric: str | None = None,
    published: str | Path | None = None,
    json: str | Path | None = None,
) -> tuple[list[Board], Published]:
    """The boards of a task.

    Args:
        task: its name.
        runs: as for `build`.
        metric: that is to be shown by condition; it must be there.
        published: folder of the published numbers.
        json: file for the values; `"-"` for standard output.

    Returns:
        The boards, none where no run was kept, and the published numbers.

    Raises:
        UnknownName: there are neither runs nor numbers of such a task, or metric.
        UsageError, BadFile: as for `build`.
    """
    numbers = read_published(published)
    every = list(_found(runs))
    known = {run.task for run in map(_glanced, every)} | {task for table in numbers.tables for task in table.tasks}
    if task not in known:
        raise UnknownName("task with runs or published numbers", task, known)
    boards = build_boards((run for run in every if run.task == task), numbers)
    judged = {c.name for b in boards for c in b.columns} or {n.metric for n in numbers.numbers if n.task == task}
    if metric is not None and metric not in judged:
        raise UnknownName("metric on this board", metric, judged)
    if json is not None:
        hand_out(document(task, boards, numbers), json)
    return boards, numbers


def nearest(boards: Sequence[Board]) -> list[PublishedTable]:
    """For each board the published table that has most systems in common with it, if any has."""
    found = []
    for board in boards:
        names = {row.system for row in board.everyone}
        shared = [len(names & {n.system for n in table.numbers if n.system}) for table in board.published]
        best = max(range(len(shared)), key=shared.__getitem__, default=None)
        if best is not None and shared[best] and board.published[best] not in found:
            found.append(board.published[best])
    return found


def keep(runs: Iterable[str | Path], out: str | Path | None = None, renew: bool = False) -> list[Path]:
    """Keep finished runs as files that can be committed, `<task>/<data set>/<plan>/<system>.json`.

    Args:
        runs: folders of runs at any depth, or runs; anchors are kept beside them.
        out: folder; `leaderboards/runs` unless given.
        renew: also where another run was kept under that name before, which is lost then.

    Raises:
        UsageError: there is no run, or one would take the place of another.
        IncompleteRun: one has not come to its end.
    """
    folder = Path(out) if out is not None else home() / "runs"
    paths: list[Path] = []
    for run in _found(list(runs)):
        path = kept_path(run, folder)
        if path.exists() and (not renew or path in paths) and not is_same(open_run(path).identity, run.identity):
            say = "keep one of them with --out elsewhere" if path in paths else "replace it with --renew"
            raise UsageError(f"{path} is another run of {run.system} than {run.where}: {say}.")
        paths.append(keep_run(run, path))
    return list(dict.fromkeys(paths))


def _found(where: Sequence[str | Path]) -> Iterator[Run]:
    """The runs that are named, or those that were kept in the folder `leaderboards`, perhaps none; unread, one by one.

    Raises:
        UsageError: there is no run where one was said to be.
    """
    for one in where:
        runs = _inside(Path(one)) if Path(one).is_dir() else iter([open_run(one)])
        first = next(runs, None)
        yield first or open_run(one)  # which says what is wrong
        yield from runs
    if not where and (home() / "runs").is_dir():
        yield from _inside(home() / "runs")


def _glanced(run: Run) -> Run:
    """A run of which the head was read and the rest was let go."""
    run.head  # noqa: B018
    vars(run).pop("record")
    return run


def _inside(folder: Path) -> Iterator[Run]:
    """The runs of a folder at any depth, kept ones too."""
    if is_run(folder):
        yield Run(folder)
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield from _inside(path)
        elif path.suffix == ".json" and is_kept(path):
            yield Run(None, kept=path)


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)
