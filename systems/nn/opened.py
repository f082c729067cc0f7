"""What systems have in common that answer with something other than sound: a net with its weights, and a card.

Contents: `OpenedNet`.
"""

from avbench.types import Card

from .enhancer import Enhancer


class OpenedNet:
    """The part of a `System` that does not hang on what it answers.

    Args:
        opened: which net, with which weights.
    """

    def __init__(self, opened: Enhancer):
        self._opened = opened
        self._module, self._device = None, "cpu"

    @property
    def card(self) -> Card:
        """What it says about itself."""
        return self._opened.card

    @property
    def digest(self) -> str:
        """Hash of code version, sizes and weights."""
        return self._opened.digest

    def load(self, device: str) -> None:
        """Build the net and move it to `"cpu"` or `"cuda"`."""
        self._device, self._module = device, self.network().to(device)

    def network(self):
        """A new `nn.Module` of the deployed part, in evaluation mode, on the CPU; its forward pass is what counts."""
        return self._opened.network()

    def example(self, seconds: float = 1.0, device: str = "cpu") -> tuple:
        """Inputs of `network()` for one clip, made of noise."""
        return self._opened.example(seconds, device)
