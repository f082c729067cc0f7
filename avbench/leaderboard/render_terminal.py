"""Boards in the terminal, readable at 80 columns: all metrics together, then one metric by condition, then papers.

Conventions: names come from other people and are printed as text, never as markup. Where the terminal is too narrow for
all columns they are spread over several tables; the name of the system stands in each.

Contents: `terminal`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..evaluation.table import printed
from .board import ALL, Board, Cell, Column, Condition, Row
from .published import Published, PublishedTable
from .texts import (
    COSTS,
    DASH,
    conditioned,
    cost_texts,
    notes,
    pivot,
    place_text,
    plain,
    source_of,
    titled,
    usual,
    value_of,
)

LABEL = 18  # columns of a system's name; longer ones are folded


def terminal(board: Board, metric: str | None = None, width: int = 80) -> Group:
    """One board.

    Args:
        board: it.
        metric: which one is shown by condition; the first unless given.
        width: columns of the terminal.
    """
    column = next((c for c in board.columns if c.name == metric), board.columns[0])
    parts: list[Any] = [*_head(board), Text(""), *_overview(board, width)]
    parts += [Text(""), *_by_condition(board, column, width), Text("")]
    parts += [Text(note, style="dim") for note in notes(board, "± is half of the 95 % interval")]
    return Group(*parts)


def printed_tables(
    tables: Sequence[PublishedTable], published: Published, metric: str | None = None, width: int = 80
) -> Group:
    """What papers have printed on a task, a table below the other.

    Args:
        tables: of the task.
        published: holds their papers and caveats.
        metric: only columns of this one; all unless given.
        width: columns of the terminal.
    """
    parts: list[Any] = [Text("Published, on the papers' own data: not measured here", style="bold"), Text("")]
    for table in tables:
        numbers = tuple(n for n in table.numbers if metric is None or n.metric == metric)
        if table.status != "copied":
            text = f"{source_of(table, published)}: not available, {table.reason}"
            parts += [Text(plain(text), style="dim"), Text("")]
        elif numbers:
            shown = PublishedTable(table.paper, table.table, table.tasks, table.title, "copied", "", numbers)
            parts += [*_printed(shown, published, width), Text("")]
    return Group(*parts)


def _head(board: Board) -> Iterator[Text]:
    facts = dict(board.facts)
    title = Text(f"{board.task} on {plain(board.dataset['name'])} ", style="bold")
    yield title.append(f"({board.kind})", style="bold yellow")
    for names in (("plan", "protocol"), ("data set", "noise"), ("metrics",), ("judges",)):
        if line := " · ".join(plain(f"{name} {facts[name]}") for name in names if name in facts):
            yield Text(line)


def _overview(board: Board, width: int) -> list[Table]:
    columns = [(_two_lines(titled(c)), [_cell(c, row.cell(c)) for row in board.everyone]) for c in board.columns]
    counts = [Text(_coverage(board, row)) for row in board.everyone]
    costs = [[Text(cost_texts(row)[i].replace(" ", "")) for row in board.everyone] for i in range(len(COSTS))]
    titles = ("param.", "MACs", "RTF")
    columns += [("n", counts), *zip(titles, costs, strict=True)]
    return _tables(board, board.columns[0], columns, width)


def _by_condition(board: Board, column: Column, width: int) -> list[Any]:
    conditions: list[Condition] = [ALL, *board.conditions]
    most = [usual(row, column, board.conditions) for row in board.everyone]
    columns = [
        (conditioned(c), [_cell(column, row.cell(column, c), n) for row, n in zip(board.everyone, most, strict=True)])
        for c in conditions[1:]
    ]
    columns = [(conditioned(ALL), [_cell(column, row.cell(column)) for row in board.everyone]), *columns]
    columns += [("n each", [Text(n) for n in most])] if board.conditions else []
    better = "higher" if column.metric.higher_is_better else "lower"
    title = Text(f"{titled(column)} by condition, {better} is better", style="bold")
    return [title, *_tables(board, column, columns, width)]


def _coverage(board: Board, row: Row) -> str:
    """On how many trials the values of a row rest; each with its metric where they differ."""
    held = {c.name: row.cell(c).coverage for c in board.columns if row.cell(c) is not None and not c.voted}
    said = [f"{row.cell(c).coverage} {c.name}" for c in board.columns if row.cell(c) is not None and c.voted]
    if len(set(held.values())) == 1:
        return "\n".join([next(iter(held.values())), *said])
    return "\n".join([*(f"{text} {name}" for name, text in held.items()), *said]) or DASH


def _cell(column: Column, cell: Cell | None, usual: str = "") -> Text:
    """Value, and half of its interval below it; then on how many trials it rests, where not on as many as others."""
    text = Text(value_of(column, cell))
    if cell is None:
        return text
    if cell.value is not None and cell.ci95 is not None:
        half = (cell.ci95[1] - cell.ci95[0]) / 2
        if half > 1e-9:
            text.append(f"\n±{printed(column.metric, half)}", style="dim")
    if usual and cell.coverage != usual:
        text.append(f"\n{cell.coverage}", style="dim")
    return text


def _two_lines(title: str) -> str:
    return title.replace(" ", "\n", 1)


def _tables(board: Board, column: Column, columns: Sequence[tuple[str, Sequence[Text]]], width: int) -> list[Table]:
    """Rows of a board under these columns, in as many tables as the width asks for."""
    labels = [plain(row.label) for row in board.everyone]
    ranks = [place_text(row, column) for row in board.everyone]
    label = min(LABEL, max(6, *map(len, labels)))
    room = width - label - 1 - max(5, *map(len, ranks)) - 1
    found = []
    for some in _fitting(columns, room):
        table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
        table.add_column("rank", justify="right", no_wrap=True)
        table.add_column("system", max_width=label, overflow="fold")
        for title, _ in some:
            table.add_column(title, justify="right", no_wrap=True)
        for i, row in enumerate(board.everyone):
            if row.anchor and i and not board.everyone[i - 1].anchor:
                table.add_section()
            style = "dim" if row.anchor or row.unranked else ""
            table.add_row(Text(ranks[i]), Text(labels[i]), *(cells[i] for _, cells in some), style=style)
        found.append(table)
    return found


def _fitting(columns: Sequence[tuple[str, Sequence[Any]]], room: int) -> Iterator[list[tuple[str, Sequence[Any]]]]:
    """The columns in groups that fit beside each other, one at least."""
    group: list[tuple[str, Sequence[Any]]] = []
    used = 0
    for title, cells in columns:
        texts = [title, *(c.plain if isinstance(c, Text) else c for c in cells)]
        wide = 1 + max(len(line) for text in texts for line in text.split("\n"))
        if group and used + wide > room:
            yield group
            group, used = [], 0
        group.append((title, cells))
        used += wide
    if group:
        yield group


def _printed(table: PublishedTable, published: Published, width: int) -> list[Any]:
    found = pivot(table, published.caveats)
    label = min(26, max(map(len, found.rows)))
    columns = [(title, [row[i] for row in found.texts]) for i, title in enumerate(found.columns)]
    columns = [(_narrow(plain(title)), cells) for title, cells in columns]
    parts: list[Any] = [Text(plain(f"{source_of(table, published)}: {table.title}"), style="bold")]
    for some in _fitting(columns, width - label - 1):
        block = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
        block.add_column("row", max_width=label, overflow="fold")
        for title, _ in some:
            block.add_column(title, justify="right", no_wrap=True)
        for i, name in enumerate(found.rows):
            block.add_row(Text(plain(name)), *(Text(plain(cells[i])) for _, cells in some))
        parts.append(block)
    return [*parts, *(Text(plain(text), style="dim") for text in found.sentences)]


def _narrow(title: str) -> str:
    """A title in lines: the data set, the metric, the condition."""
    dataset, colon, rest = title.rpartition(": ")
    metric, _, condition = rest.partition(" ")
    unit, _, condition = condition.partition(" ") if condition[:2] in ("% ", "dB") else ("", "", condition)
    return "\n".join(filter(None, (dataset + colon.strip(), f"{metric} {unit}".strip(), condition)))
