"""The inner loops of STOI and ESTOI, compiled when they are first used.

Conventions: float64; signals are `[2, T]` with the reference first; W is the number of segments. The loops run over
all segments at once, one array written per loop: that is the form in which the compiler can use vector registers. Every
function releases the interpreter lock.

Contents: `audible_frames`, `overlapped_frames`, `band_magnitudes`, `correlate`.
"""

import math

import numpy as np

from .compiling import compiled

EPS = float(np.finfo(np.float64).eps)
CLIP = 1.0 + 10.0 ** (15.0 / 20.0)
"""An estimate counts at most this much of the reference: a lower bound of -15 dB on the signal-to-distortion ratio."""

NOTHING = 1e-26
"""A centred sum of squares this small, beside that of the uncentred values, is rounding: the values are constant."""


@compiled
def audible_frames(signal, window, frames, hop, range_db):
    """Which frames of the reference lie within `range_db` of its loudest.

    Args:
        signal: `[T]`.
        window: `[256]`.
        frames: how many there are.
        hop: samples between them.
        range_db: dB.

    Returns:
        `[K]` int64, frame numbers.
    """
    level = np.empty(frames)
    loudest = -math.inf
    for f in range(frames):
        energy = 0.0
        for i in range(len(window)):
            value = window[i] * signal[f * hop + i]
            energy += value * value
        level[f] = 20.0 * math.log10(math.sqrt(energy) + EPS)
        loudest = max(loudest, level[f])
    kept = np.empty(frames, np.int64)
    count = 0
    for f in range(frames):
        if loudest - range_db - level[f] < 0.0:
            kept[count] = f
            count += 1
    return kept[:count]


@compiled
def overlapped_frames(signals, window, kept, hop, first, count, rows):
    """Windowed frames of the signals that the kept frames make when they are overlapped and added.

    Those signals are never built: a frame is made of its own kept frame and of halves of the two beside it.

    Args:
        signals: `[2, T]`.
        window: `[256]`.
        kept: `[K]` frame numbers; frame j needs frames j - 1, j and j + 1 of them.
        hop: samples, half a window.
        first: number of the first frame to make.
        count: how many to make.
        rows: `[2, count or more, 512]`, filled in place up to the length of the window.
    """
    for s in range(2):
        signal = signals[s]
        for n in range(count):
            j = first + n
            here, after = kept[j] * hop, kept[j + 1] * hop
            row = rows[s, n]
            for i in range(hop):
                row[i] = window[i] * signal[here + i]
            for i in range(hop):
                row[hop + i] = window[hop + i] * signal[here + hop + i] + window[i] * signal[after + i]
            if j > 0:
                before = kept[j - 1] * hop + hop
                for i in range(hop):
                    row[i] += window[hop + i] * signal[before + i]
            for i in range(2 * hop):
                row[i] *= window[i]


@compiled
def band_magnitudes(spectrum, edges, first, bands):
    """Root of the energy in each band.

    Args:
        spectrum: `[2, N, 2 · bins]`, real and imaginary parts in turn.
        edges: `[15, 2]` bins.
        first: number of the first frame.
        bands: `[2, 15, F]`, filled in place from `first` on.
    """
    for s in range(2):
        for n in range(spectrum.shape[1]):
            row = spectrum[s, n]
            for j in range(len(edges)):
                energy = 0.0
                for k in range(2 * edges[j, 0], 2 * edges[j, 1]):
                    energy += row[k] * row[k]
                bands[s, j, first + n] = math.sqrt(energy)


@compiled
def _moments(x, segment, mean, total, centred):
    """Mean, sum of squares, and sum of squares about the mean, `[W]` each, of every segment of one band."""
    mean[:] = 0.0
    total[:] = 0.0
    centred[:] = 0.0
    for n in range(segment):
        for m in range(len(mean)):
            mean[m] += x[n + m]
        for m in range(len(total)):
            total[m] += x[n + m] * x[n + m]
    for m in range(len(mean)):
        mean[m] /= segment
    for n in range(segment):
        for m in range(len(mean)):
            centred[m] += (x[n + m] - mean[m]) ** 2


@compiled
def _clipped_correlation(x, y, segment, x_mean, x_total, x_centred, y_total):
    """STOI of one band, summed over segments: y at the level of x, clipped, correlated with x."""
    gain, mean, clipped, squares, products = np.zeros((5, len(x_mean)))
    for m in range(len(gain)):
        gain[m] = math.sqrt(x_total[m]) / (math.sqrt(y_total[m]) + EPS)
    for n in range(segment):
        for m in range(len(mean)):
            mean[m] += min(y[n + m] * gain[m], x[n + m] * CLIP)
    for m in range(len(mean)):
        mean[m] /= segment
    for n in range(segment):
        for m in range(len(clipped)):
            clipped[m] = min(y[n + m] * gain[m], x[n + m] * CLIP) - mean[m]
        for m in range(len(squares)):
            squares[m] += clipped[m] * clipped[m]
        for m in range(len(products)):
            products[m] += clipped[m] * (x[n + m] - x_mean[m])
    summed = 0.0
    for m in range(len(products)):
        summed += products[m] / ((math.sqrt(x_centred[m]) + EPS) * (math.sqrt(squares[m]) + EPS))
    return summed


@compiled
def _normalised_columns(bands, n, mean, scale, columns):
    """Fill `columns`, `[15, W]`, with frame n of every segment: rows normalised, then the mean over bands removed."""
    average = np.zeros(columns.shape[1])
    for j in range(len(bands)):
        x, row_mean, row_scale, column = bands[j], mean[j], scale[j], columns[j]
        for m in range(len(column)):
            column[m] = (x[n + m] - row_mean[m]) * row_scale[m]
        for m in range(len(column)):
            average[m] += column[m]
    for m in range(len(average)):
        average[m] /= len(bands)
    for j in range(len(bands)):
        column = columns[j]
        for m in range(len(column)):
            column[m] -= average[m]


@compiled
def _column_correlation(bands, segment, mean, scale):
    """ESTOI summed over segments and frames: the correlation over bands of normalised rows."""
    count, segments = mean.shape[1:]
    a, b = np.empty((2, count, segments))
    aa, bb, ab = np.empty((3, segments))
    summed = 0.0
    for n in range(segment):
        _normalised_columns(bands[0], n, mean[0], scale[0], a)
        _normalised_columns(bands[1], n, mean[1], scale[1], b)
        aa[:] = 0.0
        bb[:] = 0.0
        ab[:] = 0.0
        for j in range(count):
            u, v = a[j], b[j]
            for m in range(segments):
                aa[m] += u[m] * u[m]
            for m in range(segments):
                bb[m] += v[m] * v[m]
            for m in range(segments):
                ab[m] += u[m] * v[m]
        for m in range(segments):
            if aa[m] > NOTHING and bb[m] > NOTHING:
                summed += ab[m] / math.sqrt(aa[m] * bb[m])
    return summed


@compiled
def correlate(bands, segment):
    """STOI and ESTOI from band magnitudes.

    Args:
        bands: `[2, 15, F]`, reference and estimate.
        segment: frames in a segment, at most F.

    Returns:
        The two numbers.
    """
    count = bands.shape[1]
    segments = bands.shape[2] - segment + 1
    mean, scale, total, centred = np.empty((4, 2, count, segments))
    stoi = 0.0
    for j in range(count):
        for s in range(2):
            _moments(bands[s, j], segment, mean[s, j], total[s, j], centred[s, j])
            for m in range(segments):
                constant = centred[s, j, m] <= NOTHING * total[s, j, m]
                scale[s, j, m] = 0.0 if constant else 1.0 / math.sqrt(centred[s, j, m])
        stoi += _clipped_correlation(
            bands[0, j], bands[1, j], segment, mean[0, j], total[0, j], centred[0, j], total[1, j]
        )
    estoi = _column_correlation(bands, segment, mean, scale)
    return stoi / (segments * count), estoi / (segments * segment)
