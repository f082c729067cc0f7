"""The part `commands`, in the role of GRID: six words of a fixed grammar in three seconds.

`bin blue at f two now`: command, colour, preposition, letter (no w), digit, adverb: 4 × 4 × 4 × 25 × 10 × 4 = 64,000
sentences. Letters are given by their phonemes, or the engine would read `a` as the article. The sentence is said at a
random place of the clip; before and after it there is silence, and the mouth is closed.

A clip is called by its speaker and its six initials: `s017-bbaf2n` (zero is `z`). 34 speakers: 26 train, 4 validate, 4
test, as many women as men. No sentence is in two splits: a hash of the sentence gives it to one of them.

Source: the grammar is that of Cooke, Barker, Cunningham and Shao 2006, "An audio-visual corpus for speech perception
and automatic speech recognition".

Contents: `PART`, `sentence_of`.
"""

from functools import cache

from ....errors import UsageError
from ....seeds import Draw, seed_of
from ....signal.audio import RATE
from ....signal.video import FPS
from ..session import Said, make_session, recorded
from ..speakers import make_speaker
from ..spec import GENDERS, CorpusSpec, gender_of, speaker_ids, speaker_of
from ..voice import Voice
from .part import Part
from .spoken import speak

FRAMES = 75
MARGIN = 0.1  # seconds of silence at least, before and after
SPEAKERS = {"train": 26, "validation": 4, "test": 4}
CLIPS = {"tiny": 2, "small": 60, "base": 200}  # of each speaker
_TINY = {"train": 8, "validation": 4, "test": 4}

_LETTERS = {
    "a": "'eI", "b": "b'i:", "c": "s'i:", "d": "d'i:", "e": "'i:", "f": "'Ef", "g": "dZ'i:", "h": "'eItS", "i": "'aI",
    "j": "dZ'eI", "k": "k'eI", "l": "'El", "m": "'Em", "n": "'En", "o": "'oU", "p": "p'i:", "q": "kj'u:", "r": "'A@",
    "s": "'Es", "t": "t'i:", "u": "j'u:", "v": "v'i:", "x": "'Eks", "y": "w'aI", "z": "z'Ed",
}  # fmt: skip
_DIGITS = "zero one two three four five six seven eight nine".split()
_SLOTS: tuple[dict[str, str], ...] = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in _LETTERS},
    dict(zip("z123456789", _DIGITS, strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
_LETTER = 3
# Of ten parts of the sentences, by hash: test gets two, validation one.
_PARTS = {"test": (0, 1), "validation": (2,), "train": (3, 4, 5, 6, 7, 8, 9)}


def sentence_of(code: str) -> tuple[str, ...]:
    """The six words of a code: `"bbaf2n"` gives `("bin", "blue", "at", "f", "two", "now")`.

    Raises:
        UsageError: no code.
    """
    if len(code) != len(_SLOTS) or not all(sign in slot for sign, slot in zip(code, _SLOTS, strict=True)):
        raise UsageError(f"Sentences of avbench-synth/commands are coded like bbaf2n, not {code!r}.")
    return tuple(slot[sign] for sign, slot in zip(code, _SLOTS, strict=True))


@cache
def _speakers(split: str, count: int) -> tuple[str, ...]:
    """The first speakers of a split by hash, as many women as men."""
    everyone = speaker_ids(split)
    by_hash = sorted(everyone, key=lambda s: seed_of("avbench-synth", "commands", "speaker", s))
    women, men = ([s for s in by_hash if gender_of(s) == gender] for gender in GENDERS)
    return tuple(s for pair in zip(women, men, strict=False) for s in pair)[:count]


@cache
def _codes(speaker: str, split: str, count: int) -> tuple[str, ...]:
    """What a speaker says: different sentences of the split, the first of which are the same for every count."""
    draw = Draw("avbench-synth", "commands", "sentences", speaker)
    found: dict[str, None] = {}
    while len(found) < count:
        code = "".join(draw.choice(tuple(slot)) for slot in _SLOTS)
        if seed_of("avbench-synth", "commands", code) % 10 in _PARTS[split]:
            found[code] = None
    return tuple(found)


class _Commands(Part):
    name = "commands"
    title = "commands of six words: 64000 sentences, 3 s each, 34 speakers"
    default = "small"
    files = ("spoken.py", "commands.py")

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        self.check(size, split)
        speakers = _speakers(split, (_TINY if size == "tiny" else SPEAKERS)[split])
        said = {s: _codes(s, split, CLIPS[size]) for s in speakers}
        return tuple(f"{s}-{said[s][k]}" for k in range(CLIPS[size]) for s in speakers)

    def shards(self, size: str, split: str) -> list[tuple[str, tuple[str, ...]]]:
        # Ten clips of one speaker, so that small and base share them; the two of tiny are kept alone.
        count, step = CLIPS[size], 10 if CLIPS[size] % 10 == 0 else CLIPS[size]
        speakers = _speakers(split, (_TINY if size == "tiny" else SPEAKERS)[split])
        return [
            (f"{s}-{k:03d}" + ("" if step == 10 else f"-{step}"), tuple(f"{s}-{code}" for code in codes[k : k + step]))
            for s in speakers
            for codes in [_codes(s, split, count)]
            for k in range(0, count, step)
        ]

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        words = sentence_of(clip_id.split("-", 1)[-1])
        speaker, session = make_speaker(spec, speaker_of(clip_id)), make_session(spec, clip_id)
        seed, rate = seed_of("avbench-synth", spec.version, "breath", clip_id), session.rate
        own = {_LETTER: _LETTERS[words[_LETTER]]}
        while True:
            spoken = speak(voice, speaker, session, words, own, rate=rate, seed=seed)
            room = int((FRAMES / FPS - 2 * MARGIN) * RATE) - len(spoken.samples)
            if room >= 0:
                break
            rate *= 1.03  # a slow speaker is heard to the end
        begin = round(MARGIN * RATE) + Draw("avbench-synth", spec.version, "offset", clip_id).integer(room + 1)
        return recorded(spec, speaker, session, clip_id, spoken, text=" ".join(words), begin=begin, frames=FRAMES)


PART = _Commands()
