"""The gated convolutional recurrent net: U-Net over frequency, grouped LSTM over time.

Source: Tan and Wang 2020, "Learning complex spectral mapping with gated convolutional recurrent networks", at the
widths of MUTUD section IV-B. What MUTUD leaves open (five encoder layers, kernel 1x3, group order) follows GCRN; the
published counts confirm it.

Video features enter as C maps of 4 bins beside the C maps of the innermost encoder layer (C = last width): a gated 1x1
convolution takes both to the LSTM's width ("the concatenated features are taken into a 2-layer grouped LSTM"), and the
decoder's first layer sees LSTM output, audio maps and video maps. Of the fusions that reproduce the published
parameter counts this is the one that follows the text.

Conventions: maps are `[B, C, T, F]` (channels, frames, bins); features are `[B, T, D]` with D = 4 C, channel-major.
Convolutions see one frame each: time is crossed only by the unidirectional LSTM, so the net is causal frame by frame.

Contents: `State`, `Enhanced`, `GatedConv`, `GatedDeconv`, `GroupedLstm`, `Gcrn`, `FusedGcrn`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import frequency
from .stft import BINS, istft, stft

State = tuple[Tensor, Tensor]
"""Hidden and cell states of the four LSTMs, first layer first: each `[4, B, D / 2]`."""


class Enhanced(NamedTuple):
    """What an enhancement net gives.

    Args:
        wave: `[B, T]`.
        spec: the spectrum it was made from, `[B, 2, F, 161]` or as the net has it.
        analyse: makes such a spectrum of a wave.
    """

    wave: Tensor
    spec: Tensor
    analyse: Callable[[Tensor], Tensor] = stft


class GatedConv(nn.Module):
    """Convolution along frequency, gated by the sigmoid of a second one.

    Both convolutions are one, of twice the output channels: values first, gates second.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int = 3, stride: int = 2):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, 2 * channels_out, (1, kernel), (1, stride))

    def forward(self, maps: Tensor) -> Tensor:
        """`[B, channels_in, T, F]` to `[B, channels_out, T, (F - kernel) // stride + 1]`."""
        if self.conv.kernel_size[1] == frequency.TAPS and frequency.wanted(maps, self.training):
            return frequency.gated_conv(maps, self.conv.weight, self.conv.bias)
        return F.glu(self.conv(maps), 1)


class GatedDeconv(nn.Module):
    """Transposed convolution along frequency (kernel 3, stride 2), gated like `GatedConv`.

    Args:
        channels_in: maps in.
        channels_out: maps out.
        extra: bins that the output needs beyond 2 F + 1: 0 or 1.
    """

    def __init__(self, channels_in: int, channels_out: int, extra: int):
        super().__init__()
        self.conv = nn.ConvTranspose2d(channels_in, 2 * channels_out, (1, 3), (1, 2), output_padding=(0, extra))

    def forward(self, maps: Tensor) -> Tensor:
        """`[B, channels_in, T, F]` to `[B, channels_out, T, 2 F + 1 + extra]`."""
        if frequency.wanted(maps, self.training):
            return frequency.gated_deconv(maps, self.conv.weight, self.conv.bias, self.conv.output_padding[1])
        return F.glu(self.conv(maps), 1)


class GroupedLstm(nn.Module):
    """Two layers of two LSTMs, each of which sees half of the features.

    Between the layers the groups are interleaved, so that the second layer's halves both see both of the first's.
    A layer norm follows each layer.
    """

    def __init__(self, width: int):
        super().__init__()
        half = width // 2
        self.first = nn.ModuleList(nn.LSTM(half, half, batch_first=True) for _ in range(2))
        self.second = nn.ModuleList(nn.LSTM(half, half, batch_first=True) for _ in range(2))
        self.norm_first, self.norm_second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        """`[B, T, D]` to `[B, T, D]`."""
        return self.go_on(features, None)[0]

    def go_on(self, features: Tensor, state: State | None) -> tuple[Tensor, State]:
        """The same for frames after others, from whose state it goes on (None: there were none); and its state."""
        begun = (None,) * 4 if state is None else [(h[None], c[None]) for h, c in zip(*state, strict=True)]
        first = [f(x, s) for f, x, s in zip(self.first, features.chunk(2, -1), begun[:2], strict=True)]
        mixed = self.norm_first(torch.stack([out for out, _ in first], -1).flatten(-2))
        second = [f(x, s) for f, x, s in zip(self.second, mixed.chunk(2, -1), begun[2:], strict=True)]
        hidden, cells = (torch.cat(each) for each in zip(*(s for _, s in (*first, *second)), strict=True))
        return self.norm_second(torch.cat([out for out, _ in second], -1)), (hidden, cells)


class Gcrn(nn.Module):
    """Noisy speech to enhanced speech, by complex spectral mapping.

    Args:
        channels: widths of the five encoder layers.
    """

    frames_per_picture = 4  # K: 100 spectral frames and 25 pictures per second
    analyse, synthesise = staticmethod(stft), staticmethod(istft)

    def __init__(self, channels: Sequence[int] = (16, 32, 64, 128, 128)):
        super().__init__()
        self.width = channels[-1]
        bins = [BINS]
        for _ in channels:
            bins.append((bins[-1] - 3) // 2 + 1)
        self.bins = bins[-1]
        pairs = zip((2, *channels[:-1]), channels, strict=True)
        self.encoder = nn.ModuleList(nn.Sequential(GatedConv(a, b), nn.BatchNorm2d(b), nn.ELU()) for a, b in pairs)
        self.lstm = GroupedLstm(self.dim)
        innermost = self._innermost()
        self.real, self.imaginary = _Decoder(channels, bins, innermost), _Decoder(channels, bins, innermost)

    @property
    def dim(self) -> int:
        """D, the features of one frame."""
        return self.width * self.bins

    def _innermost(self) -> int:
        """Maps that the decoder's first layer sees: LSTM output and last encoder layer."""
        return 2 * self.width

    def encode(self, spec: Tensor) -> tuple[Tensor, ...]:
        """`[B, 2, T, 161]` to the maps of the five encoder layers, outermost first."""
        skips = []
        for layer in self.encoder:
            spec = layer(spec)
            skips.append(spec)
        return tuple(skips)

    def features(self, maps: Tensor) -> Tensor:
        """Maps `[B, C, T, 4]` as features `[B, T, D]`."""
        return maps.transpose(1, 2).flatten(2)

    def maps(self, features: Tensor) -> Tensor:
        """Features `[B, T, D]` as maps `[B, C, T, 4]`."""
        return features.unflatten(2, (self.width, self.bins)).transpose(1, 2)

    def decode(self, skips: Sequence[Tensor]) -> Tensor:
        """Maps of the encoder to a spectrum `[B, 2, T, 161]`."""
        return self.go_on(skips, None)[0]

    def go_on(self, skips: Sequence[Tensor], state: State | None) -> tuple[Tensor, State]:
        """`decode` for frames that follow others; state as of `GroupedLstm`."""
        recalled, state = self.lstm.go_on(self.features(skips[-1]), state)
        return self._spectrum([self.maps(recalled), skips[-1]], skips), state

    def _spectrum(self, innermost: Sequence[Tensor], skips: Sequence[Tensor]) -> Tensor:
        inner = torch.cat(list(innermost), 1)
        outer = [F.elu(skip) for skip in skips[-2::-1]]  # innermost first; shared by both decoders
        return torch.cat([self.real(inner, outer), self.imaginary(inner, outer)], 1)

    def forward(self, wave: Tensor) -> Enhanced:
        """Enhance `[B, T]`."""
        spec = self.decode(self.encode(stft(wave)))
        return Enhanced(istft(spec, wave.shape[1]), spec)


class FusedGcrn(Gcrn):
    """A `Gcrn` whose decoder also takes features of a second modality, true or recalled."""

    def __init__(self, channels: Sequence[int] = (16, 32, 64, 128, 128)):
        super().__init__(channels)
        self.fuse = nn.Sequential(GatedConv(2 * self.width, self.width, 1, 1), nn.BatchNorm2d(self.width), nn.ELU())

    def _innermost(self) -> int:
        """LSTM output, last encoder layer, video."""
        return 3 * self.width

    def decode(self, skips: Sequence[Tensor], video: Tensor) -> Tensor:
        """Maps of the encoder and features `[B, T, D]` to a spectrum `[B, 2, T, 161]`.

        `video` may hold several candidates for one encoding, `[n B, T, D]`; the answer then is `[n B, 2, T, 161]`, in
        that order. Batch norm sees all of them as one batch.
        """
        times = video.shape[0] // skips[0].shape[0]
        if times > 1:
            skips = [torch.cat([skip] * times) for skip in skips]
        return self.go_on(skips, None, video)[0]

    def go_on(self, skips: Sequence[Tensor], state: State | None, video: Tensor) -> tuple[Tensor, State]:
        """`decode` for frames that follow others; state as of `GroupedLstm`."""
        seen = self.maps(video)
        fused = self.features(self.fuse(torch.cat([skips[-1], seen], 1)))
        recalled, state = self.lstm.go_on(fused, state)
        return self._spectrum([self.maps(recalled), skips[-1], seen], skips), state

    def forward(self, wave: Tensor, video: Tensor) -> Enhanced:
        """Enhance `[B, T]` with features `[B, frames, D]`."""
        spec = self.decode(self.encode(stft(wave)), video)
        return Enhanced(istft(spec, wave.shape[1]), spec)


class _Decoder(nn.Module):
    """One of the two decoders: maps to the real or the imaginary part."""

    def __init__(self, channels: Sequence[int], bins: Sequence[int], innermost: int):
        super().__init__()
        layers, norms = [], []
        for i in range(len(channels) - 1, -1, -1):
            wide = innermost if i == len(channels) - 1 else 2 * channels[i]
            narrow = channels[i - 1] if i else 1
            layers.append(GatedDeconv(wide, narrow, extra=bins[i] - (2 * bins[i + 1] + 1)))
            norms.append(nn.BatchNorm2d(narrow))
        self.layers, self.norms = nn.ModuleList(layers), nn.ModuleList(norms)
        self.out = nn.Linear(bins[0], bins[0])

    def forward(self, maps: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """`[B, innermost, T, 4]` and activated skips, innermost first, to `[B, 1, T, 161]`."""
        for i, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            maps = F.elu(norm(layer(maps)))
            if i < len(skips):
                maps = torch.cat([maps, skips[i]], 1)
        return self.out(maps)
