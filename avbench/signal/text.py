"""The one normaliser that every metric of words goes through.

Two ways of writing the same words must not count as an error, and two words must not become one. Sources: the
customs of LibriSpeech, whose transcripts keep the apostrophe of "don't" and write a hyphen as a space; Unicode
Standard Annex 15 (NFKC).

The rule, in order:

1. The signs that stand for an apostrophe (‘ ’ ‛ ʼ ′ ` ´) become `'`. Then NFKC: full-width, ligature and composed forms
   become one form.
2. Lower case.
3. Signs that nobody sees (category Cf: zero-width space, soft hyphen, byte-order mark; variation selectors) go.
4. Punctuation and symbols (categories P and S), control characters and unassigned ones become a space, hyphens
   included: "well-known" is two words, "3.5" too. They are not just deleted, which would turn "dark—and" into
   "darkand".
5. An apostrophe stays inside a word ("don't", "man's") and is a space elsewhere ("'tis", "dogs'").
6. Words are what lies between white space of any kind. A combining mark at the start of a word goes.

Numbers stay digits, contractions stay as they are, spelling is not changed, remarks such as "[noise]" are words: who
wants more has to do it to both sides before.

Contents: `normalise`, `split_words`.
"""

import re
import unicodedata

_APOSTROPHES = str.maketrans(dict.fromkeys("‘’‛ʼ′`´＇", "'"))
_QUOTES = re.compile(r"''+")
_OUTSIDE = re.compile(r"'(?![^\s'])|(?<![^\s'])'")


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
        text = text.encode().translate(_TABLE).decode()
        return (_OUTSIDE.sub(" ", text) if "'" in text and _is_loose(text) else text).split()
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).lower().translate(_SIGNS)
    words = (_trimmed(word) for word in _QUOTES.sub(" ", text).split())
    return [unicodedata.normalize("NFKC", word) for word in words if word]


def normalise(text: str) -> str:
    """The words of a text with one space between them; `""` where there is none.

    Example:
        >>> normalise("  Well-known: “it’s” ")
        "well known it's"
    """
    return " ".join(split_words(text))


def _is_loose(text: str) -> bool:
    """Whether an apostrophe of a plain text, whose only white space is the space, stands elsewhere than in a word."""
    return "''" in text or " '" in text or "' " in text or text.startswith("'") or text.endswith("'")


def _trimmed(word: str) -> str:
    """Without the apostrophes at its ends, and without combining marks that have nothing to combine with."""
    start = 0
    while start < len(word) and (word[start] == "'" or unicodedata.category(word[start])[0] == "M"):
        start += 1
    return word[start:].rstrip("'")
