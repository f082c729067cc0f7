"""PESQ, wide-band and narrow-band, by the unmodified package `pesq`.

Source: ITU-T P.862.2 (wide-band, 16 kHz) and P.862 with the mapping of P.862.1 (narrow-band, 8 or 16 kHz). The
package wraps the reference code of the ITU, whose notice restricts its use: read it before you sell a score.

Conventions: MOS-LQO, about 1.04–4.64 (wide) and 1.02–4.55 (narrow), higher is better. Samples reach the package as
float, never by way of int16, whose rounding moves the value by up to 0.02.

The reference code has tables for 50 utterances and 1000 bad intervals and does not check them: beyond, it overwrites
its own memory, returns a number as if nothing had happened, or takes the process down. `check_tables` refuses such a
reference. The code keeps its state in global variables and holds the interpreter lock: only processes speed it up.

Contents: `wide_band`, `narrow_band`, `most_utterances`, `check_tables`, `ROWS`.
"""

import math
from functools import partial

import numpy as np

from ..errors import EstimateFault, MachineFault, NotApplicable, ReferenceFault
from ..types import Audio
from .kinds import SOUND
from .metric import Metric

MOST_UTTERANCES = 50
LONGEST = 90.0
"""Seconds. A bad interval and the gap behind it take at least 96 ms, so 1000 of them do not fit in here."""

BLOCK = 0.004
SHORTEST_UTTERANCE = 46  # blocks: 50, less the four by which the reference code widens a stretch of speech
SHORTEST_PAUSE = 47  # blocks: 51, less the same four
SAFE = MOST_UTTERANCES * (SHORTEST_UTTERANCE + SHORTEST_PAUSE) * BLOCK
"""Seconds below which 50 utterances do not fit, whatever the signal."""


def wide_band(estimate: Audio, reference: Audio) -> dict[str, float]:
    """PESQ-WB of one pair at 16 kHz that has passed the guard."""
    return {"pesq-wb": _pesq(estimate, reference, "wb")}


def narrow_band(estimate: Audio, reference: Audio) -> dict[str, float]:
    """PESQ-NB of one pair at 8 or 16 kHz that has passed the guard."""
    return {"pesq-nb": _pesq(estimate, reference, "nb")}


def _pesq(estimate: Audio, reference: Audio, mode: str) -> float:
    """Call the package, and turn its ways of failing into faults.

    A failure is put down to the estimate; the caller then scores the reference against itself and finds out.
    """
    try:
        import pesq as package
    except ImportError as error:
        raise NotApplicable("The package pesq is not installed: pip install pesq==0.0.4.") from error
    check_tables(reference)
    try:
        value = float(package.pesq(reference.rate, reference.samples, estimate.samples, mode))
    except package.OutOfMemoryError as error:
        raise MachineFault("PESQ ran out of memory") from error
    except package.NoUtterancesError as error:
        raise EstimateFault("PESQ finds no utterance") from error
    except (package.PesqError, RuntimeError, ValueError, ArithmeticError) as error:
        raise EstimateFault(f"PESQ gives no number ({type(error).__name__}: {error})") from error
    # Its error codes -1 to -7 and NaN are no scores either.
    if not math.isfinite(value) or value < 0.0:
        raise EstimateFault(f"PESQ gives no number (code {value:g})")
    return value


def check_tables(reference: Audio) -> None:
    """Refuse a reference that may overrun the tables of the reference code; it is the reference alone that decides.

    Raises:
        ReferenceFault: longer than `LONGEST`, or with more than `MOST_UTTERANCES` utterances.
    """
    if reference.seconds > LONGEST:
        raise ReferenceFault(
            f"the reference lasts {reference.seconds:.0f} s, and PESQ takes {LONGEST:g} s at most: cut it into parts"
        )
    if reference.seconds >= SAFE and (found := most_utterances(reference)) > MOST_UTTERANCES:
        raise ReferenceFault(
            f"the reference may hold {found} utterances, and PESQ has room for {MOST_UTTERANCES}: cut it into sentences"
        )


def most_utterances(audio: Audio) -> int:
    """An upper estimate of the number of utterances that PESQ may find.

    PESQ sets one threshold on the power of 4 ms blocks, after a filter. Which one is its own affair; this is the
    highest count over all thresholds in the 40 dB below the loudest block, with and without a telephone band filter.
    """
    from scipy.signal import butter, sosfilt

    samples = audio.samples.astype(np.float64)
    band = butter(4, (300.0, min(3100.0, 0.45 * audio.rate)), "bandpass", fs=audio.rate, output="sos")
    size = max(1, round(BLOCK * audio.rate))
    most = 0
    for version in (samples - samples.mean(), sosfilt(band, samples)):
        blocks = version[: len(version) // size * size].reshape(-1, size)
        power = np.square(blocks).mean(axis=1)
        for below in range(1, 41):
            most = max(most, _count_stretches(power > power.max() * 10.0 ** (-below / 10.0)))
    return most


def _count_stretches(active: np.ndarray) -> int:
    """How many stretches of active blocks there are, once short pauses are closed and short stretches dropped."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False]))))
    starts, ends = edges[::2], edges[1::2]
    if len(starts) == 0:
        return 0
    apart = starts[1:] - ends[:-1] >= SHORTEST_PAUSE
    starts, ends = starts[np.concatenate(([True], apart))], ends[np.concatenate((apart, [True]))]
    return int(np.count_nonzero(ends - starts >= SHORTEST_UTTERANCE))


_quality = partial(
    Metric,
    unit="MOS-LQO",
    higher_is_better=True,
    low=1.0,
    floor=1.0,
    implementation="pesq 0.0.4",
    kind=SOUND,
    shortest=0.3,
    parallel="process",
    relevance=0.03,
)

ROWS = (
    _quality(
        name="pesq-wb",
        title="Perceptual evaluation of speech quality, wide-band",
        high=4.65,
        source="ITU-T P.862 with the filter and the mapping of P.862.2, 0.999 + 4 / (1 + exp(3.8224 − 1.3669 x))",
        rates=(16_000,),
        formula=wide_band,
    ),
    _quality(
        name="pesq-nb",
        title="Perceptual evaluation of speech quality, narrow-band",
        high=4.56,
        source="ITU-T P.862 with the mapping of P.862.1, 0.999 + 4 / (1 + exp(4.6607 − 1.4945 x))",
        rates=(8_000, 16_000),
        formula=narrow_band,
    ),
)
