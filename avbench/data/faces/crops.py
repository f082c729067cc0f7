"""Crops and alignments of faces, as the papers have them.

Sources, by style:

- `mutud`: mouth, 88 × 88 grey (MUTUD, section IV: 88 × 88 pixels with the mouth in the middle, grey). How the face is
  turned and scaled is not stated; here by a similarity transform to a mean face in which a mouth is 45 pixels wide, the
  size that it has in the crops of Martinez et al. 2020 and of the embedded corpus. Turn and size are smoothed over
  SMOOTHED frames, the middle of the mouth over FOLLOWED.
- `ms-tcn`: mouth, 88 × 88 grey: the middle of what `avbench.signal.mouth_crop` cuts (Martinez et al. 2020, ICASSP).
- `lrw`: mouth, 96 × 96 grey, rows 115 to 211, columns 79 to 175 of LRW's pictures of 256 × 256; needs no points.
- `three-point`: face, 128 × 128 colour, every frame registered by the means of left eye, right eye and nose (Eskimez et
  al. 2020, ICASSP, section 4.1); the template spans 60 % of the picture, as in the authors' later code. Their template
  is not published: here it is our mean face.
- `celeba-hq`: face, 128 × 128 colour, cut by eyes and corners of the mouth (Karras et al. 2018, ICLR, appendix C),
  mirrored at the picture's edges; their blur of the mirrored part is left out. The size is XFaVoT's.

Conventions: crops are sampled bilinearly, from means over blocks of pixels where the picture is more than twice as
fine; black where the picture ends, unless it says otherwise. Grey is the luma of a file, or BT.601 of colour. (0, 0) is
the centre of the first pixel.

Contents: `MOUTH_CROP`, `STYLES`, `Style`, `aligned`, `each_aligned`, `placed`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ...errors import BadFile, UnknownName
from ...signal.landmarks import MOUTH, as_complex, mean_face, similarity
from ...signal.mouth_crop import PICTURE, STABLE, crop_mouth

MOUTH_CROP = "mutud-1"
"""Name of all that decides the pixels of a mouth; a change that moves them gives it a new number."""

MOUTH_WIDTH = 45.0  # pixels
SMOOTHED = 7  # frames over which turn and size are averaged
FOLLOWED = 3  # frames over which the middle of the mouth is: a head that nods shall not leave the picture
SPAN = 0.6
LRW_ROWS, LRW_COLUMNS = slice(115, 211), slice(79, 175)
EYES = (slice(36, 42), slice(42, 48))
NOSE = slice(27, 36)
CORNERS = (48, 54)


@dataclass(frozen=True)
class Style:
    """What a crop looks like: its side in pixels, 1 channel (grey) or 3, and one line for people."""

    size: int
    channels: int
    title: str


STYLES = {
    "mutud": Style(88, 1, "mouth, grey, turned and scaled to a mean face (MUTUD)"),
    "ms-tcn": Style(88, 1, "mouth, grey, the middle of 96 × 96 on the mean face (MS-TCN)"),
    "lrw": Style(96, 1, "mouth, grey, a fixed place of LRW's pictures"),
    "three-point": Style(128, 3, "face, colour, registered by eyes and nose (noisy talking face)"),
    "celeba-hq": Style(128, 3, "face, colour, cut by eyes and mouth (CelebA-HQ)"),
}
"""Every style that `aligned` knows."""


def aligned(
    frames: Iterable[np.ndarray], points: np.ndarray, style: str = "mutud", template: np.ndarray | None = None
) -> np.ndarray:
    """Frames cut and aligned.

    Args:
        frames: `[F, H, W, 1 or 3]` uint8, or as many `[H, W, 1 or 3]` one after the other.
        points: `[F, 68, 2]` in pixels of the frames, without gaps.
        style: of `STYLES`.
        template: `[68, 2]` mean face, for `ms-tcn` in pixels of a picture of 256 × 256, as its weights need it; that of
            `avbench.signal.landmarks` at the same size unless given. Other styles do not take one.

    Returns:
        `[F, size, size, 1 or 3]` uint8; a grey style makes colour grey, a colour style repeats grey.

    Raises:
        UnknownName: no such style.
        BadFile: frames of another size than LRW's, for `lrw`.
        ValueError: points that cannot be aligned.
    """
    return np.stack(list(each_aligned(frames, points, style, template)))


def each_aligned(
    frames: Iterable[np.ndarray], points: np.ndarray, style: str = "mutud", template: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """The same one after the other, `[size, size, 1 or 3]` each; of a long film no more is in memory.

    `ms-tcn` makes all first. Arguments and errors as for `aligned`.
    """
    if style not in STYLES:
        raise UnknownName("style of crop", style, STYLES)
    made = _with_channels(frames, STYLES[style].channels)
    if style == "lrw":
        yield from map(_lrw, made)
    elif style == "ms-tcn":
        edge = (96 - STYLES[style].size) // 2
        yield from crop_mouth(made, points, _template() if template is None else template)[:, edge:-edge, edge:-edge]
    else:
        cut = _mirrored if style == "celeba-hq" else _cut
        for frame, turn, shift in zip(made, *placed(points, style), strict=True):
            yield cut(frame, turn, shift, STYLES[style].size)


def placed(points: np.ndarray, style: str) -> tuple[np.ndarray, np.ndarray]:
    """Where the crop of each frame lies: with a pixel as a complex number z, its place in the crop is a·z + b.

    Args:
        points: `[F, 68, 2]`.
        style: `mutud`, `three-point` or `celeba-hq`.

    Returns:
        a and b, `[F]` complex128 each.

    Raises:
        ValueError: points that cannot be aligned.
    """
    points = np.asarray(points, np.float64)
    size = STYLES[style].size
    if style == "mutud":
        stable = list(STABLE)
        turn, _ = similarity(_smoothed(points[:, stable], SMOOTHED), _template()[stable])
        middle = _smoothed(points[:, MOUTH].mean(axis=1), FOLLOWED)
        return turn, (size - 1) * (0.5 + 0.5j) - turn * as_complex(middle)
    if style == "three-point":
        return similarity(_three(points), _three(_registered(size)[None])[0])
    return _celeba_hq(points, size)


def _template() -> np.ndarray:
    """`[68, 2]` our mean face in a picture of 256 × 256, with a mouth of MOUTH_WIDTH."""
    face = mean_face()
    return face * (MOUTH_WIDTH / (face[CORNERS[1], 0] - face[CORNERS[0], 0])) + (PICTURE - 1) / 2


def _registered(size: int) -> np.ndarray:
    """`[68, 2]` our mean face, spanning SPAN of a picture and in its middle."""
    face = mean_face()
    low, high = face.min(axis=0), face.max(axis=0)
    return (face - (low + high) / 2) * (SPAN * size / (high - low).max()) + (size - 1) / 2


def _three(points: np.ndarray) -> np.ndarray:
    """`[F, 3, 2]`: the means of left eye, right eye and nose."""
    return np.stack([points[:, part].mean(axis=1) for part in (*EYES, NOSE)], axis=1)


def _celeba_hq(points: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    z = as_complex(points)
    left, right = (z[:, eye].mean(axis=1) for eye in EYES)
    eyes, mouth = (left + right) / 2, z[:, list(CORNERS)].mean(axis=1)
    across, down = right - left, mouth - eyes
    axis = across - 1j * down  # to the right, by both
    side = np.maximum(4.0 * np.abs(across), 3.6 * np.abs(down)) * axis / np.abs(axis)
    centre = eyes + 0.1 * down
    turn = size / side
    return turn, (size - 1) * (0.5 + 0.5j) - turn * centre


def _smoothed(points: np.ndarray, window: int) -> np.ndarray:
    """Means over a window of frames; at the ends over those that there are on both sides."""
    half, count = window // 2, len(points)
    reach = np.minimum(half, np.minimum(np.arange(count), np.arange(count)[::-1]))
    return np.stack([points[k - r : k + r + 1].mean(axis=0) for k, r in enumerate(reach)])


def _with_channels(frames: Iterable[np.ndarray], channels: int) -> Iterator[np.ndarray]:
    for frame in frames:
        if frame.shape[2] == channels:
            yield frame
        elif channels == 3:
            yield np.repeat(frame, 3, axis=2)
        else:
            yield np.rint(frame @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)[..., None]


def _lrw(frame: np.ndarray) -> np.ndarray:
    if frame.shape[:2] != (PICTURE, PICTURE):
        raise BadFile(
            f"The crop lrw is a fixed place of pictures of 256 × 256, and these have {frame.shape[1]} × "
            f"{frame.shape[0]}: choose another style."
        )
    return frame[LRW_ROWS, LRW_COLUMNS]


def _cut(frame: np.ndarray, turn: complex, shift: complex, size: int) -> np.ndarray:
    """`[size, size, C]`, sampled at (z - shift) / turn."""
    from PIL import Image

    fine = int(1 / abs(turn))
    picture = Image.fromarray(frame[..., 0] if frame.shape[2] == 1 else frame)
    a, b = 1 / turn, -shift / turn
    if fine > 1:
        picture = picture.reduce(fine)
        a, b = a / fine, (b + 0.5 + 0.5j) / fine - (0.5 + 0.5j)
    # Pillow counts from the edge of the first pixel, not from its centre.
    b += (0.5 + 0.5j) - a * (0.5 + 0.5j)
    matrix = (a.real, -a.imag, b.real, a.imag, a.real, b.imag)
    crop = picture.transform((size, size), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(crop).reshape(size, size, frame.shape[2])


def _mirrored(frame: np.ndarray, turn: complex, shift: complex, size: int) -> np.ndarray:
    """As `_cut`, with the picture mirrored at its edges as far as the crop reaches."""
    corners = (np.array([0, size, size * 1j, size * (1 + 1j)]) - shift) / turn
    height, width = frame.shape[:2]
    over = max(-corners.real.min(), -corners.imag.min(), corners.real.max() - width, corners.imag.max() - height)
    edge = int(min(max(0, np.ceil(over) + 2), min(height, width) - 1))
    if edge > 0:
        frame = np.pad(frame, ((edge, edge), (edge, edge), (0, 0)), mode="reflect")
        shift = shift - turn * edge * (1 + 1j)
    return _cut(frame, turn, shift, size)
