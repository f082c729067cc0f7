"""One face, frame by frame: where it is, whether it is really seen, and its 68 points.

Between the looks at whole frames the face is looked for around where it should be, in a patch in which it is `FACE`
pixels wide: there the detector is asked for less certainty, since a face is expected. The boxes are smoothed (the
detector's come in steps); the points are found in them at twice that size, since dlib gives whole pixels, and then
smoothed by a polynomial over five frames (Savitzky and Golay 1964), which leaves the movement of lips as it is.

Contents: `Region`, `hold`, `boxes_of`, `points_of`.
"""

from collections.abc import Iterator
from itertools import islice

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
HELD = 128 << 20  # bytes of a film's region in memory: a minute of a face that is 200 pixels wide


class Region:
    """The part of a film in which a face moves, grey, decoded piece by piece as its frames are asked for.

    A short film is decoded once and held; of a longer one `HELD` bytes are. Whoever goes through it forwards decodes it
    once each time, whoever goes backwards once for every piece.

    Args:
        film: of the face.
        place: left, top, right, bottom, whole pixels within the film's picture.
        held: bytes.
    """

    def __init__(self, film: Film, place: tuple[int, int, int, int], held: int):
        self._film = film
        self.left, self.top, self._right, self._bottom = place
        self.count = len(film)
        self._most = max(1, held // max(1, (self._right - self.left) * (self._bottom - self.top)))
        self._begin, self._frames = 0, []
        self._coming: Iterator[np.ndarray] | None = None  # the film from the end of what is held on

    def __enter__(self) -> "Region":
        return self

    def __exit__(self, *_) -> None:
        self._stop()
        self._frames = []

    def frame(self, number: int) -> np.ndarray:
        """`[h, w]` uint8. Raises `BadFile` where the film is damaged."""
        if not self._begin <= number < self._begin + len(self._frames):
            self._load(number)
        return self._frames[number - self._begin]

    def _load(self, number: int) -> None:
        """Hold a piece with this frame: the one that begins with it, or, going backwards, that ends with it."""
        end = self._begin + len(self._frames)
        self._frames = []
        if self._coming is not None and number >= end:
            for _ in range(number - end):
                next(self._coming)
            self._begin = number
        else:
            back = number < self._begin
            self._stop()
            self._begin = max(0, number - self._most + 1 if back else min(number, self.count - self._most))
            self._coming = self._film.pictures(grey, only=np.arange(self.count) >= self._begin)
        for picture in islice(self._coming, self._most):
            self._frames.append(picture[self.top : self._bottom, self.left : self._right, 0].copy())

    def _stop(self) -> None:
        if self._coming is not None:
            self._coming.close()
            self._coming = None

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
        cut = Image.fromarray(self.frame(frame)).crop((left, top, left + side, top + side))
        width = round(ROOM * face)
        return np.asarray(cut.resize((width, width), Image.Resampling.BILINEAR)), width / side, corner


def hold(film: Film, trail: Trail) -> Region:
    """The part of a film around a trail; to be closed."""
    boxes = np.stack(trail.boxes)
    around = (ROOM - 0.5) * (boxes[:, 2:] - boxes[:, :2]).max()
    left, top = np.maximum(0, boxes[:, :2].min(axis=0) - around / 2).astype(int)
    right, bottom = np.ceil(boxes[:, 2:].max(axis=0) + around / 2).astype(int)
    right, bottom = min(right, film.facts.width), min(bottom, film.facts.height)
    return Region(film, (int(left), int(top), int(right), int(bottom)), HELD)


def boxes_of(region: Region, trail: Trail, finder: Dlib68) -> tuple[np.ndarray, np.ndarray]:
    """Where the face is in every frame.

    Returns:
        `[F, 4]` float64, NaN where it is not seen, and `[F]` bool: whether it is.
    """
    count = region.count
    boxes = np.full((count, 4), np.nan)
    first, last = trail.frames[0], trail.frames[-1]
    known = np.stack(trail.boxes)
    between = np.stack([np.interp(np.arange(first, last + 1), trail.frames, edge) for edge in known.T], axis=1)
    for frame, expected in enumerate(between, start=first):
        boxes[frame] = _near(region, frame, expected, finder)
    # Forwards first: there the film has been decoded up to.
    for frames, expected in ((range(last + 1, count), known[-1]), (range(first - 1, -1, -1), known[0])):
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
