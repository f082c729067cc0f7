"""From a video file to the crop of its face.

Conventions: time 0 is the first sample of the sound where there is any, else the first picture (`avbench.signal.film`),
so frame f belongs to samples 640·f to 640·f + 639 of the sound as it is read from the file.

Contents: `cut`, `mouth_of`, `cut_all`, `told`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from ...errors import AvbenchError, UnknownName
from ...signal.film import Film, grey, rgb
from ...signal.video import FPS
from ...types import Video
from . import kept
from .crops import STYLES, each_aligned
from .track import Track, find_track

SHOWN = 5
LONG = 128 << 20  # bytes of crops from which on they lie on the disk and not in memory


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
    if style not in STYLES:
        raise UnknownName("style of crop", style, STYLES)
    look = STYLES[style]
    key, shape = kept.key_of(path, style, box, template), (len(track.points), look.size, look.size, look.channels)

    def made() -> Iterator[np.ndarray]:
        pictures = Film(path, FPS).pictures(grey if look.channels == 1 else rgb)
        yield from each_aligned(pictures, track.points, style, template)

    if np.prod(shape) > LONG:
        return Video(kept.stack(key, shape, made()), float(FPS)), track
    frames = kept.read(key, lambda arrays: arrays["frames"])
    if frames is None:
        frames = np.stack(list(made()))
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
