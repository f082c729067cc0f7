"""Perceptual distances by deep features: LPIPS frame by frame, and LPIPS between variants as a measure of diversity.

Source: Zhang et al. 2018, version 0.1 of the weights; diversity as in StarGAN v2 (Choi et al. 2020): ten outputs for
one input, the mean of the 45 distances. The networks are in `avbench/judges/perceptual.py`.

Conventions: colour pictures only. LPIPS of a video is the mean over its frames; lower is better. Diversity: higher is
better, 0 where all outputs are equal; it says nothing about quality.

Contents: `lpips_alex`, `lpips_squeeze`, `diversity`, `ROWS`.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from ..errors import EstimateFault, ReferenceFault, Unscorable
from ..types import Video
from .kinds import FRAMES, VARIANTS
from .metric import Metric


def lpips_alex(estimate: Video, reference: Video) -> dict[str, float]:
    """LPIPS with AlexNet, mean over frames, of a pair that has passed the guard."""
    return {"lpips": _distance(estimate, reference, "lpips-alex")}


def lpips_squeeze(estimate: Video, reference: Video) -> dict[str, float]:
    """LPIPS with SqueezeNet 1.1, mean over frames, of a pair that has passed the guard."""
    return {"lpips-squeeze": _distance(estimate, reference, "lpips-squeeze")}


def diversity(estimate: tuple[Video, ...], _reference: Any = None) -> dict[str, float]:
    """The mean LPIPS (AlexNet) over all pairs of two or more pictures that have passed the guard.

    Raises:
        EstimateFault: grey pictures, or too small ones.
        MissingResource, BadFile: the judge is absent or not what it should be.
    """
    images = np.concatenate([each.frames for each in estimate])
    adapter = _open("lpips-alex", images, "estimate", EstimateFault)
    pairs = adapter.pairs(images)
    return {"lpips-diversity": float(pairs[np.triu_indices(len(images), 1)].mean())}


def _distance(estimate: Video, reference: Video, judge: str) -> float:
    """Size and colour of both are equal, so that the reference answers for them.

    Raises:
        ReferenceFault: grey pictures, or too small ones.
        MissingResource, BadFile: the judge is absent or not what it should be.
    """
    adapter = _open(judge, reference.frames, "reference", ReferenceFault)
    return float(adapter.distance(estimate.frames, reference.frames).mean())


def _open(judge: str, frames: np.ndarray, name: str, fault: type[Unscorable]) -> Any:
    """The judge, once it is sure that it can look at `[n, H, W, C]`."""
    if frames.shape[3] != 3:
        raise fault(f"the {name} is grey, and LPIPS is defined on colour pictures")
    from ..judges import open_judge

    adapter = open_judge(judge)
    height, width = frames.shape[1:3]
    if min(height, width) < adapter.smallest:
        raise fault(f"the {name} has {height} × {width} pixels, and {judge} needs {adapter.smallest} each way")
    return adapter


_perceptual = partial(Metric, low=0.0, high=math.inf, digits=3, relevance=0.005)  # half a step of two decimals
_distance_row = partial(
    _perceptual,
    higher_is_better=False,
    floor=1.0,
    source="Zhang et al. 2018, eq. 1; weights 0.1",
    implementation="own, equal to lpips 0.1.4",
    kind=FRAMES,
)

ROWS = (
    _distance_row(
        name="lpips",
        title="Learned perceptual image patch similarity, AlexNet",
        formula=lpips_alex,
        judge="lpips-alex",
    ),
    _distance_row(
        name="lpips-squeeze",
        title="Learned perceptual image patch similarity, SqueezeNet 1.1",
        formula=lpips_squeeze,
        judge="lpips-squeeze",
    ),
    _perceptual(
        name="lpips-diversity",
        title="Mean LPIPS (AlexNet) over all pairs of outputs for one input",
        higher_is_better=True,
        floor=0.0,
        source="Choi et al. 2020, evaluation protocol: ten outputs, 45 pairs; Zhang et al. 2018, eq. 1",
        implementation="own, Gram form",
        kind=VARIANTS,
        formula=diversity,
        judge="lpips-alex",
        whole=True,
    ),
)
