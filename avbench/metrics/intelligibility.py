"""STOI and ESTOI, both in one pass, equal to the reference implementation.

Source: Taal, Hendriks, Heusdens and Jensen 2011, "An Algorithm for Intelligibility Prediction of Time-Frequency
Weighted Noisy Speech"; Jensen and Taal 2016, "An Algorithm for Predicting the Intelligibility of Speech Masked by
Modulated Noise Maskers". Numbers follow the package pystoi 0.4.1, the field's reference, to about 1e-14, with its
habits that move values: the resampler of Octave, and the last frame dropped twice.

Where it departs from pystoi:

- fewer than 30 frames of speech are a `ReferenceFault`, not the score 1e-5;
- ESTOI is evaluated in closed form; pystoi adds random noise of 1e-16 to avoid a division by zero, so that its answer
  for an estimate that is digitally silent for a while is itself random. Here a constant row or column, whose
  correlation does not exist, counts 0, which is the mean of those random answers.

Conventions: rates 0–1 (raw values reach down to about -1), higher is better; any sampling rate; float64. No step
calls threaded BLAS, so the number of threads does not move a bit.

Contents: `stoi_and_estoi`, `resample_to_10k`, `resampling_filter`, `octave_bands`, `ROWS`.
"""

from functools import lru_cache, partial
from math import ceil, gcd

import numpy as np

from ..errors import ReferenceFault
from ..types import Audio
from .kinds import SOUND
from .metric import Metric

RATE = 10_000
FRAME, HOP, FFT = 256, 128, 512
BANDS, LOWEST_HZ = 15, 150.0
SEGMENT = 30
"""Frames (384 ms) over which a band is correlated."""

RANGE_DB = 40.0
"""Frames of the reference this far below its loudest frame are left out of both signals."""

_REJECTION_DB = 60.0

# A block of 80 rows keeps one product below the size at which OpenBLAS starts threads (2**18 multiplications).
_ROWS = 80
_LARGEST_MATRIX = 1_000_000
_SPECTRA = 32  # at a time: their buffers stay in the cache of the processor


def stoi_and_estoi(estimate: Audio, reference: Audio) -> dict[str, float]:
    """Both metrics of one pair that has passed the guard.

    Raises:
        ReferenceFault: the reference holds fewer than 30 frames of speech.
    """
    from . import intelligibility_loops as loops

    signals = resample_to_10k(np.stack([reference.samples, estimate.samples]), reference.rate)
    window = _window()
    frames = max(0, ceil((signals.shape[1] - FRAME) / HOP))
    kept = loops.audible_frames(signals[0], window, frames, HOP, RANGE_DB)
    # The kept frames, overlapped and added, give one spectrum fewer than there are frames.
    spectra = len(kept) - 1
    if spectra < SEGMENT:
        raise ReferenceFault(
            f"the reference holds {max(spectra, 0)} frames of speech, and STOI needs {SEGMENT} (about 0.4 s)"
        )
    bands = np.empty((2, BANDS, spectra))
    padded = np.zeros((2, min(spectra, _SPECTRA), FFT))
    for first in range(0, spectra, _SPECTRA):
        count = min(_SPECTRA, spectra - first)
        loops.overlapped_frames(signals, window, kept, HOP, first, count, padded)
        spectrum = np.fft.rfft(padded[:, :count])
        loops.band_magnitudes(spectrum.view(np.float64), octave_bands(), first, bands)
    stoi, estoi = loops.correlate(bands, SEGMENT)
    return {"stoi": stoi, "estoi": estoi}


@lru_cache(maxsize=1)
def _window() -> np.ndarray:
    """`[256]`, a Hann window without its two zeros."""
    return np.hanning(FRAME + 2)[1:-1]


@lru_cache(maxsize=1)
def octave_bands() -> np.ndarray:
    """Edges of the one-third octave bands.

    Returns:
        `[15, 2]` int64: first bin and the bin after the last, of a 512-point spectrum at 10 kHz.
    """
    bins = np.arange(FFT // 2 + 1) * (RATE / FFT)
    k = np.arange(BANDS)[:, None] + np.array([-0.5, 0.5])
    edges = LOWEST_HZ * 2.0 ** (k / 3.0)
    return np.abs(bins - edges[..., None]).argmin(axis=-1)


def resampling_filter(up: int, down: int) -> np.ndarray:
    """The low-pass filter of Octave's `resample`, without the gain of `up`.

    Returns:
        `[2 L + 1]` float64, unit sum, symmetric: a Kaiser window that rejects 60 dB.
    """
    cutoff, half = 0.5 / max(up, down), _half_length(up, down)
    t = np.arange(-half, half + 1)
    kaiser = np.kaiser(2 * half + 1, 0.1102 * (_REJECTION_DB - 8.7))
    taps = kaiser * (2 * up * cutoff * np.sinc(2 * cutoff * t))
    return taps / taps.sum()


def resample_to_10k(signals: np.ndarray, rate: int) -> np.ndarray:
    """Resample as Octave does.

    Args:
        signals: `[S, T]`, any floating type.
        rate: of them, in Hz.

    Returns:
        `[S, ceil(T · 10000 / rate)]` float64.
    """
    common = gcd(RATE, rate)
    up, down = RATE // common, rate // common
    if up == down:
        return np.ascontiguousarray(signals, np.float64)
    if up * (2 * down + 2 * _half_length(up, down) // up) > _LARGEST_MATRIX:
        from scipy.signal import resample_poly

        return resample_poly(signals.astype(np.float64), up, down, axis=1, window=resampling_filter(up, down))
    return _resample_by_matrix(signals, up, down)


def _half_length(up: int, down: int) -> int:
    """L of a filter that rejects 60 dB over a tenth of its cut-off."""
    return ceil((_REJECTION_DB - 8.0) / (28.714 * 0.05 / max(up, down)))


@lru_cache(maxsize=8)
def _resampling_matrix(up: int, down: int) -> tuple[np.ndarray, int]:
    """A block of outputs as a matrix product.

    Output m is Σ_i x[i] h(m·down − i·up). Over `down` inputs the pattern repeats, so that blocks of P outputs, P a
    multiple of `up`, are one matrix times windows of the input.

    Returns:
        `[K, P]` float64, and the place of a window's first input relative to its block.
    """
    taps = up * resampling_filter(up, down)
    half = len(taps) // 2
    outputs = up * max(1, round(20 / up))
    first, last = -(half // up), ((outputs - 1) * down + half) // up
    distance = np.arange(outputs) * down - np.arange(first, last + 1)[:, None] * up
    matrix = np.where(np.abs(distance) <= half, taps[np.clip(distance + half, 0, 2 * half)], 0.0)
    return np.ascontiguousarray(matrix), first


def _resample_by_matrix(signals: np.ndarray, up: int, down: int) -> np.ndarray:
    matrix, first = _resampling_matrix(up, down)
    width, outputs = matrix.shape
    step = outputs // up * down
    length = ceil(signals.shape[1] * up / down)
    blocks = ceil(length / outputs)
    padded = np.zeros(max((blocks - 1) * step + width, signals.shape[1] - first), signals.dtype)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)[::step]
    rows = np.empty((_ROWS, width))
    resampled = np.empty((len(signals), blocks, outputs))
    for source, target in zip(signals, resampled, strict=True):
        padded[-first : len(source) - first] = source
        for start in range(0, blocks, _ROWS):
            some = rows[: min(_ROWS, blocks - start)]
            np.copyto(some, windows[start : start + len(some)])
            np.matmul(some, matrix, out=target[start : start + len(some)])
    return resampled.reshape(len(signals), -1)[:, :length]


_intelligibility = partial(
    Metric,
    higher_is_better=True,
    low=-1.0,
    high=1.0,
    floor=0.0,
    kind=SOUND,
    shortest=0.4,
    formula=stoi_and_estoi,
    percent=True,
    digits=1,
    relevance=0.005,
)

ROWS = (
    _intelligibility(
        name="stoi",
        title="Short-time objective intelligibility",
        source="Taal et al. 2011, IEEE TASLP 19(7), section II: mean over bands and segments of 384 ms of the clipped "
        "envelopes' correlation",
        implementation="own, equal to pystoi 0.4.1",
    ),
    _intelligibility(
        name="estoi",
        title="Extended short-time objective intelligibility",
        source="Jensen and Taal 2016, IEEE/ACM TASLP 24(11): mean over segments of 384 ms of the correlation of their "
        "spectra, bands normalised first and spectra then",
        implementation="own, equal to pystoi 0.4.1 (closed form)",
    ),
)
