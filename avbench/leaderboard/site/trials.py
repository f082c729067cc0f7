"""All trials of a run in a small document, which the script of a page shows, sorts and filters.

    {"metrics": [{"name", "title", "unit", "digits", "higher"}], "axes": ["snr"], "statuses": [...], "reasons": [...],
     "rows": [[trial, clip, cluster, [condition…], [value…], [status…], [reason…], media | 0]]}

Conventions: values in the printed unit, one digit more than is printed, null where there is none; statuses and reasons
are places in their lists, the reason of `ok` is -1.

Contents: `document_of`.
"""

from collections.abc import Mapping
from typing import Any

from ...evaluation.runs import Run
from ...metrics import get_metric
from .results import unit_of

STATUSES = ("ok", "failed", "void", "error", "not-applicable")
MISSING = {"status": "error", "value": None, "reason": "not judged yet"}
PLACES = {status: i for i, status in enumerate(STATUSES)}


def document_of(run: Run, media: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The document of a run.

    Args:
        run: finished or not.
        media: what a page can play of a trial, by trial.
    """
    metrics = [get_metric(name) for name in run.metrics]
    # An axis that nobody set has one value throughout, which is no column.
    seen: dict[str, dict[str, None]] = {}
    for trial in run.trials:
        for axis, value in trial["condition"].items():
            seen.setdefault(axis, {})[str(value)] = None
    axes = sorted(
        (axis for axis, values in seen.items() if axis in run.identity["axes"] or len(values) > 1),
        key=lambda axis: (axis != "snr", axis),
    )
    reasons: dict[str, int] = {}
    scales = [(m.name, 100 if m.percent else 1, m.digits + 1) for m in metrics]
    trials = sorted(run.trials, key=lambda trial: _place(trial, axes))
    rows = [_row(trial, axes, scales, reasons, media or {}) for trial in trials]
    return {
        "metrics": [
            {"name": m.name, "title": m.title, "unit": unit_of(m), "digits": m.digits, "higher": m.higher_is_better}
            for m in metrics
        ],
        "axes": axes,
        "statuses": list(STATUSES),
        "reasons": list(reasons),
        "rows": rows,
    }


def _place(trial: Mapping[str, Any], axes: list[str]) -> tuple:
    """By the row of the plan, then by conditions, numbers before words."""
    held = [trial["condition"].get(axis) for axis in axes]
    keys = [(0, v, "") if isinstance(v, int | float) else (1, 0, str(v)) for v in held]
    return trial["trial"].partition(".")[0], keys, trial["trial"]


def _row(trial: Mapping[str, Any], axes: list[str], scales: list, reasons: dict[str, int], media: Mapping) -> list:
    values, statuses, why = [], [], []
    found = trial["scores"]
    for name, scale, digits in scales:
        score = found.get(name, MISSING)
        value, reason = score["value"], score["reason"]
        values.append(None if value is None else round(value * scale, digits))
        statuses.append(PLACES[score["status"]])
        why.append(reasons.setdefault(reason, len(reasons)) if reason else -1)
    held = [trial["condition"].get(axis) for axis in axes]
    return [
        trial["trial"], trial["clip"], trial["cluster"], held, values, statuses, why, media.get(trial["trial"], 0),
    ]  # fmt: skip
