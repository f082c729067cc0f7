"""The inner loops of PSNR and SSIM, compiled when they are first used.

Both SSIM loops use sums and differences. With s = x + y and d = x − y,

    2xy = (s² − d²) / 2        x² + y² = (s² + d²) / 2

and the same holds for products of means, so four averages say everything: those of s, d, s² and d². Identical pictures
have d = 0 and score 1 exactly; exchanging the two changes the sign of d and nothing else.

Conventions: pictures are `[F, H, W · C]` uint8, channels in turn, so that the neighbour in the same channel is C places
further on and every channel is filtered at once. Only windows that lie within the picture count. One row of a frame
follows the other and a frame is one sum, so a number does not depend on threads or on the other frames. The loops write
one array each, and take shifted rows as arrays of their own: the form in which the compiler can use vector registers.

Contents: `squared_errors`, `gaussian_similarity`, `uniform_similarity`, `C1`, `C2`, `BLOCK`.
"""

import numpy as np

from .compiling import compiled

C1 = (0.01 * 255.0) ** 2
C2 = (0.03 * 255.0) ** 2

BLOCK = 128
"""Columns, channels counted singly, filtered at once: eleven rows of four quantities then stay in the first cache."""

SHORT = 65_536
"""Squared errors of 8-bit numbers whose sum is sure to fit 32 bits: 65536 · 255² < 2³²."""


@compiled
def _short_sum(a, b):
    """Σ (a − b)² of at most `SHORT` numbers."""
    total = np.uint32(0)
    for j in range(len(a)):
        difference = np.int32(a[j]) - np.int32(b[j])  # widened first: in 8 bits it would wrap around
        total = np.uint32(total + np.uint32(difference * difference))
    return total


@compiled
def squared_errors(estimate, reference):
    """Sum of squared differences of each frame, exactly.

    Args:
        estimate: `[F, N]` uint8.
        reference: `[F, N]` uint8.

    Returns:
        `[F]` int64.
    """
    sums = np.zeros(len(estimate), np.int64)
    for f in range(len(estimate)):
        a, b = estimate[f], reference[f]
        for first in range(0, len(a), SHORT):
            sums[f] += np.int64(_short_sum(a[first : first + SHORT], b[first : first + SHORT]))
    return sums


@compiled
def _widen(x, y, rows):
    """Fill `rows`, four of them, with s, d, s² and d²."""
    s, d, ss, dd = rows[0], rows[1], rows[2], rows[3]
    for j in range(len(x)):
        a, b = np.int32(x[j]), np.int32(y[j])
        total, difference = np.int32(a + b), np.int32(a - b)
        s[j] = total
        d[j] = difference
        ss[j] = np.int32(total * total)
        dd[j] = np.int32(difference * difference)


@compiled
def _weigh(x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, taps, out):
    """Weighted sum of eleven rows by a symmetric window, of which `taps` are the first six weights."""
    w0, w1, w2, w3, w4, w5 = taps
    for j in range(len(out)):
        outer = w0 * (x0[j] + x10[j]) + w1 * (x1[j] + x9[j]) + w2 * (x2[j] + x8[j])
        out[j] = outer + w3 * (x3[j] + x7[j]) + w4 * (x4[j] + x6[j]) + w5 * x5[j]


@compiled
def _weigh_along(row, step, taps, out):
    """The window laid along a row, whose neighbours are `step` places apart."""
    x1, x2, x3, x4, x5 = row[step:], row[2 * step :], row[3 * step :], row[4 * step :], row[5 * step :]
    x6, x7, x8, x9, x10 = row[6 * step :], row[7 * step :], row[8 * step :], row[9 * step :], row[10 * step :]
    _weigh(row, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, taps, out)


@compiled
def _weigh_across(ring, oldest, taps, out):
    """The window laid across the eleven rows of a ring, of which row `oldest` % 11 came first."""
    i = oldest
    x0, x1, x2, x3, x4 = ring[i % 11], ring[(i + 1) % 11], ring[(i + 2) % 11], ring[(i + 3) % 11], ring[(i + 4) % 11]
    x5, x6, x7, x8 = ring[(i + 5) % 11], ring[(i + 6) % 11], ring[(i + 7) % 11], ring[(i + 8) % 11]
    _weigh(x0, x1, x2, x3, x4, x5, x6, x7, x8, ring[(i + 9) % 11], ring[(i + 10) % 11], taps, out)


@compiled
def _similarity(s, d, ss, dd, count, c1, c2):
    """Sum of SSIM over a row.

    Args:
        s: sums of s over each window; or means, with `count` 1.
        d: likewise of d.
        ss: of s².
        dd: of d².
        count: pixels in the window.
        c1: 2 C1 count².
        c2: 2 C2 times what this multiplies variances by: count² for population moments, count (count − 1) for samples.
    """
    total = 0.0
    for j in range(len(s)):
        u, v = float(s[j]) * s[j], float(d[j]) * d[j]
        p, q = count * ss[j] - u, count * dd[j] - v
        # np.true_divide, because `/` checks for a zero, which ends vector code; both constants keep it above zero.
        total += np.true_divide((u - v + c1) * (p - q + c2), (u + v + c1) * (p + q + c2))
    return total


@compiled
def gaussian_similarity(estimate, reference, channels, taps):
    """SSIM of each frame with a Gaussian window of 11 × 11 and population moments.

    Args:
        estimate: `[F, H, W · C]` uint8, H and W at least 11.
        reference: likewise.
        channels: C.
        taps: the first six of the eleven weights of the window along one axis, which add up to 1.

    Returns:
        `[F]` float64, the mean over channels and over the windows within the picture.
    """
    frames, height, width = estimate.shape
    columns = width - 10 * channels
    similarity = np.zeros(frames)
    rows = np.empty((4, BLOCK + 10 * channels))
    ring = np.empty((4, 11, BLOCK))
    moments = np.empty((4, BLOCK))
    for f in range(frames):
        for first in range(0, columns, BLOCK):
            n = min(BLOCK, columns - first)
            last = first + n + 10 * channels
            for i in range(height):
                _widen(estimate[f, i, first:last], reference[f, i, first:last], rows)
                for k in range(4):
                    _weigh_along(rows[k], channels, taps, ring[k, i % 11, :n])
                if i < 10:
                    continue
                for k in range(4):
                    _weigh_across(ring[k], i + 1, taps, moments[k, :n])
                similarity[f] += _similarity(
                    moments[0, :n], moments[1, :n], moments[2, :n], moments[3, :n], 1.0, 2.0 * C1, 2.0 * C2
                )
        similarity[f] /= (height - 10) * columns
    return similarity


@compiled
def _add(x, sums):
    """Add a row to sums."""
    for j in range(len(sums)):
        sums[j] += x[j]


@compiled
def _subtract(x, sums):
    """Take a row from sums."""
    for j in range(len(sums)):
        sums[j] -= x[j]


@compiled
def _sum_along(row, step, out):
    """Sums of seven neighbours, which are `step` places apart."""
    x1, x2, x3 = row[step:], row[2 * step :], row[3 * step :]
    x4, x5, x6 = row[4 * step :], row[5 * step :], row[6 * step :]
    for j in range(len(out)):
        out[j] = row[j] + x1[j] + x2[j] + x3[j] + x4[j] + x5[j] + x6[j]


@compiled
def uniform_similarity(estimate, reference, channels):
    """SSIM of each frame with a uniform window of 7 × 7 and sample moments.

    The sums over windows are integers (at most 49 · 510², well within 32 bits), and running down the picture they gain
    one row and lose another.

    Args:
        estimate: `[F, H, W · C]` uint8, H and W at least 7.
        reference: likewise.
        channels: C.

    Returns:
        `[F]` float64, the mean over channels and over the windows within the picture.
    """
    frames, height, width = estimate.shape
    columns = width - 6 * channels
    similarity = np.zeros(frames)
    rows, down, sums = np.empty((4, width), np.int32), np.empty((4, width), np.int32), np.empty((4, columns), np.int32)
    c1, c2 = 2.0 * C1 * 49.0 * 49.0, 2.0 * C2 * 49.0 * 48.0
    for f in range(frames):
        down[:] = 0
        for i in range(height):
            _widen(estimate[f, i], reference[f, i], rows)
            for k in range(4):
                _add(rows[k], down[k])
            if i < 6:
                continue
            for k in range(4):
                _sum_along(down[k], channels, sums[k])
            similarity[f] += _similarity(sums[0], sums[1], sums[2], sums[3], 49.0, c1, c2)
            _widen(estimate[f, i - 6], reference[f, i - 6], rows)
            for k in range(4):
                _subtract(rows[k], down[k])
        similarity[f] /= (height - 6) * columns
    return similarity
