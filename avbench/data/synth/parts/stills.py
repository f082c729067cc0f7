"""The part `faces` (role: CelebA-HQ): still pictures of a thousand people who are never heard.

Eight pictures of each, in other light, before another wall, with another expression and pose. None of them speaks in
any part of the corpus, so nothing pairs these faces with voices: that is what the set is for.

Source: the role of CelebA-HQ (Karras et al. 2018) in the papers on StarGAN v2 and XFaVoT: pictures of 128 × 128 in two
domains, women and men, as many of each.

Conventions: `s1207-f3` is a picture of a person beyond the corpus' speakers (`s1200` to `s2399`); `[128, 128, 3]` uint8
RGB. A clip has one picture and no sound. Splits are those of the speakers' names (`spec.split_of`).

Contents: `PART`, `people`, `shards_by_person`, `expression`, `show_still`. The data set is in `stills_dataset`.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ....seeds import Draw
from .. import articulation
from ..face import make_identity
from ..motion import make_motion
from ..session import Performance, Record, Said
from ..speakers import make_speaker
from ..spec import SPLITS, CorpusSpec, gender_of, speaker_of, split_of
from ..voice import Phoneme, Voice
from .part import Part

if TYPE_CHECKING:
    from .stills_dataset import StillDataset

PICTURES = 8
PEOPLE = {"tiny": 16, "small": 200, "base": 800}
"""Of training, by size."""
HELD_OUT = 100
"""Of validation, and of test."""
AT_ONCE = 20  # people to a shard
_FIRST, _LAST = 1200, 2400
_SOUNDS = "p f T t l s S k r w h i: I E A: a V O: U u: 3:".split()


class _Faces(Part):
    name = "faces"
    title = "8 still pictures each of 1000 people, 128 x 128 RGB, never heard"
    files = ("stills.py",)
    picture = (128, 128, 3)

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        self.check(size, split)
        return tuple(clip for _, clips in self.shards(size, split) for clip in clips)

    def shards(self, size: str, split: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        self.check(size, split)
        names = people(_FIRST, _LAST, split)[: PEOPLE[size] if split == "train" else HELD_OUT]
        return shards_by_person(names, "f", PICTURES)

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        return Said(clip_id, 1, "", (), (), 0.0, samples=np.zeros(0, np.int16))

    def perform(self, spec: CorpusSpec, record: Record) -> Performance:
        return expression(spec, record.id)

    def show(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        return show_still(spec, record.id)

    def traits(self, record: Record) -> dict[str, Any]:
        return {"person": speaker_of(record.id)}

    def open(self, name: str, split: str, size: str, spec: CorpusSpec) -> "StillDataset":
        from .stills_dataset import StillDataset

        return StillDataset(name, split, size, spec, self.name)


@cache
def people(first: int, last: int, split: str) -> tuple[str, ...]:
    """Names from `first` to below `last` that belong to a split, women and men in turn, as many of each."""
    assert split in SPLITS
    names = [f"s{i:03d}" for i in range(first, last)]
    names = [s for s in names if split_of(s) == split]
    women, men = ([s for s in names if gender_of(s) == gender] for gender in "fm")
    return tuple(s for pair in zip(women, men, strict=False) for s in pair)


def shards_by_person(names: Sequence[str], letter: str, clips: int) -> list[tuple[str, tuple[str, ...]]]:
    """Shards of `AT_ONCE` people, named by the first, so that sizes share those that they share whole."""
    groups = [names[k : k + AT_ONCE] for k in range(0, len(names), AT_ONCE)]
    return [
        (f"{group[0]}-{len(group)}", tuple(f"{name}-{letter}{k}" for name in group for k in range(clips)))
        for group in groups
    ]


def expression(spec: CorpusSpec, clip_id: str) -> Performance:
    """What a face does in a still picture: at rest, smiling, or between two sounds; pose and light as in a clip.

    Args:
        spec: of the corpus.
        clip_id: e.g. `"s1207-f3"`; begins with the person's name and seeds every draw.
    """
    identity = make_identity(spec, make_speaker(spec, speaker_of(clip_id)))
    draw = Draw("avbench-synth", spec.version, "expression", clip_id)
    mood, smile = draw.uniform(), draw.uniform(0.3, 1.0)
    sounds = tuple(Phoneme(draw.choice(_SOUNDS), at, False) for at in (0.04, 0.12))
    if mood < 0.35:  # at rest
        track = np.array([[0.0, 0.03 * draw.normal(), 0.0, 0.3, 0.04, 0.0]])
    elif mood < 0.70:  # the wider the smile, the more the teeth show
        track = np.array([[0.34 * max(0.0, smile - 0.4), 0.35 + 0.5 * smile, 0.0, 0.25, 0.10 + 0.15 * smile, 0.0]])
    else:
        track = articulation.track(sounds, 0.22, 5, spec=spec, clip=clip_id, gain=identity.gain)[2:3]
    motion = make_motion(1, spec=spec, clip=clip_id)
    return Performance(identity, track.astype(np.float32), replace(motion, blink=0.25 * motion.blink))


def show_still(spec: CorpusSpec, clip_id: str) -> np.ndarray:
    """Draw a still picture: `[1, 128, 128, 3]` uint8, RGB; arguments as `expression`."""
    from ..render import render_face

    return render_face(*expression(spec, clip_id))


PART = _Faces()
