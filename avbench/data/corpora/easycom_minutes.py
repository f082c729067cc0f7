"""What EasyCom's annotations of one minute say: who speaks when, whose face is where, and windows of it.

A *window* is `WINDOW` seconds of a minute, one after the other from its beginning. A face has a track in a window where
it is seen throughout: gaps of at most `GAP` pictures are bridged by a line between the boxes around (at the ends by the
nearest box); a face that is lost for longer has no track there, so that no label is about a face that nobody sees.

Conventions: the film's pictures are numbered from 1, 20 a second; a turn lasts from the beginning of its first picture
to the end of its last one. Boxes are left, top, right, bottom in pixels of the film. Frames are counted from 0 at 25 a
second: frame f of a window shows picture 4 f / 5 of it, rounded down, and its label is that of its middle.

Sources: the README of facebookresearch/EasyComDataset; that numbers begin at 1, the key `Frame_Number`, and that a
single participant may stand there without a list, from espnet: egs2/easycom/avsr1/local/preprocessing.py.

Contents: `Turn`, `read_turns`, `read_boxes`, `followed`, `faces_of`, `labels_of`, `pictures_of`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import BadFile
from ...signal.video import FPS as OUT
from .tree import read_text

FPS = 20
WINDOW = 5.0  # seconds
PICTURES = round(WINDOW * FPS)
FRAMES = round(WINDOW * OUT)
GAP = 10  # pictures, half a second


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance: whose, its first and its last picture, what is said with its marks, and to whom."""

    person: str
    first: int
    last: int
    text: str
    target: str


def read_turns(path: Path) -> list[Turn]:
    """Every utterance of a minute, in the order of the file.

    Raises:
        MissingResource, BadFile: it cannot be read, or has another form.
    """
    try:
        return [
            Turn(
                str(row["Participant_ID"]),
                int(row["Start_Frame"]),
                int(row["End_Frame"]),
                str(row["Transcription"]),
                str(row.get("Target_of_Speech")),
            )
            for row in _listed(json.loads(read_text(path)))
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadFile(f"{path} is no list of utterances with Participant_ID, Start_Frame, …: {error!r}.") from error


def read_boxes(path: Path) -> dict[str, np.ndarray]:
    """Where the face of every participant is.

    Returns:
        By participant `[N, 4]` float64, row k of picture k + 1; NaN where the face is not seen.

    Raises:
        MissingResource, BadFile: it cannot be read, or has another form.
    """
    try:
        rows = [
            (int(row["Frame_Number"]), [(str(p["Participant_ID"]), _box(p)) for p in _listed(row["Participants"])])
            for row in _listed(json.loads(read_text(path)))
        ]
        if min((number for number, _ in rows), default=1) < 1:
            raise ValueError("a Frame_Number below 1")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadFile(f"{path} is no list of pictures with Frame_Number and Participants: {error!r}.") from error
    count = max((number for number, _ in rows), default=0)
    found = {person: np.full((count, 4), np.nan) for _, seen in rows for person, _ in seen}
    for number, seen in rows:
        for person, box in seen:
            if box[2] > box[0] and box[3] > box[1]:
                found[person][number - 1] = box
    return dict(sorted(found.items()))


def followed(boxes: np.ndarray) -> np.ndarray | None:
    """`[N, 4]` boxes without gaps, or None where the face is lost for more than `GAP` pictures."""
    seen = np.flatnonzero(np.isfinite(boxes[:, 0]))
    edges = np.concatenate([[-1], seen, [len(boxes)]])
    if not len(seen) or np.diff(edges).max() - 1 > GAP:
        return None
    return np.stack([np.interp(np.arange(len(boxes)), seen, edge) for edge in boxes[seen].T], axis=1)


def faces_of(boxes: dict[str, np.ndarray]) -> list[tuple[list[str], list[str]]]:
    """Of every whole window, who has a track in it, and who is seen but lost too long for one."""
    count = max(map(len, boxes.values()), default=0) // PICTURES
    windows = []
    for window in range(count):
        parts = {p: b[window * PICTURES : (window + 1) * PICTURES] for p, b in boxes.items()}
        whole = [p for p, part in parts.items() if followed(part) is not None]
        lost = [p for p, part in parts.items() if p not in whole and np.isfinite(part).any()]
        windows.append((whole, lost))
    return windows


def labels_of(turns: list[Turn], person: str, window: int) -> np.ndarray:
    """`[125]` bool: whether somebody speaks, by the annotation, in the middle of each frame of a window."""
    middle = np.floor((np.arange(FRAMES) + 0.5) * FPS / OUT).astype(int) + window * PICTURES + 1
    spoken = np.zeros(FRAMES, bool)
    for turn in turns:
        if turn.person == person:
            spoken |= (turn.first <= middle) & (middle <= turn.last)
    return spoken


def pictures_of() -> np.ndarray:
    """`[125]` int: which picture of a window each of its frames shows, from 0."""
    return np.arange(FRAMES) * FPS // OUT


def _listed(rows: Any) -> list:
    """A list of one may stand without its brackets."""
    if isinstance(rows, dict):
        return [rows]
    if not isinstance(rows, list):
        raise TypeError(f"{type(rows).__name__} where a list is needed")
    return rows


def _box(row: dict[str, Any]) -> np.ndarray:
    return np.array([float(row[edge]) for edge in ("x1", "y1", "x2", "y2")])
