"""Worker processes that survive each other.

PESQ gains from processes only, and its reference code can take its process down. The pools of the standard library
then wait for ever, or give up all the work. Here the job that killed its worker is tried once more in a fresh one and
is then reported; every other job finishes.

Each worker is a fresh interpreter (never a fork, and it does not import the caller's main module, so that a script
needs no guard), with one thread for linear algebra, in a session of its own: Ctrl-C reaches the caller alone, who ends
the workers. A worker whose caller is gone ends too, at the latest when the time of its job is up.

Results do not depend on the number of workers, since one worker is a process like any other.

Contents: `Outcome`, `PersistentPool`.
"""

import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ..errors import MachineFault, MissingResource, Unscorable
from ..processors import usable_processors

ATTEMPTS = 2
START_SECONDS = 180.0
STALL_SECONDS = 60  # a message between caller and worker that has begun must end within this
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one job.

    Args:
        index: its place among the jobs, from 0.
        value: what the function returned, or None.
        fault: why there is no value, or None. A job that killed its worker or ran out of time is a `MachineFault`.
        attempts: how often it was tried.
        code: how its worker ended, where it did: minus the signal, or the exit code.
        late: its time was up.
    """

    index: int
    value: Any
    fault: Unscorable | None
    attempts: int
    code: int | None = None
    late: bool = False


@dataclass
class _Job:
    index: int
    arguments: tuple
    attempts: int = 0


@dataclass(eq=False)
class _Worker:
    process: subprocess.Popen
    connection: Connection
    log: Any
    deadline: float
    started: bool = False
    job: _Job | None = field(default=None)

    def end(self) -> None:
        """Kill the process with all it has started, and close what belongs to it."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        try:
            self.process.wait(timeout=10.0)
        except subprocess.TimeoutExpired:
            pass  # stuck in the kernel; it is killed as soon as it comes back
        self.connection.close()
        self.log.close()

    def last_words(self) -> str:
        """How the process ended, with the last line it wrote."""
        try:
            code = self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            return "stopped answering"
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return f"{how} ({said[-1][:200]})" if said else how


class PersistentPool:
    """A fixed number of worker processes, started when first needed and kept until `close`.

    Args:
        workers: how many; unless given, one for each processor that this process may use.
        timeout: seconds that one job may take; None = no limit. A job beyond it is reported at once, not tried again.
        attempts: how often a job is tried that kills its worker.
        one_thread: whether a worker does its linear algebra on one thread, or on as many as its caller would.

    Example:
        >>> with PersistentPool(1) as pool:
        ...     [outcome.value for outcome in pool.map(abs, [(-1,), (2,)])]
        [1, 2]
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        timeout: float | None = 300.0,
        attempts: int = ATTEMPTS,
        one_thread: bool = True,
    ):
        if workers is not None and workers < 1:
            raise ValueError(f"a pool needs at least one worker, not {workers}")
        self.workers = workers or usable_processors()
        self.timeout, self.attempts, self.one_thread = timeout, attempts, one_thread
        self._alive: list[_Worker] = []
        self._failed_starts = 0
        self._finalizer = weakref.finalize(self, _end_all, self._alive)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """End the workers. The pool may be used again afterwards."""
        _end_all(self._alive)

    def map(self, function: Callable, jobs: Iterable[tuple]) -> list[Outcome]:
        """Call `function(*job)` for every job, and return the outcomes in the order of the jobs. See `run`."""
        return sorted(self.run(function, jobs), key=lambda outcome: outcome.index)

    def run(self, function: Callable, jobs: Iterable[tuple]) -> Iterator[Outcome]:
        """Call `function(*job)` for every job, and yield each outcome as soon as it is there.

        Args:
            function: importable by name (not a lambda, not defined in a script).
            jobs: tuples of arguments that can be pickled; taken one by one, when a worker is free.

        Yields:
            One outcome for each job, in the order in which they end.

        Raises:
            MissingResource: no worker process can be started.
        """
        source = (_Job(index, arguments) for index, arguments in enumerate(jobs))
        again: deque[_Job] = deque()
        upcoming = next(source, None)
        wanted = min(self.workers, len(jobs)) if isinstance(jobs, Sized) else self.workers
        try:
            while True:
                while again or upcoming:
                    worker = self._idle_worker()
                    if worker is None:
                        break
                    if again:
                        job = again.popleft()
                    else:
                        job, upcoming = upcoming, next(source, None)
                    self._give(worker, function, job)
                if not any(worker.job for worker in self._alive) and not (again or upcoming):
                    return
                while (again or upcoming) and len(self._alive) < wanted:
                    self._start_one()
                for worker in self._answering():
                    job, outcome = self._collect(worker)
                    if outcome is not None:
                        yield outcome
                    elif job is not None:
                        again.append(job)
        finally:
            for worker in [worker for worker in self._alive if worker.job]:
                self._drop(worker)

    def _idle_worker(self) -> _Worker | None:
        return next((worker for worker in self._alive if worker.started and not worker.job), None)

    def _drop(self, worker: _Worker) -> None:
        worker.end()
        if worker in self._alive:
            self._alive.remove(worker)

    def _start_one(self) -> None:
        """Start one more worker; it says when it is ready."""
        ours, theirs = socket.socketpair()
        limit = struct.pack("ll", STALL_SECONDS, 0)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        log = tempfile.TemporaryFile()
        paths = [path or str(Path.cwd()) for path in sys.path]
        threads = dict.fromkeys(_ONE_THREAD, "1") if self.one_thread else {}
        # Threads that wait for each other sleep: those that spin hold the processors that the others need, and on a
        # machine that has other work too a net then takes many times as long.
        usual = {"OMP_WAIT_POLICY": "PASSIVE"}
        environment = {**usual, **os.environ, "PYTHONPATH": os.pathsep.join(paths), **threads}
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", f"from {__package__}.pool_worker import main; main({theirs.fileno()})"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            log.close()
            raise MissingResource(f"A worker process could not be started: {error}.") from error
        finally:
            theirs.close()
        self._alive.append(_Worker(process, Connection(ours.detach()), log, time.monotonic() + START_SECONDS))

    def _give(self, worker: _Worker, function: Callable, job: _Job) -> None:
        message = pickle.dumps((self.timeout, function, job.arguments), protocol=pickle.HIGHEST_PROTOCOL)
        worker.job = job
        job.attempts += 1
        worker.deadline = time.monotonic() + self.timeout if self.timeout else float("inf")
        try:
            worker.connection.send_bytes(message)
        except OSError:
            worker.process.kill()  # it died while idle, or stopped reading: either way its end is noticed at once

    def _answering(self) -> list[_Worker]:
        """Wait for workers that have something to say, or whose time is up."""
        expected = [worker for worker in self._alive if worker.job or not worker.started]
        soonest = min(worker.deadline for worker in expected)
        patience = None if soonest == float("inf") else max(0.0, soonest - time.monotonic())
        ready = set(wait([worker.connection for worker in expected], patience))
        now = time.monotonic()
        return [worker for worker in expected if worker.connection in ready or worker.deadline <= now]

    def _collect(self, worker: _Worker) -> tuple[_Job | None, Outcome | None]:
        """What a worker has to say: an outcome, or a job that is to be tried again, or neither if it has just begun."""
        job = worker.job
        try:
            if not worker.connection.poll():
                self._drop(worker)
                if job is None:
                    raise MissingResource(f"A worker process did not start within {START_SECONDS:g} s.")
                return None, self._too_long(job)
            answer = worker.connection.recv_bytes()
        except (EOFError, OSError):
            return self._bury(worker)
        self._failed_starts = 0
        if not worker.started:
            worker.started = True
            return None, None
        worker.job = None
        try:
            value, fault = pickle.loads(answer)
        except Exception as error:
            value, fault = None, (MachineFault, f"the result cannot be read: {type(error).__name__}: {error}")
        return None, Outcome(job.index, value, fault and fault[0](fault[1]), job.attempts)

    def _bury(self, worker: _Worker) -> tuple[_Job | None, Outcome | None]:
        """Deal with a worker that died."""
        job, words = worker.job, worker.last_words()
        self._drop(worker)
        if job is not None and worker.process.returncode == -signal.SIGALRM:
            return None, self._too_long(job)
        if job is None:
            self._failed_starts += 1
            if self._failed_starts > ATTEMPTS:
                raise MissingResource(f"A worker process cannot be started: it {words}.")
            return None, None
        if job.attempts < self.attempts:
            return job, None
        times = f", {job.attempts} times" if job.attempts > 1 else ""
        fault = MachineFault(f"the worker process {words}{times}")
        return None, Outcome(job.index, None, fault, job.attempts, worker.process.returncode)

    def _too_long(self, job: _Job) -> Outcome:
        fault = MachineFault(f"the job took longer than {self.timeout:g} s")
        return Outcome(job.index, None, fault, job.attempts, late=True)


def _end_all(workers: list[_Worker]) -> None:
    while workers:
        workers.pop().end()
