"""Files that every browser plays, with nothing in them that tells one system from another.

    sound      .wav, 16-bit, speech at `LEVEL_DB`
    picture    .png
    film       .webm, VP9, with the speech as Opus where there is any

Level decides preference where nothing else does, so all speech is played at one active level; where peaks would clip,
the gain is smaller. Every file carries the same tag, those of real recordings too: a tag on generated ones alone would
give them away.

Contents: `put`, `TYPES`, `levelled`.
"""

import io
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..signal.audio import active_level, resample, to_int16
from ..types import Audio, Video

LEVEL_DB = -26.0  # dB re full scale, as ITU-T P.800 tests are played
PEAK = 0.99
TAG = "From a listening test: this may be synthetic media, made by a program."
TYPES = {".wav": "audio", ".png": "image", ".webm": "video"}
OPUS_HZ = 48_000


def put(folder: Path, stem: str, thing: Audio | Video, speech: Audio | None = None) -> str:
    """Write a sound, a picture or a film.

    Args:
        folder: where to.
        stem: opaque name without suffix.
        thing: one frame is a picture.
        speech: what is heard with a film.

    Returns:
        The name of the file.
    """
    if isinstance(thing, Audio):
        return _sound(folder / f"{stem}.wav", levelled(thing))
    if len(thing.frames) == 1:
        return _picture(folder / f"{stem}.png", _rgb(thing)[0])
    return _film(folder / f"{stem}.webm", Video(_rgb(thing), thing.fps), speech and levelled(speech))


def levelled(audio: Audio) -> Audio:
    """The same sound at `LEVEL_DB`, or as near to it as its peaks allow; silence stays silence."""
    samples = np.asarray(audio.samples, np.float64)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0.0:
        return audio
    gain = min(10.0 ** ((LEVEL_DB - active_level(audio)) / 20.0), PEAK / peak)
    return Audio((gain * samples).astype(np.float32), audio.rate)


def _rgb(video: Video) -> np.ndarray:
    """`[F, H, W, 3]`."""
    return np.repeat(video.frames, 3, axis=3) if video.frames.shape[3] == 1 else video.frames


def _sound(path: Path, audio: Audio) -> str:
    import soundfile

    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", audio.rate, 1, subtype="PCM_16", format="WAV") as file:
        file.comment = TAG
        file.write(to_int16(audio.samples))
    return _keep(path, memory)


def _picture(path: Path, pixels: np.ndarray) -> str:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info, memory = PngInfo(), io.BytesIO()
    info.add_text("Comment", TAG)
    Image.fromarray(pixels).save(memory, "png", pnginfo=info)
    return _keep(path, memory)


def _film(path: Path, video: Video, speech: Audio | None) -> str:
    """One thread and fixed settings: equal films give equal bytes with the same libraries."""
    import av

    memory = io.BytesIO()
    with av.open(memory, "w", format="webm", options={"fflags": "+bitexact"}) as film:
        film.metadata["comment"] = TAG
        rate = Fraction(video.fps).limit_denominator(100_000)
        options = {"crf": "14", "b": "0", "deadline": "good", "cpu-used": "4", "flags": "+bitexact"}
        seen = film.add_stream("libvpx-vp9", rate=rate, options=options)
        seen.height, seen.width, seen.pix_fmt = *video.frames.shape[1:3], "yuv420p"
        seen.codec_context.thread_count = 1
        heard = (
            film.add_stream("libopus", rate=OPUS_HZ, layout="mono", options={"flags": "+bitexact"}) if speech else None
        )
        for picture in video.frames:
            film.mux(seen.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        film.mux(seen.encode(None))
        if heard is not None:
            pcm = to_int16(resample(speech, OPUS_HZ).samples)
            frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts = OPUS_HZ, 0
            film.mux(heard.encode(frame))
            film.mux(heard.encode(None))
    return _keep(path, memory)


def _keep(path: Path, memory: io.BytesIO) -> str:
    path.write_bytes(memory.getvalue())  # the folder as a whole is there or not
    return path.name
