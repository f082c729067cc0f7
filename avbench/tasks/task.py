"""What a task is: a data set, a protocol, the kind of answer wanted and the metrics that judge it, under one name.

Conventions: the meaning of a task never changes under its version; whoever mends one raises `version`, and scores of
two versions never stand in one column. Which conditions an official run has the plan says, not the task.

Contents: `Task`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """An examination that systems can sit.

    Args:
        name: as typed, e.g. `"avse"`.
        version: raised whenever a score changes its meaning.
        title: one line: what goes in, what comes out.
        source: the tables this task repeats.
        dataset: name of the data set that official plans are drawn from.
        noise: name of the noise set of official plans, or None for a task without noise.
        protocol: name of the protocol that renders a plan row; its axes are what `--set` may vary.
        plan: the official plan that a bare task name means.
        plans: every official plan.
        answer: which field of `Prediction` is judged.
        kinds: kinds of metrics that can judge an answer.
        metrics: names, in the order of the table.
        anchors: rows made by the runner from the trial itself.
        axes: the words that the task allows an axis, where not all make sense.
        defaults: the value of each axis that has one when it is not set.
        judges: on embedded data, which judge stands in for another unless the user says otherwise, by name.
        like: a task whose systems sit this one as they are; none unless given.
    """

    name: str
    version: int
    title: str
    source: str
    dataset: str
    noise: str | None
    protocol: str
    plan: str
    plans: tuple[str, ...]
    answer: str
    kinds: tuple[str, ...]
    metrics: tuple[str, ...]
    anchors: tuple[str, ...]
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    judges: Mapping[str, str] = field(default_factory=dict)
    like: str = ""

    @property
    def variant(self) -> str:
        """The task by which a system's name without a variant is read."""
        return self.like or self.name

    @property
    def id(self) -> str:
        """Name and version, as recorded: `"avse@1"`."""
        return f"{self.name}@{self.version}"
