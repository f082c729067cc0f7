"""Sound, films and pictures of a trial as every browser plays them, and spectrograms to look at.

    sound      WAV, 16 bit, at its own rate; louder than full scale is turned down, and the page says by how much
    film       MP4, H.264, with the sound of the trial; a picture of it stands there until it is played
    picture    PNG
    scores     the numbers of the answer, over what was wanted

Judges read the files of the run itself; these are copies for people. All spectrograms of a trial have one scale: their
loudest point is white, `RANGE` dB below it and less is black, time is as wide as the longest of them.

Contents: `Shelf`, `Take`, `spectrogram`.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import AvbenchError
from ...evaluation.answers import ANSWERS, TAG
from ...evaluation.runs import Run
from ...signal.audio import resample
from ...types import Audio, Trial, Video

TRIAL = re.compile(r"[a-z0-9][a-z0-9._-]{0,150}")
RANGE = 70.0  # dB
COLUMNS, BINS = 480, 128
WINDOW = 0.032  # seconds
AAC = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz


@dataclass(frozen=True)
class Take:
    """One thing of a trial that a page shows.

    Args:
        role: `input`, `wanted` or `answer`; the last is what the system made.
        title: for people.
        kind: `sound`, `film`, `picture`, `text` or `missing`.
        src: the file, relative to the folder of the page; empty where there is none.
        picture: spectrogram of a sound, first picture of a film.
        text: what is said, or why there is nothing.
        seconds: what the width of the spectrogram stands for.
        note: what was done to show it.
    """

    role: str
    title: str
    kind: str
    src: str = ""
    picture: str = ""
    text: str = ""
    seconds: float = 0.0
    note: str = ""


class Shelf:
    """The media folder of pages.

    Args:
        folder: where the pages lie; media go into `media/` there.
        name: of the run below it, so that several runs share one folder; may be empty.
    """

    def __init__(self, folder: Path, name: str = ""):
        self.folder = folder
        self.within = Path("media", name) if name else Path("media")

    def takes(self, run: Run, trial: str, staged: Trial | None) -> list[dict[str, Any]]:
        """Everything that can be shown of a trial, as the templates take it; empty where its name is no trial's."""
        if not TRIAL.fullmatch(trial) or run.folder is None:
            return []
        answer, why = _answer(run, trial)
        if answer is None and staged is None:
            return []
        things = [*_given(staged), ("answer", run.system, answer, why)]
        sounds = [thing for _, _, thing, _ in things if isinstance(thing, Audio)]
        pictures = dict(zip(map(id, sounds), _spectrograms(sounds), strict=True))
        seconds = max((one.seconds for one in sounds), default=0.0)
        heard = next((t for _, _, t, _ in things if isinstance(t, Audio)), None) if staged else None
        takes = []
        for i, (role, title, thing, why) in enumerate(things):
            stem = f"{trial}.{i}-{role}"
            if isinstance(thing, Audio):
                take = self._sound(stem, role, title, thing, pictures[id(thing)], seconds)
            elif isinstance(thing, Video):
                sound = staged.target.audio or heard if staged and role != "input" else None
                take = self._film(stem, role, title, thing, sound, run.head["synthetic"] or role == "answer")
            elif isinstance(thing, np.ndarray):
                take = Take(role, title, "text", text=_numbers(thing))
            elif thing is None:
                take = Take(role, title, "missing", text=why)
            else:
                take = Take(role, title, "text", text=str(thing))
            takes.append(asdict(take))
        return takes

    def _path(self, name: str) -> Path:
        path = self.folder / self.within / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _link(self, name: str) -> str:
        return (self.within / name).as_posix()

    def _sound(self, stem: str, role: str, title: str, audio: Audio, picture: bytes, seconds: float) -> Take:
        import soundfile

        samples, notes = np.nan_to_num(audio.samples, nan=0.0, posinf=0.0, neginf=0.0), []
        if not np.isfinite(audio.samples).all():
            notes.append("samples that are not finite are silent here")
        peak = float(np.abs(samples).max(initial=0.0))
        if peak > 1.0:
            samples = samples / np.float32(peak)
            notes.append(f"turned down by {20 * np.log10(peak):.1f} dB to fit")
        rate = min(audio.rate, 192_000)
        soundfile.write(self._path(f"{stem}.wav"), samples, rate, subtype="PCM_16")
        self._path(f"{stem}.png").write_bytes(picture)
        about = f"{audio.rate / 1000:g} kHz"
        return Take(
            role, title, "sound", self._link(f"{stem}.wav"), self._link(f"{stem}.png"), about, round(seconds, 3),
            "; ".join(notes),
        )  # fmt: skip

    def _film(self, stem: str, role: str, title: str, video: Video, sound: Audio | None, tagged: bool) -> Take:
        still = f"{stem}.png"
        self._path(still).write_bytes(_png(video.frames[len(video.frames) // 2 if len(video.frames) > 1 else 0]))
        size = f"{video.frames.shape[2]} × {video.frames.shape[1]}"
        if len(video.frames) == 1:
            return Take(role, title, "picture", self._link(still), text=size)
        _write_mp4(self._path(f"{stem}.mp4"), video, sound, tagged)
        about = f"{size}, {video.fps:g} pictures a second"
        return Take(role, title, "film", self._link(f"{stem}.mp4"), self._link(still), about, video.seconds)


def _given(staged: Trial | None) -> list[tuple[str, str, Any, str]]:
    """Role, title and thing of everything that a trial gives and wants."""
    if staged is None:
        return []
    given, wanted = staged.input, staged.target
    things = [("input", "what it hears", given.audio), ("input", "what it sees", given.video)]
    things += [("input", "the face it is given", given.face)]
    things += [("input", f"reference: {role}", thing) for role, thing in sorted(given.references.items())]
    things += [("input", f"wanted {name}", value) for name, value in sorted(given.wanted.items())]
    things += [("wanted", "what is wanted", wanted.audio), ("wanted", "what is wanted", wanted.video)]
    things += [("wanted", "what is said", wanted.text)]
    labels = None if wanted.labels is None else wanted.labels.astype(np.float32)
    things += [("wanted", "what is right", labels)]
    things += [("wanted", "the wanted voice", wanted.voices[0] if wanted.voices else None)]
    return [(role, title, thing, "") for role, title, thing in things if thing is not None]


def _answer(run: Run, trial: str) -> tuple[Any, str]:
    """The saved answer, or why there is none."""
    kind = ANSWERS[run.head["answer"]]
    path = run.record.prediction(trial, kind)
    if not path.is_file():
        return None, "There is no saved answer to this trial."
    try:
        return kind.read(path), ""
    except (AvbenchError, ValueError) as error:
        return None, f"The saved answer cannot be read: {type(error).__name__}."


def spectrogram(audio: Audio) -> np.ndarray:
    """Power in dB, `[bins, columns]`, low frequencies first; windows of 32 ms, at most 480 columns and 128 bins."""
    size = 2 * max(BINS, round(WINDOW * audio.rate / 2))
    samples = np.nan_to_num(audio.samples.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    padded = np.concatenate([samples, np.zeros(max(0, size - len(samples)))])
    starts = np.linspace(0, len(padded) - size, min(COLUMNS, max(1, (len(padded) - size) // (size // 8) + 1))).astype(
        int
    )
    frames = padded[starts[:, None] + np.arange(size)] * np.hanning(size)
    power = np.square(np.abs(np.fft.rfft(frames)[:, : size // 2]))
    edges = np.linspace(0, size // 2, BINS + 1).astype(int)
    pooled = np.maximum.reduceat(power, edges[:-1], axis=1).T
    return 10.0 * np.log10(pooled + 1e-12)


def _spectrograms(sounds: Sequence[Audio]) -> list[bytes]:
    """PNG of each sound, with one scale of level and of time."""
    levels = [spectrogram(sound) for sound in sounds]
    top = max((float(level.max()) for level in levels), default=0.0)
    longest = max((sound.seconds for sound in sounds), default=0.0) or 1.0
    palette = _palette()
    found = []
    for sound, level in zip(sounds, levels, strict=True):
        shade = np.clip((level - top + RANGE) / RANGE * 255.0, 0, 255).astype(np.uint8)[::-1]
        filled = max(1, round(COLUMNS * sound.seconds / longest))
        image = np.zeros((BINS, COLUMNS), np.uint8)
        image[:, :filled] = shade[:, np.linspace(0, shade.shape[1] - 1, filled).round().astype(int)]
        found.append(_png(image, palette))
    return found


@cache
def _palette() -> tuple[int, ...]:
    """256 colours from black over red to a light yellow, as flat RGB."""
    from matplotlib import colormaps

    return tuple(colormaps["magma"](np.arange(256), bytes=True)[:, :3].ravel().tolist())


def _png(pixels: np.ndarray, palette: Sequence[int] | None = None) -> bytes:
    from PIL import Image

    if palette is None and pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if palette is not None:
        image.putpalette(list(palette))
    memory = io.BytesIO()
    image.save(memory, "PNG", compress_level=6)
    return memory.getvalue()


def _write_mp4(path: Path, video: Video, sound: Audio | None, tagged: bool) -> None:
    """H.264 with an even number of pixels, AAC beside it; equal frames give equal bytes with the same libraries."""
    import av

    frames = np.repeat(video.frames, 3, axis=3) if video.frames.shape[3] == 1 else video.frames
    height, width = (side + side % 2 for side in frames.shape[1:3])
    frames = np.pad(frames, ((0, 0), (0, height - frames.shape[1]), (0, width - frames.shape[2]), (0, 0)), "edge")
    # Into a file, and not into memory, because the table of contents moves to the front once all is written.
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact", "movflags": "+faststart"}) as film:
        if tagged:
            film.metadata["comment"] = TAG
        pictures = film.add_stream("libx264", rate=Fraction(video.fps).limit_denominator(1000))
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuv420p"
        pictures.options = {"crf": "20", "preset": "veryfast", "threads": "1"}
        pictures.codec_context.thread_count = 1
        voice = None
        if sound is not None and len(sound.samples):
            sound = sound if sound.rate in AAC else resample(sound, 48_000)
            voice = film.add_stream("aac", rate=sound.rate)
            voice.layout = "mono"
        for picture in frames:
            film.mux(pictures.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        film.mux(pictures.encode(None))
        if voice is not None:
            _mux_sound(film, voice, sound)


def _mux_sound(film: Any, voice: Any, sound: Audio) -> None:
    import av

    samples = np.clip(np.nan_to_num(sound.samples), -1.0, 1.0)[None, :]
    for start in range(0, samples.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, start : start + 1024]), "fltp", "mono")
        frame.sample_rate, frame.pts = sound.rate, start
        frame.time_base = Fraction(1, sound.rate)
        film.mux(voice.encode(frame))
    film.mux(voice.encode(None))


def _numbers(scores: np.ndarray) -> str:
    """Scores as text: how many, and the first ones."""
    head = " ".join(f"{value:.3g}" for value in scores[:40])
    return f"{len(scores)} numbers: {head}{' …' if len(scores) > 40 else ''}"


def media_of(takes: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Takes by trial as the script of a page gets them: without what is empty."""
    return {trial: [{k: v for k, v in take.items() if v} for take in each] for trial, each in takes.items() if each}
