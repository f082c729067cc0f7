"""The part `words`, in the role of LRW: one of 500 words in the middle of a clip of 29 frames, 18,560 samples.

The word is said inside a carrier phrase ("we mentioned winter after lunch"), so that the lips come from the word before
and go to the one behind; the clip is cut out of the recorded phrase with the word's centre in its own. Carriers of test
and validation are never heard in training.

A clip is called by its speaker and its word, `s017-winter`: nobody says a word twice. Each word has 60 speakers of
training, and five of validation and of test. `words.tsv` marks homophenes: words that the lips cannot tell apart.

Conventions: the record's words hold the one word, with exact times in the clip. Its phonemes are those of the whole
phrase; what lies outside the clip has times before 0 or behind its end.

Contents: `PART`, `vocabulary`, `homophenes_of`.
"""

import csv
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from ....errors import UnknownName
from ....seeds import Draw, seed_of
from ....signal.audio import RATE
from ....signal.video import FPS, SAMPLES_PER_FRAME, frames_for
from ..motion import make_motion
from ..session import Performance, Record, Said, make_session, performance, recorded
from ..speakers import make_speaker
from ..spec import CorpusSpec, speaker_ids, speaker_of, split_of
from ..voice import Utterance, Voice
from .part import Part
from .spoken import speak

FRAMES = 29
LONGEST = 1.0  # seconds of the word: something of the carrier shows on both sides
SPEAKERS = {"train": 60, "validation": 5, "test": 5}  # of each word
WORDS = {"tiny": 5, "small": 50, "base": 500}
_TINY = 12  # training speakers of each word, and how many a shard of training holds
_BLOCK = 5  # words to a shard of validation or test

_BEFORE = (
    "we mentioned|she quickly mentioned|they remembered|he explained|nobody understood|you heard|my brother suggested|"
    "our teacher described|the children shouted|i noticed|she wrote|we discussed|they forgot|his sister answered|"
    "the doctor announced|somebody whispered|everyone believed|her father insisted|you confirmed|the singer admired"
)
_BEHIND = (
    "after lunch|at the market|in the garden|with patience|before dinner|on monday morning|for two weeks|by the river|"
    "in october|at midnight|during the meeting|with pleasure|behind the school|every evening|again and again|"
    "under the bridge|on the radio|today|in this letter|by mistake"
)
_CARRIERS = {"test": slice(0, 4), "validation": slice(4, 6), "train": slice(6, None)}  # of each list, by hash


@cache
def _table() -> dict[str, tuple[str, str]]:
    text = resources.files(__package__).joinpath("words.tsv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {word: (code, homophenes) for word, code, homophenes in rows}


def vocabulary(size: str = "base") -> tuple[str, ...]:
    """The words of a size, its classes; a smaller size has the first of a larger one.

    Raises:
        UnknownName: no such size.
    """
    PART.check(size, "test")
    return tuple(_table())[: WORDS[size]]


def homophenes_of(word: str) -> tuple[str, ...]:
    """The words that look like this one on the lips, itself among them.

    Raises:
        UnknownName: none of the 500.
    """
    if word not in _table():
        raise UnknownName("word of avbench-synth/words", word, _table())
    mark = _table()[word][1]
    return tuple(w for w, (_, m) in _table().items() if m == mark) if mark else (word,)


@cache
def _speakers_of(word: str, split: str) -> tuple[str, ...]:
    """Who says a word: drawn evenly from all genders and accents."""
    everyone = speaker_ids(split)
    keys = Draw("avbench-synth", "words", "speakers", word, split).raw(len(everyone))
    cells: dict[int, list[str]] = {}
    for _, speaker in sorted(zip(keys.tolist(), everyone, strict=True)):
        cells.setdefault(int(speaker[1:]) % 16, []).append(speaker)
    turn = seed_of("avbench-synth", "words", "turn", word, split) % 16
    ranked = sorted((rank, (cell - turn) % 16, s) for cell, group in cells.items() for rank, s in enumerate(group))
    return tuple(speaker for *_, speaker in ranked[: SPEAKERS[split]])


@cache
def _carriers(split: str, side: str) -> tuple[str, ...]:
    return tuple(sorted(side.split("|"), key=lambda c: seed_of("avbench-synth", "carrier", c))[_CARRIERS[split]])


class _Words(Part):
    name = "words"
    title = "single words in a carrier phrase: 500 classes, 29 frames each"
    files = ("spoken.py", "words.py", "words.tsv")

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        self.check(size, split)
        count = _TINY if (size, split) == ("tiny", "train") else SPEAKERS[split]
        words = vocabulary(size)
        said = {w: _speakers_of(w, split)[:count] for w in words}
        return tuple(f"{said[w][k]}-{w}" for k in range(count) for w in words)

    def shards(self, size: str, split: str) -> list[tuple[str, tuple[str, ...]]]:
        # Sizes share them: a dozen clips of one word, or all of five words.
        words = vocabulary(size)
        if split == "train":
            count = _TINY if size == "tiny" else SPEAKERS[split]
            return [
                (f"{w}-{k:02d}", tuple(f"{s}-{w}" for s in _speakers_of(w, split)[k : k + _TINY]))
                for w in words
                for k in range(0, count, _TINY)
            ]
        return [
            (f"{k:03d}", tuple(f"{s}-{w}" for w in words[k : k + _BLOCK] for s in _speakers_of(w, split)))
            for k in range(0, len(words), _BLOCK)
        ]

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        word = clip_id.split("-", 1)[-1]
        if word not in _table():
            raise UnknownName("word of avbench-synth/words", word, _table())
        speaker, session = make_speaker(spec, speaker_of(clip_id)), make_session(spec, clip_id)
        draw = Draw("avbench-synth", spec.version, "carrier", clip_id)
        before, behind = (draw.choice(_carriers(split_of(speaker.id), side)).split() for side in (_BEFORE, _BEHIND))
        words, place, rate = [*before, word, *behind], len(before), session.rate
        seed = seed_of("avbench-synth", spec.version, "breath", clip_id)
        while True:
            spoken = speak(voice, speaker, session, words, {place: _table()[word][0]}, rate=rate, seed=seed)
            if spoken.words[place].end - spoken.words[place].start <= LONGEST:
                break
            rate *= 1.03  # a slow speaker's longest words
        first, begin = _window(spoken, place, round(session.before * RATE))
        frames = max(frames_for(begin + len(spoken.samples)), first + FRAMES)
        text = " ".join(words)
        whole = recorded(spec, speaker, session, clip_id, spoken, text=text, begin=begin, frames=frames)
        return _cut(whole, place, first)

    def perform(self, spec: CorpusSpec, record: Record) -> Performance:
        shift = record.more["first"] / FPS
        phonemes = tuple(replace(p, start=p.start + shift) for p in record.phonemes)
        phrase = performance(spec, record.id, phonemes, record.end + shift, record.more["whole"])
        cut = slice(record.more["first"], record.more["first"] + FRAMES)
        return phrase._replace(track=phrase.track[cut], motion=make_motion(FRAMES, spec=spec, clip=record.id))

    def traits(self, record: Record) -> dict[str, Any]:
        return {"phrase": record.more["phrase"], "homophenes": list(homophenes_of(record.text))}


def _window(spoken: Utterance, place: int, least: int) -> tuple[int, int]:
    """The frame of the phrase at which the clip begins, and the sample at which speech does, no sooner than `least`.

    The clip is cut between two pictures, so speech begins as late as brings the word's centre into the clip's.
    """
    word = spoken.words[place]
    ahead = round((word.start + word.end) / 2 * RATE) - FRAMES * SAMPLES_PER_FRAME // 2
    first = int(np.ceil(max(least + ahead, 0) / SAMPLES_PER_FRAME))
    return first, first * SAMPLES_PER_FRAME - ahead


def _cut(whole: Said, place: int, first: int) -> Said:
    """The clip out of the recorded phrase."""
    shift, begin = first / FPS, first * SAMPLES_PER_FRAME
    word = whole.words[place]
    return Said(
        whole.id,
        FRAMES,
        word.text,
        (replace(word, start=word.start - shift, end=word.end - shift),),
        tuple(replace(p, start=p.start - shift) for p in whole.phonemes),
        whole.end - shift,
        {"phrase": whole.text, "first": first, "whole": whole.frames},
        samples=whole.samples[begin : begin + FRAMES * SAMPLES_PER_FRAME],
    )


PART = _Words()
