"""The track of one face through a video file: 68 points per frame, and what was seen.

Contents: `Track`, `NoFace`, `find_track`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import BadFile, UsageError
from ...signal.film import Film
from . import kept
from .dlib68 import finder
from .follow import boxes_of, hold, points_of
from .look import choose, look


class NoFace(BadFile):
    """No face in any frame of a video."""


@dataclass(frozen=True, eq=False)
class Track:
    """One face through a film at 25 frames a second.

    Args:
        points: `[F, 68, 2]` float32 in pixels of the picture as it is shown; smoothed. Where the face is not seen they
            lie on a line between the frames around, and at the ends they are those of the nearest frame.
        found: `[F]` bool: the face was really seen.
        faces: `[F]` int: how many faces were seen when the whole picture was last looked at.
        notes: sentences on what was changed, missed or chosen; none where there is nothing to say.
    """

    points: np.ndarray
    found: np.ndarray
    faces: np.ndarray
    notes: tuple[str, ...]

    @property
    def missed(self) -> int:
        """Frames in which the face is not seen."""
        return int((~self.found).sum())


def find_track(path: str | Path, *, box: np.ndarray | None = None) -> Track:
    """Find and follow a face; kept in the cache by the digests of the file and of everything that decides the result.

    Args:
        path: a video file.
        box: left, top, right, bottom of the face in pixels: `[4]`, or `[F, 4]` per frame at 25 a second; it chooses
            between several faces. None takes the largest and longest seen.

    Raises:
        MissingResource: no such file; or the extra `faces` is not installed, and the sentence says how to.
        BadFile: not a video, damaged, or no face where the box says.
        NoFace: no face in any frame.
        UsageError: a box of another shape.
    """
    path = Path(path)
    key = kept.key_of(path, "track", box)
    track = kept.read(key, _unpacked)
    if track is None:
        with kept.making(key):
            track = kept.read(key, _unpacked)  # another process may have made it meanwhile
            if track is None:
                track = _find(Film(path), box)
                kept.write(key, points=track.points, found=track.found, faces=track.faces, notes=np.array(track.notes))
    if not track.found.any():
        raise NoFace(f"{path} shows no face in any of its {len(track.found)} frames.")
    return track


def _find(film: Film, box: np.ndarray | None) -> Track:
    count, dlib = len(film), finder()
    trails, faces = look(film, dlib)
    if not trails:
        nothing = np.full((count, 68, 2), np.nan, np.float32)
        return Track(nothing, np.zeros(count, bool), faces, film.facts.notes)
    trail = choose(trails, _as_boxes(box, count), film.path.name)
    with hold(film, trail) as region:
        boxes, found = boxes_of(region, trail, dlib)
        points = points_of(region, boxes, found, dlib).astype(np.float32)
    return Track(points, found, faces, (*film.facts.notes, *_said(film.path.name, found, faces, len(trails), box)))


def _said(name: str, found: np.ndarray, faces: np.ndarray, others: int, box) -> list[str]:
    """Sentences on what was missed and chosen."""
    notes = []
    if not found.all():
        notes.append(
            f"{name} shows no face in {(~found).sum()} of {len(found)} frames: their points lie between those around."
        )
    if others > 1:
        chosen = "the one nearest to the given box" if box is not None else "the largest and longest seen"
        notes.append(f"{name} shows {others} faces, up to {faces.max()} at once: {chosen} was taken.")
    return notes


def _as_boxes(box: np.ndarray | None, count: int) -> np.ndarray | None:
    if box is None:
        return None
    box = np.asarray(box, np.float64)
    if box.shape == (4,):
        return np.broadcast_to(box, (count, 4))
    if box.ndim != 2 or box.shape[1] != 4 or len(box) == 0:
        raise UsageError(f"A box is left, top, right, bottom, [4] or [F, 4], not {list(box.shape)}.")
    return box[np.minimum(np.arange(count), len(box) - 1)]


def _unpacked(arrays) -> Track:
    return Track(arrays["points"], arrays["found"], arrays["faces"], tuple(str(n) for n in arrays["notes"]))
