"""`avbench measure`: score any two files or folders."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def measure(
    estimate: Annotated[Path, Argument(metavar="EST", help="What a system made: a file, or a folder of files.")],
    reference: Annotated[
        Path | None, Argument(metavar="[REF]", help="What it should have made; not for metrics that need none.")
    ] = None,
    metrics: Annotated[
        str | None, Option(help="Metrics, separated by commas, see `avbench list metrics`.", show_default=False)
    ] = None,
    align: Annotated[
        str, Option(metavar="none|trim:N|delay", help="Cut off at most N samples of length, or take a delay out.")
    ] = "none",
    judge: Annotated[
        list[str], Option(metavar="NAME=PATH", help="Weights of a judge, or another judge; may be repeated.")
    ] = [],  # noqa: B006
    device: Annotated[str, Option(help="Where judges that are networks run: cpu, cuda or auto.")] = "cpu",
    workers: Annotated[int | None, Option(help="Processes. Else one per core.")] = None,
    json: Annotated[Path | None, Option(help="File for everything found; - for standard output.")] = None,
    csv: Annotated[Path | None, Option(help="File for the scores; - for standard output.")] = None,
) -> None:
    """Score a file against a file, or a folder against a folder: no task, no system.

    Files belong together by their path below the folder, without the suffix. Oddities of each pair (delay, gain,
    polarity, length, rate, constant, clipping) are named and never put right unless --align says so.
    Example: avbench measure enhanced clean --metrics stoi,pesq-wb
    """
    from ..errors import IncompleteRun, UsageError
    from .terminal import printer, watching

    if str(json) == str(csv) == "-":
        raise UsageError("--json and --csv cannot both go to standard output.")
    with watching():
        from ..evaluation import measure as library
        from ..evaluation.measure_table import page

        found = library.measure(estimate, reference, metrics, align, judge, device, workers, json, csv)
    console = printer(json if str(csv) != "-" else csv)
    console.print(page(found, console.width))
    if not found.complete:
        bad = [row["metric"] for row in found.pooled if not row["complete"]]
        reason = next(row["reason"] for row in found.scores if row["status"] in ("error", "not-applicable"))
        raise IncompleteRun(f"Not every pair has a score under {', '.join(bad)}: {reason.rstrip('.')}.")
