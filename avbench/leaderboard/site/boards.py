"""A board as cards of tables and figures, and its systems as marks of quality against cost.

Contents: `axes_of_board`, `entries_of_board`, `judged_of_board`, `clouds_of`, `published_of`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...evaluation.table import printed
from ..board import ALL, Board, Row
from ..entries import Cell
from ..published import Published
from ..side import side_by_side
from ..texts import about_table, pivot, place_text, source_of
from .cost import COSTS
from .figures import COLOURS, Point, Series, cloud
from .results import Axes, Entry, Judged, condition_key, titled, unit_of

Costs = Mapping[str, Mapping[str, float]]


def axes_of_board(board: Board) -> Axes:
    """What was varied, with its values, as the board's conditions have it."""
    axes: dict[str, list[Any]] = {}
    for condition in board.conditions:
        for axis, value in condition:
            if value not in axes.setdefault(axis, []):
                axes[axis].append(value)
    return axes


def judged_of_board(board: Board) -> list[Judged]:
    """The columns of a board."""
    return [Judged(column, column.metric, column.judge or "") for column in board.columns]


def entries_of_board(board: Board, links: Mapping[str, str]) -> list[Entry]:
    """The rows of a board; the first `COLOURS` systems have curves.

    Args:
        board: a board.
        links: to the pages of its runs, by `Row.key`.
    """
    found = []
    for i, row in enumerate(board.everyone):
        drawn = row.anchor or i < COLOURS
        ranked = [column for column in board.columns if not column.voted]
        rank = None if row.anchor else {column: place_text(row, column) for column in ranked}
        colour = None if row.anchor or not drawn else i
        why = "" if row.anchor else row.unranked or ""
        found.append(Entry(row.label, row.anchor, colour, _finder(row), why, rank, links.get(row.key, ""), drawn))
    return found


def _finder(row: Row):
    """Values of a row as a summary has them, by column and condition."""
    cells = {(column, condition_key(dict(held))): cell for (column, held), cell in row.cells.items()}

    def find(column: Any, condition: Mapping[str, Any]) -> Mapping[str, Any] | None:
        cell = cells.get((column, condition_key(condition)))
        return None if cell is None else _summary(cell)

    return find


def _summary(cell: Cell) -> dict[str, Any]:
    names = ("value", "ci95", "n", "failed", "total", "void", "complete", "reason")
    return {name: getattr(cell, name) for name in names}


def clouds_of(board: Board, costs: Costs) -> list[dict[str, Any]]:
    """Quality against cost: each metric against the first of `COSTS` that two systems have.

    Rows that may not be ranked are grey, and no front leads over them.

    Args:
        board: a board.
        costs: what is known of each row, by `Row.key`.
    """
    rows = [(i, row, costs.get(row.key, {})) for i, row in enumerate(board.everyone) if row.cells and not row.anchor]
    cost = next((name for name in COSTS if sum(name in known for _, _, known in rows) > 1), None)
    if cost is None:
        return []
    found = []
    for column in board.columns:
        marks = {row.key: mark for i, row, known in rows if (mark := _mark(row, column, known, cost, i))}
        if len(marks) > 1:
            title, better = titled(column.metric), 1 if column.metric.higher_is_better else -1
            front = [marks[row.key] for _, row, _ in rows if row.key in marks and row.unranked is None]
            figure = cloud([*marks.values()], title, COSTS[cost], better, front)
            found.append({"metric": title, "cost": COSTS[cost], "figure": figure})
    return found


def _mark(row: Row, column: Any, known: Mapping[str, float], cost: str, place: int) -> Series | None:
    cell, metric = row.cell(column, ALL), column.metric
    if cost not in known or cell is None or cell.value is None:
        return None
    scale = 100 if metric.percent else 1
    low, high = (v * scale for v in cell.ci95) if cell.ci95 else (None, None)
    text = f"{row.label}: {printed(metric, cell.value)} {unit_of(metric)} for {known[cost]:,.4g} {COSTS[cost]}"
    point = Point(known[cost], cell.value * scale, low, high, "", text)
    return Series(row.label, (point,), place if place < COLOURS and row.unranked is None else None)


def published_of(task: str, boards: Sequence[Board], published: Published) -> dict[str, Any]:
    """Tables of papers on a task, and what each of its boards has of them, as templates take it."""
    source, tables = boards[0] if boards else published, []
    for table in boards[0].published if boards else published.of_task(task):
        entry: dict[str, Any] = {"title": table.title, "source": source_of(table, source), "reason": table.reason}
        entry["pivot"] = pivot(table, source.caveats) if table.numbers else None
        entry["about"] = about_table(table) if table.numbers else ()
        tables.append(entry)
    pairs = [(pair, source_of(pair.table, one), one) for one in boards for pair in side_by_side(one)]
    return {"tables": tables, "pairs": pairs}
