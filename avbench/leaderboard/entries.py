"""What stands on a board: columns, rows and cells.

Conventions: a condition is a tuple of (axis, value) pairs; the empty one, `ALL`, is all trials together.

Contents: `Condition`, `ALL`, `Column`, `Cell`, `Row`, `order`, `labelled`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..evaluation.conditions import shown
from ..evaluation.identity import digest_of
from ..evaluation.runs import Run
from ..evaluation.votes import RATERS
from ..metrics import Metric, get_metric
from .rank import Place

Condition = tuple[tuple[str, Any], ...]
ALL: Condition = ()


@dataclass(frozen=True)
class Column:
    """A metric in one version, by one judge.

    Args:
        identity: e.g. `stoi@1`.
        judge: `name@digest`, or None where none is asked.
    """

    identity: str
    judge: str | None = None

    @property
    def metric(self) -> Metric:
        """The metric of that name; the version here may be older."""
        return get_metric(self.identity.partition("@")[0])

    @property
    def name(self) -> str:
        """Name of the metric."""
        return self.identity.partition("@")[0]

    @property
    def voted(self) -> bool:
        """People judged, in one listening test."""
        return (self.judge or "").startswith(RATERS)


@dataclass(frozen=True)
class Cell:
    """A pooled value, on what it rests, and the ranks it gives.

    Args:
        value: None where there is none, and `reason` says why.
        ci95: (low, high), or None.
        n: trials that are ok; `failed` at the floor; `total` of the plan without void ones; `void` of all.
        complete: n + failed = total.
        reason: why there is no value or no interval; or nothing.
        place: ranks, at `ALL` in a ranked row.
    """

    value: float | None
    ci95: tuple[float, float] | None
    n: int
    failed: int
    total: int
    void: int
    complete: bool
    reason: str = ""
    place: Place | None = None

    @property
    def coverage(self) -> str:
        """`40/40`, or `38+2/40` where two failed."""
        return f"{self.n}{f'+{self.failed}' if self.failed else ''}/{self.total}"


@dataclass(frozen=True)
class Row:
    """One run on a board.

    Args:
        run: it.
        label: name of the system, with recipe and digest where two of one name stand on the board.
        unranked: why it has no rank, or None.
        sound: whether it was rendered to the very samples of its plan, see `Run.sound`.
        cells: by column and condition.
        cost: what `avbench profile` said of the weights that were scored, or None.
    """

    run: Run = field(repr=False, compare=False)
    label: str
    unranked: str | None
    sound: str | None
    cells: Mapping[tuple[Column, Condition], Cell]
    cost: Mapping[str, Any] | None

    @property
    def system(self) -> str:
        """Name of the system or anchor."""
        return self.run.system

    @property
    def key(self) -> str:
        """Hash of the run's identity: different for different runs, whatever they are called."""
        return digest_of(self.run.identity)

    @property
    def anchor(self) -> bool:
        """Made by the runner from the trial itself."""
        return self.run.anchor

    @property
    def card(self) -> Mapping[str, Any]:
        """What the system says of itself; empty for an anchor."""
        return self.run.head["card"] or {}

    def cell(self, column: Column, condition: Condition = ALL) -> Cell | None:
        """The value under a metric at a condition, or None where the run has none."""
        return self.cells.get((column, condition))


def order(row: Row, column: Column) -> tuple:
    """Ranked rows by rank and value under the first metric, then the others by name."""
    cell = row.cell(column)
    if row.unranked is not None or cell is None or cell.value is None:
        return 1, 0, 0.0, row.label
    first = cell.place.first if cell.place else 0
    return 0, first, -cell.value if column.metric.higher_is_better else cell.value, row.label


def labelled(rows: Sequence[Row]) -> list[Row]:
    """Rows that can be told apart: two systems of one name also show in what their runs differ."""
    found = []
    for row in rows:
        alike = [_marks(other) for other in rows if other.system == row.system and not other.anchor]
        if not row.anchor and len(alike) > 1:
            mine = _marks(row)
            told = [i for i in range(len(mine) - 1) if len({marks[i] for marks in alike}) > 1]
            words = [mine[i] for i in told if mine[i]]
            if sum([marks[i] for i in told] == [mine[i] for i in told] for marks in alike) > 1:
                words.append(mine[-1])
            row = replace(row, label=f"{row.label} ({', '.join(words)})") if words else row
        found.append(row)
    return found


def _marks(row: Row) -> tuple[str, ...]:
    """In what runs of one name may differ, shortest first; last what always differs."""
    identity = row.run.identity
    named, limit = identity["system"], identity["limit"]
    axes = (f"{axis} {','.join(map(shown, values))}" for axis, values in identity["axes"].items())
    judges = (f"by {judge}" for judge in row.run.judges.values())
    digest = str(named["digest"])[:8]
    words = (named["recipe"] or "", digest, f"limit {limit}" if limit else "", " ".join(axes), " ".join(judges))
    return (*words, " ".join(identity["metrics"]), f"avbench {identity['avbench']}", f"run {row.key[:8]}")
