"""One pair of files, from the disk to its scores: what a worker process of `measure` does.

Every file is read once, whatever the number of metrics.

Contents: `Job`, `Result`, `score`, `score_all`.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import BadFile, EstimateFault, MachineFault, MissingResource, ReferenceFault, Unscorable
from ..metrics import PersistentPool, Score, get_metric, measure_all
from ..types import Video
from .diagnosis import Alignment, Diagnosis, align, diagnose
from .judging import TIMEOUT, Choice, tell_judges
from .material import NEEDS, SETS, Pair, Things
from .pairing import Role
from .reading import read


@dataclass(frozen=True)
class Job:
    """A pair to be judged; it can be sent to another process.

    Args:
        pair: what is compared.
        metrics: names.
        how: what may be put right before scoring.
        judges: those that are not to be taken from their usual places.
        missing: what is said where there is no estimate.
    """

    pair: Pair
    metrics: tuple[str, ...]
    how: Alignment
    judges: tuple[Choice, ...] = ()
    missing: str = "there is no estimate"


@dataclass
class Result:
    """What became of a job.

    Args:
        scores: by the name of the metric.
        diagnosis: of the two sounds, where both could be read.
        aligned: what was done to them, see `align`.
        unreadable: sentences on files that could not be read.
        seconds: of one core.
    """

    scores: dict[str, Score] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None
    aligned: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    seconds: float = 0.0


def score(job: Job) -> Result:
    """Read a pair and score it under every metric of the job."""
    began = time.process_time()
    tell_judges(job.judges)
    result, shelf = Result(), {}
    estimates: dict[str, Any] = {}
    references: dict[str, Any] = {}
    faults: dict[str, Unscorable] = {}
    metrics = [get_metric(name) for name in job.metrics]
    for kind in dict.fromkeys(metric.kind.name for metric in metrics):
        need = NEEDS[kind]
        try:
            references[kind] = _take(kind, need.reference, job.pair.references[kind], ReferenceFault, shelf, result)
            estimates[kind] = _take(kind, need.estimate, job.pair.estimates[kind], EstimateFault, shelf, result)
        except Unscorable as fault:
            faults[kind] = fault
    if estimates.get("sound") is not None:
        mine, other = estimates["sound"], references["sound"]
        result.diagnosis = diagnose(mine, other)
        estimates["sound"], references["sound"], result.aligned = align(mine, other, job.how)
    sound = tuple(metric.name for metric in metrics if metric.kind.name not in faults)
    scores = measure_all(sound, estimates, references, missing=job.missing)
    for metric in metrics:
        if (fault := faults.get(metric.kind.name)) is None:
            continue
        if fault.status == "failed":  # the reference is judged too: void for one system is void for all
            scores |= measure_all([metric.name], None, references.get(metric.kind.name), missing=fault.reason)
        else:
            scores[metric.name] = Score.without(metric, fault, None)
    result.scores = {name: scores[name] for name in job.metrics}
    result.seconds = time.process_time() - began
    return result


def _take(kind: str, role: Role | None, things: Things, fault: type[Unscorable], shelf: dict, result: Result) -> Any:
    """What a kind compares of one side, or None; what was read before is taken from the shelf.

    Raises:
        EstimateFault, ReferenceFault: whichever `fault` is; the file cannot be used.
        MachineFault: the file was there and is gone.
    """
    if role is None or things is None:
        return None
    taken = []
    for source in things:
        if (key := (role.name, source)) not in shelf:
            try:
                shelf[key] = read(role, source)
            except BadFile as error:
                shelf[key] = fault(str(error).rstrip("."))
                result.unreadable.append(str(error))
            except (MissingResource, OSError, MemoryError) as error:
                shelf[key] = MachineFault(f"{source.path} could not be read: {str(error).rstrip('.')}")
        if isinstance(shelf[key], Unscorable):
            raise shelf[key]
        taken.append(shelf[key])
    if kind not in SETS:
        return taken[0]
    return tuple(taken) if kind == "variants" else _joined(taken)


def _joined(videos: Sequence[Video]) -> Video:
    """Pictures of one size as one set."""
    return Video(np.concatenate([video.frames for video in videos]), videos[0].fps)


def score_all(jobs: Sequence[Job], workers: int, tell: Callable[[int], None]) -> list[Result]:
    """Score jobs in processes, longest first; the results do not depend on how many.

    A job that takes its process down is done again metric by metric, so that it costs one score and not all.

    Args:
        jobs: in any order.
        workers: processes at most.
        tell: called with the number of jobs that are done.

    Returns:
        Results in the order of the jobs.
    """
    order = sorted(range(len(jobs)), key=lambda i: (-jobs[i].pair.bytes, i))
    results: dict[int, Result] = {}
    apart: list[int] = []
    with PersistentPool(max(1, min(workers, len(jobs))), timeout=TIMEOUT) as pool:
        for index, outcome in _run(pool, [jobs[i] for i in order]):
            place = order[index]
            if isinstance(outcome, Unscorable) and len(jobs[place].metrics) > 1:
                apart.append(place)
                results[place] = Result()
            else:
                results[place] = _result(jobs[place], outcome)
            tell(len(results) - len(apart))
        pieces = [(i, replace(jobs[i], metrics=(name,))) for i in sorted(apart) for name in jobs[i].metrics]
        for index, outcome in _run(pool, [job for _, job in pieces]):
            place, job = pieces[index]
            _add(results[place], _result(job, outcome))
            tell(len(results) - sum(len(results[i].scores) < len(jobs[i].metrics) for i in apart))
    for i in apart:
        results[i].scores = {name: results[i].scores[name] for name in jobs[i].metrics}
    return [results[i] for i in range(len(jobs))]


def _run(pool: PersistentPool, jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Unscorable]]:
    for outcome in pool.run(score, [(job,) for job in jobs]):
        yield outcome.index, outcome.fault or outcome.value


def _result(job: Job, outcome: Result | Unscorable) -> Result:
    if isinstance(outcome, Result):
        return outcome
    return Result({name: Score.without(get_metric(name), outcome, None) for name in job.metrics})


def _add(whole: Result, piece: Result) -> None:
    """Put the result of one metric to those of the others."""
    whole.scores |= piece.scores
    whole.diagnosis = whole.diagnosis or piece.diagnosis
    whole.aligned = whole.aligned or piece.aligned
    whole.unreadable = list(dict.fromkeys([*whole.unreadable, *piece.unreadable]))
    whole.seconds += piece.seconds


def flatten(scores: Mapping[str, Any]) -> dict[str, float]:
    """The parts of a score that are plain numbers, for a document."""
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in scores.items()
        if isinstance(value, bool | int | float | np.generic)
    }
