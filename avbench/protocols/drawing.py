"""How noises are drawn for a clip: which of them, and which stretch of each.

Contents: `Pool`, `cut`, `segment`.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from ..data.noise import NoiseItem, NoiseSet
from ..errors import BadFile, UsageError
from ..seeds import Draw
from ..signal.audio import power_db
from ..types import Clip
from .protocol import NoiseUse

SILENT_DB = -60.0
ATTEMPTS = 40


class Pool:
    """The noises of a set by family. It is sorted once for all clips: a set may hold 65,000 noises.

    Args:
        noise: the set.
    """

    def __init__(self, noise: NoiseSet):
        self._noise = noise
        self._voices = {talker for item in noise.items for talker in item.talkers}
        self._allowed: dict[str | None, tuple[dict[str, _Family], list[str], int]] = {}

    def draw(self, draw: Draw, clip: Clip, samples: int, count: int) -> tuple[NoiseUse, ...]:
        """Noises of different kinds, of different families as long as there are any, without the clip's own voice.

        Args:
            draw: of the row.
            clip: whose speaker must not be heard.
            samples: how long a stretch.
            count: how many noises.

        Raises:
            UsageError: fewer than `count` kinds to choose from.
            BadFile: a noise that is silent wherever one looks.
        """
        allowed, families, kinds = self._without(clip.speaker)
        if kinds < count:
            name = self._noise.name
            raise UsageError(f"{count} noises of different kinds are wanted, but {name} has {kinds} for {clip.id}.")
        uses: list[NoiseUse] = []
        used: set[str] = set()
        round_of: list[str] = []
        while len(uses) < count:
            if not round_of:  # every family once, then every family again
                round_of = draw.sample(families, len(families))
            family = allowed[round_of.pop()]
            gone = sorted(place for kind in used for place in family.places.get(kind, ()))
            left = len(family.items) - len(gone)
            if left:
                item = family.items[_skipping(draw.integer(left), gone)]
                used.add(item.kind)
                uses.append(cut(draw, self._noise, item, samples))
        return tuple(uses)

    def _without(self, speaker: str | None) -> tuple[dict[str, "_Family"], list[str], int]:
        """Noises without a speaker's voice by family, the families in order, and how many kinds there are."""
        key = speaker if speaker in self._voices else None
        if key not in self._allowed:
            allowed: dict[str, _Family] = defaultdict(_Family)
            for item in self._noise.items:
                if key is None or key not in item.talkers:
                    allowed[item.family].add(item)
            kinds = len({kind for family in allowed.values() for kind in family.places})
            self._allowed[key] = allowed, sorted(allowed), kinds
        return self._allowed[key]


@dataclass
class _Family:
    """The noises of one family in order, and where in it those of each kind are."""

    items: list[NoiseItem] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)

    def add(self, item: NoiseItem) -> None:
        self.places.setdefault(item.kind, []).append(len(self.items))
        self.items.append(item)


def _skipping(place: int, gone: list[int]) -> int:
    """The `place`-th of the whole numbers that are not in `gone`, which is ascending.

    Example:
        >>> [_skipping(place, [0, 3]) for place in range(3)]
        [1, 2, 4]
    """
    for taken in gone:
        place += taken <= place
    return place


def cut(draw: Draw, noise: NoiseSet, item: NoiseItem, samples: int) -> NoiseUse:
    """Draw a place in a noise that is not silent. Raises `BadFile` where none is found."""
    signal = noise.load(item.id)
    places = len(signal) - samples + 1 if len(signal) >= samples else len(signal)
    for _ in range(ATTEMPTS):
        offset = draw.integer(places)
        level = power_db(segment(signal, offset, samples))
        if level >= SILENT_DB:
            return NoiseUse(item.id, offset, round(-level, 6) + 0.0)
    raise BadFile(f"The noise {item.id} of {noise.name} is silent in {ATTEMPTS} of {ATTEMPTS} places: remove it.")


def segment(noise: np.ndarray, offset: int, samples: int) -> np.ndarray:
    """`[samples]` of a noise from `offset` on, looped where it ends."""
    if offset + samples <= len(noise):
        return noise[offset : offset + samples]
    return np.take(noise, np.arange(offset, offset + samples), mode="wrap")
