"""Worker processes that make clips.

Each worker is this module run as a program, and owns one speech engine. It is no fork and no `multiprocessing` child,
so that a user's script needs no `__main__` guard, and it ends when the pipe from its owner closes, however the owner
dies.

Conventions: a message is its length (8 bytes, little-endian) and a pickle; both ends are ours, on one machine.

Contents: `Order`, `Made`, `make`, `Makers`.
"""

import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from ...errors import AvbenchError, MissingResource
from .parts import find_part
from .session import Record, Said
from .spec import CorpusSpec
from .voice import Voice

FAREWELL = 10.0  # seconds that a worker gets to finish what it has in hand


@dataclass(frozen=True)
class Order:
    """What to make of one clip.

    Args:
        id: of the clip.
        mouth: whether its pictures are wanted.
        record: None: say it as well; else what was said before, and only the pictures are drawn.
        part: of the corpus.
    """

    id: str
    mouth: bool
    record: Record | None = None
    part: str = ""


@dataclass(frozen=True, eq=False)
class Made:
    """What was made of one clip: `mouth` is `[F, 88, 88]` uint8 (or what the part shows); None was not ordered."""

    said: Said | None
    mouth: np.ndarray | None


def make(spec: CorpusSpec, orders: Sequence[Order], voice: Voice) -> list[Made]:
    """Make some clips, one after the other. Raises `MissingResource` without a speech engine."""
    made = []
    for order in orders:
        part = find_part(order.part)
        said = part.say(spec, order.id, voice) if order.record is None else None
        made.append(Made(said, part.show(spec, said or order.record) if order.mouth else None))
    return made


class Makers:
    """Some workers; a context manager that ends them. One worker is this process itself.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int):
        self._inside = workers == 1
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="avbench-maker")
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._all: list[_Worker] = []
        self._voice = Voice() if self._inside else None
        self._ended = False

    def __enter__(self) -> "Makers":
        return self

    def __exit__(self, *_):
        with self._lock:
            self._ended = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.end()
        self._threads.shutdown(wait=True)
        for worker in self._all:
            worker.close()
        if self._voice is not None:
            self._voice.close()

    def order(self, spec: CorpusSpec, orders: Sequence[Order]) -> "Future[list[Made]]":
        """Have some clips made, by one worker."""
        return self._threads.submit(self._make, spec, orders)

    def _make(self, spec, orders):
        if self._inside:
            return make(spec, orders, self._voice)
        for _ in range(2):
            worker = getattr(self._mine, "worker", None) or self._start()
            try:
                return worker.ask((spec, orders))
            except (EOFError, OSError):
                self._mine.worker = None  # its remains are cleared away at the end
        raise MissingResource(
            "A process that makes the corpus died twice, most likely because memory ran out: use fewer workers."
        )

    def _start(self):
        with self._lock:
            if self._ended:
                raise CancelledError
            self._mine.worker = _Worker()
            self._all.append(self._mine.worker)
            return self._mine.worker


class _Worker:
    """The owner's end of one worker process."""

    def __init__(self):
        # One thread each: the workers share the cores already. The path is ours, so that the same package is found.
        lean = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        path = os.pathsep.join(p for p in sys.path if p)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **lean, "PYTHONPATH": path},
        )

    def ask(self, question: Any) -> Any:
        _send(self._process.stdin, question)
        kind, answer = _receive(self._process.stdout)
        if kind == "refused":
            raise MissingResource(answer)
        if kind == "failed":
            raise RuntimeError(f"A process that makes the corpus failed:\n{answer}")
        return answer

    def end(self):
        """Let the process end: at once if it is idle, else after the clip in hand, and killed if that takes long."""
        with suppress(OSError):  # the other end may be gone already, which is what is wanted
            self._process.stdin.close()
        try:
            self._process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self):
        """Close the other pipe; a reader must not be in it any more."""
        self._process.stdout.close()


def _send(pipe: IO[bytes], message: Any) -> None:
    content = pickle.dumps(message, protocol=5)
    pipe.write(struct.pack("<Q", len(content)))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    """The next message. Raises `EOFError` where the other end is gone."""
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    (length,) = struct.unpack("<Q", head)
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError
    return pickle.loads(content)


def _work() -> None:
    """Answer questions until the owner is gone."""
    import traceback

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who then ends us
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever some library prints must not get between the messages
    with Voice() as voice:
        while True:
            try:
                spec, orders = _receive(questions)
            except EOFError:
                return
            try:
                answer = ("made", make(spec, orders, voice))
            except AvbenchError as error:
                answer = ("refused", str(error))
            except Exception:
                answer = ("failed", traceback.format_exc())
            try:
                _send(answers, answer)
            except BrokenPipeError:
                return


if __name__ == "__main__":
    # Run as a program this module is called `__main__`; pickles name its classes by the name they are imported under.
    from avbench.data.synth.makers import _work as work

    work()
