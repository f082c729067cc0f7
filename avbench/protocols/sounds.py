"""What the system hears beside noise: the room before it, the channel behind it.

The order is that of nature: dry speech, room, + noise (which was recorded in a room of its own, so it gets no other) at
an SNR, then the channel: band, then clipping. The SNR is of the speech as it is heard in the room over the noise,
before the channel. The target is the dry speech, in time with its direct sound and at that sound's level: a system is
asked to undo everything.

Contents: `in_room`, `through_channel`.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from ..data.noises.rooms import RoomFolder, open_rooms
from ..errors import ReferenceFault
from ..seeds import Draw
from ..signal.audio import from_int16, to_int16
from ..signal.channel import BANDS, CLIPS, clip_peaks, limit_band
from ..signal.reverb import ROOMS, direct_to_reverberant, response, reverberate
from .axes import NONE, Condition
from .protocol import Row

PEAK = 0.99


def in_room(row: Row, speech: np.ndarray, reverberation: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Speech as it is heard in a room.

    Args:
        row: decides which room of a folder, and the sound field of a synthetic one.
        speech: `[T]` float32, dry.
        reverberation: as in `AXES`.

    Returns:
        `[T]` (the very same array without a room), and facts: `room`, and `direct_db`, the direct-to-reverberant ratio.

    Raises:
        ReferenceFault: speech that is not finite.
        MissingResource, BadFile: the folder cannot be had, or the room has changed since it was first read.
    """
    if reverberation == NONE:
        return speech, {}
    if not np.isfinite(speech).all():
        raise ReferenceFault("the clip holds values that are not finite")
    rooms = None if reverberation in ROOMS else open_rooms(reverberation.removeprefix("folder:"))
    name, impulse = _impulse(row.id, reverberation, rooms)
    if rooms is not None:
        rooms.check(name)  # what is kept must not outlive its file: the trial's id names what the folder held
    facts = {"room": name, "direct_db": round(direct_to_reverberant(impulse), 3)}
    return reverberate(speech, impulse), facts


@lru_cache(maxsize=4)
def _impulse(row_id: str, reverberation: str, rooms: RoomFolder | None) -> tuple[str, np.ndarray]:
    """Name and response of the room of a row; every SNR of the row asks for it."""
    draw = Draw(row_id, "reverberation")
    if rooms is None:
        return reverberation, response(ROOMS[reverberation], draw)
    name = draw.choice(rooms.ids)
    return name, rooms.load(name)


def through_channel(noisy: np.ndarray, asked: Condition) -> tuple[np.ndarray, float]:
    """A mixture as it leaves the channel.

    Args:
        noisy: `[T]` int16.
        asked: its band and clipping.

    Returns:
        `[T]` int16, and the gain in dB by which it was scaled to keep its peak, which the target has to follow.
    """
    if asked.band == NONE and asked.clipping == NONE:
        return noisy, 0.0
    sound = from_int16(noisy).astype(np.float64)
    if asked.band != NONE:
        sound = limit_band(sound, *BANDS[asked.band])
    if asked.clipping != NONE:
        sound = clip_peaks(sound, CLIPS[asked.clipping])
    peak = float(np.abs(sound).max(initial=0.0))
    scale = PEAK / peak if peak > PEAK else 1.0
    return to_int16(sound * scale), float(20 * np.log10(scale))
