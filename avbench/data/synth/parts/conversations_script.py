"""What happens in a conversation, and how it sounds.

People take turns drawn at random: mostly the other one goes on, at times before the first has ended, at times after a
long silence. Then what a face does while it does not speak is drawn: nothing, chewing, laughing without a sound, or
mouthing a sentence that is not heard, be it while the other one speaks or in silence. Nothing about a decoy depends on
the sound, so that only who moves *with* the sound speaks.

Conventions: as in `conversations_events`; one microphone and one room for all; stems are what each person adds to the
mix.

Contents: `Heard`, `converse`, `with_rests`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ....seeds import Draw, seed_of
from ....signal.audio import RATE, from_int16, to_int16
from ....signal.video import SAMPLES_PER_FRAME
from ....types import Word
from ..grammar import sentence
from ..session import PEAK, make_session, recorded, trimmed
from ..speakers import make_speaker
from ..spec import CorpusSpec
from ..voice import Phoneme, Utterance, Voice
from .conversations_events import FRAMES, OFF_SCREEN, SECONDS, Conversation, Event, cast_of, place_of

SAME_AGAIN = 0.25  # chance that the same person goes on
EARLY = 0.53  # chance that somebody else starts before the end
EARLY_BY = (0.3, 1.5)  # seconds
LONG_SILENCE = 0.12
MARGIN = 0.3  # seconds between a face's speech and its decoys, and at both ends of the clip
DECOYS = {"mouthed": 0.55, "chew": 0.27, "laugh": 0.18}
DECOY_SECONDS = {"chew": (1.5, 5.0), "laugh": (0.8, 2.2)}
DECOY_CHANCE = 0.55  # for each stretch that is long enough
REST = 0.2
# Sentences of these numbers are none of the other parts' clips.
_SPOKEN, _MOUTHED, _THIRD = 7000, 8000, 10000


@dataclass(frozen=True, eq=False)
class Heard:
    """A conversation with its sound.

    Args:
        conversation: who does what when.
        samples: `[480000]` int16, all together.
        stems: `[persons, 480000]` float32: what each adds to it; they sum to the samples but for rounding.
    """

    conversation: Conversation
    samples: np.ndarray
    stems: np.ndarray


def converse(spec: CorpusSpec, conversation: str, voice: Voice) -> Heard:
    """Make a conversation.

    Args:
        spec: of the corpus.
        conversation: e.g. `"s017-s033"`.
        voice: the engine; what it said before makes no difference.

    Raises:
        UsageError: no such conversation.
        MissingResource: the engine is missing or does not work.
    """
    cast = cast_of(conversation)
    turns, sounds = _take_turns(spec, conversation, cast, voice)
    decoys = [e for face in (0, 1) for e in _decoys(spec, conversation, face, cast[face], turns, voice)]
    events = tuple(sorted([*turns, *decoys], key=lambda e: (e.start, e.person)))
    script = Conversation(conversation, cast, events)
    stems = np.stack([_stem(spec, script, person, turns, sounds) for person in range(len(cast))])
    mix = stems.sum(axis=0)
    share = min(1.0, PEAK / np.abs(mix).max())
    return Heard(script, to_int16(mix * share), (stems * share).astype(np.float32))


def _take_turns(spec, conversation, cast, voice):
    """Speech events in order, and the samples of each."""
    draw = Draw("avbench-synth", spec.version, "turns", conversation)
    turns: list[Event] = []
    sounds: list[np.ndarray] = []
    first = draw.sample(range(len(cast)), len(cast))  # everybody has a turn before people go on as they like
    person, time, refused = first[0], draw.uniform(MARGIN, 1.5), 0
    free = dict.fromkeys(range(len(cast)), 0.0)  # from when on each may speak again
    while refused < 2:  # a sentence that is too long for what is left is followed by another try
        text, said = _say(spec, conversation, cast, person, len(turns) + 40 * refused, voice)
        start = max(time, free[person])
        end = start + len(said.samples) / RATE
        if end > SECONDS - MARGIN:
            refused += 1
            continue
        turns.append(_placed(person, "speech", text, said, start))
        sounds.append(said.samples)
        free[person] = end + 0.25
        before = person
        if len(turns) < len(first):
            person = first[len(turns)]
        elif not draw.chance(SAME_AGAIN):
            person = draw.choice([p for p in range(len(cast)) if p != person])
        time = end + _gap(draw, person != before, end - start)
    return turns, sounds


def _gap(draw, other: bool, length: float) -> float:
    """Seconds from the end of a turn to the next one; below 0 where they overlap."""
    early, by, silence, longer = draw.uniform(), draw.uniform(*EARLY_BY), draw.exponential(0.35), draw.uniform(1.5, 3.5)
    if draw.chance(LONG_SILENCE):
        return longer
    if other and early < EARLY:
        return -min(by, 0.5 * length)
    return 0.15 + min(silence, 2.0) + (0.0 if other else 0.35)


def _decoys(spec, conversation, face, speaker, turns, voice):
    """What a face does between its turns that is not heard."""
    draw = Draw("avbench-synth", spec.version, "decoys", f"{conversation}-{face}")
    own = [e for e in turns if e.person == face]
    ends = [MARGIN, *(e.end + MARGIN for e in own)]
    starts = [*(e.start - MARGIN for e in own), SECONDS - MARGIN]
    found, number = [], 0
    for begin, stop in zip(ends, starts, strict=True):
        while stop - begin > 1.2:
            kind, at, wanted, number = _pick(draw), begin + draw.uniform(0.0, 2.0), draw.uniform(), number + 1
            if not draw.chance(DECOY_CHANCE):
                begin = at + 1.0
                continue
            if kind == "mouthed":
                text, said = _say(spec, conversation, (speaker,), 0, _MOUTHED - _SPOKEN + number, voice)
                event = _placed(face, kind, text, said, at)
            else:
                low, high = DECOY_SECONDS[kind]
                event = Event(face, kind, at, min(at + low + (high - low) * wanted, stop))
            if event.end <= stop and event.end - event.start > 0.7:
                found.append(event)
                begin = event.end
            begin += MARGIN + 0.4
    return found


def _pick(draw):
    place = draw.uniform()
    for kind, share in DECOYS.items():
        place -= share
        if place < 0:
            return kind
    return kind


def _say(spec, conversation, cast, person, number, voice) -> tuple[str, Utterance]:
    """Text and utterance of a number, in the session of its speaker."""
    name = cast[person]
    number += _THIRD + 100 * place_of(conversation) if person == OFF_SCREEN else _SPOKEN
    speaker, session = make_speaker(spec, name), make_session(spec, f"{conversation}-{name}")
    text = sentence(spec, f"{name}-{number}")
    seed = seed_of("avbench-synth", spec.version, "breath", conversation, name, number)
    return text, trimmed(voice.speak(speaker, text, rate=session.rate, pitch=session.pitch, seed=seed))


def _placed(person, kind, text, said, start) -> Event:
    """An utterance as an event, from the sample nearest to a time on."""
    start = round(start * RATE) / RATE
    return Event(
        person, kind, start, start + len(said.samples) / RATE, text,
        tuple(Word(w.text, w.start + start, w.end + start) for w in said.words),
        tuple(replace(p, start=p.start + start) for p in said.phonemes),
    )  # fmt: skip


def _stem(spec, script, person, turns, sounds) -> np.ndarray:
    """`[480000]` float32: one person as the microphone hears them."""
    samples = np.zeros(FRAMES * SAMPLES_PER_FRAME)
    own = [(turn, sound) for turn, sound in zip(turns, sounds, strict=True) if turn.person == person]
    if not own:
        return samples.astype(np.float32)
    for turn, sound in own:
        begin = round(turn.start * RATE)
        samples[begin : begin + len(sound)] += sound
    name = script.cast[person]
    session = replace(make_session(spec, script.id), level_dbfs=make_session(spec, f"{script.id}-{name}").level_dbfs)
    if person == OFF_SCREEN:  # further away: softer, and more of the room
        further = {"echo_db": session.echo_db + 8.0, "decay": session.decay + 0.1}
        session = replace(session, level_dbfs=session.level_dbfs - 4.0, **further)
    spoken = Utterance(samples, (), with_rests([turn for turn, _ in own]))
    key = f"{script.id}-{person}"
    said = recorded(spec, make_speaker(spec, name), session, key, spoken, text="", begin=0, frames=FRAMES)
    return from_int16(said.samples)


def with_rests(events: Sequence[Event]) -> tuple[Phoneme, ...]:
    """The phonemes of several events, with a pause in every `REST` seconds between them, so that the mouth rests."""
    out: list[Phoneme] = []
    last = 0.0
    for event in [*events, Event(0, "", SECONDS, SECONDS)]:
        times = np.arange(last, event.start - 0.05, REST)
        out += [Phoneme("_", float(t), False) for t in times]
        out += event.phonemes
        last = event.end
    return tuple(out)
