"""The generator of the noisy talking face, in the order of the paper's section 3.1.

Source: Eskimez et al. 2020, "End-to-end generation of talking faces from noisy speech", ICASSP, section 3.1, Figs 1
and 2. What it leaves open (activations, padding, units) is as in later code of the first author; README.md lists it.

Three computations are arranged otherwise than the paper tells them, with equal results and equal parameters. Keeping
every other pixel of a convolution, which is what nearest-neighbour interpolation to one half does, is a convolution of
stride 2. What a layer makes of the condition image is the same in every frame: a convolution of concatenated inputs is
the sum of one of each, of which the second is computed once. And nearest-neighbour interpolation to the double size and
the convolution behind it are one step (`planes`).

Conventions: speech `[B, T]` at 8 kHz, T a multiple of 320; pictures -1 to 1, `[B, 3, S, S]` or `[B, F, 3, S, S]` with
F = T / 320; features of speech 125 times a second.

Contents: `SpeechEncoder`, `ImageEncoder`, `NoiseEncoder`, `Decoder`, `Generator`, `Generated`, `State`, `xavier`.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .planes import channels_last, doubled, mirrored
from .recipe import TalkingFaceRecipe

SLOPE = 0.2
KERNELS, STRIDES = (63, 31, 17, 9, 1), (4, 4, 2, 2, 1)
STRIDE = math.prod(STRIDES)  # samples from one feature to the next: 8 ms
CONTEXT = 17  # features on either side: 136 ms
EVERY = 5  # features to a picture
SAMPLES = STRIDE * EVERY  # to a picture
REACH = sum((k // 2) * math.prod(STRIDES[:i]) for i, k in enumerate(KERNELS))  # samples on either side of a feature
RECURRENT = 3  # the fourth layer of the decoder

Pair = tuple[Tensor, Tensor]


class State(NamedTuple):
    """What crosses from one frame to the next: hidden units and cells of three LSTMs, of which one has planes."""

    speech: Pair
    noise: Pair
    planes: Pair


class Generated(NamedTuple):
    """What the generator gives: frames `[B, F, 3, S, S]`, features of the speech `[B, 5 F, 16]`, the state behind."""

    frames: Tensor
    features: Tensor
    state: State


class SpeechEncoder(nn.Module):
    """Five convolutions, the context of 136 ms on either side, a fully connected layer.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        widths = (1, *recipe.speech_channels)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(widths[i], widths[i + 1], k, s, padding=k // 2, padding_mode="reflect" if k > 1 else "zeros")
            for i, (k, s) in enumerate(zip(KERNELS, STRIDES, strict=True))
        )
        self.connected = nn.Linear((2 * CONTEXT + 1) * widths[-1], recipe.speech_features)
        self.level, self.edge = recipe.level, recipe.edge

    def features(self, speech: Tensor) -> Tensor:
        """`[B, T]` to `[B, T / 64, 16]`: one every 8 ms."""
        x = self.level * speech[:, None]
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), SLOPE)
        return x.transpose(1, 2)

    def widened(self, features: Tensor) -> Tensor:
        """Features with what stands before the first and behind the last: nothing, or a little noise in training."""
        padded = F.pad(features, (0, 0, CONTEXT, CONTEXT))
        if self.training and self.edge:
            noise = self.edge * torch.randn_like(padded)
            noise[:, CONTEXT:-CONTEXT] = 0
            padded = padded + noise
        return padded

    def in_context(self, padded: Tensor) -> Tensor:
        """Every fifth feature among its neighbours: `[B, 5 F + 34, 16]` to `[B, F, D]`; 1 to 5 may lack at the end."""
        return F.leaky_relu(self.connected(padded.unfold(1, 2 * CONTEXT + 1, EVERY).flatten(2)), SLOPE)

    def forward(self, speech: Tensor) -> Tensor:
        """`[B, T]` to `[B, F, D]`."""
        return self.in_context(self.widened(self.features(speech)))


class ImageEncoder(nn.Module):
    """The condition image to a vector; every layer sees the image at its own size.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        *widths, last = recipe.image_channels
        inputs = [3, *(w + 3 for w in widths)]
        self.layers = nn.ModuleList(
            nn.Conv2d(i, o, 3, 2, 1, padding_mode="reflect") for i, o in zip(inputs, widths, strict=False)
        )
        self.last = nn.Conv2d(inputs[-1], last, 4)

    def forward(self, face: Tensor) -> tuple[Tensor, list[Tensor]]:
        """`[B, 3, S, S]` to `[B, D]`, and what the layers gave with the image beside it, the smallest first."""
        x, skips = face, []
        for layer in self.layers:
            face = F.interpolate(face, scale_factor=0.5)
            x = torch.cat([F.leaky_relu(layer(x), SLOPE), face], 1)
            skips.insert(0, x)
        return F.leaky_relu(self.last(x), SLOPE).flatten(1), skips


class NoiseEncoder(nn.Module):
    """One LSTM over a drawn vector for each frame.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        self.lstm = nn.LSTM(recipe.noise, recipe.noise, batch_first=True)

    def forward(self, drawn: Tensor, state: Pair) -> tuple[Tensor, Pair]:
        """`[B, F, Z]` to the same, and the state."""
        return self.lstm(drawn, state)


class _Joint(nn.Module):
    """A convolution over frames and what is the same in all of them: `conv(cat(x, skip))`, the skip's part once.

    Args:
        moving: channels of what changes.
        still: channels of what does not; 0 for none.
        out: channels.
        double: whether frames are brought to the double size before, where `skip` is already.
    """

    def __init__(self, moving: int, still: int, out: int, double: bool = False):
        super().__init__()
        self._convolve = doubled if double else mirrored
        self.moving = nn.Conv2d(moving, out, 3, 1, 1, padding_mode="reflect")
        self.still = nn.Conv2d(still, out, 3, 1, 1, padding_mode="reflect", bias=False) if still else None
        bound = math.sqrt(6 / (9 * (moving + still + out)))  # Xavier's, of both together
        for part in (self.moving, self.still):
            if part is not None:
                nn.init.uniform_(part.weight, -bound, bound)

    def forward(self, x: Tensor, still: Tensor | None) -> Tensor:
        """`[B, F, C, H, W]` and `[B, out, H, W]` to `[B, F, out, H, W]`, of which height and width may be doubled."""
        y = self._convolve(x.flatten(0, 1), self.moving.weight, self.moving.bias).unflatten(0, x.shape[:2])
        return y if still is None else y + still[:, None]


class Decoder(nn.Module):
    """Speech, identity and noise to pictures: six layers, the fourth an LSTM of planes, U-Net skips before five.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        skips = [w + 3 for w in reversed(recipe.image_channels[:-1])]
        widths = (skips[0] - 3, *recipe.decoder_channels)
        self.connected = nn.Linear(recipe.speech_features + recipe.noise + recipe.image_channels[-1], 16 * widths[0])
        gates = [4 * w if i == RECURRENT else w for i, w in enumerate(recipe.decoder_channels)]
        self.layers = nn.ModuleList(
            _Joint(i, s, o, place > 0) for place, (i, s, o) in enumerate(zip(widths, skips, gates, strict=False))
        )
        self.past = nn.Conv2d(recipe.decoder_channels[RECURRENT], gates[RECURRENT], 3, 1, 1, padding_mode="reflect")
        self.last = _Joint(widths[-1], 0, 3, True)

    def stills(self, skips: list[Tensor]) -> list[Tensor]:
        """What the layers make of the condition image, once for all frames."""
        return [channels_last(layer.still(skip)) for layer, skip in zip(self.layers, skips, strict=True)]

    def forward(self, x: Tensor, stills: list[Tensor], state: Pair) -> tuple[Tensor, Pair]:
        """`[B, F, D]` to `[B, F, 3, S, S]`, and the state of the planes."""
        x = F.leaky_relu(self.connected(x), SLOPE).unflatten(2, (-1, 4, 4))
        x = channels_last(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        for place, (layer, still) in enumerate(zip(self.layers, stills, strict=True)):
            x = layer(x, still)
            if place == RECURRENT:
                x, state = self._recur(x, state)
            else:
                x = F.leaky_relu_(x, SLOPE)
        return torch.tanh(self.last(x, None)), state

    def _recur(self, gates: Tensor, state: Pair) -> tuple[Tensor, Pair]:
        """The LSTM of planes (Shi et al. 2015, without peepholes)."""
        hidden, cell = state
        out = []
        for now in gates.unbind(1):
            come, stay, show, new = (now + mirrored(hidden, self.past.weight, self.past.bias)).chunk(4, 1)
            cell = stay.sigmoid() * cell + come.sigmoid() * new.tanh()
            hidden = show.sigmoid() * cell.tanh()
            out.append(hidden.movedim(1, -1))  # channels last, which `stack` would not keep
        return torch.stack(out, 1).movedim(-1, 2), (hidden, cell)


class Generator(nn.Module):
    """Speech, one picture of a face and drawn noise to the face as it speaks.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: TalkingFaceRecipe):
        super().__init__()
        self.recipe = recipe
        self.speech = SpeechEncoder(recipe)
        self.lstm = nn.LSTM(recipe.speech_features, recipe.speech_features, 2, batch_first=True)
        self.image = ImageEncoder(recipe)
        self.noise = NoiseEncoder(recipe)
        self.decoder = Decoder(recipe)
        xavier(self)

    def beginning(self, like: Tensor) -> State:
        """The state before the first frame, for a batch like `like` `[B, …]`."""
        recipe, batch = self.recipe, len(like)
        planes, side = recipe.decoder_channels[RECURRENT], 4 * 2**RECURRENT
        sizes = ((2, batch, recipe.speech_features), (1, batch, recipe.noise), (batch, planes, side, side))
        return State(*((like.new_zeros(size), like.new_zeros(size)) for size in sizes))

    def look(self, face: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What is needed of the condition image `[B, 3, S, S]`, computed once for any number of frames."""
        identity, skips = self.image(face)
        return identity, self.decoder.stills(skips)

    def speak(self, heard: Tensor, seen: tuple[Tensor, list[Tensor]], drawn: Tensor, state: State):
        """The next frames.

        Args:
            heard: `[B, F, D]`, from `speech.in_context`.
            seen: from `look`.
            drawn: `[B, F, Z]`, standard normal.
            state: behind the frames before.

        Returns:
            `[B, F, 3, S, S]` and the state.
        """
        identity, stills = seen
        heard, speech = self.lstm(heard, state.speech)
        drawn, noise = self.noise(drawn, state.noise)
        x = torch.cat([heard, identity[:, None].expand(-1, heard.shape[1], -1), drawn], 2)
        frames, planes = self.decoder(x, stills, state.planes)
        return frames, State(speech, noise, planes)

    def forward(self, speech: Tensor, face: Tensor, drawn: Tensor, state: State | None = None) -> Generated:
        """Whole clips: `[B, T]`, `[B, 3, S, S]`, `[B, F, Z]`; fewer faces, of which B is a multiple, come in turn."""
        features = self.speech.features(speech)
        heard = self.speech.in_context(self.speech.widened(features))
        (identity, stills), times = self.look(face), len(speech) // len(face)
        seen = torch.cat([identity] * times), [torch.cat([still] * times) for still in stills]
        frames, state = self.speak(heard, seen, drawn, state or self.beginning(speech))
        return Generated(frames, features, state)


def xavier(net: nn.Module) -> None:
    """Initial weights of later code: Xavier's uniform ones, no biases; LSTMs as torch makes them."""
    for module in net.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            nn.init.zeros_(module.bias) if module.bias is not None else None
    joint = {id(part) for m in net.modules() if isinstance(m, _Joint) for part in (m.moving, m.still)}
    for module in net.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear) and id(module) not in joint:
            nn.init.xavier_uniform_(module.weight)
