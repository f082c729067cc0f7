"""From the scores of trials to pooled values: the status calculus of a run.

    total = trials - void        a fault of the reference removes the trial for every system alike
    n     = ok
    value = mean over ok and failed, a failed trial counting as the metric's floor
    complete  iff  ok + failed = total

Contents: `summarise`, `coverage`, `usable`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import MissingResource, UnknownName
from ..judges import judge_identity
from ..metrics import Metric
from .conditions import marginals, plain
from .statistics import interval

POOLED = ("ok", "failed")


def matches(trial: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """The trial was held at this condition; `{}` matches all."""
    return all(trial["condition"].get(axis) == value for axis, value in condition.items())


def usable(trials: Iterable[Mapping[str, Any]], metric: str) -> list[Mapping[str, Any]]:
    """Trials that have a value under a metric: ok or failed."""
    return [trial for trial in trials if trial["scores"].get(metric, {}).get("status") in POOLED]


def summarise(
    trials: Sequence[Mapping[str, Any]], axes: Mapping[str, Sequence[Any]], metrics: Sequence[Metric], clips: int
) -> list[dict[str, Any]]:
    """One row per metric and condition: every value of every axis, every combination, and all.

    Args:
        trials: as kept by `Record.trials`, in any order of their own that is always the same.
        axes: what was varied, with its values.
        metrics: what was judged.
        clips: how many clips of the plan were asked for.

    Returns:
        Rows of `{"condition", "metric", "value", "unit", "judge", "ci95", "n", "failed", "total", "void", "complete"}`.
    """
    rows = []
    for condition in marginals(axes):
        condition = {axis: plain(value) for axis, value in condition.items()}
        held = [trial for trial in trials if matches(trial, condition)]
        asked = clips
        for axis, values in axes.items():
            asked *= 1 if axis in condition else len(values)
        rows.extend(_row(held, condition, metric, asked) for metric in metrics)
    return rows


def _row(trials: Sequence[Mapping[str, Any]], condition: Mapping[str, Any], metric: Metric, asked: int) -> dict:
    statuses = [trial["scores"].get(metric.name, {}).get("status") for trial in trials]
    pooled = usable(trials, metric.name)
    scores = [trial["scores"][metric.name] for trial in pooled]
    n, failed, void = (statuses.count(status) for status in ("ok", "failed", "void"))
    ci95 = interval([s["value"] for s in scores], [t["cluster"] for t in pooled]) if scores else None
    return {
        "condition": dict(condition),
        "metric": metric.name,
        "value": float(metric.pool([{"value": s["value"]} for s in scores])) if scores else None,
        "unit": metric.unit,
        "judge": _judge_of(metric),
        "ci95": list(ci95) if ci95 else None,
        "n": n,
        "failed": failed,
        "total": asked - void,
        "void": void,
        "complete": n + failed == asked - void,
    }


def _judge_of(metric: Metric) -> str | None:
    """Name and digest of the judge that a metric needs; its name alone where it is not here."""
    if metric.judge is None:
        return None
    try:
        return judge_identity(metric.judge)
    except (MissingResource, UnknownName):
        return metric.judge


def coverage(row: Mapping[str, Any]) -> str:
    """How many trials a value rests on: `40/40`, or `38+2/40` where two scored the floor."""
    failed = f"+{row['failed']}" if row["failed"] else ""
    return f"{row['n']}{failed}/{row['total']}"
