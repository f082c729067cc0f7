"""Systems that answer every kind of task without knowing anything."""

import numpy as np

from avbench.types import Card, Prediction, Video


class _Answerer:
    digest, output, inputs = "1", "", ("audio",)

    @property
    def card(self):
        return Card(type(self).__name__, "knows nothing", "", frozenset(self.inputs), self.output, 16000, False, 0.0)

    def load(self, device):
        pass

    def predict(self, inputs):
        return [self.one(each) for each in inputs]


class Says(_Answerer):
    output = "text"

    def one(self, given):
        return Prediction(text="the cat")


class Moves(_Answerer):
    """How much the picture moves."""

    output, inputs = "scores", ("audio", "face")

    def one(self, given):
        frames = given.face.frames.astype(float)
        return Prediction(scores=np.abs(np.diff(frames, axis=0, prepend=frames[:1])).mean((1, 2, 3)))


class Stands(_Answerer):
    """The picture, for as long as the sound lasts."""

    output, inputs = "video", ("audio", "face")

    def one(self, given):
        count = -(-len(given.audio.samples) // 640)
        return Prediction(video=Video(np.repeat(given.face.frames, count, axis=0), 25.0))
