"""Results as data: the scores of runs as one pandas table, or as curves in TensorBoard.

Columns of the table, one row for each trial and metric:

    run             folder of the run, or the file that it was kept in
    task, dataset, plan, official, kind     of its exam; `kind` says what is synthetic
    system, digest, recipe, anchor          who answered; an anchor is a row that avbench makes itself
    trial, clip, cluster                    ids; clusters (speakers, mostly) are what intervals are over
    <axis>          one column for each axis of any of the runs, e.g. `snr`, `modality`; empty where a run has none
    metric, unit, judge, higher_is_better   `judge` is name@digest, empty where none is needed
    status          ok, failed, void, error, not-applicable
    value           bounded value, a failed trial's floor; NaN where there is none: void, error, not-applicable, or a
                    metric of sets whose trials have no values of their own
    raw             what the formula gave; NaN where it gave nothing
    reason          why the status is not ok

Votes of people (`mos`, `cpr`) have rows too, of the trials that were heard; their judge is `raters@<test>`.

The mean of `value` over `status` ok and failed is what a run reports, for metrics that are means over trials. Others
(wer, map, fid) are pooled otherwise: take `Run.rows` for those.

Contents: `load_runs`, `COLUMNS`, `to_tensorboard`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..extras import need
from ..metrics import get_metric
from .conditions import shown
from .identity import folder_name
from .runs import Run, open_runs
from .votes import votes_of

if TYPE_CHECKING:
    import pandas

BEFORE = ("run", "task", "dataset", "plan", "official", "kind", "system", "digest", "recipe", "anchor", "trial", "clip",
          "cluster")  # fmt: skip
AFTER = ("metric", "unit", "judge", "higher_is_better", "status", "value", "raw", "reason")
COLUMNS = (*BEFORE, *AFTER)
Where = str | Path | Run


def load_runs(runs: Where | Iterable[Where] = "runs") -> "pandas.DataFrame":
    """The scores of every trial of some runs.

    Args:
        runs: a run, a folder of runs at any depth, a kept run's file, or several of these. A single run comes with the
            anchors of its exam, as in a table.

    Returns:
        A row for each trial and metric; columns as above, those of axes after `cluster`.

    Raises:
        UsageError: there is no run.
        MissingResource: pandas is not installed.
    """
    pandas = need("pandas", extra="data", purpose="tables of results")
    found = _opened(runs)
    axes = list(dict.fromkeys(axis for run in found for trial in run.trials for axis in trial["condition"]))
    columns: dict[str, list[Any]] = {name: [] for name in (*BEFORE, *axes, *AFTER)}
    for run in found:
        for line in _lines(run, axes):
            for name, value in line.items():
                columns[name].append(value)
    table = pandas.DataFrame(columns)
    return table.astype({"value": "float64", "raw": "float64", "official": "bool", "anchor": "bool"})


def _opened(runs: Where | Iterable[Where]) -> list[Run]:
    several = [runs] if isinstance(runs, str | Path | Run) else list(runs)
    found: dict[Path, Run] = {}
    for one in several:
        for run in [one] if isinstance(one, Run) else open_runs(one):
            found.setdefault(run.where.resolve(), run)
    if not found:
        raise UsageError("No run was named.")
    return list(found.values())


def _lines(run: Run, axes: Sequence[str]) -> Iterator[dict[str, Any]]:
    identity = run.identity
    of_run = {
        "run": str(run.where),
        "task": run.task,
        "dataset": identity["dataset"]["name"],
        "plan": identity["plan"]["name"],
        "official": run.head["official"],
        "kind": run.kind,
        "system": run.system,
        "digest": identity["system"]["digest"],
        "recipe": identity["system"]["recipe"],
        "anchor": run.anchor,
    }
    metrics, tests = [get_metric(name) for name in run.metrics], votes_of(run)
    for trial in run.trials:
        of_trial = {key: trial[key] for key in ("trial", "clip", "cluster")}
        of_trial |= {axis: trial["condition"].get(axis) for axis in axes}
        for metric in metrics:
            score = trial["scores"].get(metric.name)
            if score is None:
                continue
            judge = run.judges.get(metric.judge, metric.judge) if metric.judge else None
            of_score = {"unit": metric.unit, "judge": judge, "higher_is_better": metric.higher_is_better}
            values = {key: score[key] for key in ("status", "value", "raw", "reason")}
            yield {**of_run, **of_trial, "metric": metric.name, **of_score, **values}
        for heard in tests:
            if score := heard["trials"].get(trial["trial"]):
                metric = get_metric(heard["metric"])
                of_score = {"unit": metric.unit, "judge": heard["judge"], "higher_is_better": metric.higher_is_better}
                values = {"status": score["status"], "value": score["value"], "reason": score["reason"]}
                raw = score["value"] if score["status"] == "ok" else None
                yield {**of_run, **of_trial, "metric": metric.name, **of_score, **values, "raw": raw}


def to_tensorboard(runs: Where | Iterable[Where], folder: str | Path) -> Path:
    """Write pooled values for TensorBoard: a curve for each system and metric, with the SNR as its step.

    A tag is `<task>/<metric>` or, where other axes were varied, `<task>/<metric>/<axis>=<value>`; values of runs
    without SNRs stand at step 0. TensorBoard's steps are whole numbers: a curve with an SNR of another kind is refused.

    Args:
        runs: as for `load_runs`.
        folder: one folder for each system is made below.

    Returns:
        The folder.

    Raises:
        UsageError: there is no run, or an SNR that is no whole number.
        MissingResource: tensorboard is not installed.
    """
    need("tensorboard", extra="train", purpose="its curves")
    from torch.utils.tensorboard import SummaryWriter

    for run in _opened(runs):
        name = folder_name(f"{run.system}-{run.head['hash'][:8]}")
        with SummaryWriter(str(Path(folder) / name)) as writer:
            for row in run.rows:
                if row["value"] is None or ("snr" in run.identity["axes"] and "snr" not in row["condition"]):
                    continue  # pooled over SNRs, which is no step
                condition = dict(row["condition"])
                snr = condition.pop("snr", 0)
                if snr == "clean":
                    condition, snr = {**condition, "snr": "clean"}, 0
                if not isinstance(snr, int):
                    raise UsageError(f"TensorBoard's steps are whole numbers, and {run.where} has an SNR of {snr} dB.")
                tags = (f"{axis}={shown(value)}" for axis, value in condition.items())
                writer.add_scalar("/".join([run.task, row["metric"], *tags]), row["value"], snr)
    return Path(folder)
