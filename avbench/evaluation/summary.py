"""From the scores of trials to pooled values: the status calculus of a run.

    total = trials - void        a fault of the reference removes the trial for every system alike
    n     = ok
    value = what the metric pools of the parts of ok and failed, a failed trial counting as the metric's floor
    complete  iff  ok + failed = total

Contents: `summarise`, `coverage`, `usable`, `parts_of`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..metrics import Metric, Parts
from .conditions import conditions, marginals, plain
from .pooling import corpus_interval, corpus_value, whole_refusal

POOLED = ("ok", "failed")


def matches(trial: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """The trial was held at this condition; `{}` matches all."""
    return _fits(trial["condition"], condition)


def _fits(held: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    return all(held.get(axis) == value for axis, value in condition.items())


def usable(trials: Iterable[Mapping[str, Any]], metric: str) -> list[Mapping[str, Any]]:
    """Trials that are pooled under a metric: ok or failed."""
    return [trial for trial in trials if trial["scores"].get(metric, {}).get("status") in POOLED]


def parts_of(score: Mapping[str, Any]) -> Parts:
    """What is pooled of a score, as a record keeps it."""
    value = {} if score["value"] is None else {"value": score["value"]}
    return {**value, **score.get("more", {})}


def summarise(
    trials: Sequence[Mapping[str, Any]],
    axes: Mapping[str, Sequence[Any]],
    metrics: Sequence[Metric],
    asked: Sequence[int],
    judges: Mapping[str, str | None] | None = None,
) -> list[dict[str, Any]]:
    """One row per metric and condition: every value of every axis, every combination, and all.

    Args:
        trials: as kept by `Record.trials`, in any order of their own that is always the same.
        axes: what was varied, with its values.
        metrics: what was judged.
        asked: how many trials were asked for at each of `conditions(axes)`.
        judges: the identity of every judge that a metric asks for, by its name; None where it was absent.

    Returns:
        Rows of `{"condition", "metric", "value", "unit", "judge", "ci95", "n", "failed", "total", "void", "complete",
        "reason"}`; `reason` says why there is no value or, where there is one, no interval.
    """
    rows = []
    every = [{axis: plain(value) for axis, value in condition.items()} for condition in conditions(axes)]
    for condition in marginals(axes):
        condition = {axis: plain(value) for axis, value in condition.items()}
        held = [trial for trial in trials if _fits(trial["condition"], condition)]
        total = sum(count for each, count in zip(every, asked, strict=True) if _fits(each, condition))
        for metric in metrics:
            judge = metric.judge and ((judges or {}).get(metric.judge) or metric.judge)
            rows.append({"condition": dict(condition), **_row(held, metric, total, judge)})
    return rows


def _row(trials: Sequence[Mapping[str, Any]], metric: Metric, asked: int, judge: str | None) -> dict[str, Any]:
    scores = [score for trial in trials if (score := trial["scores"].get(metric.name))]
    n, failed, void = ([score["status"] for score in scores].count(status) for status in ("ok", "failed", "void"))
    pooled = usable(trials, metric.name)
    parts = [parts_of(trial["scores"][metric.name]) for trial in pooled]
    value, ci95, reason = None, None, whole_refusal(metric, failed, asked - void)
    if not reason:
        value, reason = corpus_value(metric, parts)
    if value is not None:
        ci95, reason = corpus_interval(metric, parts, [trial["cluster"] for trial in pooled])
    elif not reason:
        reason = next((score["reason"] for score in scores if score["reason"]), "")
    return {
        "metric": metric.name,
        "value": value,
        "unit": metric.unit,
        "judge": judge,
        "ci95": list(ci95) if ci95 else None,
        "n": n,
        "failed": failed,
        "total": asked - void,
        "void": void,
        "complete": n + failed == asked - void,
        "reason": reason,
    }


def coverage(row: Mapping[str, Any]) -> str:
    """How many trials a value rests on: `40/40`, or `38+2/40` where two scored the floor."""
    failed = f"+{row['failed']}" if row["failed"] else ""
    return f"{row['n']}{failed}/{row['total']}"
