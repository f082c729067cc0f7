"""`check`: may this run take the place of that one? A gate that fails on losses that are real and matter, and on cost.

    lost         worse by more than the metric's relevance, and no chance: the two-sided p-value of the paired
                 difference over clusters is at most 5 % after Holm's correction over the rows judged
    gained       better, by the same rule
    passed       anything between; the reason says what kept a loss from counting
    not judged   no p-value can be had: fewer than ten clusters, a metric of a set as a whole

A value that the baseline has and the run has no more, because its answers failed, is lost too. Where no loss could ever
be told from chance, because many rows are judged on few clusters, nothing is judged at all.

Source: the tests are those of `compare`; correction Holm 1979.
Conventions: a loss is above zero where the run is worse, whatever the direction of the metric. Counts of a system
(parameters, multiply-accumulates, bytes) are equal anywhere and judged by a factor; its latency only where both were
timed on equal machines, neither of them busy with other things.

Contents: `check`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..metrics import Metric, get_metric
from .check_report import hand_out_text, junit_text, markdown_text
from .compare import compare
from .costs import cost_of
from .exam import unique
from .kept import is_kept, keep
from .pooling import SETS
from .record import hand_out
from .runs import Run, open_run
from .statistics import FLIPS, holm
from .summary import usable

LEVEL = 0.05
LACKING = "the run has no value"
BUSY = 2.0  # processes that wait for each core, beyond which a time says more about them than about the system
COUNTS = {"parameters": "parameters", "macs": "MACs", "weights_bytes": "bytes"}


def check(
    run: str | Path | Run,
    against: str | Path | Run,
    metrics: str | Sequence[str] | None = None,
    cost_factor: float = 1.05,
    latency_factor: float = 1.5,
    renew: bool = False,
    junit: str | Path | None = None,
    markdown: str | Path | None = None,
    json: str | Path | None = None,
) -> dict[str, Any]:
    """Judge a run against a baseline, on the trials that both have.

    Args:
        run: the run to be judged: its folder, the beginning of its folder's name, or a kept run's file.
        against: the baseline, likewise.
        metrics: names; all of the baseline's unless given.
        cost_factor: how much larger a count may be.
        latency_factor: how much longer the median call may take.
        renew: then keep the run as the file `against`, which becomes the next baseline; a new one where there is none.
        junit: file for the rows as JUnit XML.
        markdown: file for a comment.
        json: file for the result; `"-"` for standard output, also for the other two.

    Returns:
        `{"passed", "renewed", "run", "against", "system", "baseline", "task", "dataset", "plan", "kind", "clusters",
        "level", "rows", "cost", "worse", "notes"}`. Rows are those of `compare` with `loss`, `relevance`, `p_holm`,
        `verdict` and `reason`; `a` is the run and `b` the baseline. `cost` has `{"what", "before", "now", "ratio",
        "factor", "verdict", "reason"}`. `worse` has every trial that lost more than the relevance, the worst first:
        `{"trial", "condition", "metric", "before", "now", "loss", "status", "reason"}`. `passed` is False where a row
        or a cost is lost; nothing is raised then.

    Raises:
        UsageError: no such run, different exams, a metric of the baseline that the run cannot be judged under, or
            nothing that can be judged at all.
        IncompleteRun: one of them has not come to its end.
    """
    if [str(where) for where in (junit, markdown, json)].count("-") > 1:
        raise UsageError("Only one of --junit, --markdown and --json can go to standard output.")
    if min(cost_factor, latency_factor) < 1:
        raise UsageError("A factor must be at least 1: it says how much dearer a system may become.")
    run = open_run(run)
    if renew:
        _refuse_renewal(against)
        if not Path(against).exists():
            keep(run, against)
    baseline = open_run(against)
    found = compare(run, baseline)
    wanted = unique("metric", baseline.metrics if metrics is None else metrics)
    rows = _judged(_lacking(run, baseline, [row for row in found["rows"] if row["metric"] in wanted]))
    result = {
        "passed": True,
        "renewed": renew,
        "run": str(run.where),
        "against": str(baseline.where),
        "system": run.system,
        "baseline": baseline.system,
        "task": found["task"],
        "dataset": run.identity["dataset"]["name"],
        "plan": run.identity["plan"]["name"],
        **{key: found[key] for key in ("kind", "clusters")},
        "level": LEVEL,
        "rows": rows,
        "cost": _costs(run, baseline, cost_factor, latency_factor),
        "worse": _worse(run, baseline, [get_metric(name) for name in wanted]),
        "notes": [*_notes(run, baseline, rows), *found["notes"]],
    }
    result["passed"] = all(row["verdict"] != "lost" for row in (*rows, *result["cost"]))
    if not renew:
        _refuse_blindness(run, baseline, wanted, rows, found["left_out"])
    else:
        keep(run, against)
    for text, where in ((junit_text, junit), (markdown_text, markdown)):
        if where is not None:
            hand_out_text(text(result), where)
    if json is not None:
        hand_out(result, json)
    return result


def _lacking(run: Run, baseline: Run, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows, those marked that have a value in the baseline and none in the run."""
    found = []
    for row in rows:
        mine, other = (one.row(row["metric"], row["condition"]) for one in (run, baseline))
        gone = mine and other and mine["value"] is None and other["value"] is not None
        found.append({**row, "reason": f"{LACKING}: {row['reason']}"} if gone else dict(row))
    return found


def _judged(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `compare` with their verdicts."""
    tested = [row["p_value"] for row in rows if row["p_value"] is not None]
    corrected = iter(holm(tested))
    return [_verdict(row, None if row["p_value"] is None else next(corrected)) for row in rows]


def _verdict(row: Mapping[str, Any], p_holm: float | None) -> dict[str, Any]:
    metric = get_metric(row["metric"])
    loss = None if row["difference"] is None else _loss(metric, row["a"], row["b"], row["difference"])
    row = {**row, "loss": loss, "relevance": metric.relevance, "p_holm": p_holm}
    if row["reason"].startswith(LACKING):
        return {**row, "verdict": "lost"}
    if p_holm is None or loss is None:
        return {**row, "verdict": "not judged"}
    real, matters = p_holm <= LEVEL, abs(loss) > metric.relevance
    if real and matters:
        return {**row, "verdict": "lost" if loss > 0 else "gained"}
    reason = ""
    if loss > 0 and (real or matters):
        reason = "a loss, but smaller than what matters" if real else "a loss, but it may be chance"
    return {**row, "verdict": "passed", "reason": reason}


def _loss(metric: Metric, now: float, before: float, difference: float | None = None) -> float:
    difference = now - before if difference is None else difference
    return (-difference if metric.higher_is_better else difference) + 0.0


def _costs(run: Run, baseline: Run, factor: float, latency_factor: float) -> list[dict[str, Any]]:
    """Every cost with its verdict; one line without where nobody can say what one of the two costs."""
    before, reason = cost_of(baseline)
    now = None
    if before is not None:
        now, reason = cost_of(run)
    if before is None or now is None:
        return [_cost("cost", None, None, factor, reason)]
    lines = [_cost(name, before[what], now[what], factor) for what, name in COUNTS.items()]
    reason = _untimed(before, now)
    times = (None, None) if reason else (before["latency_ms"]["median"], now["latency_ms"]["median"])
    return [*lines, _cost("latency, ms", *times, latency_factor, reason)]


def _untimed(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Why two times cannot be compared; nothing where they can."""
    marks = [f"{one['device']} of {one['machine']}" for one in (before, now)]
    if marks[0] != marks[1]:
        return f"timed on the {marks[0]}, and now on the {marks[1]}"
    load = max(one["load"] for one in (before, now))
    return f"timed while {load:g} processes waited for each core" if load > BUSY else ""


def _cost(what: str, before: float | None, now: float | None, factor: float, reason: str = "") -> dict[str, Any]:
    line = {"what": what, "before": before, "now": now, "ratio": None, "factor": factor}
    if before is None or now is None:
        return {**line, "verdict": "not judged", "reason": reason}
    dearer = now > before * factor
    ratio = now / before if before else None
    return {**line, "ratio": ratio, "verdict": "lost" if dearer else "passed", "reason": ""}


def _worse(run: Run, baseline: Run, metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """The trials that lost more than matters, the worst first, in units of what matters."""
    found = []
    for metric in metrics:
        held = {trial["trial"]: trial["scores"][metric.name] for trial in usable(baseline.trials, metric.name)}
        for trial in usable(run.trials, metric.name):
            now, before = trial["scores"][metric.name], held.get(trial["trial"])
            if before is None or before["value"] is None or now["value"] is None:
                continue
            loss = _loss(metric, now["value"], before["value"])
            if loss > metric.relevance:
                line = {key: trial[key] for key in ("trial", "condition")}
                values = {"before": before["value"], "now": now["value"], "loss": loss}
                found.append(
                    {**line, "metric": metric.name, **values, "status": now["status"], "reason": now["reason"]}
                )
    return sorted(found, key=lambda one: (-one["loss"] / max(get_metric(one["metric"]).relevance, 1e-12), one["trial"]))


def _notes(run: Run, baseline: Run, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a reader should know who only sees the verdict."""
    notes = []
    if run.system != baseline.system:
        notes.append(f"The run is of {run.system}, the baseline of {baseline.system}.")
    if blind := sum(row["verdict"] == "not judged" for row in rows):
        notes.append(f"{blind} of {len(rows)} rows could not be judged.")
    return notes


def _refuse_renewal(against: str | Path | Run) -> None:
    """A baseline is renewed as a file; a run in a folder is left as it is."""
    path = None if isinstance(against, Run) else Path(against)
    if path is None or path.suffix != ".json" or (path.exists() and not is_kept(path)):
        raise UsageError(f"--renew writes a kept run, FILE.json, and {against} is none.")


def _refuse_blindness(
    run: Run, baseline: Run, wanted: Sequence[str], rows: Sequence[Mapping[str, Any]], left_out: Sequence[str]
) -> None:
    """A gate that judged less than was asked would pass without saying so.

    Raises:
        UsageError: trials or a metric are missing, no row has a verdict, or none could ever be a loss.
    """
    mine, other = ({trial["trial"] for trial in one.trials} for one in (run, baseline))
    if unasked := len(other - mine):
        raise UsageError(
            f"{unasked} of the {len(other)} trials of {baseline.where} were not run: run all of them, or make a new "
            "baseline with --renew."
        )
    missing = [name for name in wanted if all(row["metric"] != name for row in rows)]
    if missing:
        why = " ".join(one for one in left_out if one.partition(" ")[0] in missing)
        raise UsageError(
            f"{run.where} and {baseline.where} cannot be compared under {', '.join(missing)}"
            f"{': ' + why if why else '.'} Run with these metrics too, name others with --metrics, or make a new "
            "baseline with --renew."
        )
    if all(row["verdict"] == "not judged" for row in rows):
        reason = next((row["reason"] for row in rows if row["reason"]), "")
        raise UsageError(f"Nothing can be judged: {reason}.")
    tested = [row for row in rows if row["p_value"] is not None]
    clusters = len({trial["cluster"] for trial in run.trials})
    dull = sorted({row["metric"] for row in tested if len(tested) * _finest(run, row["metric"], clusters) > LEVEL / 2})
    if dull:
        raise UsageError(
            f"{len(tested)} rows are judged on {clusters} clusters, so that no loss of {', '.join(dull)} could be told "
            "from chance: name fewer metrics with --metrics, or use a plan with more clusters and fewer conditions."
        )


def _finest(run: Run, metric: str, clusters: int) -> float:
    """The smallest p-value that there can be: of so many sign patterns, or of so many that are tried."""
    anew = any("more" in trial["scores"].get(metric, {}) for trial in run.trials)
    return max(2.0 ** (1 - clusters), 1 / (1 + (SETS if anew else FLIPS)))
