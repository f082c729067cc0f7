"""The guard before every metric of sound: what may be judged, and whose fault it is if something may not.

The libraries that compute speech metrics answer broken input with exceptions of many kinds, with numbers that look
like scores, or with a crash. Here each broken input becomes one of two faults with one sentence: `ReferenceFault`
(looked at first, because it voids the trial for every system alike) or `EstimateFault`.

Silence is judged by level *and* activity, not by exact zeros: a signal is silent unless it is active for at least
`LEAST_ACTIVITY` seconds in all. A frame of 20 ms is active where its standard deviation reaches `SILENCE_DBFS` and
lies within `ACTIVITY_RANGE_DB` of the loudest frame. So digital zero, a constant, dither of the last bit of 16-bit
audio, and a lone click in silence are all silent.

Contents: `carry`, `check_sound`, `check_pair`, `check_length`, `at_rate`, `active_seconds`.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import EstimateFault, ReferenceFault, Unscorable
from ..types import Audio

SHORTEST = 0.1
"""Seconds below which nothing is called speech."""

FRAME = 0.020
SILENCE_DBFS = -90.0  # one step of 16-bit audio is -90.3 dBFS
ACTIVITY_RANGE_DB = 60.0
LEAST_ACTIVITY = 0.1


def carry(samples: object, rate: int, fault: type[Unscorable] = EstimateFault) -> Audio:
    """Make audio of what somebody handed in, or say what is wrong with it.

    Args:
        samples: should be `[T]` floating point, full scale 1.
        rate: Hz.
        fault: whose fault it is: `EstimateFault` or `ReferenceFault`.

    Raises:
        EstimateFault, ReferenceFault: not an array, not mono, or not floating point.
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise fault(f"audio must be mono, of shape [T], and not {list(samples.shape)}")
    if samples.dtype.kind != "f":
        raise fault(f"audio must be floating point with full scale 1, and not {samples.dtype}")
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, which the guard reports
        return Audio(np.ascontiguousarray(samples, np.float32), int(rate))


def check_sound(audio: Audio, name: str, fault: type[Unscorable]) -> None:
    """Refuse sound that says nothing: empty, not finite, shorter than `SHORTEST` where it is a reference, or silent.

    Args:
        audio: what is looked at.
        name: what the sentence calls it.
        fault: whose fault it is: `EstimateFault` or `ReferenceFault`, which is raised.
    """
    _check_content(audio, name, fault)
    if fault is ReferenceFault:
        check_length(audio, SHORTEST)
    _check_activity(audio, name, fault)


def check_pair(estimate: Audio, reference: Audio) -> None:
    """Refuse an estimate of another rate or length than its reference. Raises `EstimateFault`."""
    if estimate.rate != reference.rate:
        raise EstimateFault(f"the estimate has {estimate.rate} Hz and the reference {reference.rate} Hz")
    if len(estimate.samples) != len(reference.samples):
        raise EstimateFault(
            f"the estimate has {len(estimate.samples)} samples and the reference {len(reference.samples)}"
        )


def check_length(reference: Audio, shortest: float) -> None:
    """Refuse a reference that is too short.

    Raises:
        ReferenceFault: it lasts less than `shortest` seconds.
    """
    if reference.seconds < shortest:
        raise ReferenceFault(f"the reference lasts {reference.seconds:.3f} s, and {shortest:g} s are needed")


def at_rate(audio: Audio, rates: Sequence[int]) -> Audio:
    """The same signal at a rate that a metric knows.

    Args:
        audio: any rate.
        rates: what the metric knows; empty = any.

    Returns:
        `audio` itself where its rate is known, else resampled to the highest known rate.
    """
    if not rates or audio.rate in rates:
        return audio
    from ..signal.audio import resample

    return resample(audio, max(rates))


def active_seconds(audio: Audio) -> float:
    """How long a signal is active; see the head of this module."""
    size = max(1, round(FRAME * audio.rate))
    whole = len(audio.samples) // size
    if whole == 0:
        return 0.0
    frames = audio.samples[: whole * size].reshape(whole, size).astype(np.float64)
    power = frames.var(axis=1)
    threshold = max(10.0 ** (SILENCE_DBFS / 10.0), power.max() * 10.0 ** (-ACTIVITY_RANGE_DB / 10.0))
    return float(np.count_nonzero(power >= threshold) * size / audio.rate)


def _check_content(audio: Audio, name: str, fault: type[Unscorable]) -> None:
    if len(audio.samples) == 0:
        raise fault(f"the {name} is empty")
    if not np.isfinite(audio.samples).all():
        bad = int(np.count_nonzero(~np.isfinite(audio.samples)))
        raise fault(f"the {name} holds {bad} samples that are NaN or infinite")


def _check_activity(audio: Audio, name: str, fault: type[Unscorable]) -> None:
    active = active_seconds(audio)
    if active + 1e-9 < LEAST_ACTIVITY:
        raise fault(f"the {name} is silent: {active:.2f} s of {audio.seconds:.2f} s hold any sound")
