"""`avbench compare`: is one run better than another?"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def compare(
    a: Annotated[str, Argument(metavar="RUN", help="A run's folder, or the beginning of its name.")],
    b: Annotated[str, Argument(metavar="RUN", help="The run to compare it with.")],
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Print paired differences between two runs of one exam: first minus second, interval, p-value."""
    from ..evaluation import compare as library
    from ..evaluation.table import comparison
    from .terminal import printer

    result = library.compare(a, b, json)
    printer(json).print(comparison(result))
