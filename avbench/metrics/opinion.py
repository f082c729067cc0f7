"""What people say of quality: the mean opinion score of a listening test.

Source: ITU-T P.800 (1996), annex B: absolute category rating, from 5 (excellent) to 1 (bad).
Conventions: every rating counts alike, whatever the number of ratings of its trial. The ratings come from
`avbench listen`; judges that guess them are other metrics (`nisqa`, `dnsmos`).

Contents: `rate`, `mean_rating`, `ROWS`.
"""

from collections.abc import Sequence

from .kinds import BEST, OPINIONS, WORST
from .metric import Metric, Parts


def rate(estimate: int, reference: int) -> dict[str, Parts]:
    """The ratings of one trial: `{"mos": {"sum", "votes", "value"}}`.

    Args:
        estimate: sum of the ratings.
        reference: ratings given, at least one.
    """
    return {"mos": {"sum": int(estimate), "votes": int(reference), "value": estimate / reference}}


def mean_rating(parts: Sequence[Parts]) -> float:
    """Corpus value: the sum of all ratings by their number.

    Raises:
        ValueError: nobody has rated.
    """
    if not parts:
        raise ValueError("a mean over no ratings does not exist")
    return sum(part["sum"] for part in parts) / sum(part["votes"] for part in parts)


def _all_bad(reference: int) -> Parts:
    return {"sum": WORST * int(reference), "votes": int(reference), "value": float(WORST)}


ROWS = (
    Metric(
        name="mos",
        title="Mean opinion score, by ratings of people",
        unit="MOS",
        higher_is_better=True,
        low=WORST,
        high=BEST,
        floor=WORST,
        relevance=0.1,  # a tenth of a step between two words, which tests of a usual size can just tell
        source="ITU-T P.800 (1996), annex B, absolute category rating",
        implementation="own, sum of the ratings by their number",
        kind=OPINIONS,
        formula=rate,
        failed=_all_bad,
        pool=mean_rating,
    ),
)
