"""A picture file of the user's own to one registered face.

Pictures are turned as their metadata ask; one in which no face is found is tried on its sides and on its head.
Transparent places become white. Of several faces the largest is taken. All of that is said.

Contents: `portrait`.
"""

import warnings
from itertools import product
from pathlib import Path

import numpy as np

from ..data.faces import NoFace, aligned
from ..data.faces.dlib68 import SMALL, finder
from ..data.faces.look import LONGEST
from ..errors import BadFile
from ..signal.audio import check_readable
from ..signal.video import FPS
from ..types import Video

TURNS = (0, 3, 1, 2)  # quarters, counter-clockwise: upright, on its left or right side, on its head
SURE = (0.5, 0.0)  # of the detector: a face on its head must not lose to a shadow that looks like one upright
LARGEST = 64_000_000  # pixels; more is no portrait


def portrait(path: Path, style: str = "three-point") -> tuple[Video, tuple[str, ...]]:
    """The face of a picture file.

    Args:
        path: anything that Pillow reads.
        style: how it is cut, of `avbench.data.faces.STYLES`.

    Returns:
        `[1, 128, 128, 3]`, and what was done to the picture, in clauses.

    Raises:
        MissingResource: no such file; the extra `faces` is not installed.
        BadFile: no picture, or one too large.
        NoFace: it shows none.
    """
    picture, notes = _read(path)
    dlib = finder()
    for sure, quarter in product(SURE, TURNS):
        turned = np.ascontiguousarray(np.rot90(picture, quarter))
        boxes = _boxes(turned, dlib, sure)
        if len(boxes):
            break
    else:
        raise NoFace(f"{path} shows no face: take a picture of one person who looks into the camera.")
    if quarter:
        notes.append(f"the picture turned by {90 * quarter}°")
    if len(boxes) > 1:
        notes.append(f"{len(boxes)} faces: the largest taken")
    largest = max(boxes, key=lambda box: ((box[2:] - box[:2]).prod(), -box[0], -box[1]))
    points = dlib.points_in(turned, largest)
    return Video(aligned(turned[None], points[None], style), float(FPS)), tuple(notes)


def _read(path: Path) -> tuple[np.ndarray, list[str]]:
    """`[H, W, 3]` uint8 as it is to be seen, and what was done."""
    from PIL import Image, ImageOps

    check_readable(path)
    notes = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a large picture, which is refused below
            with Image.open(path) as file:
                if file.width * file.height > LARGEST:
                    raise BadFile(f"{path} has {file.width} × {file.height} pixels: make it smaller.")
                image = ImageOps.exif_transpose(file)
                if image.size != file.size or file.getexif().get(0x0112, 1) != 1:
                    notes.append("the picture turned as the file asks")
                if image.has_transparency_data:
                    ground = Image.new("RGBA", image.size, "white")
                    image = Image.alpha_composite(ground, image.convert("RGBA"))
                    notes.append("transparent places made white")
                elif image.mode in ("1", "L", "I", "I;16", "F"):
                    notes.append("a grey picture")
                    if image.mode not in ("1", "L"):
                        image = _levels(np.asarray(image, np.float64))
                return np.asarray(image.convert("RGB")), notes
    except BadFile:
        raise
    except Exception as error:  # of damaged files Pillow raises anything
        raise BadFile(f"{path} cannot be read as a picture: {type(error).__name__}.") from error


def _levels(values: np.ndarray):
    """Pictures of more than 8 bits, with their own brightest as white."""
    from PIL import Image

    return Image.fromarray(np.rint(255 * np.clip(values / max(values.max(), 1e-9), 0, 1)).astype(np.uint8))


def _boxes(picture: np.ndarray, dlib, sure: float) -> np.ndarray:
    """`[N, 4]` in pixels of the picture: looked for in a smaller one first, in a larger one where that finds none."""
    from PIL import Image

    height, width = picture.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = picture if scale == 1.0 else np.asarray(Image.fromarray(picture).resize(size))
    boxes = dlib.boxes(small, sure=sure)
    if not len(boxes) and (scale < 1.0 or min(height, width) < SMALL):
        return dlib.boxes(picture, doublings=int(scale == 1.0), sure=sure)
    return boxes / scale
