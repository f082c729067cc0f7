"""`avbench doctor`: is this machine fit to judge?"""

import os
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from typer import Option

if TYPE_CHECKING:
    from ..evaluation.doctor import Extra, Report, Sighting

COLOURS = {"here": "green", "agrees": "green", "absent": "dim", "wrong": "red", "differs": "red"}


def doctor(
    fetch: Annotated[
        str | None,
        Option(
            metavar="JUDGE",
            help="Download the weights of a judge first, where their licence allows it; espnet=USER/MODEL takes a "
            "model pack of the ESPnet zoo.",
        ),
    ] = None,
    json: Annotated[Path | None, Option(help="File for everything found; - for standard output.")] = None,
) -> None:
    """Show what is installed, which judges have weights, and whether this machine gives the golden scores.

    Exit code 0 if nothing that is here disagrees; what is absent is listed with the way to get it.
    """
    from .terminal import printer, watching

    console = printer(json)
    if fetch is not None:
        from ..judges import fetch as download

        for path in download(fetch):
            console.print(f"{fetch}: {path}", markup=False, soft_wrap=True)
    with watching() as bars:
        from ..evaluation.doctor import examine

        report = examine(lambda done, total: bars.advance("golden scores", done, total))
    if json is not None:
        from ..evaluation.record import hand_out

        hand_out(report.document(), json)
    _print(console, report)
    if not report.green:
        raise typer.Exit(1)


def _print(console: Console, report: "Report") -> None:
    from .. import __version__

    facts = report.machine
    console.print(
        f"avbench {__version__} · Python {facts['python']} · {facts['cores']} cores · {facts['platform']}",
        markup=False,
    )
    blocks = [
        ("Packages", _packages(report.extras)),
        ("Judges", _judges(report.judges)),
        ("Golden scores", _golden(report)),
    ]
    for title, block in blocks:
        console.print(Text(f"\n{title}", style="bold"))
        console.print(block)
    if report.green:
        console.print(Text("\nGreen: nothing that is here disagrees.", style="green"))
    else:
        many = "1 thing that is here disagrees" if len(report.faults) == 1 else f"{len(report.faults)} things disagree"
        console.print(Text(f"\nNot green: {many}.", style="red"))


def _grid(*titles: str) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)
    for title in titles[:-1]:
        grid.add_column(title, no_wrap=True)
    grid.add_column(titles[-1])
    return grid


def _packages(extras: Sequence["Extra"]) -> Table:
    grid = _grid("extra", "state", "versions")
    for extra in extras:
        state, style = "complete", "green"
        versions = ", ".join(f"{name} {version}" for name, version in extra.packages.items() if version)
        lines = [versions] if versions else []
        if extra.unfit:
            state, style = "other", "yellow"
            lines.append(f"of another version: {', '.join(extra.unfit)}")
        if extra.missing:
            state, style = "partly" if versions else "absent", "yellow"
            lines.append(f"missing: {', '.join(extra.missing)}")
        if extra.remedy:
            lines.append(extra.remedy)
        grid.add_row(Text(extra.name), Text(state, style=style), Text("\n".join(lines)))
    return grid


def _judges(judges: Sequence["Sighting"]) -> Group:
    """Where the weights are; below, in full lines, how to get the others."""
    grid = _grid("judge", "state", "digest", "weights")
    grid.columns[-1].overflow = "fold"  # a path has no spaces to break at
    for one in judges:
        digest = (one.identity or "").partition("@")[2]
        more = f" and {len(one.files) - 1} more" if len(one.files) > 1 else ""
        where = _short(one.files[0]) + more if one.files else ""
        grid.add_row(Text(one.name), Text(one.status, style=COLOURS[one.status]), Text(digest), Text(where))
    lacks = [
        Text(one.reason if one.name in one.reason else f"{one.name}: {one.reason}", style=COLOURS[one.status])
        for one in judges
        if one.reason
    ]
    return Group(grid, *([Text("")] if lacks else []), *lacks, *_folder())


def _folder() -> list[Text]:
    """What is wrong with the folder of weights, as far as it is said."""
    place = os.environ.get("AVBENCH_ASSETS")
    if not place or Path(place).is_dir():
        return []
    return [Text(f"AVBENCH_ASSETS names {place}, and there is no such folder.", style="yellow")]


def _short(path: str) -> str:
    """A path without the folder that everybody knows."""
    bases = {"$AVBENCH_ASSETS": os.environ.get("AVBENCH_ASSETS"), "…": sysconfig.get_path("purelib")}
    for label, base in bases.items():
        if base and Path(path).is_relative_to(base):
            return f"{label}/{Path(path).relative_to(base)}"
    return path


def _golden(report: "Report") -> Group:
    """What agrees in one line; what does not with its reason."""
    grid = _grid("state", "metrics")
    found = {
        status: [one for one in report.golden if one.status == status]
        for status in ("agrees", "unasked", "absent", "differs")
    }
    if found["agrees"]:
        grid.add_row(Text("agrees", style="green"), Text(", ".join(one.metric for one in found["agrees"])))
    for one in found["unasked"]:
        grid.add_row(Text("unasked", style="yellow"), Text(one.reason))
    told = {one.reason for one in report.judges}
    if above := [one.metric for one in found["absent"] if one.reason in told]:
        grid.add_row(Text("absent", style="dim"), Text(f"{', '.join(above)}: the judge is absent, see above"))
    for one in found["absent"]:
        if one.reason not in told:
            grid.add_row(Text("absent", style="dim"), Text(f"{one.metric}: {one.reason}"))
    for one in found["differs"]:
        grid.add_row(Text("differs", style="red"), Text(one.reason))
    return Group(grid)
