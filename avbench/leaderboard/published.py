"""Numbers that papers have printed, copied from them and checked: what stands beside our own runs, never among them.

Source: the tables of the four papers, as far as they are legible; `leaderboards/published/README.md` says how it was
done. A test compares every number with the papers' text.
Conventions: a value stays the text that was printed, in the unit that was printed; an empty one is a dash in the paper.
Nothing is read off a picture: what is missing is listed in `tables.csv` as not available.

    papers.csv    paper, name, reference
    tables.csv    paper, table, tasks, title, status (copied, not available, no results), reason
    caveats.csv   id, text, source
    <paper>.csv   one number per line, with the ids of its caveats

Contents: `Number`, `PublishedTable`, `Published`, `read_published`, `home`.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..errors import BadFile, MissingResource
from ..metrics import METRICS

COLUMNS = ("paper", "table", "row", "system", "task", "dataset", "protocol", "metric", "condition", "value", "spread",
           "unit", "caveats")  # fmt: skip
LISTS = {
    "papers.csv": ("paper", "name", "reference"),
    "tables.csv": ("paper", "table", "tasks", "title", "status", "reason"),
    "caveats.csv": ("id", "text", "source"),
}
NEEDED = ("paper", "table", "row", "task", "protocol", "metric")
STATUSES = ("copied", "not available", "no results")
UNITS = {"parameters": ("M",), "macs-thop": ("G",), "inference-time": ("ms",), "stoi-gain-share": ("%",)}
"""What papers print beside metrics of ours, with its units."""
TITLES = {
    "parameters": "parameters",
    "macs-thop": "MACs (thop)",
    "inference-time": "inference time",
    "stoi-gain-share": "share of the gain in STOI",
}


@dataclass(frozen=True)
class Number:
    """One printed number.

    Args:
        paper: id of the paper.
        table: as the paper numbers it.
        row: what the paper calls the row.
        system: our name of the same system, or nothing.
        task: our task that asks the same.
        dataset: what was tested on.
        protocol: how.
        metric: ours that comes nearest, or one of `UNITS`.
        condition: axis to value, as texts.
        printed: the number as printed, or nothing where the paper has a dash.
        spread: what the paper prints after ±, or nothing.
        unit: as printed.
        caveats: ids.
    """

    paper: str
    table: str
    row: str
    system: str
    task: str
    dataset: str
    protocol: str
    metric: str
    condition: Mapping[str, str]
    printed: str
    spread: str
    unit: str
    caveats: tuple[str, ...]

    @property
    def value(self) -> float | None:
        """The number, in the printed unit."""
        return float(self.printed) if self.printed else None

    @property
    def key(self) -> tuple:
        """What no two numbers have in common."""
        held = tuple(sorted(self.condition.items()))
        return self.paper, self.table, self.row, self.task, self.dataset, self.metric, held


@dataclass(frozen=True)
class PublishedTable:
    """One table or figure of a paper, with those of its numbers that belong to the tasks in question."""

    paper: str
    table: str
    tasks: tuple[str, ...]
    title: str
    status: str
    reason: str
    numbers: tuple[Number, ...] = ()

    @property
    def label(self) -> str:
        """As papers write it, e.g. `Table I` or `Fig. 2`."""
        return self.table if self.table[0] in "FS" else f"Table {self.table}"


@dataclass(frozen=True)
class Published:
    """All that was copied: names of papers, tables with their numbers, sentences of caveats."""

    papers: Mapping[str, Mapping[str, str]]
    tables: tuple[PublishedTable, ...]
    caveats: Mapping[str, str]

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every number of every table."""
        return tuple(number for table in self.tables for number in table.numbers)

    def of_task(self, task: str) -> tuple[PublishedTable, ...]:
        """The tables that say something on a task, each with the numbers that do; results only."""
        found = []
        for t in self.tables:
            if task in t.tasks and t.status != "no results":
                numbers = tuple(n for n in t.numbers if n.task == task)
                found.append(PublishedTable(t.paper, t.table, t.tasks, t.title, t.status, t.reason, numbers))
        return tuple(found)


def home() -> Path:
    """The folder `leaderboards` of the current folder, else of the source tree, else of the installed package.

    Raises:
        MissingResource: there is none.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (Path("leaderboards"), package.parent / "leaderboards", package / "leaderboards"):
        if (folder / "published").is_dir():
            return folder
    raise MissingResource("There is no folder leaderboards/published here: run this in a copy of the repository.")


def read_published(folder: str | Path | None = None) -> Published:
    """Read and check what was copied.

    Args:
        folder: where the files are; `leaderboards/published` unless given.

    Raises:
        BadFile: something is wrong; all of it is said at once, a line each.
        MissingResource: there is no such folder.
    """
    folder = Path(folder) if folder is not None else home() / "published"
    problems: list[str] = []
    lists = {name: _read(folder / name, columns, problems) for name, columns in LISTS.items()}
    papers = _unique("papers.csv", lists["papers.csv"], ("paper",), problems)
    tables = _unique("tables.csv", lists["tables.csv"], ("paper", "table"), problems)
    caveats = _unique("caveats.csv", lists["caveats.csv"], ("id",), problems)
    numbers, places = [], {}
    for (paper,) in papers:
        path = folder / f"{paper}.csv"
        copied = any(of == paper and t["status"] == "copied" for (of, _), t in tables.items())
        for line, row in _read(path, COLUMNS, problems) if path.exists() or copied else ():
            place = f"{path.name}:{line}"
            found = [*_faults(row, paper, tables, caveats)]
            problems += [f"{place}: {text}" for text in found]
            if not found:
                number = _number(row)
                if number.key in places:
                    problems.append(f"{place}: the same number as in {places[number.key]}")
                places.setdefault(number.key, place)
                numbers.append(number)
    problems += _loose_ends(papers, tables, caveats, numbers)
    if problems:
        count = f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}"
        raise BadFile("\n  ".join([f"{folder} has {count}: mend the lines that follow.", *problems]))
    return Published(
        {paper: row for (paper,), row in papers.items()},
        tuple(_table(row, [n for n in numbers if (n.paper, n.table) == key]) for key, row in tables.items()),
        {name: row["text"] for (name,), row in caveats.items()},
    )


def _read(path: Path, columns: Sequence[str], problems: list[str]) -> list[tuple[int, dict[str, str]]]:
    """Rows of a file, each with its line; what is wrong with the file as such goes to `problems`."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file, strict=True)
            if (head := next(reader, None)) != list(columns):
                problems.append(f"{path.name}: the first line must be {','.join(columns)}, not {','.join(head or [])}")
                return []
            rows = []
            for cells in reader:
                if len(cells) != len(columns):
                    problems.append(f"{path.name}:{reader.line_num}: {len(cells)} fields, not {len(columns)}")
                else:
                    rows.append((reader.line_num, dict(zip(columns, cells, strict=True))))
            return rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(f"{path.name}: cannot be read ({error})")
        return []


def _unique(name: str, rows: Sequence[tuple[int, dict]], keys: Sequence[str], problems: list[str]) -> dict[tuple, dict]:
    found: dict[tuple, dict] = {}
    for line, row in rows:
        key = tuple(row[k] for k in keys)
        if not all(key):
            problems.append(f"{name}:{line}: no {' or '.join(keys)}")
        elif key in found:
            problems.append(f"{name}:{line}: {' '.join(key)} stands here twice")
        elif row.get("status", "copied") not in STATUSES:
            problems.append(f"{name}:{line}: the status is {row['status']!r}, not one of {', '.join(STATUSES)}")
        elif row.get("status") == "not available" and not row["reason"]:
            problems.append(f"{name}:{line}: no reason why {' '.join(key)} is not available")
        else:
            found[key] = row
    return found


def _faults(row: Mapping[str, str], paper: str, tables: Mapping, caveats: Mapping):
    """What is wrong with one line of numbers."""
    yield from (f"no {name}" for name in NEEDED if not row[name])
    if row["paper"] != paper:
        yield f"the paper {row['paper']!r} in the file of {paper}"
    table = tables.get((row["paper"], row["table"]))
    if table is None:
        yield f"tables.csv has no {row['paper']} {row['table']}"
    elif table["status"] != "copied":
        yield f"tables.csv says that {row['table']} is {table['status']}"
    elif row["task"] not in table["tasks"].split():
        yield f"the task {row['task']!r} is none of those of {row['table']}"
    yield from (f"caveats.csv has no {name}" for name in row["caveats"].split() if (name,) not in caveats)
    if any("=" not in part for part in row["condition"].split(";") if part):
        yield f"the condition {row['condition']!r} is not axis=value;axis=value"
    if row["metric"] not in METRICS and row["metric"] not in UNITS:
        yield f"there is no metric {row['metric']!r}"
    else:
        yield from _value_faults(row)


def _value_faults(row: Mapping[str, str]):
    metric, unit = METRICS.get(row["metric"]), row["unit"]
    allowed = UNITS[row["metric"]] if metric is None else ("%", "") if metric.percent else (metric.unit, "")
    if unit not in allowed:
        yield f"{row['metric']} has the unit {unit!r}, not one of {', '.join(map(repr, allowed))}"
    if not row["value"]:
        if not row["caveats"]:
            yield "no value, and no caveat that says why"
        return
    for name in ("value", "spread"):
        try:
            number = float(row[name] or 0)
        except ValueError:
            yield f"the {name} {row[name]!r} is not a number"
            return
        if not math.isfinite(number):
            yield f"the {name} {row[name]!r} is not finite"
            return
    number = float(row["value"]) / (100 if unit == "%" else 1)
    if metric is not None and not metric.low <= number <= metric.high:
        yield f"{row['metric']} cannot be {row['value']}{unit}"


def _number(row: Mapping[str, str]) -> Number:
    condition = dict(part.split("=", 1) for part in row["condition"].split(";") if part)
    fields = {name: row[name] for name in COLUMNS if name not in ("condition", "value", "caveats")}
    return Number(**fields, condition=condition, printed=row["value"], caveats=tuple(row["caveats"].split()))


def _table(row: Mapping[str, str], numbers: Sequence[Number]) -> PublishedTable:
    tasks = tuple(row["tasks"].split())
    return PublishedTable(row["paper"], row["table"], tasks, row["title"], row["status"], row["reason"], tuple(numbers))


def _loose_ends(papers: Mapping, tables: Mapping, caveats: Mapping, numbers: Sequence[Number]) -> list[str]:
    """Names without numbers, and the other way round."""
    held = {(n.paper, n.table) for n in numbers}
    used = {name for n in numbers for name in n.caveats}
    return [
        *(f"tables.csv: {' '.join(key)} is of no paper in papers.csv" for key in tables if (key[0],) not in papers),
        *(
            f"tables.csv: {' '.join(key)} is copied, and there is no number of it"
            for key, row in tables.items()
            if row["status"] == "copied" and key not in held
        ),
        *(f"caveats.csv: {name} is nobody's" for (name,) in caveats if name not in used),
    ]
