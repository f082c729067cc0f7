"""What `measure` found as a page in the terminal: pooled values, the worst pairs, what is odd.

Conventions: values in the unit the field prints; `98+2/100` says that 2 of 100 pairs scored the floor. A pair's rank is
the mean of its ranks under each metric, so that no metric's unit outweighs another's.

Contents: `page`, `worst`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..metrics import Metric, get_metric
from .measured import Measured
from .summary import coverage
from .table import printed

SHOWN = 5
NAME = 30  # columns of a pair's name
LISTED = 3
GAP = 3  # columns between two of a table: two of padding and the line that is not drawn


def page(found: Measured, width: int = 80) -> Group:
    """Everything worth seeing.

    Args:
        found: by `measure`.
        width: columns of the terminal.
    """
    blocks: list[Any] = [_pooled(found.pooled)]
    rows = {(row["name"], row["metric"]): row for row in found.scores}
    single = [name for name in _metrics(found) if get_metric(name).kind.name != "pictures"]
    names = worst(found)
    if single and len(found.pairs) > 1:
        heading = "Worst pairs" if len(found.pairs) > SHOWN else "Pairs, worst first"
        blocks += [Text(""), Text(heading, style="bold"), *_pairs(names[:SHOWN], single, rows, width)]
    remarks = [*_faults(found.scores), *_unpaired(found)]
    remarks += [
        Text(w["text"].rstrip(".") + _named(w["pairs"], len(found.pairs)) + ".", style="yellow") for w in found.warnings
    ]
    remarks += [Text(note, style="dim") for note in found.notes]
    if found.align != "none":
        done = sum(1 for pair in found.pairs if pair["aligned"])
        remarks.append(Text(f"--align {found.align} changed {done} of {len(found.pairs)} pairs.", style="dim"))
    return Group(*blocks, *([Text("")] if remarks else []), *remarks)


def _metrics(found: Measured) -> list[str]:
    return [row["metric"] for row in found.pooled]


def _unit(metric: Metric) -> str:
    return "%" if metric.percent else metric.unit


def _grid() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False)


def _pooled(pooled: Sequence[Mapping[str, Any]]) -> Table:
    """A line per metric."""
    grid = _grid()
    judged = any(row["judge"] for row in pooled)
    grid.add_column("metric", no_wrap=True)
    grid.add_column("value", justify="right", no_wrap=True)
    grid.add_column("unit", no_wrap=True)
    grid.add_column("better", no_wrap=True)
    grid.add_column("n", justify="right", no_wrap=True)
    if judged:
        grid.add_column("judge", overflow="fold")
    for row in pooled:
        metric = get_metric(row["metric"])
        value = "–" if row["value"] is None else printed(metric, row["value"])
        better = "higher" if metric.higher_is_better else "lower"
        cells = [metric.name, value, _unit(metric), better, coverage(row), *([row["judge"] or ""] if judged else [])]
        grid.add_row(*map(Text, cells), style="" if row["complete"] else "red")
    return grid


def worst(found: Measured) -> list[str]:
    """Names of the pairs, worst first; a pair without any value is the worst of all."""
    ranks: dict[str, list[float]] = {pair["name"]: [] for pair in found.pairs}
    for name in _metrics(found):
        metric = get_metric(name)
        values = {r["name"]: r["value"] for r in found.scores if r["metric"] == name and r["value"] is not None}
        for pair in ranks.keys() & values.keys():
            better = [v > values[pair] if metric.higher_is_better else v < values[pair] for v in values.values()]
            equal = sum(v == values[pair] for v in values.values())
            ranks[pair].append((sum(better) + equal / 2) / len(values))
    return sorted(ranks, key=lambda pair: (-(sum(r) / len(r)) if (r := ranks[pair]) else -2.0, pair))


def _pairs(
    names: Sequence[str], metrics: Sequence[str], rows: Mapping[tuple[str, str], Mapping[str, Any]], width: int
) -> list[Any]:
    """A line per pair, as many columns as fit, and more tables where they do not."""
    columns = []
    for metric in map(get_metric, metrics):
        unit = _unit(metric)
        title = f"{metric.name} {unit}" if unit in ("%", "dB") else metric.name
        columns.append((title, [_cell(metric, rows.get((name, metric.name))) for name in names]))
    label = min(NAME, max(len("pair"), *map(len, names)))
    blocks, mine, used = [], [], label
    for title, cells in columns:
        wide = GAP + max(len(title), *(len(cell.plain) for cell in cells))
        if mine and used + wide > width:
            blocks, mine, used = [*blocks, mine], [], label
        mine.append((title, cells))
        used += wide
    return [_block(names, block, label) for block in [*blocks, mine]]


def _block(names: Sequence[str], columns: Sequence[tuple[str, Sequence[Text]]], label: int) -> Table:
    grid = _grid()
    grid.add_column("pair", width=label, no_wrap=True)
    for title, _ in columns:
        grid.add_column(title, justify="right", no_wrap=True)
    for i, name in enumerate(names):
        short = name if len(name) <= label else "…" + name[1 - label :]  # what differs stands at the end
        grid.add_row(Text(short), *(cells[i] for _, cells in columns))
    return grid


def _cell(metric: Metric, row: Mapping[str, Any] | None) -> Text:
    """A value, or the status where there is no proper one."""
    if row is None:
        return Text("")
    value = "" if row["value"] is None else printed(metric, row["value"])
    if row["status"] == "ok":
        return Text(value or "–")
    return Text(row["status"], style="red" if row["status"] != "void" else "dim")


def _faults(scores: Sequence[Mapping[str, Any]]) -> list[Text]:
    """Why scores are missing or at the floor, the commonest reasons first."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    metrics: dict[tuple[str, str], dict[str, None]] = {}
    for row in scores:
        lost = row["status"] == "failed" and row["estimate"] is None
        if row["status"] != "ok" and not lost:  # those without an estimate are told below
            key = (row["status"], row["reason"].rstrip("."))
            found.setdefault(key, {})[row["name"]] = None
            metrics.setdefault(key, {})[row["metric"]] = None
    texts = []
    for key, names in sorted(found.items(), key=lambda item: -len(item[1]))[:SHOWN]:
        status, reason = key
        style = "red" if status != "void" else "dim"
        texts.append(Text(f"{status} ({', '.join(metrics[key])}): {reason}{_named(list(names), 0)}", style=style))
    if len(found) > SHOWN:
        texts.append(Text(f"{len(found) - SHOWN} more reasons: see --json or --csv.", style="dim"))
    return texts


def _unpaired(found: Measured) -> list[Text]:
    alone, lost = found.unpaired["estimates"], found.unpaired["references"]
    texts = []
    if lost:
        texts.append(_count(lost, "reference has no estimate and scores", "references have no estimate and score"))
        texts[0].append(" the floor" + _named(lost, 0))
    if alone:
        texts.append(_count(alone, "estimate has no reference and is", "estimates have no reference and are"))
        texts[-1].append(" left out" + _named(alone, 0))
    return texts


def _count(things: Sequence[str], one: str, many: str) -> Text:
    return Text(f"{len(things)} {one if len(things) == 1 else many}", style="yellow")


def _named(names: Sequence[str], total: int) -> str:
    """The first few names, unless it is all of them."""
    if len(names) == total:
        return ""
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f" [{', '.join(names[:LISTED])}{more}]"
