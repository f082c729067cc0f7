"""Speech from a file through a system that makes films while it listens: an MP4 with the given sound.

Sound is read, resampled, answered and written piece by piece, so that an hour takes no more memory than a minute. The
file says in its metadata that it is synthetic: the voice and the portrait may be real, what is seen never happened.

Contents: `FilmStream`, `film_file`, `write_film`, `ABOUT`.
"""

import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import AvbenchError, BadFile, MissingResource
from ..registry import said
from ..signal.audio import read_channels
from ..signal.files import atomic_write
from ..signal.video import FPS
from ..types import Video
from .answers import TAG
from .streamed import HopTimes, open_pieces

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
ABOUT = f"{TAG} Digital source type: {SOURCE_TYPE}"
AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
AAC_RATE = 48000  # where the file has another

Tell = Callable[[int, int], None]


class FilmStream(Protocol):
    """A system that makes a film while it listens. It has a method `animate(face, seed) -> FilmStream`.

    Attributes:
        rate: Hz of what is heard.
        hop: samples to a frame, which live sound comes in.
        lookahead: seconds from when what a frame shows begins to be heard until it can be made.
    """

    rate: int
    hop: int
    lookahead: float

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take `[T]` float32, give the frames that can be made now, `[n, H, W, 3]` uint8."""

    def finish(self) -> np.ndarray:
        """The frames that are left; as many in all as it takes to cover the sound."""


def film_file(
    stream: FilmStream, speech: Path, output: Path, live: bool = False, tell: Tell = lambda done, total: None
) -> tuple[HopTimes | None, tuple[str, ...]]:
    """Answer one file.

    Args:
        stream: fresh.
        speech: sound file, or video file with sound.
        output: MP4, 25 frames a second, with the sound of `speech`.
        live: push frame by frame and say how long each took.
        tell: called with seconds done and seconds in all.

    Returns:
        How long the frames took, where it was `live`; and what was done to the sound, in clauses.

    Raises:
        BadFile: unreadable, empty, not finite, breaking off; or the stream gave something else than frames.
        MissingResource: no encoder, disk full, no right to write.
    """
    import soxr

    rate, channels, total, pieces = open_pieces(speech)
    same = rate == stream.rate
    there = None if same else soxr.ResampleStream(rate, stream.rate, 1, dtype="float32", quality="VHQ")
    feeder, read, loudest = _Feeder(stream, speech, live), 0, 0.0
    with _growing_mp4(output, rate, channels) as (show, sound):
        for piece in pieces:
            if not np.isfinite(piece).all():
                raise BadFile(f"{speech} holds samples that are NaN or infinite.")
            read, loudest = read + len(piece), max(loudest, float(np.abs(piece).max(initial=0.0)))
            sound(piece)
            mono = piece.mean(axis=1, dtype=np.float64).astype(np.float32)
            show(feeder.push(mono if same else there.resample_chunk(mono)))
            tell(int(read / rate), int(total / rate))
        if read != total:
            raise BadFile(f"{speech} breaks off: {read} of the {total} samples that it promises can be read.")
        if not same:
            show(feeder.push(there.resample_chunk(np.zeros(0, np.float32), last=True)))
        show(feeder.finish())
    clauses = [] if same else [f"resampled from {rate} to {stream.rate} Hz to be heard"]
    clauses += [f"the mean of {channels} channels heard"] if channels > 1 else []
    clauses += ["the speech is silent"] if loudest == 0.0 else []
    return feeder.times(), (*clauses, f"{feeder.frames} frames")


def write_film(output: Path, film: Video, speech: Path | None) -> None:
    """A film that was made as a whole, with the sound of a file where one is given. Raises as `film_file`."""
    channels = read_channels(speech) if speech is not None else ()
    with _growing_mp4(output, channels[0].rate if channels else 0, len(channels), film.fps) as (show, sound):
        if channels:
            sound(np.stack([channel.samples for channel in channels], axis=1))
        show(film.frames)


class _Feeder:
    """Sound in pieces of any length to the stream; frame by frame and by the clock where it is live."""

    def __init__(self, stream: FilmStream, speech: Path, live: bool):
        self._stream, self._speech, self._live = stream, speech, live
        self._waiting, self._times, self.frames = np.zeros(0, np.float32), array("d"), 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        if not self._live:
            return self._checked(self._stream.push, samples)
        self._waiting = np.concatenate([self._waiting, samples])
        made = []
        while len(self._waiting) >= self._stream.hop:
            hop, self._waiting = self._waiting[: self._stream.hop], self._waiting[self._stream.hop :]
            began = time.perf_counter()
            made.append(self._checked(self._stream.push, hop))
            self._times.append(time.perf_counter() - began)
        return np.concatenate(made) if made else np.zeros((0, 2, 2, 3), np.uint8)

    def finish(self) -> np.ndarray:
        left = [self._checked(self._stream.push, self._waiting)] if len(self._waiting) else []
        return np.concatenate([*left, self._checked(self._stream.finish)])

    def times(self) -> HopTimes | None:
        """Of live sound, at least one frame long."""
        if not self._times:
            return None
        hop, lookahead, times = self._stream.hop / self._stream.rate, self._stream.lookahead, 1000 * np.array(
            self._times
        )  # fmt: skip
        return HopTimes(
            hops=len(times), hop=1000 * hop, median=float(np.median(times)), p95=float(np.quantile(times, 0.95)),
            worst=float(times.max()), algorithmic=1000 * hop * float(np.ceil(lookahead / hop)),
        )  # fmt: skip

    def _checked(self, call: Callable, *arguments) -> np.ndarray:
        try:
            frames = call(*arguments)
        except (AvbenchError, MemoryError):
            raise
        except (Exception, SystemExit) as error:
            raise BadFile(f"{self._speech} could not be answered: the stream raised {said(error)}.") from error
        if not isinstance(frames, np.ndarray) or frames.dtype != np.uint8 or frames.shape[3:] != (3,):
            raise BadFile(f"{self._speech} could not be answered: the stream gave no frames [n, H, W, 3] of bytes.")
        self.frames += len(frames)
        return frames


@contextmanager
def _growing_mp4(output: Path, rate: int, channels: int, fps: float = FPS) -> Iterator[tuple[Callable, Callable]]:
    """An MP4 that is written piece by piece: a function that takes frames, and one that takes `[n, channels]`.

    The sound keeps its rate where AAC has it, and its one or two channels; more become their mean. Without channels
    there is no sound.
    """
    import av

    from ..data.export.media import CODECS

    codec = next((c for c in CODECS if c in av.codecs_available), None)
    if codec is None or "aac" not in av.codecs_available:
        raise MissingResource("This build of FFmpeg has no encoders for MP4: install another av.")
    with atomic_write(output) as handle, av.open(handle, "w", format="mp4") as container:
        container.metadata["comment"] = ABOUT
        options = {"crf": "18"} if codec == "libx264" else {"qscale": "3"}
        seen = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1000), options=options)
        seen.pix_fmt, seen.codec_context.thread_count = "yuv420p", 1
        heard = _Sound(container, rate, channels) if channels else None
        waiting: list[np.ndarray] | None = []  # the file begins with the size of the pictures, so sound waits for one

        def show(frames: np.ndarray) -> None:
            nonlocal waiting
            if waiting is not None and len(frames):
                (seen.height, seen.width), early, waiting = frames.shape[1:3], waiting, None
                for piece in early:
                    sound(piece)
            for picture in frames:
                shown = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                container.mux(seen.encode(shown))

        def sound(piece: np.ndarray) -> None:
            if waiting is not None:
                waiting.append(piece)
            elif heard:
                heard.push(piece)

        yield show, sound
        if waiting is not None:
            raise BadFile(f"{output} was not written: no frame was made.")
        container.mux(seen.encode(None))
        if heard:
            heard.finish()


class _Sound:
    """The track of sound of an MP4 in the making."""

    def __init__(self, container, rate: int, channels: int):
        import av

        self._container, self._rate = container, rate
        self._layout = "stereo" if channels == 2 else "mono"
        self._stream = container.add_stream("aac", rate=rate if rate in AAC_RATES else AAC_RATE, layout=self._layout)
        self._fit = av.AudioResampler(
            format=self._stream.format, layout=self._layout, rate=self._stream.rate, frame_size=1024
        )
        self._written = 0

    def push(self, samples: np.ndarray) -> None:
        import av

        if not len(samples):
            return
        kept = samples if samples.shape[1] <= 2 else samples.mean(axis=1, keepdims=True)
        planes = np.ascontiguousarray(kept.T, np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._written, Fraction(1, self._rate)
        self._written += len(samples)
        self._encode(self._fit.resample(frame))

    def finish(self) -> None:
        self._encode([*self._fit.resample(None), None])

    def _encode(self, frames) -> None:
        for frame in frames:
            self._container.mux(self._stream.encode(frame))
