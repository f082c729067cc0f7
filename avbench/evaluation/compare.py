"""`compare`: is one run really better than another, on the same trials?

Contents: `compare`, `shares`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import IncompleteRun, UsageError
from .conditions import marginals
from .record import hand_out
from .runs import Run, open_run
from .statistics import difference, share
from .summary import matches, usable


def compare(a: str | Path | Run, b: str | Path | Run, json: str | Path | None = None) -> dict[str, Any]:
    """Paired differences a - b between two runs, per condition and metric.

    Both must have sat the same plan rendered from the same material; trials that are void are left out of both sides.
    Conditions and metrics that only one run has are left out.

    Args:
        a: a run: its folder, or the beginning of its folder's name.
        b: the other run.
        json: file for the result; `"-"` for standard output.

    Returns:
        `{"a", "b", "task", "synthetic", "kind", "clusters", "rows": [{"condition", "metric", "unit", "a", "b",
        "difference", "ci95", "p_value", "n"}]}`. The interval (95 %) and the two-sided p-value come from resampling and
        sign-flipping whole clusters; both are null below ten. No correction is made for the number of rows.

    Raises:
        UsageError: no such run, different exams, other sound, or nothing in common.
        IncompleteRun: one of the runs has not come to its end.
    """
    runs = [open_run(a), open_run(b)]
    axes = _common(runs)
    rows = []
    for condition in marginals(axes):
        for metric in _shared_metrics(runs):
            (left, right), clusters = paired(runs, metric, condition)
            if not clusters:
                continue
            found = difference(left, right, clusters)
            rows.append(
                {
                    "condition": condition,
                    "metric": metric,
                    "unit": (runs[0].row(metric, condition) or {}).get("unit", ""),
                    "a": sum(left) / len(left),
                    "b": sum(right) / len(right),
                    "difference": found.mean,
                    "ci95": list(found.ci95) if found.ci95 else None,
                    "p_value": found.p_value,
                    "n": found.n,
                }
            )
    if not rows:
        raise UsageError(f"{runs[0].folder} and {runs[1].folder} have no condition and metric in common.")
    first = runs[0]
    result = {
        "a": first.system,
        "b": runs[1].system,
        "task": first.task,
        "synthetic": first.head["synthetic"],
        "kind": first.kind,
        "clusters": first.head["clusters"],
        "rows": rows,
    }
    if json is not None:
        hand_out(result, json)
    return result


def _common(runs: Sequence[Run]) -> dict[str, tuple]:
    """The axes of the runs with the values that all of them have.

    Raises:
        IncompleteRun, UsageError: as `compare`.
    """
    for run in runs:
        if not run.ended or run.left["error"]:
            raise IncompleteRun(f"{run.folder} is not finished: run it to its end first, the same command goes on.")
    first = runs[0].identity
    for other in runs[1:]:
        for what in ("task", "protocol", "plan", "dataset", "noise"):
            if _essence(first[what]) != _essence(other.identity[what]):
                raise UsageError(
                    f"{runs[0].folder} and {other.folder} cannot be compared: their {what} differs "
                    f"({_name(first[what])} and {_name(other.identity[what])})."
                )
        if set(first["axes"]) != set(other.identity["axes"]):
            raise UsageError(f"{runs[0].folder} and {other.folder} vary different axes.")
        _refuse_other_sound(runs[0], other)
    axes = {
        axis: tuple(v for v in values if all(v in run.identity["axes"][axis] for run in runs))
        for axis, values in first["axes"].items()
    }
    if not all(axes.values()):
        raise UsageError(f"{runs[0].folder} and {runs[1].folder} have no condition in common.")
    return axes


def _refuse_other_sound(a: Run, b: Run) -> None:
    """One plan may be rendered to other samples on another machine, and then its trials are no pairs."""
    sound = {trial["trial"]: trial["facts"].get("pcm") for trial in b.trials}
    shared = [trial for trial in a.trials if trial["trial"] in sound]
    differ = [trial["trial"] for trial in shared if trial["facts"].get("pcm") != sound[trial["trial"]]]
    if differ:
        raise UsageError(
            f"{a.folder} and {b.folder} cannot be compared: {len(differ)} of {len(shared)} trials were rendered to "
            f"other sound, the first of them {differ[0]}; make both on one machine."
        )


def _essence(value: Any) -> Any:
    """What must agree: a fingerprint or hash where there is one, not the name."""
    return value.get("sha256") or value.get("fingerprint") if isinstance(value, Mapping) else value


def _name(value: Any) -> Any:
    return value["name"] if isinstance(value, Mapping) else value


def _shared_metrics(runs: Sequence[Run]) -> list[str]:
    """Metrics that all runs have in the same version."""
    known = [set(run.identity["metrics"]) for run in runs]
    return [identity.partition("@")[0] for identity in runs[0].identity["metrics"] if all(identity in k for k in known)]


def paired(runs: Sequence[Run], metric: str, condition: Mapping[str, Any]) -> tuple[list[list[float]], list[str]]:
    """Values of several runs on the trials that all of them have, in one order.

    Returns:
        For each run its `[N]` values, then the `[N]` clusters.
    """
    held = [{t["trial"]: t for t in usable(run.trials, metric) if matches(t, condition)} for run in runs]
    ids = [trial for trial in held[0] if all(trial in other for other in held[1:])]
    values = [[trials[i]["scores"][metric]["value"] for i in ids] for trials in held]
    return values, [held[0][i]["cluster"] for i in ids]


def shares(
    run: str | Path | Run, low: str | Path | Run, high: str | Path | Run, metrics: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The share of a gain, (run - low) / (high - low), per condition and metric.

    With the audio-only row as `low` and the audio-visual row as `high` this is the `av_gain_over_audio` of MUTUD's
    Table I; with the anchor `noisy` as `low` it is the `av_gain_over_noisy` of its Fig. 2.

    Returns:
        Rows of `{"condition", "metric", "share", "ci95", "n"}`; share and interval are null where the interval of
        the denominator holds zero, or there are fewer than ten clusters.

    Raises:
        UsageError, IncompleteRun: as `compare`.
    """
    runs = [open_run(one) for one in (run, low, high)]
    rows = []
    for condition in marginals(_common(runs)):
        for metric in metrics or _shared_metrics(runs):
            (a, b, c), clusters = paired(runs, metric, condition)
            if clusters:
                found = share(a, b, c, clusters)
                ci95 = list(found.ci95) if found.ci95 else None
                rows.append(
                    {"condition": condition, "metric": metric, "share": found.value, "ci95": ci95, "n": found.n}
                )
    return rows
