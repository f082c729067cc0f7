"""An exam: a task with everything decided that the user could choose, before any system is known.

Contents: `Exam`, `set_exam`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ..data.dataset import Dataset, open_dataset
from ..data.noise import NoiseSet, open_noise
from ..errors import ReferenceFault, UnknownName, UsageError
from ..metrics import Metric
from ..protocols import (
    RULES,
    SEEN,
    Plan,
    Protocol,
    Row,
    draw_plan,
    get_protocol,
    hash_thing,
    load_plan,
    person_of,
    read_record,
)
from ..signal.audio import to_int16
from ..signal.files import digest
from ..tasks import Task
from ..types import Trial
from .conditions import conditions, fill_axes, name_folders
from .engines import TEXTUAL
from .judging import Choice, choices, identities
from .progress import advance, note


@dataclass(frozen=True, eq=False)
class Exam:
    """What every row of one table has in common.

    Args:
        task: what is asked.
        dataset: where clips come from.
        noise: where noises come from, or None.
        protocol: renders a plan row at a condition.
        plan: the drawn rows.
        axes: what varies, with its values, in the order in which trials are held.
        metrics: what judges.
        limit: only the first so many clips of the plan, or None for all.
        official: an official plan at every condition that it was drawn for and no other, all of it.
        published: hashes of the sound that an official exam was published with, as `protocols.read_record` gives them.
        judges: who judges, by the name of the judge that a metric asks for: `name@digest`, the name alone where absent.
        chosen: judges that are not to be taken from their usual places.
        folders: values of axes that name a folder by what it holds, with what was typed, which says where it lies.
    """

    task: Task
    dataset: Dataset
    noise: NoiseSet | None
    protocol: Protocol
    plan: Plan
    axes: Mapping[str, tuple]
    metrics: tuple[Metric, ...]
    limit: int | None
    official: bool
    published: Mapping[str, Any] | None = None
    judges: Mapping[str, str] = field(default_factory=dict)
    chosen: tuple[Choice, ...] = ()
    folders: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The plan rows that are asked."""
        return self.plan.first(self.limit)

    @cached_property
    def asked(self) -> tuple[int, ...]:
        """How many rows have a trial at each of `conditions(axes)`."""
        return tuple(
            sum(self.protocol.asks(self.plan, row, self._told(condition)) for row in self.rows)
            for condition in conditions(self.axes)
        )

    @property
    def size(self) -> int:
        """How many trials a system sits."""
        return sum(self.asked)

    @property
    def made(self) -> dict[str, bool]:
        """For `speech` and `noise`, where there is any, whether it is synthetic: what is embedded is."""
        noise = {} if self.noise is None else {"noise": self.noise.name.startswith("synth-noise")}
        return {"speech": bool(self.dataset.synthetic), **noise}

    @cached_property
    def clusters(self) -> str:
        """What intervals are over: what the protocol says, or `clips` where not every clip has a speaker."""
        if self.protocol.clusters != "speakers":
            return self.protocol.clusters
        known = all(person_of(self.dataset, row.clip) is not None for row in self.rows)
        return "speakers" if known else "clips"

    def prepare(self, video: bool, workers: int | None = None) -> None:
        """Make the clips ahead of time, by several processes, where the data set makes them at all."""
        kinds = {thing.kind for thing in self.protocol.things(self.plan, self.rows[0])}
        mouths = self.protocol.mouths or kinds & {"mouth", "still", "track"}
        _prepare(self.dataset, [row.clip for row in self.rows], bool(mouths) and self.seen(video), workers)

    def seen(self, video: bool) -> bool:
        """Whether pictures are made: for who looks at them, and where they are what is judged."""
        return video or self.task.answer == "video"

    def _told(self, condition: Mapping[str, Any]) -> dict[str, Any]:
        """A condition as the protocol takes it."""
        return {axis: self.folders.get(value, value) for axis, value in {**self.task.defaults, **condition}.items()}

    def trials(self, row: Row, video: bool) -> list["Trial | Void"]:
        """One row at every condition that it is asked at, for a system to take as one batch."""
        asked = (each for each in conditions(self.axes) if self.protocol.asks(self.plan, row, self._told(each)))
        return [self._trial(row, condition, self.seen(video)) for condition in asked]

    def _trial(self, row: Row, condition: Mapping[str, Any], video: bool) -> "Trial | Void":
        full, asked = {**self.task.defaults, **condition}, self._told(condition)
        clip = self.dataset.clip(row.clip)
        cluster = clip.speaker if self.clusters == "speakers" else clip.id
        try:
            trial = self.protocol.render(self.plan, row, asked, self.dataset, self.noise, video=video)
            held = {axis: full[axis] if asked.get(axis) != full.get(axis) else v for axis, v in trial.condition.items()}
            return replace(trial, cluster=cluster, condition=held)
        except ReferenceFault as fault:
            return Void(self.protocol.trial_id(row, asked), full, clip.id, cluster, fault.reason)

    def is_as_published(self, row: Row, trials: Sequence["Trial | Void"], video: bool) -> bool:
        """A row of an official exam was rendered to the very samples and pictures that its plan was published with."""
        if self.published is None:
            return False
        held = [trial for trial in trials if isinstance(trial, Trial)]
        seen = {digest(trial.input.video.frames)[:16] for trial in held if trial.input.video is not None}
        frames = self.published.get("frames", {}).get(row.clip)
        if frames is not None and not seen <= {frames[0]}:
            return False
        if self.protocol.noisy:
            pcm = b"".join(to_int16(trial.input.audio.samples).tobytes() for trial in held)
            if self.published["rows"][row.id][0] != digest(pcm)[:16]:
                return False
        things = [t for t in self.protocol.things(self.plan, row) if t.kind not in SEEN or self.seen(video)]
        known = self.published.get("things", {})
        return all(known.get(str(thing), [None])[0] == hash_thing(self.dataset, thing)[0] for thing in things)


@dataclass(frozen=True)
class Void:
    """A trial that cannot be rendered, through a fault of its reference: void for every system alike.

    Args:
        id: of the trial that is not.
        condition: at which it would have been held.
        clip: id of the clip.
        cluster: the speaker, or the clip.
        reason: one sentence.
    """

    id: str
    condition: Mapping[str, Any]
    clip: str
    cluster: str
    reason: str


def set_exam(
    task: Task,
    axes: Mapping[str, tuple],
    metrics: Sequence[Metric],
    dataset: str | None = None,
    noise: str | None = None,
    protocol: str | None = None,
    limit: int | None = None,
    judges: Mapping[str, str] | None = None,
) -> Exam:
    """Decide everything about an exam.

    With the plan's own data set and noise the plan is the committed one. With any other it is drawn now by the same
    rule, which gives the same plan each time, and the exam is not official.

    Args:
        task: what is asked.
        axes: as `conditions.parse_axes` gives them.
        metrics: what judges.
        dataset: name, or `folder:PATH`; the plan's own unless given.
        noise: name, or `folder:PATH`; the plan's own unless given.
        protocol: an official plan of the task by name, or a plan file; the task's default plan unless given.
        limit: the first so many clips of the plan, at least 1.
        judges: weights of judges, or other judges in their place, by name.

    Raises:
        UnknownName, UsageError, MissingResource, BadFile: one of them cannot be had.
    """
    axes, folders = name_folders(axes)
    data, noises, plan, committed = _material(task, protocol or task.plan, dataset, noise)
    rule = get_protocol(plan.header["protocol"])
    rule.check(plan)
    axes = fill_axes(axes, rule, plan)
    if len(rows := plan.first(limit)) == len(plan.rows):
        limit = None
    _refuse_wordless(data, [row.clip for row in rows], metrics)
    # The embedded corpus has words and faces of its own, which its own judges know best.
    chosen = choices(judges or {}, task.judges if data.synthetic else {})
    official = committed and limit is None and axes == fill_axes({}, rule, plan)
    published = read_record(plan.name, plan) if official else None
    by = identities(metrics, chosen)
    exam = Exam(task, data, noises, rule, plan, axes, tuple(metrics), limit, official, published, by, chosen, folders)
    if not exam.size:
        raise UsageError(f"The plan {plan.name} has no trial at these conditions.")
    return exam


def _refuse_wordless(data: Dataset, clips: Sequence[str], metrics: Sequence[Metric]) -> None:
    """Refuse to ask what is said where nobody has written it down, for any clip.

    Raises:
        UsageError: so it is.
    """
    asking = [metric.name for metric in metrics if metric.kind.name in TEXTUAL]
    if asking and not data.synthetic and not any(data.clip(clip).text for clip in clips):
        raise UsageError(
            f"{asking[0]} compares with what is said, and {data.name} has no transcript of these clips: put a "
            "transcripts.tsv with the columns path and transcript into it."
        )


def _material(
    task: Task, name: str, dataset: str | None, noise: str | None
) -> tuple[Dataset, NoiseSet | None, Plan, bool]:
    """Data set, noise and plan that belong together, and whether the plan is a committed one."""
    committed = name in task.plans
    if not committed and not name.endswith(".jsonl"):
        raise UnknownName(f"plan of the task {task.name}", name, task.plans)
    if committed and not RULES[name].embedded:
        return *_over_yours(task, name, dataset or task.dataset, noise), False
    plan = load_plan(name)
    _refuse_foreign(plan, task)
    data = open_dataset(dataset or plan.header["dataset"])
    rule = RULES[name].over(data) if committed else None
    drawn = plan.header.get("noise") if rule is None else rule.noise
    if noise is not None and drawn is None:
        raise UsageError(f"The plan {name} adds no noise over {data.name}, so it takes no --noise.")
    noises = open_noise(noise or drawn) if drawn else None
    for sentence in (*data.notes, *getattr(noises, "notes", ())):
        note(sentence)
    fits = plan.header["dataset_fingerprint"] == data.fingerprint and (
        noises is None or plan.header.get("noise_fingerprint") == noises.fingerprint
    )
    if fits:
        return data, noises, plan, committed
    if rule is None:
        raise UsageError(f"The plan {name} was drawn from other data than {data.name} and {noises and noises.name}.")
    if dataset is None and noise is None:
        note(f"This avbench makes another {data.name} or noise than the plan {name} was drawn from: it is drawn anew.")
    _prepare(data, set(data.ids).intersection(row.clip for row in plan.rows))  # very likely those that are drawn again
    return data, noises, draw_plan(name, data, noises, rule=rule, task=task.id), False


def _over_yours(task: Task, name: str, dataset: str, noise: str | None) -> tuple[Dataset, None, Plan]:
    """Data set and plan of a task that only corpora which users bring can hold: drawn each time, always the same."""
    if noise is not None:
        raise UsageError(f"The plan {name} adds no noise, so it takes no --noise.")
    data = open_dataset(dataset)
    for sentence in data.notes:
        note(sentence)
    return data, None, draw_plan(name, data, None, rule=RULES[name].over(data), task=task.id)


def _refuse_foreign(plan: Plan, task: Task) -> None:
    """A plan of another task, or rendered by another protocol, would give this task's scores another meaning.

    Raises:
        UsageError: it is one.
        UnknownName: its protocol is not known here, or not in that version.
    """
    if plan.header["task"] != task.id:
        raise UsageError(f"The plan {plan.name} is for the task {plan.header['task']}, not for {task.id}.")
    protocol = get_protocol(str(plan.header["protocol"]))
    if protocol.name != task.protocol:
        raise UsageError(f"The plan {plan.name} is of the protocol {protocol.id}, and {task.id} wants {task.protocol}.")


def _prepare(dataset: Dataset, clips: Iterable[str], video: bool = False, workers: int | None = None) -> None:
    """Make clips ahead of time, and show how far that is."""
    dataset.prepare(
        list(clips),
        mouth=video,
        workers=workers,
        progress=lambda done, total: advance("corpus", done, total),
        say=note,
    )


def unique(kind: str, names: str | Sequence[str]) -> list[str]:
    """A comma-separated text, or a list of such texts, as a list of names.

    Raises:
        UsageError: no name, or one of them twice.
    """
    texts = [names] if isinstance(names, str) else list(names)
    found = [name.strip() for text in texts for name in text.split(",")]
    if not found or "" in found:
        raise UsageError(f"No {kind} was named in {','.join(texts)!r}.")
    twice = next((name for i, name in enumerate(found) if name in found[:i]), None)
    if twice is not None:
        raise UsageError(f"The {kind} {twice} was named twice.")
    return found
