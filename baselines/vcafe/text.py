"""What the recognisers write: 41 characters, as V-CAFE's released model has them.

Blank, unknown, apostrophe, ten digits, space, 26 letters, and one sign that begins and ends every sentence.

Contents: `TOKENS`, `BLANK`, `UNKNOWN`, `EDGE`, `tokens_of`, `text_of`.
"""

import string
from collections.abc import Sequence

from avbench.signal.text import normalise

TOKENS = ("<blank>", "<unk>", "'", *string.digits, " ", *string.ascii_lowercase, "<edge>")
BLANK, UNKNOWN, EDGE = 0, 1, len(TOKENS) - 1
_NUMBER = {token: k for k, token in enumerate(TOKENS) if len(token) == 1}


def tokens_of(text: str) -> list[int]:
    """Numbers of a sentence's characters, brought to the form in which words are scored; a foreign one is unknown.

    Example:
        >>> [TOKENS[k] for k in tokens_of("It's 5!")]
        ['i', 't', "'", 's', ' ', '5']
    """
    return [_NUMBER.get(character, UNKNOWN) for character in normalise(text)]


def text_of(numbers: Sequence[int]) -> str:
    """The sentence that they spell; blank, unknown and edge are silent.

    Example:
        >>> text_of([*tokens_of("we  see."), EDGE])
        'we see'
    """
    return " ".join("".join(TOKENS[k] for k in numbers if len(TOKENS[k]) == 1).split())
