"""What the procedural noises are built of: coloured noise, slow curves, machine cycles, struck bodies, rooms.

Source: own recipes; struck bodies are sums of decaying modes (van den Doel and Pai 1998, "The sounds of physical
shapes"), rooms are exponentially decaying noise (Moorer 1979, "About this reverberation business").

Conventions: signals are `[n]` float64 at 16 kHz of no particular level until `unit` or `blend` sets it; frequencies in
Hz, times in seconds unless a name says samples; every random number comes from a `Draw`.

Contents: `Span`, `Family`, `unit`, `blend`, `shaped`, `low`, `high`, `peak`, `band`, `wander`, `cycle`, `phase_of`,
`ring`, `burst`, `poisson`, `paced`, `scatter`, `room`, `recorded`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import butter, oaconvolve, sosfilt

from ...seeds import Draw

RATE = 16000


@dataclass(frozen=True)
class Span:
    """The range of one parameter of a family; `log` draws its logarithm uniformly."""

    low: float
    high: float
    log: bool = False

    def at(self, quantile: float) -> float:
        """The value at a quantile in [0, 1)."""
        if self.log:
            return float(self.low * (self.high / self.low) ** quantile)
        return float(self.low + (self.high - self.low) * quantile)


@dataclass(frozen=True)
class Family:
    """One sort of noise; a kind is a family and one set of its parameters.

    Args:
        name: of `[a-z-]`.
        make: `make(draw, n, **parameters) -> [n] float64`; a family with talkers also gets `voices`, their speech.
        spans: range of every parameter, or a tuple of alternatives.
        talkers: least and greatest number of talkers heard in it; (0, 0) without voices.
    """

    name: str
    make: Callable[..., np.ndarray]
    spans: Mapping[str, Span | tuple] = field(default_factory=dict)
    talkers: tuple[int, int] = (0, 0)


def unit(x: np.ndarray) -> np.ndarray:
    """Without mean and with an RMS of one; silence stays silence."""
    x = x - x.mean()
    rms = np.sqrt(np.mean(x * x))
    return x / rms if rms > 0 else x


def blend(*parts: tuple[float, np.ndarray]) -> np.ndarray:
    """Sum of `(weight, signal)` with every signal brought to an RMS of one first."""
    return sum(weight * unit(x) for weight, x in parts)


def shaped(draw: Draw, n: int, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Normal noise whose amplitude spectrum follows `gain(hz)`."""
    m = next_fast_len(n, real=True)
    return irfft(rfft(draw.normals(m)) * gain(rfftfreq(m, 1 / RATE)), m)[:n]


def low(f: np.ndarray, corner: float, order: float = 1.0) -> np.ndarray:
    """Butterworth magnitude of a low pass; 6 dB per octave and order, which need not be whole."""
    return 1 / np.sqrt(1 + (f / corner) ** (2 * order))


def high(f: np.ndarray, corner: float, order: float = 1.0) -> np.ndarray:
    """Butterworth magnitude of a high pass."""
    return low(corner, np.maximum(f, 1e-3), order)


def peak(f: np.ndarray, centre: float, octaves: float) -> np.ndarray:
    """A hump around `centre`, Gaussian over the logarithm of frequency, with a standard deviation of `octaves`."""
    return np.exp(-0.5 * (np.log2(np.maximum(f, 1.0) / centre) / octaves) ** 2)


def band(x: np.ndarray, bottom: float, top: float) -> np.ndarray:
    """Second-order Butterworth band pass."""
    top = min(top, 0.49 * RATE)
    return sosfilt(butter(2, [bottom, top], "band", fs=RATE, output="sos"), x)


def wander(draw: Draw, n: int, hz: float, bottom: float = 0.0, top: float = 1.0) -> np.ndarray:
    """A smooth curve through points drawn `hz` times a second between `bottom` and `top`."""
    place = np.arange(n) * (hz / RATE)
    left = place.astype(np.int64)
    weight = place - left
    weight *= weight * (3 - 2 * weight)
    points = draw.uniforms(int(left[-1]) + 2, bottom, top)
    return points[left] + weight * (points[left + 1] - points[left])


def phase_of(hz: np.ndarray | float, n: int | None = None) -> np.ndarray:
    """Phase in turns of an oscillator whose frequency is `hz` (a curve, or a number held for `n` samples)."""
    return np.cumsum(np.broadcast_to(np.asarray(hz, np.float64), (n,)) if n else hz) / RATE


def cycle(draw: Draw, phase: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """A periodic wave of harmonics 1, 2, … with these amplitudes and drawn phases, read at `phase` turns.

    The wave is a table: a machine of 80 orders costs no more than one sine. The caller keeps the highest order below
    the Nyquist frequency.
    """
    size = 16384
    spectrum = np.zeros(size // 2 + 1, complex)
    spectrum[1 : len(weights) + 1] = np.asarray(weights) * np.exp(2j * np.pi * draw.uniforms(len(weights)))
    table = irfft(spectrum, size) * size / 2
    place = (phase % 1.0) * size
    left = place.astype(np.int64)
    table = np.append(table, table[:1])
    left = np.minimum(left, size - 1)
    return table[left] + (place - left) * (table[left + 1] - table[left])


def ring(draw: Draw, hz: np.ndarray, decay: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """A struck body: modes at `hz` that fall by 1/e in `decay` seconds, drawn phases; about 5 decays long."""
    weights = draw.uniforms(len(hz), 0.3, 1.0) if weights is None else weights
    t = np.arange(int(RATE * min(5 * float(np.max(decay)), 2.5)) + 1)[:, None] / RATE
    turns = hz * t + draw.uniforms(len(hz))
    return (np.exp(-t / decay) * np.sin(2 * np.pi * turns)) @ weights


def burst(draw: Draw, seconds: float, bottom: float, top: float, attack: float = 0.05) -> np.ndarray:
    """A puff of noise in a band: rises within `attack` of its length and falls smoothly to nothing."""
    n = int(seconds * RATE)
    t = np.arange(n) / n
    return band(draw.normals(n), bottom, top) * np.minimum(t / attack, 1) * (1 - t) ** 2


def poisson(draw: Draw, n: int, rate: float) -> np.ndarray:
    """Starts in samples of events that come independently, `rate` a second on average."""
    expected = rate * n / RATE
    gaps = -np.log1p(-draw.uniforms(int(expected + 6 * np.sqrt(expected) + 10))) / rate
    starts = (np.cumsum(gaps) * RATE).astype(np.int64)
    return starts[starts < n]


def paced(draw: Draw, n: int, period: float, jitter: float) -> np.ndarray:
    """Starts in samples of events every `period` seconds, each off by a normal `jitter` relative to the period."""
    count = int(n / RATE / period) + 2
    times = (np.arange(count) + draw.uniform() + jitter * draw.normals(count)) * period
    starts = (times * RATE).astype(np.int64)
    return starts[(starts >= 0) & (starts < n)]


def scatter(
    draw: Draw, n: int, starts: np.ndarray, grains: Sequence[np.ndarray], spread: float = 0.0, gains=None
) -> np.ndarray:
    """Lay a drawn grain at every start, its level spread by a normal of `spread` dB, times `gains` if given."""
    y = np.zeros(n)
    which = (draw.uniforms(len(starts)) * len(grains)).astype(np.int64)
    level = 10 ** (spread * draw.normals(len(starts)) / 20)
    if gains is not None:
        level = level * gains
    for start, choice, gain in zip(starts.tolist(), which.tolist(), level.tolist(), strict=True):
        grain = grains[choice][: n - start]
        y[start : start + len(grain)] += gain * grain
    return y


def room(draw: Draw, x: np.ndarray, t60: float, wet: float) -> np.ndarray:
    """Add the reverberation of a room: `wet` is its energy relative to the direct sound, in amplitude."""
    n = int(t60 * RATE) + 1
    tail = draw.normals(n) * 10 ** (-3 * np.arange(n) / n)
    # Walls and air take the treble first: the late tail is duller than the early one.
    late = np.linspace(0, 1, n) ** 0.5
    tail = (1 - late) * tail + late * sosfilt(butter(1, 1500, "low", fs=RATE, output="sos"), tail)
    tail[: int(0.004 * RATE)] = 0
    tail /= np.sqrt(np.sum(tail * tail))
    return x + wet * oaconvolve(x, tail)[: len(x)]


def recorded(draw: Draw, x: np.ndarray, spread: float = 2.5) -> np.ndarray:
    """What a microphone makes of it: uneven response (`spread` dB at eight points), nothing below 25 Hz, unit RMS."""
    m = next_fast_len(len(x), real=True)
    f = rfftfreq(m, 1 / RATE)
    points = np.geomspace(60, 7500, 8)
    response = np.interp(np.log(np.maximum(f, 1)), np.log(points), spread * draw.normals(8))
    gain = 10 ** (response / 20) * high(f, 25, 3)
    gain[0] = 0
    return unit(irfft(rfft(x, m) * gain, m)[: len(x)])
