"""`avbench profile`: what a system costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from typer import Option


def profile(
    system: Annotated[str, Option(help="System, or several with commas: the first is set against the others.")],
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
    console.print(
        "macs: true count of products; macs thop: by the rule of the tool that MUTUD's Table VI used. Each for one "
        "second of input, batch 1; times on one thread.",
        style="dim",
    )


def _table(rows: Sequence[dict[str, Any]]):
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for row in rows:
        table.add_column(f"{row['system']}\n{row['recipe'] or ''}", justify="right", overflow="fold")
    for other in rows[1:]:
        table.add_column(f"{rows[0]['system']}\nto {other['system']}", justify="right", overflow="fold")
    for title, value, shown in _LINES:
        first = value(rows[0])
        changes = [f"{100 * (first / value(other) - 1):+.0f} %" if value(other) else "" for other in rows[1:]]
        table.add_row(title, *(shown(value(row)) for row in rows), *changes)
    return table


_LINES = (
    ("parameters", lambda r: r["parameters"], lambda v: f"{v:,}"),
    ("macs", lambda r: r["macs"], lambda v: f"{v / 1e9:.3f} G"),
    ("macs thop", lambda r: r["macs_thop"], lambda v: f"{v / 1e9:.3f} G"),
    ("weights in memory", lambda r: r["weights_bytes"], lambda v: f"{v / 2**20:.1f} MiB"),
    ("latency, median", lambda r: r["latency_ms"]["median"], lambda v: f"{v:.1f} ms"),
    ("latency, p95", lambda r: r["latency_ms"]["p95"], lambda v: f"{v:.1f} ms"),
    ("real-time factor", lambda r: r["rtf"], lambda v: f"{v:.3f}"),
    ("peak memory", lambda r: r["peak_memory_bytes"], lambda v: f"{v / 2**20:.1f} MiB"),
)
