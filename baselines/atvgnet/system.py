"""ATVGnet as a system of the harness.

Conventions: speech at 16 kHz; one registered picture of a face of any size, grey or RGB; a film of 128 × 128 at 25 fps,
a picture for every 640 samples begun. Trials are answered one by one: what is a batch to others is a film here.

Contents: `TalkingHead`.
"""

from collections.abc import Sequence

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError
from avbench.signal.video import FPS, SAMPLES_PER_FRAME
from avbench.types import Inputs, Prediction, Video

from ...systems.nn.enhancer import RATE, Enhancer
from ...systems.nn.opened import OpenedNet

SMALLEST = 16  # pixels


class TalkingHead(OpenedNet):
    """A `System` that moves a picture as speech asks.

    Args:
        opened: which net, with which weights.
        size: pixels of the pictures that it takes and gives.
    """

    def __init__(self, opened: Enhancer, size: int):
        super().__init__(opened)
        self._size = size

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one trial, made of noise."""
        import torch

        maker = torch.Generator().manual_seed(0)
        wave = 0.1 * torch.randn(1, max(1, round(seconds * FPS)) * SAMPLES_PER_FRAME, generator=maker)
        face = torch.randint(0, 256, (1, self._size, self._size, 3), generator=maker, dtype=torch.uint8)
        return wave.to(device), face.to(device)

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Make a film for each.

        Raises:
            UsageError: an input without speech or without one picture of a face, or speech at another rate.
        """
        if self._module is None:
            self.load(self._device)
        for item in inputs:
            self._check(item)
        with exact_arithmetic():
            return [Prediction(video=Video(self._film(item), float(FPS))) for item in inputs]

    def _film(self, item: Inputs) -> np.ndarray:
        import torch

        wave = torch.from_numpy(item.audio.samples)[None].to(self._device)
        face = torch.from_numpy(self._picture(item.face.frames[0]))[None].to(self._device)
        with torch.inference_mode():
            return np.concatenate([piece[0].cpu().numpy() for piece in self._module.pieces(wave, face)])

    def _picture(self, frame: np.ndarray) -> np.ndarray:
        """`[H, W, 1 or 3]` to `[S, S, 3]` uint8."""
        if frame.shape != (self._size, self._size, 3):
            from PIL import Image

            image = Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame).convert("RGB")
            frame = np.asarray(image.resize((self._size, self._size), Image.Resampling.BILINEAR))
        return np.array(frame)  # one that may be written to, as torch wants it

    def _check(self, item: Inputs) -> None:
        name = self.card.id
        if item.audio is None or item.face is None:
            raise UsageError(f"{name} needs speech and a picture of a face, and {item.id} lacks one of them.")
        if item.audio.rate != RATE or not len(item.audio.samples) or not np.isfinite(item.audio.samples).all():
            raise UsageError(f"{name} takes finite speech at {RATE} Hz, and {item.id} has other, or none.")
        shape = item.face.frames.shape
        if not shape[0] or min(shape[1:3]) < SMALLEST:
            raise UsageError(
                f"{name} takes faces of {SMALLEST} pixels a side and more, and {item.id} has {list(shape)}."
            )
