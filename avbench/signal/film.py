"""The pictures of a video file on an even time grid, one after the other, and what was done to bring them there.

A film is opened by its time stamps alone (nothing is decoded for that) and decodes as often as it is gone through, so
that a long clip of large pictures never lies in memory as a whole.

Conventions: time 0 is the first sample of the sound where the file has any, since the sound of a clip is read from its
beginning; otherwise, or on request, the first picture. Frame f shows what is seen at f / fps. A file whose pictures
already come at the rate wanted is taken picture by picture, and a distance between the beginnings of sound and picture
is then met by whole frames. Pictures are turned as the file's metadata ask, and pixels that are not square are left so.

Contents: `FilmFacts`, `Film`, `slots`, `ORIGINS`.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadFile
from .audio import check_readable

ORIGINS = ("sound", "picture")
EVEN = 2e-3  # seconds by which a picture may come early or late and still count as even
TICK = 5e-4  # container clocks tick in 1/90000 s or coarser, and round
LOST = 2  # pictures at the end that a decoder may keep to itself

Convert = Callable[[Any], np.ndarray]


@dataclass(frozen=True)
class FilmFacts:
    """What a file's pictures are, and what was done to them.

    Args:
        name: of the file.
        codec: as FFmpeg calls it.
        width: of a picture as it is shown, in pixels.
        height: likewise.
        pictures: how many the file holds.
        rate: pictures a second in the file, on average.
        uneven: they come at uneven times.
        turned: degrees, counter-clockwise, by which pictures are turned to be shown.
        late: seconds from time 0 to the first picture; negative where it is shown before.
        aspect: width of a pixel over its height.
        frames: how many are given out.
        fps: frames a second that are given out.
        passed_over: pictures of the file that no frame shows.
        sound: the file has an audio stream.
    """

    name: str
    codec: str
    width: int
    height: int
    pictures: int
    rate: float
    uneven: bool
    turned: int
    late: float
    aspect: float
    frames: int
    fps: float
    passed_over: int
    sound: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was changed; none for a file that is what was wanted."""
        notes = []
        if self.uneven or abs(self.rate - self.fps) > EVEN * self.fps:
            how = (
                f"at uneven times, {self.rate:.2f} a second on average,"
                if self.uneven
                else f"at {self.rate:.2f} a second"
            )
            notes.append(
                f"{self.name} has {self.pictures} pictures {how} and is shown as {self.frames} frames at {self.fps:g}: "
                f"each frame is the picture seen at its time, and {self.passed_over} pictures are passed over."
            )
        if abs(self.late) > 0.5 / self.fps:
            when = "after" if self.late > 0 else "before"
            done = "stands still until then" if self.late > 0 else "is passed over until then"
            notes.append(f"The picture of {self.name} begins {abs(self.late):.3f} s {when} its sound, and {done}.")
        if self.turned:
            notes.append(f"The pictures of {self.name} are turned by {self.turned}°, as the file asks.")
        if abs(self.aspect - 1) > 1e-3:
            notes.append(f"The pixels of {self.name} are {self.aspect:.3f} times as wide as high, and are left so.")
        return tuple(notes)


class Film:
    """A video file whose frames can be gone through again and again.

    Args:
        path: anything that FFmpeg reads.
        fps: frames a second wanted.
        origin: of `ORIGINS`: what time 0 is.

    Raises:
        MissingResource: no such file, or no right to read it.
        BadFile: empty, damaged, or without pictures.
    """

    def __init__(self, path: str | Path, fps: float = 25.0, origin: str = "sound"):
        self.path, self.fps = Path(path), float(fps)
        check_readable(self.path)
        first = self._first_picture()
        times = self._times()
        heard = self._sound_start()
        zero = heard if heard is not None and origin == "sound" else times[0]
        self._times_shown, uneven = slots(times, zero, self.fps)
        self.facts = self._facts(first, times, zero, uneven, heard is not None)

    def __len__(self) -> int:
        return len(self._times_shown)

    def pictures(self, convert: Convert | None = None, only: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """The frames, in order.

        Args:
            convert: what is made of a decoded picture (an `av.VideoFrame`, not yet turned); RGB unless given.
            only: `[F]` bool: which frames are wanted; all unless given.

        Yields:
            `[H, W, C]` uint8, turned as it is shown. The same picture shown twice is the same array.

        Raises:
            BadFile: the file is damaged, or breaks off.
        """
        convert = convert or rgb
        wanted = self._times_shown if only is None else self._times_shown[only]
        done, last, seen, time = 0, None, 0, -np.inf
        for seen, picture in enumerate(self._decode(), start=1):
            time, shown = _time(picture, seen, self._rate) + TICK, None
            while done < len(wanted) and wanted[done] <= time:
                shown = self._turn(convert(picture)) if shown is None else shown
                yield shown
                done += 1
            last = last if shown is None else shown
            if done == len(wanted):
                return
        if last is None or len(np.unique(self._times_shown[self._times_shown > time])) > LOST:
            raise BadFile(f"{self.path} breaks off: {seen} of its {self.facts.pictures} pictures can be decoded.")
        for _ in range(len(wanted) - done):
            yield last

    @cached_property
    def _rate(self) -> float:
        with self._opened() as container:
            return float(container.streams.video[0].average_rate or self.fps)

    def _turn(self, picture: np.ndarray) -> np.ndarray:
        quarter = round(self.facts.turned / 90)
        return np.ascontiguousarray(np.rot90(picture, quarter)) if quarter else picture

    def _first_picture(self):
        return next(self._decode(), None) or self._refuse("holds no pictures")

    def _times(self) -> np.ndarray:
        """When each picture is shown, ascending, in seconds: by the packets, or where they do not say by decoding."""
        with self._opened() as container:
            # One packet at a time: all packets of a film are the film.
            stamps = [p.pts and p.pts * p.time_base for p in container.demux(container.streams.video[0]) if p.size]
            if stamps and all(stamp is not None for stamp in stamps):
                return np.sort([float(stamp) for stamp in stamps])
        return np.array([_time(p, n, self._rate) for n, p in enumerate(self._decode(), start=1)])

    def _sound_start(self) -> float | None:
        """When the first sample that is heard is heard, in seconds; None where there is no sound."""
        import av

        try:
            with self._opened() as container:
                if not container.streams.audio:
                    return None
                frame = next(iter(container.decode(container.streams.audio[0])), None)
                return None if frame is None else float(frame.time or 0.0)
        except (av.FFmpegError, BadFile):
            return None  # damaged sound is for whoever reads the sound

    def _decode(self) -> Iterator:
        with self._opened() as container:
            container.streams.video[0].thread_type = "AUTO"
            yield from container.decode(container.streams.video[0])

    @contextmanager
    def _opened(self):
        import av

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # see `avbench.signal.audio`
                with av.open(str(self.path)) as container:
                    if not container.streams.video:
                        self._refuse("has no video stream")
                    yield container
        except (av.FFmpegError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            raise BadFile(f"{self.path} cannot be read as video: {reason}.") from error

    def _refuse(self, what: str):
        raise BadFile(f"{self.path} {what}.")

    def _facts(self, first, times: np.ndarray, zero: float, uneven: bool, sound: bool) -> FilmFacts:
        turned = round(getattr(first, "rotation", 0))
        size = (first.width, first.height) if turned % 180 == 0 else (first.height, first.width)
        with self._opened() as container:
            stream = container.streams.video[0]
            codec, aspect = stream.codec_context.name, float(stream.sample_aspect_ratio or 1)
        shown = len(np.unique(self._times_shown))
        rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else self._rate
        return FilmFacts(
            self.path.name, codec, *size, len(times), float(rate), uneven, turned, float(times[0] - zero), aspect,
            len(self._times_shown), self.fps, len(times) - shown, sound,
        )  # fmt: skip


def rgb(picture) -> np.ndarray:
    """`[H, W, 3]` of a decoded picture."""
    return picture.to_ndarray(format="rgb24")


def grey(picture) -> np.ndarray:
    """`[H, W, 1]` of a decoded picture."""
    return picture.to_ndarray(format="gray")[..., None]


def _time(picture, number: int, rate: float) -> float:
    """When a decoded picture is shown; by its number where the file does not say."""
    return float(picture.time) if picture.time is not None else (number - 1) / rate


def slots(times: np.ndarray, zero: float, fps: float) -> tuple[np.ndarray, bool]:
    """Which picture each frame shows.

    Args:
        times: `[N]` when each picture is shown, ascending, in seconds.
        zero: when frame 0 is, in seconds.
        fps: frames a second.

    Returns:
        `[F]` of each frame the time stamp of its picture, and whether the pictures come at uneven times.
    """
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 1.0 / fps
    uneven = bool((np.abs(steps - step) > EVEN).any())
    if not uneven and abs(step - 1.0 / fps) <= EVEN:
        late = round((times[0] - zero) * fps)
        return times[np.maximum(np.arange(max(1, len(times) + late)) - late, 0)], uneven
    grid = np.arange(max(1, round((times[-1] + step - zero) * fps))) / fps + zero
    return times[np.clip(np.searchsorted(times, grid + TICK, side="right") - 1, 0, len(times) - 1)], uneven
