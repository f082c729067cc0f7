"""Pictures: reading a video, its place on the corpus' time grid.

Conventions: frames are `[F, H, W, C]` uint8; frame f shows the 40 ms that begin at f / 25 s, which are exactly 640
samples of 16 kHz audio.

Contents: `FPS`, `SAMPLES_PER_FRAME`, `frames_for`, `fit_frames`, `read_video`, `has_audio`, `is_container`.
"""

import warnings
from pathlib import Path

import numpy as np

from ..errors import BadFile
from ..types import Video
from .audio import CONTAINERS, RATE, check_readable

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
    return np.concatenate([frames[:count], np.repeat(frames[-1:], max(0, count - len(frames)), axis=0)])


def read_video(path: str | Path, fps: float = FPS, grey: bool = False) -> Video:
    """Every frame of the first video stream, on an even time grid.

    Args:
        path: anything that FFmpeg reads.
        fps: frames per second wanted; another rate in the file is met by taking, for each moment, the frame shown then.
        grey: one channel instead of three (RGB).

    Returns:
        `[F, H, W, 1 or 3]`.

    Raises:
        MissingResource: no such file, or no right to read it.
        BadFile: empty, damaged, or without pictures.
    """
    import av

    path = Path(path)
    check_readable(path)
    frames, times = [], []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # see `avbench.signal.audio`
            with av.open(str(path)) as container:
                if not container.streams.video:
                    raise BadFile(f"{path} has no video stream.")
                for frame in container.decode(container.streams.video[0]):
                    frames.append(frame.to_ndarray(format="gray" if grey else "rgb24"))
                    times.append(frame.time)
                rate = float(container.streams.video[0].average_rate or fps)
    except (av.FFmpegError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise BadFile(f"{path} cannot be read as video: {reason}.") from error
    if not frames:
        raise BadFile(f"{path} holds no pictures.")
    stack = np.stack(frames).reshape(len(frames), *frames[0].shape[:2], 1 if grey else 3)
    if any(t is None for t in times):
        times = list(np.arange(len(frames)) / rate)
    return Video(_on_grid(stack, np.asarray(times) - times[0], 1.0 / rate, fps), float(fps))


def has_audio(path: str | Path) -> bool:
    """Whether a video file has an audio stream.

    Raises:
        MissingResource: no such file, or no right to read it.
        BadFile: not a video file.
    """
    import av

    path = Path(path)
    check_readable(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with av.open(str(path)) as container:
                return bool(container.streams.audio)
    except (av.FFmpegError, ValueError) as error:
        raise BadFile(f"{path} cannot be read as video: {getattr(error, 'strerror', None) or error}.") from error


def is_container(path: str | Path) -> bool:
    """Whether the name of a file says that it is a video container."""
    return Path(path).suffix.lower() in CONTAINERS


def _on_grid(frames: np.ndarray, times: np.ndarray, last: float, fps: float) -> np.ndarray:
    """The frame that is shown at each k / fps; `last` is how long the last one stays, in seconds."""
    if len(frames) > 1 and np.allclose(np.diff(times), 1.0 / fps, atol=2e-3):
        return frames
    grid = np.arange(max(1, round((times[-1] + last) * fps))) / fps
    # Half a millisecond of tolerance: container clocks tick in 1/90000 s or coarser, and round.
    return frames[np.clip(np.searchsorted(times, grid + 5e-4, side="right") - 1, 0, len(frames) - 1)]
