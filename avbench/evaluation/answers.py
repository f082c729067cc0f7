"""What systems answer with: how an answer is taken from a prediction, kept in a file, and read again to be judged.

    audio    sound                                 .wav, 32-bit float at its own rate
    text     what is said                          .txt, UTF-8
    video    a film, or a picture as one frame     .mkv, FFV1, without loss
    scores   one number for each picture           .txt, a line for each

Answers are judged as they were saved, so nothing here mends them: NaNs, lengths and rates come back as they were given.
Of answers that were made elsewhere other files are taken too: .npy for scores, .mp4 and .png for video.

Contents: `AnswerKind`, `ANSWERS`, `seconds_of`, `key_of`.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadFile, EstimateFault
from ..signal.files import atomic_write, digest
from ..types import Audio, Inputs, Prediction, Target, Video

FASTEST_HZ = 10_000_000
FPS = (1, 240)  # between them Matroska's milliseconds tell frames apart
SIDES = (4, 4096)  # pixels that FFV1 takes
TAG = "Synthetic media: what is seen here was made by a program."


@dataclass(frozen=True)
class AnswerKind:
    """A kind of answer.

    Args:
        name: also the field of `Prediction` that holds it.
        suffixes: of files that can hold one; the first is what a run keeps.
        made_anew: the same without what a system may have hung on it; raises anything for what cannot be used.
        write: into a file.
        read: from a file; raises `BadFile`.
        kinds: of metrics that can judge it.
    """

    name: str
    suffixes: tuple[str, ...]
    made_anew: Callable[[Any], Any]
    write: Callable[[Path, Any], None]
    read: Callable[[Path], Any]
    kinds: tuple[str, ...]

    def take(self, prediction: Prediction) -> Any:
        """The answer of a prediction.

        Raises:
            EstimateFault: there is none, or none that can be used.
        """
        from ..registry import said

        found = getattr(prediction, self.name, None)
        if found is None:
            raise EstimateFault(f"the system gave no {self.name}")
        try:
            return self.made_anew(found)
        except Exception as error:  # what a system has put there may raise anything
            raise EstimateFault(f"the system gave no {self.name} that can be used ({said(error)})") from error


def _audio(found: Any) -> Audio:
    if not isinstance(found, Audio):
        raise TypeError(f"{type(found).__name__} is no avbench.types.Audio")
    if not found.rate <= FASTEST_HZ:
        raise ValueError(f"a rate of {found.rate} Hz cannot be kept")
    return Audio(np.ascontiguousarray(found.samples, np.float32), int(found.rate))


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{type(found).__name__} is no text")
    found = str.__str__(found)  # not what a class of the system's own makes of it
    found.encode()  # a lone surrogate cannot be written down
    return found


def _video(found: Any) -> Video:
    if not isinstance(found, Video):
        raise TypeError(f"{type(found).__name__} is no avbench.types.Video")
    frames = np.ascontiguousarray(found.frames)
    if 0 in frames.shape or frames.shape[3] != 3:
        raise ValueError(f"frames must be [F, H, W, 3], and not {list(frames.shape)}")
    if not (SIDES[0] <= min(frames.shape[1:3]) and max(frames.shape[1:3]) <= SIDES[1]):
        raise ValueError(
            f"sides of {frames.shape[1]} and {frames.shape[2]} cannot be kept, only {SIDES[0]} to {SIDES[1]}"
        )
    if not FPS[0] <= found.fps <= FPS[1]:
        raise ValueError(f"{found.fps:g} frames a second cannot be kept, only {FPS[0]} to {FPS[1]}")
    return Video(frames, float(found.fps))


def _scores(found: Any) -> np.ndarray:
    scores = np.array(found, np.float32)
    if scores.ndim != 1:
        raise ValueError(f"scores must be one number for each picture, and not of shape {list(scores.shape)}")
    return scores


def _write_audio(path: Path, audio: Audio) -> None:
    from ..signal.audio import write_wav

    write_wav(path, audio, subtype="FLOAT")


def _read_audio(path: Path) -> Audio:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise BadFile(f"{path} cannot be read as sound: {error}.") from error
    if samples.ndim != 1:
        raise BadFile(f"{path} has {samples.shape[1]} channels, not 1.")
    return Audio(np.ascontiguousarray(samples), int(rate))


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as file:
        file.write(text.encode())


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise BadFile(f"{path} is not UTF-8 text: {error}.") from error


def _write_scores(path: Path, scores: np.ndarray) -> None:
    _write_text(path, "".join(f"{score!s}\n" for score in scores))  # the shortest text that reads as the same float32


def _read_scores(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        from .pairing import NUMBERS, Source
        from .reading import read

        return _scores(read(NUMBERS, Source(path)))
    try:
        return np.array([np.float32(line) for line in _read_text(path).split()], np.float32)
    except ValueError as error:
        raise BadFile(f"{path} does not hold one number a line: {error}.") from error


def _write_video(path: Path, video: Video) -> None:
    """FFV1 in Matroska, each picture by itself; equal frames give equal bytes with the same libraries."""
    import av

    memory = io.BytesIO()
    with av.open(memory, "w", format="matroska", options={"fflags": "+bitexact"}) as film:
        film.metadata["comment"] = TAG
        stream = film.add_stream("ffv1", rate=Fraction(video.fps).limit_denominator(100_000), options={"level": "3"})
        stream.height, stream.width, stream.pix_fmt = *video.frames.shape[1:3], "bgr0"
        stream.codec_context.thread_count, stream.codec_context.gop_size = 1, 1
        for picture in video.frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")):
                film.mux(packet)
        film.mux(stream.encode(None))
    with atomic_write(path) as file:
        file.write(memory.getvalue())


def _read_video(path: Path) -> Video:
    from .pairing import PICTURES, Source
    from .reading import read

    return read(PICTURES, Source(path))


ANSWERS = {
    kind.name: kind
    for kind in (
        AnswerKind("audio", (".wav",), _audio, _write_audio, _read_audio, ("sound", "speech", "voice", "spoken")),
        AnswerKind("text", (".txt",), _text, _write_text, _read_text, ("text",)),
        AnswerKind("video", (".mkv", ".mp4", ".png"), _video, _write_video, _read_video, ("frames", "faces", "lips")),
        AnswerKind("scores", (".txt", ".npy"), _scores, _write_scores, _read_scores, ("detection",)),
    )
}


def seconds_of(inputs: Inputs) -> float:
    """How long what a trial plays or shows lasts; 0 for single pictures."""
    for signal in (inputs.audio, inputs.video, inputs.face):
        if signal is not None and (not isinstance(signal, Video) or len(signal.frames) > 1):
            return signal.seconds
    return 0.0


def key_of(target: Target) -> str:
    """Equal for targets that no judge can tell apart."""
    parts = [repr(target.text)]
    for thing in (target.audio, target.video, target.labels, *target.voices):
        if isinstance(thing, Audio):
            parts.append(f"{thing.rate} {digest(np.ascontiguousarray(thing.samples))}")
        elif isinstance(thing, Video):
            parts.append(f"{thing.fps} {thing.frames.shape} {digest(np.ascontiguousarray(thing.frames))}")
        else:
            parts.append("-" if thing is None else digest(np.ascontiguousarray(thing)))
    return " ".join(parts)
