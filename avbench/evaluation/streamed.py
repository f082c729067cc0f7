"""One file through a stream, hop by hop, as a live system would meet it; of a hop nothing is kept but its time.

Sound files are read, resampled and written piece by piece; the sound of a video is read whole. The answer is moved back
by what the stream is late, so that it lies under its input.

Contents: `HopTimes`, `stream_file`, `open_pieces`.
"""

import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AvbenchError, BadFile
from ..registry import said
from ..signal.audio import CONTAINERS, WAV_BYTES, check_readable, growing_wav, read_channels
from ..types import Stream

LONGEST = 2**40  # samples; a header that says more says nothing
PIECE = 1.0  # seconds that are read at a time
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class HopTimes:
    """How long the hops of a stream took, in milliseconds.

    Args:
        hops: how many there were.
        hop: how long one lasts, which is the time that there is for it.
        median: of the times.
        p95: 95 of 100 took no longer.
        worst: the longest.
        algorithmic: from when sound begins to be heard until it can be answered, if nothing took time.
    """

    hops: int
    hop: float
    median: float
    p95: float
    worst: float
    algorithmic: float


def stream_file(
    begin: Callable[[], Stream], file: Path, output: Path, tell: Tell = lambda done, total: None
) -> HopTimes:
    """Answer one file hop by hop; each channel has a stream of its own.

    Args:
        begin: makes a stream.
        file: sound file, or video file with sound.
        output: 32-bit float wav of the same rate, length and number of channels.
        tell: called with seconds done and seconds in all.

    Raises:
        BadFile: unreadable, empty, not finite, or the stream gave something else than hops.
        MissingResource, UsageError: see `growing_wav`.
    """
    rate, channels, total, pieces = open_pieces(file)
    lanes = [_Lane(_guarded(file, begin), rate, file) for _ in range(channels)]
    if total * 4 * channels > WAV_BYTES:
        raise BadFile(f"The answer to {file} would be longer than the 4 GiB that a wav can hold: cut it.")
    read = written = 0
    with growing_wav(output, rate, channels) as write:
        for piece in pieces:
            if not np.isfinite(piece).all():
                raise BadFile(f"{file} holds samples that are NaN or infinite.")
            read += len(piece)
            written += _pass_on(write, [lane.push(piece[:, c]) for c, lane in enumerate(lanes)], read - written)
            tell(int(read / rate), int(total / rate))
        if read != total:
            raise BadFile(f"{file} breaks off: {read} of the {total} samples that it promises can be read.")
        _pass_on(write, [lane.finish(total) for lane in lanes], total - written)
    times = 1000 * np.concatenate([np.frombuffer(lane.times) for lane in lanes])
    stream = lanes[0].stream
    return HopTimes(
        hops=len(times),
        hop=1000 * stream.hop / stream.rate,
        median=float(np.median(times)),
        p95=float(np.quantile(times, 0.95)),
        worst=float(times.max()),
        algorithmic=1000 * (stream.hop + stream.late) / stream.rate,
    )


def open_pieces(file: Path) -> tuple[int, int, int, Iterator[np.ndarray]]:
    """Rate, channels, samples, and the samples in pieces `[n, channels]` float32. Raises as `read_channels`."""
    import soundfile

    check_readable(file)
    if file.suffix.lower() not in CONTAINERS:
        try:
            info = soundfile.info(file)
        except (soundfile.SoundFileError, RuntimeError):
            info = None  # FFmpeg may know it
        if info is not None and 0 < info.frames < LONGEST:  # a pipe could not go back to write how long it was
            return info.samplerate, info.channels, info.frames, _blocks(file, round(PIECE * info.samplerate))
    sounds = read_channels(file)
    whole = np.stack([sound.samples for sound in sounds], axis=1)
    return sounds[0].rate, len(sounds), len(whole), iter(np.array_split(whole, -(-len(whole) // sounds[0].rate)))


def _blocks(file: Path, size: int) -> Iterator[np.ndarray]:
    import soundfile

    try:
        # `soundfile.blocks` would repeat what it read before where a file ends early.
        with soundfile.SoundFile(file) as sound:
            while len(block := sound.read(size, dtype="float32", always_2d=True)):
                yield block
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise BadFile(f"{file} breaks off: {error}.") from error


def _pass_on(write: Callable[[np.ndarray], None], answers: Sequence[np.ndarray], wanted: int) -> int:
    """Write what every channel has, which is as much for each; returns how many samples that were."""
    block = np.stack(answers, axis=1)[:wanted]
    write(block)
    return len(block)


class _Lane:
    """One channel: to the stream's rate, through it, and back."""

    def __init__(self, stream: Stream, rate: int, file: Path):
        import soxr

        self.file = file
        self.stream, self.times = stream, array("d")
        self._same = rate == stream.rate
        self._there = soxr.ResampleStream(rate, stream.rate, 1, dtype="float32", quality="VHQ")
        self._back = soxr.ResampleStream(stream.rate, rate, 1, dtype="float32", quality="VHQ")
        self._waiting = np.zeros(0, np.float32)
        self._early = stream.late  # samples of the answer that come before its beginning
        self._given = 0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """What is answered once these samples are heard, at the file's rate."""
        return self._answered(samples if self._same else self._there.resample_chunk(samples), last=False)

    def finish(self, total: int) -> np.ndarray:
        """The rest of an answer that is `total` samples long, at the file's rate."""
        rest = np.zeros(0, np.float32) if self._same else self._there.resample_chunk(np.zeros(0, np.float32), last=True)
        behind = np.zeros(self.stream.late + self.stream.hop, np.float32)  # until the last sample is answered
        answer = self._answered(np.concatenate([rest, behind]), last=True)
        missing = max(0, total - self._given)
        return np.concatenate([answer, np.zeros(missing, np.float32)])  # resampling there and back may lose a sample

    def _answered(self, samples: np.ndarray, last: bool) -> np.ndarray:
        hop = self.stream.hop
        self._waiting = np.concatenate([self._waiting, samples])
        answers = [self._hop(self._waiting[i : i + hop]) for i in range(0, len(self._waiting) - hop + 1, hop)]
        self._waiting = self._waiting[len(answers) * hop :]
        answer = np.concatenate([np.zeros(0, np.float32), *answers])
        cut = min(self._early, len(answer))
        self._early -= cut
        answer = answer[cut:]
        found = answer if self._same else self._back.resample_chunk(answer, last=last)
        self._given += len(found)
        return found

    def _hop(self, samples: np.ndarray) -> np.ndarray:
        began = time.perf_counter()
        answer = np.asarray(_guarded(self.file, self.stream.push, samples), np.float32)
        self.times.append(time.perf_counter() - began)
        if answer.shape != samples.shape:
            raise BadFile(f"{self.file} could not be answered: a hop was answered with {list(answer.shape)} samples.")
        if not np.isfinite(answer).all():
            raise BadFile(f"{self.file} could not be answered: a hop was answered with NaN or infinity.")
        return answer


def _guarded(file: Path, call: Callable, *arguments: Any) -> Any:
    """What a stream gives; whatever it raises but a lack of memory is its own fault."""
    try:
        return call(*arguments)
    except (AvbenchError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise BadFile(f"{file} could not be answered: the stream raised {said(error)}.") from error
