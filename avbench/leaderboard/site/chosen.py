"""Trials to look at: the worst, the median and the best one at each value of the first axis, and those that failed.

Worst and best are of answers that could be judged; trials that failed are listed apart, with their reasons.

Contents: `Chosen`, `choose`, `failures_of`, `Failure`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...evaluation.conditions import shown
from ...evaluation.runs import Run
from ...metrics import get_metric
from .results import first_axis, value_title

MOST_CONDITIONS = 7
WORDS = ("worst", "median", "best")


@dataclass(frozen=True)
class Chosen:
    """What is shown at one condition: pairs of `worst`, `median` or `best` and a trial, under one metric."""

    title: str
    metric: str
    trials: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class Failure:
    """Trials without a proper score that have one status and one reason in common, and under which metrics."""

    status: str
    reason: str
    metrics: tuple[str, ...]
    trials: tuple[str, ...]


def choose(run: Run) -> list[Chosen]:
    """What to look at first; empty where no trial has a value of its own."""
    metric = next((name for name in run.metrics if any(_value(t, name) is not None for t in run.trials)), None)
    if metric is None:
        return []
    axes = run.identity["axes"]
    axis = first_axis(axes)
    held: dict[str, list[Mapping[str, Any]]] = {}
    for trial in run.trials:
        held.setdefault(shown(trial["condition"].get(axis)) if axis else "", []).append(trial)
    values = list(axes[axis]) if axis else []
    if len(values) > MOST_CONDITIONS:  # evenly, both ends included
        last = len(values) - 1
        values = [values[round(i * last / (MOST_CONDITIONS - 1))] for i in range(MOST_CONDITIONS)]
    groups = [(value_title(axis, v), held.get(shown(v), [])) for v in values] if axis else [("all", held.get("", []))]
    return [Chosen(title, metric, picked) for title, trials in groups if (picked := _pick(trials, metric))]


def _value(trial: Mapping[str, Any], metric: str) -> float | None:
    score = trial["scores"].get(metric)
    return score["value"] if score and score["status"] == "ok" else None


def _pick(trials: Sequence[Mapping[str, Any]], metric: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    better = 1 if get_metric(metric).higher_is_better else -1
    judged = [t for t in trials if _value(t, metric) is not None]
    judged.sort(key=lambda t: (better * _value(t, metric), t["trial"]))
    places = {"worst": 0, "median": (len(judged) - 1) // 2, "best": len(judged) - 1}
    taken: dict[int, str] = {}
    for word in ("worst", "best", "median"):  # of two trials there is no third
        if judged:
            taken.setdefault(places[word], word)
    return tuple((taken[i], judged[i]) for i in sorted(taken))


def failures_of(run: Run) -> list[Failure]:
    """Everything that went wrong, the commonest first."""
    groups: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
    for trial in run.trials:
        for name, score in trial["scores"].items():
            if score["status"] != "ok":
                metrics, trials = groups.setdefault((score["status"], score["reason"]), ({}, {}))
                metrics[name] = trials[trial["trial"]] = None
    found = [Failure(status, reason, tuple(m), tuple(t)) for (status, reason), (m, t) in groups.items()]
    return sorted(found, key=lambda f: (-len(f.trials), f.status, f.reason))
