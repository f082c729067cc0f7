"""`avbench list`: what there is to name."""

import math
import textwrap
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option


class Kind(StrEnum):
    """What can be listed."""

    systems = "systems"
    tasks = "tasks"
    metrics = "metrics"
    datasets = "datasets"
    protocols = "protocols"
    judges = "judges"


def list_names(
    kind: Annotated[Kind, Argument(help="What to list.")],
    json: Annotated[Path | None, Option(help="File for the list; - for standard output.")] = None,
) -> None:
    """Print what can be named: systems, tasks, metrics, data sets (noise sets too), protocols or judges."""
    from ..evaluation.record import hand_out
    from .terminal import printer

    entries = _LISTS[kind]()
    if json is not None:
        hand_out({kind.value: entries}, json)
    console = printer(json)
    if kind in _TABLES:
        console.print(_TABLES[kind](entries, console.width), soft_wrap=True)
        return
    wide = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        console.print(f"{entry['name']:{wide}}  {entry['title']}", markup=False, soft_wrap=True)


def _systems() -> list[dict[str, Any]]:
    from ..errors import MissingResource
    from ..registry import families, get_family

    entries = []
    for name in sorted(families()):
        try:
            family = get_family(name)
            entries += [{"name": family.full_name(v), "title": title} for v, title in family.variants.items()]
        except MissingResource as error:
            entries.append({"name": name, "title": str(error)})
    return entries


def _tasks() -> list[dict[str, Any]]:
    from ..tasks import TASKS

    return [{"name": t.name, "title": f"{t.title} ({t.source})", "metrics": list(t.metrics)} for t in TASKS.values()]


def _metrics() -> list[dict[str, Any]]:
    from ..metrics import METRICS

    def finite(number: float | None) -> float | None:
        return number if number is not None and math.isfinite(number) else None

    return [
        {
            "name": m.name,
            "title": m.title,
            "source": m.source,
            "unit": m.unit,
            "percent": m.percent,
            "higher_is_better": m.higher_is_better,
            "low": finite(m.low),
            "high": finite(m.high),
            "floor": m.floor,
            "cap": m.cap,
            "kind": m.kind.name,
            "judge": m.judge,
            "implementation": m.implementation,
        }
        for m in METRICS.values()
    ]


def _metric_table(entries: Sequence[dict[str, Any]], width: int) -> Any:
    """Name, unit, direction, range, floor, cap and judge in a line; title and source below it."""
    from rich.text import Text

    head = ("metric", "unit", "best", "range", "floor", "cap", "judge")
    rows = [_metric_cells(entry) for entry in entries]
    wide = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    text = Text("  ".join(f"{cell:{w}}" for cell, w in zip(head, wide, strict=True)).rstrip() + "\n", style="bold")
    for entry, row in zip(entries, rows, strict=True):
        text.append("  ".join(f"{cell:{w}}" for cell, w in zip(row, wide, strict=True)).rstrip() + "\n", style="none")
        for line in textwrap.wrap(f"{entry['title']}. {entry['source']}", width - 4):
            text.append(f"    {line}\n", style="dim")
    text.append("A failed trial scores the floor; what lies beyond the cap is flagged. Rates are\n", style="dim")
    text.append("stored 0–1 and printed in % where the field does; eyes: outer eye corners apart.", style="dim")
    return text


def _metric_cells(entry: dict[str, Any]) -> tuple[str, ...]:
    low, high, floor, cap = ("" if entry[key] is None else f"{entry[key]:g}" for key in ("low", "high", "floor", "cap"))
    unit = {"": "0–1" if entry["high"] == 1 else "rate" if entry["percent"] else "", "inter-ocular distance": "eyes"}
    return (
        entry["name"],
        unit.get(entry["unit"], entry["unit"]),
        "high" if entry["higher_is_better"] else "low",
        f"{low or '−∞'} to {high or '∞'}",
        floor or "none",
        cap,
        entry["judge"] or "",
    )


def _judges() -> list[dict[str, Any]]:
    from ..errors import AvbenchError
    from ..evaluation.doctor import judges
    from ..judges import get_judge

    entries = []
    for found in judges():
        try:
            judge = get_judge(found.name)
            title, source = judge.title, judge.source
        except AvbenchError:
            title = source = ""
        entry = {"name": found.name, "title": title, "source": source, "licence": found.licence}
        entry |= {"status": found.status, "identity": found.identity, "files": list(found.files)}
        entries.append({**entry, "reason": found.reason})
    return entries


def _judge_table(entries: Sequence[dict[str, Any]], width: int) -> Any:
    """A line per judge; below it where its weights are, or what is missing."""
    from rich.text import Text

    wide = max(len(entry["name"]) for entry in entries)
    text = Text()
    for entry in entries:
        head = f"{entry['name']:{wide}}  {entry['status']:6}  "
        lines = textwrap.wrap(entry["title"], width - len(head)) or [""]
        text.append(f"{head}{lines[0]}\n", style="none")
        for line in lines[1:]:
            text.append(f"{' ' * len(head)}{line}\n")
        more = [f"{path}" for path in entry["files"][:1]]
        if len(entry["files"]) > 1:
            more = [f"{more[0]} and {len(entry['files']) - 1} more"]
        licence = f"Weights: {entry['licence']}." if entry["licence"] else ""
        for part in (entry["identity"], *more, entry["reason"], licence):
            for line in textwrap.wrap(part or "", width - 4, break_long_words=False, break_on_hyphens=False):
                text.append(f"    {line}\n", style="dim")
    text.rstrip()
    return text


def _datasets() -> list[dict[str, Any]]:
    from ..data.corpora.card import status
    from ..data.dataset import DATASETS, corpus_names
    from ..data.noise import NOISES

    clips = [{"name": name, "title": title, "kind": "clips"} for name, title in DATASETS.items()]
    for name, title in corpus_names().items():
        state, place = status(name)
        line = f"{title} ({state}{f': {place}' if place else ''})"
        clips.append({"name": name, "title": line, "kind": "clips", "status": state, "root": place})
    return clips + [{"name": name, "title": title, "kind": "noises"} for name, title in NOISES.items()]


def _protocols() -> list[dict[str, Any]]:
    from ..protocols import PROTOCOLS

    return [{"name": p.name, "title": p.title} for p in PROTOCOLS.values()]


_LISTS = {
    Kind.systems: _systems,
    Kind.tasks: _tasks,
    Kind.metrics: _metrics,
    Kind.datasets: _datasets,
    Kind.protocols: _protocols,
    Kind.judges: _judges,
}
_TABLES = {Kind.metrics: _metric_table, Kind.judges: _judge_table}
