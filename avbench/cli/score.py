"""`avbench score`: judge saved answers again."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def score(
    run: Annotated[str, Argument(metavar="RUN", help="A run's folder, or the beginning of its name.")],
    metrics: Annotated[
        str | None, Option(help="Metrics, separated by commas. Else those of the run, as they are today.")
    ] = None,
    dataset: Annotated[
        str | None, Option(metavar="folder:PATH", help="Where the run's data set lies, if that is a folder.")
    ] = None,
    noise: Annotated[str | None, Option(metavar="folder:PATH", help="Likewise for its noises.")] = None,
    judge: Annotated[
        list[str], Option(metavar="NAME=PATH", help="Weights of a judge, or another judge; may be repeated.")
    ] = [],  # noqa: B006
    device: Annotated[str, Option(help="Where judges that are networks run: cpu, cuda or auto.")] = "cpu",
    workers: Annotated[int | None, Option(help="Processes that judge. Else one per core.")] = None,
    out: Annotated[Path | None, Option(help="Folder for these runs. Else runs/<task>/<system>-<hash>.")] = None,
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Judge what a run and the anchors beside it have answered, under other metrics; no system is needed.

    Other metrics make it another run, with a folder of its own, as `avbench run --metrics` would have made it.
    Example: avbench score runs/avse/mutud-1234abcd --metrics stoi,si-sdr-zm
    """
    from .terminal import printer, watching

    with watching() as bars:
        from ..evaluation import rescore as library
        from ..evaluation.table import table

        runs = library.score(run, metrics, dataset, noise, judge, device, workers, out, json)
        for one in runs:
            bars.note(f"{one.system}: {one.folder}{', judged before and shown as cached' if one.cached else ''}")
    console = printer(json)
    console.print(table(runs, console.width))
    if not all(one.complete for one in runs):
        from ..errors import IncompleteRun

        reasons = (row["reason"] for one in runs for row in one.rows if not row["complete"] and row["reason"])
        raise IncompleteRun(f"Not every trial has a score: {next(reasons, 'see the table').rstrip('.')}.")
