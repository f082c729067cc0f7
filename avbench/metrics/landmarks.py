"""Normalised landmark distance: how far the points of a made face lie from those of the true one.

Source: Eskimez et al. 2020, "End-to-End Generation of Talking Faces from Noisy Speech", ICASSP, section 4.3 (the L2
distance of landmarks once each frame's are aligned to a template by a Procrustes analysis). The paper states neither
points, template nor unit; what is meant here: all 68 points of either frame are aligned to one mean face
(`avbench.signal.landmarks.mean_face`) by the least-squares similarity transform, which shifts, turns and scales and
never reflects; then the mean over points of the Euclidean distance, in units of that face's distance of the outer
corners of the eyes. `nlmd` means over all 68 points, `nlmd-mouth` over points 48 to 67, aligned alike on all 68.

Conventions: 0 is perfect. A frame counts 1 at most, so that a lost face is never better than a bad one. A frame whose
estimate shows no face, or whose points are all in one place, counts 1. A frame whose reference shows none is void and
does not count.

Contents: `landmark_distances`, `distances`, `ROWS`.
"""

from functools import partial

import numpy as np

from ..errors import ReferenceFault
from ..signal.landmarks import MOUTH, align, is_face, mean_face
from ..types import Video
from .kinds import FACES
from .metric import Metric, Parts

JUDGE = "dlib"
FLOOR = 1.0


def landmark_distances(estimate: Video | np.ndarray, reference: Video | np.ndarray) -> dict[str, Parts]:
    """Both distances of one clip that has passed the guard.

    Args:
        estimate: video, in which a judge finds the points, or the points, `[F, 68, 2]`.
        reference: likewise, as many frames.

    Returns:
        For `nlmd` and `nlmd-mouth`: `value`, the mean over the frames that count; `frames`, how many those are;
        `undetected`, in how many of them the estimate shows no face.

    Raises:
        ReferenceFault: no frame of the reference shows a face.
        MissingResource: points have to be found, and the judge is not here.
    """
    wanted, counts = _points(reference)
    if not counts.any():
        raise ReferenceFault("no frame of the reference shows a face")
    made, found = _points(estimate)
    facts = {"frames": float(counts.sum()), "undetected": float((counts & ~found).sum())}
    both, scores = counts & found, np.full((2, len(counts)), FLOOR)
    apart = distances(made[both], wanted[both])
    scores[0, both], scores[1, both] = apart.mean(axis=1), apart[:, MOUTH].mean(axis=1)
    means = np.minimum(scores, FLOOR)[:, counts].mean(axis=1)
    return {name: {"value": float(mean), **facts} for name, mean in zip(("nlmd", "nlmd-mouth"), means, strict=True)}


def distances(estimate: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Distance of every point after alignment.

    Args:
        estimate: `[F, 68, 2]`, every frame a face.
        reference: likewise.

    Returns:
        `[F, 68]` in inter-ocular distances of the mean face.
    """
    template = mean_face()
    return np.linalg.norm(align(estimate, template) - align(reference, template), axis=-1)


def _points(thing: Video | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`[F, 68, 2]` and `[F]`: which frames show a face."""
    if not isinstance(thing, Video):
        return thing, is_face(thing)
    from ..judges import open_judge

    points, found = open_judge(JUDGE).points(thing.frames)
    return points, found & is_face(points)


_apart = partial(
    Metric,
    unit="inter-ocular distance",
    higher_is_better=False,
    low=0.0,
    high=FLOOR,
    floor=FLOOR,
    source="Eskimez et al. 2020, ICASSP, section 4.3; Umeyama 1991",
    implementation="own, closed form in float64; points by dlib 68",
    kind=FACES,
    formula=landmark_distances,
    parallel="process",
    digits=4,
    relevance=0.001,  # of faces 100 pixels between the eyes a tenth of a pixel
    judge=JUDGE,
)

ROWS = (
    _apart(name="nlmd", title="Normalised landmark distance, 68 points"),
    _apart(name="nlmd-mouth", title="Normalised landmark distance, points of the mouth, faces aligned on all 68"),
)
