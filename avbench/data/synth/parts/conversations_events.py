"""What is known of the corpus' conversations: who sits in which, who does what when, and the labels that follow.

A conversation lasts 30 s. Two faces are to be seen; in one conversation of ten a third person talks who is not. People
take turns, pause, and start before the other has ended; while a face does not speak it may chew, laugh without a sound,
or mouth words that nobody hears (`script`). Every speaker sits in one conversation only, and each split has its own.

Source: roles, lengths and shares after Donley et al. 2021, "EasyCom" (noisy conversations seen through glasses) and
Roth et al. 2020, "AVA-ActiveSpeaker" (a label for each face and frame).

Conventions: a conversation is called after the two who are to be seen, `s017-s033`, its faces are the tracks
`s017-s033-0` (left) and `s017-s033-1` (right); person 2, if there is one, is off screen. 16 kHz mono; 25 fps; 750
frames; times in seconds. Everything is a pure function of (spec, conversation).

Contents: `SECONDS`, `FRAMES`, `KINDS`, `OFF_SCREEN`, `Event`, `Conversation`, `conversation_ids`, `conversation_of`,
`cast_of`, `split_of_conversation`, `place_of`, `spoken`, `labels`, `doings`, `more_of`, `conversation_from`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from ....errors import UsageError
from ....seeds import Draw, seed_of
from ....signal.video import FPS
from ....types import Word
from ..spec import SIZES, SPLITS, clip_ids, speaker_ids, speaker_of
from ..voice import Phoneme

SECONDS = 30.0
FRAMES = 750
KINDS = ("speech", "mouthed", "chew", "laugh")
"""What a face can do: speak audibly; three decoys that are not heard."""
OFF_SCREEN = 2
PAUSE = 0.2
"""Shorter pauses between words do not end the speaking."""


@dataclass(frozen=True)
class Event:
    """Something that a person does for a while.

    Args:
        person: 0 or 1 on screen, 2 off screen.
        kind: of `KINDS`; only `speech` is heard.
        start: seconds.
        end: seconds.
        text: what is said or mouthed; empty otherwise.
        words: when each word is said.
        phonemes: when each phoneme begins.
    """

    person: int
    kind: str
    start: float
    end: float
    text: str = ""
    words: tuple[Word, ...] = ()
    phonemes: tuple[Phoneme, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """Who does what when.

    Args:
        id: e.g. `"s017-s033"`.
        cast: two speakers, left and right, and a third if somebody talks off screen.
        events: in order of their start.
    """

    id: str
    cast: tuple[str, ...]
    events: tuple[Event, ...]


def conversation_ids(size: str, split: str) -> tuple[str, ...]:
    """Conversations of a split, in order; 8, 80 or 160 of training by size, 20 of validation and of test.

    Raises:
        UnknownName: no such size or split.
    """
    speakers = {speaker_of(c) for c in clip_ids(size, split)}
    return tuple(name for name, (of, cast) in _casts().items() if of == split and cast[0] in speakers)


def conversation_of(track: str) -> tuple[str, int]:
    """Conversation and face of a track: `"s017-s033-1"` gives `("s017-s033", 1)`.

    Raises:
        UsageError: not the name of a track.
    """
    if not re.fullmatch(r"s\d{3}-s\d{3}-[01]", track):
        raise UsageError(f"Face tracks of conversations are called like s017-s033-0 and s017-s033-1, not {track!r}.")
    return track[:-2], int(track[-1])


def cast_of(conversation: str) -> tuple[str, ...]:
    """Who talks: left, right and, in one of ten conversations, somebody of the same split off screen.

    Raises:
        UsageError: not the name of a conversation.
    """
    return _entry(conversation)[1]


def split_of_conversation(conversation: str) -> str:
    """The split of all its speakers. Raises as `cast_of`."""
    return _entry(conversation)[0]


def place_of(conversation: str) -> int:
    """Place of a conversation among all 200. Raises as `cast_of`."""
    _entry(conversation)
    return tuple(_casts()).index(conversation)


def _entry(conversation):
    if conversation not in _casts():
        raise UsageError(
            f"Conversations of avbench-synth are called after two who sit together, like {next(iter(_casts()))}, "
            f"not {conversation!r}."
        )
    return _casts()[conversation]


@cache
def _casts() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Split and cast by name. Speakers of the smallest size are paired first, so that sizes share conversations."""
    pairs: list[tuple[str, tuple[str, str]]] = []
    for split in SPLITS:
        before: set[str] = set()
        for size in sorted(SIZES, key=lambda name: SIZES[name].speakers):
            new = sorted({speaker_of(c) for c in clip_ids(size, split)} - before, key=_hash)
            pairs += [(split, (a, b)) for a, b in zip(new[::2], new[1::2], strict=True)]
            before.update(new)
    casts = {}
    for first in range(0, len(pairs), 10):  # exactly one of every ten has somebody off screen
        chosen = Draw("avbench-synth", "conversations", "off-screen", first).integer(10)
        for place, (split, pair) in enumerate(pairs[first : first + 10]):
            name = "-".join(pair)
            others = [s for s in speaker_ids(split) if s not in pair] if place == chosen else []
            third = [Draw("avbench-synth", "conversations", "third", name).choice(others)] if others else []
            casts[name] = (split, (*pair, *third))
    return casts


def _hash(speaker: str) -> int:
    return seed_of("avbench-synth", "conversations", "seat", speaker)


def spoken(conversation: Conversation, person: int) -> tuple[tuple[float, float], ...]:
    """When a person is heard to speak: from the first word to the last before a pause of more than `PAUSE` seconds."""
    words = [w for e in conversation.events if e.kind == "speech" and e.person == person for w in e.words]
    spans: list[list[float]] = []
    for word in sorted(words, key=lambda w: w.start):
        if spans and word.start - spans[-1][1] <= PAUSE:
            spans[-1][1] = max(spans[-1][1], word.end)
        else:
            spans.append([word.start, word.end])
    return tuple((a, b) for a, b in spans)


def labels(conversation: Conversation, person: int) -> np.ndarray:
    """`[750]` bool: whether the person is heard to speak in the middle of each frame."""
    return _frames(spoken(conversation, person))


def doings(conversation: Conversation, person: int) -> np.ndarray:
    """`[750]` int8: 0 for nothing, else 1 + the place in `KINDS` of what the face does in the middle of each frame."""
    out = np.where(labels(conversation, person), 1, 0).astype(np.int8)
    for event in conversation.events:
        if event.person == person and event.kind != "speech":
            out[_frames([(event.start, event.end)])] = 1 + KINDS.index(event.kind)
    return out


def _frames(spans) -> np.ndarray:
    middle = (np.arange(FRAMES) + 0.5) / FPS
    return np.any([np.zeros(FRAMES, bool), *((middle >= a) & (middle < b) for a, b in spans)], axis=0)


def more_of(conversation: Conversation) -> dict:
    """What the corpus' records keep of a conversation beside its id; `conversation_from` reads it."""
    return {
        "cast": list(conversation.cast),
        "events": [
            {
                "person": e.person, "kind": e.kind, "start": e.start, "end": e.end, "text": e.text,
                "words": [[w.text, w.start, w.end] for w in e.words],
                "phonemes": [[p.symbol, p.start, int(p.stressed)] for p in e.phonemes],
            }
            for e in conversation.events
        ],
    }  # fmt: skip


def conversation_from(conversation: str, more: Mapping) -> Conversation:
    """The conversation of a name and what `more_of` kept."""
    events = tuple(
        Event(
            e["person"], e["kind"], e["start"], e["end"], e["text"],
            tuple(Word(*w) for w in e["words"]),
            tuple(Phoneme(symbol, start, bool(stressed)) for symbol, start, stressed in e["phonemes"]),
        )
        for e in more["events"]
    )  # fmt: skip
    return Conversation(conversation, tuple(more["cast"]), events)
