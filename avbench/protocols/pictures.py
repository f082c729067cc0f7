"""What the system is shown: the mouth of the clip, or on purpose something else.

Contents: `MODALITIES`, `shown`.
"""

import numpy as np

from ..data.dataset import Dataset
from ..errors import UnknownName, UsageError
from ..types import Video
from .protocol import Plan, Row

MODALITIES = {
    "av": "the mouth of the clip",
    "audio": "no picture at all",
    "frozen-face": "the first picture of the clip throughout",
    "wrong-face": "the mouth of the next clip of the plan that another speaker says, fitted in length",
}


def shown(plan: Plan, row: Row, dataset: Dataset, modality: str = "av", offset: int = 0) -> Video | None:
    """`[F, 88, 88, 1]`, or None for `audio`.

    Args:
        plan: where another face is looked for.
        row: of the plan.
        dataset: where the pictures are.
        modality: of `MODALITIES`.
        offset: the video comes so many frames late; negative: early. Its first or last picture fills the gap.

    Raises:
        UnknownName: no such modality.
        UsageError: a wrong face is wanted and the plan has but one clip.
        MissingResource: the clip has no picture.
    """
    if modality not in MODALITIES:
        raise UnknownName("modality", modality, MODALITIES)
    if modality == "audio":
        return None
    video = dataset.mouth(dataset.clip(row.clip))
    frames = video.frames
    count = len(frames)
    if modality == "frozen-face":
        frames = np.repeat(frames[:1], count, axis=0)
    elif modality == "wrong-face":
        other = dataset.mouth(dataset.clip(_other(plan, row, dataset)))
        # A shorter one runs back and forth, so that the wrong mouth moves all the time.
        there_and_back = np.concatenate([np.arange(len(other.frames)), np.arange(len(other.frames) - 2, 0, -1)])
        frames = other.frames[np.take(there_and_back, np.arange(count), mode="wrap")]
    if offset:
        frames = frames[np.clip(np.arange(count) - offset, 0, count - 1)]
    return Video(np.ascontiguousarray(frames), video.fps)


def _other(plan: Plan, row: Row, dataset: Dataset) -> str:
    """The clip of the next row with another speaker; of the next row with another clip where speakers are unknown."""
    place = next(i for i, candidate in enumerate(plan.rows) if candidate.id == row.id)
    following = [r.clip for r in (*plan.rows[place + 1 :], *plan.rows[:place]) if r.clip != row.clip]
    if not following:
        raise UsageError(f"The plan {plan.name} has no other clip whose face could be shown for {row.clip}.")
    speaker = dataset.clip(row.clip).speaker
    if speaker is None:
        return following[0]
    return next((clip for clip in following if dataset.clip(clip).speaker != speaker), following[0])
