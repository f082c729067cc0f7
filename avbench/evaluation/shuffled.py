"""The anchor `shuffled-audio`: the true film of another clip, as if a system had been given another sound.

It bounds what is judged of lips from below: a real mouth that moves as real mouths do, to words that were not said.
What PSNR and SSIM say of it is of no use, because light and background are those of the other clip.

Whose film: another clip of the same person, out of the plan where it has one, else out of the data set; where no other
clip of the person is known, another clip of the plan, whoever is in it. Which of several is drawn by the data set and
the clip alone, so that `--limit` changes nothing.
How long: as many frames as are wanted, from the beginning on; a film that is too short runs back and forth.

Contents: `Other`, `other_clip`, `fitted`, `film_of_another`, `make_ready`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..data.dataset import pictured
from ..errors import EstimateFault, ReferenceFault
from ..protocols import person_of, portraits
from ..seeds import Draw
from ..types import Trial, Video
from . import progress

if TYPE_CHECKING:
    from .exam import Exam

NAME = "shuffled-audio"


class Other(NamedTuple):
    """Another clip, and whether the same person is in it."""

    clip: str
    same_person: bool


@lru_cache(maxsize=2)
def _clips_by_person(exam: "Exam") -> Mapping[str, list[str]]:
    """Clips with pictures of everybody who is known by name, those of the plan first."""
    found: dict[str, list[str]] = {}
    seen = set(pictured(exam.dataset))
    for clip in dict.fromkeys([*(row.clip for row in exam.plan.rows), *exam.dataset.ids]):
        person = person_of(exam.dataset, clip)
        if person is not None and clip in seen:
            found.setdefault(person, []).append(clip)
    return found


def other_clip(exam: "Exam", clip: str) -> Other | None:
    """Whose film is shown instead of a clip's; None where the plan has no other clip at all."""
    planned = dict.fromkeys(row.clip for row in exam.plan.rows)
    theirs = [c for c in _clips_by_person(exam).get(person_of(exam.dataset, clip), ()) if c != clip]
    near = [c for c in theirs if c in planned]
    choice = near or theirs or [c for c in planned if c != clip]
    if not choice:
        return None
    return Other(Draw(f"{NAME}@1", exam.dataset.fingerprint, clip).choice(choice), bool(theirs))


def fitted(frames: np.ndarray, count: int) -> np.ndarray:
    """The first so many frames, back and forth where there are fewer: `[F, …]` to `[count, …]`.

    Example:
        >>> fitted(np.arange(3), 8).tolist()
        [0, 1, 2, 1, 0, 1, 2, 1]
    """
    last = len(frames) - 1
    if not last:
        return np.repeat(frames, count, axis=0)
    place = np.arange(count) % (2 * last)
    return frames[np.minimum(place, 2 * last - place)]


def film_of_another(trial: Trial, exam: "Exam") -> Video:
    """What the anchor answers.

    Raises:
        EstimateFault: there is no other clip, or its film is broken.
    """
    wanted = trial.target.video
    other = other_clip(exam, trial.clip)
    if other is None:
        raise EstimateFault(f"the plan has no clip but {trial.clip}, so no other sound")
    try:
        film = portraits.film(exam.dataset, other.clip)
    except ReferenceFault as fault:
        raise EstimateFault(f"the other clip, {other.clip}, has no film: {fault.reason}") from fault
    return Video(fitted(film.frames, len(wanted.frames)), wanted.fps)


def make_ready(exam: "Exam") -> None:
    """Make the other clips ahead of time, and tell how many of them are of somebody else."""
    others = [other_clip(exam, row.clip) for row in exam.rows]
    known = [other for other in others if other is not None]
    strangers = sum(not other.same_person for other in known)
    if strangers:
        progress.note(f"{NAME}: {strangers} of {len(known)} films are of somebody else than the clip's own person.")
    exam.dataset.prepare([other.clip for other in known], progress=lambda d, n: progress.advance("corpus", d, n))
