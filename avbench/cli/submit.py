"""`avbench submit`: hand in a system or its outputs, and score what others hand in."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer

app = Typer(no_args_is_help=True, help="Make, pack, validate and score submissions.")

Submission = Annotated[Path, Argument(metavar="SUBMISSION", help="A .zip archive, or the folder it is made from.")]
Json = Annotated[Path | None, Option(help="File for the result; - for standard output.")]


@app.command()
def new(
    folder: Annotated[Path, Argument(metavar="DIR", help="A new folder; the submission is called like it.")],
    task: Annotated[str, Option(help="Task, see `avbench list tasks`.")] = "avse",
    outputs: Annotated[bool, Option("--outputs", help="Hand in outputs, no code.")] = False,
) -> None:
    """Write a submission that works: a card, a system and a test.

    Example: avbench submit new my-system
    """
    from ..submission.template import new as make
    from .terminal import printer

    for path in make(folder, task, outputs):
        printer().print(str(path), markup=False, soft_wrap=True)


@app.command()
def pack(
    folder: Annotated[Path, Argument(metavar="DIR", help="Folder with a card.toml.")],
    out: Annotated[Path | None, Option(help="The archive, .zip. Else <name>.zip here.")] = None,
) -> None:
    """Make a folder into an archive; equal files give equal bytes.

    Example: avbench submit pack my-system
    """
    from ..submission.report import pack as make
    from .terminal import printer

    made = make(folder, out)
    printer().print(f"{made}: {made.stat().st_size} bytes", markup=False, soft_wrap=True)


@app.command()
def validate(submission: Submission, json: Json = None) -> None:
    """List everything that is wrong with a submission; none of it is run.

    A submission with errors ends with exit code 1.
    Example: avbench submit validate my-system.zip
    """
    from ..errors import UsageError
    from ..evaluation.record import hand_out
    from ..submission.report import validate as check
    from .terminal import printer

    if not submission.exists():
        raise UsageError(f"There is no archive and no folder {submission}: `avbench submit new DIR` makes one.")
    report = check(submission)
    if json is not None:
        hand_out(report.document(), json)
    console = printer(json)
    for word, sentences in (("error", report.errors), ("note", report.notes)):
        for sentence in sentences:
            console.print(f"{word}: {sentence}", markup=False, soft_wrap=True)
    if report.errors:
        raise Exit(1)
    files = report.document()
    console.print(
        f"{submission}: {report.card.name}, {report.kind} for {report.card.task}, {files['files']} files, "
        f"{files['bytes']} bytes, no errors",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def score(
    submission: Submission,
    dry_run: Annotated[bool, Option("--dry-run", help="Only answer a few mock trials, in the sandbox.")] = False,
    protocol: Annotated[str | None, Option(help="Plan by name, or a plan file. Else the task's own.")] = None,
    snr: Annotated[str | None, Option(metavar="SNRS", help="A:B[:STEP], a list a,b,c, or clean, in dB.")] = None,
    dataset: Annotated[str | None, Option(help="Data set, or folder:PATH. Else the task's own.")] = None,
    noise: Annotated[str | None, Option(help="Noise set, or folder:PATH. Else the task's own.")] = None,
    limit: Annotated[int | None, Option(help="Only the first N clips of the plan; never ranked.")] = None,
    metrics: Annotated[str | None, Option(help="Metrics, separated by commas. Else the task's own.")] = None,
    judge: Annotated[list[str], Option(metavar="NAME=PATH", help="Weights of a judge; may be repeated.")] = [],  # noqa: B006
    anchors: Annotated[str | None, Option(help="Anchors, separated by commas, or none. Else the task's own.")] = None,
    workers: Annotated[int | None, Option(help="Processes that judge. Else one per core.")] = None,
    timeout: Annotated[float, Option(metavar="SECONDS", help="What one trial may take.")] = 60.0,
    memory: Annotated[int, Option(metavar="MIB", help="What the system may hold, in each of its boxes.")] = 4096,
    processes: Annotated[int, Option(help="How many it may have at a time, in each of its boxes.")] = 64,
    trust: Annotated[bool, Option("--trust", help="Run its code without a sandbox, as if it were yours.")] = False,
    out: Annotated[Path | None, Option(help="Folder for these runs. Else runs/<task>/<system>-<hash>.")] = None,
    fresh: Annotated[bool, Option("--fresh", help="Make finished and unfinished runs anew.")] = False,
    json: Json = None,
) -> None:
    """Let a submission sit its task; scores are made here, from its raw answers.

    Example: avbench submit score my-system.zip --protocol tiny
    """
    from ..errors import UsageError
    from ..submission.sandbox import Limits

    if not 0 < timeout < 1e6 or not 64 <= memory <= 1 << 22 or not 1 <= processes <= 4096:
        raise UsageError("--timeout is seconds above 0, --memory MiB from 64 on, --processes from 1 to 4096.")
    limits = Limits(seconds=timeout, memory=memory << 20, processes=processes)
    if dry_run:
        _try_out(submission, limits, trust, json)
        return
    from ..evaluation.table import table
    from ..submission.scoring import score as sit
    from .terminal import printer, watching

    with watching() as bars:
        runs = sit(
            submission, protocol, snr, dataset, noise, limit, metrics, judge, anchors, workers, limits, trust, out,
            fresh, json,
        )  # fmt: skip
        for one in runs:
            bars.note(f"{one.system}: {one.folder}{', finished before and shown as cached' if one.cached else ''}")
    console = printer(json)
    console.print(table(runs, console.width))
    if not all(one.complete for one in runs):
        raise Exit(3)


def _try_out(submission: Path, limits, trust: bool, json: Path | None) -> None:
    from dataclasses import asdict

    from ..evaluation.record import hand_out
    from ..submission.mock import try_out
    from .terminal import printer, watching

    with watching():
        answered = try_out(submission, limits, trust)
    if json is not None:
        hand_out({"submission": str(submission), "trials": [asdict(one) for one in answered]}, json)
    console = printer(json)
    for one in answered:
        console.print(f"{one.trial}: {one.reason or 'ok'}", markup=False, soft_wrap=True)
    if any(one.reason for one in answered):
        raise Exit(1)
