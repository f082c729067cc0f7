"""Speech with a part's own pronunciations beside those of the lexicon, and with mended word times.

The engine says when a word begins by the closure or the onset of its first consonant, which is as it should be. A word
that begins with a vowel it announces up to 90 ms early, inside the sound before (measured: "wrong under" has its border
at the beginning of the ng). Such a word begins here with its vowel; which one that is, an alignment of the phonemes
that were wanted with those that were said tells.

Contents: `speak`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from .. import lexicon
from ..articulation import VOWELS, symbols_of, viseme_of
from ..session import Session, trimmed
from ..speakers import Speaker
from ..voice import Utterance, Voice


def speak(
    voice: Voice,
    speaker: Speaker,
    session: Session,
    words: Sequence[str],
    own: Mapping[int, str],
    *,
    rate: float,
    seed: int,
) -> Utterance:
    """Say some words in one breath, without silence before and after.

    Args:
        voice: the engine.
        speaker: who says them.
        session: in which; its pitch counts here.
        words: as they are written.
        own: pronunciations of some of them, by place, in the engine's mnemonics; the others are the lexicon's.
        rate: times the speaker's own speaking rate.
        seed: of breath and flutter.

    Raises:
        UnknownName: a word that neither has.
        MissingResource: no speech engine.
    """
    codes = [own[k] if k in own else lexicon.pronounce(word) for k, word in enumerate(words)]
    text = " ".join(f"[[{code}]]" for code in codes) + "."
    spoken = trimmed(voice.speak(speaker, text, rate=rate, pitch=session.pitch, seed=seed))
    # The engine knows them by their phonemes; it reports one event per word, in order, or an error.
    named = tuple(replace(w, text=t) for w, t in zip(spoken.words, words, strict=True))
    return _mended(replace(spoken, words=named), codes)


def _mended(spoken: Utterance, codes: Sequence[str]) -> Utterance:
    """The utterance whose words that begin with a vowel begin when the vowel does."""
    wanted = [viseme_of(symbol) for code in codes for symbol in symbols_of(code)]
    heard = [p for p in spoken.phonemes if p.symbol != "_"]
    partner = _aligned(wanted, [viseme_of(p.symbol) for p in heard])
    words, place = list(spoken.words), 0
    for k, code in enumerate(codes):
        at = partner[place]
        if k and at is not None and wanted[place][0] in VOWELS:
            if words[k - 1].end == words[k].start:  # else there is a pause between them, where the one before ends
                words[k - 1] = replace(words[k - 1], end=heard[at].start)
            words[k] = replace(words[k], start=heard[at].start)
        place += len(symbols_of(code))
    return replace(spoken, words=tuple(words))


def _aligned(wanted: list, heard: list) -> list[int | None]:
    """Which of those heard stands for each of those wanted, at the fewest edits; None is one that was swallowed."""
    costs = [list(range(len(heard) + 1))]
    for i, one in enumerate(wanted):
        above, row = costs[-1], [i + 1]
        for j, other in enumerate(heard):
            row.append(min(above[j] + (one != other), above[j + 1] + 1, row[j] + 1))
        costs.append(row)
    partner: list[int | None] = [None] * len(wanted)
    i, j = len(wanted), len(heard)
    while i and j:
        if costs[i][j] == costs[i - 1][j - 1] + (wanted[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            partner[i] = j
        elif costs[i][j] == costs[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    return partner
