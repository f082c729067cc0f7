"""One examinee sits one exam: predict, save, judge, keep.

For each plan row the trials of all conditions are rendered, predicted as one batch, saved as float32 and handed to the
judges, which score the saved file while the next row is predicted. A row is always predicted as a whole, also when a
resumed run lacks only a part of it: a batch of another size may differ in the last bit, and a resumed run must not.

Contents: `sit`, `Sitting`, `describe`.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import AvbenchError, EstimateFault, MachineFault, ReferenceFault, Unscorable
from ..protocols import verify_plan
from ..registry import said
from ..signal.files import digest, file_lock
from ..types import Trial
from . import progress
from .answers import ANSWERS, key_of, seconds_of
from .conditions import plain
from .engines import Engine, Job, scores_without
from .exam import Exam, Void
from .examinee import Examinee
from .identity import is_same
from .provenance import session
from .record import Record, write_json
from .runs import Run
from .summary import summarise


def sit(
    exam: Exam,
    examinee: Examinee,
    head: Mapping[str, Any],
    folder: Path,
    engine: Engine,
    device: str,
    fresh: bool = False,
) -> Run:
    """Let one examinee sit an exam, or go on with it, or find it done.

    Args:
        exam: what is asked.
        examinee: who answers.
        head: as made by `head_of`.
        folder: where it is recorded.
        engine: does the judging.
        device: where the system runs.
        fresh: forget what is there.
    """
    record = Record(folder)
    with file_lock(folder / ".lock", waiting=lambda: progress.note(f"Waiting for another process to leave {folder}.")):
        if fresh and record.exists and is_same(record.head["identity"], head["identity"]):
            record.clear()
        record.begin(head, exam.plan.content)
        if is_done(folder, head["identity"]):
            return Run(folder, cached=True)
        record.reopen()
        sitting = Sitting(exam, examinee, record, device)
        try:
            for job, verdict in engine.run(sitting.jobs()):
                sitting.seconds["judge"] += verdict.seconds
                for trial in (job.trial, *job.twins):
                    sitting.keep(trial, verdict.scores)
            held = [trial for trial in record.trials() if trial["trial"] in sitting.described]
            rows = summarise(held, exam.axes, exam.metrics, exam.asked, exam.judges)
            write_json(folder / "summary.json", {"sound": sitting.sound(), "rows": rows})
        finally:
            sitting.close()
    return Run(folder)


def is_done(folder: Path, identity: Mapping[str, Any]) -> bool:
    """The folder holds this very run, every trial of which was tried, and none of which is to be tried again."""
    record = Record(folder)
    same = record.exists and record.head["identity"] == identity
    return same and record.summary is not None and not record.errors()


class Sitting:
    """One attempt at a run: makes jobs, keeps their results, notes its times.

    Args:
        exam: what is asked.
        examinee: who answers.
        record: where all is kept.
        device: where the system runs.
    """

    def __init__(self, exam: Exam, examinee: Examinee, record: Record, device: str):
        self.exam, self.examinee, self.record, self.device = exam, examinee, record, device
        self.began, self.started = time.perf_counter(), time.time()
        self.seconds = dict.fromkeys(("load", "render", "predict", "save", "judge"), 0.0)
        self.audio_seconds = 0.0
        self.done = 0
        self.metrics = tuple(metric.name for metric in exam.metrics)
        self.kind = ANSWERS[exam.task.answer]
        self.described: dict[str, dict[str, Any]] = {}
        self.loaded = False
        self.differs = False

    def jobs(self) -> Iterator[Job]:
        """Answers to be judged, each as soon as it is saved."""
        for row in self.exam.rows:
            with self._timed("render"):
                rendered = self.exam.trials(row, self.examinee.video)
                self.differs |= not self.exam.is_as_published(row, rendered, self.examinee.video)
            for trial in rendered:
                self.described[trial.id] = describe(trial)
            todo = [trial for trial in rendered if not self.record.scored(trial.id)]
            self._advance(len(rendered) - len(todo))
            for void in todo:
                if isinstance(void, Void):
                    self.keep(void.id, scores_without(self.metrics, ReferenceFault(void.reason)))
            todo = [trial for trial in todo if isinstance(trial, Trial)]
            if todo:
                yield from self._answer([trial for trial in rendered if isinstance(trial, Trial)], todo)

    def _answer(self, trials: Sequence[Trial], todo: Sequence[Trial]) -> Iterator[Job]:
        """Jobs for the trials of one row that have no scores yet; predicted unless the answers are saved already."""
        saved = {t.id for t in todo if self._kept(t).is_file() and not self.record.failed_here(t.id)}
        faults: dict[str, Unscorable] = {}
        if len(saved) < len(todo):
            faults = self._predict(trials, {t.id for t in todo} - saved)
        # Scores depend on answer and reference alone, and an anchor gives the same answer at several SNRs.
        alike: dict[tuple[str, Any], list[Trial]] = {}
        for trial in todo:
            fault = faults.get(trial.id)
            if isinstance(fault, MachineFault):
                self.keep(trial.id, scores_without(self.metrics, fault))
            else:
                answer = fault.reason if fault else digest(self._kept(trial).read_bytes())
                alike.setdefault((answer, key_of(trial.target)), []).append(trial)
        for first, *twins in alike.values():
            fault = faults.get(first.id)
            path, reason = (None, fault.reason) if fault else (self._kept(first), "")
            same = tuple(trial.id for trial in twins)
            yield Job(first.id, path, reason, first.target, self.metrics, same, self.exam.chosen, self.kind.name)

    def _save(self, trial: Trial, answer: Any) -> EstimateFault | None:
        """Keep an answer; a fault where it cannot be written. Raises what the disk or the memory refuses."""
        try:
            self.record.save_prediction(trial.id, self.kind, answer)
        except (AvbenchError, OSError, MemoryError):
            raise
        except Exception as error:
            return EstimateFault(f"the system gave no {self.kind.name} that can be kept ({said(error)})")
        return None

    def _kept(self, trial: Trial) -> Path:
        return self.record.prediction(trial.id, self.kind)

    def _predict(self, trials: Sequence[Trial], wanted: set[str]) -> dict[str, Unscorable]:
        """Predict a whole row and save what is wanted of it; returns the faults, by trial."""
        if not self.loaded:
            with self._timed("load"):
                self.examinee.load(self.device)
            self.loaded = True
        before = self.examinee.reloading()
        with self._timed("predict"):
            answers = self.examinee.answer(trials)
        reloading = self.examinee.reloading() - before  # of a child that was lost: no part of its speed
        self.seconds["predict"] -= reloading
        self.seconds["load"] += reloading
        self.audio_seconds += sum(seconds_of(trial.input) for trial in trials)
        faults = {}
        with self._timed("save"):
            for trial, answer in zip(trials, answers, strict=True):
                if trial.id not in wanted:
                    continue
                if isinstance(answer, Unscorable):
                    faults[trial.id] = answer
                elif (fault := self._save(trial, answer)) is not None:
                    faults[trial.id] = fault
        return faults

    def keep(self, trial: str, scores: Mapping[str, Any]) -> None:
        """Save the scores of a trial."""
        with self._timed("save"):
            self.record.save_scores(trial, {**self.described[trial], "scores": scores})
        self._advance(1)

    def _advance(self, count: int) -> None:
        self.done += count
        progress.advance(self.examinee.name, self.done, self.exam.size)

    def sound(self) -> str | None:
        """Whether an official exam was rendered as published: `exact`, `equivalent` or `different`; None for any other.

        Pictures count where the examinee sees them.
        """
        if not self.exam.official:
            return None
        if not self.differs:
            return "exact"
        exam, seen = self.exam, self.exam.seen(self.examinee.video)
        return verify_plan(exam.plan, exam.dataset, exam.noise, exam.published, video=seen).verdict

    def close(self) -> None:
        """Let go of the system, and note this attempt in the provenance.

        There `judge` is seconds of one core, and `rtf` the speed of prediction alone.
        """
        self.examinee.close()
        rtf = None if self.examinee.anchor or not self.audio_seconds else self.seconds["predict"] / self.audio_seconds
        self.record.add_session(
            session(
                started=time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(self.started)),
                device=self.device,
                trials_done=self.done,
                audio_seconds=round(self.audio_seconds, 3),
                rtf=rtf and round(rtf, 5),
                seconds={
                    "total": round(time.perf_counter() - self.began, 3),
                    **{name: round(value, 3) for name, value in self.seconds.items()},
                },
            )
        )

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        """Add the duration of a block to one entry of the times."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - began


def describe(trial: Trial | Void) -> dict[str, Any]:
    """What a score file says of its trial beside the scores. A value that is not finite becomes null."""
    facts = {name: _finite(value) for name, value in getattr(trial, "facts", {}).items()}
    condition = {axis: plain(value) for axis, value in trial.condition.items()}
    return {"trial": trial.id, "clip": trial.clip, "cluster": trial.cluster, "condition": condition, "facts": facts}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
