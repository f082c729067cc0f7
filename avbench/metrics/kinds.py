"""What a metric compares, and the guard that stands before it.

Every metric is of one kind. The guard of the kind turns broken input into one of two faults with one sentence, so that
formulas meet nothing but what they are made for: `ReferenceFault` (looked at first, because it voids the trial for
every system alike) or `EstimateFault`.

    kind        estimate                     reference
    SOUND       Audio                        Audio of equal rate and length
    SPEECH      Audio                        none
    VOICE       Audio                        Audio, or a tuple of them, of any rate and length
    SPOKEN      Audio                        str: what is said
    TEXT        str                          str
    FRAMES      Video                        Video of equal size, frames and rate; a picture is a video of one frame
    FACES       Video or points [F, 68, 2]   Video or points of as many frames
    LIPS        Video                        str: the word
    PICTURES    Video: a set of pictures     Video: another set, of any number
    VARIANTS    tuple of pictures            none
    DETECTION   scores [N]                   labels [N], true or false
    VOTES       votes for the right one      votes cast
    OPINIONS    sum of ratings, 1 to 5       ratings given
    MATCH       Video or Audio               (the right, the wrong) candidate, each Video or Audio

Contents: `Kind`, `KINDS` and each of the above.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import EstimateFault, ReferenceFault, Unscorable
from ..signal.text import split_words
from ..types import Audio, Video
from . import guard

Check = Callable[[Any, str, type[Unscorable]], None]
Pair = Callable[[Any, Any], None]
POINTS = 68
WORST, BEST = 1, 5  # of ITU-T P.800's absolute category rating


def _nothing(*_: Any) -> None:
    """No condition."""


@dataclass(frozen=True)
class Kind:
    """What is compared with what.

    Args:
        name: one word.
        estimate: refuses an unfit estimate: `(thing, "estimate", EstimateFault)`.
        reference: refuses an unfit reference likewise; None where there is no reference.
        pair: raises `EstimateFault` where the two do not fit each other.
        timed: whether `Metric.shortest` is asked of the `"reference"`, of the `"estimate"` or of neither (`""`).
        perfect: the best answer that a reference allows, which acquits the reference; None where nobody knows it.
    """

    name: str
    estimate: Check
    reference: Check | None
    pair: Pair = _nothing
    timed: str = ""
    perfect: Callable[[Any], Any] | None = None

    @property
    def needs_reference(self) -> bool:
        """Whether a reference is looked at."""
        return self.reference is not None

    def check_reference(self, reference: Any) -> None:
        """Refuse a reference that nobody could be scored against. Raises `ReferenceFault`."""
        if self.reference is not None:
            self.reference(reference, "reference", ReferenceFault)

    def find_fault(self, estimate: Any, reference: Any) -> EstimateFault | None:
        """What forbids to score this estimate against this reference, which has passed `check_reference`.

        It is returned, not raised: whether it counts is known only once each metric has found the reference fit.
        """
        try:
            if estimate is None:
                raise EstimateFault("there is no estimate")
            self.estimate(estimate, "estimate", EstimateFault)
            self.pair(estimate, reference)
        except EstimateFault as fault:
            return fault
        return None

    def check_length(self, estimate: Any, reference: Any, shortest: float) -> None:
        """Refuse what is too short for a metric. Raises the fault of the side that decides."""
        if self.timed == "reference":
            guard.check_length(reference, shortest)
        elif self.timed == "estimate" and isinstance(estimate, Audio) and estimate.seconds < shortest:
            raise EstimateFault(f"the estimate lasts {estimate.seconds:.3f} s, and {shortest:g} s are needed")

    def ready(self, thing: Any, rates: Sequence[int]) -> Any:
        """The same thing at a rate that a metric knows; only sound is ever changed."""
        if isinstance(thing, tuple):
            return tuple(self.ready(each, rates) for each in thing)
        return guard.at_rate(thing, rates) if isinstance(thing, Audio) else thing


def _sound(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, Audio):
        raise fault(f"the {name} must be sound, and not {type(thing).__name__}")
    guard.check_sound(thing, name, fault)


def _sounds(thing: Any, name: str, fault: type[Unscorable]) -> None:
    things = thing if isinstance(thing, tuple) else (thing,)
    if not things:
        raise fault(f"the {name} holds no sound")
    for each in things:
        _sound(each, name, fault)


def _text(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, str):
        raise fault(f"the {name} must be text, and not {type(thing).__name__}")
    if fault is ReferenceFault and not split_words(thing):  # an empty answer is an answer: every word is deleted
        raise fault(f"the {name} holds no word")


def _video(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, Video):
        raise fault(f"the {name} must be pictures or video, and not {type(thing).__name__}")
    if 0 in thing.frames.shape:
        raise fault(f"the {name} is empty")


def _face(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, np.ndarray):
        _video(thing, name, fault)
    elif thing.ndim != 3 or thing.shape[1:] != (POINTS, 2) or thing.dtype.kind != "f":
        raise fault(f"the {name} must be points of shape [F, 68, 2] in floating point, and not {list(thing.shape)}")
    elif len(thing) == 0:
        raise fault(f"the {name} is empty")
    elif not np.isfinite(thing).all():
        raise fault(f"the {name} holds points that are NaN or infinite")


def _variants(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, tuple) or len(thing) < 2:
        raise fault(f"the {name} must be at least two pictures")
    for each in thing:
        _video(each, name, fault)
        if each.frames.shape != (1, *thing[0].frames.shape[1:]):
            raise fault(f"the {name} must be single pictures of one size")


def _numbers(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, np.ndarray) or thing.ndim != 1 or thing.dtype.kind not in "fiub":
        raise fault(f"the {name} must be one number per frame, of shape [N]")
    if len(thing) == 0:
        raise fault(f"the {name} is empty")
    if not np.isfinite(thing).all():
        raise fault(f"the {name} holds {int((~np.isfinite(thing)).sum())} numbers that are NaN or infinite")


def _labels(thing: Any, name: str, fault: type[Unscorable]) -> None:
    _numbers(thing, name, fault)
    if not np.isin(thing, (0, 1)).all():
        raise fault(f"the {name} must hold 0 and 1 only")


def _count(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if isinstance(thing, bool) or not isinstance(thing, int | np.integer) or thing < 0:
        raise fault(f"the {name} must be a number of votes")
    if fault is ReferenceFault and thing == 0:
        raise fault("nobody has voted")


def _candidate(thing: Any, name: str, fault: type[Unscorable]) -> None:
    (_video if isinstance(thing, Video) else _sound)(thing, name, fault)


def _candidates(thing: Any, name: str, fault: type[Unscorable]) -> None:
    if not isinstance(thing, tuple) or len(thing) != 2:
        raise fault(f"the {name} must be two candidates: the right one and the wrong one")
    for each in thing:
        _candidate(each, name, fault)


def _itself(reference: Any) -> Any:
    return reference


def _first(reference: Any) -> Any:
    return reference[0] if isinstance(reference, tuple) else reference


def _as_scores(reference: np.ndarray) -> np.ndarray:
    return reference.astype(np.float64)


def _equal_sound(estimate: Audio, reference: Audio) -> None:
    guard.check_pair(estimate, reference)


def _equal_frames(estimate: Video, reference: Video) -> None:
    mine, other = estimate.frames.shape, reference.frames.shape
    if mine != other:
        raise EstimateFault(
            f"the estimate has {mine[0]} frames of {mine[1]} × {mine[2]} × {mine[3]} and the reference {other[0]} of "
            f"{other[1]} × {other[2]} × {other[3]}"
        )
    if mine[0] > 1 and abs(estimate.fps - reference.fps) > 1e-3 * reference.fps:
        raise EstimateFault(f"the estimate has {estimate.fps:g} frames a second and the reference {reference.fps:g}")


def _equal_count(estimate: Any, reference: Any) -> None:
    mine, other = (len(x.frames) if isinstance(x, Video) else len(x) for x in (estimate, reference))
    if mine != other:
        raise EstimateFault(f"the estimate has {mine} frames and the reference {other}")


def _no_more_votes(estimate: int, reference: int) -> None:
    if estimate > reference:
        raise EstimateFault(f"{estimate} of {reference} votes cannot be right")


def _sum_of_ratings(estimate: int, reference: int) -> None:
    if not WORST * reference <= estimate <= BEST * reference:
        raise EstimateFault(f"{reference} ratings from {WORST} to {BEST} cannot have the sum {estimate}")


def _all_excellent(reference: int) -> int:
    return BEST * reference


SOUND = Kind("sound", _sound, _sound, _equal_sound, timed="reference", perfect=_itself)
SPEECH = Kind("speech", _sound, None, timed="estimate")
VOICE = Kind("voice", _sound, _sounds, timed="estimate", perfect=_first)
SPOKEN = Kind("spoken", _sound, _text, timed="estimate")
TEXT = Kind("text", _text, _text, perfect=_itself)
FRAMES = Kind("frames", _video, _video, _equal_frames, perfect=_itself)
FACES = Kind("faces", _face, _face, _equal_count, perfect=_itself)
LIPS = Kind("lips", _video, _text)
PICTURES = Kind("pictures", _video, _video, perfect=_itself)
VARIANTS = Kind("variants", _variants, None)
DETECTION = Kind("detection", _numbers, _labels, _equal_count, perfect=_as_scores)
VOTES = Kind("votes", _count, _count, _no_more_votes, perfect=_itself)
OPINIONS = Kind("opinions", _count, _count, _sum_of_ratings, perfect=_all_excellent)
MATCH = Kind("match", _candidate, _candidates)

_ALL = (
    SOUND, SPEECH, VOICE, SPOKEN, TEXT, FRAMES, FACES, LIPS, PICTURES, VARIANTS, DETECTION, VOTES, OPINIONS, MATCH,
)  # fmt: skip
KINDS = {kind.name: kind for kind in _ALL}
