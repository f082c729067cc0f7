"""From phonemes to words: the recogniser's tokens, and the nearest words of the lexicon.

The recogniser writes phonemes and the end of every word. Words that sound alike ("their", "there") differ in their end:
the first in the alphabet ends with `|`, the second with `|2`, so that the net can tell them by what is around them.

The words are those of the lexicon whose tokens, one after the other, fit the net's scores best: every word may follow
every word, all equally likely. No grammar, no frequency of words: what the ear did not catch is not made up from what
sentences are usually like. The lexicon itself helps all the same (1247 words, against tens of thousands in life).

Source: Graves et al. 2006, section 3.2 (paths and blanks); Viterbi 1967.

Contents: `WORD_COST`, `tokens`, `tokens_of`, `best_words`.
"""

import re
from functools import cache

import numpy as np

from avbench.data.synth import lexicon

END, OTHER_END = "|", "|2"
WORD_COST = 2.0
"""Nats that every word costs, so that one long word is not read as two short ones; set on validation speakers."""
# A mnemonic is a character, with a mark of length, vowel quality or palatality; stress (' , -) is not written.
_MNEMONIC = re.compile(r"[^',\-;:#2][:#2;]*")


@cache
def _spellings() -> dict[str, tuple[str, ...]]:
    """Word to tokens, for every word of the lexicon."""
    found, taken = {}, set()
    for word in lexicon.words():
        sounds = tuple(_MNEMONIC.findall(lexicon.pronounce(word)))
        found[word] = (*sounds, OTHER_END if sounds in taken else END)
        taken.add(sounds)
    return found


@cache
def tokens() -> tuple[str, ...]:
    """All tokens in order; the blank of CTC, which is not among them, is number 0, these count from 1."""
    return tuple(sorted({token for spelling in _spellings().values() for token in spelling}))


@cache
def _numbers() -> dict[str, tuple[int, ...]]:
    number = {token: k + 1 for k, token in enumerate(tokens())}
    return {word: tuple(number[t] for t in spelling) for word, spelling in _spellings().items()}


def tokens_of(text: str) -> list[int]:
    """Numbers of a sentence's tokens; anything but words is passed over.

    Raises:
        KeyError: a word that the lexicon does not hold.

    Example:
        >>> [tokens()[k - 1] for k in tokens_of("There!")]
        ['D', 'e', '@', '|2']
    """
    return [k for word in re.findall(r"[a-z']+", text.lower()) for k in _numbers()[word]]


@cache
def _table() -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Words, their tokens `[W, L]` filled up with blanks, and their lengths `[W]`."""
    words = tuple(_numbers())
    lengths = np.array([len(_numbers()[w]) for w in words])
    spelt = np.zeros((len(words), lengths.max()), int)
    for row, word in zip(spelt, words, strict=True):
        row[: len(_numbers()[word])] = _numbers()[word]
    return words, spelt, lengths


def best_words(scores: np.ndarray) -> list[str]:
    """The words that fit what the net heard best (Viterbi's algorithm over CTC's paths, all words at once).

    A state is a word, how many of its tokens have been heard, and whether a blank was heard since; a word that has
    ended lets any other begin, at `WORD_COST`.

    Args:
        scores: `[S, 1 + tokens]` log probabilities, the blank first.

    Example:
        >>> scores = np.full((12, 1 + len(tokens())), -5.0)
        >>> scores[np.arange(3), tokens_of("see")] = -0.1
        >>> scores[3:, 0] = -0.1
        >>> best_words(scores)
        ['see']
    """
    words, spelt, lengths = _table()
    rows, ends = np.arange(len(words)), lengths - 1
    repeats = spelt[:, 1:] == spelt[:, :-1]
    # Heard last: the token itself, or a blank before the token. Beside each score the last of `ended` on its path.
    token, pause = np.full(spelt.shape, -np.inf), np.full(spelt.shape, -np.inf)
    token_after, pause_after = np.zeros(spelt.shape, int), np.zeros(spelt.shape, int)
    ended: list[tuple[int, int]] = []  # word, and the place in this list of the one before it
    between, last = 0.0, -1  # whole words so far, or nothing
    for step in np.asarray(scores, np.float64):
        pause[:, 0], pause_after[:, 0] = between, last
        came, after = token.copy(), token_after.copy()
        _take(came, after, pause, pause_after)
        follows = np.where(repeats, -np.inf, token[:, :-1])  # a repeated token needs a blank between
        _take(came[:, 1:], after[:, 1:], follows, token_after[:, :-1])
        _take(pause[:, 1:], pause_after[:, 1:], token[:, :-1], token_after[:, :-1])
        pause += step[0]
        token, token_after = came + step[spelt], after
        between += step[0]
        word = int(np.argmax(token[rows, ends]))
        if (whole := token[word, ends[word]] - WORD_COST) > between:
            ended.append((word, int(token_after[word, ends[word]])))
            between, last = whole, len(ended) - 1
    found = []
    while last >= 0:
        word, last = ended[last]
        found.append(words[word])
    return found[::-1]


def _take(score: np.ndarray, after: np.ndarray, other: np.ndarray, other_after: np.ndarray) -> None:
    """Where the other way to a state is better, take it, in place."""
    better = other > score
    np.copyto(score, other, where=better)
    np.copyto(after, other_after, where=better)
