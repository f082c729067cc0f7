"""A box: one submitted system in one sandbox, asked one trial at a time.

What comes out of the box is bytes of somebody who wishes us ill: lengths are bounded before anything is read, values
are made anew, and whatever cannot be used is the system's own fault, which scores the floor. The box is ended, and
opened anew for the next trial, when it is too slow, takes too much memory, has too many processes, or speaks out of
turn.

Memory and processes are watched from outside (`watch`): limits of the kernel (`inside`) hold for each process by
itself.

Contents: `Box`.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ..errors import EstimateFault, MissingResource, Unscorable
from ..evaluation.answers import ANSWERS
from ..types import Inputs
from .calls import open_filter
from .sandbox import HOME, PLACE, Limits, environment, shielded
from .watch import watch
from .wire import Reader, WireError, encode, inputs_to_wire, prediction_of

PIECE = 1 << 20
TICK = 0.1
WORDS = 4096  # bytes kept of what a system prints
BOOT = (
    "import json, sys; setting = json.loads(sys.argv[1]);"
    "sys.path += [path for path in setting['path'] if path not in sys.path];"
    "from avbench.submission.inside import main; main(setting)"
)


class Box:
    """One system in one sandbox.

    Args:
        folder: of the unpacked submission.
        entry: `module:Class`; None where the answers lie in the folder already.
        kind: of answers.
        limits: what it may take.
        trust: run it as it is, without a sandbox; limits are still kept.
        secret: folders to be hidden.

    Attributes:
        loading: seconds that making it ready has taken so far.
    """

    def __init__(
        self,
        folder: Path,
        entry: str | None,
        kind: str,
        limits: Limits,
        trust: bool = False,
        secret: tuple[Path, ...] = (),
    ):
        self.folder, self.entry, self.kind, self.limits = folder, entry, kind, limits
        self.trust, self.secret = trust, secret
        self.loading = 0.0
        self.ended = ""  # why the watch has ended it
        self.process: subprocess.Popen | None = None
        self._words = b""

    def load(self) -> None:
        """Open the box, unless it is open.

        Raises:
            MissingResource: the system cannot be made ready.
        """
        if self.process is not None:
            return
        began = time.monotonic()
        try:
            self._start()
            said, _ = self._hear(began + self.limits.loading, self.limits.loading)
            if said.get("ready") is not True:
                raise EstimateFault(_clean(said.get("fault")))
        except Unscorable as fault:
            self.close()
            raise MissingResource(f"The submitted system cannot be loaded: {fault.reason}.") from fault
        finally:
            self.loading += time.monotonic() - began

    def ask(self, one: Inputs) -> Any:
        """The answer to one trial, or the fault. A process that ended is tried once more.

        Raises:
            MissingResource: the system was lost, and cannot be made ready again.
        """
        for attempt in (1, 2):
            self.load()
            try:
                return self._answer(one)
            except _Gone as gone:
                if attempt == 2:
                    return EstimateFault(gone.reason)
            except EstimateFault as fault:
                return fault
        raise AssertionError("unreachable")

    def _answer(self, one: Inputs) -> Any:
        message, until = encode(*inputs_to_wire(one)), time.monotonic() + self.limits.seconds
        try:
            self._tell(message, until)
            said, arrays = self._hear(until, self.limits.seconds)
        except Unscorable:
            self.close()
            raise
        if "fault" in said:
            raise EstimateFault(f"the system raised {_clean(said['fault'])}" if self.entry else _clean(said["fault"]))
        try:
            return ANSWERS[self.kind].take(prediction_of(said, arrays, self.kind))
        except WireError as error:
            raise EstimateFault(f"the system's answer cannot be used: {error}") from None

    def close(self) -> None:
        """End the box with all that is in it."""
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10.0)

    def _start(self) -> None:
        home, place = (self.folder, self.folder) if self.trust else (HOME, PLACE)
        setting = {
            "folder": str(place), "entry": self.entry, "kind": self.kind, "device": "cpu",
            "memory": self.limits.memory, "disk": self.limits.disk, "path": _path(),
        }  # fmt: skip
        command = [sys.executable, "-I", "-c", BOOT, json.dumps(setting)]
        with open_filter() as filters:
            if not self.trust:
                command = shielded(command, self.folder, self.limits, self.secret, filters)
            try:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=home if self.trust else "/",
                    env=environment(home),
                    pass_fds=() if filters < 0 else (filters,),
                    start_new_session=True,
                    bufsize=0,
                )
            except OSError as error:
                raise MissingResource(f"The sandbox cannot be started: {error.strerror or error}.") from error
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            os.set_blocking(stream.fileno(), False)
        self.ended, self._words = "", b""
        watch(self)

    def _tell(self, message: bytes, until: float) -> None:
        """Write a question; whoever does not read it is too slow."""
        view = memoryview(message)
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdin, selectors.EVENT_WRITE)
            ready.register(self.process.stderr, selectors.EVENT_READ)
            while view:
                for key, _ in self._wait(ready, until, self.limits.seconds):
                    if key.fileobj is self.process.stderr:
                        self._listen(ready)
                        continue
                    try:
                        view = view[os.write(key.fd, view[:PIECE]) :]
                    except BlockingIOError:
                        continue
                    except OSError:
                        raise self._gone() from None

    def _hear(self, until: float, most: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """One message from the box, within its time, which is `most` seconds in all."""
        reader = Reader()
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            ready.register(self.process.stderr, selectors.EVENT_READ)
            while not reader.whole:
                for key, _ in self._wait(ready, until, most):
                    if key.fileobj is self.process.stderr:
                        self._listen(ready)
                        continue
                    piece = os.read(key.fd, PIECE)
                    if not piece:
                        raise self._gone()
                    try:
                        reader.feed(piece)
                    except WireError as error:
                        raise EstimateFault(f"the system's answer cannot be used: {error}") from None
        try:
            return reader.message()
        except WireError as error:
            raise EstimateFault(f"the system's answer cannot be used: {error}") from None

    def _wait(self, ready: selectors.BaseSelector, until: float, most: float) -> list:
        left = until - time.monotonic()
        if left <= 0:
            raise EstimateFault(f"the system took longer than {most:g} s")
        found = ready.select(min(left, TICK))
        if self.ended:
            raise EstimateFault(self.ended)
        return found

    def _listen(self, ready: selectors.BaseSelector) -> None:
        """Keep the end of what a system prints, however much that is."""
        try:
            piece = os.read(self.process.stderr.fileno(), PIECE)
        except BlockingIOError:
            return
        if not piece:
            ready.unregister(self.process.stderr)
        self._words = (self._words + piece)[-WORDS:]

    def _gone(self) -> Unscorable:
        """How the process ended, with the last line it wrote."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5.0)
        if self.ended:
            return EstimateFault(self.ended)
        with contextlib.suppress(OSError):
            self._words = (self._words + (os.read(self.process.stderr.fileno(), PIECE) or b""))[-WORDS:]
        lines = [line for line in map(_clean, self._words.decode(errors="replace").splitlines()) if line]
        code = self.process.returncode
        how = "stopped answering" if code is None else f"ended with exit code {code}"
        return _Gone(f"the process of the system {how}{f' ({lines[-1]})' if lines else ''}")


class _Gone(EstimateFault):
    """The process ended by itself."""


def _clean(text: Any) -> str:
    """What a system said, for people: one line of printable signs."""
    text = text if isinstance(text, str) else "no reason given"
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _path() -> list[str]:
    """Where packages lie that must be found inside too; folders that are not visible there are simply empty."""
    import avbench

    return [*(p for p in sys.path if Path(p).name in ("site-packages", "dist-packages")),
            str(Path(avbench.__file__).parents[1])]  # fmt: skip
