"""Systems that do to their process what systems do, for `hosted:Killed` and the like; and a judge that dies."""

import os
import signal
import sys
import time
from pathlib import Path

from avbench.errors import ReferenceFault
from avbench.evaluation.engines import judge
from avbench.types import Audio, Card, Prediction

BAD = "bad"  # the id of the input at which it happens


class Echo:
    """Answers with its input, but for one input."""

    card = Card("echo", "as it is", "", frozenset({"audio"}), "audio", 16000, True, 0.0)
    digest = "echo@1"

    def load(self, device):
        pass

    def predict(self, inputs):
        return [self.bad(one) if one.id == BAD else Prediction(audio=one.audio) for one in inputs]

    def bad(self, given):
        raise NotImplementedError


class Signalled(Echo):
    """Ended by the signal that the environment names."""

    def bad(self, given):
        number = getattr(signal, os.environ["HOSTED_SIGNAL"])
        if number == signal.SIGHUP:
            signal.signal(number, signal.SIG_DFL)  # under nohup it is ignored, by children too
        os.kill(os.getpid(), number)
        time.sleep(60)


class Liar(Echo):
    """Crashes, and says that it was killed."""

    def bad(self, given):
        sys.stderr.write("was ended by SIGKILL: memory may have run out\n")
        sys.stderr.flush()
        os._exit(1)


class Unsendable(Echo):
    """Answers with what cannot be sent to another process, and is a sound all the same."""

    def bad(self, given):
        audio = Audio(given.audio.samples, given.audio.rate)
        object.__setattr__(audio, "hook", lambda: None)
        return Prediction(audio=audio)


class Hollow(Echo):
    """Answers with a sound whose samples are none."""

    def bad(self, given):
        audio = Audio(given.audio.samples, given.audio.rate)
        object.__setattr__(audio, "samples", "none")
        return Prediction(audio=audio)


class Voider(Echo):
    """Blames the reference."""

    def bad(self, given):
        raise ReferenceFault("the clip is hard")


class Endless(Echo):
    """Never answers anything."""

    def predict(self, inputs):
        time.sleep(1e6)


class Fickle(Echo):
    """Crashes, and can be loaded only as often as a file has lines."""

    def load(self, device):
        left = Path(os.environ["HOSTED_LOADS"])
        lines = left.read_text().splitlines()
        if not lines:
            raise RuntimeError("no server")
        left.write_text("\n".join(lines[1:]))
        time.sleep(0.3)

    def bad(self, given):
        os._exit(1)


def dies(job):
    """Judge an answer, but let the library behind one metric take the process down."""
    if "estoi" in job.metrics and job.trial == "t1":
        os.kill(os.getpid(), signal.SIGSEGV)
    return judge(job)
