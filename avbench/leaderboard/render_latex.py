"""A task's boards as LaTeX: one `tabular` for each board and metric, to be put into a paper. Needs no package.

Contents: `latex`, `escape`.
"""

import re
from collections.abc import Iterable, Sequence

from .board import ALL, Board
from .texts import (
    COSTS,
    DASH,
    cell_text,
    conditioned,
    cost_texts,
    interval_of,
    notes,
    place_text,
    plain,
    titled,
    usual,
    value_of,
)

_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",  # \textquotedbl needs another font encoding than the usual one
    "–": "--",
    "−": r"$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def escape(text: str) -> str:
    r"""Any text, as nothing but text.

    Example:
        >>> print(escape("50 % of a_b"))
        50 \% of a\_b
    """
    return _MINUS.sub("$-$", "".join(_ESCAPES.get(c, c) for c in plain(text)))


def latex(task: str, boards: Sequence[Board]) -> str:
    """What runs of a task have measured.

    Args:
        task: its name.
        boards: of this task.
    """
    lines = [f"% {plain(task)}: rendered by avbench leaderboard build, never typed"]
    for board in boards:
        lines += ["", *(f"% {name}: {plain(text)}" for name, text in board.facts)]
        lines += [f"% {plain(note)}" for note in notes(board)]
        lines += ["", *_overview(board)]
        for column in board.columns:
            lines += ["", *_by_condition(board, column)]
    return "\n".join(lines) + "\n"


def _overview(board: Board) -> list[str]:
    head = ["rank", "system", *map(titled, board.columns), *COSTS]
    rows = (
        [
            place_text(row, board.columns[0]),
            row.label,
            *(cell_text(column, row.cell(column)) for column in board.columns),
            *cost_texts(row),
        ]
        for row in board.everyone
    )
    return _tabular(f"{board.kind}, all conditions together", head, rows, len(board.rows))


def _by_condition(board: Board, column) -> list[str]:
    rows = (
        [
            place_text(row, column),
            row.label,
            _short(column, row.cell(column)),
            *(_short(column, row.cell(column, c), usual(row, column, board.conditions)) for c in board.conditions),
            _trials(board, row, column),
        ]
        for row in board.everyone
    )
    head = ["rank", "system", *map(conditioned, [ALL, *board.conditions]), "trials"]
    return _tabular(f"{board.kind}, {titled(column)}", head, rows, len(board.rows))


def _short(column, cell, most: str = "") -> str:
    """Value and interval, and on how many trials they rest where that is not what `most` says."""
    coverage = cell.coverage if cell and most and cell.coverage != most else ""
    return " ".join(filter(None, (value_of(column, cell), interval_of(column, cell), coverage)))


def _trials(board: Board, row, column) -> str:
    """On how many trials a row rests: all, and at most conditions."""
    whole = row.cell(column).coverage if row.cell(column) else DASH
    return f"{whole}, {usual(row, column, board.conditions)} each" if board.conditions else whole


def _tabular(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], systems: int) -> list[str]:
    """The lines of a table; a rule parts systems from anchors."""
    lines = [f"% {plain(title)}", rf"\begin{{tabular}}{{rl{'r' * (len(head) - 2)}}}", r"\hline"]
    lines += [" & ".join(map(escape, head)) + r" \\", r"\hline"]
    for i, row in enumerate(rows):
        lines += [r"\hline"] * (i == systems and i > 0) + [" & ".join(map(escape, row)) + r" \\"]
    return [*lines, r"\hline", r"\end{tabular}"]
