"""A dry run: a submission answers a few mock trials, in the sandbox, within seconds. No data set, no score.

Mock trials are noise in the shape of what the task gives: enough to see whether a system can be loaded, answers at all,
and answers with the right kind, rate and length of something finite. Of outputs the first few files are read.

Contents: `Answered`, `try_out`, `mock_inputs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Unscorable
from ..seeds import Draw, seed_of
from ..signal.audio import RATE
from ..signal.video import FPS
from ..tasks import get_task
from ..types import Audio, Inputs, Video
from .contents import expected_trials
from .sandbox import Limits
from .scoring import opened

SECONDS = (1.0, 1.6, 2.4)


@dataclass(frozen=True)
class Answered:
    """What became of one mock trial; `reason` is empty where nothing is wrong with the answer."""

    trial: str
    reason: str


def try_out(
    submission: str | Path, limits: Limits | None = None, trust: bool = False, trials: int = len(SECONDS)
) -> list[Answered]:
    """Let a submission answer mock trials.

    Args:
        submission: archive or folder.
        limits: what it may take.
        trust: run code without a sandbox.
        trials: of outputs, how many are read.

    Raises:
        BadFile, MissingResource: as `score`.
    """
    with opened(submission, limits or Limits(), trust, Path("runs")) as (card, boxes, _):
        boxes.load("cpu")
        if card.entry is None:
            names = expected_trials(card)[:trials]
            asked: Sequence[Inputs] = [Inputs(name, None, None, seed_of("trial", name)) for name in names]
        else:
            asked = mock_inputs(card.task)
        return [Answered(one.id, _fault(boxes.ask(one), one)) for one in asked]


def mock_inputs(task: str) -> list[Inputs]:
    """Trials in the shape of a task's, filled with noise."""
    protocol, made = get_task(task).protocol, []
    for i, seconds in enumerate(SECONDS):
        name, pictures = f"mock-{i}", round(seconds * FPS)
        draw = Draw("mock", i)
        audio = Audio((0.05 * draw.normals(round(seconds * RATE))).astype(np.float32), RATE)
        one = Inputs(name, audio, None, seed_of("trial", name))
        given: dict[str, Any] = {"video": _film(pictures, 88, 1)}
        if protocol == "conversation":
            given = {"face": _film(pictures, 112, 3)}
        elif protocol == "visual":
            given = {"face": _film(1, 128, 3)}
        elif protocol not in ("additive-noise", "clean"):  # whatever a task with faces and references may give
            given = {"face": _film(pictures, 128, 3), "references": {"voice": audio, "image": _film(1, 128, 3)}}
        made.append(Inputs(**{**one.__dict__, **given}))
    return made


def _film(pictures: int, side: int, channels: int) -> Video:
    levels = (np.arange(pictures * side * side * channels) * 37 % 251).astype(np.uint8)
    return Video(levels.reshape(pictures, side, side, channels), float(FPS))


def _fault(answer: Any, one: Inputs) -> str:
    """What is wrong with an answer, so far as shape and values tell; outputs have no input to be compared with."""
    if isinstance(answer, Unscorable):
        return answer.reason
    if isinstance(answer, str):
        return ""
    array = answer if isinstance(answer, np.ndarray) else getattr(answer, "samples", getattr(answer, "frames", None))
    if not np.isfinite(array).all():
        return "the answer holds values that are not finite"
    if one.audio is None:
        return ""
    if isinstance(answer, Audio) and answer.rate != one.audio.rate:
        return f"the answer has {answer.rate} Hz, and the trial {one.audio.rate}"
    if isinstance(answer, Audio) and len(answer.samples) != len(one.audio.samples):
        return f"the answer has {len(answer.samples)} samples, and the trial {len(one.audio.samples)}"
    if isinstance(answer, np.ndarray) and one.face is not None and len(answer) != len(one.face.frames):
        return f"the answer has {len(answer)} scores, and the trial {len(one.face.frames)} pictures"
    return ""
