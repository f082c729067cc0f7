"""`avbench data`: make, check and show data sets."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

from .export import export

app = Typer(no_args_is_help=True, help="Make, check and show data sets.")
app.command()(export)


class Split(StrEnum):
    """Which part."""

    train = "train"
    validation = "validation"
    test = "test"


Name = Annotated[
    str, Argument(metavar="D", help="Data set, e.g. avbench-synth/tiny, grid or folder:PATH; or noises, e.g. demand.")
]
Splits = Annotated[list[Split] | None, Option("--split", help="Only this split (may be repeated); all unless given.")]
Json = Annotated[Path | None, Option(help="File for the table; - for standard output.")]


@app.command()
def prepare(
    name: Name,
    path: Annotated[
        Path | None,
        Argument(help="Of a corpus or of noises: the folder that holds it. A corpus is remembered."),
    ] = None,
    split: Splits = None,
    mouth: Annotated[
        bool | None, Option("--mouth/--no-mouth", help="Mouths too; unless given, of the embedded corpus only.")
    ] = None,
    workers: Annotated[int | None, Option(min=1, help="Processes; as many as processors unless given.")] = None,
    validation: Annotated[
        Path | None, Option(help="Of lrs3: a file with the ids of trainval that are held out for validation.")
    ] = None,
    json: Json = None,
) -> None:
    """Make everything of a data set now, or find out what a corpus on this machine holds."""
    from ..errors import UsageError
    from .corpora import find, prepare_corpus
    from .noises import find as find_noises
    from .noises import prepare_noise_set
    from .terminal import printer, watching

    if find_noises(name) is not None:
        _refuse(name, "a collection of noises", split=split, mouth=mouth, validation=validation)
        return prepare_noise_set(name, path, workers, json)
    corpus = find(name)
    if corpus is not None:
        _refuse(name, "a corpus whose mouths are not cut", split=None if mouth else split)
        return prepare_corpus(corpus, path, {"validation": validation and str(validation)}, workers, json, mouth, split)
    if path is not None or validation is not None or json is not None:
        raise UsageError(f"{name} is no corpus on disk: PATH, --validation and --json do not go with it.")
    for dataset in [m for d in _open(name, split) for m in getattr(d, "members", (d,))]:
        with watching() as bars:
            for sentence in dataset.notes:
                bars.note(sentence)
            dataset.prepare(
                mouth=_is_embedded(dataset) if mouth is None else mouth,
                workers=workers,
                progress=lambda done, total, part=dataset.split: bars.advance(part, done, total),
                say=bars.note,
            )
        hours = sum(clip.seconds for clip in dataset.clips) / 3600
        printer().print(f"{_title(dataset)}: {len(dataset.ids)} clips, {hours:.2f} h, are ready.", markup=False)
    return None


@app.command()
def verify(
    name: Name,
    split: Splits = None,
    clips: Annotated[
        int | None, Option(min=0, help="How many kept clips of the embedded corpus are made again; 3 unless given.")
    ] = None,
    json: Json = None,
) -> None:
    """Check that what is kept is whole, and that clips made again are the same; exit code 1 if not.

    Of a corpus every file is read again and compared with what it was when it was prepared.
    """
    from rich.table import Table

    from ..data.verify import verify as check
    from ..errors import UsageError, VerificationFailed
    from ..evaluation.record import hand_out
    from .corpora import check_corpus, find
    from .noises import find as find_noises
    from .terminal import printer

    if find_noises(name) is not None:
        raise UsageError(f"The noises {name} are compared with their hashes by `avbench plan verify`, not one by one.")
    corpus = find(name)
    if corpus is not None:
        _refuse(name, "a corpus, of which every file is read", split=split, clips=clips)
        rows = [(corpus.name, c) for c in check_corpus(corpus)]
    else:
        rows = [(_title(d), c) for d in _open(name, split) for c in check(d, 3 if clips is None else clips)]
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
    sample: Annotated[
        Path | None, Option(metavar="FILE", help="Write a short film of it with sound instead (.mp4).")
    ] = None,
    json: Json = None,
) -> None:
    """Say what a data set holds and what of it is made; of a corpus also how to obtain it and what is wrong with it."""
    from ..errors import UsageError
    from .corpora import find, show_corpus
    from .noises import find as find_noises
    from .noises import show_noise_set
    from .terminal import printer

    drawn = picture is not None or sample is not None
    if drawn and (find_noises(name) is not None or find(name) is not None):
        raise UsageError(f"Only the embedded corpus can be drawn, not {name}.")
    if find_noises(name) is not None:
        _refuse(name, "a collection of noises", split=split)
        return show_noise_set(name, json)
    corpus = find(name)
    if corpus is not None:
        _refuse(name, "a corpus, whose card has all splits", split=split)
        return show_corpus(corpus, json)
    datasets = _open(name, split)
    if drawn:
        return _draw(datasets[-1], picture, sample)
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


def _refuse(name: str, what: str, **options) -> None:
    """Say which of the given options would have no effect. Raises `UsageError`."""
    from ..errors import UsageError

    if given := [f"--{option}" for option, value in options.items() if value is not None]:
        raise UsageError(f"{name} is {what}: {' and '.join(given)} would have no effect.")


def _is_embedded(dataset) -> bool:
    """Whether it is made on this machine, so that it can be drawn and made again."""
    return hasattr(dataset, "spec")


def _title(dataset) -> str:
    return dataset.name if dataset.name.startswith("folder:") else f"{dataset.name} {dataset.split}"


def _describe(dataset) -> dict:
    """What there is, without making anything."""
    made = dataset.made
    speakers = {c.speaker for c in made} if not _is_embedded(dataset) else {i.split("-")[0] for i in dataset.ids}
    return {
        "dataset": dataset.name,
        "split": "-" if dataset.name.startswith("folder:") else dataset.split,
        "synthetic": dataset.synthetic,
        "licence": dataset.licence,
        "fingerprint": dataset.fingerprint,
        "clips": len(dataset.ids),
        "speakers": None if None in speakers else len(speakers),
        "made": len(made),
        "hours": sum(c.seconds for c in made) / 3600,
        "notes": list(dataset.notes),
    }


def _draw(dataset, picture: Path | None, sample: Path | None) -> None:
    from ..errors import UsageError

    if not _is_embedded(dataset):
        raise UsageError(f"Only the embedded corpus can be drawn, not {dataset.name}.")
    from ..data.synth.gallery import gallery
    from ..data.synth.sample import sample as film
    from .terminal import printer

    if picture is not None:
        printer().print(f"Wrote {gallery(picture, spec=dataset.spec)}.", markup=False, soft_wrap=True)
    if sample is not None:
        printer().print(f"Wrote {film(dataset, sample)}.", markup=False, soft_wrap=True)
