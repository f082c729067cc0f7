"""`avbench check`: may this run take the place of that one?"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def check(
    run: Annotated[str, Argument(metavar="RUN", help="A run's folder, or the beginning of its name.")],
    against: Annotated[str, Option(metavar="RUN|FILE", help="The baseline: a run, or the file of a kept one.")],
    metrics: Annotated[
        str | None, Option(help="Metrics, separated by commas. Else all of the baseline's.", show_default=False)
    ] = None,
    cost_factor: Annotated[float, Option(help="How much larger parameters, MACs and bytes may be.")] = 1.05,
    latency_factor: Annotated[float, Option(help="How much longer a call may take, on an equal machine.")] = 1.5,
    renew: Annotated[bool, Option("--renew", help="Then keep RUN as the file --against.")] = False,
    junit: Annotated[Path | None, Option(help="File for JUnit XML; - for standard output.")] = None,
    markdown: Annotated[Path | None, Option(help="File for a comment in Markdown; - for standard output.")] = None,
    json: Annotated[Path | None, Option(help="File for the result; - for standard output.")] = None,
) -> None:
    """Fail (exit 1) where a run is worse than a baseline: by more than chance and more than matters, or dearer.

    Losses are paired over trials and speakers, and corrected for the number of rows after Holm; what matters is said of
    each metric, see docs/gate.md. With --renew nothing fails, and the run becomes the next baseline.
    Example: avbench check runs/avse/mutud-1234abcd --against leaderboards/runs/avse/avbench-synth/tiny/mutud.json
    """
    from typer import Exit

    from ..evaluation import check as library
    from ..evaluation.check_page import verdict_page
    from .terminal import printer, watching

    with watching():
        result = library.check(run, against, metrics, cost_factor, latency_factor, renew, junit, markdown, json)
    console = printer(next((where for where in (json, junit, markdown) if str(where) == "-"), None))
    console.print(verdict_page(result))
    if renew:
        console.print(f"{result['run']} is kept as {result['against']}.", markup=False, soft_wrap=True)
    elif not result["passed"]:
        raise Exit(1)
