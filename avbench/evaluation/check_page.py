"""What a gate found, in the terminal.

Contents: `verdict_page`.
"""

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..metrics import get_metric
from .check_report import SHOWN, amount, condition_text, trial_text
from .table import printed

STYLES = {"lost": "bold red", "gained": "green", "passed": "", "not judged": "dim"}


def verdict_page(result: Mapping[str, Any]) -> Group:
    """The result of `check`: rows, cost, trials that got worse, and the verdict last."""
    title = Text(
        f"{result['system']} on {result['task']}, {result['dataset']}, plan {result['plan']} ({result['kind']})"
    )
    parts: list[Any] = [title, Text(f"against {result['against']}", style="dim"), Text(""), _rows(result), Text("")]
    parts += [_cost(result), Text("")]
    worse = result["worse"]
    if worse:
        parts.append(Text(f"Trials that got worse ({min(SHOWN, len(worse))} of {len(worse)}):"))
        parts += [Text(f"  {trial_text(one)}", style="dim") for one in worse[:SHOWN]]
        parts.append(Text(""))
    parts += [Text(note, style="yellow") for note in result["notes"]]
    parts.append(_verdict(result))
    return Group(*parts)


def _rows(result: Mapping[str, Any]) -> Table:
    block = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading in ("metric", "condition"):
        block.add_column(heading)
    for heading in ("before", "now", "change", "p (Holm)", "n"):
        block.add_column(heading, justify="right", no_wrap=True)
    block.add_column("verdict")
    for row in result["rows"]:
        metric = get_metric(row["metric"])
        unit = " %" if metric.percent else " dB" if metric.unit == "dB" else ""
        values = (
            "–" if row[key] is None else printed(metric, row[key], key == "difference")
            for key in ("b", "a", "difference")
        )
        p = "–" if row["p_holm"] is None else f"{row['p_holm']:.4f}"
        word = f"{row['verdict']}: {row['reason']}" if row["reason"] else row["verdict"]
        cells = (metric.name + unit, condition_text(row["condition"]), *values, p, str(row["n"]), word)
        block.add_row(*map(Text, cells), style=STYLES[row["verdict"]])
    return block


def _cost(result: Mapping[str, Any]) -> Table:
    block = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    block.add_column("cost")
    for heading in ("before", "now", "allowed"):
        block.add_column(heading, justify="right", no_wrap=True)
    block.add_column("verdict")
    for line in result["cost"]:
        word = f"{line['verdict']}: {line['reason']}" if line["reason"] else line["verdict"]
        cells = (line["what"], amount(line["before"]), amount(line["now"]), f"× {line['factor']:g}", word)
        block.add_row(*map(Text, cells), style=STYLES[line["verdict"]])
    return block


def _verdict(result: Mapping[str, Any]) -> Text:
    lost = [line for line in (*result["rows"], *result["cost"]) if line["verdict"] == "lost"]
    if not lost:
        return Text("Passed: no loss is both beyond chance and larger than what matters.", style="bold green")
    what = [
        f"{line['metric']} at {condition_text(line['condition'])}" if "metric" in line else line["what"]
        for line in lost
    ]
    more = f" and {len(what) - 3} more" if len(what) > 3 else ""
    return Text(f"Failed: lost in {', '.join(what[:3])}{more}.", style="bold red")
