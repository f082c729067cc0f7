"""Light-ASD on films of the user's own: when does the person in the picture speak?

    python -m avbench.baselines.light_asd.films FILM… [--weights FILE] [--out DIR]

The largest face that is seen longest is found and followed (extra `faces`), cut as a square around its 68 points, of
one size through the film, and scored with the film's sound: one score a picture, 25 a second; above 0 the net takes the
face for a speaker. `--out` keeps them, a line each, with the time in seconds. There is no truth to hold them against,
so there is no precision either.

Contents: `Scored`, `score_film`, `stretches`, `main`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avbench.data.faces import find_track
from avbench.errors import AvbenchError, BadFile, UsageError
from avbench.registry import open_system
from avbench.signal.audio import read_audio, resample
from avbench.signal.files import atomic_write
from avbench.signal.film import Film, grey
from avbench.types import Audio, Inputs, Video

RATE, FPS = 16000, 25.0
AROUND = 1.1  # side of the square, in sides of the box around the points


@dataclass(frozen=True)
class Scored:
    """A film's scores.

    Args:
        scores: `[F]` float32, one a picture at 25 a second.
        notes: what was changed, missed or chosen, sentences.
    """

    scores: np.ndarray
    notes: tuple[str, ...]


def score_film(system, path: Path) -> Scored:
    """Score the main face of a film.

    Args:
        system: a detector that listens and looks.
        path: a video file with sound.

    Raises:
        BadFile: no film, no sound, no face.
        MissingResource: no such file, or the extra `faces` is not installed.
    """
    sound = resample(read_audio(path), RATE)
    track = find_track(path)
    low, high = track.points.min(1), track.points.max(1)
    side = max(2, int(AROUND * np.median((high - low).max(1))) // 2 * 2)
    corners = np.rint((low + high) / 2 - side / 2).astype(int)
    pictures = Film(path, FPS).pictures(grey)
    frames = np.stack([_square(picture, corner, side) for picture, corner in zip(pictures, corners, strict=True)])
    inputs = Inputs(path.stem, Audio(sound.samples, RATE), None, 0, face=Video(frames[..., None], FPS))
    return Scored(system.predict([inputs])[0].scores, track.notes)


def _square(picture: np.ndarray, corner: np.ndarray, side: int) -> np.ndarray:
    """`[side, side]` uint8 from a picture; black where it ends."""
    picture = picture.reshape(picture.shape[:2])
    out = np.zeros((side, side), np.uint8)
    (left, top), (height, width) = corner, picture.shape
    x0, x1, y0, y1 = max(0, left), min(width, left + side), max(0, top), min(height, top + side)
    if x0 < x1 and y0 < y1:
        out[y0 - top : y1 - top, x0 - left : x1 - left] = picture[y0:y1, x0:x1]
    return out


def stretches(scores: np.ndarray, fps: float = FPS) -> list[tuple[float, float]]:
    """Beginning and end in seconds of every stretch of scores above 0.

    Example:
        >>> stretches(np.array([-1.0, 1.0, 2.0, -1.0, 3.0]), 1.0)
        [(1.0, 3.0), (4.0, 5.0)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], scores > 0, [0]]).astype(int)))
    return [(float(a / fps), float(b / fps)) for a, b in edges.reshape(-1, 2)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    what = __doc__.split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m avbench.baselines.light_asd.films", description=what)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--weights", type=Path, help="the file that the authors publish")
    parser.add_argument("--out", type=Path, help="folder for the scores")
    given = parser.parse_args(arguments)
    fault: AvbenchError | None = None
    try:
        if len({film.stem for film in given.films}) < len(given.films):
            raise UsageError("Two films have one name: score them apart.")
        system = open_system("light-asd", weights=given.weights)
        for film in given.films:
            try:
                scored = score_film(system, film)
            except BadFile as error:
                fault = error
                sys.stderr.write(f"avbench: {error}\n")
                continue
            _tell(film, scored, given.out)
    except AvbenchError as error:
        sys.stderr.write(f"avbench: {error}\n")
        return error.exit_code
    return 0 if fault is None else fault.exit_code


def _tell(film: Path, scored: Scored, out: Path | None) -> None:
    scores = scored.scores
    spoken = ", ".join(f"{a:.2f}-{b:.2f}" for a, b in stretches(scores)) or "never"
    sys.stdout.write(
        f"{film}: {len(scores)} pictures, {100 * np.mean(scores > 0):.0f} % above 0, scores {scores.min():.1f} to "
        f"{scores.max():.1f}; speaks (s): {spoken}\n"
    )
    for note in scored.notes:
        sys.stdout.write(f"  {note}\n")
    if out is not None:
        with atomic_write(out / f"{film.stem}.tsv") as handle:
            handle.write("".join(f"{i / FPS:.2f}\t{s:.6f}\n" for i, s in enumerate(scores)).encode())


if __name__ == "__main__":
    raise SystemExit(main())
