"""A recogniser as a system of the harness.

Conventions: 16 kHz; mouths 88 × 88 at 25 fps. Every clip is answered by itself, because the Conformer's convolutions
see what lies beyond the end of a padded one; so a batch costs what its clips cost, and answers never hang on it.

Contents: `Recogniser`, `transcribe`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError
from avbench.types import Card, Inputs, Prediction

from ...systems.nn.enhancer import FPS, MOUTH, RATE, Enhancer
from .beam import beam_search
from .text import EDGE, text_of

SHORTEST = RATE // FPS  # samples: one step of the net


class Recogniser:
    """A `System` that writes what it hears, and sees if it has lips.

    Args:
        opened: which net, with which weights.
        watches: takes mouth video.
    """

    def __init__(self, opened: Enhancer, watches: bool):
        self._opened, self._watches = opened, watches
        self._module, self._device = None, "cpu"

    @property
    def card(self) -> Card:
        """What it says about itself."""
        return replace(self._opened.card, output="text")

    @property
    def digest(self) -> str:
        """Hash of code version, sizes and weights."""
        return self._opened.digest

    def load(self, device: str) -> None:
        """Build the net and move it to `"cpu"` or `"cuda"`."""
        self._device, self._module = device, self.network().to(device)

    def network(self):
        """A new `nn.Module` of the deployed part, in evaluation mode, on the CPU.

        Its forward pass is the encoder, CTC, and the decoder once over a sentence of ordinary length (15 characters a
        second): what one hypothesis of the search costs.
        """
        return self._opened.network()

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one clip, made of noise."""
        return self._opened.example(seconds, device)

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Transcribe each.

        Raises:
            UsageError: an input without sound, at another rate, or without the mouth video that the net needs.
        """
        if self._module is None:
            self.load(self._device)
        for item in inputs:
            self._check(item)
        with exact_arithmetic():
            return [Prediction(text=self._transcribe(item)) for item in inputs]

    def _transcribe(self, item: Inputs) -> str:
        import torch

        wave = item.audio.samples
        if not np.isfinite(wave).all():
            raise UsageError(f"{self.card.id} takes finite samples, and {item.id} has others.")
        wave = np.pad(wave, (0, max(0, SHORTEST - len(wave))))
        arguments = [torch.from_numpy(wave)[None].to(self._device)]
        if self._watches:
            arguments.append(torch.from_numpy(item.video.frames[None, ..., 0].copy()).to(self._device))
        with torch.inference_mode():
            return transcribe(self._module, *arguments)

    def _check(self, item: Inputs) -> None:
        name = self.card.id
        if item.audio is None:
            raise UsageError(f"{name} needs speech, and {item.id} has none.")
        if item.audio.rate != RATE:
            raise UsageError(f"{name} takes speech at {RATE} Hz, and {item.id} has {item.audio.rate} Hz.")
        if not self._watches:
            return
        if item.video is None:
            raise UsageError(
                f"{name} needs mouth video, and {item.id} has none: use a system that only listens, such as mutud/avsr."
            )
        shape = item.video.frames.shape
        if shape[0] == 0 or shape[1:] != (MOUTH, MOUTH, 1) or item.video.fps != FPS:
            raise UsageError(
                f"{name} takes mouth video [F > 0, {MOUTH}, {MOUTH}, 1] at {FPS} fps, and {item.id} has "
                f"{list(shape)} at {item.video.fps:g} fps."
            )


def transcribe(net, *clip) -> str:
    """What one clip says, by the beam search of the net's recipe.

    Args:
        net: with `memory` and `backbone`, in evaluation mode.
        *clip: wave `[1, T]`, T at least 640, and the mouth `[1, F, 88, 88]` if the net takes one.
    """
    import torch

    backbone = net.backbone
    memory = net.memory(*clip)[0]
    scores = backbone.ctc_scores(memory)[0].double().cpu().numpy()

    def attend(prefixes: np.ndarray) -> np.ndarray:
        text = torch.from_numpy(prefixes).to(memory.device)
        return backbone.decoder(text, memory.expand(len(text), -1, -1))[:, -1].double().cpu().numpy()

    recipe = backbone.recipe
    found, _ = beam_search(scores, attend, edge=EDGE, beam=recipe.beam, share=recipe.ctc_share)
    return text_of(found)
