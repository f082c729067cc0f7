"""`avbench train`: make weights."""

from pathlib import Path
from typing import Annotated

from typer import Option


def train(
    system: Annotated[str, Option(help="System, variant included, e.g. mutud or gcrn/matched.")],
    recipe: Annotated[str, Option(help="Recipe: synth or paper.")] = "synth",
    init: Annotated[Path | None, Option(help="Begin from these weights.")] = None,
    resume: Annotated[bool, Option("--resume", help="Go on with an interrupted training.")] = False,
    out: Annotated[Path | None, Option(help="Folder for checkpoint, log and weights.")] = None,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    hours: Annotated[float | None, Option(help="Stop, resumably, after so many hours.")] = None,
) -> None:
    """Train a system by one of its recipes."""
    from .terminal import printer, watching

    with watching() as bars:
        from ..training import train as library

        weights = library.train(system, recipe, init, resume, out, device, hours, announce=bars.note)
    printer().print(f"{weights}", markup=False, soft_wrap=True)
