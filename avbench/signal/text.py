"""The one normaliser that every metric of words goes through.

Two ways of writing the same words must not count as an error, and two words must not become one. Sources: the
customs of LibriSpeech, whose transcripts keep the apostrophe of "don't" and write a hyphen as a space; Unicode
Standard Annex 15 (NFKC).

The rule, in order:

1. The signs that stand for an apostrophe (‘ ’ ‛ ʼ ′ ` ´) become `'`. Then NFKC: full-width, ligature and composed forms
   become one form. Then the first once more, for signs that NFKC takes out of others (ŉ is ʼn).
2. Lower case.
3. Signs that nobody sees (category Cf: zero-width space, soft hyphen, byte-order mark; variation selectors) go.
4. Punctuation and symbols (categories P and S), control characters and unassigned ones become a space, hyphens
   included: "well-known" is two words, "3.5" too. They are not just deleted, which would turn "dark—and" into
   "darkand".
5. An apostrophe stays inside a word ("don't", "man's") and is a space elsewhere ("'tis", "dogs'").
6. Words are what lies between white space of any kind. A combining mark at the start of a word goes.

Numbers stay digits, contractions stay as they are, spelling is not changed, remarks such as "[noise]" are words: who
wants more has to do it to both sides before.

Contents: `normalise`, `split_words`, `split_both`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

_APOSTROPHES = str.maketrans(dict.fromkeys("‘’‛ʼ′`´＇", "'"))
_QUOTES = re.compile(r"''+")
# An apostrophe of plain text that does not stand inside a word. The pattern begins with the sign itself: a search for
# one character is many times faster than one for alternatives.
_OUTSIDE = re.compile(rb"'(?:(?![^\s'])|(?<![^\s']'))")


class _Signs(dict):
    """What becomes of a character, looked up once for each."""

    def __missing__(self, code: int) -> str | int | None:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cf" or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
            self[code] = None
        elif character != "'" and (category[0] in "PSZ" or category in ("Cc", "Cn", "Cs")):
            self[code] = " "
        else:
            self[code] = code
        return self[code]


_SIGNS = _Signs()
# A table of bytes is several times faster than a mapping, and nearly every transcript is plain ASCII.
_TABLE = "".join(chr(c).translate(_APOSTROPHES).lower().translate(_SIGNS) for c in range(128)).encode().ljust(256)
_LINES = _TABLE[:10] + b"\n" + _TABLE[11:]  # the same, and lines stay apart


def split_words(text: str) -> list[str]:
    """The words of a text, normalised by the rule above.

    Args:
        text: anything.

    Returns:
        Words without white space in them, none of them empty; an empty list where the text holds none.

    Example:
        >>> split_words("Don’t – I said – touch the well-known GATE.")
        ["don't", 'i', 'said', 'touch', 'the', 'well', 'known', 'gate']
    """
    if text.isascii():
        plain = text.encode().translate(_TABLE)
        return (_OUTSIDE.sub(b" ", plain) if b"'" in plain else plain).decode().split()
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    text = text.translate(_APOSTROPHES).lower().translate(_SIGNS)
    words = (_trimmed(word) for word in _QUOTES.sub(" ", text).split())
    return [unicodedata.normalize("NFKC", word) for word in words if word]


def split_both(estimates: Sequence[str], references: Sequence[str]) -> tuple[Iterator[list], Iterator[list]]:
    """`split_words` of every text on two sides, to be compared and nothing else.

    Where all texts are plain, each side is normalised in one go and words are `bytes`, which are made faster than
    `str`; elsewhere they are `str`. Two words are equal if and only if those of `split_words` are.
    """
    sides = ["\n".join(estimates), "\n".join(references)]
    counts = [side.count("\n") + 1 if side.isascii() else 0 for side in sides]
    if counts != [len(estimates), len(references)]:  # other scripts, or lines within a text
        return map(split_words, estimates), map(split_words, references)
    plain = (_OUTSIDE.sub(b" ", side.encode().translate(_LINES)) for side in sides)
    return tuple(map(bytes.split, side.split(b"\n")) for side in plain)


def normalise(text: str) -> str:
    """The words of a text with one space between them; `""` where there is none.

    Example:
        >>> normalise("  Well-known: “it’s” ")
        "well known it's"
    """
    return " ".join(split_words(text))


def _trimmed(word: str) -> str:
    """Without the apostrophes at its ends, and without combining marks that have nothing to combine with."""
    start = 0
    while start < len(word) and (word[start] == "'" or unicodedata.category(word[start])[0] == "M"):
        start += 1
    return word[start:].rstrip("'")
