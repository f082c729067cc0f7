"""A leaderboard of one task, data set and plan: every run of it, and beside it what papers have printed.

Conventions: runs share a board where task, protocol, plan, data set and noise are the same, by hash; a metric of
another version or another judge is another column. Only complete official runs of finished systems are ranked, of equal
weights those by the newest avbench; the others stand below them with the reason. Ranks are about `ALL` trials together.
Published numbers hang on the board as tables of their own.

Contents: `Board`, `build_board`, `build_boards`; `ALL`, `Cell`, `Column`, `Condition`, `Row` of `entries`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..errors import BadFile
from ..evaluation.conditions import marginals
from ..evaluation.identity import digest_of
from ..evaluation.runs import Run, alike
from ..tasks import TASKS
from .entries import ALL, Cell, Column, Condition, Row, labelled, order
from .published import Published, PublishedTable
from .rank import Place
from .ranking import ranked
from .taken import Taken, column_of_votes, columns_of, take


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Args:
        task: name and version.
        dataset, noise, plan, protocol: what was asked: name and hash; noise may be None.
        kind: `synthetic`, `real recordings`, or which of both is what.
        conditions: besides `ALL`, in the order of the columns.
        columns: metrics, the one that the rows are ordered by first.
        rows: ranked ones by rank, then the others by name.
        anchors: rows of the runner.
        published: tables of papers on this task.
        caveats: sentences by id, and
        papers: facts of papers by id.
    """

    task: str
    dataset: Mapping[str, str]
    noise: Mapping[str, str] | None
    plan: Mapping[str, str]
    protocol: str
    kind: str
    clusters: str
    conditions: tuple[Condition, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    anchors: tuple[Row, ...]
    published: tuple[PublishedTable, ...]
    caveats: Mapping[str, str]
    papers: Mapping[str, Mapping[str, str]]

    @property
    def name(self) -> str:
        """Name of the task without version."""
        return self.task.partition("@")[0]

    @property
    def title(self) -> str:
        """One line: what goes in and what comes out."""
        return TASKS[self.name].title if self.name in TASKS else ""

    @property
    def synthetic(self) -> bool:
        """Speech or noise was made and not recorded."""
        return "synthetic" in self.kind

    @property
    def everyone(self) -> tuple[Row, ...]:
        """Systems, then anchors."""
        return *self.rows, *self.anchors

    @cached_property
    def versions(self) -> tuple[str, ...]:
        """Versions of avbench that made the runs."""
        return tuple(sorted({row.run.identity["avbench"] for row in self.everyone}))

    @cached_property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a number on this board depends on, for the head of every table: name, and text with hashes."""
        judges = dict.fromkeys(f"{c.name} by {c.judge}" for c in self.columns if c.judge)
        noise = [("noise", f"{self.noise['name']} {self.noise['fingerprint'][:12]}")] if self.noise else []
        return (
            ("task", self.task),
            ("data set", f"{self.dataset['name']} {self.dataset['fingerprint'][:12]}"),
            ("kind", self.kind),
            *noise,
            ("protocol", self.protocol),
            ("plan", f"{self.plan['name']} {self.plan['sha256'][:12]}"),
            ("metrics", " ".join(dict.fromkeys(c.identity for c in self.columns))),
            *([("judges", ", ".join(judges))] if judges else []),
            ("avbench", " ".join(self.versions)),
        )


__all__ = ["ALL", "Board", "Cell", "Column", "Condition", "Row", "board_key", "build_board", "build_boards"]


def board_key(run: Run) -> str:
    """Hash of what all runs of one board have in common."""
    identity = run.identity
    marks = [identity[what] and identity[what]["fingerprint"] for what in ("dataset", "noise")]
    asked = (identity["task"], identity["protocol"], identity["plan"]["sha256"])
    return digest_of([*asked, *marks, sorted(identity["axes"])])


def build_boards(runs: Iterable[Run], published: Published) -> list[Board]:
    """A board for each plan that was sat, official ones first.

    Args:
        runs: any.
        published: what papers have printed.
    """
    groups: dict[str, list[Taken]] = {}
    for taken in map(take, runs):
        groups.setdefault(board_key(taken.run), []).append(taken)
    boards = [_board(group, published) for group in groups.values()]
    official = {id(b): any(row.run.head["official"] for row in b.everyone) for b in boards}
    return sorted(boards, key=lambda b: (b.name, not official[id(b)], b.dataset["name"], b.plan["name"], b.task))


def build_board(runs: Sequence[Run], published: Published) -> Board:
    """The board of runs that sat the same plan.

    Raises:
        BadFile: there is no run, or they sat different plans.
    """
    if len({board_key(run) for run in runs}) != 1:
        raise BadFile("A board holds runs of one plan: build_boards makes one for each.")
    return _board([take(run) for run in runs], published)


def _board(runs: Sequence[Taken], published: Published) -> Board:
    runs = _newest(_distinct(runs))
    if any(row["void"] for taken in runs for row in taken.rows):
        runs = [take(run) for run in alike([taken.run for taken in runs])]
    # The first of these says what is asked: official where there is such a run, else the fullest.
    chosen = max(runs, key=lambda t: (t.run.head["official"], t.run.identity["limit"] is None, len(t.rows)))
    first = chosen.run
    conditions = tuple(tuple(c.items()) for c in marginals(first.identity["axes"]) if c)
    columns = _columns(runs)
    rows = [_row(taken, chosen, columns, conditions) for taken in runs]
    rows = labelled([_placed(row, found) for row, found in zip(rows, _placing(runs, columns), strict=True)])
    return Board(
        task=first.identity["task"],
        dataset=first.identity["dataset"],
        noise=first.identity["noise"],
        plan=first.identity["plan"],
        protocol=first.identity["protocol"],
        kind=first.kind,
        clusters=first.head["clusters"],
        conditions=conditions,
        columns=columns,
        rows=tuple(sorted((r for r in rows if not r.anchor), key=lambda row: order(row, columns[0]))),
        anchors=_anchors(rows, first),
        published=published.of_task(first.task),
        caveats=published.caveats,
        papers=published.papers,
    )


def _distinct(runs: Sequence[Taken]) -> list[Taken]:
    """Each run once, however often it was found, by name."""
    found: dict[str, Taken] = {}
    for taken in runs:
        found.setdefault(digest_of(taken.run.identity), taken)
    return [found[key] for key in sorted(found, key=lambda key: (found[key].run.system, key))]


def _newest(runs: Sequence[Taken]) -> list[Taken]:
    """Of the ranked runs of one system and digest only those by the newest avbench stay ranked."""

    def weights(taken: Taken) -> tuple[str, str]:
        return taken.run.system, taken.run.identity["system"]["digest"]

    newest: dict[tuple[str, str], str] = {}
    for taken in runs:
        if taken.unranked is None:
            version = taken.run.identity["avbench"]
            newest[weights(taken)] = max(newest.get(weights(taken), version), version, key=_version)
    found = []
    for taken in runs:
        best = newest.get(weights(taken)) if taken.unranked is None else None
        if best is not None and taken.run.identity["avbench"] != best:
            taken = replace(taken, unranked=f"run again by avbench {best}", scores={})
        found.append(taken)
    return found


def _version(text: str):
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _columns(runs: Sequence[Taken]) -> tuple[Column, ...]:
    """Metrics of the task first, in its order; then others, as they come; then what people said."""
    task = TASKS.get(runs[0].run.task)
    found = dict.fromkeys(column for taken in runs for column in columns_of(taken.run))
    names = list(task.metrics) if task else []
    voted = dict.fromkeys(column for taken in runs for row in taken.voted if (column := column_of_votes(row)))
    return (*sorted(found, key=lambda c: names.index(c.name) if c.name in names else len(names)), *voted)


def _row(taken: Taken, chosen: Taken, columns: Sequence[Column], conditions: Sequence[Condition]) -> Row:
    """A run's values, as far as they are of this board's columns and conditions."""
    run, first = taken.run, chosen.run
    mine = {column.name: column for column in columns_of(run) if column in columns}
    same = run.identity["axes"] == first.identity["axes"]  # else "all" would be all of something else
    wanted = {tuple(sorted(c)): c for c in (conditions if not same else (*conditions, ALL))}
    totals = {(r["metric"], tuple(sorted(r["condition"].items()))): r["total"] for r in chosen.rows}
    cells = {}
    for found in taken.rows:
        held = tuple(sorted(found["condition"].items()))
        if held in wanted and found["metric"] in mine:
            whole = max(found["total"], totals.get((found["metric"], held), 0)) if run.identity["limit"] else 0
            cells[mine[found["metric"]], wanted[held]] = _cell(found, whole or found["total"])
    for found in taken.voted:
        held, column = tuple(sorted(found["condition"].items())), column_of_votes(found)
        if held in wanted and column:
            cells[column, wanted[held]] = _cell(found, found["total"])
    return Row(run, run.system, taken.unranked, taken.sound, cells, taken.cost)


def _cell(found: Mapping[str, Any], total: int) -> Cell:
    """A row of a summary as a cell; `total` is of the whole plan, which may be more than the run was asked."""
    ci95 = tuple(found["ci95"]) if found["ci95"] else None
    done = found["complete"] and total == found["total"]
    counts = (found["n"], found["failed"], total, found["void"])
    return Cell(found["value"], ci95, *counts, done, found.get("reason", ""))


def _placing(runs: Sequence[Taken], columns: Sequence[Column]) -> list[dict[Column, Place]]:
    """For each run the ranks by column; none where a run or a metric cannot be ranked."""
    found: list[dict[Column, Place]] = [{} for _ in runs]
    for column in columns:
        held = [i for i, taken in enumerate(runs) if column in taken.scores]
        places = ranked(column.metric, [runs[i].scores[column] for i in held])
        for i, place in zip(held, places, strict=True):
            if place is not None:
                found[i][column] = place
    return found


def _placed(row: Row, found: Mapping[Column, Place]) -> Row:
    cells = {key: replace(c, place=found.get(key[0])) if key[1] == ALL else c for key, c in row.cells.items()}
    return replace(row, cells=cells)


def _anchors(rows: Sequence[Row], first: Run) -> tuple[Row, ...]:
    """One row for each anchor, the fullest, in the order of the task."""
    found: dict[str, Row] = {}
    for row in rows:
        if row.anchor:
            best = found.get(row.system)
            if best is None or _weight(row) > _weight(best):
                found[row.system] = row
    task = TASKS.get(first.task)
    order = list(task.anchors) if task else []
    return tuple(sorted(found.values(), key=lambda r: (order.index(r.system) if r.system in order else 99, r.system)))


def _weight(row: Row) -> tuple:
    return row.run.head["official"], row.run.identity["limit"] is None, sum(c.n for c in row.cells.values())
