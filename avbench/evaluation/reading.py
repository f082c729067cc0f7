"""Reading what metrics compare: sound, texts, pictures, video, arrays of numbers.

Files are read as they are, at their own rate: nothing is mixed down, trimmed or scaled.

Contents: `read`, `channels_of`, `size_of`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadFile
from ..signal.audio import check_readable, read_channels
from ..signal.video import is_container, read_video
from ..types import Audio, Video
from .pairing import FACES, SOUND, TEXT, Role, Source


def channels_of(path: Path) -> int | None:
    """Channels of a sound or video file by its header; None where it cannot be read."""
    import av
    import soundfile

    if not is_container(path):
        try:
            return soundfile.info(path).channels
        except (soundfile.SoundFileError, RuntimeError):
            pass
    try:
        with av.open(str(path)) as container:
            return container.streams.audio[0].codec_context.channels if container.streams.audio else None
    except (av.FFmpegError, ValueError, OSError):
        return None


def read(role: Role, source: Source) -> Any:
    """One thing as a metric gets it.

    Raises:
        MissingResource: the file is gone.
        BadFile: it is damaged, of another kind, or not what the role asks for.
    """
    if role is SOUND:
        return _sound(source.path)
    if role is TEXT:
        return source.text if source.text is not None else _text(source.path)
    if source.path.suffix.lower() == ".npy":
        return _array(source.path, points=role is FACES)
    return _pictures(source.path)


def _sound(path: Path) -> Audio:
    channels = read_channels(path)
    if len(channels) > 1:
        raise BadFile(f"{path} has {len(channels)} channels, and a metric looks at one: take one, or mix them first.")
    return channels[0]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}.") from error
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from error


def _array(path: Path, points: bool) -> np.ndarray:
    """`[F, 68, 2]` float64 where `points`, else as it is."""
    check_readable(path)
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadFile(f"{path} cannot be read as an array of numbers: {error}.") from error
    if not points or array.dtype.kind not in "fiu":
        return array
    array = array.astype(np.float64, copy=False)
    return array[None] if array.ndim == 2 else array


def _pictures(path: Path) -> Video:
    """A video at its own frame rate, or a picture as a video of one frame."""
    if is_container(path):
        return read_video(path, _fps(path))
    from PIL import Image

    check_readable(path)
    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                raise BadFile(f"{path} has more than 8 bits per channel: pictures are compared at 8.")
            if "A" in image.getbands() and image.getchannel("A").getextrema()[0] < 255:
                raise BadFile(f"{path} has transparent pixels: put it on a background first.")
            pixels = np.array(image if image.mode == "L" else image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise BadFile(f"{path} cannot be read as a picture: {error}.") from error
    return Video(pixels.reshape(1, *pixels.shape[:2], -1), 25.0)


def _fps(path: Path) -> float:
    """The frame rate that a container states."""
    import av

    check_readable(path)
    try:
        with av.open(str(path)) as container:
            rate = container.streams.video[0].average_rate if container.streams.video else None
    except (av.FFmpegError, ValueError) as error:
        raise BadFile(f"{path} cannot be read as video: {getattr(error, 'strerror', None) or error}.") from error
    return float(rate or 25)


def size_of(path: Path) -> tuple[int, int, int] | None:
    """Width, height and channels of a picture; None for a video, or for what cannot be read."""
    if is_container(path):
        return None
    from PIL import Image

    try:
        with Image.open(path) as image:
            return (*image.size, 1 if image.mode == "L" else 3)
    except (OSError, ValueError, SyntaxError):
        return None
