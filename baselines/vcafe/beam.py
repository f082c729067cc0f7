"""Beam search over characters by CTC and attention together.

Source: Watanabe et al. 2017, "Hybrid CTC/attention architecture for end-to-end speech recognition", section III-C
(one-pass decoding) and Graves 2012, "Supervised sequence labelling", section 7.5.3 (prefix probabilities).

A hypothesis is scored by share · log p_ctc(sentences that begin with it) + (1 − share) · log p_attention(it). Both only
fall as it grows, so the search may stop, exactly, once a finished sentence is better than every unfinished one. There
is no bonus for length.

Conventions: natural logarithms, float64; token 0 is CTC's blank; the edge sign ends a sentence.

Contents: `CtcPrefixes`, `beam_search`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

BLANK = 0
NEVER = -np.inf


class CtcPrefixes:
    """How likely sentences begin with a prefix, by CTC's scores.

    Args:
        scores: log probabilities `[S, V]`, S > 0.
        edge: the token that ends a sentence; CTC never says it.

    A state holds, for every step, the log probability that all steps up to it spell just the prefix, ending in its last
    character (row 0) or in a blank (row 1): `[2, S]`.
    """

    def __init__(self, scores: np.ndarray, edge: int):
        self._scores, self._edge = np.asarray(scores, np.float64), edge

    def start(self) -> np.ndarray:
        """The state of the empty prefix, `[2, S]`."""
        blanks = np.cumsum(self._scores[:, BLANK])
        return np.stack([np.full_like(blanks, NEVER), blanks])

    def extend(self, states: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Every prefix with every token.

        Args:
            states: of H prefixes `[H, 2, S]`.
            last: their last tokens `[H]`; -1 for the empty one.

        Returns:
            Log probabilities `[H, V]`: of all sentences that begin with the longer prefix; under the edge sign, of the
            prefix being the sentence; never of a blank. And the states `[H, V, 2, S]`.
        """
        x = self._scores
        steps, tokens = x.shape
        ends, blanks = states[:, 0], states[:, 1]
        # How the steps so far may have spelt the prefix, if the next character is to be a new one: a character that
        # repeats the last one needs a blank between.
        before = np.repeat(np.logaddexp(ends, blanks)[:, :, None], tokens, 2)  # [H, S, V]
        for row, token in enumerate(last):
            if token >= 0:
                before[row, :, token] = blanks[row]
        longer = np.full((len(states), tokens, 2, steps), NEVER)
        longer[last < 0, :, 0, 0] = x[0]
        for s in range(1, steps):
            longer[:, :, 0, s] = np.logaddexp(longer[:, :, 0, s - 1], before[:, s - 1]) + x[s]
            longer[:, :, 1, s] = np.logaddexp(longer[:, :, 0, s - 1], longer[:, :, 1, s - 1]) + x[s, BLANK]
        begun = np.concatenate([longer[:, :, 0, 0][:, None], before[:, :-1] + x[1:]], 1)
        probable = np.logaddexp.reduce(begun, 1)
        probable[:, BLANK] = NEVER
        probable[:, self._edge] = np.logaddexp(ends[:, -1], blanks[:, -1])
        return probable, longer


class _Hypothesis(NamedTuple):
    score: float
    tokens: tuple[int, ...]
    heard: float  # by the attention decoder alone
    state: np.ndarray


def beam_search(
    scores: np.ndarray,
    attend: Callable[[np.ndarray], np.ndarray],
    *,
    edge: int,
    beam: int,
    share: float,
    most: int | None = None,
) -> tuple[list[int], float]:
    """The sentence that a beam search finds best.

    Args:
        scores: CTC's log probabilities `[S, V]`, S > 0.
        attend: from sentences so far `[H, L]`, each beginning with the edge sign, to the log probabilities of their
            next tokens `[H, V]`.
        edge: the token that begins and ends a sentence.
        beam: hypotheses kept at every length.
        share: of CTC, between 0 and 1.
        most: characters at most; as many as there are steps unless given, and CTC cannot spell more.

    Returns:
        Its tokens, without the edge signs, and its score.
    """
    ctc = CtcPrefixes(scores, edge)
    active, best = [_Hypothesis(0.0, (), 0.0, ctc.start())], _Hypothesis(NEVER, (), NEVER, np.empty(0))
    most = len(scores) if most is None else most
    for length in range(most + 1):
        prefixes = np.array([(edge, *h.tokens) for h in active])
        last = np.array([h.tokens[-1] if h.tokens else -1 for h in active])
        heard = np.array([h.heard for h in active])[:, None] + np.asarray(attend(prefixes), np.float64)
        probable, states = ctc.extend(np.stack([h.state for h in active]), last)
        joint = _weighted(probable, share) + _weighted(heard, 1 - share)
        joint[:, BLANK] = NEVER
        for row, hypothesis in enumerate(active):
            if joint[row, edge] > best.score:
                best = _Hypothesis(float(joint[row, edge]), hypothesis.tokens, 0.0, np.empty(0))
        joint[:, edge] = NEVER
        if length == most:
            break
        order = np.argsort(-joint, axis=None, kind="stable")[:beam]
        chosen = [(row, token) for row, token in zip(*np.unravel_index(order, joint.shape), strict=True)]
        active = [
            _Hypothesis(float(joint[r, v]), (*active[r].tokens, int(v)), float(heard[r, v]), states[r, v])
            for r, v in chosen
            if joint[r, v] > best.score
        ]
        if not active:
            break
    return list(best.tokens), best.score


def _weighted(values: np.ndarray, weight: float) -> np.ndarray:
    """Zero, and not NaN, where a part that cannot be has no say."""
    return weight * values if weight > 0 else np.zeros_like(values)
