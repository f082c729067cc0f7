"""What a run cost: counts of the network where they were kept with it, and how fast it answered.

Nothing is counted or timed here, because that runs the code of a system; `evaluation.costs` does it, and keeps it.

Contents: `COSTS`, `cost_of`, `cost_facts`, `sessions_of`.
"""

from collections.abc import Mapping
from typing import Any

from ...evaluation.runs import Run
from ..texts import DASH, busy, busy_text

COSTS = {
    "macs": "multiply-accumulates for a second",
    "parameters": "parameters",
    "weights_bytes": "bytes of weights",
    "rtf": "seconds of computing for a second",
}
"""What quality is drawn against, by the name in a record. The last depends on the machine."""


def cost_of(run: Run) -> dict[str, float]:
    """Those of `COSTS` that are known of a run; above 0, and no time of a busy machine."""
    kept = run.cost if isinstance(run.cost, Mapping) else {}
    found = {name: kept[name] for name in COSTS if kept.get(name)}
    speed = _speed(run)
    if speed is not None:  # of the run itself, with all that goes on in it
        found["rtf"] = speed
    if busy(kept):
        found.pop("rtf", None)
    return found


def sessions_of(run: Run) -> list[Mapping[str, Any]]:
    """The attempts at a run, oldest first."""
    return list(run.record.provenance.get("sessions", []))


def _speed(run: Run) -> float | None:
    """Seconds of computing for a second of input, over all sessions of the run that answered anything."""
    held = [s for s in sessions_of(run) if s.get("rtf") and s.get("audio_seconds")]
    seconds = sum(s["audio_seconds"] for s in held)
    return sum(s["rtf"] * s["audio_seconds"] for s in held) / seconds if seconds else None


def cost_facts(run: Run) -> list[tuple[str, str]]:
    """For people; empty where nothing is known."""
    found = cost_of(run)
    facts = [(title, _shown(found[name])) for name, title in COSTS.items() if name in found]
    latency = (run.cost or {}).get("latency_ms")
    if latency and busy(run.cost):
        facts.append(("latency for a second, one thread", f"{DASH} ({busy_text(run.cost)})"))
    elif latency:
        facts.append(("latency for a second, one thread", f"{latency['median']:.1f} ms, 95th {latency['p95']:.1f} ms"))
        facts.append(("timed on", str(run.cost.get("machine", "an unknown machine"))))
    machines = {s["machine"]["processor"] for s in sessions_of(run) if s.get("machine", {}).get("processor")}
    return [*facts, ("answered on", ", ".join(sorted(machines)))] if facts and machines else facts


def _shown(value: float) -> str:
    """A count whole, with its size in words beside it; a ratio with three digits."""
    if value < 1000:
        return f"{value:.3g}"
    for least, mark in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= least:
            return f"{value / least:.3g} {mark} ({value:,.0f})"
    return f"{value:,.0f}"
