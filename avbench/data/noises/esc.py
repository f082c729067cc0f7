"""ESC-50 and ESC-10: clips of 5 s from Freesound, 50 or 10 categories, five folds.

Layouts: `meta/esc50.csv` (filename, fold, target, category, esc10, src_file, take) beside `audio/`; or ESC-10 as it was
first published, ten folders `001 - Dog bark` … with files `<fold>-<Freesound id>-<take>.ogg`. A file counts where the
table says, whatever it is called.

A kind is a category and a family one of the five major ones (the tens of the target). Pieces of one recording are
always in one fold, so folds are what training and test may be parted by: `fold5`, or `fold1-4`.

Source: Piczak 2015, "ESC: dataset for environmental sound classification".
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from ...errors import BadFile
from ..corpora.tree import slug, unique_ids
from .collection import Collection, Listing, Source

FAMILIES = ("animals", "nature", "human", "interior", "exterior")
OLD_FOLDERS = {
    "001": ("dog", 0),
    "002": ("rain", 10),
    "003": ("sea_waves", 11),
    "004": ("crying_baby", 20),
    "005": ("clock_tick", 38),
    "006": ("sneezing", 21),
    "007": ("helicopter", 40),
    "008": ("chainsaw", 41),
    "009": ("rooster", 1),
    "010": ("crackling_fire", 12),
}
"""The folders of the first ESC-10 by number, with category and target of ESC-50."""
_PART = re.compile(r"fold([1-5])(?:-([1-5]))?")


def _folds(part: str) -> range:
    match = _PART.fullmatch(part)
    first = int(match[1]) if match else 1
    last = int(match[2] or match[1]) if match else 5
    return range(first, last + 1)


def _is_part(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and len(_folds(part)) > 0


def _find_50(root: Path, part: str) -> Listing:
    table = _table(root)
    if table is None:
        raise BadFile(f"{root} holds no ESC-50: it wants {ESC50.layout}.")
    return _chosen(root, _from_table(table), part, [])


def _find_10(root: Path, part: str) -> Listing:
    table = _table(root)
    if table is not None:
        return _chosen(root, (row for row in _from_table(table) if row[4]), part, [])
    rows = list(_from_folders(root))
    if not rows:
        raise BadFile(f"{root} holds no ESC-10: it wants {ESC10.layout}.")
    missing = sorted({kind for kind, _ in OLD_FOLDERS.values()} - {row[2] for row in rows})
    notes = [f"{len(missing)} of 10 categories of ESC-10 are missing: {', '.join(missing)}."] * bool(missing)
    return _chosen(root, iter(rows), part, notes)


Found = tuple[Path, int, str, int, bool]
"""File, fold, category, target, whether it is of ESC-10."""


def _table(root: Path) -> Path | None:
    candidates = (root / "meta/esc50.csv", root / "esc50.csv", *sorted(root.glob("*/meta/esc50.csv")))
    return next((path for path in candidates if path.is_file()), None)


def _from_table(path: Path) -> Iterator[Found]:
    audio = path.parent.parent / "audio" if path.parent.name == "meta" else path.parent / "audio"
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                ten = row["esc10"].strip().lower() == "true"
                if int(row["target"]) not in range(10 * len(FAMILIES)):
                    raise ValueError(f"{row['filename']} has the target {row['target']}, and there are 0 to 49")
                yield audio / row["filename"], int(row["fold"]), row["category"], int(row["target"]), ten
    except (UnicodeDecodeError, csv.Error, KeyError, ValueError, TypeError, AttributeError) as error:
        what = f"it lacks the column {error}" if isinstance(error, KeyError) else str(error)
        raise BadFile(f"{path} is not the table of ESC-50: {what}.") from error


def _from_folders(root: Path) -> Iterator[Found]:
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and p.name[:3] in OLD_FOLDERS):
        kind, target = OLD_FOLDERS[folder.name[:3]]
        for path in sorted(folder.iterdir()):
            if re.fullmatch(r"[1-5]-\d+-[A-Z]", path.stem) and path.suffix.lower() in (".ogg", ".wav"):
                yield path, int(path.name[0]), kind, target, True


def _chosen(root: Path, rows: Iterator[Found], part: str, notes: list[str]) -> Listing:
    chosen = [row for row in rows if row[1] in _folds(part)]
    there = [row for row in chosen if row[0].exists()]
    if not there:
        where = f" of {part}" if part else ""
        raise BadFile(f"None of the {len(chosen)} clips{where} that {root} should hold is there.")
    if len(there) < len(chosen):
        first = next(row[0].name for row in chosen if not row[0].exists())
        notes = [*notes, f"{len(chosen) - len(there)} of {len(chosen)} clips in {root} are missing, first {first}."]
    ids = unique_ids([row[0].stem for row in there], "noise")
    sources = (
        Source(name, str(path.relative_to(root)), FAMILIES[target // 10], slug(kind), "test" if fold == 5 else "train")
        for name, (path, fold, kind, target, _) in zip(ids, there, strict=True)
    )
    return Listing(tuple(sources), tuple(notes))


_PARTS = {**{f"fold{n}": f"fold {n}" for n in range(1, 6)}, "fold1-4": "folds 1 to 4, or any other range"}
ESC50 = Collection(
    name="esc-50",
    title="ESC-50: 2,000 clips of 50 kinds in five families, five folds",
    obtain="It is the repository karolpiczak/ESC-50 on GitHub.",
    licence="CC BY-NC 3.0",
    layout="meta/esc50.csv beside audio/",
    parts=_PARTS,
    find=_find_50,
    is_part=_is_part,
)
ESC10 = Collection(
    name="esc-10",
    title="ESC-10: the 400 clips of ESC-50 that are of ten plain kinds",
    obtain="It is a part of the repository karolpiczak/ESC-50 on GitHub.",
    licence="CC BY 3.0, with the terms of each clip on Freesound",
    layout="meta/esc50.csv beside audio/, or the ten folders 001 - Dog bark …",
    parts=_PARTS,
    find=_find_10,
    is_part=_is_part,
)
