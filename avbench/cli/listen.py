"""`avbench listen`: build, serve and tally listening and preference tests."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

app = Typer(no_args_is_help=True, help="Build, serve and tally listening and preference tests.")

Folder = Annotated[Path, Argument(metavar="DIR", help="The folder of a test.")]
Key = Annotated[Path | None, Option(help="File of the key. Else DIR.key.json, beside the folder.", show_default=False)]


@app.command()
def build(
    runs: Annotated[list[str], Argument(metavar="RUN…", help="Runs of one plan: folders, or beginnings of names.")],
    kind: Annotated[str, Option(metavar="cpr|mos|ab", help="Triplets, ratings from 1 to 5, or preferences.")],
    out: Annotated[Path, Option(metavar="DIR", help="Folder for the test; the key goes beside it.")],
    trials: Annotated[int, Option(min=1, help="Of each run.")] = 30,
    dataset: Annotated[str | None, Option(help="That of the runs, where its name does not say where it lies.")] = None,
    question: Annotated[str | None, Option(help="In place of the usual question.")] = None,
    consent: Annotated[Path | None, Option(help="Text file in place of the usual consent text.")] = None,
    seed: Annotated[str, Option(metavar="WORD", help="Another word draws other trials, sides and names.")] = "",
    key: Key = None,
) -> None:
    """Make a blind test of what systems answered: media under opaque names, and a key beside the folder.

    Six checks of attention are among the pages. Example:
    avbench listen build runs/avse/mutud-1a2b3c4d runs/avse/noisy-5e6f7a8b --kind mos --out test
    """
    from .terminal import printer, watching

    with watching():
        from ..listening import build_test
        from ..listening.blind import key_path

        test = build_test(runs, kind, out, trials, dataset, question, consent, seed, key)
    anchors = (
        "" if _anchored(test, key) else " No anchor is among the runs: those of the exam say how far the scale goes."
    )
    printer().print(
        f"{len(test.trials)} pages, {len(test.checks)} of them checks of attention: avbench listen serve {out}\n"
        f"Key: {key or key_path(out)} (keep it from raters).{anchors}",
        markup=False,
        soft_wrap=True,
    )


def _anchored(test: object, key: Path | None) -> bool:
    """A CPR test has real pairs, or cannot have any."""
    from ..listening.blind import open_key

    return test.kind != "mos" or any(run["anchor"] for run in open_key(test, key)["runs"])


@app.command()
def serve(
    folder: Folder,
    port: Annotated[int, Option(min=0, max=65535, help="0 for any that is free.")] = 8765,
) -> None:
    """Run a test in the browsers of this machine; end with Ctrl-C. Votes are kept as they are given."""
    import sys

    from ..listening import serve as library

    def tell(address: str) -> None:
        sys.stdout.write(f"{address}  (Ctrl-C ends; votes are kept in {folder / 'votes.sqlite'})\n")
        sys.stdout.flush()

    try:
        library(folder, port, tell)
    except KeyboardInterrupt:
        sys.stdout.write(f"\nEnded. avbench listen tally {folder}\n")


@app.command()
def tally(
    folder: Folder,
    key: Key = None,
    run: Annotated[list[str], Option(metavar="RUN", help="Where a run is now, if it was moved; repeatable.")] = [],  # noqa: B006
    write: Annotated[bool, Option(help="Write the metric into the runs: RUN/votes/.")] = True,
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Count the votes: values with intervals, agreement, checks of attention; and write the metric into the runs."""
    from ..evaluation.record import hand_out
    from ..listening import tally as library
    from ..listening.enter import enter
    from ..listening.table import page
    from .terminal import printer

    found = library(folder, key)
    printer(json).print(page(found))
    if json is not None:
        hand_out(found.document(), json)
    for path in enter(found, run) if write else ():
        printer(json).print(f"Written: {path}", style="dim", markup=False, soft_wrap=True)
