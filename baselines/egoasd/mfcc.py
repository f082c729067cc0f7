"""Mel-frequency cepstral coefficients as the detectors of active speakers take them.

Source: Davis and Mermelstein 1980; every choice beyond it is that of the Python package `python_speech_features`, with
whose features both SyncNet and Light-ASD were trained: pre-emphasis 0.97, windows of 25 ms without a taper every 10 ms,
512 points, 26 triangles from 0 to 8 kHz whose edges lie on whole bins, orthonormal DCT-II, sines as lifter (22), the
first coefficient replaced by the log energy of the frame. Own code; equal to the package within rounding.

Conventions: waves `[B, T]` in [-1, 1] at 16 kHz, taken as 16-bit numbers, as those nets were; features `[B, M, 13]`.

Contents: `Mfcc`.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

RATE = 16000
WINDOW, HOP, SIZE = 400, 160, 512
BANDS, COEFFICIENTS, LIFTER = 26, 13, 22
PRE_EMPHASIS, FULL_SCALE = 0.97, 32768.0
LEAST = float(torch.finfo(torch.float64).eps)  # what takes the place of an energy of nought


class Mfcc(nn.Module):
    """Waves to coefficients."""

    def __init__(self):
        super().__init__()
        self.register_buffer("filters", _filters(), persistent=False)
        self.register_buffer("cosines", _cosines(), persistent=False)

    def forward(self, wave: Tensor, frames: int) -> Tensor:
        """The first so many frames.

        Args:
            wave: `[B, T]`; silence follows where it ends early.
            frames: wanted, M; frame m begins at sample 160 m.

        Returns:
            `[B, M, 13]` float32.
        """
        with torch.autocast(wave.device.type, enabled=False):
            wave = wave.float() * FULL_SCALE
            wave = torch.cat([wave[:, :1], wave[:, 1:] - PRE_EMPHASIS * wave[:, :-1]], 1)
            wanted = (frames - 1) * HOP + WINDOW
            wave = F.pad(wave, (0, max(0, wanted - wave.shape[1])))[:, :wanted]
            power = torch.fft.rfft(wave.unfold(1, WINDOW, HOP), SIZE).abs().square() / SIZE
            energy = power.sum(-1, keepdim=True)
            bands = (power @ self.filters).clamp_min(LEAST).log()
            return torch.cat([energy.clamp_min(LEAST).log(), (bands @ self.cosines)[..., 1:]], -1)


def _filters() -> Tensor:
    """`[257, 26]`."""
    top = 2595 * math.log10(1 + RATE / 2 / 700)
    mels = torch.linspace(0, top, BANDS + 2, dtype=torch.float64)
    edges = ((SIZE + 1) * 700 * (10 ** (mels / 2595) - 1) / RATE).floor()
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    bins = torch.arange(SIZE // 2 + 1, dtype=torch.float64)[:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    return torch.where(bins < middle, rising, falling).clamp_min(0).float()


def _cosines() -> Tensor:
    """`[26, 13]`: DCT-II of orthonormal scale, then the lifter."""
    n = torch.arange(COEFFICIENTS, dtype=torch.float64)
    angle = math.pi / BANDS * (torch.arange(BANDS, dtype=torch.float64)[:, None] + 0.5) * n
    scale = torch.full((COEFFICIENTS,), math.sqrt(2 / BANDS), dtype=torch.float64)
    scale[0] = math.sqrt(1 / BANDS)
    return (angle.cos() * scale * (1 + LIFTER / 2 * (math.pi * n / LIFTER).sin())).float()
