"""`avbench list`: what there is to name."""

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


def list_names(
    kind: Annotated[Kind, Argument(help="What to list.")],
    json: Annotated[Path | None, Option(help="File for the list; - for standard output.")] = None,
) -> None:
    """Print what can be named: systems, tasks, metrics, data sets (noise sets too) or protocols, one per line."""
    from ..evaluation.record import hand_out
    from .terminal import printer

    entries = _LISTS[kind]()
    if json is not None:
        hand_out({kind.value: entries}, json)
    console = printer(json)
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

    return [{"name": m.name, "title": m.title, "source": m.source, "unit": m.unit} for m in METRICS.values()]


def _datasets() -> list[dict[str, Any]]:
    from ..data.dataset import DATASETS
    from ..data.noise import NOISES

    clips = [{"name": name, "title": title, "kind": "clips"} for name, title in DATASETS.items()]
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
}
