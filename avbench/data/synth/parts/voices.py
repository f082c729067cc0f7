"""The part `voices` (role: VCTK): many sentences by few speakers, for the ear alone.

Three kinds of clips. *Parallel*: the same hundred sentences by every one of the twenty test speakers, so that a
converted voice can be held against what the target would have said. *Own*: sentences that nobody else says.
*Reference*: ten more of those for each speaker of validation and test, set aside to be what a voice is known by.

Source: the role of the VCTK corpus (Yamagishi et al. 2019) in the paper on XFaVoT: voices without faces, some speakers
held out. Nobody of this part has a face in the part `faces`.

Conventions: `s017-p042` is sentence 42 of the parallel ones, `s017-n003` own, `s017-r07` a reference. Half of the
speakers of each split are women. Texts of validation and test keep to phrases that training never hears (`grammar`).

Contents: `PART`, `kind_of`, `speakers_of`, `parallel_to`, `references_of`.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ....errors import UsageError
from ....seeds import seed_of
from ....signal.audio import RATE
from ....signal.video import frames_for
from ..grammar import sentence
from ..session import Record, Said, make_session, recorded, trimmed
from ..speakers import make_speaker
from ..spec import CorpusSpec, clip_ids, gender_of, speaker_of
from ..voice import Voice
from .part import Part

PARALLEL = 100
REFERENCES = 10
KINDS = {"p": "parallel", "n": "own", "r": "reference"}
LONGEST = 8.0  # seconds
_SPEAKERS = {"tiny": 16, "small": 80, "base": 80}
_OWN = {"tiny": 4, "small": 15, "base": 60}
_HELD_OUT = 20  # speakers of validation, and of test
_OWN_HELD_OUT = {"validation": 10, "test": 20}
_AT_ONCE = 2  # sentences of 20 or 16 speakers to a shard


class _Voices(Part):
    name = "voices"
    title = "many sentences by few speakers, parallel and not, without faces"
    files = ("voices.py",)
    picture = None

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        self.check(size, split)
        return tuple(clip for _, clips in self.shards(size, split) for clip in clips)

    def shards(self, size: str, split: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        self.check(size, split)
        speakers = speakers_of(size, split)
        if split == "train":
            kinds = [("n", _OWN[size])]
        else:
            kinds = [("n", _OWN_HELD_OUT[split]), ("r", REFERENCES)]
            kinds += [("p", PARALLEL)] if split == "test" else []
        groups = [speakers[k : k + 16] for k in range(0, len(speakers), 16)] if split == "train" else [speakers]
        return [
            (f"{letter}-{g}-{first:03d}", _clips(group, letter, range(first, min(first + _AT_ONCE, count))))
            for letter, count in kinds
            for g, group in enumerate(groups)
            for first in range(0, count, _AT_ONCE)
        ]

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        return _say(spec, clip_id, voice)

    def traits(self, record: Record) -> dict[str, Any]:
        return {"kind": kind_of(record.id)}


def _clips(speakers, letter, numbers) -> tuple[str, ...]:
    digits = 2 if letter == "r" else 3
    return tuple(f"{speaker}-{letter}{k:0{digits}d}" for k in numbers for speaker in speakers)


@cache
def speakers_of(size: str, split: str) -> tuple[str, ...]:
    """Who speaks in a split, in order; women and men in turn.

    Raises:
        UnknownName: no such size or split.
    """
    known = sorted({speaker_of(c) for c in clip_ids("tiny", split)}, key=_hash)
    if split == "train":
        known += sorted({speaker_of(c) for c in clip_ids("base", split)} - set(known), key=_hash)
    women, men = ([s for s in known if gender_of(s) == gender] for gender in "fm")
    count = _SPEAKERS[size] if split == "train" else _HELD_OUT
    return tuple(s for pair in zip(women, men, strict=True) for s in pair)[:count]


def _hash(speaker: str) -> int:
    return seed_of("avbench-synth", "voices", "speaker", speaker)


def kind_of(clip_id: str) -> str:
    """`"parallel"`, `"own"` or `"reference"`. Raises `UsageError`: not the name of a clip of this part."""
    found = re.fullmatch(r"s\d{3,}-([pn]\d{3}|r\d{2})", clip_id)
    if not found:
        raise UsageError(f"Clips of voices are called like s017-p042, s017-n003 or s017-r07, not {clip_id!r}.")
    return KINDS[found[1][0]]


def parallel_to(clip_id: str, speaker: str) -> str:
    """The clip in which another speaker says the same: `("s017-p042", "s030")` gives `"s030-p042"`.

    Raises:
        UsageError: not a parallel clip, or a speaker who has none.
    """
    if kind_of(clip_id) != "parallel" or speaker not in speakers_of("base", "test"):
        raise UsageError(f"Nothing of {speaker} is parallel to {clip_id}: only test speakers say the same sentences.")
    return f"{speaker}-{clip_id.split('-')[1]}"


def references_of(speaker: str) -> tuple[str, ...]:
    """The ten clips by which a voice of validation or test is known. Raises `UsageError`: it has none."""
    if not any(speaker in speakers_of("base", split) for split in _OWN_HELD_OUT):
        raise UsageError(f"{speaker} has no reference clips: only speakers of validation and test in voices have.")
    return _clips([speaker], "r", range(REFERENCES))


def _text(spec: CorpusSpec, clip_id: str) -> str:
    """Own sentences by the clip's name, parallel ones by their number: those of the first test speaker."""
    if kind_of(clip_id) == "parallel":
        clip_id = parallel_to(clip_id, speakers_of("base", "test")[0])
    return sentence(spec, clip_id)


def _say(spec, clip_id, voice) -> Said:
    speaker, session, text = make_speaker(spec, speaker_of(clip_id)), make_session(spec, clip_id), _text(spec, clip_id)
    seed = seed_of("avbench-synth", spec.version, "breath", clip_id)
    most = (LONGEST - session.before - session.after) * RATE
    rate = session.rate
    spoken = trimmed(voice.speak(speaker, text, rate=rate, pitch=session.pitch, seed=seed))
    while len(spoken.samples) > most:  # said faster until it fits
        rate *= 1.03
        spoken = trimmed(voice.speak(speaker, text, rate=rate, pitch=session.pitch, seed=seed))
    begin = round(session.before * RATE)
    frames = frames_for(int(np.ceil(begin + len(spoken.samples) + session.after * RATE)))
    return recorded(spec, speaker, session, clip_id, spoken, text=text, begin=begin, frames=frames)


PART = _Voices()
