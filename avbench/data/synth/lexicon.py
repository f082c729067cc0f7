"""How every word of the embedded corpus is said: word → phonemes in the engine's mnemonics.

The engine merges short words when it reads plain text ("of the" comes as one), so that its word times could not be
trusted; it is given phonemes instead, one pair of brackets to a word. The table `lexicon.tsv` was made once with
`renew`: the engine's British pronunciation, in which every accent's own sounds can be told apart, and for function
words the weak forms below.

Contents: `pronounce`, `to_phonemes`, `words`, `renew`, `WEAK`.
"""

import csv
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UnknownName

if TYPE_CHECKING:
    from .voice import Voice

WEAK = {
    "a": "a#", "an": "@n", "the": "D@", "this": "DIs", "that": "Dat", "these": "Di:z", "those": "DoUz", "some": "s@m",
    "my": "maI", "your": "jO@", "his": "hIz", "her": "h3", "our": "aU@", "their": "De@",
    "i": "aI", "you": "ju:", "he": "hi:", "she": "Si:", "it": "It", "we": "wi:", "they": "DeI", "them": "D@m",
    "and": "@nd", "but": "b@t", "was": "w@z", "were": "w3", "did": "dId",
    "of": "@v", "at": "@t", "for": "f3", "in": "In", "on": "0n", "by": "baI", "with": "wID",
}  # fmt: skip
"""Function words as they are said in a sentence: unstressed, most with a weak vowel."""

_TOKEN = re.compile(r"\[\[([^\]]+)\]\]|([a-z]+(?:'[a-z]+)?)|([,;:.?!])|(\S)")


@cache
def _table() -> dict[str, str]:
    text = resources.files(__package__).joinpath("lexicon.tsv").read_text(encoding="utf-8")
    return dict(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


def words() -> tuple[str, ...]:
    """Every word that can be said, in alphabetical order."""
    return tuple(_table())


def pronounce(word: str) -> str:
    """The phonemes of a word, in the engine's mnemonics.

    Raises:
        UnknownName: a word that the lexicon does not hold.

    Example:
        >>> pronounce("bat")
        "b'at"
    """
    try:
        return _table()[word]
    except KeyError:
        raise UnknownName("word in the lexicon of avbench-synth", word, _table()) from None


def to_phonemes(text: str) -> tuple[tuple[str, ...], str]:
    """A text in the form that the engine is given.

    Args:
        text: words, phonemes in double brackets, and punctuation, which makes pauses and melody.

    Returns:
        The words, and the text with each of them as phonemes.

    Raises:
        UnknownName: a word or a sign that cannot be said.

    Example:
        >>> to_phonemes("Bat, [[p'at]].")
        (('bat', "p'at"), "[[b'at]], [[p'at]].")
    """
    said, code = [], ""
    for phonemes, word, sign, other in _TOKEN.findall(re.sub(r"(\[\[.*?\]\])|([^\[]+)", _lower, text)):
        if other:
            raise UnknownName("sign that can be spoken", other, ",;:.?!")
        if sign:
            code += sign
        else:
            said.append(phonemes or word)
            code += f"{' ' if code else ''}[[{phonemes or pronounce(word)}]]"
    return tuple(said), code


def _lower(match: re.Match) -> str:
    """Words in lower case; in phonemes, case tells sounds apart."""
    return match[1] or match[2].lower()


def renew(path: Path, voice: "Voice"):
    """Write the lexicon anew, for the words of the grammar and of the probes.

    Args:
        path: the table to write.
        voice: an open `voice.Voice`.
    """
    from . import grammar, vocabulary

    wanted = sorted(grammar.words() | set(vocabulary.EXTRA.split()) | set(WEAK))
    table = dict(zip(wanted, voice.phonemes_of(wanted), strict=True)) | WEAK
    path.write_text("".join(f"{word}\t{table[word]}\n" for word in wanted), encoding="utf-8", newline="\n")
