"""What the very system of a run costs: counted and timed once, and kept beside the run.

A cost belongs to the weights that were scored (DESIGN, promise 7), so a system is only counted where what opens under
its name has the digest that the run was made with. Counts are equal anywhere; times belong to a machine, whose mark
stands beside them, with how busy it was.

Contents: `cost_of`, `machine_mark`.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import AvbenchError
from ..processors import usable_processors
from ..registry import open_system, said, split_name
from ..tasks import get_task
from .provenance import machine, packages
from .record import read_json, write_json

if TYPE_CHECKING:
    from .runs import Run


def cost_of(run: "Run") -> tuple[dict[str, Any] | None, str]:
    """What the system of a run costs: as was kept, else counted and timed now, and then kept in the run's folder.

    Returns:
        What `avbench profile` gives of the system, with `machine` where it was timed and its `load`, and nothing; or
        None and the reason why nobody can say.
    """
    if run.cost is not None:
        return run.cost, ""
    if run.anchor:
        return None, f"{run.system} is an anchor and no system"
    if run.kept is not None:
        return None, f"{run.where.name} was kept without it"
    try:
        name, recipe = _opened(run)
    except AvbenchError as error:
        return None, str(error).rstrip(".")
    except Exception as error:  # a system's own code may raise anything
        return None, f"{run.system} cannot be opened ({said(error)})"
    if name is None:
        return None, f"what opens as {run.system} is not what this run was made with, or has no network to count"
    from ..efficiency.profile import profile

    load = round(os.getloadavg()[0] / usable_processors(), 2)
    try:
        found = {**profile(name, recipe), "machine": machine_mark(), "load": load}
    except AvbenchError as error:
        return None, str(error).rstrip(".")
    write_json(run.folder / "cost.json", found)
    return found, ""


def stored_cost(run: "Run") -> dict[str, Any] | None:
    """What an earlier `cost_of` has left in the run's folder."""
    path = run.folder / "cost.json"
    return read_json(path) if path.is_file() else None


def _opened(run: "Run") -> tuple[str | None, str | None]:
    """Name and recipe under which the very system of a run opens; None where another one does."""
    named: Mapping[str, Any] = run.identity["system"]
    task = get_task(run.identity["task"]).variant
    name, recipe = named["name"], named["recipe"]
    if name.startswith(("outputs:", "__main__:")):
        return None, None
    if ":" in name:
        recipe = None
    else:
        family, variant = split_name(name, task)
        name = family.full_name(variant)
    system = open_system(name, task, recipe)
    if system.digest != named["digest"] or not hasattr(system, "network"):
        return None, None
    return name, recipe


def machine_mark() -> str:
    """What must be equal for two times to be comparable: processor, cores, memory, Python and torch, for people."""
    facts, versions = machine(), packages()
    memory = f"{facts['memory_bytes'] / 2**30:.0f} GiB" if facts["memory_bytes"] else ""
    python = f"Python {facts['python'].rpartition('.')[0]}"
    parts = (facts["processor"], f"{facts['cores']} cores", memory, python, f"torch {versions.get('torch', '')}")
    return " · ".join(part for part in parts if part)
