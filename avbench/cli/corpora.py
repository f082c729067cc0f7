"""What `avbench data` does with corpora that users bring.

Contents: `find`, `prepare_corpus`, `show_corpus`, `check_corpus`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..data.corpora.corpus import Corpus
    from ..data.verify import Check


def find(name: str) -> "Corpus | None":
    """The corpus of that name, or of that name before a slash; None if it is another data set."""
    from ..data.corpora import find_corpus

    found = find_corpus(name)
    return found and found[0]


def prepare_corpus(
    corpus: "Corpus",
    path: Path | None,
    options: Mapping[str, str | None],
    workers: int | None,
    json: Path | None,
    mouth: bool | None,
    split: list | None,
) -> None:
    """Read a corpus, keep its manifest, and say what is there, what is missing and what is broken."""
    from .terminal import watching

    with watching() as bars:
        corpus.prepare(
            _root(corpus, path),
            workers=workers,
            progress=lambda done, total: bars.advance("files", done, total),
            say=bars.note,
            options=_options(corpus, options, path),
        )
        if mouth:
            _cut_mouths(corpus, split, workers, bars)
    show_corpus(corpus, json)


def show_corpus(corpus: "Corpus", json: Path | None) -> None:
    """Print the card of a corpus."""
    from ..data.corpora.card import card, card_text, problem_lines
    from ..evaluation.record import hand_out
    from .terminal import printer

    document = card(corpus)
    if json is not None:
        hand_out({"datasets": [document]}, json)
    console = printer(json)
    for line in card_text(document):
        console.print(line, markup=False, soft_wrap=True)
    if document["counts"]:
        console.print(_table(document["counts"]))
    for line in problem_lines(document["problems"]):
        console.print(line, markup=False, soft_wrap=True)


def check_corpus(corpus: "Corpus", workers: int | None = None) -> "tuple[Check, ...]":
    """Read every file again, with a bar."""
    from ..data.verify import verify_corpus
    from .terminal import watching

    with watching() as bars:
        return verify_corpus(corpus.name, workers, lambda done, total: bars.advance("files", done, total))


def _root(corpus: "Corpus", path: Path | None) -> Path:
    """The user's path, or that of last time."""
    from ..data.manifest import read_header
    from ..errors import UsageError

    header = None if path is not None else read_header(corpus.name)
    if path is None and header is None:
        raise UsageError(f"Say where {corpus.name} lies: avbench data prepare {corpus.name} PATH. {corpus.obtain}")
    return path if path is not None else Path(header.root)


def _options(corpus: "Corpus", options: Mapping[str, str | None], path: Path | None) -> dict[str, str]:
    """The user's options; those of last time only where PATH is that of last time too, because none was given."""
    from ..data.manifest import read_header
    from ..errors import MissingResource

    given = {name: value for name, value in options.items() if value is not None}
    if path is not None:
        return given
    before = dict(read_header(corpus.name).options)
    for name, value in before.items():
        if name not in given and not Path(value).is_file():
            raise MissingResource(
                f"The file {value} is remembered from last time and is not there any more: "
                f"give --{name} FILE, or PATH again to do without it."
            )
    return before | given


def _cut_mouths(corpus: "Corpus", split: list | None, workers: int | None, bars) -> None:
    from ..data.corpora import open_corpus
    from ..data.manifest import read_header

    there = read_header(corpus.name).counts[corpus.name]
    for name in [s.value for s in split] if split else [s for s in there if s != "none"]:
        dataset = open_corpus(corpus.name, name)
        dataset.prepare(
            mouth=True,
            workers=workers,
            progress=lambda done, total, part=name: bars.advance(f"mouths, {part}", done, total),
            say=bars.note,
        )


def _table(counts: Mapping):
    from rich.table import Table

    table = Table("data set", "split", "clips", "speakers", "h:mm:ss", "with pictures")
    for name, rows in counts.items():
        for split in [s for s in ("train", "validation", "test", "none") if s in rows]:
            row = rows[split]
            minutes, seconds = divmod(round(row["seconds"]), 60)
            length = f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
            cells = (row["clips"], row["speakers"] or "?", length, row["pictured"])
            table.add_row(name, split, *map(str, cells))
    return table
