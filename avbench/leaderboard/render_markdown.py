"""A task's boards as Markdown, for `leaderboards/<task>.md`.

Conventions: rendered, never typed, and equal runs give equal bytes. Names come from other people: what Markdown or HTML
would read as more than text is escaped.

Contents: `markdown`, `escape`.
"""

import re
from collections.abc import Iterable, Sequence

from .board import ALL, Board, Column, Row
from .published import Published, PublishedTable
from .side import Pair, side_by_side
from .texts import (
    COSTS,
    about_table,
    cell_text,
    conditioned,
    cost_texts,
    notes,
    pivot,
    place_text,
    plain,
    source_of,
    titled,
)  # fmt: skip

_SPECIAL = re.compile(r"://|www\.|[\\`*_{}\[\]#~$&<>|@]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "@": "&#64;", "://": "&#58;//", "www.": "www&#46;"}


def escape(text: str) -> str:
    r"""Any text, as nothing but text: no markup, no HTML, no link, no mention, no cell's end.

    Example:
        >>> escape("<b>|*x* stoi@1 @me")
        '&lt;b&gt;&#124;\\*x\\* stoi@1 &#64;me'
    """
    return _SPECIAL.sub(_harmless, plain(text))


def _harmless(found: re.Match) -> str:
    word, before = found[0], found.string[: found.start()]
    if word == "@" and before and before[-1].isalnum() and re.match(r"[0-9a-f]+(?![\w.])", found.string[found.end() :]):
        return word  # a version or a digest
    return _ENTITIES.get(word, f"\\{word}")


def markdown(task: str, boards: Sequence[Board], published: Published) -> str:
    """The page of a task: what runs have measured, then what papers have printed.

    Args:
        task: its name.
        boards: of this task.
        published: what papers have printed.
    """
    title = next((f": {board.title}" for board in boards if board.title), "")
    lines = [
        f"# {escape(task)}{title}",
        "",
        "Rendered by `avbench leaderboard build` from runs and from `published/`; never typed.",
    ]
    if not boards:
        lines += ["", "No run of this task has been kept yet."]
    for board in boards:
        lines += ["", *_board(board)]
    tables = published.of_task(task)
    if tables:
        lines += ["", "## Published", "", "Printed in papers, on the papers' own data: not measured here.", ""]
    for table in tables:
        lines += [*_published(table, published), ""]
    return "\n".join(lines).rstrip() + "\n"


def _board(board: Board) -> list[str]:
    lines = [f"## Measured: {escape(board.dataset['name'])} ({board.kind}), plan {escape(board.plan['name'])}", ""]
    lines += _table(("what", "which"), ([name, escape(text)] for name, text in board.facts), "ll")
    lines += ["", "### All conditions together", "", *_overview(board)]
    for column in board.columns:
        better = "higher" if column.metric.higher_is_better else "lower"
        lines += ["", f"### {escape(titled(column))} by condition ({better} is better)", ""]
        lines += _by_condition(board, column)
    lines += ["", *(f"- {escape(note)}" for note in notes(board))]
    pairs = list(side_by_side(board))
    for pair in pairs:
        lines += ["", *_side(board, pair)]
    return lines + ["", "Other speech, other noise, other training: compare the order of rows, not values."] * bool(
        pairs
    )


def _overview(board: Board) -> list[str]:
    head = ["rank", "system", *(escape(titled(c)) for c in board.columns), *COSTS]
    rows = (
        [
            place_text(row, board.columns[0]),
            _label(row),
            *(_ranked(row, column, i) for i, column in enumerate(board.columns)),
            *cost_texts(row),
        ]
        for row in board.everyone
    )
    return _table(head, rows, "rl" + "r" * (len(head) - 2))


def _ranked(row: Row, column: Column, i: int) -> str:
    """A cell of the first table; the rank under the first metric has a column of its own."""
    cell = row.cell(column)
    rank = f"<br>rank {cell.place}" if i and cell is not None and cell.place is not None else ""
    return cell_text(column, cell, "<br>") + rank


def _by_condition(board: Board, column: Column) -> list[str]:
    conditions = [ALL, *board.conditions]
    head = ["rank", "system", *map(conditioned, conditions)]
    rows = (
        [place_text(row, column), _label(row), *(cell_text(column, row.cell(column, c), "<br>") for c in conditions)]
        for row in board.everyone
    )
    return _table([escape(h) for h in head], rows, "rl" + "r" * len(conditions))


def _label(row: Row) -> str:
    return f"*{escape(row.label)}* (anchor)" if row.anchor else escape(row.label)


def _side(board: Board, pair: Pair) -> list[str]:
    where = f"{source_of(pair.table, board)}, {pair.dataset}"
    lines = [f"### {escape(titled(pair.column))}, measured here and published ({escape(where)})", ""]
    head = ["system", *(f"{conditioned(c)}, {what}" for c in pair.conditions for what in ("measured", "published"))]
    rows = ([escape(label), *(text for both in texts for text in both)] for label, texts in pair.rows)
    return lines + _table([escape(h) for h in head], rows, "l" + "r" * (len(head) - 1))


def _published(table: PublishedTable, published: Published) -> list[str]:
    lines = [f"### {escape(source_of(table, published))}: {escape(table.title)}", ""]
    if table.status != "copied":
        return [*lines, f"Not available: {escape(table.reason)}."]
    found = pivot(table, published.caveats)
    lines += [*(f"- {escape(text)}" for text in about_table(table)), ""]
    rows = ([escape(name), *map(escape, texts)] for name, texts in zip(found.rows, found.texts, strict=True))
    lines += _table(["row", *map(escape, found.columns)], rows, "l" + "r" * len(found.columns))
    return lines + ["", *(f"- {escape(text)}" for text in found.sentences)] * bool(found.sentences)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> list[str]:
    rule = [":---" if a == "l" else "---:" for a in align]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
