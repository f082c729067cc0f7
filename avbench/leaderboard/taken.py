"""What a board needs of a run, taken once; then its trials are let go, because a hundred runs fill the memory.

Contents: `Taken`, `take`, `columns_of`, `column_of_votes`.
"""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..evaluation.runs import Run
from ..evaluation.summary import parts_of, usable
from ..metrics import METRICS
from ..metrics.metric import mean_of_values
from .entries import Column
from .ranking import Scores


@dataclass(frozen=True)
class Taken:
    """A run without its trials.

    Args:
        run: reads its files again when it is asked for more.
        rows: pooled values, as `Run.rows`.
        unranked: as `Run.unranked`.
        sound: as `Run.sound`.
        cost: as `Run.cost`.
        scores: by column, where they can be ranked.
        voted: what people said, as `Run.voted`.
    """

    run: Run
    rows: Sequence[Mapping[str, Any]]
    unranked: str | None
    sound: str | None
    cost: Mapping[str, Any] | None
    scores: Mapping[Column, Scores]
    voted: Sequence[Mapping[str, Any]] = ()


def take(run: Run) -> Taken:
    """Read a run, and let go of its trials."""
    collecting = gc.isenabled()
    gc.disable()  # what is read holds no cycles, and looking for some takes a third of the time
    try:
        unranked = run.unranked
        scores = _scores(run) if unranked is None else {}
        return Taken(run, run.rows, unranked, run.sound, run.cost, scores, run.voted)
    finally:
        for name in ("record", "trials"):
            vars(run).pop(name, None)
        if collecting:
            gc.enable()


def columns_of(run: Run) -> tuple[Column, ...]:
    """The metrics of a run, in its order; of those that this version still has."""
    found = []
    for identity in run.identity["metrics"]:
        name = identity.partition("@")[0]
        if name in METRICS:
            judge = METRICS[name].judge
            found.append(Column(identity, run.judges.get(judge, judge)))
    return tuple(found)


def column_of_votes(row: Mapping[str, Any]) -> Column | None:
    """The column of a row of `Run.voted`, one for each test; None where this version has no such metric."""
    return Column(METRICS[row["metric"]].identity, row["judge"]) if row["metric"] in METRICS else None


def _scores(run: Run) -> dict[Column, Scores]:
    """The scores of each metric whose value of all trials is whole and has an interval, as ranks need one."""
    sure = {row["metric"] for row in run.rows if not row["condition"] and row["complete"] and row["ci95"]}
    found: dict[Column, Scores] = {}
    for column in columns_of(run):
        if column.name not in sure or column.name in run.left_out:
            continue
        held = usable(run.trials, column.name)
        scores = [trial["scores"][column.name] for trial in held]
        mean = column.metric.pool is mean_of_values
        parts = np.array([s["value"] for s in scores]) if mean else tuple(parts_of(s) for s in scores)
        trials, clusters = (tuple(str(trial[key]) for trial in held) for key in ("trial", "cluster"))
        before = next((s for s in found.values() if (s.trials, s.clusters) == (trials, clusters)), None)
        found[column] = replace(before, parts=parts) if before else Scores(trials, clusters, parts)
    return found
