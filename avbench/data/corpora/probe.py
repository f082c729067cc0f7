"""What one file is: its digest, how much sound and how many pictures it holds, or why it cannot be used.

Sound is decoded to the end, because the length that a container claims is not the length that comes out, and because
only decoding finds a file that was cut off. Pictures are counted by their time stamps, not decoded.

Conventions: `samples` is the length at 16 kHz; `frames` is the number at 25 fps, counted from the first sample of the
sound as `avbench.signal.film` counts them: pictures that begin late have still frames before them.

Contents: `Facts`, `VERSION`, `probe`, `length_at_16_khz`.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import AvbenchError, BadFile
from ...signal.audio import CONTAINERS, RATE, check_readable
from ...signal.files import file_digest
from ...signal.film import slots
from ...signal.video import FPS

PICTURES = frozenset(".jpg .jpeg .png .webp".split())
SOUNDS = frozenset(".wav .flac .ogg .m4a .aac .mp3".split())
SILENT = 2.0**-16  # see `avbench.data.scan`
BLOCK = 1 << 20
VERSION = 2
"""Of what `probe` finds: what another version found is not taken over."""


class Facts(NamedTuple):
    """What is known of one file.

    Args:
        size: bytes.
        mtime: nanoseconds; decides whether the file is read again.
        digest: of its content.
        samples: of sound at 16 kHz; 0 if it holds none.
        rate: of the sound in the file.
        channels: of the sound.
        frames: of the pictures at 25 fps; 0 if it holds none.
        shown: pictures in the file.
        fps: pictures per second in the file.
        ends: when the last picture ends, in samples at 16 kHz from the first one of the sound; 0 if there are none.
        packet: the most that the sound's codec may have put behind its end, in samples at 16 kHz.
        problem: one sentence why it cannot be used, or None.
    """

    size: int
    mtime: int
    digest: str = ""
    samples: int = 0
    rate: int = 0
    channels: int = 0
    frames: int = 0
    shown: int = 0
    fps: float = 0.0
    ends: int = 0
    packet: int = 0
    problem: str | None = None


def probe(path: Path) -> Facts:
    """Read a file once. Never raises for what is wrong with it: that stands in `problem`."""
    try:
        check_readable(path)
        status = path.stat()
        facts = Facts(status.st_size, status.st_mtime_ns)
        facts = facts._replace(digest=file_digest(path))
    except AvbenchError as error:
        size, mtime = _size(path)
        return Facts(size, mtime, problem=str(error))
    try:
        suffix = path.suffix.lower()
        if suffix in CONTAINERS:
            return facts._replace(**_container(path))
        if suffix in SOUNDS:
            return facts._replace(**_sound(path))
        if suffix in PICTURES:
            _check_picture(path)
        return facts
    except AvbenchError as error:
        return facts._replace(problem=str(error))


def length_at_16_khz(samples: int, rate: int) -> int:
    """How many samples soxr makes of so many at another rate: the nearest whole number, halves up.

    Example:
        >>> length_at_16_khz(131328, 44100)
        47647
    """
    return int(samples * RATE / rate + 0.5)


def _size(path: Path) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116
        return status.st_size, status.st_mtime_ns
    except OSError:
        return 0, 0


def _sound(path: Path) -> dict:
    """Decoded to the end by libsndfile, or where it does not know the format by FFmpeg."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate, claimed, channels = file.samplerate, file.frames, file.channels
            count, loudest = 0, 0.0
            for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
                count += len(block)
                loudest = max(loudest, float(abs(block).max(initial=0.0)))
    except (soundfile.SoundFileError, RuntimeError) as error:
        facts = _container(path)
        if not facts["samples"]:
            raise BadFile(f"{path} cannot be read as sound: {error}.") from error
        return facts
    if count < claimed:
        raise BadFile(f"{path} is cut off: {count} of {claimed} samples are there.")
    if path.suffix.lower() == ".wav" and (short := _wav_shortfall(path)):
        raise BadFile(f"{path} is cut off: {short} bytes of its sound are missing.")
    if not count:
        raise BadFile(f"{path} holds no samples.")
    if not loudest >= SILENT:
        raise BadFile(f"{path} is silent from beginning to end.")
    return {"samples": length_at_16_khz(count, rate), "rate": rate, "channels": channels}


def _wav_shortfall(path: Path) -> int:
    """How many bytes a wav claims beyond its end; libsndfile reads what is there and says nothing."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        if handle.read(4) != b"RIFF":
            return 0
        handle.seek(12)
        while len(head := handle.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                streamed = length in (0, 0x7FFFFFFF, 0xFFFFFFFF) or length >= 0xFFFFFF00  # length was never written
                return 0 if streamed else max(0, handle.tell() + length - size)
            handle.seek(length + length % 2, os.SEEK_CUR)
    return 0


def _container(path: Path) -> dict:
    """Pictures counted, sound decoded, by FFmpeg."""
    import av

    try:
        with av.open(str(path)) as container:
            return _streams(container, path)
    except (av.FFmpegError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or error)
        raise BadFile(f"{path} cannot be read ({reason}): it is damaged, cut off or no recording.") from error


def _streams(container, path: Path) -> dict:
    video = container.streams.video[0] if container.streams.video else None
    audio = container.streams.audio[0] if container.streams.audio else None
    shown = samples = packet = 0
    loudest, times, heard = 0.0, [], None
    for piece in container.demux([s for s in (video, audio) if s is not None]):
        if piece.stream is video:
            shown += piece.size > 0
            if piece.pts is not None and piece.size:
                times.append(piece.pts)
            continue
        for frame in piece.decode():
            heard = float(frame.time or 0.0) if heard is None else heard
            samples, packet = samples + frame.samples, max(packet, frame.samples)
            if loudest < SILENT:
                block = frame.to_ndarray()
                full = 1.0 if block.dtype.kind == "f" else 32768.0
                loudest = max(loudest, float(abs(block.astype("float32")).max(initial=0.0)) / full)
    claimed = 0 if video is None else video.frames
    if shown < claimed:
        raise BadFile(f"{path} is cut off: {shown} of {claimed} pictures are there.")
    if video is None and audio is None:
        raise BadFile(f"{path} holds neither sound nor pictures.")
    facts: dict = {}
    if video is not None:
        if not shown:
            raise BadFile(f"{path} holds no pictures.")
        facts |= {"shown": shown, **_pictures(video, times, shown, heard)}
    if audio is not None and samples:
        facts |= {"samples": length_at_16_khz(samples, int(audio.rate)), "rate": int(audio.rate)}
        facts |= {"channels": int(audio.channels), "packet": length_at_16_khz(packet, int(audio.rate))}
        if loudest < SILENT:
            raise BadFile(f"The sound of {path} is silent from beginning to end.")
    return {"samples": 0, **facts}


def _pictures(video, stamps: list[int], shown: int, heard: float | None) -> dict:
    """Rate, number at 25 fps and end of the pictures; where not all have a time stamp they are taken as even."""
    fps = float(video.average_rate or FPS)
    times = np.sort(stamps) * float(video.time_base)
    if len(times) < shown:
        times = (times[0] if len(times) else 0.0) + np.arange(shown) / fps
    zero = times[0] if heard is None else heard
    step = float(np.median(np.diff(times))) if shown > 1 else 1 / fps
    ends = max(0, round((times[-1] + step - zero) * RATE))
    return {"fps": round(fps, 4), "frames": len(slots(times, zero, float(FPS))[0]), "ends": ends}


def _check_picture(path: Path) -> None:
    """Decode it: a cut jpeg opens well. Raises `BadFile`."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadFile(f"{path} cannot be read as a picture: it is damaged or cut off ({error}).") from error
