"""Finding faces and their 68 points in pictures, with dlib.

Source: the frontal face detector of dlib (Dalal and Triggs 2005, CVPR: histograms of oriented gradients) and its
shape predictor (Kazemi and Sullivan 2014, CVPR), with the file `shape_predictor_68_face_landmarks.dat` that the package
face_recognition_models ships. Only that file is used: the package itself imports pkg_resources, which new versions of
setuptools lack, and is never imported.

Conventions: points in the order of `avbench.signal.landmarks`, in pixels, (0, 0) the centre of the first one; dlib
gives whole pixels. A box is left, top, right, bottom. The detector knows faces from about 80 pixels on.

Contents: `Dlib68`, `FILE`, `SHA256`, `PACKAGE`, `shape_file`, `finder`.
"""

import hashlib
import os
import threading
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ...errors import BadFile, MissingResource
from ...extras import need
from ...signal.landmarks import COUNT

FILE = "dlib/shape_predictor_68_face_landmarks.dat"
SHA256 = "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
PACKAGE = "face_recognition_models:models/shape_predictor_68_face_landmarks.dat"
SMALL = 512


class Dlib68:
    """The detector and the shape predictor; may be used by several threads at once.

    Args:
        file: of the shape predictor.

    Raises:
        MissingResource: the package dlib is not installed.
        BadFile: the file is no shape predictor of 68 points.
    """

    def __init__(self, file: Path):
        self._dlib = need("dlib", extra="faces", purpose="finding the points of a face")
        try:
            self._predict = self._dlib.shape_predictor(str(file))
        except RuntimeError as error:
            raise BadFile(f"{file} is not a shape predictor of dlib: {str(error).splitlines()[0]}.") from error
        blank, box = np.zeros((8, 8, 3), np.uint8), self._dlib.rectangle(0, 0, 7, 7)
        if (parts := self._predict(blank, box).num_parts) != COUNT:
            raise BadFile(f"{file} gives {parts} points of a face, and {COUNT} are needed.")
        self._mine = threading.local()  # a detector keeps its pyramid between calls: each thread has its own

    def points(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points of the largest face of each frame, judged by itself: neither order nor neighbours change a point.

        A picture in which no face is found, and whose shorter side is below `SMALL` pixels, is looked at once more at
        double size.

        Args:
            frames: `[F, H, W, 3]` uint8 RGB, or `[F, H, W, 1]` grey.

        Returns:
            `[F, 68, 2]` float64, NaN where there is no face, and `[F]` bool: whether there is one.

        Raises:
            ValueError: frames of another shape or type.
        """
        if frames.ndim != 4 or frames.dtype != np.uint8 or frames.shape[3] not in (1, 3):
            raise ValueError(f"frames must be [F, H, W, 1 or 3] uint8, not {list(frames.shape)} {frames.dtype}")
        points = np.full((len(frames), COUNT, 2), np.nan)
        for frame, place in zip(frames, points, strict=True):
            picture = np.ascontiguousarray(np.broadcast_to(frame, (*frame.shape[:2], 3)))
            box = self._largest(picture)
            if box is not None:
                place[:] = self._points_in(picture, box)
        return points, np.isfinite(points).all(axis=(1, 2))

    def boxes(self, picture: np.ndarray, doublings: int = 0, sure: float = 0.0) -> np.ndarray:
        """Every face of a picture.

        Args:
            picture: `[H, W]` uint8 grey, or `[H, W, 3]` RGB.
            doublings: how often the picture is doubled in size first.
            sure: how sure the detector has to be; 0 is its own measure, negative takes more.

        Returns:
            `[N, 4]` float64, in pixels of the picture, surest first.
        """
        found, _, _ = self._detector().run(np.ascontiguousarray(picture), doublings, sure)
        return np.array([(b.left(), b.top(), b.right(), b.bottom()) for b in found], np.float64).reshape(-1, 4)

    def points_in(self, picture: np.ndarray, box: np.ndarray) -> np.ndarray:
        """`[68, 2]` float64: the points of the face in a box, whole pixels, whether there is a face or not."""
        return self._points_in(np.ascontiguousarray(picture), self._dlib.rectangle(*(round(float(e)) for e in box)))

    def _points_in(self, picture, box) -> np.ndarray:
        return np.array([(p.x, p.y) for p in self._predict(picture, box).parts()], np.float64)

    def _detector(self):
        if not hasattr(self._mine, "detector"):
            self._mine.detector = self._dlib.get_frontal_face_detector()
        return self._mine.detector

    def _largest(self, picture: np.ndarray):
        detect = self._detector()
        boxes = list(detect(picture, 0))
        if not boxes and min(picture.shape[:2]) < SMALL:
            boxes = list(detect(picture, 1))
        # Between boxes of one size, the upper left: the choice must not hang on the detector's order.
        return max(boxes, key=lambda box: (box.area(), -box.top(), -box.left()), default=None)


def shape_file() -> Path:
    """The file of the shape predictor: in the folder that AVBENCH_ASSETS names, or in its package.

    Raises:
        MissingResource: it is in neither; the sentence says how to get it.
        BadFile: it is another file than it should be.
    """
    folder = os.environ.get("AVBENCH_ASSETS")
    for place in (Path(folder) / FILE if folder else None, _packaged()):
        if place is not None and place.is_file():
            with place.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != SHA256:
                raise BadFile(f"{place} is not the shape predictor of dlib-models: its SHA-256 begins {found[:8]}.")
            return place
    raise MissingResource(
        f"The file that knows the points of a face is missing ({FILE}): pip install 'avbench[faces]' brings it."
    )


def finder() -> Dlib68:
    """The finder of faces that the data room uses; read once for all threads. Raises as `Dlib68` and `shape_file`."""
    with _opening:
        return _finder()


@lru_cache(maxsize=1)
def _finder() -> Dlib68:
    need("dlib", extra="faces", purpose="finding the mouth in a picture of a whole face")  # before 100 MB are hashed
    return Dlib68(shape_file())


_opening = threading.Lock()


def _packaged() -> Path | None:
    """The file in the folder of an installed package, which is not imported for this."""
    module, _, inside = PACKAGE.partition(":")
    spec = find_spec(module)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) / inside if places else None
