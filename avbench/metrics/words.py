"""Word and character error rates, and top-1 accuracy of single words.

Source: Levenshtein 1966, "Binary codes capable of correcting deletions, insertions and reversals": the least number of
substitutions, deletions and insertions that turn one sequence into the other, each of weight 1. The rate is taken over
the corpus, as the field does: all errors by all words of the references, which is not the mean over utterances.

Conventions: both sides go through `signal.text`, the same rule for each. Words are compared as wholes; `cer` compares
code points of the normalised text, the single space between two words being one of them, as jiwer counts. A rate may
exceed 1 and is never clipped. An empty answer is an answer, all of it deleted, and so is scored like a failed one.
Distances come from rapidfuzz, whose bit-parallel form is at the limit of what such a count can cost.

Contents: `word_errors`, `character_errors`, `transcribed_word_errors`, `same_words`, `word_error_rate`,
`count_errors`, `rate_of`, `ROWS`.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, partial

from ..errors import ReferenceFault
from ..signal.text import normalise, split_both, split_words
from ..types import Audio
from .kinds import SPOKEN, TEXT
from .metric import Metric, Parts


def word_errors(estimate: str, reference: str) -> dict[str, Parts]:
    """WER of one utterance.

    Returns:
        `{"wer": {"errors", "words", "value"}}`: the counts, and their ratio, at least 0 and without an upper end.

    Raises:
        ReferenceFault: the reference holds no word.

    Example:
        >>> word_errors("the cat sat down", "The cat, sat.")["wer"]
        {'errors': 1, 'words': 3, 'value': 0.3333333333333333}
    """
    return {"wer": count_errors(split_words(estimate), split_words(reference), "words")}


def character_errors(estimate: str, reference: str) -> dict[str, Parts]:
    """CER of one utterance: `{"cer": {"errors", "characters", "value"}}`. Errors as for `word_errors`."""
    return {"cer": count_errors(normalise(estimate), normalise(reference), "characters")}


def word_error_rate(estimates: Sequence[str], references: Sequence[str]) -> float:
    """WER of a whole corpus in one call: what `wer` pools of its pairs, bit for bit.

    Args:
        estimates: what was heard.
        references: what was said, in the same order.

    Raises:
        ValueError: other numbers of texts, or none.
        ReferenceFault: a reference holds no word.
    """
    distance, errors, length = _distance(), 0, 0
    for estimate, reference in zip(*split_both(estimates, references), strict=True):
        if not reference:
            raise ReferenceFault("a reference holds no word")
        errors += distance(estimate, reference)
        length += len(reference)
    if not length:
        raise ValueError("an error rate over no texts does not exist")
    return errors / length


def transcribed_word_errors(estimate: Audio, reference: str) -> dict[str, Parts]:
    """WER of what a recogniser hears in one utterance: `{"asr-wer": {"errors", "words", "value"}}`.

    Args:
        estimate: speech; the judge resamples it to its own rate.
        reference: what is said.

    Raises:
        EstimateFault: too short for the recogniser.
        ReferenceFault: the reference holds no word.
        MissingResource: the recogniser or its package is not here.
    """
    from ..judges import open_judge

    return {"asr-wer": word_errors(open_judge("espnet").transcribe(estimate), reference)["wer"]}


def same_words(estimate: str, reference: str) -> dict[str, float]:
    """Whether two texts are the same words: `{"top1": 1.0 or 0.0}`."""
    return {"top1": float(split_words(estimate) == split_words(reference))}


def count_errors(estimate: Sequence[str], reference: Sequence[str], count: str) -> Parts:
    """Errors of one sequence against another.

    Args:
        estimate: words, or characters.
        reference: the same.
        count: what to call the length of the reference: `"words"` or `"characters"`.

    Returns:
        `{"errors", count, "value"}`.

    Raises:
        ReferenceFault: the reference is empty.
    """
    if not reference:
        raise ReferenceFault("the reference holds no word")
    errors = _distance()(estimate, reference)
    return {"errors": errors, count: len(reference), "value": errors / len(reference)}


def rate_of(parts: Sequence[Parts], count: str) -> float:
    """Corpus value: all errors by all words (or characters) of the references.

    Args:
        parts: of every trial that is not void.
        count: the name of the part that is divided by: `"words"` or `"characters"`.

    Raises:
        ValueError: there is nothing to pool.
    """
    if not parts:
        raise ValueError("an error rate over no trials does not exist")
    return sum(part["errors"] for part in parts) / sum(part[count] for part in parts)


@cache
def _distance() -> Callable[[Sequence[str], Sequence[str]], int]:
    """Levenshtein's distance; kept, because an import statement would take longer than the distance itself."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.distance


def _no_words(reference: str) -> Parts:
    return count_errors([], split_words(reference), "words")


def _no_characters(reference: str) -> Parts:
    return count_errors("", normalise(reference), "characters")


_error_rate = partial(
    Metric,
    higher_is_better=False,
    low=0.0,
    high=math.inf,
    floor=1.0,
    kind=TEXT,
    percent=True,
    digits=1,
    relevance=0.01,
)
_of_words = partial(_error_rate, failed=_no_words, pool=partial(rate_of, count="words"))

ROWS = (
    _of_words(
        name="wer",
        title="Word error rate of text",
        source="Levenshtein 1966: Σ (substitutions + deletions + insertions) / Σ words of the references",
        implementation="rapidfuzz, equal to jiwer after the same normaliser",
        formula=word_errors,
    ),
    _error_rate(
        name="cer",
        title="Character error rate of text",
        source="Levenshtein 1966: Σ (substitutions + deletions + insertions) / Σ characters and spaces of references",
        implementation="rapidfuzz, equal to jiwer after the same normaliser",
        formula=character_errors,
        failed=_no_characters,
        pool=partial(rate_of, count="characters"),
    ),
    _of_words(
        name="asr-wer",
        title="Word error rate of what a recogniser hears",
        source="XFaVoT, section 4, evaluation metrics (an ESPnet model); then as wer",
        implementation="ESPnet with a model pack that the user names, rapidfuzz",
        kind=SPOKEN,
        shortest=0.1,
        formula=transcribed_word_errors,
        judge="espnet",
    ),
    Metric(
        name="top1",
        title="Top-1 accuracy of words",
        higher_is_better=True,
        low=0.0,
        high=1.0,
        floor=0.0,
        source="CMML, Table 4; the right word, or not",
        implementation="own, equality after the normaliser",
        kind=TEXT,
        formula=same_words,
        percent=True,
        digits=1,
        relevance=0.01,
    ),
)
