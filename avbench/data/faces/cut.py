"""From a video file to its frames, its sound, or the crop of its face.

Conventions: time 0 is the first sample of the sound where there is any, else the first picture (`avbench.signal.film`),
so frame f belongs to samples 640·f to 640·f + 639 of the sound as it is read from the file.

Contents: `decode`, `sound_of`, `cut`, `mouth_of`, `cut_all`, `told`.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from ...errors import AvbenchError
from ...signal.audio import RATE, read_audio, resample
from ...signal.film import Facts, Film, grey, rgb
from ...signal.video import FPS
from ...types import Audio, Video
from . import kept
from .crops import STYLES, aligned
from .track import Track, find_track

SHOWN = 5


def decode(path: str | Path, colour: bool = True) -> tuple[Video, Facts]:
    """Every frame at 25 a second, and what was done to bring them there.

    Args:
        path: a video file.
        colour: RGB, or grey.

    Returns:
        `[F, H, W, 3 or 1]`, as it is shown (turned as the file asks).

    Raises:
        MissingResource, BadFile: see `avbench.signal.film.Film`.
    """
    film, frames = Film(path, FPS), None
    for number, picture in enumerate(film.pictures(rgb if colour else grey)):
        frames = np.empty((len(film), *picture.shape), np.uint8) if frames is None else frames
        frames[number] = picture  # one array from the beginning: a list of frames and their stack would be two films
    return Video(frames, float(FPS)), film.facts


def sound_of(path: str | Path, origin: str = "sound") -> Audio:
    """The sound of a video file: mono, 16 kHz.

    Args:
        path: a video file.
        origin: `"sound"`: from its first sample, which is where `decode` counts from. `"picture"`: from the moment of
            the first picture; what comes before it is cut, and silence put where the sound begins later.

    Raises:
        MissingResource, BadFile: see `avbench.signal.audio.read_channels`; a file without sound is a `BadFile`.
    """
    audio = resample(read_audio(path))
    if origin == "sound":
        return audio
    late = round(Film(path, FPS).facts.late * RATE)
    samples = audio.samples[late:] if late > 0 else np.concatenate([np.zeros(-late, np.float32), audio.samples])
    return Audio(np.ascontiguousarray(samples), RATE)


def cut(
    path: str | Path, style: str = "mutud", *, box: np.ndarray | None = None, template: np.ndarray | None = None
) -> tuple[Video, Track]:
    """The face of a video file, cut and aligned; kept in the cache.

    Args:
        path: a video file.
        style: of `avbench.data.faces.STYLES`.
        box: which face, as for `find_track`.
        template: as for `aligned`.

    Returns:
        `[F, size, size, 1 or 3]` at 25 fps, and the track that it was cut by.

    Raises:
        MissingResource, BadFile, NoFace, UsageError: see `find_track` and `aligned`.
    """
    path = Path(path)
    track = find_track(path, box=box)
    key = kept.key_of(path, style, box, template)
    frames = kept.read(key, lambda arrays: arrays["frames"])
    if frames is None:
        film = Film(path, FPS)
        pictures = film.pictures(grey if style in STYLES and STYLES[style].channels == 1 else rgb)
        frames = aligned(pictures, track.points, style, template)
        kept.write(key, frames=frames)
    return Video(frames, float(FPS)), track


def mouth_of(path: str | Path, *, box: np.ndarray | None = None) -> tuple[Video, Track]:
    """The mouth as MUTUD wants it: `[F, 88, 88, 1]` at 25 fps, and its track. Arguments and errors as for `cut`."""
    return cut(path, "mutud", box=box)


def cut_all(
    paths: Iterable[Path],
    style: str = "mutud",
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[Path, Track | AvbenchError]:
    """Cut many files ahead of time, several at once.

    Args:
        paths: video files.
        style: of `STYLES`.
        workers: threads (dlib and FFmpeg let go of the interpreter while they work); as many as processors unless
            given.
        progress: called with how many are done and how many there are.

    Returns:
        Of each file its track, or what is wrong with it.

    Raises:
        MissingResource: the extra `faces` is not installed, or the cache cannot be written.
    """
    from .dlib68 import finder

    paths = list(dict.fromkeys(paths))
    finder()
    done: dict[Path, Track | AvbenchError] = {}
    with ThreadPoolExecutor(kept.workers(workers, len(paths))) as pool:
        jobs = {pool.submit(_track_or_fault, path, style): path for path in paths}
        for number, job in enumerate(as_completed(jobs), start=1):
            done[jobs[job]] = job.result()
            if progress is not None:
                progress(number, len(paths))
    return {path: done[path] for path in paths}


def told(tracks: Mapping[Path, Track | AvbenchError]) -> tuple[str, ...]:
    """Sentences on many tracks: how many give no mouth, how many frames lack a face, and the first notes."""
    whole = [t for t in tracks.values() if isinstance(t, Track)]
    frames, missed = sum(len(t.found) for t in whole), sum(t.missed for t in whole)
    said = []
    if faults := [str(t) for t in tracks.values() if not isinstance(t, Track)]:
        said.append(f"{len(faults)} of {len(tracks)} videos give no mouth; the first: {faults[0]}")
    if missed:
        clips = sum(t.missed > 0 for t in whole)
        said.append(
            f"{missed} of {frames} frames, in {clips} of {len(whole)} videos, show no face: points lie between."
        )
    notes = [note for t in whole for note in t.notes]
    shown = notes if len(notes) <= SHOWN else [*notes[:SHOWN], f"… and {len(notes) - SHOWN} more of the kind."]
    return (*said, *shown)


def _track_or_fault(path: Path, style: str) -> Track | AvbenchError:
    try:
        return cut(path, style)[1]
    except AvbenchError as error:
        return error
