"""Average precision of detection scores, in two definitions that never share a name.

Source: `map` is the area under the precision–recall steps, Σ (Rₙ − Rₙ₋₁) Pₙ, as scikit-learn defines
`average_precision_score`. `map-interpolated` first raises each precision to the highest one at any greater recall, as
Everingham et al. 2010, "The Pascal visual object classes challenge", section 4.2, at every recall rather than at
eleven; the evaluation tool of AVA-ActiveSpeaker (Roth et al. 2020) takes it so.

Conventions: one binary class (speaks, or not), so the mean in the name is over nothing: it is what the field prints.
All frames of all trials are ranked together and a trial has no value of its own. Frames of equal score are one group:
precision and recall are read at its end, so the order of frames, files and workers does not count. The AVA tool reads
them after every frame, in whatever order an unstable sort left the equal ones; ours is then the lowest value that it
can give, and equal to it where no two scores are. In a failed trial the positive frames rank below all others and
the negative ones above, so that failing never pays.

Contents: `keep_scores`, `average_precision`, `interpolated_average_precision`, `ROWS`.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from ..errors import ReferenceFault
from .kinds import DETECTION
from .metric import Metric, Parts


def keep_scores(estimate: np.ndarray, reference: np.ndarray) -> dict[str, Parts]:
    """What one trial gives to both definitions: `{"scores": [N] float64, "labels": [N] bool}` under each name.

    Args:
        estimate: scores `[N]`, higher where it is more likely; finite, of any range, as every trial's.
        reference: labels `[N]`, 0 or 1.
    """
    parts = {"scores": np.asarray(estimate, np.float64), "labels": np.asarray(reference) != 0}
    return {"map": parts, "map-interpolated": dict(parts)}


def average_precision(parts: Sequence[Parts]) -> float:
    """AP over all frames of all trials, without interpolation.

    Args:
        parts: of every trial that is not void, as `keep_scores` gives them.

    Raises:
        ValueError: there is nothing to pool.
        ReferenceFault: the labels hold one class only.

    Example:
        >>> average_precision([{"scores": np.array([0.9, 0.8, 0.7]), "labels": np.array([1, 0, 1])}])
        0.8333333333333333
    """
    precision, gained = _curve(parts)
    return float(np.sum(gained * precision))


def interpolated_average_precision(parts: Sequence[Parts]) -> float:
    """AP under the envelope of the precisions. Arguments and errors as for `average_precision`."""
    precision, gained = _curve(parts)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(gained * envelope))


def _curve(parts: Sequence[Parts]) -> tuple[np.ndarray, np.ndarray]:
    """Precision at the end of each group of equal scores, highest first, and the recall that the group gains: `[G]`."""
    if not parts:
        raise ValueError("an average precision over no trials does not exist")
    scores = np.concatenate([part["scores"] for part in parts])
    labels = np.concatenate([part["labels"] for part in parts]).astype(np.int64)
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        only = "no frame is positive" if positives == 0 else "every frame is positive"
        raise ReferenceFault(f"{only} in the {len(labels)} frames, and average precision needs both kinds")
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    # Frames of failed trials at −inf are no group: read at its end alone, its precision would be that of a constant.
    ends = np.flatnonzero(np.append((scores[1:] != scores[:-1]) | np.isneginf(scores[1:]), True))
    found = np.cumsum(labels[order])[ends]
    return found / (ends + 1), np.diff(found, prepend=0) / positives


def _worst(reference: np.ndarray) -> Parts:
    """A failed trial: every frame is ranked as wrongly as can be.

    Were all of them ranked last, a trial without a positive frame would gain by failing.
    """
    labels = np.asarray(reference) != 0
    return {"scores": np.where(labels, -np.inf, np.inf), "labels": labels}


_average_precision = partial(
    Metric,
    higher_is_better=True,
    low=0.0,
    high=1.0,
    floor=0.0,
    kind=DETECTION,
    formula=keep_scores,
    failed=_worst,
    percent=True,
    digits=1,
    relevance=0.01,  # tables of the field are read in whole points
)

ROWS = (
    _average_precision(
        name="map",
        title="Average precision over all frames",
        source="Σ (Rₙ − Rₙ₋₁) Pₙ as scikit-learn's average_precision_score; MUTUD, Table IX",
        implementation="own, equal to scikit-learn",
        pool=average_precision,
    ),
    _average_precision(
        name="map-interpolated",
        title="Average precision over all frames, under the envelope of the precisions",
        source="Everingham et al. 2010, IJCV 88(2), section 4.2; the tool of AVA-ActiveSpeaker",
        implementation="own, equal to the tool where no two scores are equal",
        pool=interpolated_average_precision,
    ),
)
