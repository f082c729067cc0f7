"""The result of a test for a terminal.

Contents: `page`.
"""

from typing import TYPE_CHECKING, Any

from .opinion import metric_of
from .tally import Tally

if TYPE_CHECKING:
    from rich.console import Group

HEADS = {"cpr": "CPR %", "mos": "MOS", "ab": "preferred %"}


def page(found: Tally) -> "Group":
    """Values with intervals, then who voted."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    conditions = any(row["condition"] for row in found.rows)
    heads = ["system", *(["condition"] if conditions else []), HEADS[found.kind], "95 %", "votes", "trials", "alpha"]
    table = Table(*heads, box=None, header_style="bold", pad_edge=False)
    for head in heads[len(heads) - 5 :]:
        table.columns[heads.index(head)].justify = "right"
    for row in found.rows:
        at = " ".join(f"{axis}={value}" for axis, value in row["condition"].items()) or "all"
        name = row["system"] + (f" over {row['against']}" if "against" in row else "")
        cells = [name, *([at] if conditions else []), *_values(row, found.kind)]
        table.add_row(*(Text(cell) for cell in cells))
    return Group(table, *(Text(line, style="dim") for line in _lines(found)))


def _values(row: dict[str, Any], kind: str) -> list[str]:
    scale, digits = (100.0, 1) if metric_of(kind).percent else (1.0, 2)

    def shown(value: float | None) -> str:
        return "–" if value is None else f"{scale * value:.{digits}f}"

    ends = "–" if row["ci95"] is None else f"{shown(row['ci95'][0])} to {shown(row['ci95'][1])}"
    failed = f"+{row['failed']}" if row["failed"] else ""
    alpha = "–" if row["alpha"] is None else f"{row['alpha']:.2f}"
    return [shown(row["value"]), ends, str(row["votes"]), f"{row['n']}{failed}/{row['total']}", alpha]


def _lines(found: Tally) -> list[str]:
    raters, checked, rule = found.raters, found.checks, found.rule
    alpha = found.agreement["alpha"]
    agreed = (
        "nothing to agree on" if alpha is None else f"Krippendorff's alpha {alpha:.2f} ({found.agreement['level']})"
    )
    overs = ", ".join(dict.fromkeys(row["over"] for row in found.rows if row["ci95"])) or "none"
    return [
        f"{found.question} {raters['counted']} raters, {raters['votes']} votes; {agreed}.",
        f"Intervals: bootstrap {overs}."
        if overs != "none"
        else next(row["over"] for row in found.rows if not row["condition"]).capitalize() + ".",
        f"Checks of attention: {checked['failed']} of {checked['answered']} failed. Left out: "
        f"{raters['failed_checks']} raters who failed more than {rule['failed_share']:.0%} of theirs, "
        f"{raters['early']} who met fewer than "
        f"{rule['least_checks']}; {raters['left_out']} votes.",
    ]
