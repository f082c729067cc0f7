"""The verb `avbench profile`: what a system costs, for one second of input, batch 1, on one thread.

Contents: `profile`, `SECONDS`.
"""

import json as json_
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import MissingResource, UsageError
from ..registry import open_system
from ..signal.files import atomic_write
from ..types import System
from .cost import macs, parameters, weights_bytes
from .speed import latencies, peak_memory
from .thop_rule import macs_thop

SECONDS = 1.0


def profile(
    system: str, recipe: str | None = None, device: str = "cpu", json: str | Path | None = None
) -> dict[str, Any] | list[dict[str, Any]]:
    """Count and time a system, with its weights or, where it has none, with initial ones.

    Args:
        system: a name, or several with commas; the calls of several are timed in turn, so that whatever else the
            machine does meets all of them alike and their ratio holds.
        recipe: whose sizes; the one `run` would take unless given.
        device: `"cpu"` or `"cuda"`; counting is always done on the CPU.
        json: file for the result, `"-"` for standard output.

    Returns:
        For one system a dictionary of `system, recipe, parameters, parts {name: parameters}, macs, macs_thop, seconds,
        weights_bytes, latency_ms {median, p95}, rtf, peak_memory_bytes, device`; for several a list of them.

    Raises:
        UsageError: a system that does not show its network, or an unknown device.
        MissingResource: no GPU here.
    """
    _check_device(device)
    names = [name.strip() for name in system.split(",") if name.strip()]
    if not names:
        raise UsageError("Name a system, e.g. --system mutud.")
    systems = [_open(name, recipe) for name in names]
    deployed = [(one.network(), one.example(SECONDS, "cpu")) for one in systems]
    rows = [_counts(one, *net) for one, net in zip(systems, deployed, strict=True)]
    deployed = [(network.to(device), tuple(x.to(device) for x in example)) for network, example in deployed]
    for row, net, times in zip(rows, deployed, latencies(deployed), strict=True):
        row["latency_ms"], row["rtf"] = times, times["median"] / 1000 / SECONDS
        row["peak_memory_bytes"], row["device"] = peak_memory(*net), device
    result = rows[0] if len(rows) == 1 else rows
    if json is not None:
        _hand_out(result, json)
    return result


def _counts(system: System, network, example) -> dict[str, Any]:
    return {
        "system": system.card.id,
        "recipe": system.card.recipe,
        "parameters": parameters(network),
        "parts": {name: parameters(part) for name, part in network.named_children()},
        "macs": macs(network, example),
        "macs_thop": macs_thop(network, example),
        "seconds": SECONDS,
        "weights_bytes": weights_bytes(network),
    }


def _open(name: str, recipe: str | None) -> System:
    try:
        system = open_system(name, recipe=recipe)
    except MissingResource:  # a cost needs sizes, not weights; a missing package raises again here
        system = open_system(name, recipe=recipe, untrained=True)
    lacks = [part for part in ("network", "example") if not hasattr(system, part)]
    if lacks:
        raise UsageError(
            f"{name} cannot be profiled: it has no {' and no '.join(lacks)}. A torch system offers network(), the "
            "module that is deployed, and example(seconds, device), its inputs."
        )
    return system


def _check_device(device: str) -> None:
    import torch

    if device not in ("cpu", "cuda"):
        raise UsageError(f"A device is cpu or cuda, not {device!r}.")
    if device == "cuda" and not torch.cuda.is_available():
        raise MissingResource("This machine has no CUDA device that torch can use: leave out --device cuda.")


def _hand_out(result: dict[str, Any] | Sequence[dict[str, Any]], where: str | Path) -> None:
    text = json_.dumps(result, indent=1, allow_nan=False) + "\n"
    if str(where) == "-":
        sys.stdout.write(text)
        return
    with atomic_write(Path(where)) as file:
        file.write(text.encode())
