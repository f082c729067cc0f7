"""How `words.tsv` was made: 500 words of 5 to 12 letters, in the order in which sizes take them, homophenes marked.

Homophenes are words that the lips cannot tell apart: their phonemes have the same visemes, one by one, in the British
pronunciation of the lexicon. Every set of them among the candidates is taken whole, unless words sound alike too (of
those the first stays), and other words by hash until there are 500. A set never straddles the border of a size.

Contents: `HOMOPHENES`, `renew`.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ....seeds import seed_of
from .. import lexicon
from ..articulation import symbols_of, viseme_of
from ..voice import Voice
from .words import WORDS

LETTERS = range(5, 13)

HOMOPHENES = (
    "batch patch pound bound mound punch bunch munch bride bright prize blade cherry sherry chops shops greed trade "
    "trait drain great grain grade crane crate fault vault maker mutter matter batter manner banner bunny muddy metal "
    "medal pedal petal model coast ghost class glass cloud clown drown trout crowd crown sheet cheat chain terse spell "
    "smell smoke spoke berry merry pears bears braid brain"
)
"""Words that the lexicon lacks and that make sets, with each other or with its own."""


def visemes_in(code: str) -> tuple[str, ...]:
    """What the lips show of a word's phonemes, in order.

    Example:
        >>> visemes_in("p'atS") == visemes_in("b'atS") == ("pbm", "ae", "sh")
        True
    """
    return tuple(viseme for symbol in symbols_of(code) for viseme in viseme_of(symbol))


def renew(path: Path, voice: Voice) -> None:
    """Write the table anew.

    Args:
        path: the table to write: word, phonemes, and the set's first word or nothing, in the order of the sizes.
        voice: an open engine, for the words that the lexicon lacks.
    """
    extra = HOMOPHENES.split()
    codes = {w: lexicon.pronounce(w) for w in lexicon.words() if w.isalpha() and w not in lexicon.WEAK}
    codes |= dict(zip(extra, voice.phonemes_of(extra), strict=True))
    units = _in_order(_sets({w: c for w, c in codes.items() if len(w) in LETTERS}))
    lines = [f"{w}\t{codes[w]}\t{unit[0] if len(unit) > 1 else ''}\n" for unit in units for w in unit]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _sets(codes: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Words by what the lips show, of words that sound alike the first; the sets by hash of their first word."""
    by_sound: dict[str, str] = {}
    for word in sorted(codes):
        by_sound.setdefault(codes[word].replace("'", "").replace(",", ""), word)
    by_sight = defaultdict(list)
    for word in by_sound.values():
        by_sight[visemes_in(codes[word])].append(word)
    return sorted(map(tuple, by_sight.values()), key=lambda unit: seed_of("avbench-synth", "words", unit[0]))


def _in_order(units: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Sets and words as the sizes take them: a set first, then evenly mixed; none straddles the border of a size."""
    sets, singles = ([u for u in units if (len(u) > 1) == wanted] for wanted in (True, False))
    everyone = WORDS["base"]
    singles = singles[: everyone - sum(map(len, sets))]
    waiting = [(k / len(group), k, unit) for group in (sets, singles) for k, unit in enumerate(group)]
    waiting = [unit for *_, unit in sorted(waiting, key=lambda entry: (entry[0], -len(entry[2])))]
    ordered: list[tuple[str, ...]] = []
    for border in sorted(WORDS.values()):
        space = border - sum(map(len, ordered))
        for unit in list(waiting):
            if len(unit) <= space:
                ordered.append(unit)
                waiting.remove(unit)
                space -= len(unit)
    return ordered
