"""What a poor channel does to sound: a narrow band, clipped peaks.

A band is a linear-phase filter whose delay is taken out, so sound stays in time: -6 dB at its edges, TAPS taps, more
than 60 dB down 200 Hz beyond them. Clipping is hard and symmetric, at a level under the peak of the very signal, and
nothing is made louder afterwards.

Source: window method with Kaiser's window (Oppenheim and Schafer, "Discrete-Time Signal Processing", section 7.5); the
telephone's 300 to 3400 Hz are those of ITU-T G.712.

Contents: `BANDS`, `CLIPS`, `limit_band`, `clip_peaks`.
"""

from functools import lru_cache

import numpy as np

from .audio import RATE

TAPS = 401
BETA = 6.5  # of Kaiser's window: 65 dB
BANDS = {"4khz": (0.0, 4000.0), "2khz": (0.0, 2000.0), "telephone": (300.0, 3400.0)}
"""Lower and upper edge in Hz."""

CLIPS = {"6db": 6.0, "12db": 12.0, "24db": 24.0}
"""How far under the peak sound is cut off."""


def limit_band(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """`[T]` float64: what of the sound lies between two frequencies in Hz; `low` 0 for a low pass."""
    from scipy.signal import oaconvolve

    return oaconvolve(np.asarray(samples, np.float64), _filter(low, high), mode="full")[
        TAPS // 2 : TAPS // 2 + len(samples)
    ]


def clip_peaks(samples: np.ndarray, below_db: float) -> np.ndarray:
    """The sound, cut off at `below_db` under its own peak."""
    level = np.abs(samples).max(initial=0.0) * 10 ** (-below_db / 20)
    return np.clip(samples, -level, level)


@lru_cache(maxsize=8)
def _filter(low: float, high: float) -> np.ndarray:
    """`[TAPS]` float64, symmetric."""
    n = np.arange(TAPS) - TAPS // 2
    upper, lower = (2 * hz / RATE * np.sinc(2 * hz / RATE * n) for hz in (high, low))
    return (upper - lower) * np.kaiser(TAPS, BETA)
