"""`score`: judge what a run has answered again, under other metrics or by other judges; no system is needed.

Which metrics judged, and in which version, is part of what a run is (see `identity`). So answers that are judged under
others are another run, with a folder of its own: the very run, byte for byte, that `run` with these metrics would have
made, and will find there. Only where nothing changes, or a judge has come that was absent, the run itself is gone on
with. The references are rendered anew from the run's plan, and a single trial that sounds or looks other than when it
was answered ends the matter.

Contents: `score`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import BadFile, EstimateFault, IncompleteRun, UsageError
from ..protocols import is_committed
from ..tasks import Task, get_task
from ..types import Trial
from .answers import ANSWERS
from .engines import LocalEngine
from .evaluate import choose_device, folder_of, metrics_for, refuse_other_exams
from .exam import Exam, set_exam
from .examinee import Examinee
from .host import Answer
from .identity import digest_of, identity_of, is_same
from .judging import parse_judges, placed
from .kept import FACTS
from .record import Record, hand_out, write_json
from .runs import Run, document, open_run, open_runs
from .sitting import is_done, sit

SAME = ("task", "protocol", "plan", "dataset", "noise", "axes", "limit")


def score(
    run: str | Path | Run,
    metrics: str | Sequence[str] | None = None,
    dataset: str | None = None,
    noise: str | None = None,
    judge: Sequence[str] = (),
    device: str = "cpu",
    workers: int | None = None,
    out: str | Path | None = None,
    json: str | Path | None = None,
) -> list[Run]:
    """Judge a run's saved answers again, with those of the anchors beside it.

    Args:
        run: the run: its folder, or the beginning of its folder's name.
        metrics: names; those of the run, as they are today, unless given.
        dataset: where the run's data set lies, if that is a folder, which a run does not keep: `folder:PATH`.
        noise: likewise for its noises.
        judge: `NAME=PATH` each, as for `run`.
        device: where judges that are networks run: `cpu`, `cuda` or `auto`. Every worker loads its own, so with a GPU
            one or two `workers` are enough.
        workers: processes that judge; scores do not depend on it.
        out: folder for the runs of this call, one folder each; `runs/<task>/<system>-<hash>` unless given.
        json: file for the values, as `run` writes them; `"-"` for standard output.

    Returns:
        The run, then the anchors of its exam, under these metrics.

    Raises:
        UsageError: no such run, no answers to judge, or its trials cannot be rendered here as they were.
        IncompleteRun: it has not come to its end.
        UnknownName, MissingResource, BadFile: as for `run`.
    """
    old = [one for one in open_runs(open_run(run).where) if _has_answers(one)]
    task = get_task(old[0].identity["task"])
    judged_by = metrics_for(task, list(metrics or old[0].metrics) if not isinstance(metrics, str) else metrics)
    engine, where = LocalEngine(workers), choose_device(device)
    exam = _exam_of(old[0], task, judged_by, dataset, noise, parse_judges(judge))
    exam = replace(exam, chosen=placed(exam.chosen, judged_by, where))
    places = [_place(exam, one, out) for one in old]
    if not all(is_done(folder, identity) for folder, identity in places):
        exam.prepare(any(_seen(one) for one in old), workers)
    with engine:
        runs = [
            _judged(exam, one, folder, identity, engine) for one, (folder, identity) in zip(old, places, strict=True)
        ]
    if json is not None:
        hand_out(document(runs), json)
    return runs


def _has_answers(run: Run) -> bool:
    """Raises what `score` raises for a run that cannot be judged again."""
    if run.kept is not None:
        raise UsageError(f"{run.where} was kept without its answers: name the folder of the run.")
    if not run.ended or run.left["error"]:
        raise IncompleteRun(f"{run.where} is not finished: run it to its end first, the same command goes on.")
    return True


def _exam_of(
    run: Run, task: Task, metrics: Sequence[Any], dataset: str | None, noise: str | None, judges: Mapping[str, str]
) -> Exam:
    """The exam of a run under other metrics.

    Raises:
        UsageError: it cannot be set here as it was.
    """
    was = run.identity
    for what, given in (("dataset", dataset), ("noise", noise)):
        if given is None and ":" in ((was[what] or {}).get("name") or ""):
            raise UsageError(f"{run.where} has its {what} from {was[what]['name']}: say where it lies with --{what}.")
    if any(str(value).startswith("folder:") for values in was["axes"].values() for value in values):
        raise UsageError(f"{run.where} varies a folder of the user's own, and does not know where it lies.")
    name = was["plan"]["name"]
    if name not in task.plans or not is_committed(name, was["plan"]["sha256"]):
        name = str(run.folder / "plan.jsonl")
    axes = {axis: tuple(values) for axis, values in was["axes"].items()}
    return set_exam(task, axes, metrics, dataset, noise, name, was["limit"], judges)


def _place(exam: Exam, run: Run, out: str | Path | None) -> tuple[Path, Mapping[str, Any]]:
    """The folder and the identity of a run that is judged again.

    Raises:
        UsageError: what is asked here is not what was answered, or the folder holds something else.
    """
    was = run.identity
    now = identity_of(exam, _again(run, exam))
    for what in SAME:
        if now[what] != was[what]:
            raise UsageError(
                f"{run.where} cannot be judged again here: its {what} was {_short(was[what])} and would be "
                f"{_short(now[what])}."
            )
    # Who answered stays who it was, under the avbench that it answered to.
    earlier = {} if was["avbench"] == __version__ else {"answered_under": was["avbench"]}
    now["system"] = {**earlier, **was["system"]}
    if is_same(was, now):
        return run.folder, now
    folder = folder_of(exam, now, out)
    refuse_other_exams(now, out)
    Record(folder).check(now)
    return folder, now


def _short(value: Any) -> Any:
    return " ".join(str(part)[:12] for part in value.values()) if isinstance(value, Mapping) else value


def _seen(run: Run) -> bool:
    """The examinee was shown pictures."""
    return any({"frames", "face"} & trial["facts"].keys() for trial in run.trials)


def _again(run: Run, exam: Exam) -> Examinee:
    """Who answers as the run has answered."""
    known = {trial["trial"]: trial for trial in run.trials}
    kind = ANSWERS[exam.task.answer]

    def one(trial: Trial) -> Answer:
        before = known.get(trial.id)
        if before is None:
            raise BadFile(f"{run.where} has no trial {trial.id}: it was damaged, or made by another avbench.")
        if any(before["facts"].get(fact) != trial.facts.get(fact) for fact in FACTS):
            raise UsageError(
                f"{run.where} cannot be judged again here: this machine renders {trial.id} to other sound or pictures "
                "than were answered."
            )
        path = run.record.prediction(trial.id, kind)
        if path.is_file():
            return kind.read(path)
        reason = next((s["reason"] for s in before["scores"].values() if s["status"] == "failed"), None)
        if reason is None:
            raise BadFile(f"{path} is missing, and nothing says that the system gave no answer.")
        return EstimateFault(reason)

    def answer(trials: Sequence[Trial]) -> list[Answer]:
        return [one(trial) for trial in trials]

    return Examinee(run.system, run.identity["system"]["digest"], None, lambda device: None, answer, _seen(run))


def _judged(exam: Exam, run: Run, folder: Path, identity: Mapping[str, Any], engine: LocalEngine) -> Run:
    """One run, judged again, with what is known of how it was answered."""
    head = {key: value for key, value in run.head.items() if key != "format"}
    head |= {"identity": identity, "hash": digest_of(identity), "official": exam.official}
    found = sit(exam, _again(run, exam), head, folder, engine, "cpu")
    if not found.cached and folder != run.folder:
        sessions = [*run.record.provenance["sessions"], *found.record.provenance["sessions"]]
        write_json(folder / "provenance.json", {"sessions": sessions})
        if run.cost is not None:
            write_json(folder / "cost.json", run.cost)
    return found
