"""What the judges that listen share: log-mel features and convolutions over time.

Features: power in 80 triangular bands between 20 Hz and 8 kHz (mel after O'Shaughnessy 1987, 2595 log10(1 + f / 700)),
in decibels, cut off 60 dB under the clip's loudest band, minus each band's mean over the clip: neither level nor a
microphone's colour moves them much. A convolution is one matrix product of neighbours laid side by side, which a
processor does several times faster than a convolution of few channels.

Conventions: waves `[B, T]` float32 at 16 kHz; features `[B, F, 80]` at 100 a second; a mask `[B, F]` is 1 where a clip
is and 0 where it is only padded.

Contents: `LogMel`, `TimeConv`, `HearingBlock`, `frames_of`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE = 16000
WINDOW, HOP, SIZE = 400, 160, 512
BANDS = 80
FLOOR = 60.0  # dB


def frames_of(samples: int) -> int:
    """Feature frames of so many samples: whole hops."""
    return samples // HOP


class LogMel(nn.Module):
    """Waves to features, about zero mean and unit spread."""

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)
        self.register_buffer("filters", _filters(), persistent=False)

    def forward(self, wave: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Features and mask.

        Args:
            wave: `[B, T]`, padded with zeros.
            lengths: `[B]` samples of each.
        """
        with torch.autocast(wave.device.type, enabled=False):
            count = frames_of(wave.shape[1])
            spectrum = torch.stft(
                wave.float(), SIZE, HOP, WINDOW, self.window, center=True, pad_mode="constant", return_complex=True
            )
            power = spectrum.abs().square().transpose(1, 2)[:, :count] @ self.filters
            mask = (torch.arange(count, device=wave.device) < (lengths // HOP)[:, None]).float()
            decibels = 10 * torch.log10(power.clamp_min(1e-12))
            top = decibels.masked_fill(mask[..., None] == 0, -120.0).amax((1, 2), keepdim=True)
            decibels = torch.maximum(decibels, top - FLOOR)
            mean = (decibels * mask[..., None]).sum(1, keepdim=True) / mask.sum(1)[:, None, None].clamp_min(1.0)
            return (decibels - mean) / 14.0 * mask[..., None], mask


class TimeConv(nn.Module):
    """A convolution over time, `[B, F, in]` to `[B, F, out]`, zeros beyond the ends.

    Args:
        inputs: features in.
        outputs: features out.
        width: taps, an odd number.
        dilation: frames from tap to tap.
    """

    def __init__(self, inputs: int, outputs: int, width: int, dilation: int = 1):
        super().__init__()
        self.width, self.dilation = width, dilation
        self.mix = nn.Linear(inputs * width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Neighbours side by side, then one product."""
        reach, frames = self.width // 2 * self.dilation, x.shape[1]
        padded = F.pad(x, (0, 0, reach, reach))
        taps = [padded[:, k * self.dilation : k * self.dilation + frames] for k in range(self.width)]
        return self.mix(torch.cat(taps, -1))


class HearingBlock(nn.Module):
    """A convolution and a product, added to what came in (He et al. 2016, pre-activation order)."""

    def __init__(self, width: int, taps: int, dilation: int, dropout: float):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = TimeConv(width, width, taps, dilation)
        self.out = nn.Linear(width, width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`[B, F, width]` and its mask `[B, F]`; padded frames stay zero."""
        return x + self.drop(self.out(F.gelu(self.conv(self.norm(x) * mask[..., None])))) * mask[..., None]


def _filters() -> Tensor:
    """`[257, 80]`: triangles that overlap by half."""
    mel = 2595 * torch.log10(1 + torch.linspace(0, RATE / 2, SIZE // 2 + 1) / 700)
    low, high = (2595 * torch.log10(1 + torch.tensor(f) / 700) for f in (20.0, 8000.0))
    centres = torch.linspace(float(low), float(high), BANDS + 2)
    step = centres[1] - centres[0]
    return (1 - (mel[:, None] - centres[None, 1:-1]).abs() / step).clamp_min(0)
