"""Mel spectra of magnitudes, as the judges of speech were trained on them.

Source: M. Slaney, "Auditory Toolbox", Interval Research report 1998-010: the mel scale is linear to 1 kHz (66.7 Hz a
step) and logarithmic above (27 steps for a factor 6.4); a filter is a triangle of area 1. This is what librosa does by
default (`htk=False`, `norm="slaney"`), but without its imports and with no transform of zeros: a window is much
shorter than the transform, so that only its own samples are read.

Conventions: frame t is centred on sample `t · hop`; beyond the ends the sound is mirrored, or zero where a judge was
trained so; the window is a periodic Hann window.

Contents: `magnitudes`, `mel_filters`.
"""

from functools import lru_cache

import numpy as np

LINEAR = 200.0 / 3.0  # Hz a mel, below the corner
CORNER = 1000.0
STEP = np.log(6.4) / 27.0  # of ln(Hz) a mel, above the corner


def magnitudes(samples: np.ndarray, window: int, hop: int, size: int, *, mirrored: bool = True) -> np.ndarray:
    """Magnitudes of the short-time spectra.

    Args:
        samples: `[T]` float32, more than half a window.
        window: length of the Hann window, at most `size`.
        hop: samples from frame to frame.
        size: length of the transform.
        mirrored: what lies beyond the ends: the mirrored sound, or zeros.

    Returns:
        `[1 + T // hop, size // 2 + 1]` float32.
    """
    from scipy.fft import rfft

    before = size // 2 - (size - window) // 2  # where librosa puts the window inside of its longer frame
    padded = np.pad(samples, (before, window), mode="reflect" if mirrored else "constant")
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][: 1 + len(samples) // hop]
    return np.abs(rfft(frames * _hann(window), n=size, axis=1))


@lru_cache(maxsize=16)
def mel_filters(rate: int, size: int, count: int, top: float) -> np.ndarray:
    """Triangles on the mel scale.

    Args:
        rate: Hz.
        size: length of the transform.
        count: number of filters.
        top: upper end of the last one in Hz. Above half the rate the filters are zero.

    Returns:
        `[size // 2 + 1, count]` float32, not writable.
    """
    edges = _to_hz(np.linspace(0.0, _to_mel(top), count + 2))
    bins = np.arange(size // 2 + 1)[:, None] * (rate / size)
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    filters = (np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))).astype(np.float32)
    filters.setflags(write=False)
    return filters


@lru_cache(maxsize=16)
def _hann(size: int) -> np.ndarray:
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)).astype(np.float32)


def _to_mel(hz: float) -> float:
    return hz / LINEAR if hz < CORNER else CORNER / LINEAR + np.log(hz / CORNER) / STEP


def _to_hz(mel: np.ndarray) -> np.ndarray:
    corner = CORNER / LINEAR
    return np.where(mel < corner, mel * LINEAR, CORNER * np.exp(np.maximum(mel - corner, 0.0) * STEP))
