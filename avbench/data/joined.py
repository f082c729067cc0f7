"""Several data sets as one: pictures of one, voices of another, as papers on faces without voices need them.

Conventions: called like its members, `celeba-hq+vctk`; ids are those of the members, which must differ.

Contents: `JoinedDataset`.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import UnknownName, UsageError
from ..types import Audio, Clip, Video
from .dataset import Dataset, Progress, Say, pictured, recorded_name


class JoinedDataset:
    """The clips of all members, one member after the other.

    Args:
        members: of one split.

    Raises:
        UsageError: two members have a clip of one name.
    """

    def __init__(self, members: Iterable[Dataset]):
        self.members = tuple(members)
        self.name = "+".join(recorded_name(m.name) for m in self.members)
        self.split = self.members[0].split
        self.synthetic = any(m.synthetic for m in self.members)  # half a human is none
        self.licence = "; ".join(dict.fromkeys(m.licence for m in self.members))
        self.fingerprint = "+".join(m.fingerprint for m in self.members)
        self.ids = tuple(i for m in self.members for i in m.ids)
        self.notes = tuple(note for m in self.members for note in m.notes)
        self._owner = {i: m for m in self.members for i in m.ids}
        if len(self._owner) < len(self.ids):
            twice = next(i for m in self.members for i in m.ids if self._owner[i] is not m)
            raise UsageError(f"{self.name} cannot be used together: more than one of them has a clip called {twice}.")

    def owner(self, clip_id: str) -> Dataset:
        """The member that has a clip. Raises `UnknownName`."""
        if clip_id not in self._owner:
            raise UnknownName(f"clip in {self.name}", clip_id, self._owner)
        return self._owner[clip_id]

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """All clips, in the order of `ids`."""
        return tuple(c for m in self.members for c in m.clips)

    @property
    def made(self) -> tuple[Clip, ...]:
        """The clips that exist already."""
        return tuple(c for m in self.members for c in m.made)

    @cached_property
    def pictured(self) -> frozenset[str]:
        """Ids of the clips that have a mouth picture."""
        return frozenset(i for m in self.members for i in pictured(m))

    def clip(self, clip_id: str) -> Clip:
        """One clip. Raises `UnknownName`."""
        return self.owner(clip_id).clip(clip_id)

    def audio(self, clip: Clip) -> Audio:
        """`[T]` at 16 kHz. Raises as the member does."""
        return self.owner(clip.id).audio(clip)

    def mouth(self, clip: Clip) -> Video:
        """`[F, 88, 88, 1]` at 25 fps. Raises as the member does."""
        return self.owner(clip.id).mouth(clip)

    def landmarks(self, clip: Clip) -> np.ndarray:
        """`[F, 68, 2]` float32. Raises as the member does."""
        return self.owner(clip.id).landmarks(clip)

    def prepare(
        self,
        clip_ids: Iterable[str] | None = None,
        mouth: bool = False,
        workers: int | None = None,
        progress: Progress | None = None,
        say: Say | None = None,
    ) -> None:
        """Make ready what the members would make when asked; see `Dataset.prepare`."""
        wanted = self.ids if clip_ids is None else tuple(clip_ids)
        of_each: dict[Any, list[str]] = {}
        for clip_id in wanted:
            of_each.setdefault(id(self.owner(clip_id)), []).append(clip_id)
        for member in self.members:
            if mine := of_each.get(id(member)):
                member.prepare(mine, mouth, workers, progress, say)
