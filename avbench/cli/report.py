"""`avbench report`: a run as a page."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def report(
    run: Annotated[str, Argument(help="A run's folder, the beginning of its name, or a kept run.")],
    out: Annotated[Path | None, Option(help="Folder for the page. Else report/ in the run's folder.")] = None,
    all_media: Annotated[
        bool, Option("--all-media", help="Sound and films of all trials, not only of the examples.")
    ] = False,
) -> None:
    """Write a page to look at a run: tables, curves, failures, the worst and best trials to hear and see, all trials.

    It needs no server and no network: open it in a browser.
    """
    from .terminal import printer, watching

    with watching():
        from ..leaderboard.site import report as library

        page = library(run, out, all_media)
    printer().print(str(page), soft_wrap=True, markup=False)
