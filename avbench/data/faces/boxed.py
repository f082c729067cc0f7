"""Faces cut out of a film by boxes that somebody else has found, as active-speaker detection has them.

The crop is the square around the middle of the box, `WIDER` times its longer side, both smoothed over `SMOOTHED`
frames: what the embedded conversations show of a face, so that one system can look at both.

Conventions: those of `crops`; a box is left, top, right, bottom in pixels of the film, whose first picture is frame 0
(annotations count pictures, wherever the sound begins).

Contents: `SIZE`, `squares`, `boxed`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import BadFile
from ...signal.film import Film, grey
from ...signal.video import FPS
from .crops import _cut

SIZE = 112
WIDER = 1.15
SMOOTHED = 9  # frames
OFF = 0.01  # share by which a film's rate may differ from what it is said to be


def squares(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle `[F, 2]` and side `[F]` of the square that is cut around each box `[F, 4]`, in its pixels."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = WIDER * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    edge = ((SMOOTHED // 2, SMOOTHED // 2), (0, 0))
    padded = np.pad(np.concatenate([middle, side[:, None]], axis=1), edge, mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(padded, SMOOTHED, axis=0).mean(axis=-1)
    return smooth[:, :2], smooth[:, 2]


def boxed(path: Path, jobs: Sequence[tuple[int, np.ndarray]], rate: float) -> Iterator[np.ndarray]:
    """Cut many faces out of a film, which is decoded once and never held.

    Args:
        path: of the film.
        jobs: of each face its first frame at 25 a second, and its boxes `[F, 4]`; in the order of their ends.
        rate: pictures a second that the film has.

    Yields:
        `[F, SIZE, SIZE, 1]` uint8 of each face, in the order of `jobs`.

    Raises:
        MissingResource, BadFile: the film cannot be read, has another rate, or ends before a face does.
    """
    film = Film(path, FPS, origin="picture")
    if film.facts.uneven or abs(film.facts.rate - rate) > OFF * rate:
        raise BadFile(f"{path} has not {rate:g} even pictures a second, so boxes by number do not fit its pictures.")
    wanted = np.zeros(len(film), bool)
    for begin, boxes in jobs:
        if begin + len(boxes) > len(film):
            raise BadFile(f"{path} has {len(film)} frames at {FPS} a second where {begin + len(boxes)} are needed.")
        wanted[begin : begin + len(boxes)] = True
    places = [squares(boxes) for _, boxes in jobs]
    made: dict[int, np.ndarray] = {}
    done = 0
    for frame, picture in zip(np.flatnonzero(wanted).tolist(), film.pictures(grey, only=wanted), strict=True):
        for job, (begin, boxes) in enumerate(jobs[done:], start=done):
            if begin <= frame < begin + len(boxes):
                stack = made.setdefault(job, np.empty((len(boxes), SIZE, SIZE, 1), np.uint8))
                middle, side = places[job]
                stack[frame - begin] = _square(picture, middle[frame - begin], side[frame - begin])
        while done < len(jobs) and frame + 1 >= jobs[done][0] + len(jobs[done][1]):
            yield made.pop(done)
            done += 1


def _square(picture: np.ndarray, middle: np.ndarray, side: float) -> np.ndarray:
    """`[SIZE, SIZE, 1]` of a grey picture; what lies around the square is not touched."""
    height, width = picture.shape[:2]
    left, top = np.clip(np.floor(middle - side / 2).astype(int) - 2, 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(middle + side / 2).astype(int) + 3, 1, (width, height))
    turn = complex(SIZE / side)
    place = complex(middle[0] - left, middle[1] - top)
    part = np.ascontiguousarray(picture[top : max(bottom, top + 1), left : max(right, left + 1)])
    return _cut(part, turn, (SIZE - 1) * (0.5 + 0.5j) - turn * place, SIZE)
