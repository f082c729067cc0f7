"""`avbench leaderboard`: boards of what runs have measured, beside what papers have printed."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

app = Typer(no_args_is_help=True, help="Boards of runs, beside what papers have printed.")

RUNS = Argument(metavar="RUNS", help="Runs, kept runs or folders of them at any depth; leaderboards/runs unless given.")
PUBLISHED = Option(help="Folder of the published numbers; leaderboards/published unless given.")


@app.command()
def build(
    runs: Annotated[list[Path] | None, RUNS] = None,
    out: Annotated[Path | None, Option(help="Folder; leaderboards, or boards where runs are named.")] = None,
    format: Annotated[str, Option(help="Of md, csv, tex, json, with commas; all, or md alone into leaderboards.")] = "",
    site: Annotated[bool, Option("--site", help="Also make the pages, in a folder site there.")] = False,
    published: Annotated[Path | None, PUBLISHED] = None,
    json: Annotated[Path | None, Option(help="File for all boards; - for standard output.")] = None,
) -> None:
    """Render the boards of every task as Markdown, CSV, LaTeX and JSON."""
    from ..leaderboard import build as library
    from .terminal import printer

    formats = [word.strip() for word in format.split(",") if word.strip()]
    paths = library.build(runs or (), out, formats, published, site, json)
    console = printer(json)
    for path in paths:
        console.print(str(path), markup=False, soft_wrap=True)


@app.command()
def show(
    task: Annotated[str, Argument(help="Name of a task, e.g. avse.")],
    runs: Annotated[list[Path] | None, RUNS] = None,
    metric: Annotated[str | None, Option(help="Which metric to show by condition; the task's first.")] = None,
    papers: Annotated[bool, Option("--papers", help="Print every table of the papers on this task.")] = False,
    published: Annotated[Path | None, PUBLISHED] = None,
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Print the boards of a task, then what papers have printed of the same systems."""
    from ..leaderboard import build as library
    from ..leaderboard.render_terminal import printed_tables, terminal
    from .terminal import printer

    boards, numbers = library.show(task, runs or (), metric, published, json)
    console = printer(json)
    for board in boards:
        console.print(terminal(board, metric, console.width))
        console.print()
    tables = numbers.of_task(task) if papers or not boards else library.nearest(boards)
    shown = metric or (boards[0].columns[0].name if boards and not papers else None)
    if tables:
        console.print(printed_tables(tables, numbers, shown, console.width))
    if others := len(numbers.of_task(task)) - len(tables):
        console.print(f"{others} more tables and figures of papers: --papers", style="dim")


@app.command()
def keep(
    runs: Annotated[list[Path], Argument(metavar="RUNS", help="Finished runs, or folders of them at any depth.")],
    out: Annotated[Path | None, Option(help="Folder; leaderboards/runs unless given.")] = None,
    renew: Annotated[bool, Option("--renew", help="Replace another run that was kept under the same name.")] = False,
) -> None:
    """Keep finished runs as small files that can be committed, with their cost."""
    from ..leaderboard import build as library
    from .terminal import printer

    console = printer()
    for path in library.keep(runs, out, renew):
        console.print(str(path), markup=False, soft_wrap=True)
