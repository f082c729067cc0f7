"""Short-time Fourier transform and its inverse, as the enhancement nets of MUTUD and GCRN use it.

Source: MUTUD section IV-B: 16 kHz, window of 20 ms, hop of 10 ms. The window's shape is not stated: a square-root Hann
window on both sides is chosen, because at half overlap the product of both adds up to exactly one, so that the inverse
is perfect without dividing by a window sum, and what a net writes into a frame fades out towards both ends of it.

Conventions: waves `[B, T]` float32; spectra `[B, 2, F, 161]`, real and imaginary part in dimension 1. Frame n is
centred on sample 160 n. Both ends are padded with zeros: reflected samples would show the first frame what comes later.
T is padded to whole hops, so F = ceil(T / 160) + 1: 101 frames for one second.

Causality: frame n sees the samples before 160 n + 160, and output sample s is the sum of frames s // 160 and
s // 160 + 1. So output sample s depends on no input sample from 160 (s // 160) + 320 on: at most 319 samples later.

Contents: `WINDOW`, `HOP`, `BINS`, `LOOKAHEAD`, `frames_of`, `stft`, `istft`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW = 320  # 20 ms
HOP = 160  # 10 ms, half a window: `istft` relies on it
BINS = WINDOW // 2 + 1
LOOKAHEAD = WINDOW / 16000  # s; output before t depends on no input from t + LOOKAHEAD on


def frames_of(samples: int) -> int:
    """How many frames `stft` makes of so many samples."""
    return -(-samples // HOP) + 1


def stft(wave: Tensor) -> Tensor:
    """Spectra of waves: `[B, T]` to `[B, 2, F, 161]`."""
    wave = wave.float()
    padded = F.pad(wave, (HOP, frames_of(wave.shape[1]) * HOP - wave.shape[1]))
    spectrum = torch.fft.rfft(padded.unfold(1, WINDOW, HOP) * _window(wave))
    return torch.stack([spectrum.real, spectrum.imag], 1)


def istft(spectrum: Tensor, length: int) -> Tensor:
    """Waves of spectra: `[B, 2, F, 161]` to `[B, length]`; the inverse of `stft` for length = T."""
    spectrum = spectrum.float()  # under autocast a net may hand over bfloat16, which no FFT takes
    frames = torch.fft.irfft(torch.complex(spectrum[:, 0], spectrum[:, 1]), WINDOW) * _window(spectrum)
    return (frames[:, :-1, HOP:] + frames[:, 1:, :HOP]).flatten(1)[:, :length]


def _window(like: Tensor) -> Tensor:
    return torch.hann_window(WINDOW, device=like.device, dtype=like.dtype).sqrt()
