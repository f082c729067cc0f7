"""In which order a rater sees the trials: everybody in an order of their own, drawn from the rater's name.

Checks of attention are spread: the trials are cut into as many stretches as there are checks, and each stretch has one
at a drawn place, so that nobody meets them all at the end.

Contents: `order_for`.
"""

from ..seeds import Draw
from .blind import BlindTest


def order_for(test: BlindTest, rater: str) -> list[str]:
    """Ids of all trials."""
    draw = Draw("order of trials", test.digest, rater)
    plain = sorted(set(test.trials) - set(test.checks))
    plain, spread = draw.sample(plain, len(plain)), draw.sample(sorted(test.checks), len(test.checks))
    found: list[str] = []
    for number, check in enumerate(spread):
        first, last = (len(plain) * (number + k) // len(spread) for k in (0, 1))
        stretch = plain[first:last]
        stretch.insert(draw.integer(len(stretch) + 1), check)
        found += stretch
    return found if spread else plain
