"""Fréchet distances between sets of pictures: of their features, taken as normal distributions.

Source: Dowson and Landau 1982, eq. 4; for pictures Heusel et al. 2017, eq. 6. With means m and covariances S (divided
by N − 1) of the features of two sets

    d² = |m1 − m2|² + tr S1 + tr S2 − 2 tr (S1 S2)^½

The last trace is the sum of the singular values of X Yᵀ for any X, Y with XᵀX = S1 and YᵀY = S2. Where a set has no
more pictures than the features have dimensions, its centred features are such a matrix (if both sets are so small,
nothing of size D × D is made); elsewhere a Cholesky factor is. The singular values are found as roots of the
eigenvalues of X Yᵀ Y Xᵀ. A root halves the digits of what is nearly zero, so that error is estimated, and where it may
matter the singular values are computed themselves, which takes longer.

Conventions: lower is better, 0 for equal sets; it depends on the number of pictures (fewer give more), so compare equal
numbers. A distance belongs to the whole set: parts are features, and only the pool makes a number.

Contents: `frechet_distance`, `frechet_metric`, `ROWS`.
"""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from ..errors import EstimateFault, ReferenceFault
from ..types import Video
from .kinds import PICTURES
from .metric import Metric, Parts

TOLERANCE = 2e-7  # relative error that the eigenvalues may bring into a distance
NEGLIGIBLE = 1e-9  # of the traces: a distance below this is zero for the purpose of TOLERANCE


def frechet_distance(estimate: np.ndarray, reference: np.ndarray) -> float:
    """The squared Fréchet distance d² of two sets of features, which is what "FID" reports.

    Args:
        estimate: `[N, D]`, N at least 2; computed in float64.
        reference: `[M, D]`, M at least 2.

    Raises:
        ValueError: other shapes, fewer than two rows, or values that are not finite.
    """
    sets = [np.array(x, dtype=np.float64) for x in (estimate, reference)]
    for x in sets:
        if x.ndim != 2 or len(x) < 2 or x.shape[1] != sets[0].shape[1]:
            raise ValueError(f"features must be [N, D] and [M, D] with N, M > 1, not {[list(s.shape) for s in sets]}")
        if not np.isfinite(x).all():
            raise ValueError("features must be finite")
    means = [x.mean(axis=0) for x in sets]
    for x, mean in zip(sets, means, strict=True):
        x -= mean
        x /= math.sqrt(len(x) - 1)
    difference = means[0] - means[1]
    rest = float(difference @ difference) + sum(float(np.vdot(x, x)) for x in sets)
    return max(0.0, rest - 2.0 * _cross_trace(*sets, rest))


def _cross_trace(a: np.ndarray, b: np.ndarray, rest: float) -> float:
    """The trace of (AᵀA BᵀB)^½; `rest` is what it is subtracted from, twice."""
    a, b = sorted((a, b), key=len)
    dimensions = a.shape[1]
    if len(a) <= dimensions:
        other = b if len(b) <= dimensions else _factor(b.T @ b).T
        product = a @ other.T
        total, error = _sum_of_roots(product @ product.T)
    else:
        first, second = a.T @ a, b.T @ b
        factor = _factor(first)
        total, error = _sum_of_roots(factor.T @ second @ factor)
        product = None
    if 2.0 * error <= TOLERANCE * max(rest - 2.0 * total, NEGLIGIBLE * rest):
        return total
    if product is None:
        product = factor.T @ _factor(second)
    return float(np.linalg.svd(product, compute_uv=False).sum())


def _sum_of_roots(matrix: np.ndarray) -> tuple[float, float]:
    """The sum of the roots of a symmetric matrix' eigenvalues, none of which is negative, and how far off it may be.

    An eigenvalue is off by a few roundings of their root mean square. What cannot be told from zero adds up, because
    roots are never negative; the others are off to either side, and their errors add like those of a random walk.
    """
    from scipy.linalg import eigvalsh

    values = np.maximum(eigvalsh(matrix, check_finite=False, overwrite_a=True), 0.0)
    slip = 4.0 * float(np.finfo(np.float64).eps * math.sqrt(np.square(values).mean()))
    lost = values <= 4.0 * slip
    error = int(lost.sum()) * math.sqrt(slip) + 0.5 * slip * math.sqrt(float((1.0 / values[~lost]).sum()))
    return float(np.sqrt(values).sum()), error


def _factor(covariance: np.ndarray) -> np.ndarray:
    """A matrix L with L Lᵀ = covariance, also where the covariance is singular."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))


def features_of(estimate: Video, reference: Video, *, name: str, judge: str) -> dict[str, Parts]:
    """Formula: the features of both sets under one judge, `{"estimate": [F, D], "reference": [G, D]}`.

    Raises:
        EstimateFault, ReferenceFault: grey pictures (the networks know colour), or too small ones.
        MissingResource, BadFile: the judge is absent or not what it should be.
    """
    sides = ((reference, "reference", ReferenceFault), (estimate, "estimate", EstimateFault))
    for pictures, which, fault in sides:
        if pictures.frames.shape[3] != 3:
            raise fault(f"the {which} is grey, and {name} is defined on colour pictures")
    from ..judges import open_judge

    adapter = open_judge(judge)
    smallest = getattr(adapter, "smallest", 1)
    for pictures, which, fault in sides:
        if (side := min(pictures.frames.shape[1:3])) < smallest:
            raise fault(f"the {which} has pictures of {side} pixels on a side, and {judge} needs {smallest} each way")
    return {name: {which: adapter.features(pictures.frames) for pictures, which, _ in sides}}


def pool_features(parts: Sequence[Parts]) -> float:
    """The Fréchet distance of all estimates to all references.

    Raises:
        ReferenceFault: fewer than two pictures on a side.
    """
    sets = []
    for side in ("estimate", "reference"):
        rows = [part[side] for part in parts]
        count = sum(map(len, rows))
        if count < 2:
            raise ReferenceFault(f"there are {count} pictures on the side of the {side}, and 2 are needed at least")
        sets.append(np.concatenate(rows))
    return frechet_distance(*sets)


_distance_of_sets = partial(
    Metric,
    higher_is_better=False,
    low=0.0,
    high=math.inf,
    floor=None,
    kind=PICTURES,
    whole=True,
    pool=pool_features,
    relevance=1.0,  # distances are quoted in whole units; without an interval no gate judges them
)


def frechet_metric(name: str, title: str, judge: str, source: str) -> Metric:
    """A row: the Fréchet distance under one judge, whose adapter has `.features(images) -> [N, D]`.

    Args:
        name: of the metric.
        title: one line for people.
        judge: name of the judge.
        source: of the definition.
    """
    return _distance_of_sets(
        name=name,
        title=title,
        source=source,
        implementation=f"own, float64; features of {judge}",
        formula=partial(features_of, name=name, judge=judge),
        judge=judge,
    )


ROWS = (
    frechet_metric(
        "fid",
        "Fréchet Inception distance, network of TensorFlow 2015",
        "inception-fid",
        "Heusel et al. 2017, eq. 6",
    ),
    frechet_metric(
        "fid-starganv2",
        "Fréchet distance of torchvision's Inception features, protocol of StarGAN v2",
        "inception-torchvision",
        "Choi et al. 2020, evaluation protocol",
    ),
    frechet_metric(
        "frechet-synth",
        "Fréchet distance of features of the embedded corpus' faces",
        "synth-face",
        "Dowson and Landau 1982, eq. 4; features of our own",
    ),
)
