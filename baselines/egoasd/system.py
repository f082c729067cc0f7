"""A detector as a system of the harness.

Conventions: sound at 16 kHz; face tracks at 25 fps of any size, grey or RGB; one score from 0 to 1 a picture.
Tracks are answered one by one: what is a batch to others is thirty seconds of pictures here.

Contents: `open_detector`, `Detector`, `check_track`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.types import Card, Inputs, Prediction

from ...systems.nn.enhancer import FPS, RATE, Enhancer, Net, open_enhancer
from ...systems.nn.opened import OpenedNet
from .recipe import EgoasdRecipe

SMALLEST = 16  # pixels
PICTURE = 0.04  # seconds: a picture's exposure
WITH_SOUND = PICTURE + 0.015  # the last window of sound that belongs to a picture ends 15 ms after it


def open_detector(
    name: str, title: str, net: Net, recipes: Mapping[str, EgoasdRecipe], *, paper: str, hears: bool, **which
) -> "Detector":
    """A detector with its card.

    Args:
        name: full name.
        title: one line.
        net: which.
        recipes: of the variant.
        paper: where it is from.
        hears: takes the sound.
        **which: `recipe`, `weights`, `untrained` as of `avbench.registry.Family.create`.
    """
    card = Card(
        id=name,
        title=title,
        paper=paper,
        inputs=frozenset({"audio", "face"} if hears else {"face"}),
        output="scores",
        rate=RATE,
        causal=True,
        lookahead=WITH_SOUND if hears else PICTURE,
    )
    opened = open_enhancer(net, card, recipes, **which)
    sizes = recipes[opened.card.recipe]
    return Detector(opened, hears, sizes.side, sizes.colours)


class Detector(OpenedNet):
    """A `System` that says of every picture of a face whether this is who speaks.

    Args:
        opened: which net, with which weights.
        hears: takes the sound.
        side: pixels of the faces that counting and timing show it.
        colours: of those, 3 or 1.
    """

    def __init__(self, opened: Enhancer, hears: bool, side: int, colours: int):
        super().__init__(opened)
        self._hears, self._side, self._colours = hears, side, colours

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one track, made of noise."""
        import torch

        maker = torch.Generator().manual_seed(0)
        frames = max(1, round(seconds * FPS))
        shape = (1, frames, self._side, self._side, *((3,) if self._colours == 3 else ()))
        face = torch.randint(0, 256, shape, generator=maker, dtype=torch.uint8).to(device)
        if not self._hears:
            return (face,)
        return face, 0.1 * torch.randn(1, frames * SAMPLES_PER_FRAME, generator=maker).to(device)

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Score every picture of each.

        Raises:
            UsageError: an input without a face track or the sound that the net needs, or at other rates.
        """
        if self._module is None:
            self.load(self._device)
        for item in inputs:
            check_track(self.card.id, item, self._hears)
        with exact_arithmetic():
            return [Prediction(scores=self._scores(item)) for item in inputs]

    def _scores(self, item: Inputs) -> np.ndarray:
        import torch

        frames = item.face.frames
        face = frames[..., 0] if frames.shape[3] == 1 else frames
        arguments = [torch.from_numpy(np.ascontiguousarray(face))[None].to(self._device)]
        if self._hears:
            wave = item.audio.samples[: len(frames) * SAMPLES_PER_FRAME]
            wave = np.pad(wave, (0, len(frames) * SAMPLES_PER_FRAME - len(wave)))
            arguments.append(torch.from_numpy(np.ascontiguousarray(wave))[None].to(self._device))
        with torch.inference_mode():
            return torch.sigmoid(self._module(*arguments)[0].float()).cpu().numpy()


def check_track(name: str, item: Inputs, hears: bool) -> None:
    """Raises `UsageError` for an input that cannot be answered; sound of another length than the track is fine."""
    if item.face is None:
        raise UsageError(f"{name} needs a face track, and {item.id} has none.")
    frames, fps = item.face.frames, item.face.fps
    if not len(frames) or min(frames.shape[1:3]) < SMALLEST or abs(fps - FPS) > 1e-3 * FPS:
        raise UsageError(
            f"{name} takes face tracks at {FPS} fps of {SMALLEST} pixels a side and more, and {item.id} has "
            f"{list(frames.shape)} at {fps:g} fps."
        )
    if not hears:
        return
    if item.audio is None:
        raise UsageError(f"{name} needs sound, and {item.id} has none: use a system that only looks, as mutud/asd.")
    if item.audio.rate != RATE or not np.isfinite(item.audio.samples).all():
        raise UsageError(f"{name} takes finite sound at {RATE} Hz, and {item.id} has other, at {item.audio.rate} Hz.")
