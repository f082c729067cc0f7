"""Scale-invariant signal-to-distortion ratio, in two definitions that never share a name.

Source: Le Roux, Wisdom, Erdogan and Hershey 2019, "SDR – half-baked or well done?", eq. 3; `si-sdr` without removal of
the mean, as in MUTUD eq. 9; `si-sdr-zm` after removal of both means.

Conventions: dB, higher is better; float64 throughout; nothing is added to a denominator, so the value does not depend
on the level of either signal.

Contents: `si_sdr`, `si_sdr_and_zero_mean`, `ROWS`.
"""

import math
from functools import partial

import numpy as np

from ..types import Audio
from .kinds import SOUND
from .metric import Metric


def si_sdr(estimate: np.ndarray, reference: np.ndarray) -> float:
    """SI-SDR = 10 log10(‖αc‖² / ‖e − αc‖²) with α = e·c / ‖c‖².

    Args:
        estimate: e, `[T]` float64.
        reference: c, `[T]` float64, not all zero.

    Returns:
        dB; +inf where the estimate is a multiple of the reference, −inf where it is orthogonal to it.

    Example:
        >>> si_sdr(np.array([1.0, 1.0]), np.array([1.0, 0.0]))
        0.0
    """
    # np.sum of a product, not np.dot: BLAS splits a dot product over threads, and the sum then depends on their number.
    alpha = np.sum(estimate * reference) / np.sum(reference * reference)
    target = alpha * reference
    distortion = estimate - target
    signal, noise = float(np.sum(target * target)), float(np.sum(distortion * distortion))
    if noise == 0.0:
        return math.inf
    return 10.0 * math.log10(signal / noise) if signal > 0.0 else -math.inf


def si_sdr_and_zero_mean(estimate: Audio, reference: Audio) -> dict[str, float]:
    """Both definitions of one pair that has passed the guard."""
    e, c = estimate.samples.astype(np.float64), reference.samples.astype(np.float64)
    return {"si-sdr": si_sdr(e, c), "si-sdr-zm": si_sdr(e - e.mean(), c - c.mean())}


_ratio = partial(
    Metric,
    unit="dB",
    higher_is_better=True,
    low=-math.inf,
    high=math.inf,
    floor=-60.0,
    cap=100.0,
    implementation="own, float64",
    kind=SOUND,
    shortest=0.1,
    formula=si_sdr_and_zero_mean,
    relevance=0.1,
)

ROWS = (
    _ratio(
        name="si-sdr",
        title="Scale-invariant signal-to-distortion ratio, means kept",
        source="Le Roux et al. 2019, eq. 3; MUTUD, eq. 9",
    ),
    _ratio(
        name="si-sdr-zm",
        title="Scale-invariant signal-to-distortion ratio, means removed",
        source="Le Roux et al. 2019, eq. 3, of signals without their means",
    ),
)
