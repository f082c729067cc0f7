"""The tables of MUTUD's analysis: rows for one file each, made of the features of test clips.

See `analysis` for what they hold. Pairs: F_v, F_v^ and F_a are `video`, `estimate` and `audio`. `video-mean` is beside
the paper's three: the mean F_v of all frames, an estimate that knows nothing, so that one sees what a cosine is worth.
So is `video-linear`: the best that a linear map of the same F_a can say of F_v, fitted on the other half of the
speakers at all SNRs. Where TAME is no worse, it is not TAME that holds the estimate back.
`centred` is the cosine after each side lost its own mean over all frames of that SNR: a constant has none. Intervals
are over speakers.

Contents: `Features`, `similarity`, `Linear`, `linear`, `projected`, `codes`, `usage`, `sample`, `frame`, `by_snr`.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from avbench.evaluation.statistics import interval

PAIRS = {
    "video-estimate": ("video", "estimate"),
    "video-audio": ("video", "audio"),
    "estimate-audio": ("estimate", "audio"),
    "video-linear": ("video", "linear"),
    "video-mean": ("video", "mean"),
}
COMPONENTS = 50  # principal components that are kept of a feature: what t-SNE is usually given
FRAMES = 4  # of each clip that Fig. 4 shows
RIDGES = tuple(10.0**k for k in range(-7, 5))  # penalties that are tried, of a feature's mean variance over all frames
SAMPLE_SNR = 0.0  # dB; where it was not asked for, the first SNR that was


class Features(NamedTuple):
    """One clip at one SNR; T = K F frames of F pictures.

    Args:
        speaker: who intervals are over.
        snr: dB.
        video: F_v `[F, K, D]`, each picture K times.
        estimate: F_v^ `[F, K, D]`.
        audio: F_a `[F, K, D]`.
        p: of eq. 3 `[F, K, N]`.
        q: of eq. 4 `[F, K, N]`.
    """

    speaker: str
    snr: float
    video: np.ndarray
    estimate: np.ndarray
    audio: np.ndarray
    p: np.ndarray
    q: np.ndarray


def similarity(found: Sequence[Features]) -> Iterable[dict[str, Any]]:
    """Fig. 3: one row per SNR and pair; cosines and L2 distances of frames, averaged over clips."""
    mean = _rows(found, "video").mean(0)
    said = dict(zip(map(id, found), linear(found).told, strict=True))
    for snr, some in by_snr(found):
        kinds = {kind: [_rows([one], kind) for one in some] for kind in ("video", "estimate", "audio")}
        kinds |= {
            "linear": [said[id(one)] for one in some],
            "mean": [np.broadcast_to(mean, v.shape) for v in kinds["video"]],
        }
        every = {kind: np.concatenate(rows).mean(0) for kind, rows in kinds.items()}
        for pair, (a, b) in PAIRS.items():
            cosines, distances, centred = [], [], []
            for x, y in zip(kinds[a], kinds[b], strict=True):
                cosines.append(_cosine(x, y).mean())
                distances.append(np.linalg.norm(x - y, axis=-1).mean())
                if b != "mean":
                    centred.append(_cosine(x - every[a], y - every[b]).mean())
            speakers = [one.speaker for one in some]
            yield {
                "snr": snr, "pair": pair, **_with_ends("cosine", cosines, speakers),
                **_with_ends("l2", distances, speakers),
                **_with_ends("centred", centred, speakers), "clips": len(some),
            }  # fmt: skip


class Linear(NamedTuple):
    """F_v of each clip, `[K F, D]`, as a ridge regression on F_a has it, and the penalty of that regression.

    It was fitted on the other half of the speakers. The penalty is the one of `RIDGES` that does best on those that it
    is tested on, so that the bound errs on the high side, if at all.
    """

    told: list[np.ndarray]
    penalty: float


def linear(found: Sequence[Features]) -> Linear:
    """What a linear map can say; see `Linear`. Zeros where there is but one speaker."""
    speakers = sorted({one.speaker for one in found})
    half = {speaker: number % 2 for number, speaker in enumerate(speakers)}
    if len(speakers) < 2:
        return Linear([np.zeros_like(_rows([one], "video")) for one in found], math.nan)
    sums = [_sums_of([one for one in found if half[one.speaker] == side]) for side in (0, 1)]
    best, least = Linear([], math.nan), math.inf
    for penalty in RIDGES:
        maps = [_ridge(sums[1 - side], penalty) for side in (0, 1)]
        told = [maps[half[one.speaker]](_rows([one], "audio")) for one in found]
        error = sum(np.square(t - _rows([one], "video")).sum() for t, one in zip(told, found, strict=True))
        if error < least:
            best, least = Linear(told, penalty), error
    return best


class _Sums(NamedTuple):
    """Of some frames: means of F_a and F_v, and the centred products A'A and A'V."""

    audio: np.ndarray
    video: np.ndarray
    square: np.ndarray
    product: np.ndarray


def _sums_of(some: Sequence[Features]) -> _Sums:
    means = [_rows(some, kind).mean(0) for kind in ("audio", "video")]
    square = product = 0.0
    for one in some:
        a, v = (_rows([one], kind) - mean for kind, mean in zip(("audio", "video"), means, strict=True))
        square, product = square + a.T @ a, product + a.T @ v
    return _Sums(*means, square, product)


def _ridge(sums: _Sums, penalty: float) -> Callable[[np.ndarray], np.ndarray]:
    """`[T, D]` to `[T, D]`; the constant is not penalised."""
    load = penalty * np.trace(sums.square) / len(sums.square) * np.eye(len(sums.square))
    slope = np.linalg.lstsq(sums.square + load, sums.product, rcond=None)[0]
    return lambda rows: (rows - sums.audio) @ slope + sums.video


def _with_ends(name: str, values: Sequence[float], speakers: Sequence[str]) -> dict[str, Any]:
    """Mean over clips and its 95 % interval; empty where there is none."""
    if not values:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), "")
    low, high = interval(values, speakers) or ("", "")
    return {name: float(np.mean(values)), f"{name}_low": low, f"{name}_high": high}


def projected(found: Sequence[Features]) -> Iterable[dict[str, Any]]:
    """Fig. 4: evenly spaced frames of every clip, along components that all kinds and SNRs share."""
    rows, labels = [], []
    for number, one in enumerate(found):
        pictures = np.unique(np.linspace(0, len(one.video) - 1, FRAMES).round().astype(int))
        for kind in ("video", "estimate", "audio"):
            for picture in pictures:
                rows.append(getattr(one, kind)[picture, 0])
                labels.append((one.snr, kind, number, int(picture)))
    points = np.stack(rows)
    centred = points - points.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:COMPONENTS]
    # A singular vector has no sign of its own: the largest entry is made positive.
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    for (snr, kind, clip, picture), point in zip(labels, centred @ axes.T, strict=True):
        yield {"snr": snr, "kind": kind, "clip": clip, "picture": picture} | {
            f"pc{i:02d}": f"{value:.4f}" for i, value in enumerate(point, 1)
        }


def codes(books: Mapping[str, np.ndarray]) -> Iterable[dict[str, Any]]:
    """Fig. 5: every code of codebooks `[K, N, D]`; `nearest` is the cosine to the most similar code of its block."""
    for book, blocks in books.items():
        for k, block in enumerate(blocks):
            near = _cosine(block[:, None], block[None])
            np.fill_diagonal(near, -1)
            for code, (values, cosines) in enumerate(zip(block, near, strict=True)):
                yield {
                    "codebook": book, "k": k, "code": code, "mean": values.mean(), "deviation": values.std(),
                    "nearest": cosines.max(),
                }  # fmt: skip


def usage(found: Sequence[Features]) -> Iterable[dict[str, Any]]:
    """How often each code is used: q and p averaged over frames."""
    for snr, some in by_snr(found):
        p, q = (np.concatenate([getattr(one, name) for one in some]).mean(0) for name in "pq")
        for k, code in np.ndindex(*p.shape):
            yield {"snr": snr, "k": k, "code": code, "p": p[k, code], "q": q[k, code]}


def sample(found: Sequence[Features]) -> tuple[Features, int]:
    """The first clip at `SAMPLE_SNR`, and its picture whose estimate is farthest from the clip's mean estimate."""
    one = next((f for f in found if f.snr == SAMPLE_SNR), found[0])
    away = np.linalg.norm(one.estimate - one.estimate.mean((0, 1)), axis=-1).mean(1)
    return one, int(away.argmax())


def frame(one: Features, picture: int) -> Iterable[dict[str, Any]]:
    """Fig. 6: q of the K frames of sound that fall on a picture, and p of the picture."""
    for k, code in np.ndindex(*one.q.shape[1:]):
        yield {"k": k, "code": code, "q": one.q[picture, k, code], "p": one.p[picture, k, code]}


def by_snr(found: Sequence[Features]) -> Iterable[tuple[float, list[Features]]]:
    """What was found, apart by SNR, in the order asked."""
    for snr in dict.fromkeys(one.snr for one in found):
        yield snr, [one for one in found if one.snr == snr]


def _rows(some: Sequence[Features], kind: str) -> np.ndarray:
    return np.concatenate([getattr(one, kind).reshape(-1, one.video.shape[-1]) for one in some])


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Over the last dimension; 0 where a side is zero."""
    scale = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.divide((a * b).sum(-1), scale, out=np.zeros(scale.shape), where=scale > 0)
