"""Pictures: reading a video, its place on the corpus' time grid.

Conventions: frames are `[F, H, W, C]` uint8; frame f shows the 40 ms that begin at f / 25 s, which are exactly 640
samples of 16 kHz audio.

Contents: `FPS`, `SAMPLES_PER_FRAME`, `frames_for`, `fit_frames`, `read_video`, `is_container`.
"""

from pathlib import Path

import numpy as np

from ..types import Video
from .audio import CONTAINERS, RATE
from .film import Film
from .film import grey as to_grey
from .film import rgb as to_rgb

FPS = 25
SAMPLES_PER_FRAME = RATE // FPS
assert SAMPLES_PER_FRAME * FPS == RATE


def frames_for(samples: int) -> int:
    """How many frames it takes to cover that many samples of 16 kHz audio.

    Example:
        >>> frames_for(640), frames_for(641)
        (1, 2)
    """
    return -(-samples // SAMPLES_PER_FRAME)


def fit_frames(frames: np.ndarray, count: int, slack: int = 2) -> np.ndarray:
    """The frames cut, or their last one repeated, to `count`.

    Args:
        frames: `[F, …]`.
        count: frames wanted.
        slack: the greatest difference that is put right; containers round their length to whole packets.

    Raises:
        ValueError: further off than `slack`, or no frames at all.
    """
    if len(frames) == 0 or abs(len(frames) - count) > slack:
        raise ValueError(f"{len(frames)} frames where the sound asks for {count}")
    if len(frames) >= count:
        return frames[:count]  # a long film is not copied
    return np.concatenate([frames, np.repeat(frames[-1:], count - len(frames), axis=0)])


def read_video(path: str | Path, fps: float = FPS, grey: bool = False) -> Video:
    """Every frame of the first video stream, on an even time grid.

    Args:
        path: anything that FFmpeg reads.
        fps: frames per second wanted; another rate in the file is met by taking, for each moment, the frame shown then,
            and what was done is what the `facts` of a `Film` say.
        grey: one channel instead of three (RGB).

    Returns:
        `[F, H, W, 1 or 3]`.

    Raises:
        MissingResource: no such file, or no right to read it.
        BadFile: empty, damaged, or without pictures.
    """
    film = Film(path, fps, origin="picture")
    return Video(np.stack(list(film.pictures(to_grey if grey else to_rgb))), float(fps))


def is_container(path: str | Path) -> bool:
    """Whether the name of a file says that it is a video container."""
    return Path(path).suffix.lower() in CONTAINERS
