"""Noises made of speech: voices; and, kept out of training, babble, cafeteria and speech-shaped noise.

Source: own recipes. Speech-shaped noise has the long-term average spectrum of talkers of the corpus, not a textbook's.

Conventions: those of `noise_parts`; `voices` are the talkers' signals, `[talkers][n]` float64 of unit RMS.

Contents: `VOICES` (family of training and test), `UNSEEN_VOICES` (never in training).
"""

from collections.abc import Sequence

import numpy as np
from scipy.signal import welch

from ...seeds import Draw
from .noise_parts import RATE, Family, Span, blend, burst, high, low, poisson, ring, room, scatter, shaped, unit, wander


def voices(draw: Draw, n: int, voices: Sequence[np.ndarray], far: float, hall: float, spread: float) -> np.ndarray:
    """A few people who talk nearby; `far` is the room's share, `spread` the differences of level in dB."""
    levels = 10 ** (spread * draw.normals(len(voices)) / 20)
    speech = sum(level * voice for level, voice in zip(levels, voices, strict=True))
    return blend((1, room(draw, speech, hall, far)), (0.02, shaped(draw, n, lambda f: low(f, 600) * high(f, 60))))


def babble(draw: Draw, n: int, voices: Sequence[np.ndarray], spread: float) -> np.ndarray:
    """Many people who talk at once, none of them to be followed."""
    levels = 10 ** (spread * draw.normals(len(voices)) / 20)
    return sum(level * voice for level, voice in zip(levels, voices, strict=True))


def cafeteria(
    draw: Draw, n: int, voices: Sequence[np.ndarray], hall: float, dishes: float, chairs: float, steam: float
) -> np.ndarray:
    """A hall full of talkers with dishes, chairs and a coffee machine."""
    crowd = room(draw, babble(draw, n, voices, 3.0), hall, 1.5)
    china = [ring(draw, draw.uniforms(6, 1200, 6800), draw.uniforms(6, 0.01, 0.1)) for _ in range(16)]
    clatter = room(draw, scatter(draw, n, poisson(draw, n, dishes), china, 6.0), hall, 0.7)
    legs = [burst(draw, draw.uniform(0.25, 0.5), 150, 900, 0.3) for _ in range(4)]
    scrapes = scatter(draw, n, poisson(draw, n, chairs), legs, 4.0)
    machine = shaped(draw, n, lambda f: high(f, 1800, 1.5)) * np.clip(6 * wander(draw, n, 0.3, -2, 1), 0, 1)
    return blend((1, crowd), (0.5, clatter), (0.2, scrapes), (steam, machine))


def speech_shaped(draw: Draw, n: int, voices: Sequence[np.ndarray], breathe: float) -> np.ndarray:
    """Steady noise with the average spectrum of these talkers, swelling by a share of `breathe`."""
    f, density = welch(np.stack(voices), fs=RATE, nperseg=512, axis=-1)
    amplitude = np.sqrt(density.mean(axis=0))
    noise = shaped(draw, n, lambda hz: np.interp(hz, f, amplitude))
    return unit(noise) * (1 + breathe * wander(draw, n, 3, -1, 1))


VOICES = (
    Family("voices", voices, {"far": Span(0.1, 1.2), "hall": Span(0.2, 1.0), "spread": Span(0.0, 4.0)}, talkers=(1, 3)),
)

UNSEEN_VOICES = (
    Family("babble", babble, {"spread": Span(1.0, 4.0)}, talkers=(5, 10)),
    Family(
        "cafeteria",
        cafeteria,
        {
            "hall": Span(0.4, 1.1),
            "dishes": Span(1.0, 3.5),
            "chairs": Span(0.1, 0.5),
            "steam": Span(0.0, 0.4),
        },
        talkers=(10, 14),
    ),
    Family("speech-shaped", speech_shaped, {"breathe": Span(0.0, 0.15)}, talkers=(6, 10)),
)
