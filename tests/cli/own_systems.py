"""Systems as a user would write them, for `--system own_systems:Half`."""

import os
import time
from pathlib import Path

import numpy as np

from avbench.types import Audio, Card, Prediction


class Half:
    """Half as loud."""

    card = Card("half", "half as loud", "", frozenset({"audio"}), "audio", 16000, True, 0.0)
    digest = "half@1"

    def load(self, device):
        self.device = device

    def predict(self, inputs):
        return [self.one(given) for given in inputs]

    def one(self, given):
        return Prediction(audio=Audio((0.5 * given.audio.samples).astype(np.float32), given.audio.rate))


class Slow(Half):
    """Takes its time, so that somebody can kill it; fast where a file says so, which is not part of its digest."""

    digest = "slow@1"

    def predict(self, inputs):
        if not Path("hurry").exists():
            time.sleep(0.4)
        return super().predict(inputs)


class Broken(Half):
    digest = "broken@1"

    def one(self, given):
        raise RuntimeError("out of ideas")


class Starved(Half):
    """The machine fails at the first trial until a file says that it has recovered."""

    digest = "starved@1"

    def one(self, given):
        if "-0000." in given.id and not Path("hurry").exists():
            raise MemoryError
        return super().one(given)


class Short(Half):
    digest = "short@1"

    def one(self, given):
        return Prediction(audio=Audio(given.audio.samples[:-1], given.audio.rate))


class Watcher(Half):
    card = Card("watcher", "needs pictures", "", frozenset({"audio", "video"}), "audio", 16000, True, 0.0)
    digest = "watcher@1"


class Suicide(Half):
    """Raises what nobody foresaw, outside any trial."""

    def load(self, device):
        raise KeyError(f"surprise in {os.getpid()}")


class Quitter(Half):
    """Ends the program, as a script would."""

    digest = "quitter@1"

    def one(self, given):
        raise SystemExit


class Unloadable(Half):
    digest = "unloadable@1"

    def load(self, device):
        raise SystemExit(0)


class Crasher(Half):
    """Ends the process at one trial as a segmentation fault does."""

    digest = "crasher@1"

    def one(self, given):
        if "-0001.snr5" in given.id:
            os._exit(139)
        return super().one(given)


class Sleeper(Half):
    """Never answers one of the questions, unless a file tells it to."""

    digest = "sleeper@1"

    def one(self, given):
        if "-0001.snr5" in given.id and not Path("hurry").exists():
            self.hang()
        return super().one(given)

    def hang(self):
        while True:
            time.sleep(1e6)


class Spinner(Sleeper):
    digest = "spinner@1"

    def hang(self):
        while True:
            np.linalg.eigvals(np.ones((300, 300)))


class Stuck(Sleeper):
    """A native call that holds the interpreter's lock: no other thread of the process ever runs again."""

    digest = "stuck@1"

    def hang(self):
        import ctypes

        ctypes.PyDLL(None).pause()


class Infinite(Half):
    digest = "infinite@1"

    def one(self, given):
        return Prediction(audio=Audio(np.full_like(given.audio.samples, np.inf), given.audio.rate))


class HalfLive(Half):
    """The same, hop by hop, and late by one hop."""

    digest = "half-live@1"
    rate, hop, late = 16000, 160, 160

    def stream(self):
        live = HalfLive()
        live.begin()
        return live

    def begin(self):
        self.before = np.zeros(160, np.float32)

    def push(self, samples):
        answer, self.before = 0.5 * self.before, samples.copy()
        return answer


class HalfLost(HalfLive):
    """Loses samples of the third hop."""

    digest = "half-lost@1"

    def stream(self):
        live = HalfLost()
        live.begin()
        live.count = 0
        return live

    def push(self, samples):
        self.count += 1
        return super().push(samples)[: 160 if self.count < 3 else 100]


class Speaker(Half):
    """Answers with text."""

    digest = "speaker@1"
    card = Card("speaker", "says it", "", frozenset({"audio"}), "text", 16000, True, 0.0)

    def one(self, given):
        return Prediction(text=f"{len(given.audio.samples)} samples")
