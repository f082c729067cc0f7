"""`run`: systems sit a task, and everything that happens is kept.

Contents: `run`, `choose_device`, `head_of`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import MissingResource, UsageError
from ..metrics import get_metric
from ..tasks import Task, get_task
from .conditions import Snr, parse_axes
from .engines import LocalEngine
from .exam import Exam, set_exam, unique
from .examinee import Examinee, anchor, open_examinee
from .identity import digest_of, exam_hash, folder_name, identity_of
from .record import Record, hand_out
from .runs import HOME, Run, document
from .sitting import is_done, sit


def run(
    system: str | Sequence[str],
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
    anchors: str | Sequence[str] | None = None,
    device: str = "auto",
    workers: int | None = None,
    out: str | Path | None = None,
    fresh: bool = False,
    json: str | Path | None = None,
) -> list[Run]:
    """Let one or several systems sit a task.

    A finished run is not made again, an unfinished one is gone on with.

    Args:
        system: names, as a list or separated by commas; `outputs:DIR` for predictions made elsewhere.
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
        anchors: rows made from the trial itself; `"none"` for none.
        device: `auto`, `cpu` or `cuda`.
        workers: processes that judge; scores do not depend on it.
        out: folder for the runs of this call, one folder each; `runs/<task>/<system>-<hash>` unless given.
        fresh: make finished and unfinished runs anew.
        json: file for the values; `"-"` for standard output.

    Returns:
        A run per system, then one per anchor. `Run.complete` is False where the machine failed at a trial or lacks a
        judge; running again retries it.

    Raises:
        UnknownName, UsageError, MissingResource, BadFile: nothing was run, or nothing more; what was done is kept.
    """
    names = unique("system", system)
    if weights is not None and len(names) > 1:
        raise UsageError("--weights belongs to one system, and several were named.")
    asked = get_task(task)
    rows_below = _anchors(asked, anchors)
    engine = LocalEngine(workers)
    check_device(device)
    # What costs nothing to check comes before the first system is opened, and that before any data.
    axes = parse_axes(asked, snr, set)
    judged_by = [get_metric(name) for name in unique("metric", asked.metrics if metrics is None else metrics)]
    for metric in judged_by:
        if metric.kind.name not in asked.kinds:
            raise UsageError(f"{metric.name} cannot judge {asked.name}, whose answers are {asked.answer}.")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be at least 1, not {limit}.")
    found = [open_examinee(name, asked, recipe, Path(weights) if weights else None) for name in names]
    exam = set_exam(asked, axes, judged_by, dataset, noise, protocol, limit)
    everyone = [*found, *(anchor(name) for name in rows_below)]
    _refuse_equal_names([examinee.name for examinee in everyone])
    identities = [identity_of(exam, examinee) for examinee in everyone]
    folders = [_folder(exam, identity, out) for identity in identities]
    _refuse_other_exams(identities[0], out)
    for folder, identity in zip(folders, identities, strict=True):
        Record(folder).check(identity)
    done = [not fresh and is_done(folder, identity) for folder, identity in zip(folders, identities, strict=True)]
    if not all(done):
        where = choose_device(device)
        # Before the heads, which ask every clip for its speaker: one by one that would make the corpus slowly.
        exam.prepare(any(examinee.video for examinee in everyone), workers)
    with engine:
        runs = [
            Run(folder, cached=True)
            if cached
            else sit(exam, examinee, head_of(exam, examinee), folder, engine, where, fresh)
            for examinee, folder, cached in zip(everyone, folders, done, strict=True)
        ]
    if json is not None:
        hand_out(document(runs), json)
    return runs


def _anchors(task: Task, anchors: str | Sequence[str] | None) -> list[str]:
    if anchors is None:
        return list(task.anchors)
    names = unique("anchor", anchors)
    return [] if names == ["none"] else [anchor(name).name for name in names]


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
        "clips": len(exam.rows),
        "clusters": exam.clusters,
    }


def _folder(exam: Exam, identity: Mapping[str, Any], out: str | Path | None) -> Path:
    name = folder_name(identity["system"]["name"])
    return Path(out) / name if out is not None else HOME / exam.task.name / f"{name}-{digest_of(identity)[:8]}"


def _refuse_equal_names(names: Sequence[str]) -> None:
    """Each row has a name and a folder of its own."""
    for i, name in enumerate(names):
        other = next((n for n in names[:i] if folder_name(n) == folder_name(name)), None)
        if other is not None:
            raise UsageError(f"Two rows would be called {name}: rename one of them, or its folder.")


def _refuse_other_exams(identity: Mapping[str, Any], out: str | Path | None) -> None:
    """One --out folder is one table: refuse one that holds runs of another exam, or is itself a run."""
    if out is None or not Path(out).exists():
        return
    if not Path(out).is_dir():
        raise UsageError(f"{out} is a file, and --out must be a folder.")
    for folder in (Path(out), *sorted(p for p in Path(out).iterdir() if p.is_dir())):
        record = Record(folder)
        if record.exists and (folder == Path(out) or exam_hash(record.head["identity"]) != exam_hash(identity)):
            raise UsageError(f"{out} holds another run ({folder}): choose another --out.")
