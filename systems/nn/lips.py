"""A lip encoder that learns to read before it is used.

Not in the paper, which trains its lip encoder with everything else for as long as 400 hours of video allow. In a short
training little of the loss of enhancement may reach the lips; how little was never measured cleanly, see the card of
MUTUD. The embedded corpus knows every viseme exactly, so the recipe `synth` has them named first,
from single features by one linear layer. After that the encoder is frozen: it costs no backward pass, and TAME gets a
target that does not move. Features from which visemes can be told are also those that sound says most about.

Contents: `LipReader`, `reading_loss`, `freeze_lips`.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class LipReader(nn.Module):
    """A net with a lip encoder `net.video`, and beside it the layer that names visemes, which no deployed net has.

    Args:
        net: as it is trained later; `net.video.whole_segments` says what its lip encoder learns to read from.
        dim: D, features of one picture.
        visemes: how many there are.
    """

    def __init__(self, net: nn.Module, dim: int, visemes: int):
        super().__init__()
        self.net, self.names = net, nn.Linear(dim, visemes)
        self.whole_segments = net.video.whole_segments

    def forward(self, *inputs: Tensor | None, reading: bool = False):
        """What the net gives; where it reads, viseme scores `[B, F, visemes]` of crops `[B, F, 88, 88]`."""
        return self.names(self.net.video(*inputs)) if reading else self.net(*inputs)


def reading_loss(model: nn.Module, mouth: Tensor, viseme: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Cross entropy in nats, and the share of frames that are named right.

    Args:
        model: a `LipReader`.
        mouth: `[B, F, 88, 88]` uint8.
        viseme: `[B, F]` int64.
    """
    scores = model(mouth, reading=True).flatten(0, 1).float()
    right = (scores.argmax(-1) == viseme.flatten()).float().mean()
    return F.cross_entropy(scores, viseme.flatten()), {"visemes_right": right}


def freeze_lips(reader: LipReader) -> None:
    """From now on the lip encoder neither learns nor gathers statistics; to be said before every step."""
    reader.net.video.requires_grad_(False).eval()
    reader.names.requires_grad_(False)
