"""Published and measured beside each other: two columns for each condition, of systems that both have.

Contents: `Pair`, `side_by_side`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..evaluation.conditions import shown
from ..tasks import TASKS
from .board import ALL, Board, Column, Condition, Row
from .published import Number, PublishedTable
from .texts import DASH, interval_of, value_of


@dataclass(frozen=True)
class Pair:
    """A metric as a paper printed it and as a board has it.

    Args:
        table: of the paper.
        dataset: of the paper.
        column: of the board.
        conditions: that both have.
        rows: label of the row, and for each condition (measured, published).
    """

    table: PublishedTable
    dataset: str
    column: Column
    conditions: tuple[Condition, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def side_by_side(board: Board) -> Iterator[Pair]:
    """One pair for each published table, data set and metric that has two systems in common with the board."""
    for table in board.published:
        for dataset in dict.fromkeys(n.dataset for n in table.numbers):
            for column in board.columns:
                numbers = [n for n in table.numbers if (n.dataset, n.metric) == (dataset, column.name)]
                numbers = [n for n in numbers if n.system and _fits(n.protocol, board)]
                pair = _pair(board, table, dataset, column, numbers)
                if len(pair.rows) > 1 and pair.conditions:
                    yield pair


def _pair(board: Board, table: PublishedTable, dataset: str, column: Column, numbers: list[Number]) -> Pair:
    printed: dict[str, dict[Condition, Number]] = {}
    known: Mapping[tuple, Condition] = {_texts(c): c for c in board.conditions}
    if all(len(values) < 2 for values in _values(board).values()):  # else "all" is all of several conditions
        known = {**known, (): ALL}
    for number in numbers:
        condition = known.get(tuple(sorted(number.condition.items())))
        if condition is not None:
            printed.setdefault(number.system, {})[condition] = number
    conditions = tuple(c for c in (ALL, *board.conditions) if any(c in held for held in printed.values()))
    rows = [(row, printed[row.system]) for row in board.everyone if row.system in printed and _whole(row)]
    found = tuple(
        (row.label, tuple((_measured(row, column, c), _printed(held.get(c))) for c in conditions)) for row, held in rows
    )
    return Pair(table, dataset, column, conditions, found)


def _fits(protocol: str, board: Board) -> bool:
    """A protocol that begins with the name of one of our plans, such as `3-BN: …`, stands beside such a plan."""
    named, colon, _ = protocol.partition(":")
    plans = TASKS[board.name].plans if board.name in TASKS else ()
    return not colon or named.lower() not in plans or board.plan["name"].startswith(named.lower())


def _values(board: Board) -> dict[str, set]:
    found: dict[str, set] = {}
    for condition in board.conditions:
        for axis, value in condition:
            found.setdefault(axis, set()).add(value)
    return found


def _whole(row: Row) -> bool:
    """A run of a few clips is no company for a paper."""
    return row.run.identity["limit"] is None


def _measured(row: Row, column: Column, condition: Condition) -> str:
    cell = row.cell(column, condition)
    if cell is None or cell.value is None:
        return DASH
    return " ".join(filter(None, (value_of(column, cell), interval_of(column, cell), cell.coverage)))


def _printed(number: Number | None) -> str:
    return f"{number.printed or DASH}{number.unit and ' ' + number.unit}" if number else DASH


def _texts(condition: Condition) -> tuple[tuple[str, str], ...]:
    """A condition as papers write it."""
    return tuple(sorted((axis, shown(value)) for axis, value in condition))
