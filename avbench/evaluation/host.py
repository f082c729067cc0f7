"""A system in a process of its own, so that it can be timed out and may crash.

Nothing inside a program can end native code that hangs, and nothing survives native code that crashes. So a system
sits in a child process, which is ended when its time is up and started anew for the next question: a time-out or a
crash costs an answer, never a run (DESIGN, promise 1).

    slower than the limit      the child is ended, the answer failed
    crash                      tried once more, then failed
    killed from outside        a fault of the machine, which kills so where memory runs out: retried on resume
    batch                      asked again one by one, so that one bad input costs one answer
    cannot be started again    a fault of the machine; the run ends once that has happened `STARTS` times in a row

The limit is of one call, which asks for a batch. A batch that is lost is asked again one by one, and then each input
gets its share of the limit, so all answers to a batch together never take longer than twice the limit.

The child runs on as many threads as this process would, in the same folder, and sees inputs only. What it prints is
not shown; where it crashes its last line is told.

Contents: `TIMEOUT`, `Spec`, `Host`, `answers_of`.
"""

import errno
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import (
    AvbenchError,
    BadFile,
    EstimateFault,
    MachineFault,
    MissingResource,
    Unscorable,
    UsageError,
)
from ..metrics import PersistentPool
from ..registry import open_system, said
from ..types import Inputs, Prediction, System
from .answers import ANSWERS, AnswerKind

TIMEOUT = 600.0  # seconds for one call, which asks for one clip at every condition
STARTS = 3  # attempts in a row to start a system again
OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGBUS, signal.SIGHUP)  # no memory, no disk, a scheduler, a terminal
LOADING = 3600.0  # seconds to make a system ready; some compile, or read many gigabytes
STARVED = (errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO)  # whatever else is refused is for the system to bear

Answer = Any  # what `AnswerKind.take` gives, or an `Unscorable`


@dataclass(frozen=True)
class Spec:
    """How to open a system, in any process: what `registry.open_system` takes, and what is asked of its predictions."""

    name: str
    task: str
    recipe: str | None = None
    weights: Path | None = None
    answer: str = "audio"

    def open(self) -> System:
        """The system, not yet loaded; errors as `open_system`."""
        return open_system(self.name, task=self.task, recipe=self.recipe, weights=self.weights)


class Host:
    """The process that a system sits in; started by `load`, and again whenever it was lost.

    Args:
        spec: of the system.
        timeout: seconds for one call.

    Attributes:
        reloading: seconds that starting it again has taken so far.
    """

    def __init__(self, spec: Spec, timeout: float = TIMEOUT):
        self.spec, self.timeout, self.device = spec, timeout, "cpu"
        self.reloading = 0.0
        self._pool = PersistentPool(1, attempts=1, one_thread=False)
        self._loaded = self._late = False
        self._took, self._in_vain = 0.0, 0

    def load(self, device: str) -> None:
        """Make the system ready.

        Raises:
            AvbenchError: it cannot be; of the kind that was raised in the child, where it was one of ours.
        """
        self.device = device
        self._make_ready()

    def answer(self, inputs: Sequence[Inputs]) -> list[Answer]:
        """One answer or fault for each input; a batch that is lost is asked again one by one.

        Raises:
            AvbenchError: the system was lost, and could not be started again, `STARTS` times in a row.
        """
        try:
            return self._answer(inputs)
        except MachineFault as fault:
            return [fault] * len(inputs)

    def _answer(self, inputs: Sequence[Inputs]) -> list[Answer]:
        if len(inputs) == 1:
            return self._ask_twice(inputs, 2 * self.timeout)
        found = self._ask(inputs, self.timeout)
        if not isinstance(found, Unscorable):
            return found
        share = self.timeout / len(inputs)
        return [answer for one in inputs for answer in self._ask_twice([one], share)]

    def _ask_twice(self, inputs: Sequence[Inputs], limit: float) -> list[Answer]:
        """Ask one question, and after a crash, which may have come from outside, once more; within the limit."""
        found = self._ask(inputs, min(limit, self.timeout))
        left = min(limit - self._took, self.timeout)
        if isinstance(found, Unscorable) and not self._late and left > 0:
            again = self._ask(inputs, left)
            found = found if isinstance(again, Unscorable) and self._late else again
        return [found] if isinstance(found, Unscorable) else found

    def close(self) -> None:
        """End the child."""
        self._pool.close()
        self._loaded = False

    def _make_ready(self) -> None:
        if not self._loaded:
            lost = self._call(LOADING, _load, self.spec, self.device)
            if isinstance(lost, Unscorable):
                raise MissingResource(f"The system {self.spec.name} cannot be loaded: {lost.reason}.")
            self._loaded = True

    def _ask(self, inputs: Sequence[Inputs], limit: float) -> list[Answer] | Unscorable:
        """Ask for a batch; a fault where the child was lost. Raises `MachineFault` where it cannot be started."""
        began, self._late, self._took = time.monotonic(), False, 0.0
        try:
            self._make_ready()
        except AvbenchError as error:
            self._in_vain += 1
            if self._in_vain >= STARTS:
                raise
            reason = f"the system was lost, and could not be started again ({str(error).rstrip('.')})"
            raise MachineFault(reason) from error
        finally:
            self.reloading += time.monotonic() - began
        self._in_vain, began = 0, time.monotonic()
        found = self._call(limit, _predict, self.spec, list(inputs))
        self._took = time.monotonic() - began
        if isinstance(found, Unscorable):
            self._loaded = False
        return found

    def _call(self, limit: float, function: Callable, *arguments: Any) -> Any:
        """Let the child call a function; a fault where it was lost. Raises what the child was refused with."""
        self._pool.timeout = limit
        (outcome,) = self._pool.map(function, [arguments])
        self._late = outcome.late
        if outcome.fault is None:
            if isinstance(outcome.value, _Refusal):
                raise outcome.value.error()
            return outcome.value
        if outcome.late:
            return EstimateFault(f"the system took longer than {limit:g} s")
        how = outcome.fault.reason.removeprefix("the worker process ")
        if how == outcome.fault.reason:  # it lives, and something else went wrong
            return outcome.fault
        if -(outcome.code or 0) in OUTSIDE:
            return MachineFault(f"the process of the system {how}: memory may have run out")
        return EstimateFault(f"the process of the system {how}")


@dataclass(frozen=True)
class _Refusal:
    """An error of ours, as it can be sent between processes."""

    kind: str
    text: str
    trace: str

    @classmethod
    def of(cls, error: BaseException, text: str = "") -> "_Refusal":
        """What there is to say of an error that is being handled."""
        return cls(type(error).__name__, text or str(error), traceback.format_exc())

    def error(self) -> AvbenchError:
        """The error again, of the nearest kind of ours; `--debug` shows where in the child it was raised."""
        found = {"UsageError": UsageError, "BadFile": BadFile}.get(self.kind, MissingResource)(self.text)
        found.add_note(self.trace)
        return found


_loaded: dict[Spec, System] = {}  # in the child


def _load(spec: Spec, device: str) -> _Refusal | None:
    try:
        system = spec.open()
        system.load(device)
    except AvbenchError as error:
        return _Refusal.of(error)
    except (Exception, SystemExit) as error:  # foreign code may raise anything
        return _Refusal.of(error, f"The system {spec.name} cannot be loaded: {said(error)}.")
    _loaded[spec] = system
    return None


def _predict(spec: Spec, inputs: Sequence[Inputs]) -> list[Answer] | _Refusal:
    try:
        return answers_of(_loaded[spec], inputs, ANSWERS[spec.answer])
    except AvbenchError as error:
        return _Refusal.of(error)


def answers_of(system: System, inputs: Sequence[Inputs], kind: AnswerKind) -> list[Answer]:
    """Ask for a batch; if that fails, ask one by one, so that one bad input costs one answer."""
    try:
        predictions = system.predict(inputs)
        if len(predictions) != len(inputs):
            raise EstimateFault(f"the system gave {len(predictions)} answers to {len(inputs)} inputs")
    except (AvbenchError, KeyboardInterrupt, GeneratorExit):
        raise  # something the user can mend, such as a missing package, or the user's own wish
    except BaseException as error:
        if len(inputs) > 1:
            return [answers_of(system, [one], kind)[0] for one in inputs]
        return [_fault(error)]
    return [_taken(prediction, kind) for prediction in predictions]


def _taken(prediction: Prediction, kind: AnswerKind) -> Answer:
    try:
        return kind.take(prediction)
    except EstimateFault as fault:
        return fault


def _fault(error: BaseException) -> Unscorable:
    """Whose fault an exception of a system is. Torch reports a lack of memory as a RuntimeError.

    A system may say that the machine failed, but nothing of the reference, which it does not know.
    """
    if isinstance(error, Unscorable):
        return (MachineFault if isinstance(error, MachineFault) else EstimateFault)(error.reason)
    starved = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in STARVED)
    if starved or "OutOfMemory" in type(error).__name__ or "can't allocate memory" in str(error):
        return MachineFault(f"the machine failed while the system ran ({said(error)})")
    return EstimateFault(f"the system raised {said(error)}")
