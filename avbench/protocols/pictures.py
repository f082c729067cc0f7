"""What the system is shown: the mouth of the clip, or on purpose something else.

Contents: `shown`.
"""

import numpy as np

from ..data.dataset import Dataset, pictured
from ..errors import BadFile, MissingResource, ReferenceFault, UnknownName, UsageError
from ..seeds import Draw
from ..signal.degrade import DEGRADATIONS, degrade
from ..types import Video
from .axes import MODALITIES, NONE
from .protocol import Plan, Row


def shown(
    plan: Plan, row: Row, dataset: Dataset, modality: str = "av", offset: int = 0, degradation: str = NONE
) -> Video | None:
    """`[F, 88, 88, 1]`, or None for `audio`.

    Args:
        plan: where another face is looked for.
        row: of the plan.
        dataset: where the pictures are.
        modality: of `axes.MODALITIES`.
        offset: the video comes so many frames late; negative: early. Its first or last picture fills the gap.
        degradation: of `signal.degrade.DEGRADATIONS`, or `none`. The camera is at fault, so it comes before the delay.

    Raises:
        UnknownName: no such modality or degradation.
        UsageError: a wrong face is wanted and the plan has none, or no clip of the data set has a picture.
        ReferenceFault: this clip has no picture, or a broken one, and others have.
        MissingResource: this machine cannot make the picture.
    """
    if modality not in MODALITIES:
        raise UnknownName("modality", modality, MODALITIES)
    if degradation != NONE and degradation not in DEGRADATIONS:
        raise UnknownName("degradation", degradation, DEGRADATIONS)
    if modality == "audio":
        return None
    video = _mouth(dataset, row.clip)
    frames = video.frames
    count = len(frames)
    if modality == "frozen-face":
        frames = np.repeat(frames[:1], count, axis=0)
    elif modality == "wrong-face":
        other = _mouth(dataset, _other(plan, row, dataset))
        # A shorter one runs back and forth, so that the wrong mouth moves all the time.
        there_and_back = np.concatenate([np.arange(len(other.frames)), np.arange(len(other.frames) - 2, 0, -1)])
        frames = other.frames[np.take(there_and_back, np.arange(count), mode="wrap")]
    if degradation != NONE:
        # Drawn from row and axis alone: a weak fault and a strong one hide the same place, or lose the same frames.
        frames = degrade(frames, degradation, Draw(row.id, "degradation"))
    if offset:
        frames = frames[np.clip(np.arange(count) - offset, 0, count - 1)]
    return Video(np.ascontiguousarray(frames), video.fps)


def _mouth(dataset: Dataset, clip_id: str) -> Video:
    try:
        return dataset.mouth(dataset.clip(clip_id))
    except BadFile as error:
        raise ReferenceFault(f"the picture cannot be used: {error}") from error
    except MissingResource as error:
        known = pictured(dataset)
        if clip_id in known:
            raise
        if known:
            raise ReferenceFault(f"there is no picture: {error}") from error
        raise UsageError(f"No clip of {dataset.name} has a mouth picture. {error}") from error


def _other(plan: Plan, row: Row, dataset: Dataset) -> str:
    """The next clip of another speaker that has a picture; the next other clip where speakers are unknown.

    Raises:
        UsageError: there is none: a face of the same speaker is not a wrong one.
    """
    place = next(i for i, candidate in enumerate(plan.rows) if candidate.id == row.id)
    known = pictured(dataset)
    following = (r.clip for r in (*plan.rows[place + 1 :], *plan.rows[:place]) if r.clip != row.clip)
    speaker = dataset.clip(row.clip).speaker
    for clip in following:
        if clip in known and (speaker is None or dataset.clip(clip).speaker != speaker):
            return clip
    whose = "of another speaker " if speaker is not None else ""
    raise UsageError(f"The plan {plan.name} has no other clip {whose}whose face could be shown for {row.clip}.")
