"""Impulse responses of real rooms, as a folder of recordings.

Conventions: a response is `[N]` float32 at 16 kHz, of no particular level or delay; of several channels the first.

Contents: `RoomFolder`, `open_rooms`.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from ...errors import BadFile, UnknownName
from ...signal.audio import read_channels, resample
from ...signal.files import digest
from ..scan import scan

LONGEST = 10.0  # seconds; what is longer is a recording, and no response of a room


class RoomFolder:
    """Every recording below a folder that can be an impulse response.

    Args:
        path: the folder.

    Raises:
        MissingResource: no such folder.
        BadFile: no response in it.
    """

    def __init__(self, path: str | Path):
        self.name = f"folder:{path}"
        self._found = {f.id: f for f in scan(path).found if f.seconds <= LONGEST}
        if not self._found:
            raise BadFile(f"{path} holds no recording of at most {LONGEST:g} s that could be the response of a room.")
        self.ids = tuple(self._found)
        self._state = {name: _state(found.path) for name, found in self._found.items()}
        self.fingerprint = digest("\n".join(f"{f.id} {f.digest}" for f in self._found.values()).encode())

    def load(self, room_id: str) -> np.ndarray:
        """`[N]` float32 at 16 kHz. Raises as `check`, and `BadFile` for a response of nothing."""
        self.check(room_id)
        samples = resample(read_channels(self._found[room_id].path)[0]).samples
        if not np.isfinite(samples).all() or not samples.any():
            raise BadFile(f"{self._found[room_id].path} is silent, or holds samples that are not numbers.")
        return samples

    def check(self, room_id: str) -> None:
        """Make sure that a room is still what the fingerprint says.

        Raises:
            UnknownName: no such room.
            BadFile: its file was changed or removed after the folder was read.
        """
        if room_id not in self._found:
            raise UnknownName(f"room in {self.name}", room_id, self._found)
        path = self._found[room_id].path
        if _state(path) != self._state[room_id]:
            raise BadFile(f"{path} has changed since this program first read it: start it anew.")


@lru_cache(maxsize=8)
def open_rooms(path: str) -> RoomFolder:
    """The rooms below a folder; it is read once in a process."""
    return RoomFolder(path)


def _state(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
