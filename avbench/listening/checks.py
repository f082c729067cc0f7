"""Checks of attention: pages whose right answer everybody knows who listens, looks and reads.

A check looks like the other pages and asks for a number of tones or of squares, so it also finds a loudspeaker that is
off. Raters are told that there are some. `RULE` is fixed before the first vote: it is part of the test's hash. A rater
counts who met at least `least_checks` of them and failed no more than `failed_share` of those met. Of six checks one
may go wrong, as a finger slips; whoever presses keys at random passes with a chance of 11 % where there are two
answers, 2 % where there are three, and 0.2 % where there are five.

Contents: `COUNT`, `RULE`, `tones`, `squares`, `Check`, `draw_checks`, `passes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..seeds import Draw
from ..signal.audio import RATE
from ..types import Audio, Video

COUNT = 6
RULE = {"least_checks": 2, "failed_share": 0.2}
MOST = 5
TONE_HZ, TONE_SECONDS, GAP_SECONDS = 440.0, 0.2, 0.3
SIDE, GREY, WHITE = 256, 70, 235


def tones(count: int) -> Audio:
    """So many tones of 440 Hz, one after the other, with soft ends."""
    t = np.arange(round(TONE_SECONDS * RATE)) / RATE
    tone = np.sin(2 * np.pi * TONE_HZ * t) * np.minimum(1.0, np.minimum(t, TONE_SECONDS - t) / 0.02)
    gap = np.zeros(round(GAP_SECONDS * RATE))
    return Audio(
        (0.1 * np.concatenate([gap, *(part for _ in range(count) for part in (tone, gap))])).astype(np.float32), RATE
    )


def squares(count: int) -> Video:
    """A grey picture with so many white squares, at most six."""
    picture = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    for number in range(count):
        top, left = 52 + 100 * (number // 3), 22 + 76 * (number % 3)
        picture[top : top + 52, left : left + 58] = WHITE
    return Video(picture[None], 1.0)


@dataclass(frozen=True)
class Check:
    """One check.

    Args:
        ask: the question.
        shown: what is shown, by the answer that it stands for; under None what stands for none.
        right: the right answer.
    """

    ask: str
    shown: Mapping[str | None, Audio | Video]
    right: str


def draw_checks(kind: str, heard: bool, *names: object) -> list[Check]:
    """The checks of a test.

    Args:
        kind: of test.
        heard: what is rated is sound.
        *names: seed the draws.
    """
    return [_check(kind, heard, Draw("check of attention", *names, number)) for number in range(COUNT)]


def _check(kind: str, heard: bool, draw: Draw) -> Check:
    many, other = draw.sample(range(1, MOST + 1), 2)
    side = draw.choice(("left", "right"))
    away = {"left": "right", "right": "left"}[side]
    if kind == "cpr":
        ask = "Check of attention: how many tones do you hear? Choose the picture with as many squares."
        return Check(ask, {None: tones(many), side: squares(many), away: squares(other)}, side)
    make, what = (tones, "tones") if heard else (squares, "squares")
    if kind == "mos":
        verb = "hear" if heard else "see"
        return Check(
            f"Check of attention: how many {what} do you {verb}? Choose that number.", {None: make(many)}, str(many)
        )
    many, other = max(many, other), min(many, other)
    ask = f"Check of attention: which of the two has more {what}?"
    return Check(ask, {side: make(many), away: make(other)}, side)


def passes(met: int, failed: int, rule: Mapping[str, Any]) -> bool:
    """Whether a rater counts who met so many checks and failed so many of them."""
    return met >= rule["least_checks"] and failed <= rule["failed_share"] * met
