"""Where the judging happens: a list of independent jobs in, results out.

An engine is anything with `run`. `LocalEngine` uses processes of this machine; another may use many machines, and
nothing else in avbench would know. Jobs are pulled from an iterator while earlier ones are worked on, so whoever makes
the jobs (the system, which predicts) and whoever does them (the metrics) overlap.

Contents: `Job`, `Engine`, `LocalEngine`, `judge`.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from queue import Empty, Queue, SimpleQueue
from threading import Thread
from typing import Any, Protocol

from ..errors import NotApplicable, ReferenceFault, Unscorable, UsageError
from ..metrics import PersistentPool, Score, get_metric, measure_all
from ..metrics.pool import Outcome
from ..processors import usable_processors
from ..types import Target
from .answers import ANSWERS
from .judging import TIMEOUT, Choice, tell_judges

QUEUED = 128  # answers waiting to be judged; each holds its reference, about 250 kB
TEXTUAL = ("spoken", "text", "lips")  # kinds that compare with what is said
PATIENCE = 20.0  # seconds that jobs at work are given to end when a run is broken off


@dataclass(frozen=True)
class Job:
    """One answer to be judged; it can be sent to another process.

    Args:
        trial: id.
        answer: the saved prediction; None where the system gave none.
        reason: why it gave none.
        reference: what it is judged against.
        metrics: names.
        twins: other trials with the same answer to the same reference, which get the same verdict.
        judges: those that are not to be taken from their usual places.
        kind: of the answer, a name in `answers.ANSWERS`.
    """

    trial: str
    answer: Path | None
    reason: str
    reference: Target
    metrics: tuple[str, ...]
    twins: tuple[str, ...] = ()
    judges: tuple[Choice, ...] = ()
    kind: str = "audio"


Scores = dict[str, dict[str, Any]]
"""Per metric `{"status", "value", "raw", "reason", "flags"}`, with `more` where it has other parts, as kept on disk."""


@dataclass(frozen=True)
class Verdict:
    """What became of a job: scores, and the seconds of one core they took."""

    scores: Scores
    seconds: float


class Engine(Protocol):
    """Does independent jobs, wherever."""

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Verdict]]:
        """Do each job once; results come in any order, each with its job."""


def judge(job: Job) -> Verdict:
    """Score one saved answer under every metric, in one pass.

    A trial without an answer is judged too: a reference that nobody can be scored against is void for all, also for a
    system that gave nothing.
    """
    began = time.process_time()
    faults = _beforehand(job)
    answer = ANSWERS[job.kind].read(job.answer) if job.answer else None
    able = [name for name in job.metrics if name not in faults]
    scores = measure_all(able, answer, _by_kind(job.reference), missing=job.reason)
    kept = {name: _kept(score) for name, score in scores.items()}
    for name, fault in faults.items():
        kept |= scores_without([name], fault)
    return Verdict({name: kept[name] for name in job.metrics}, time.process_time() - began)


def _beforehand(job: Job) -> dict[str, Unscorable]:
    """By metric, what nobody could be judged without: words that nobody wrote down, a judge that is absent."""
    absent = tell_judges(job.judges)
    references = _by_kind(job.reference)
    faults: dict[str, Unscorable] = {}
    for metric in map(get_metric, job.metrics):
        if metric.kind.name in TEXTUAL and job.reference.text is None:
            faults[metric.name] = ReferenceFault("nobody has written down what is said in this clip")
        elif metric.kind.needs_reference and references.get(metric.kind.name) is None:
            faults[metric.name] = ReferenceFault("of this trial there is nothing that an answer could be held against")
        elif metric.judge in absent:
            faults[metric.name] = NotApplicable(absent[metric.judge])
    return faults


def _by_kind(target: Target) -> dict[str, Any]:
    """What each kind of metric compares with; nothing for kinds without a reference."""
    return {
        "sound": target.audio,
        "voice": target.voices or target.audio,
        "frames": target.video,
        "faces": target.video,
        "detection": target.labels,
        **dict.fromkeys(TEXTUAL, target.text),
    }


def _kept(score: Score) -> dict[str, Any]:
    """A score as it stands in the record."""
    kept = {**asdict(score), "flags": list(score.flags)}
    if not kept["more"]:
        del kept["more"]
    return kept


def scores_without(metrics: Iterable[str], fault: Unscorable) -> Scores:
    """The scores of a trial that nobody could judge, through a fault of the machine or of the reference."""
    score = {"status": fault.status, "value": None, "raw": None, "reason": fault.reason, "flags": []}
    return {name: dict(score) for name in metrics}


class LocalEngine:
    """Processes of this machine that survive the death of one of them; started when the first job comes.

    Args:
        workers: how many; the cores of this machine unless given. Scores do not depend on it.

    Raises:
        UsageError: fewer than one.
    """

    def __init__(self, workers: int | None = None):
        if workers is not None and workers < 1:
            raise UsageError(f"--workers must be at least 1, not {workers}.")
        self.workers = workers or usable_processors()
        self._pool = PersistentPool(self.workers, timeout=TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._pool.close()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Verdict]]:
        """Do each job once; see `Engine`.

        Jobs are made in the caller's thread, where the system predicts. A second thread feeds the workers from a queue,
        because making the next jobs may take long and the workers must not wait for it.
        """
        inbox: Queue[Job | None] = Queue(maxsize=QUEUED)
        outbox: SimpleQueue[tuple[Job, Verdict] | BaseException | None] = SimpleQueue()
        feeder = Thread(target=self._feed, args=(inbox, outbox), daemon=True)
        feeder.start()
        try:
            for job in jobs:
                inbox.put(job)
                while not outbox.empty():
                    yield _result(outbox.get())
            inbox.put(None)
            while (last := outbox.get()) is not None:
                yield _result(last)
        finally:
            if feeder.is_alive():  # broken off: let what is at work end, and nothing else begin
                _empty(inbox)
                inbox.put(None)
                feeder.join(timeout=PATIENCE)

    def _feed(self, inbox: Queue, outbox: SimpleQueue) -> None:
        """Pass jobs from the inbox to the workers and verdicts to the outbox; ends both with None.

        A job that takes its process down is done again metric by metric, so that it costs one score and not all.
        """
        given: dict[int, Job] = {}
        apart: list[Job] = []

        def arguments() -> Iterator[tuple[Job]]:
            for index, job in enumerate(iter(inbox.get, None)):
                given[index] = job
                yield (job,)

        try:
            for outcome in self._pool.run(judge, arguments()):
                job = given.pop(outcome.index)
                if outcome.fault and len(job.metrics) > 1:
                    apart.append(job)
                else:
                    outbox.put((job, _verdict(job, outcome)))
            for job in apart:
                pieces = [replace(job, metrics=(name,)) for name in job.metrics]
                found = self._pool.map(judge, [(piece,) for piece in pieces])
                verdicts = [_verdict(piece, outcome) for piece, outcome in zip(pieces, found, strict=True)]
                scores = {name: score for verdict in verdicts for name, score in verdict.scores.items()}
                outbox.put((job, Verdict(scores, sum(verdict.seconds for verdict in verdicts))))
            outbox.put(None)
        except BaseException as error:
            outbox.put(error)
            _empty(inbox)  # whoever waits to put a job must not wait for ever


def _verdict(job: Job, outcome: Outcome) -> Verdict:
    if outcome.fault is not None:
        return Verdict(scores_without(job.metrics, outcome.fault), 0.0)
    return outcome.value


def _result(found: tuple[Job, Verdict] | BaseException) -> tuple[Job, Verdict]:
    if isinstance(found, BaseException):
        raise found
    return found


def _empty(queue: Queue) -> None:
    try:
        while True:
            queue.get_nowait()
    except Empty:
        pass
