"""Intervals of what raters said: a bootstrap over raters and over speakers at once.

A value is to hold for the next rater and for the next speaker, so both are resampled, independently of each other, and
a vote counts as often as its rater times as often as its speaker was drawn. Source: A. Owen, "The pigeonhole
bootstrap", Annals of Applied Statistics 1(2), 2007, which shows that it does not promise too much: its intervals are a
little wide. Resampling votes alone would take 23 votes on one sound for 23 sounds.

Conventions: as in `evaluation.statistics`: percentiles, 95 %, draws seeded by names, no interval below ten speakers.
With fewer than ten raters only speakers are resampled; the words beside the interval say over what it is.

Contents: `Votes`, `ratio_interval`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..evaluation.statistics import FEWEST, RESAMPLES, Interval, percentiles
from ..seeds import Draw

BLOCK = 500  # resamples at a time


class Votes(NamedTuple):
    """Votes on one system at some conditions: who, on whom, what it adds to the sum; each counts as one vote."""

    raters: Sequence[str]
    clusters: Sequence[str]
    points: Sequence[float]


def ratio_interval(votes: Votes, clusters: str) -> tuple[Interval | None, str]:
    """The 95 % interval of points by votes.

    Args:
        votes: at least one.
        clusters: what the labels are: `speakers` or `clips`.

    Returns:
        Low and high, and over what it is or why there is none.
    """
    who, raters = np.unique(np.asarray(votes.raters, str), return_inverse=True)
    whom, items = np.unique(np.asarray(votes.clusters, str), return_inverse=True)
    points, counts = np.zeros((len(who), len(whom))), np.zeros((len(who), len(whom)))
    np.add.at(points, (raters, items), np.asarray(votes.points, np.float64))
    np.add.at(counts, (raters, items), 1.0)
    if len(whom) < FEWEST:
        return None, f"no interval of {len(whom)} {clusters}, fewer than {FEWEST}"
    over = [f"{len(names)} {what}" for names, what in ((who, "raters"), (whom, clusters)) if len(names) >= FEWEST]
    drawn = []
    first = Draw("bootstrap over raters", len(who)), Draw("bootstrap over items", len(whom))
    for start in range(0, RESAMPLES, BLOCK):
        size = min(BLOCK, RESAMPLES - start)
        r, i = (_weights(draw, size, len(names)) for draw, names in zip(first, (who, whom), strict=True))
        whole = np.einsum("br,rc,bc->b", r, counts, i, optimize=False)
        part = np.einsum("br,rc,bc->b", r, points, i, optimize=False)
        drawn.append(part[whole > 0] / whole[whole > 0])  # where votes are few, a resample may hold none
    return percentiles(np.concatenate(drawn)), f"over {' and '.join(over)}"


def _weights(draw: Draw, resamples: int, count: int) -> np.ndarray:
    """`[R, C]`: how often each is drawn; once each where there are too few to draw from."""
    if count < FEWEST:
        return np.ones((resamples, count))
    picks = np.minimum((draw.uniforms(resamples * count) * count).astype(np.int64), count - 1)
    picks += np.repeat(np.arange(resamples) * count, count)
    return np.bincount(picks, minlength=resamples * count).reshape(resamples, count).astype(np.float64)
