"""`avbench data`: make, check and show data sets."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

app = Typer(no_args_is_help=True, help="Make, check and show data sets.")


class Split(StrEnum):
    """Which part."""

    train = "train"
    validation = "validation"
    test = "test"


Name = Annotated[str, Argument(metavar="D", help="Data set, e.g. avbench-synth, avbench-synth/tiny or folder:PATH.")]
Splits = Annotated[list[Split] | None, Option("--split", help="Only this split (may be repeated); all unless given.")]
Json = Annotated[Path | None, Option(help="File for the table; - for standard output.")]


@app.command()
def prepare(
    name: Name,
    split: Splits = None,
    mouth: Annotated[bool, Option(help="Draw the mouths too.")] = True,
    workers: Annotated[int | None, Option(min=1, help="Processes; as many as processors unless given.")] = None,
) -> None:
    """Make everything of a data set now, instead of when it is first used."""
    from .terminal import printer, watching

    for dataset in _open(name, split):
        with watching() as bars:
            for sentence in dataset.notes:
                bars.note(sentence)
            dataset.prepare(
                mouth=mouth and dataset.synthetic,
                workers=workers,
                progress=lambda done, total, part=dataset.split: bars.advance(part, done, total),
                say=bars.note,
            )
        hours = sum(clip.seconds for clip in dataset.clips) / 3600
        printer().print(f"{_title(dataset)}: {len(dataset.ids)} clips, {hours:.2f} h, are ready.", markup=False)


@app.command()
def verify(
    name: Name,
    split: Splits = None,
    clips: Annotated[int, Option(min=0, help="How many kept clips are made again and compared.")] = 3,
    json: Json = None,
) -> None:
    """Check that what is kept is whole, and that clips made again are the same; exit code 1 if not."""
    from rich.table import Table

    from ..data.verify import verify as check
    from ..errors import VerificationFailed
    from ..evaluation.record import hand_out
    from .terminal import printer

    rows = [(_title(d), c) for d in _open(name, split) for c in check(d, clips)]
    if json is not None:
        document = [{"dataset": t, "check": c.name, "passed": c.passed, "text": c.text} for t, c in rows]
        hand_out({"checks": document}, json)
    table = Table("data set", "check", "")
    for title, row in rows:
        table.add_row(title, "[green]yes[/]" if row.passed else "[red]NO[/]", row.text)
    printer(json).print(table)
    failed = [row for _, row in rows if not row.passed]
    if failed:
        raise VerificationFailed(f"{len(failed)} of {len(rows)} checks of {name} failed: {failed[0].text}")


@app.command()
def show(
    name: Name,
    split: Splits = None,
    picture: Annotated[
        Path | None, Option(metavar="FILE", help="Draw a picture of the embedded corpus instead (.png, .pdf, .svg).")
    ] = None,
    json: Json = None,
) -> None:
    """Say what a data set holds and what of it is made."""
    from .terminal import printer

    datasets = _open(name, split)
    if picture is not None:
        return _draw(datasets[0], picture)
    from rich.table import Table

    from ..evaluation.record import hand_out

    rows = [_describe(dataset) for dataset in datasets]
    if json is not None:
        hand_out({"datasets": rows}, json)
    table = Table("split", "clips", "speakers", "made", "hours made", "fingerprint", title=name)
    for row in rows:
        speakers = "?" if row["speakers"] is None else str(row["speakers"])
        cells = (row["clips"], speakers, row["made"], f"{row['hours']:.2f}", row["fingerprint"][:12])
        table.add_row(row["split"], *map(str, cells))
    console = printer(json)
    console.print(table)
    for sentence in [f"Licence: {datasets[0].licence}.", *datasets[0].notes]:
        console.print(sentence, markup=False, soft_wrap=True)
    return None


def _open(name: str, split: list[Split] | None) -> list:
    """The wanted splits; a folder has only one."""
    from ..data.dataset import open_dataset

    parts = [s.value for s in split or (Split if not name.startswith("folder:") else (Split.test,))]
    return [open_dataset(name, part) for part in parts]


def _title(dataset) -> str:
    return f"{dataset.name} {dataset.split}" if dataset.synthetic else dataset.name


def _describe(dataset) -> dict:
    """What there is, without making anything."""
    made = dataset.made
    speakers = {c.speaker for c in made} if not dataset.synthetic else {i.split("-")[0] for i in dataset.ids}
    return {
        "dataset": dataset.name,
        "split": dataset.split if dataset.synthetic else "-",
        "synthetic": dataset.synthetic,
        "licence": dataset.licence,
        "fingerprint": dataset.fingerprint,
        "clips": len(dataset.ids),
        "speakers": None if None in speakers else len(speakers),
        "made": len(made),
        "hours": sum(c.seconds for c in made) / 3600,
        "notes": list(dataset.notes),
    }


def _draw(dataset, picture: Path) -> None:
    from ..errors import UsageError

    if not dataset.synthetic:
        raise UsageError(f"Only the embedded corpus can be drawn, not {dataset.name}.")
    from ..data.synth.gallery import gallery
    from .terminal import printer

    printer().print(f"Wrote {gallery(picture, spec=dataset.spec)}.", markup=False, soft_wrap=True)
