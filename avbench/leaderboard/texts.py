"""How values, ranks, costs and published numbers are written, whatever they are rendered to.

Conventions: values in the unit the field prints; intervals 95 %; a dash where there is nothing. Escaping is the
renderer's: what comes from here may hold any character, except line ends.

Contents: `DASH`, `METHOD`, `titled`, `conditioned`, `value_of`, `interval_of`, `cell_text`, `place_text`, `cost_texts`,
`busy`, `busy_text`, `usual`, `notes`, `plain`, `Pivot`, `pivot`, `about_table`, `source_of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..evaluation.check import BUSY
from ..evaluation.conditions import shown
from ..evaluation.table import column_title, printed
from .board import ALL, Board, Cell, Column, Condition, Row
from .published import TITLES, Number, Published, PublishedTable

DASH = "–"
METHOD = (
    "Ranks are about all conditions together: 1 + the systems that are surely better, to the number of systems − those "
    "that are surely worse, by paired bootstrap over {clusters} with Holm's correction over all pairs; overlapping "
    "ranks are ties."
)
COSTS = ("parameters", "MACs", "RTF")
ROW_AXES = ("guidance",)  # axes that papers write beside the system and not above the columns


def plain(text: Any) -> str:
    """A text on one line, without characters that move a cursor or turn the direction of writing."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def titled(column: Column) -> str:
    """A metric with its unit, with its judge where one is asked."""
    unit = "%" if column.metric.percent else column.metric.unit
    unit = f" {unit}" if unit in ("%", "dB") else ""
    return f"{column.name}{unit}" + (f" by {column.judge}" if column.judge else "")


def conditioned(condition: Condition | Mapping[str, Any]) -> str:
    """`all`, `-5 dB`, `audio`, or several with spaces."""
    pairs = condition.items() if isinstance(condition, Mapping) else condition
    words = [column_title(_number(value)) if axis == "snr" else shown(value) for axis, value in pairs]
    return " ".join(words) or "all"


def _number(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


def value_of(column: Column, cell: Cell | None) -> str:
    """The value alone."""
    return DASH if cell is None or cell.value is None else printed(column.metric, cell.value)


def interval_of(column: Column, cell: Cell | None) -> str:
    """`[80.1, 82.3]`, or nothing where there is none."""
    if cell is None or cell.value is None or cell.ci95 is None:
        return ""
    return f"[{', '.join(printed(column.metric, end) for end in cell.ci95)}]"


def cell_text(column: Column, cell: Cell | None, gap: str = " ") -> str:
    """Value, interval and on how many trials they rest."""
    if cell is None:
        return DASH
    return gap.join(filter(None, (value_of(column, cell), interval_of(column, cell), cell.coverage)))


def place_text(row: Row, column: Column) -> str:
    """`1`, `2–3`, or a dash where the row is not ranked."""
    cell = row.cell(column, ALL)
    return DASH if cell is None or cell.place is None else str(cell.place)


def cost_texts(row: Row) -> tuple[str, str, str]:
    """Parameters, multiply-accumulates and real-time factor, as in `COSTS`; no time of a busy machine."""
    cost = row.cost or {}
    parameters, macs, rtf = (cost.get(name) for name in ("parameters", "macs", "rtf"))
    return (
        DASH if parameters is None else f"{parameters / 1e6:.3f} M",
        DASH if macs is None else f"{macs / 1e9:.3f} G",
        DASH if rtf is None or busy(cost) else f"{rtf:.3f}",
    )


def busy(cost: Mapping[str, Any]) -> bool:
    """Whether a cost was timed while so much else went on that its times say little about the system."""
    return (cost.get("load") or 0.0) > BUSY


def busy_text(cost: Mapping[str, Any]) -> str:
    """Why a time is not shown."""
    return f"timed while {cost['load']:g} processes waited for each core"


def usual(row: Row, column: Column, conditions: Sequence[Condition]) -> str:
    """On how many trials most values of a row rest."""
    held = [cell.coverage for c in conditions if (cell := row.cell(column, c)) is not None]
    return max(held, key=held.count) if held else DASH


def notes(board: Board, interval: str = "Brackets hold the 95 % interval") -> list[str]:
    """What must be read with the tables of a board, a sentence each; `interval` says how intervals are written."""
    found = [METHOD.format(clusters=board.clusters)]
    placed = any(cell.place for row in board.rows for cell in row.cells.values())
    if not placed and sum(row.unranked is None for row in board.rows):
        found = [f"No ranks: fewer than ten {board.clusters}, or no metric that can be resampled."]
    elif not placed:
        found = ["No ranks: no run on this board is official and complete."]
    found.append(f"{interval}; 38+2/40 means that 38 scored and 2 failed and count at the floor, of 40 trials.")
    if board.synthetic:
        found.append(f"The material is made, not recorded ({board.kind}): no value here compares with a published one.")
    if voted := [plain(titled(column)) for column in board.columns if column.voted]:
        found.append(f"Votes of people on a sample of the trials, without ranks: {', '.join(voted)}.")
    found += [f"{plain(row.label)} is not ranked: {plain(row.unranked)}." for row in board.rows if row.unranked]
    equivalent = [plain(row.label) for row in board.rows if row.sound == "equivalent"]
    if equivalent:
        found.append(f"Rendered to equivalent, not equal, sound: {', '.join(equivalent)}.")
    return found + _cost_notes(board)


def _cost_notes(board: Board) -> list[str]:
    costed = [row for row in board.rows if row.cost]
    if not costed:
        return []
    found = ["Costs are of the weights that were scored, for one second of input, batch 1, one thread; MACs are true."]
    found += [f"No RTF of {plain(row.label)}: {busy_text(row.cost)}." for row in costed if busy(row.cost)]
    timed = [row.cost for row in costed if not busy(row.cost)]
    machines = dict.fromkeys(plain(cost.get("machine", "a machine that is not named")) for cost in timed)
    if not machines:
        return found
    where = f"RTF was timed on {'; '.join(machines)}"
    return [*found, f"{where}: not comparable across machines." if len(machines) > 1 else f"{where}."]


@dataclass(frozen=True)
class Pivot:
    """A published table.

    Args:
        rows: their names.
        columns: their titles.
        texts: `[rows][columns]`.
        sentences: of caveats: those of the whole table, then those of the marks, which each begins with.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    sentences: tuple[str, ...]


def pivot(table: PublishedTable, caveats: Mapping[str, str]) -> Pivot:
    """A table of a paper, rows as in the paper, a column for each data set, metric and condition.

    A caveat is marked where it holds: nowhere if for all numbers, at a column or a row, or at a number.
    """
    cells: dict[str, dict[str, Number]] = {}
    several = len({n.dataset for n in table.numbers if n.dataset}) > 1
    for n in table.numbers:
        cells.setdefault(_row_name(n), {})[_column_name(n, several)] = n
    columns = list(dict.fromkeys(c for row in cells.values() for c in row))
    everywhere = _common(table.numbers)
    by_column = {c: [*everywhere, *_common([row[c] for row in cells.values() if c in row])] for c in columns}
    by_row = {r: _common([*row.values()]) for r, row in cells.items()}
    by_row = {r: [m for m in marks if any(m not in by_column[c] for c in cells[r])] for r, marks in by_row.items()}
    letters: dict[str, str] = {}

    def marked(text: str, names: Sequence[str]) -> str:
        names = [name for name in dict.fromkeys(names) if name not in everywhere]
        found = [letters.setdefault(name, chr(ord("a") + len(letters))) for name in names]
        return f"{text} ({','.join(found)})" if found else text

    def text(row: str, column: str) -> str:
        n = cells[row].get(column)
        if n is None:
            return ""
        left = [m for m in n.caveats if m not in by_column[column] and m not in by_row[row]]
        if not n.printed:
            return marked(DASH, [m for m in left if m.startswith("no-")])
        return marked(f"{n.printed} ± {n.spread}" if n.spread else n.printed, left)

    heads = tuple(marked(c, by_column[c]) for c in columns)
    names = tuple(marked(r, by_row[r]) for r in cells)
    texts = tuple(tuple(text(row, column) for column in columns) for row in cells)
    sentences = [caveats[name] for name in everywhere]
    return Pivot(names, heads, texts, (*sentences, *(f"({by}) {caveats[name]}" for name, by in letters.items())))


def _common(numbers: Sequence[Number]) -> list[str]:
    """Caveats that all of several numbers have; of a dash none is asked."""
    numbers = [n for n in numbers if n.printed]
    return [m for m in numbers[0].caveats if all(m in n.caveats for n in numbers)] if len(numbers) > 1 else []


def _row_name(n: Number) -> str:
    words = [n.condition[axis] for axis in ROW_AXES if axis in n.condition]
    return ", ".join([n.row, *(f"guided by {word}" for word in words)])


def _column_name(n: Number, several: bool) -> str:
    held = {axis: value for axis, value in n.condition.items() if axis not in ROW_AXES}
    unit = f" {n.unit}" if n.unit else ""
    words = [
        f"{n.dataset}:" if several else "",
        TITLES.get(n.metric, n.metric) + unit,
        conditioned(held) if held else "",
    ]
    return " ".join(filter(None, words))


def about_table(table: PublishedTable) -> list[str]:
    """Data sets and protocols of a copied table, then what else is said of it."""
    asked = dict.fromkeys(f"{n.dataset or 'no data set'}; {n.protocol}" for n in table.numbers)
    return [*asked, *([table.reason] if table.reason else [])]


def source_of(table: PublishedTable, published: Board | Published) -> str:
    """Paper and table, e.g. `MUTUD, Table I`."""
    return f"{published.papers[table.paper]['name']}, {table.label}"
