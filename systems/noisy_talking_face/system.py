"""The talking face as a system of the harness.

Conventions: speech at 16 kHz; one picture of a registered face; as many frames of 40 ms as it takes to cover the
speech, the last one filled with silence. What is drawn for a frame hangs on the trial's seed and the frame's number.

Contents: `TalkingFace`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError
from avbench.signal.video import FPS, SAMPLES_PER_FRAME, frames_for
from avbench.types import Card, Inputs, Prediction, Video

from ..nn.enhancer import RATE, Enhancer
from ..nn.opened import OpenedNet
from .recipe import TalkingFaceRecipe
from .signals import drawn_noise, halve, to_bytes, to_pictures

LONG = 250  # frames; what is longer is streamed, whose memory does not grow
TOGETHER = 256  # frames that the net gets at once


class TalkingFace(OpenedNet):
    """A `System` that makes a picture of a face speak.

    Args:
        opened: which net, with which weights.
        recipe: its sizes.
    """

    def __init__(self, opened: Enhancer, recipe: TalkingFaceRecipe):
        super().__init__(opened)
        self._recipe = recipe

    @property
    def card(self) -> Card:
        """What it says about itself."""
        return replace(super().card, output="video")

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one clip, made of noise: speech at 8 kHz, a face, drawn noise."""
        import torch

        maker, frames, size = torch.Generator().manual_seed(0), max(1, round(seconds * FPS)), self._recipe.size
        speech = 0.1 * torch.randn(1, frames * SAMPLES_PER_FRAME // 2, generator=maker)
        face = 2 * torch.rand(1, 3, size, size, generator=maker) - 1
        drawn = torch.randn(1, frames, self._recipe.noise, generator=maker)
        return speech.to(device), face.to(device), drawn.to(device)

    def animate(self, face: Video, seed: int):
        """A stream that makes one face speak; see `avbench.evaluation.filmed.FilmStream`.

        Args:
            face: `[1, H, W, 3]`, registered.
            seed: of the drawn noise.
        """
        from .stream import FaceStream

        if self._module is None:
            self.load(self._device)
        return _Bytes(FaceStream(self._module, self._face(face.frames[0])[None], seed))

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Make a film of each.

        Raises:
            UsageError: an input without speech or a face, or at another rate.
        """
        if self._module is None:
            self.load(self._device)
        for item in inputs:
            self._check(item)
        counts = [frames_for(len(item.audio.samples)) for item in inputs]
        answers: list[Prediction | None] = [None] * len(inputs)
        for count in sorted(set(counts)):
            alike = [i for i, c in enumerate(counts) if c == count]
            size = max(1, TOGETHER // count)
            for group in (alike[k : k + size] for k in range(0, len(alike), size)):
                films = self._films([inputs[i] for i in group], count)
                for i, film in zip(group, films, strict=True):
                    answers[i] = Prediction(video=Video(film, float(FPS)))
        return answers

    def _films(self, items: Sequence[Inputs], count: int) -> list[np.ndarray]:
        """`[F, S, S, 3]` uint8 of clips of equally many frames."""
        import torch

        if count > LONG:
            return [self._streamed(item) for item in items]
        missing = [count * SAMPLES_PER_FRAME - len(item.audio.samples) for item in items]
        speech = np.stack([np.pad(item.audio.samples, (0, m)) for item, m in zip(items, missing, strict=True)])
        drawn = np.stack([drawn_noise(item.seed, 0, count, self._recipe.noise) for item in items])
        faces = torch.stack([self._face(item.face.frames[0]) for item in items])
        with exact_arithmetic(), torch.inference_mode():
            heard, drawn = (torch.from_numpy(x).to(self._device) for x in (halve(speech), drawn))
            return list(to_bytes(self._module(heard, faces, drawn).frames))

    def _streamed(self, item: Inputs) -> np.ndarray:
        stream = self.animate(item.face, item.seed)
        return np.concatenate([stream.push(item.audio.samples), stream.finish()])

    def _face(self, picture: np.ndarray):
        """`[3, S, S]` of one picture `[H, W, 1 or 3]`, on the device."""
        import torch

        size = self._recipe.size
        colour = np.array(np.broadcast_to(picture, (*picture.shape[:2], 3)))  # a copy, which may be written to
        face = to_pictures(torch.from_numpy(colour)).to(self._device)
        if face.shape[1:] != (size, size):
            face = torch.nn.functional.interpolate(face[None], (size, size), mode="bilinear", antialias=True)[0]
        return face

    def _check(self, item: Inputs) -> None:
        name = self.card.id
        if item.audio is None or item.face is None:
            raise UsageError(f"{name} needs speech and a picture of a face, and {item.id} lacks one of them.")
        if item.audio.rate != RATE or not len(item.audio.samples) or not np.isfinite(item.audio.samples).all():
            raise UsageError(f"{name} takes finite speech at {RATE} Hz, and {item.id} has other or none.")
        if item.face.frames.shape[1] != item.face.frames.shape[2]:
            raise UsageError(f"{name} takes a registered face, which is square, and {item.id} has another.")


class _Bytes:
    """The stream of a face, with frames as bytes `[n, S, S, 3]`."""

    def __init__(self, stream):
        self._stream = stream
        self.rate, self.hop, self.lookahead = stream.rate, stream.hop, stream.lookahead

    def push(self, samples: np.ndarray) -> np.ndarray:
        """The frames that can be made now."""
        return to_bytes(self._stream.push(samples))

    def finish(self) -> np.ndarray:
        """The frames that are left."""
        return to_bytes(self._stream.finish())
