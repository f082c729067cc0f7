"""PSNR and SSIM of pictures and video, frame by frame.

Sources: Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from error visibility to structural
similarity", IEEE TIP 13(4), eq. 13 with eqs. 14–16 for `ssim`; the default of scikit-image's `structural_similarity`
for `ssim-skimage7`, which many papers report without saying so. PSNR is 10 log10(255² / mean squared error).

What is pinned, because each of it moves the number: the pictures as they are (no resizing, no grey), all channels,
range 255, a number per frame and then the mean over frames. SSIM counts only windows that lie within the picture, and
takes the mean over channels. The three are formulas of their own on the same 8-bit frames: a picture can be too small
for one window and not for the other, which must not depend on what else is asked for, and widening 8-bit numbers, all
there is to share, is a twentieth of the work.

The PSNR of a widely used script that subtracts in 8 bits is not offered; docs/metrics.md says why.

Contents: `psnr`, `ssim`, `ssim_skimage7`, `psnr_of_frames`, `gaussian_taps`.
"""

import math
from functools import lru_cache, partial

import numpy as np

from ..errors import ReferenceFault
from ..types import Video
from .kinds import FRAMES
from .metric import Metric, Parts

PEAK = 255.0
PSNR_CAP = 120.0
"""dB that a frame counts at most: an identical one has infinitely many, which no mean survives."""

GAUSSIAN, UNIFORM = 11, 7
"""Sides of the windows in pixels."""

_SIGMA = 1.5


def psnr(estimate: Video, reference: Video) -> dict[str, Parts]:
    """Mean over frames of each frame's PSNR, at most `PSNR_CAP`.

    Returns:
        `value` in dB, and `identical`, the number of frames without any error.
    """
    frames = psnr_of_frames(estimate.frames, reference.frames)
    mean = math.fsum(min(each, PSNR_CAP) for each in frames) / len(frames)
    return {"psnr": {"value": mean, "identical": float(frames.count(math.inf))}}


def psnr_of_frames(estimate: np.ndarray, reference: np.ndarray) -> list[float]:
    """PSNR of every frame.

    Args:
        estimate: `[F, H, W, C]` uint8.
        reference: of the same shape.

    Returns:
        dB for each frame: 0 for black against white, +inf where there is no error.
    """
    from . import frames_loops as loops

    count = len(reference)
    errors = loops.squared_errors(
        np.ascontiguousarray(estimate).reshape(count, -1), np.ascontiguousarray(reference).reshape(count, -1)
    )
    # Numbers of Python: a dozen calls of numpy on so few take longer than a glance at the pictures.
    worst = PEAK**2 * reference[0].size
    return [10.0 * math.log10(worst / error) if error else math.inf for error in errors.tolist()]


def ssim(estimate: Video, reference: Video) -> dict[str, float]:
    """SSIM as Wang et al. define it.

    Raises:
        ReferenceFault: the pictures are smaller than the window.
    """
    from . import frames_loops as loops

    e, r, channels = _rows(estimate, reference, GAUSSIAN)
    return {"ssim": float(loops.gaussian_similarity(e, r, channels, gaussian_taps()).mean())}


def ssim_skimage7(estimate: Video, reference: Video) -> dict[str, float]:
    """SSIM as scikit-image gives it by default.

    Raises:
        ReferenceFault: the pictures are smaller than the window.
    """
    from . import frames_loops as loops

    e, r, channels = _rows(estimate, reference, UNIFORM)
    return {"ssim-skimage7": float(loops.uniform_similarity(e, r, channels).mean())}


@lru_cache(maxsize=1)
def gaussian_taps() -> tuple[float, ...]:
    """The first six of eleven symmetric weights with a standard deviation of 1.5 pixels; all eleven add up to 1."""
    weights = np.exp(-0.5 * (np.arange(-5, 6) / _SIGMA) ** 2)
    return tuple(float(weight) for weight in (weights / weights.sum())[:6])


def _rows(estimate: Video, reference: Video, window: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Both videos as `[F, H, W · C]`, and C."""
    frames, height, width, channels = reference.frames.shape
    if min(height, width) < window:
        raise ReferenceFault(
            f"the reference shows pictures of {height} × {width}, and the window of SSIM needs {window} × {window}"
        )
    e, r = (np.ascontiguousarray(v.frames).reshape(frames, height, -1) for v in (estimate, reference))
    return e, r, channels


_likeness = partial(
    Metric,
    higher_is_better=True,
    low=-1.0,
    high=1.0,
    floor=0.0,
    kind=FRAMES,
    digits=3,
    relevance=0.005,
)

ROWS = (
    _likeness(
        name="psnr",
        title="Peak signal-to-noise ratio of pictures, mean over frames",
        unit="dB",
        low=0.0,
        high=math.inf,
        cap=PSNR_CAP,
        source="10 log10(255² / MSE) over all pixels and channels of a frame",
        implementation="own, exact integers",
        formula=psnr,
        digits=2,
        relevance=0.2,
    ),
    _likeness(
        name="ssim",
        title="Structural similarity, Gaussian window",
        source="Wang et al. 2004, IEEE TIP 13(4), eq. 13; 11 × 11, σ 1.5, K 0.01 and 0.03, range 255, RGB, valid area",
        implementation="own, float64; equal to scikit-image 0.26 with Gaussian weights on the valid area",
        formula=ssim,
    ),
    _likeness(
        name="ssim-skimage7",
        title="Structural similarity, uniform window of 7 × 7",
        source="Wang et al. 2004, eq. 13; 7 × 7 uniform, sample moments, K 0.01 and 0.03, range 255, RGB, valid area",
        implementation="own, integer sums; equal to scikit-image 0.26 as it comes",
        formula=ssim_skimage7,
    ),
)
