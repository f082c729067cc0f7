"""`run`: systems sit a task, and everything that happens is kept.

Contents: `run`, `choose_device`, `head_of`.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import MissingResource, UsageError
from ..metrics import Metric, get_metric
from ..tasks import Task, get_task
from .conditions import Snr, parse_axes
from .engines import LocalEngine
from .exam import Exam, set_exam, unique
from .examinee import Examinee, anchor, open_examinee, truth_of
from .host import TIMEOUT
from .identity import digest_of, exam_of, folder_name, identity_of, is_same
from .judging import parse_judges
from .record import Record, hand_out
from .runs import HOME, Run, document, is_run
from .sitting import is_done, sit


def run(
    system: str | Sequence[str] | Examinee,
    task: str = "avse",
    snr: Snr | None = None,
    set: Sequence[str] | Mapping[str, Any] = (),
    dataset: str | None = None,
    noise: str | None = None,
    protocol: str | None = None,
    recipe: str | None = None,
    weights: str | Path | None = None,
    limit: int | None = None,
    metrics: str | Sequence[str] | None = None,
    judge: Sequence[str] = (),
    anchors: str | Sequence[str] | None = None,
    device: str = "auto",
    workers: int | None = None,
    timeout: float = TIMEOUT,
    out: str | Path | None = None,
    fresh: bool = False,
    json: str | Path | None = None,
) -> list[Run]:
    """Let one or several systems sit a task.

    A finished run is not made again, an unfinished one is gone on with.

    Args:
        system: names, as a list or separated by commas; `outputs:DIR` for predictions made elsewhere; or who sits the
            exam, opened already.
        task: its name.
        snr: dB: `"-15:5"` (ascending by 5, or `A:B:STEP`), `"-5,0"`, `"clean"`, numbers; else the official ones.
        set: other axes, `"modality=audio,av"` each.
        dataset: a name or `folder:PATH`.
        noise: a name or `folder:PATH`.
        protocol: an official plan by name (`3-bn`, `5-bn`, `3-bn-full`), or a plan file.
        recipe: whose weights.
        weights: a file of weights instead; one system only.
        limit: the first so many clips of the plan; such a run is never ranked.
        metrics: names; the task's own unless given.
        judge: `NAME=PATH` each: weights of a judge by path; or `NAME=OTHER`: another judge in its place.
        anchors: rows made from the trial itself; `"none"` for none. Where a judge is asked, the one that hands in the
            target is one of them, because a judge's number means little beside none of what it says of true signals.
        device: `auto`, `cpu` or `cuda`.
        workers: processes that judge; scores do not depend on it.
        timeout: seconds that one call of a system may take, which asks for one clip at every condition. Where it takes
            longer, each condition is asked again by itself and gets its share of the seconds; beyond that it fails.
        out: folder for the runs of this call, one folder each; `runs/<task>/<system>-<hash>` unless given.
        fresh: make finished and unfinished runs anew.
        json: file for the values; `"-"` for standard output.

    Returns:
        A run per system, then one per anchor. `Run.complete` is False where the machine failed at a trial or lacks a
        judge; running again retries it.

    Raises:
        UnknownName, UsageError, MissingResource, BadFile: nothing was run, or nothing more; what was done is kept.
    """
    names = [system] if isinstance(system, Examinee) else unique("system", system)
    if weights is not None and len(names) > 1:
        raise UsageError("--weights belongs to one system, and several were named.")
    # What costs nothing to check comes before the first system is opened, and that before any data.
    asked = get_task(task)
    judged_by = metrics_for(asked, metrics)
    rows_below = _anchors(asked, anchors, judged_by)
    axes = parse_axes(asked, snr, set)
    judges = parse_judges(judge)
    check_device(device)
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be at least 1, not {limit}.")
    if not 0 < timeout < math.inf:
        raise UsageError(f"--timeout must be seconds above 0, not {timeout}.")
    engine = LocalEngine(workers)
    file = Path(weights) if weights else None
    found = [n if isinstance(n, Examinee) else open_examinee(n, asked, recipe, file, timeout) for n in names]
    exam = set_exam(asked, axes, judged_by, dataset, noise, protocol, limit, judges)
    everyone = [*found, *(anchor(name, asked.answer, exam) for name in rows_below)]
    places = _places(exam, everyone, out)
    done = [not fresh and is_done(folder, identity) for folder, identity in places]
    if not all(done):
        where = choose_device(device)
        exam.prepare(any(examinee.video for examinee in everyone), workers)
    with engine:
        runs = [
            Run(folder, cached=True)
            if cached
            else sit(exam, examinee, head_of(exam, examinee), folder, engine, where, fresh)
            for examinee, (folder, _), cached in zip(everyone, places, done, strict=True)
        ]
    if json is not None:
        hand_out(document(runs), json)
    return runs


def metrics_for(task: Task, metrics: str | Sequence[str] | None) -> list[Metric]:
    """Those that were asked for, or the task's own.

    Raises:
        UnknownName, UsageError: there is none of that name, or it cannot judge this task.
    """
    found = [get_metric(name) for name in unique("metric", task.metrics if metrics is None else metrics)]
    for metric in found:
        if metric.kind.name not in task.kinds:
            raise UsageError(f"{metric.name} cannot judge {task.name}, whose answers are {task.answer}.")
    return found


def _anchors(task: Task, anchors: str | Sequence[str] | None, metrics: Sequence[Metric]) -> list[str]:
    """Those that were asked for, or the task's own; with the one that shows how well a judge knows true signals."""
    if anchors is None:
        return list(task.anchors)
    names = unique("anchor", anchors)
    if names == ["none"]:
        return []
    found = [anchor(name, task.answer).name for name in names]
    judged, truth = any(metric.judge for metric in metrics), truth_of(task.answer)
    return [*found, truth] if judged and truth not in found else found


def _places(exam: Exam, everyone: Sequence[Examinee], out: str | Path | None) -> list[tuple[Path, Mapping[str, Any]]]:
    """The folder and the identity of every row, each sure to be free for it.

    Raises:
        UsageError: two rows of one name, or a folder that holds something else.
    """
    _refuse_equal_names([examinee.name for examinee in everyone])
    identities = [identity_of(exam, examinee) for examinee in everyone]
    places = [(folder_of(exam, identity, out), identity) for identity in identities]
    refuse_other_exams(identities[0], out)
    for folder, identity in places:
        Record(folder).check(identity)
    return places


def check_device(device: str) -> None:
    """Raise `UsageError` for a word that is no device."""
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"The device {device!r} is not auto, cpu or cuda.")


def choose_device(device: str) -> str:
    """`cpu` or `cuda`.

    Raises:
        UsageError: another word.
        MissingResource: `cuda` where there is none.
    """
    check_device(device)
    if device == "cpu":
        return device
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise MissingResource("This machine offers no CUDA device: use --device cpu.")
    return "cuda" if torch.cuda.is_available() else "cpu"


def head_of(exam: Exam, examinee: Examinee) -> dict[str, Any]:
    """What `run.json` will say: the identity, and what a reader needs to show the run without the system."""
    card = examinee.card
    identity = identity_of(exam, examinee)
    return {
        "identity": identity,
        "hash": digest_of(identity),
        "card": card
        and {
            "title": card.title,
            "paper": card.paper,
            "inputs": sorted(card.inputs),
            "causal": card.causal,
            "lookahead": card.lookahead,
            "licence": card.licence,
            "synthetic": card.synthetic,
            "training": card.training,
            "finished": card.finished,
        },
        "synthetic": any(exam.made.values()),
        "made": exam.made,
        "official": exam.official,
        "clips": len({row.clip for row in exam.rows}),
        "asked": list(exam.asked),
        "answer": exam.task.answer,
        "clusters": exam.clusters,
    }


def folder_of(exam: Exam, identity: Mapping[str, Any], out: str | Path | None) -> Path:
    """Where a run is kept; one that began while a judge was absent is gone on with where it lies."""
    name = folder_name(identity["system"]["name"])
    if out is not None:
        return Path(out) / name
    home = HOME / exam.task.name
    folder = home / f"{name}-{digest_of(identity)[:8]}"
    if exam.judges and not folder.exists():
        begun = [p for p in sorted(home.glob(f"{name}-*")) if is_run(p) and is_same(Run(p).identity, identity)]
        return begun[0] if begun else folder
    return folder


def _refuse_equal_names(names: Sequence[str]) -> None:
    """Each row has a name and a folder of its own."""
    for i, name in enumerate(names):
        other = next((n for n in names[:i] if folder_name(n) == folder_name(name)), None)
        if other is not None:
            raise UsageError(f"Two rows would be called {name}: rename one of them, or its folder.")


def refuse_other_exams(identity: Mapping[str, Any], out: str | Path | None) -> None:
    """One --out folder is one table: refuse one that holds runs of another exam, or is itself a run."""
    if out is None or not Path(out).exists():
        return
    if not Path(out).is_dir():
        raise UsageError(f"{out} is a file, and --out must be a folder.")
    for folder in (Path(out), *sorted(p for p in Path(out).iterdir() if p.is_dir())):
        record = Record(folder)
        if not record.exists:
            continue
        if folder == Path(out) or not is_same(exam_of(record.head["identity"]), exam_of(identity)):
            raise UsageError(f"{out} holds another run ({folder}): choose another --out.")
