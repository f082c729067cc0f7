"""Fingerprints of sounds and pictures: what is near enough to be the same event made by another machine.

Of a sound: its length, the level of MELS mel bands and the course of its level over STRETCHES stretches, in half
decibels above -60 dB. Of a clip's pictures: their number and size, and the mean grey level of CELLS × CELLS cells at
INSTANTS instants. Near is what is within TOLERANCE steps everywhere: 1 dB, or two grey levels of 256.

Conventions: a fingerprint is text, `<length>:<bytes in hexadecimal>`.

Contents: `of_sounds`, `of_frames`, `near`.
"""

from functools import lru_cache

import numpy as np

from ..signal.audio import RATE

MELS, STRETCHES = 20, 16
FLOOR_DB, STEP_DB = -60.0, 0.5
CELLS, INSTANTS = 4, 4
TOLERANCE = 2  # steps


def of_sounds(*sounds: np.ndarray) -> str:
    """`[T]` each, of one length: `MELS` and `STRETCHES` levels of each, a byte each."""
    levels = np.concatenate([_levels(np.asarray(x, np.float64)) for x in sounds])
    steps = np.clip(np.rint((levels - FLOOR_DB) / STEP_DB), 0, 255).astype(np.uint8)
    return f"{len(sounds[0])}:{steps.tobytes().hex()}"


def of_frames(frames: np.ndarray) -> str:
    """`[F, H, W, C]` uint8: mean grey levels, a byte each."""
    chosen = frames[np.linspace(0, len(frames) - 1, INSTANTS).round().astype(int)].mean(axis=3, dtype=np.float64)
    rows = [part.mean(axis=1) for part in np.array_split(chosen, CELLS, axis=1)]
    cells = np.stack([[part.mean(axis=1) for part in np.array_split(row, CELLS, axis=1)] for row in rows])
    return f"{'x'.join(map(str, frames.shape))}:{np.rint(cells).astype(np.uint8).tobytes().hex()}"


def near(then: str, now: str) -> bool:
    """Whether two fingerprints agree within `TOLERANCE`."""
    length, levels = then.split(":")
    length_now, levels_now = now.split(":")
    a, b = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in (levels, levels_now))
    return length == length_now and len(a) == len(b) and bool(np.all(np.abs(a - b) <= TOLERANCE))


def _levels(x: np.ndarray) -> np.ndarray:
    """Mel bands and stretches in dB re the mean power of the whole."""
    power = np.mean(x * x) + 1e-20
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, max(0, 512 - len(x)))), 512)[::256]
    spectrum = np.mean(np.abs(np.fft.rfft(frames * np.hanning(512))) ** 2, axis=0)
    bands = _mel_bands() @ spectrum
    stretches = np.array([np.mean(part * part) if len(part) else 0.0 for part in np.array_split(x, STRETCHES)])
    return 10 * np.log10(np.concatenate([bands / (bands.sum() + 1e-20), stretches / power]) + 1e-12)


@lru_cache(maxsize=1)
def _mel_bands() -> np.ndarray:
    """`[MELS, 257]` triangles, evenly spaced on the mel scale (2595 lg(1 + f / 700)) from 60 to 7800 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7800 / 700), MELS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    f = np.fft.rfftfreq(512, 1 / RATE)
    rise = (f - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - f) / np.diff(edges)[1:, None]
    return np.clip(np.minimum(rise, fall), 0, None)
