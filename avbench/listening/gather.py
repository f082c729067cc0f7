"""Runs that can be heard in one test, and what their answers to a trial are.

Contents: `Item`, `Answers`, `gather`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadFile, UsageError
from ..evaluation.answers import ANSWERS, AnswerKind
from ..evaluation.identity import digest_of
from ..evaluation.runs import Run, open_run
from ..signal.files import file_digest
from ..types import Audio, Video

Shown = Callable[[], tuple[Audio | Video, Audio | None]]
"""Gives what is shown, and the speech that is heard with it where it is a film."""

SAME = ("plan", "protocol", "dataset", "noise")
"""What the identities of runs in one test have in common."""


@dataclass(frozen=True)
class Item:
    """One page of a test, before it has an opaque name.

    Args:
        run: number of the run that is judged; None for real pairs.
        trial: id of the trial under which the run notes the votes, or of the plan's row.
        condition: at which the trial was held.
        cluster: what intervals are over: the speaker, or the clip.
        shown: what is shown, by the answer that it stands for; under None what stands for none.
        right: the right answer; of `ab` the side of the first run; None where there is no such thing.
        files: digests of the answers that are judged, by the name of their file.
        failed: by number of the run, why it has no answer that can be shown.
    """

    run: int | None
    trial: str
    condition: Mapping[str, Any]
    cluster: str
    shown: Mapping[str | None, Shown]
    right: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    failed: Mapping[int, str] = field(default_factory=dict)


def gather(where: Sequence[str | Path | Run]) -> list[Run]:
    """The runs of a test.

    Raises:
        UsageError: none, one of them twice, of different plans or data, unfinished, or without its media.
    """
    if not where:
        raise UsageError("A test needs runs: name the folder of at least one.")
    runs = [open_run(each) for each in where]
    for run in runs:
        if run.folder is None:
            raise UsageError(f"The kept run of {run.system} has scores and no media: name the run's own folder.")
        if not run.ended:
            raise UsageError(f"{run.folder} is not finished: run it to its end first.")
        for key in SAME:
            if run.identity.get(key) != runs[0].identity.get(key):
                raise UsageError(
                    f"{run.folder} and {runs[0].folder} are of different plans: the {key} differs, and one test "
                    "asks one thing. Build a test for each."
                )
    if len({digest_of(run.identity) for run in runs}) < len(runs):
        raise UsageError("One run was named twice.")
    return runs


class Answers:
    """What the systems of a test answered.

    Args:
        runs: as `gather` gives them.
        kind: name of the kind of answer, `audio` or `video`.
    """

    def __init__(self, runs: Sequence[Run], kind: str):
        self.runs, self.kind = runs, ANSWERS[kind]
        self._held = [{trial["trial"]: trial for trial in run.trials} for run in runs]

    def trial(self, trial: str) -> Mapping[str, Any]:
        """What the first run says of a trial: condition, clip, cluster."""
        return self._held[0][trial]

    def everywhere(self) -> list[str]:
        """Trials that every run held, in sorted order, without those that are void.

        Raises:
            UsageError: a run has an error of the machine instead of an answer.
        """
        held = set.intersection(*(set(each) for each in self._held))
        return [
            trial for trial in sorted(held) if not any(self._void(trial, number) for number in range(len(self.runs)))
        ]

    def _void(self, trial: str, number: int) -> bool:
        statuses = {score["status"] for score in self._held[number][trial]["scores"].values()}
        if "error" in statuses and not self.path(trial, number).is_file():
            raise UsageError(
                f"{self.runs[number].folder} holds errors of the machine, such as {trial}: run it again first."
            )
        return statuses == {"void"}

    def path(self, trial: str, number: int) -> Path:
        """Where the answer of a run is."""
        return self.runs[number].record.prediction(trial, self.kind)

    def digest(self, trial: str, number: int) -> dict[str, str]:
        """Name and digest of the file of an answer."""
        path = self.path(trial, number)
        return {path.name: file_digest(path)}

    def fault(self, trial: str, number: int) -> str:
        """Why an answer cannot be shown; empty where it can."""
        path = self.path(trial, number)
        if not path.is_file():
            reasons = (score["reason"] for score in self._held[number][trial]["scores"].values())
            return next((reason for reason in reasons if reason), "there is no answer")
        return _fault(path, self.kind)

    def show(self, trial: str, number: int) -> Audio | Video:
        """The answer of a run."""
        return self.kind.read(self.path(trial, number))


def _fault(path: Path, kind: AnswerKind) -> str:
    try:
        thing = kind.read(path)
    except BadFile as error:
        return str(error).rstrip(".")
    if isinstance(thing, Audio) and (not len(thing.samples) or not np.isfinite(thing.samples).all()):
        return "the answer is empty or holds values that are not finite"
    return ""
