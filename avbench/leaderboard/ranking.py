"""From scores to ranks: of the trials that all ranked systems have, resampled together.

Contents: `Scores`, `ranked`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.pooling import corpus_resamples
from ..metrics import Metric, Parts
from ..metrics.metric import mean_of_values
from .rank import Place, p_values, places


@dataclass(frozen=True)
class Scores:
    """What a run left to be pooled under one metric.

    Args:
        trials: `[N]` ids.
        clusters: `[N]` labels.
        parts: `[N]` values where the metric is their mean, else N parts: a hundred runs must fit into memory.
    """

    trials: tuple[str, ...]
    clusters: tuple[str, ...]
    parts: np.ndarray | tuple[Parts, ...]

    def at(self, kept: Sequence[int]) -> "Scores":
        """Some of the trials, by number."""
        parts = self.parts[kept] if isinstance(self.parts, np.ndarray) else tuple(self.parts[i] for i in kept)
        return Scores(tuple(self.trials[i] for i in kept), tuple(self.clusters[i] for i in kept), parts)


def ranked(metric: Metric, systems: Sequence[Scores]) -> list[Place | None]:
    """The ranks of systems under one metric, paired trial by trial; None for all where that cannot be said.

    Args:
        metric: judges all.
        systems: what each scored.
    """
    systems = _aligned(systems)
    if not systems or not systems[0].trials:
        return [None] * len(systems)
    parts = [scores.parts for scores in systems]
    resampled = corpus_resamples(metric, parts, systems[0].clusters)
    if resampled is None:
        return [None] * len(systems)
    means = metric.pool is mean_of_values
    values = [float(np.mean(p)) if means else float(metric.pool(p)) for p in parts]
    p = p_values(values, resampled, len(set(systems[0].clusters)))
    return list(places(values, p, metric.higher_is_better))


def _aligned(systems: Sequence[Scores]) -> Sequence[Scores]:
    """The scores of the trials that all have, in the order of the first."""
    if all(other.trials == systems[0].trials for other in systems[1:]):
        return systems
    shared = set.intersection(*(set(scores.trials) for scores in systems))
    wanted = [trial for trial in systems[0].trials if trial in shared]
    places = [{trial: i for i, trial in enumerate(scores.trials)} for scores in systems]
    return [scores.at([place[trial] for trial in wanted]) for scores, place in zip(systems, places, strict=True)]
