"""`avbench run`: let systems sit a task."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from typer import Option


def run(
    system: Annotated[str, Option(help="Systems, separated by commas; outputs:DIR for predictions made elsewhere.")],
    task: Annotated[str, Option(help="Task, see `avbench list tasks`.")] = "avse",
    snr: Annotated[
        str | None, Option(metavar="SNRS", help="A:B[:STEP], a list a,b,c, or clean, in dB. Else the official ones.")
    ] = None,
    set: Annotated[list[str], Option(metavar="AXIS=V[,V…]", help="Vary another axis, e.g. modality=av,audio.")] = [],  # noqa: B006
    dataset: Annotated[str | None, Option(help="Data set, or folder:PATH. Else the task's own.")] = None,
    noise: Annotated[str | None, Option(help="Noise set, or folder:PATH. Else the task's own.")] = None,
    protocol: Annotated[str | None, Option(help="Plan by name (3-bn, 5-bn, 3-bn-full), or a plan file.")] = None,
    recipe: Annotated[str | None, Option(help="Whose weights.")] = None,
    weights: Annotated[Path | None, Option(help="A file of weights instead.")] = None,
    limit: Annotated[int | None, Option(help="Only the first N clips of the plan; never ranked.")] = None,
    metrics: Annotated[str | None, Option(help="Metrics, separated by commas. Else the task's own.")] = None,
    judge: Annotated[
        list[str], Option(metavar="NAME=PATH", help="Weights of a judge, or another judge; may be repeated.")
    ] = [],  # noqa: B006
    anchors: Annotated[str | None, Option(help="Anchors, separated by commas, or none. Else the task's own.")] = None,
    device: Annotated[str, Option(help="auto, cpu or cuda.")] = "auto",
    workers: Annotated[int | None, Option(help="Processes that judge. Else one per core.")] = None,
    timeout: Annotated[
        float, Option(metavar="SECONDS", help="What one call of a system may take: a clip at every condition.")
    ] = 600.0,
    out: Annotated[Path | None, Option(help="Folder for these runs. Else runs/<task>/<system>-<hash>.")] = None,
    fresh: Annotated[bool, Option("--fresh", help="Make finished and unfinished runs anew.")] = False,
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Let systems sit a task, and print how good they are at each SNR.

    A finished run is shown, an unfinished one is gone on with.
    Example: avbench run --system mutud --task avse --snr -15:5
    """
    from .terminal import printer, watching

    with watching() as bars:
        from ..evaluation import evaluate
        from ..evaluation.table import table

        runs = evaluate.run(
            system, task, snr, set, dataset, noise, protocol, recipe, weights, limit, metrics, judge, anchors, device,
            workers, timeout, out, fresh, json,
        )  # fmt: skip
        for one in runs:
            bars.note(f"{one.system}: {one.folder}{', finished before and shown as cached' if one.cached else ''}")
    console = printer(json)
    console.print(table(runs, console.width))
    left = sum((one.left for one in runs), Counter())
    if left:
        from ..errors import IncompleteRun

        words = {"error": "the machine failed at {} trials", "not-applicable": "a judge is missing for {} trials"}
        what = " and ".join(text.format(left[word]) for word, text in words.items() if left[word])
        raise IncompleteRun(f"{what[0].upper()}{what[1:]}; the same command tries them again.")
    if not all(one.complete for one in runs):
        raise typer.Exit(3)
