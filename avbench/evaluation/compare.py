"""`compare`: is one run really better than another, on the same trials?

Contents: `compare`, `shares`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import IncompleteRun, ReferenceFault, UsageError
from ..metrics import Metric, Parts, get_metric
from .conditions import marginals
from .pooling import corpus_difference, corpus_share, corpus_value, whole_refusal
from .record import hand_out
from .runs import Run, open_run
from .statistics import Share
from .summary import matches, parts_of, usable


def compare(a: str | Path | Run, b: str | Path | Run, json: str | Path | None = None) -> dict[str, Any]:
    """Paired differences a - b between two runs, per condition and metric.

    Both must have sat the same plan rendered from the same material, to the very same samples or, where the plan is an
    official one, to what `avbench plan verify` calls equivalent. Trials that are void are left out of both sides, as
    are conditions and metrics that only one run has.

    Args:
        a: a run: its folder, or the beginning of its folder's name.
        b: the other run.
        json: file for the result; `"-"` for standard output.

    Returns:
        `{"a", "b", "task", "synthetic", "kind", "clusters", "rows": [{"condition", "metric", "unit", "a", "b",
        "difference", "ci95", "p_value", "n", "reason"}], "left_out", "notes"}`. `a` and `b` are what the metric pools
        of the trials that both have. The interval (95 %) and the two-sided p-value come from resampling and exchanging
        whole clusters; both are null below ten, and `reason` says why. No correction is made for the number of rows.
        `left_out` says in sentences which metrics are not compared, `notes` what else a reader should know.

    Raises:
        UsageError: no such run, different exams, other sound, or nothing in common.
        IncompleteRun: one of the runs has not come to its end.
    """
    runs = [open_run(a), open_run(b)]
    axes = _common(runs)
    names, left_out = _shared_metrics(runs)
    rows = [row for condition in marginals(axes) for name in names if (row := _row(runs, get_metric(name), condition))]
    if not rows:
        nothing = f"{runs[0].where} and {runs[1].where} have no condition and metric in common."
        raise UsageError(" ".join([nothing, *left_out]))
    first = runs[0]
    result = {
        "a": first.system,
        "b": runs[1].system,
        "task": first.task,
        "synthetic": first.head["synthetic"],
        "kind": first.kind,
        "clusters": first.head["clusters"],
        "rows": rows,
        "left_out": left_out,
        "notes": _other_sound(*runs),
    }
    if json is not None:
        hand_out(result, json)
    return result


def _row(runs: Sequence[Run], metric: Metric, condition: Mapping[str, Any]) -> dict[str, Any] | None:
    """Two runs at one condition under one metric, or None where they share no trial."""
    (left, right), clusters = paired(runs, metric.name, condition)
    if not clusters:
        return None
    row = {
        "condition": condition,
        "metric": metric.name,
        "unit": metric.unit,
        "a": None,
        "b": None,
        "difference": None,
        "ci95": None,
        "p_value": None,
        "n": len(clusters),
    }
    for run, parts in zip(runs, (left, right), strict=True):
        whole = run.row(metric.name, condition) or {"failed": 0, "total": 0}
        if reason := whole_refusal(metric, whole["failed"], whole["total"]) or corpus_value(metric, parts)[1]:
            return {**row, "reason": f"{run.system}: {reason}"}
    found, reason = corpus_difference(metric, left, right, clusters)
    values = {"a": corpus_value(metric, left)[0], "b": corpus_value(metric, right)[0], "difference": found.mean}
    ci95 = list(found.ci95) if found.ci95 else None
    return {**row, **values, "ci95": ci95, "p_value": found.p_value, "reason": reason}


def _common(runs: Sequence[Run]) -> dict[str, tuple]:
    """The axes of the runs with the values that all of them have.

    Raises:
        IncompleteRun, UsageError: as `compare`.
    """
    for run in runs:
        if not run.ended or run.left["error"]:
            raise IncompleteRun(f"{run.where} is not finished: run it to its end first, the same command goes on.")
    first = runs[0].identity
    for other in runs[1:]:
        for what in ("task", "protocol", "plan", "dataset", "noise"):
            if _essence(first[what]) != _essence(other.identity[what]):
                raise UsageError(
                    f"{runs[0].where} and {other.where} cannot be compared: their {what} differs "
                    f"({_name(first[what])} and {_name(other.identity[what])})."
                )
        if set(first["axes"]) != set(other.identity["axes"]):
            raise UsageError(f"{runs[0].where} and {other.where} vary different axes.")
        _other_sound(runs[0], other)
    axes = {
        axis: tuple(v for v in values if all(v in run.identity["axes"][axis] for run in runs))
        for axis, values in first["axes"].items()
    }
    if not all(axes.values()):
        raise UsageError(f"{runs[0].where} and {runs[1].where} have no condition in common.")
    return axes


def _other_sound(a: Run, b: Run) -> list[str]:
    """One plan may be rendered to other samples on another machine, and then its trials are no pairs.

    So too pictures, where both have seen them: a system that only listens is shown none. What was found equivalent to
    an official exam as published may be ranked, and so compared, which a sentence then says.

    Raises:
        UsageError: they are other samples, and nothing says that they are equivalent.
    """
    # A trial that is void for one of them, because its picture is broken, was rendered to nothing there.
    known = {t["trial"]: t["facts"] for t in b.trials if t["facts"]}
    shared = [(t["trial"], t["facts"], known[t["trial"]]) for t in a.trials if t["facts"] and t["trial"] in known]
    notes = []
    for what, facts in (("sound", ("pcm",)), ("pictures", ("frames", "face"))):
        differ = [
            trial
            for trial, mine, other in shared
            if any(mine.get(f) != other.get(f) for f in facts if f == "pcm" or (f in mine and f in other))
        ]
        if not differ:
            continue
        count = f"{len(differ)} of {len(shared)} trials were rendered to other {what}"
        if not all(run.sound in ("exact", "equivalent") for run in (a, b)):
            raise UsageError(
                f"{a.where} and {b.where} cannot be compared: {count}, the first of them {differ[0]}; make both on one "
                "machine."
            )
        notes.append(f"{count}, equivalent to what was published.")
    return notes


def _essence(value: Any) -> Any:
    """What must agree: a fingerprint or hash where there is one, not the name."""
    return value.get("sha256") or value.get("fingerprint") if isinstance(value, Mapping) else value


def _name(value: Any) -> Any:
    return value["name"] if isinstance(value, Mapping) else value


def _shared_metrics(runs: Sequence[Run]) -> tuple[list[str], list[str]]:
    """Metrics that all runs have in the same version and by the same judge; sentences on those that they have apart."""
    shared, apart = [], []
    for identity in runs[0].identity["metrics"]:
        name = identity.partition("@")[0]
        judge = get_metric(name).judge
        known = [(identity in run.identity["metrics"], run.judges.get(judge)) for run in runs]
        if any(name in run.left_out for run in runs):
            apart.append(f"{name} is left out: its parts are too large for the file that a run was kept in.")
        elif all(same for same, _ in known) and len({by for _, by in known}) == 1:
            shared.append(name)
        elif all(same for same, _ in known):
            apart.append(f"{name} is left out: its judges differ ({', '.join(str(by) for _, by in known)}).")
        elif all(name in run.metrics for run in runs):
            apart.append(f"{name} is left out: its versions differ.")
    return shared, apart


def paired(runs: Sequence[Run], metric: str, condition: Mapping[str, Any]) -> tuple[list[list[Parts]], list[str]]:
    """Parts of several runs on the trials that all of them have, in one order.

    Returns:
        For each run its `[N]` parts, then the `[N]` clusters.
    """
    held = [{t["trial"]: t for t in usable(run.trials, metric) if matches(t, condition)} for run in runs]
    ids = [trial for trial in held[0] if all(trial in other for other in held[1:])]
    parts = [[parts_of(trials[i]["scores"][metric]) for i in ids] for trials in held]
    return parts, [held[0][i]["cluster"] for i in ids]


def shares(
    run: str | Path | Run, low: str | Path | Run, high: str | Path | Run, metrics: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The share of a gain, (run - low) / (high - low), per condition and metric.

    With the audio-only row as `low` and the audio-visual row as `high` this is the `av_gain_over_audio` of MUTUD's
    Table I; with the anchor `noisy` as `low` it is the `av_gain_over_noisy` of its Fig. 2.

    Returns:
        Rows of `{"condition", "metric", "share", "ci95", "n"}`; share and interval are null where the interval of
        the denominator holds zero, one of the three has no value, or there are fewer than ten clusters.

    Raises:
        UsageError, IncompleteRun: as `compare`.
    """
    runs = [open_run(one) for one in (run, low, high)]
    rows = []
    for condition in marginals(_common(runs)):
        for metric in metrics or _shared_metrics(runs)[0]:
            (a, b, c), clusters = paired(runs, metric, condition)
            if clusters:
                try:
                    found = corpus_share(get_metric(metric), a, b, c, clusters)
                except ReferenceFault:  # one of the three has no corpus value
                    found = Share(None, None, len(clusters))
                ci95 = list(found.ci95) if found.ci95 else None
                rows.append(
                    {"condition": condition, "metric": metric, "share": found.value, "ci95": ci95, "n": found.n}
                )
    return rows
