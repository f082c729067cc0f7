"""One face, frame by frame: where it is, whether it is really seen, and its 68 points.

Between the looks at whole frames the face is looked for around where it should be, in a patch in which it is `FACE`
pixels wide: there the detector is asked for less certainty, since a face is expected. The boxes are smoothed (the
detector's come in steps); the points are found in them at twice that size, since dlib gives whole pixels, and then
smoothed by a polynomial over five frames (Savitzky and Golay 1964), which leaves the movement of lips as it is.

Contents: `Region`, `hold`, `boxes_of`, `points_of`.
"""

from dataclasses import dataclass

import numpy as np

from ...signal.film import Film, grey
from ...signal.mouth_crop import fill_gaps
from .dlib68 import Dlib68
from .look import SAME, Trail, overlap

ROOM = 2.0  # side of a patch over that of the face in it
FACE = 100  # pixels a face is wide in a patch for the detector; the predictor gets twice as many
SURE = -0.4
LOST = 12  # frames without the face after which it is given up, before its first and after its last look
STEADY_PLACE, STEADY_SIZE = 1.5, 4.0  # frames, standard deviation of the smoothing of boxes


@dataclass(frozen=True, eq=False)
class Region:
    """The part of a film in which a face moves: `frames` `[F, h, w]` uint8 grey, its upper left at `left`, `top`."""

    frames: np.ndarray
    left: int
    top: int

    def patch(self, frame: int, box: np.ndarray, face: int) -> tuple[np.ndarray, float, np.ndarray]:
        """Around a box, so large that the box is `face` pixels wide.

        Returns:
            `[N, N]` uint8, black where the region ends; the scale; `[2]` the patch's upper left in the film's pixels.
        """
        from PIL import Image

        size, centre = ROOM * (box[2] - box[0]), (box[:2] + box[2:]) / 2
        corner = np.floor(centre - size / 2)
        left, top = (corner - [self.left, self.top]).astype(int)
        side = max(8, round(size))
        cut = Image.fromarray(self.frames[frame]).crop((left, top, left + side, top + side))
        width = round(ROOM * face)
        return np.asarray(cut.resize((width, width), Image.Resampling.BILINEAR)), width / side, corner


def hold(film: Film, trail: Trail) -> Region:
    """Decode the part of a film around a trail. Raises `BadFile` where the film is damaged."""
    boxes = np.stack(trail.boxes)
    around = (ROOM - 0.5) * (boxes[:, 2:] - boxes[:, :2]).max()
    left, top = np.maximum(0, boxes[:, :2].min(axis=0) - around / 2).astype(int)
    right, bottom = np.ceil(boxes[:, 2:].max(axis=0) + around / 2).astype(int)
    region = None
    for number, picture in enumerate(film.pictures(grey)):
        part = picture[top:bottom, left:right, 0]
        region = np.empty((len(film), *part.shape), np.uint8) if region is None else region
        region[number] = part  # one array from the beginning: a list of frames and their stack would be two films
    return Region(region, int(left), int(top))


def boxes_of(region: Region, trail: Trail, finder: Dlib68) -> tuple[np.ndarray, np.ndarray]:
    """Where the face is in every frame.

    Returns:
        `[F, 4]` float64, NaN where it is not seen, and `[F]` bool: whether it is.
    """
    count = len(region.frames)
    boxes = np.full((count, 4), np.nan)
    first, last = trail.frames[0], trail.frames[-1]
    known = np.stack(trail.boxes)
    for frame in range(first, last + 1):
        expected = np.array([np.interp(frame, trail.frames, edge) for edge in known.T])
        boxes[frame] = _near(region, frame, expected, finder)
    for frames, expected in ((range(first - 1, -1, -1), known[0]), (range(last + 1, count), known[-1])):
        missed = 0
        for frame in frames:
            boxes[frame] = _near(region, frame, expected, finder)
            missed = missed + 1 if np.isnan(boxes[frame, 0]) else 0
            expected = expected if missed else boxes[frame]
            if missed > LOST:
                break
    return boxes, np.isfinite(boxes).all(axis=1)


def points_of(region: Region, boxes: np.ndarray, found: np.ndarray, finder: Dlib68) -> np.ndarray:
    """The points of the face: those of frames without a face lie between those of their neighbours.

    Args:
        region: where the face is.
        boxes: `[F, 4]`.
        found: `[F]` bool, not all False.
        finder: of points.

    Returns:
        `[F, 68, 2]` float64 in pixels of the film.
    """
    from scipy.signal import savgol_filter

    points = np.full((len(found), 68, 2), np.nan)
    for begin, end in _runs(found):
        for frame, box in enumerate(_steadied(boxes[begin:end]), start=begin):
            patch, scale, corner = region.patch(frame, box, 2 * FACE)
            inside = (box.reshape(2, 2) - corner + 0.5) * scale - 0.5
            points[frame] = (finder.points_in(patch, inside.ravel()) + 0.5) / scale - 0.5 + corner
        if end - begin >= 5:
            points[begin:end] = savgol_filter(points[begin:end], 5, 2, axis=0, mode="interp")
    return fill_gaps(points, found)


def _near(region: Region, frame: int, expected: np.ndarray, finder: Dlib68) -> np.ndarray:
    """`[4]` the face where one is expected; NaN where there is none."""
    patch, scale, corner = region.patch(frame, expected, FACE)
    found = finder.boxes(patch, sure=SURE) / scale + np.tile(corner, 2)
    if len(found):
        best = max(found, key=lambda box: overlap(box, expected))
        if overlap(best, expected) >= SAME:
            return best
    return np.full(4, np.nan)


def _steadied(boxes: np.ndarray) -> np.ndarray:
    """`[F, 4]` squares whose place and size change smoothly."""
    from scipy.ndimage import gaussian_filter1d

    centres = gaussian_filter1d((boxes[:, :2] + boxes[:, 2:]) / 2, STEADY_PLACE, axis=0, mode="nearest")
    half = gaussian_filter1d((boxes[:, 2:] - boxes[:, :2]).mean(axis=1) / 2, STEADY_SIZE, mode="nearest")
    return np.concatenate([centres - half[:, None], centres + half[:, None]], axis=1)


def _runs(found: np.ndarray) -> list[tuple[int, int]]:
    """Beginning and end of each row of frames with a face."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
