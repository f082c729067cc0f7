"""`avbench profile`: what a system costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Option


def profile(
    system: Annotated[str, Option(help="System, or several with commas: the first is compared with the others.")],
    recipe: Annotated[str | None, Option(help="Whose sizes: synth or paper.")] = None,
    device: Annotated[str, Option(help="cpu or cuda.")] = "cpu",
    json: Annotated[Path | None, Option(help="File for the values; - for standard output.")] = None,
) -> None:
    """Print parameters, multiply-accumulates, latency and memory for one second of input, batch 1, one thread."""
    from ..efficiency.profile import profile as library
    from .terminal import printer

    result = library(system, recipe, device, json)
    rows = result if isinstance(result, list) else [result]
    console = printer(json)
    console.print(_table(rows))
    for row in rows:
        parts = ", ".join(f"{name} {count:,}" for name, count in row["parts"].items())
        console.print(
            f"{row['system']}: {row['parameters']:,} parameters: {parts}", style="dim", markup=False, soft_wrap=True
        )
    console.print(
        "For one second of input, batch 1, one thread. macs: multiply-accumulates that are done; thop: by the counting "
        "rule of MUTUD's Table VI; peak: tensors alive at once, weights included.",
        style="dim",
        soft_wrap=True,
    )


def _table(rows: Sequence[dict[str, Any]]):
    """A line per system, and below it how the first one stands to each of the others."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("system", overflow="fold")
    for title, _, _ in _COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(f"{row['system']} ({row['recipe']})", *(shown(value(row)) for _, value, shown in _COLUMNS))
    for other in rows[1:]:
        changes = [_change(value(rows[0]), value(other)) for _, value, _ in _COLUMNS]
        table.add_row(f"  vs {other['system']}", *changes, style="bold")
    return table


def _change(first: float, other: float) -> str:
    return f"{100 * (first / other - 1):+.0f} %" if other else ""


_COLUMNS = (
    ("params\nM", lambda r: r["parameters"], lambda v: f"{v / 1e6:.3f}"),
    ("macs\nG", lambda r: r["macs"], lambda v: f"{v / 1e9:.3f}"),
    ("thop\nG", lambda r: r["macs_thop"], lambda v: f"{v / 1e9:.3f}"),
    ("weights\nMiB", lambda r: r["weights_bytes"], lambda v: f"{v / 2**20:.1f}"),
    ("median\nms", lambda r: r["latency_ms"]["median"], lambda v: f"{v:.1f}"),
    ("p95\nms", lambda r: r["latency_ms"]["p95"], lambda v: f"{v:.1f}"),
    ("rtf\n", lambda r: r["rtf"], lambda v: f"{v:.3f}"),
    ("peak\nMiB", lambda r: r["peak_memory_bytes"], lambda v: f"{v / 2**20:.1f}"),
)
