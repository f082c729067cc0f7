"""Sound: reading any file, resampling, writing, levels.

Conventions: samples are float32 with full scale 1; levels are dB re full scale (0 dB = a square wave of amplitude 1);
16-bit samples are `int16 / 32768`. Files are read as they are: nothing is clipped, trimmed, aligned or checked for NaN.

Contents: `RATE`, `CONTAINERS`, `check_readable`, `read_channels`, `read_audio`, `write_wav`, `write_channels`,
`growing_wav`, `resample`, `to_int16`, `from_int16`, `rms`, `power_db`, `active_mask`, `active_level`.
"""

import io
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..errors import BadFile, MissingResource, UsageError
from ..types import Audio
from .files import atomic_write

RATE = 16000
SILENCE_DB = -200.0  # what `power_db` says of digital silence, so that a level is always finite
WAV_BYTES = 2**32 - 256
CONTAINERS = frozenset(".avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .ts .webm .wmv".split())


def read_channels(path: str | Path) -> tuple[Audio, ...]:
    """Every channel of a sound file, or of the first audio stream of a video file, at the file's own rate.

    Args:
        path: anything that libsndfile reads (wav, flac, ogg, mp3, …), else anything that FFmpeg reads.

    Raises:
        MissingResource: there is no such file, or no right to read it.
        BadFile: empty, damaged, no sound in it, or not a sound file.
    """
    path = Path(path)
    check_readable(path)
    samples, rate = _read_container(path) if path.suffix.lower() in CONTAINERS else _read_sound(path)
    if samples.shape[1] == 0:
        raise BadFile(f"{path} holds no samples.")
    return tuple(Audio(np.ascontiguousarray(channel), rate) for channel in samples)


def read_audio(path: str | Path) -> Audio:
    """The mean of all channels of a file, at the file's own rate; see `read_channels` for the errors."""
    channels = read_channels(path)
    if len(channels) == 1:
        return channels[0]
    mean = np.mean([c.samples for c in channels], axis=0, dtype=np.float64)
    return Audio(mean.astype(np.float32), channels[0].rate)


def write_wav(path: str | Path, audio: Audio, subtype: str = "FLOAT") -> None:
    """Write a mono wav; see `write_channels`."""
    write_channels(path, [audio], subtype)


def write_channels(path: str | Path, channels: Sequence[Audio], subtype: str = "FLOAT") -> None:
    """Write a wav, aside and then renamed; equal sound gives equal bytes.

    Args:
        path: where to.
        channels: of one rate and length. `PCM_16` rounds and clips as `to_int16` does.
        subtype: `"FLOAT"` (32 bits, exact) or `"PCM_16"`.

    Raises:
        MissingResource: disk full, no right to write.
        UsageError: another subtype.
    """
    import soundfile

    if subtype not in ("FLOAT", "PCM_16"):
        raise UsageError(f"A wav is written as FLOAT or PCM_16, not as {subtype!r}.")
    samples = np.stack([channel.samples for channel in channels], axis=1)
    samples = to_int16(samples) if subtype == "PCM_16" else samples
    memory = io.BytesIO()  # libsndfile reports a full disk badly; memory cannot be half written
    soundfile.write(memory, samples, channels[0].rate, subtype=subtype, format="WAV")
    content = bytearray(memory.getbuffer())
    _forget_peak_time(content)
    with atomic_write(path) as handle:
        handle.write(content)


@contextmanager
def growing_wav(path: str | Path, rate: int, channels: int) -> Iterator[Callable[[np.ndarray], None]]:
    """A wav of 32-bit floats that is written piece by piece, for sound that is longer than the memory.

    Args:
        path: where to; the file appears there when the block ends well.
        rate: Hz.
        channels: how many.

    Yields:
        A function that takes the next samples, `[n, channels]`.

    Raises:
        MissingResource: disk full, no right to write.
        UsageError: more than a wav can hold, 4 GiB.
    """
    written, frame = 0, 4 * channels

    def header() -> bytes:
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, channels, rate, rate * frame, frame, 32)
        data = struct.pack("<4sII4sI", b"fact", 4, written, b"data", written * frame)
        return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data) + written * frame, b"WAVE") + form + data

    with atomic_write(path) as handle:
        handle.write(header())

        def write(samples: np.ndarray) -> None:
            nonlocal written
            if (written + len(samples)) * frame > WAV_BYTES:
                raise UsageError(f"{path} would be longer than the 4 GiB that a wav can hold: cut the input.")
            handle.write(np.ascontiguousarray(samples, "<f4").tobytes())
            written += len(samples)

        yield write
        handle.seek(0)
        handle.write(header())


def resample(audio: Audio, rate: int = RATE) -> Audio:
    """The same sound at another rate, by soxr at its quality VHQ; unchanged where the rate is already right."""
    if audio.rate == rate:
        return audio
    import soxr

    return Audio(soxr.resample(audio.samples, audio.rate, rate, quality="VHQ").astype(np.float32, copy=False), rate)


def to_int16(samples: np.ndarray) -> np.ndarray:
    """Same shape, int16: scaled by 32768, rounded half to even, clipped to the range."""
    return np.clip(np.rint(np.asarray(samples, np.float64) * 32768.0), -32768, 32767).astype(np.int16)


def from_int16(samples: np.ndarray) -> np.ndarray:
    """`[T]` float32 in [-1, 1): `int16 / 32768`, exact."""
    return np.asarray(samples, np.float32) / np.float32(32768.0)


def rms(samples: np.ndarray) -> float:
    """Root of the mean square, summed in float64; 0 for nothing."""
    samples = np.asarray(samples, np.float64)
    return float(np.sqrt(np.mean(samples * samples))) if samples.size else 0.0


def power_db(samples: np.ndarray) -> float:
    """Level of the whole signal in dB re full scale; `SILENCE_DB` for digital silence."""
    level = rms(samples)
    return float(20.0 * np.log10(level)) if level > 1e-10 else SILENCE_DB


def active_mask(audio: Audio, below_db: float = 40.0) -> np.ndarray:
    """`[T]` bool: the samples inside frames that are loud enough to count as speech.

    Frames of 30 ms without overlap; a frame is active if its level is less than `below_db` under the loudest frame's,
    the rule by which STOI removes silence (Taal et al. 2011). It is simpler than ITU-T P.56 method B, whose hangover it
    lacks, so short pauses between words count as silence here.
    """
    size = round(0.03 * audio.rate)
    count = -(-len(audio.samples) // size)
    padded = np.zeros(count * size)
    padded[: len(audio.samples)] = audio.samples
    energy = np.square(padded).reshape(count, size).sum(axis=1)
    loud = energy > energy.max(initial=0.0) * 10.0 ** (-below_db / 10.0)
    return np.repeat(loud, size)[: len(audio.samples)]


def active_level(audio: Audio) -> float:
    """Level of the speech alone in dB re full scale: the power over `active_mask`; `SILENCE_DB` for silence."""
    return power_db(audio.samples[active_mask(audio)])


def check_readable(path: Path) -> None:
    """Say in one sentence why a path cannot be read at all.

    Raises:
        MissingResource: no such file, or no right to read it.
        BadFile: a folder, an empty file, or the stand-in that git leaves for a large file.
    """
    try:
        if not path.exists():
            raise MissingResource(f"There is no file {path}.")
        if path.is_dir():
            raise BadFile(f"{path} is a folder, not a file.")
        with path.open("rb") as handle:
            head = handle.read(64)
    except PermissionError as error:
        raise MissingResource(f"{path} cannot be read: you lack the right to.") from error
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from error
    if not head:
        raise BadFile(f"{path} is empty (0 bytes).")
    if head.startswith(b"version https://git-lfs"):
        raise BadFile(f"{path} is a git-lfs pointer, not the file itself: run `git lfs pull` there.")


def _read_sound(path: Path) -> tuple[np.ndarray, int]:
    """`[C, T]` float32 and the rate, by libsndfile, else by FFmpeg."""
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
        return samples.T, int(rate)
    except (soundfile.SoundFileError, RuntimeError, ValueError):  # the last where a header states no length
        return _read_container(path)


def _read_container(path: Path) -> tuple[np.ndarray, int]:
    """`[C, T]` float32 and the rate of the first audio stream, by FFmpeg."""
    import av

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # FFmpeg's binding warns about harmless oddities of old containers
            with av.open(str(path)) as container:
                if not container.streams.audio:
                    raise BadFile(f"{path} has no audio stream.")
                stream = container.streams.audio[0]
                rate, parts = int(stream.rate), []
                to_float = av.AudioResampler(format="fltp", rate=rate)
                for frame in container.decode(stream):
                    parts += [f.to_ndarray() for f in to_float.resample(frame)]
                parts += [f.to_ndarray() for f in to_float.resample(None)]
    except (av.FFmpegError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise BadFile(f"{path} cannot be read as sound: {reason}.") from error
    if not parts:
        raise BadFile(f"{path} holds no samples.")
    return np.concatenate(parts, axis=1).astype(np.float32, copy=False), rate


def _forget_peak_time(content: bytearray) -> None:
    """Set the time stamp of a float wav's PEAK chunk to zero: equal sound shall be equal bytes."""
    at = content.find(b"PEAK", 0, 256)
    if at >= 0:
        content[at + 12 : at + 16] = bytes(4)
