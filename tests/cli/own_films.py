"""Systems that make films, as a user would write them."""

import numpy as np

from avbench.types import Card, Prediction, Video

INPUTS = frozenset({"audio", "face"})


class Painter:
    """The face, as bright as the speech is loud; a whole film at once."""

    card = Card("painter", "paints loudness", "", INPUTS, "video", 16000, True, 0.0)
    digest = "painter@1"

    def load(self, device):
        self.device = device

    def predict(self, inputs):
        return [Prediction(video=Video(np.concatenate([s.push(i.audio.samples), s.finish()]), 25.0))
                for i in inputs for s in [self.Stream(i.face)]]  # fmt: skip

    class Stream:
        rate, hop, lookahead = 16000, 640, 0.05

        def __init__(self, face):
            self.face, self.waiting = face.frames[0].astype(float), np.zeros(0, np.float32)

        def push(self, samples):
            self.waiting = np.concatenate([self.waiting, samples])
            count = len(self.waiting) // 640
            loud = np.abs(self.waiting[: 640 * count]).reshape(count, 640).max(axis=1, initial=0)
            self.waiting = self.waiting[640 * count :]
            return np.clip(self.face * 0.5 + 255 * loud[:, None, None, None], 0, 255).astype(np.uint8)

        def finish(self):
            return self.push(np.zeros(-len(self.waiting) % 640, np.float32))


class LivePainter(Painter):
    """The same while it listens."""

    digest = "live-painter@1"

    def animate(self, face, seed):
        assert isinstance(seed, int)
        return self.Stream(face)


class Scribbler(LivePainter):
    """Fails in the middle."""

    def animate(self, face, seed):
        stream = self.Stream(face)
        stream.push = lambda samples: 1 / 0
        return stream


class Mumbler(LivePainter):
    """Gives what no film can hold."""

    def animate(self, face, seed):
        stream = self.Stream(face)
        stream.push = lambda samples: np.zeros((1, 8, 8), np.float32)
        return stream
