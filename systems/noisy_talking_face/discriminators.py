"""The two discriminators of section 3.1 and Fig. 3: of single frames, and of mouth and speech together.

The paper calls the frame discriminator's factors those of "up-sampling"; they make the picture smaller. Its first layer
keeps the size, so that the fully connected layer behind five of them is larger than the whole generator. Both see the
condition image beside each frame; what their first layers make of it is computed once for all frames of a film.

Conventions: as in `model`. Scores are not bounded; the least-squares losses want 1 for what is real.

Contents: `FrameDiscriminator`, `PairDiscriminator`.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .model import SLOPE, SpeechEncoder, xavier
from .planes import channels_last
from .recipe import TalkingFaceRecipe

FRAME_SLOPE = 0.3


class FrameDiscriminator(nn.Module):
    """Whether one frame is real, beside the condition image.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        widths = (6, *recipe.frame_channels)
        self.layers = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i + 1], 3, 1 if i == 0 else 2, 1) for i in range(len(widths) - 1)
        )
        side = recipe.size // 2 ** (len(self.layers) - 1)
        self.connected = nn.Linear(widths[-1] * side**2, recipe.frame_hidden)
        self.last = nn.Linear(recipe.frame_hidden, 1)
        xavier(self)

    def forward(self, frames: Tensor, face: Tensor) -> Tensor:
        """`[B, F, 3, S, S]` and `[B, 3, S, S]` to `[B F]`: 1 is real, 0 is made."""
        x = _beside(self.layers[0], frames, face, FRAME_SLOPE)
        for layer in self.layers[1:]:
            x = F.leaky_relu_(layer(x), FRAME_SLOPE)
        return self.last(F.leaky_relu(self.connected(x.flatten(1)), FRAME_SLOPE))[:, 0]


class PairDiscriminator(nn.Module):
    """Whether mouth and speech belong together, frame by frame.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        widths, side = (6, *recipe.pair_channels), recipe.size
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, 2) for i, o in pairwise(widths))
        for _ in self.layers:
            side = (side - 3) // 2 + 1
        image, speech, both = recipe.pair_hidden
        self.connected = nn.Linear(widths[-1] * side**2, image)
        self.image = nn.LSTM(image, image // 2, batch_first=True, bidirectional=True)
        self.speech_encoder = SpeechEncoder(recipe)
        self.speech = nn.LSTM(recipe.speech_features, speech // 2, batch_first=True, bidirectional=True)
        self.both = nn.LSTM(image + speech, both // 2, batch_first=True, bidirectional=True)
        self.score = nn.Sequential(nn.Linear(both, both), nn.LeakyReLU(SLOPE), nn.Linear(both, 1))
        xavier(self)

    def forward(self, speech: Tensor, frames: Tensor, face: Tensor) -> Tensor:
        """`[B, T]`, masked `[B, F, 3, S, S]`, `[B, 3, S, S]` to `[B, F]`: 1 is a real pair."""
        x = _beside(self.layers[0], frames, face, SLOPE)
        for layer in self.layers[1:]:
            x = F.leaky_relu_(layer(x), SLOPE)
        x = F.leaky_relu(self.connected(x.flatten(1)), SLOPE).unflatten(0, frames.shape[:2])
        seen, _ = self.image(x)
        heard, _ = self.speech(self.speech_encoder(speech))
        return self.score(self.both(torch.cat([seen, heard], 2))[0])[..., 0]


def _beside(layer: nn.Conv2d, frames: Tensor, face: Tensor, slope: float) -> Tensor:
    """A layer on each frame with the face behind it: `[B, F, 3, S, S]` and `[B, 3, S, S]` to `[B F, C, S', S']`."""
    ours, its = layer.weight.split(3, 1)
    moving = F.conv2d(channels_last(frames.flatten(0, 1)), ours, layer.bias, layer.stride, layer.padding)
    still = F.conv2d(channels_last(face), its, None, layer.stride, layer.padding)
    return F.leaky_relu_(moving.unflatten(0, frames.shape[:2]) + still[:, None], slope).flatten(0, 1)
