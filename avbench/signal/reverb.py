"""Rooms: impulse responses, synthetic ones, and what speech is in them.

Time 0 of a response is its direct sound, which is its largest sample, and the direct sound is given a gain of one. So
reverberant speech is aligned with the dry speech and holds it unchanged; everything else is what the room adds. What
stands before the largest sample (a microphone's slow onset) is kept, and comes early.

A synthetic room is the statistical one: behind the direct sound, after a gap, normal noise whose level falls by 60 dB
in T60, at a declared ratio of direct to reverberant energy; the treble falls faster, as air and walls have it.

Source: Polack 1988, "La transmission de l'énergie sonore dans les salles" (a diffuse field as decaying normal noise);
Schroeder 1965, "New method of measuring reverberation time", for `decay_time`.

Contents: `Room`, `ROOMS`, `response`, `reverberate`, `direct_to_reverberant`, `decay_time`.
"""

from dataclasses import dataclass

import numpy as np

from ..seeds import Draw
from .audio import RATE

DIRECT_SECONDS = 0.0025  # around its largest sample, a response counts as direct sound
GAP_SECONDS = 0.004  # until the first reflections
LENGTH = 1.2  # of a synthetic response in T60
TREBLE_HZ = 2000.0  # above it, sound decays in TREBLE_DECAY of T60
TREBLE_DECAY = 0.6


@dataclass(frozen=True)
class Room:
    """A synthetic room.

    Args:
        t60: seconds in which reverberation below TREBLE_HZ falls by 60 dB.
        direct_db: energy of the direct sound over that of the reverberation.
    """

    t60: float
    direct_db: float


ROOMS = {"room-0.3s": Room(0.3, 3.0), "room-0.6s": Room(0.6, 0.0), "room-1.2s": Room(1.2, -3.0)}
"""The declared synthetic rooms: a living room, a lecture room, a hall; the talker stands further off in each."""


def response(room: Room, draw: Draw) -> np.ndarray:
    """`[N]` float64 at 16 kHz: an impulse response of a synthetic room, its direct sound first."""
    n, gap = round(LENGTH * room.t60 * RATE), round(GAP_SECONDS * RATE)
    noise = draw.normals(n)
    spectrum = np.fft.rfft(noise)
    f = np.fft.rfftfreq(n, 1 / RATE)
    share = 1 / (1 + (f / TREBLE_HZ) ** 4)
    dull, treble = (np.fft.irfft(spectrum * gain, n) for gain in (share, 1 - share))
    t = np.arange(n) / RATE
    tail = dull * 10 ** (-3 * t / room.t60) + treble * 10 ** (-3 * t / (TREBLE_DECAY * room.t60))
    tail[:gap] = 0.0
    tail *= np.sqrt(10 ** (-room.direct_db / 10) / np.sum(tail * tail))
    tail[0] = 1.0
    return tail


def reverberate(speech: np.ndarray, impulse: np.ndarray) -> np.ndarray:
    """Speech in a room, as long as the speech and aligned with it.

    Args:
        speech: `[T]`, dry.
        impulse: `[N]`, of any level and delay, not silent.

    Returns:
        `[T]` float64.
    """
    from scipy.signal import oaconvolve

    impulse = np.asarray(impulse, np.float64)
    direct = int(np.abs(impulse).argmax())
    whole = oaconvolve(np.asarray(speech, np.float64), impulse / impulse[direct])
    return whole[direct : direct + len(speech)]


def direct_to_reverberant(impulse: np.ndarray) -> float:
    """Energy within DIRECT_SECONDS of the largest sample over that of all that comes later, in dB; at most 100."""
    impulse = np.asarray(impulse, np.float64)
    at, around = int(np.abs(impulse).argmax()), round(DIRECT_SECONDS * RATE)
    late = np.sum(impulse[at + around + 1 :] ** 2)
    direct = np.sum(impulse[max(0, at - around) : at + around + 1] ** 2)
    return float(min(100.0, 10 * np.log10(direct / (late + 1e-12 * direct))))


def decay_time(impulse: np.ndarray) -> float:
    """T60 in seconds, from the slope of the backward integrated energy between -5 and -25 dB."""
    impulse = np.asarray(impulse, np.float64)
    late = impulse[int(np.abs(impulse).argmax()) + round(DIRECT_SECONDS * RATE) + 1 :]
    energy = np.cumsum(late[::-1] ** 2)[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-20)
    inside = np.flatnonzero((level <= -5) & (level >= -25))
    slope = np.polyfit(inside / RATE, level[inside], 1)[0]
    return float(-60 / slope)
