"""`avbench show`: a run, read back."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def show(
    run: Annotated[str, Argument(help="A run's folder, the beginning of its name, or a folder of runs.")],
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Print a finished or unfinished run again, with the anchors of its exam."""
    from ..evaluation import show as library
    from ..evaluation.table import table
    from .terminal import printer

    groups = library.show(run, json)
    console = printer(json)
    for group in groups:
        console.print(table(group, console.width))
