"""Who is seen in a film: faces found in every few frames, linked over time, and the one that is followed.

Whole pictures are looked at every `STRIDE` frames only, and no larger than `LONGEST` pixels; where no face is found in
any of them, once more at full size. Faces of looks that follow each other are of one person where their boxes overlap.

Conventions: a box is left, top, right, bottom in pixels of the picture as it is shown; frames count at 25 a second.

Contents: `Trail`, `look`, `choose`, `overlap`.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from ...errors import BadFile
from ...signal.film import Film
from .dlib68 import SMALL, Dlib68

STRIDE = 8  # frames: a third of a second
LONGEST = 960  # pixels
SAME = 0.3  # overlap from which on two boxes are one face
PATIENCE = 3  # looks that a face may be missed for
NEAR = 0.1  # overlap with the user's box that a face needs


@dataclass(eq=False)
class Trail:
    """One face over time: `frames` at which it was found, and its `boxes` there, `[4]` each."""

    frames: list[int] = field(default_factory=list)
    boxes: list[np.ndarray] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """Large and long: the sum of the widths."""
        return float(sum(box[2] - box[0] for box in self.boxes))


def look(film: Film, finder: Dlib68) -> tuple[list[Trail], np.ndarray]:
    """Every face of a film.

    Args:
        film: whose frames are looked at.
        finder: of faces.

    Returns:
        The trails, and `[F]` int: how many faces were seen at the last look. A face seen at one look only is taken for
        an error of the detector where there are more than two looks.
    """
    keys = np.zeros(len(film), bool)
    keys[::STRIDE] = keys[-1] = True
    largest = max(film.facts.width, film.facts.height)
    found = _boxes(film, finder, keys, min(1.0, LONGEST / largest), 0)
    if not any(map(len, found)):
        doublings = int(min(film.facts.width, film.facts.height) < SMALL)
        if doublings or largest > LONGEST:
            found = _boxes(film, finder, keys, 1.0, doublings)
    frames = np.flatnonzero(keys)
    trails = _link(frames, found)
    if len(frames) > 2 and any(len(t.frames) > 1 for t in trails):
        trails = [t for t in trails if len(t.frames) > 1]
    seen = Counter(frame for t in trails for frame in t.frames)
    return trails, np.array([seen[frames[np.searchsorted(frames, f, side="right") - 1]] for f in range(len(film))])


def choose(trails: list[Trail], box: np.ndarray | None, name: str) -> Trail:
    """The face that is meant.

    Args:
        trails: of `look`, at least one.
        box: `[F, 4]`, where the face is; None takes the largest and longest.
        name: of the file, for the message.

    Raises:
        BadFile: no face is near the box.
    """
    if box is None:
        # Between equals the one further left: the choice must not hang on the detector's order.
        return max(trails, key=lambda t: (t.weight, -t.boxes[0][0]))

    def near(trail: Trail) -> float:
        return sum(overlap(box[f], b) for f, b in zip(trail.frames, trail.boxes, strict=True))

    best = max(trails, key=near)
    if near(best) < NEAR * len(best.frames):
        raise BadFile(f"{name} shows no face where the box says, but {len(trails)} elsewhere.")
    return best


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Common area of two boxes over their joint area, 0 to 1."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (sides <= 0).any():
        return 0.0
    common = sides.prod()
    return float(common / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - common))


def _boxes(film: Film, finder: Dlib68, keys: np.ndarray, scale: float, doublings: int) -> list[np.ndarray]:
    """`[N, 4]` for every frame that is looked at."""

    def small(picture) -> np.ndarray:
        size = {"width": round(picture.width * scale), "height": round(picture.height * scale)}
        return picture.reformat(**size, format="gray").to_ndarray()

    return [finder.boxes(p, doublings) / scale for p in film.pictures(small, only=keys)]


def _link(frames: np.ndarray, found: list[np.ndarray]) -> list[Trail]:
    trails: list[Trail] = []
    for k, (frame, boxes) in enumerate(zip(frames.tolist(), found, strict=True)):
        oldest = frames[max(0, k - 1 - PATIENCE)]
        pairs = [
            (overlap(trail.boxes[-1], box), t, b)
            for t, trail in enumerate(trails)
            if trail.frames[-1] >= oldest
            for b, box in enumerate(boxes)
        ]
        free, waiting = set(range(len(boxes))), set(range(len(trails)))
        for much, t, b in sorted(pairs, reverse=True):
            if much >= SAME and t in waiting and b in free:
                trails[t].frames.append(frame)
                trails[t].boxes.append(boxes[b])
                waiting.remove(t)
                free.remove(b)
        trails += [Trail([frame], [boxes[b]]) for b in sorted(free)]
    return trails
