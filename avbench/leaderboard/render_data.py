"""A task's boards as data: JSON with everything, CSV with a line for each measured value.

Conventions: numbers in stored units (rates 0–1), finite or null, at full precision. Published numbers are under a key
of their own in JSON and in no line of the CSV: `published/*.csv` has them. In the CSV a name that a spreadsheet would
take for a formula has an apostrophe before it, and so has one that begins with an apostrophe. Times of a busy machine
are empty in the CSV; in JSON they stand beside the `load` that says so.

Contents: `document`, `csv_text`, `CSV_COLUMNS`.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .board import ALL, Board, Cell, Column, Condition, Row
from .published import Number, Published
from .texts import busy, notes

CSV_COLUMNS = (
    "task", "dataset", "plan", "plan_sha256", "kind", "system", "digest", "anchor", "unranked", "metric", "judge",
    "condition", "value", "unit", "ci95_low", "ci95_high", "n", "failed", "total", "void", "coverage", "rank_first",
    "rank_last", "parameters", "macs", "rtf",
)  # fmt: skip
COST = ("parameters", "macs", "macs_thop", "weights_bytes", "rtf", "latency_ms", "peak_memory_bytes", "machine", "load")


def document(task: str, boards: Sequence[Board], published: Published) -> dict[str, Any]:
    """A task's boards and the published numbers, for scripts.

    Args:
        task: its name.
        boards: of this task.
        published: what papers have printed.
    """
    return {
        "task": task,
        "boards": [_board(board) for board in boards],
        "published": [
            {
                "paper": published.papers[table.paper]["name"],
                "reference": published.papers[table.paper]["reference"],
                "table": table.label,
                "title": table.title,
                "status": table.status,
                "reason": table.reason,
                "numbers": [_number(number, published) for number in table.numbers],
            }
            for table in published.of_task(task)
        ],
    }


def _board(board: Board) -> dict[str, Any]:
    return {
        "task": board.task,
        "dataset": dict(board.dataset),
        "noise": dict(board.noise) if board.noise else None,
        "plan": dict(board.plan),
        "protocol": board.protocol,
        "kind": board.kind,
        "synthetic": board.synthetic,
        "clusters": board.clusters,
        "avbench": list(board.versions),
        "metrics": [{"metric": c.identity, "judge": c.judge} for c in board.columns],
        "conditions": [dict(c) for c in board.conditions],
        "notes": notes(board),
        "rows": [_row(row) for row in board.everyone],
    }


def _row(row: Row) -> dict[str, Any]:
    system = row.run.identity["system"]
    return {
        "system": row.system,
        "label": row.label,
        "anchor": row.anchor,
        "digest": system["digest"],
        "recipe": system["recipe"],
        "unranked": row.unranked,
        "sound": row.sound,
        "card": dict(row.card),
        "cost": {name: row.cost.get(name) for name in COST} if row.cost else None,
        "cells": [_cell(column, condition, cell) for (column, condition), cell in row.cells.items()],
    }


def _cell(column: Column, condition: Condition, cell: Cell) -> dict[str, Any]:
    return {
        "metric": column.identity,
        "judge": column.judge,
        "condition": dict(condition),
        "value": cell.value,
        "unit": column.metric.unit,
        "ci95": list(cell.ci95) if cell.ci95 else None,
        "n": cell.n,
        "failed": cell.failed,
        "total": cell.total,
        "void": cell.void,
        "complete": cell.complete,
        "reason": cell.reason,
        "rank": [cell.place.first, cell.place.last] if cell.place else None,
    }


def _number(number: Number, published: Published) -> dict[str, Any]:
    return {
        "row": number.row,
        "system": number.system or None,
        "dataset": number.dataset,
        "protocol": number.protocol,
        "metric": number.metric,
        "condition": dict(number.condition),
        "value": number.value,
        "printed": number.printed,
        "spread": number.spread or None,
        "unit": number.unit,
        "caveats": [published.caveats[name] for name in number.caveats],
    }


def csv_text(boards: Sequence[Board]) -> str:
    """A line for each measured value, with the head `CSV_COLUMNS`."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for board in boards:
        for row in board.everyone:
            for line in _lines(board, row):
                writer.writerow([_safe(line[name]) for name in CSV_COLUMNS])
    return file.getvalue()


def _lines(board: Board, row: Row) -> Iterator[Mapping[str, Any]]:
    cost = row.cost or {}
    who = {
        "task": board.task,
        "dataset": board.dataset["name"],
        "plan": board.plan["name"],
        "plan_sha256": board.plan["sha256"],
        "kind": board.kind,
        "system": row.system,
        "digest": row.run.identity["system"]["digest"],
        "anchor": "yes" if row.anchor else "no",
        "unranked": row.unranked or "",
        **{name: cost.get(name) for name in ("parameters", "macs")},
        "rtf": None if busy(cost) else cost.get("rtf"),
    }
    for (column, condition), cell in row.cells.items():
        low, high = cell.ci95 or (None, None)
        first, last = (cell.place.first, cell.place.last) if cell.place else (None, None)
        yield {
            **who,
            "metric": column.identity,
            "judge": column.judge or "",
            "condition": ";".join(f"{axis}={value}" for axis, value in condition) if condition != ALL else "",
            "unit": column.metric.unit,
            "value": cell.value,
            "ci95_low": low,
            "ci95_high": high,
            **{name: getattr(cell, name) for name in ("n", "failed", "total", "void", "coverage")},
            "rank_first": first,
            "rank_last": last,
        }


def _safe(value: Any) -> Any:
    """A text that no spreadsheet computes; numbers stay what they are."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "'")) else value
