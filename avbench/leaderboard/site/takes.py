"""What was heard, seen and wanted in a trial: rendered again from the run's plan, or taken from the anchors beside it.

The anchors `noisy` and `oracle` of the same exam hold the very input and target of each trial as files, which is all
that a system that only listens has met. Otherwise the plan is rendered again, and what comes out must have the hashes
that the run noted, or it is not shown as what the system heard.

Contents: `Stage`, `stage_of`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import AvbenchError, BadFile
from ...evaluation.answers import ANSWERS
from ...evaluation.exam import Exam
from ...evaluation.examinee import SOUNDS, truth_of
from ...evaluation.runs import Run
from ...evaluation.sitting import describe
from ...types import Inputs, Target, Trial

HASHES = ("pcm", "frames", "face")


@dataclass(frozen=True)
class Stage:
    """What could be had again of some trials.

    Args:
        trials: by id.
        reason: one sentence on why others could not; empty where all could.
    """

    trials: Mapping[str, Trial] = field(default_factory=dict)
    reason: str = ""


def stage_of(run: Run, wanted: Collection[str], beside: Sequence[Run] = ()) -> Stage:
    """Inputs and targets of some trials of a run.

    Args:
        run: with a folder.
        wanted: ids of trials.
        beside: anchors that sat the same exam.
    """
    held = {trial["trial"]: trial for trial in run.trials if trial["trial"] in wanted}
    found = {} if _looks(run) else _from_anchors(run, held, beside)
    left = {name: trial for name, trial in held.items() if name not in found}
    if not left:
        return Stage(found)
    try:
        rendered = _rendered(run, left)
    except AvbenchError as error:
        return Stage(found, f"Input and target cannot be rendered here: {error}")
    same = {name: trial for name, trial in rendered.items() if _is_same(trial, held[name])}
    if len(same) < len(rendered):
        return Stage({**found, **same}, "This machine renders other trials than the run was made with: not shown.")
    return Stage({**found, **same})


def _looks(run: Run) -> bool:
    """Pictures are shown to the system, or are what it answers with."""
    card = run.head["card"]
    return run.head["answer"] != "audio" or (card is not None and bool(set(card["inputs"]) - SOUNDS))


def _from_anchors(run: Run, held: Mapping[str, Mapping[str, Any]], beside: Sequence[Run]) -> dict[str, Trial]:
    kind = ANSWERS["audio"]
    anchors = {one.system: one for one in (*beside, run) if one.anchor and one.folder and one.exam == run.exam}
    noisy, truth = anchors.get("noisy"), anchors.get(truth_of("audio"))
    if noisy is None or truth is None or run.head["answer"] != "audio":
        return {}
    found = {}
    for name, trial in held.items():
        try:
            heard, wanted = (kind.read(one.record.prediction(name, kind)) for one in (noisy, truth))
        except BadFile:
            continue
        inputs = Inputs(name, heard, None, 0)
        found[name] = Trial(name, inputs, Target(audio=wanted), trial["condition"], trial["clip"], trial["cluster"])
    return found


def _rendered(run: Run, held: Mapping[str, Mapping[str, Any]]) -> dict[str, Trial]:
    """Trials made again from the plan of the run; those of its rows that are wanted.

    Raises:
        AvbenchError: something that they are made of is not here, or is another now.
    """
    exam = _exam(run)
    clips = {trial["clip"] for trial in held.values()}
    rows = [row for row in exam.rows if row.clip in clips]
    seen = _looks(run)
    exam.dataset.prepare([row.clip for row in rows], mouth=seen)
    made = (trial for row in rows for trial in exam.trials(row, seen))
    return {trial.id: trial for trial in made if isinstance(trial, Trial) and trial.id in held}


def _exam(run: Run) -> Exam:
    from ...data.dataset import open_dataset
    from ...data.noise import open_noise
    from ...protocols import Plan, get_protocol
    from ...tasks import get_task

    identity = run.identity
    path = run.folder / "plan.jsonl"
    try:
        plan = Plan.parse(path.read_bytes(), "the plan of the run")
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from error
    dataset = open_dataset(identity["dataset"]["name"])
    noise = open_noise(identity["noise"]["name"]) if identity["noise"] else None
    for thing, kept in ((dataset, identity["dataset"]), (noise, identity["noise"])):
        if thing is not None and thing.fingerprint != kept["fingerprint"]:
            raise BadFile(f"{kept['name']} is another here than the run was made with.")
    axes = {axis: tuple(float(v) if _is_level(axis, v) else v for v in vs) for axis, vs in identity["axes"].items()}
    task, protocol = get_task(run.task), get_protocol(identity["protocol"])
    return Exam(task, dataset, noise, protocol, plan, axes, (), identity["limit"], False)


def _is_level(axis: str, value: Any) -> bool:
    return axis == "snr" and not isinstance(value, str)


def _is_same(trial: Trial, kept: Mapping[str, Any]) -> bool:
    """The rendered trial has the hashes that the run noted, where it noted the same kind of them."""
    facts = describe(trial)["facts"]
    return all(facts[name] == kept["facts"][name] for name in HASHES if name in facts and name in kept["facts"])
