"""A recogniser as a system of the harness.

Conventions: 16 kHz; mouths 88 × 88 at 25 fps. Every clip is answered by itself, because the Conformer's convolutions
see what lies beyond the end of a padded one; so a batch costs what its clips cost, and answers never hang on it.

Contents: `open_recogniser`, `Recogniser`, `transcribe`.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import UsageError
from avbench.types import Card, Inputs, Prediction

from ...systems.nn.enhancer import FPS, RATE, Enhancer, Net, check_clip, open_enhancer
from ...systems.nn.opened import OpenedNet
from .beam import beam_search
from .recipe import VcafeRecipe
from .text import EDGE, text_of

SHORTEST = RATE // FPS  # samples: one step of the net


def open_recogniser(
    name: str, title: str, net: Net, recipes: Mapping[str, VcafeRecipe], *, paper: str, **which
) -> "Recogniser":
    """A recogniser with its card.

    Args:
        name: full name.
        title: one line.
        net: which, and whether it watches.
        recipes: of the variant.
        paper: where it is from.
        **which: `recipe`, `weights`, `untrained` as of `avbench.registry.Family.create`.
    """
    card = Card(
        id=name,
        title=title,
        paper=paper,
        inputs=frozenset({"audio", "video"} if net.watches else {"audio"}),
        output="text",
        rate=RATE,
        causal=False,
        lookahead=0.0,
    )
    return Recogniser(open_enhancer(net, card, recipes, **which), net.watches)


class Recogniser(OpenedNet):
    """A `System` that writes what it hears, and sees if it has lips.

    Its network's forward pass is the encoder, CTC, and the decoder once over a sentence of ordinary length (15
    characters a second): what one hypothesis of the search costs.

    Args:
        opened: which net, with which weights.
        watches: takes mouth video.
    """

    def __init__(self, opened: Enhancer, watches: bool):
        super().__init__(opened)
        self._watches = watches

    def predict(self, inputs: Sequence[Inputs]) -> list[Prediction]:
        """Transcribe each.

        Raises:
            UsageError: an input without sound, at another rate, or without the mouth video that the net needs.
        """
        if self._module is None:
            self.load(self._device)
        for item in inputs:
            check_clip(self.card.id, item, self._watches, "mutud/avsr")
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
