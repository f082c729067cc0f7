"""The part `couples`: a thousand people, each seen ten times and heard ten times.

For whoever learns or measures how faces and voices go together: a clip is a sentence and a still picture of the same
person, from two sessions that have nothing else in common.

Conventions: `s017-u3`; the people are the corpus' 400 speakers and others beyond (`s000` to `s1199`); nobody of them is
in `faces`. Sound as in `sentences`; pictures as in `stills`. Texts of validation and test keep to their own phrases.

Contents: `PART`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import sentences
from ..session import Performance, Record, Said
from ..spec import CorpusSpec
from ..voice import Voice
from .part import Part
from .stills import HELD_OUT, PEOPLE, expression, people, shards_by_person, show_still

if TYPE_CHECKING:
    from .stills_dataset import StillDataset

CLIPS = 10
_FIRST, _LAST = 0, 1200


class _Couples(Part):
    name = "couples"
    title = "10 sentences and 10 still pictures each of 1000 people: faces and voices that belong together"
    files = ("stills_couples.py", "stills.py")
    picture = (128, 128, 3)

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        self.check(size, split)
        return tuple(clip for _, clips in self.shards(size, split) for clip in clips)

    def shards(self, size: str, split: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        self.check(size, split)
        names = people(_FIRST, _LAST, split)[: PEOPLE[size] if split == "train" else HELD_OUT]
        return shards_by_person(names, "u", CLIPS)

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        said = sentences.say(spec, clip_id, voice)
        return Said(said.id, 1, said.text, said.words, said.phonemes, said.end, samples=said.samples)

    def perform(self, spec: CorpusSpec, record: Record) -> Performance:
        return expression(spec, record.id)

    def show(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        return show_still(spec, record.id)

    def open(self, name: str, split: str, size: str, spec: CorpusSpec) -> "StillDataset":
        from .stills_dataset import StillDataset

        return StillDataset(name, split, size, spec, self.name)


PART = _Couples()
