"""Faces as tasks show and want them, out of any data set: films, single pictures, films with a hidden mouth.

Two kinds of pictures, 128 × 128 RGB: *films* are registered frame by frame by eyes and nose (Eskimez et al. 2020),
which is how talking faces are made and judged; *stills* are cut as in CelebA-HQ (Karras et al. 2018), which is how
faces are translated. A still of a data set of stills is taken as it is, at that size.

A *masked* film hides the lip region as CMML does, so that a system can see pose and light of the very frames that it
shall make: one rectangle for the whole clip, from under the nose to under the chin, so that not even its edges tell how
far the mouth is open. The paper does not say what its mask looks like.

Contents: `MASK`, `film`, `masked`, `still`, `frame`, `track`, `labels`.
"""

from collections.abc import Callable
from functools import lru_cache, wraps

import numpy as np

from ..data.dataset import Dataset
from ..data.faces import STYLES, aligned, cut
from ..data.faces.crops import placed
from ..data.joined import JoinedDataset
from ..errors import BadFile, MissingResource, ReferenceFault, UsageError
from ..signal.landmarks import MOUTH, as_complex
from ..signal.video import FPS
from ..types import Video
from .protocol import Use

MASK = 128
"""Grey level of what is hidden."""
NOSE_TIP, CHIN = 33, slice(5, 12)
MARGIN = 8  # pixels beside the corners of the mouth and under the chin
REGISTERED, PORTRAIT = "three-point", "celeba-hq"


def _faulty(make: Callable) -> Callable:
    """A clip whose picture is broken is the reference's fault, and the others go on."""

    @wraps(make)
    def guarded(dataset: Dataset, *args):
        try:
            return make(_owner(dataset, args[0]), *args)
        except BadFile as error:
            raise ReferenceFault(f"the picture cannot be used: {error}") from error

    return guarded


def _owner(dataset: Dataset, what: "str | Use") -> Dataset:
    clip_id = what.item if isinstance(what, Use) else what
    return dataset.owner(clip_id) if isinstance(dataset, JoinedDataset) else dataset


@_faulty
def film(dataset: Dataset, clip_id: str) -> Video:
    """`[F, 128, 128, 3]` at 25 fps, every frame registered.

    Raises:
        ReferenceFault: a broken picture, or no face in it.
        MissingResource: this machine cannot make it, or the clip has no film.
    """
    return _film(dataset, clip_id)[0]


@_faulty
def masked(dataset: Dataset, clip_id: str) -> Video:
    """The same with the lip region at `MASK`. Raises as `film`."""
    video, points = _film(dataset, clip_id)
    top, bottom = points[:, NOSE_TIP, 1].min(), points[:, CHIN, 1].max() + MARGIN
    left, right = points[:, MOUTH, 0].min() - MARGIN, points[:, MOUTH, 0].max() + MARGIN
    y0, y1, x0, x1 = (int(np.clip(round(float(v)), 0, video.frames.shape[1])) for v in (top, bottom, left, right))
    frames = video.frames.copy()
    frames[:, y0:y1, x0:x1] = MASK
    return Video(frames, video.fps)


@_faulty
def still(dataset: Dataset, use: Use) -> Video:
    """`[1, 128, 128, 3]`: a still picture, or one picture of a film cut as one. Raises as `film`."""
    clip = dataset.clip(use.item)
    if hasattr(dataset, "still"):
        return dataset.still(clip)
    if hasattr(dataset, "picture") and dataset.entry(clip.id).picture:
        from PIL import Image

        size = STYLES[PORTRAIT].size
        made = Image.fromarray(dataset.picture(clip)).resize((size, size), Image.Resampling.BILINEAR)
        return Video(np.asarray(made)[None], float(FPS))
    frames = _film(dataset, use.item, PORTRAIT)[0].frames
    return Video(_one(frames, use), float(FPS))


def frame(dataset: Dataset, use: Use) -> Video:
    """`[1, 128, 128, 3]`: one picture of `film`. Raises as `film`."""
    return Video(_one(film(dataset, use.item).frames, use), float(FPS))


@_faulty
def track(dataset: Dataset, name: str) -> Video:
    """`[F, H, W, 1 or 3]`: the crops around one face of several, `s017-s033-0`.

    Raises:
        UsageError: the data set has no face tracks.
    """
    return _tracks(dataset).crops(name)


@_faulty
def labels(dataset: Dataset, name: str) -> np.ndarray:
    """`[F]` bool: whether the face of a track is heard to speak in each picture. Raises `UsageError`."""
    return _tracks(dataset).labels(name)


def _tracks(dataset: Dataset):
    if not hasattr(dataset, "tracks"):
        raise UsageError(f"{dataset.name} has no face tracks with labels of who speaks, which this task is about.")
    return dataset


def _one(frames: np.ndarray, use: Use) -> np.ndarray:
    number = use.frame or 0
    if number >= len(frames):
        raise BadFile(f"{use.item} has {len(frames)} pictures where the plan asks for number {number}.")
    return np.ascontiguousarray(frames[number : number + 1])


@lru_cache(maxsize=4)  # a row asks for the same film at every condition, and drawing it takes longest
def _film(dataset: Dataset, clip_id: str, style: str = REGISTERED) -> tuple[Video, np.ndarray]:
    """The film and its 68 points in pixels of it; nobody may change them."""
    clip = dataset.clip(clip_id)
    if hasattr(dataset, "face"):
        video, points = dataset.face(clip), dataset.landmarks(clip)
        frames = aligned(video.frames, points, style)
    elif hasattr(dataset, "path"):
        video, found = cut(dataset.path(clip, "video"), style)
        frames, points = video.frames, found.points
    else:
        raise MissingResource(f"{dataset.name} has no films of whole faces.")
    turn, shift = placed(points, style)
    z = turn[:, None] * as_complex(points) + shift[:, None]
    return Video(np.ascontiguousarray(frames), float(FPS)), np.stack([z.real, z.imag], axis=-1)
