"""What is odd about two recordings of one thing: delay, gain, polarity, length, rate, DC, clipping.

Nothing here changes a score. A fault is named, and put right only where the user asks for it (`align`), and then it is
recorded (DESIGN, promise 4).

Conventions: every difference is estimate minus reference. A delay is positive where the estimate comes late, in
samples; it maximises the magnitude of the cross-correlation of the two signals without their means, and is believed
from a correlation of `BELIEVED` on. Gain is the least-squares factor of the reference in the delayed estimate, in dB.

Contents: `Diagnosis`, `diagnose`, `find_delay`, `Alignment`, `align`, `warnings_of`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..errors import UsageError
from ..types import Audio

SEARCHED = 1.0
"""Seconds of delay either way that are looked at."""

BELIEVED = 0.2  # two unrelated utterances reached 0.17 in LibriSpeech; one against itself at -13 dB SNR gives 0.22
CERTAIN = 0.9
LOUD_DB = 3.0
DC = 0.005
FULL_SCALE = 0.999
RUN = 3  # one sample at full scale is a peak; several in a row were cut off


@dataclass(frozen=True)
class Diagnosis:
    """What was found; None where it cannot be known.

    Args:
        rate: Hz, of the estimate and of the reference, as are the other pairs.
        samples: lengths.
        length_difference: samples that the estimate has more; None where the rates differ.
        delay: samples; None where the two hardly resemble each other.
        delay_ms: the same in milliseconds.
        correlation: at that delay, -1 to 1.
        gain_db: level of the reference in the estimate.
        polarity: 1, or -1 where the estimate is upside down.
        dc: mean value, full scale 1.
        clipped: samples in runs of at least `RUN` at full scale or beyond.
    """

    rate: tuple[int, int]
    samples: tuple[int, int]
    length_difference: int | None
    delay: int | None
    delay_ms: float | None
    correlation: float | None
    gain_db: float | None
    polarity: int | None
    dc: tuple[float, float]
    clipped: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """Plain values for a document."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items()}


def diagnose(estimate: Audio, reference: Audio) -> Diagnosis:
    """Look at a pair, whatever is wrong with it; samples that are not finite count as zero."""
    mine, other = (np.nan_to_num(a.samples, nan=0.0, posinf=0.0, neginf=0.0) for a in (estimate, reference))
    alike = estimate.rate == reference.rate
    delay, correlation = _delay(mine, other, reference.rate) if alike else (None, None)
    gain = polarity = None
    if delay is not None:
        gain, polarity = _gain(mine[max(0, delay) :], other[max(0, -delay) :]), 1 if correlation > 0 else -1
    return Diagnosis(
        rate=(estimate.rate, reference.rate),
        samples=(len(mine), len(other)),
        length_difference=len(mine) - len(other) if alike else None,
        delay=delay,
        delay_ms=None if delay is None else 1e3 * delay / reference.rate,
        correlation=correlation,
        gain_db=gain,
        polarity=polarity,
        dc=tuple(float(x.mean(dtype=np.float64)) if len(x) else 0.0 for x in (mine, other)),
        clipped=(_clipped(estimate.samples), _clipped(reference.samples)),
    )


def find_delay(estimate: Audio, reference: Audio) -> int | None:
    """Samples by which the estimate comes late, or None where that cannot be told.

    Example:
        >>> clicks = np.zeros(400, np.float32)
        >>> clicks[[50, 80, 190]] = 1.0, 0.5, -0.7
        >>> find_delay(Audio(np.roll(clicks, 7), 16000), Audio(clicks, 16000))
        7
    """
    return diagnose(estimate, reference).delay


def _gain(mine: np.ndarray, other: np.ndarray) -> float | None:
    """Factor of one signal in another that begins with it, in dB, over their common length."""
    count = min(len(mine), len(other))
    mine, other = (x[:count] - x[:count].mean() for x in (mine, other))
    ratio = abs(float(np.dot(mine, other))) / max(float(np.dot(other, other)), 1e-30)
    return float(20.0 * np.log10(ratio)) if ratio > 0.0 else None


def _norm(samples: np.ndarray) -> float:
    return float(np.sqrt(np.dot(samples, samples)))


def _delay(mine: np.ndarray, other: np.ndarray, rate: int) -> tuple[int | None, float | None]:
    """Delay in samples and correlation there."""
    if not len(mine) or not len(other):
        return None, None
    mine, other = mine - mine.mean(), other - other.mean()
    scale = _norm(mine) * _norm(other)
    if not scale > 0.0:
        return None, None
    if len(mine) == len(other) > 2 and (here := float(np.dot(mine, other)) / scale) and abs(here) >= CERTAIN:
        # So near the summit of an autocorrelation its flanks are steep: a summit among its neighbours is the summit.
        beside = (float(np.dot(mine[1:], other[:-1])) / scale, float(np.dot(mine[:-1], other[1:])) / scale)
        if all(abs(here) >= abs(value) for value in beside):
            return 0, here
    found = _correlations(mine, other, reach := min(round(SEARCHED * rate), max(len(mine), len(other)) - 1)) / scale
    heights = np.abs(found)
    best = np.flatnonzero(heights >= heights.max() * (1.0 - 1e-6)) - reach
    delay = int(best[np.argmin(np.abs(best))])  # of equal summits, as a tone has them, the nearest
    correlation = float(found[delay + reach])
    return (delay, correlation) if abs(correlation) >= BELIEVED else (None, correlation)


def _correlations(mine: np.ndarray, other: np.ndarray, reach: int) -> np.ndarray:
    """`[2 reach + 1]`: the sum over t of mine[t + d] other[t] for d from -reach to reach."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(max(len(mine), len(other)) + reach, real=True)
    whole = irfft(rfft(mine, size) * np.conj(rfft(other, size)), size)
    return np.concatenate([whole[size - reach :], whole[: reach + 1]])


def _clipped(samples: np.ndarray) -> int:
    """Samples in runs of at least `RUN` of one sign at full scale or beyond."""
    at_top = np.flatnonzero(np.abs(samples) >= FULL_SCALE)
    if len(at_top) < RUN:
        return 0
    signs = np.sign(samples[at_top])
    breaks = np.flatnonzero((np.diff(at_top) != 1) | (np.diff(signs) != 0)) + 1
    lengths = np.diff(np.concatenate([[0], breaks, [len(at_top)]]))
    return int(lengths[lengths >= RUN].sum())


@dataclass(frozen=True)
class Alignment:
    """What may be put right before scoring.

    Args:
        how: `none`, `delay` or `trim`.
        limit: samples of difference in length that `trim` may cut.
    """

    how: str = "none"
    limit: int = 0

    @classmethod
    def of(cls, text: str) -> "Alignment":
        """From `none`, `delay` or `trim:N`. Raises `UsageError`."""
        how, colon, number = text.partition(":")
        if text in ("none", "delay"):
            return cls(text)
        if how == "trim" and colon and number.isascii() and number.isdigit():
            return cls("trim", int(number))
        raise UsageError(f"--align is none, delay or trim:N with N in samples (as in trim:160), not {text!r}.")


def align(estimate: Audio, reference: Audio, how: Alignment) -> tuple[Audio, Audio, dict[str, int]]:
    """Put right what was asked for, and no more.

    `trim` cuts the longer of the two at its end if it is longer by at most `limit`. `delay` drops the beginning of
    whichever comes late, and then at the end of the longer one at most as much as was dropped; where no delay can be
    told, nothing is done. A pair of two rates is left as it is.

    Returns:
        Estimate, reference, and what was done: `delay` found and the samples cut from each,
        `{"delay": 80, "estimate": 80, "reference": 80}`; empty where nothing was.
    """
    if how.how == "none" or estimate.rate != reference.rate:
        return estimate, reference, {}
    delay = (find_delay(estimate, reference) or 0) if how.how == "delay" else 0
    allowed = how.limit if how.how == "trim" else abs(delay)
    mine, other = estimate.samples[max(0, delay) :], reference.samples[max(0, -delay) :]
    shortest = min(len(mine), len(other))
    if max(len(mine), len(other)) - shortest <= allowed:
        mine, other = mine[:shortest], other[:shortest]
    cut = {"estimate": len(estimate.samples) - len(mine), "reference": len(reference.samples) - len(other)}
    if not any(cut.values()):
        return estimate, reference, {}
    return Audio(mine, estimate.rate), Audio(other, reference.rate), {"delay": delay, **cut}


def warnings_of(found: Mapping[str, Diagnosis], how: Alignment) -> list[dict[str, Any]]:
    """What a user should know of many pairs, each kind of oddity once.

    Args:
        found: diagnosis by the name of the pair.
        how: what is put right already.

    Returns:
        `{"what", "text", "pairs"}`: one word, one sentence, the names of the pairs concerned.
    """
    lengths = {
        "none": "; such pairs fail, --align trim:N cuts up to N samples off",
        "trim": f"; up to {how.limit} samples were cut off",
        "delay": "; what the delay explains was cut off",
    }
    remedy = {
        "delay": "; --align delay took that out" if how.how == "delay" else "; --align delay takes that out",
        "length": lengths[how.how],
    }
    warnings = []
    for what, value, tell in _ODDITIES:
        odd = {name: value(one) for name, one in found.items() if value(one)}
        if odd:
            text = tell(f"{len(odd)} {'pair' if len(odd) == 1 else 'pairs'}", list(odd.values()))
            warnings.append({"what": what, "text": text + remedy.get(what, "") + ".", "pairs": list(odd)})
    return warnings


def _span(values: Sequence[float], unit: str, form: str = "g") -> str:
    """`80 samples`, or `40 to 80 samples`."""
    low, high = (format(value, form) for value in (min(values), max(values)))
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _delays(pairs: str, values: Sequence[tuple[int, float]]) -> str:
    delays, times = zip(*values, strict=True)
    return f"{pairs} delayed by {_span(delays, 'samples', 'd')} ({_span(times, 'ms', '.2f')})"


def _lengths(pairs: str, values: Sequence[int]) -> str:
    if all(value > 0 for value in values) or all(value < 0 for value in values):
        word = "longer" if values[0] > 0 else "shorter"
        return f"{pairs} with an estimate that is {_span([abs(v) for v in values], 'samples', 'd')} {word}"
    return f"{pairs} of unequal length ({_span(values, 'samples', '+d')})"


def _sides(side: int, name: str) -> list[tuple[str, Callable, Callable]]:
    """What is looked at on each side of a pair."""
    return [
        (
            "dc",
            lambda d: d.dc[side] if abs(d.dc[side]) >= DC else None,
            lambda pairs, v: f"{pairs} with a constant in the {name} (mean {_span(v, 'of full scale', '.3g')})",
        ),
        (
            "clipping",
            lambda d: d.clipped[side],
            lambda pairs, v: f"{pairs} with a clipped {name} ({_span(v, 'samples', 'd')})",
        ),
    ]


_ODDITIES: list[tuple[str, Callable[[Diagnosis], Any], Callable[[str, list], str]]] = [
    (
        "rate",
        lambda d: d.rate if d.rate[0] != d.rate[1] else None,
        lambda pairs, v: f"{pairs} of two rates ({v[0][0]} and {v[0][1]} Hz); such pairs fail, resample one of them",
    ),
    ("length", lambda d: d.length_difference, _lengths),
    ("delay", lambda d: (d.delay, d.delay_ms) if d.delay else None, _delays),
    ("polarity", lambda d: d.polarity == -1, lambda pairs, _: f"{pairs} with an estimate that is upside down (× −1)"),
    (
        "gain",
        lambda d: d.gain_db if d.gain_db is not None and abs(d.gain_db) >= LOUD_DB else None,
        lambda pairs, v: f"{pairs} with the reference at another level in the estimate ({_span(v, 'dB', '+.1f')})",
    ),
    *_sides(0, "estimate"),
    *_sides(1, "reference"),
]
