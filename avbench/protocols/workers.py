"""The rows of a plan, done by several processes; what comes out does not depend on how many, nor on their order.

A row knows nothing of another, so any process can do any row. Results are handed out in the order of the plan, and only
a few rows wait at a time, so memory does not grow with the plan.

Contents: `each_row`, `sensible`.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..processors import processes, usable_processors
from .protocol import Plan, Row

AHEAD = 3  # rows in hand for each process
LEAST_ROWS = 8  # for each process: starting one takes as long as some rows
T = TypeVar("T")
Work = Callable[[Plan, Row, Dataset, NoiseSet, Any], T]
"""Does one row: `(plan, row, dataset, noise, more)`; a function of a module, so that other processes find it."""


def sensible(rows: int, workers: int | None) -> int:
    """How many processes: as many as said, else as there are processors and as the rows are worth."""
    return workers if workers is not None else max(1, min(usable_processors(), rows // LEAST_ROWS))


def each_row(
    work: Work[T], plan: Plan, rows: Sequence[Row], dataset: Dataset, noise: NoiseSet, more: Any, workers: int = 1
) -> Iterator[T]:
    """Do every row; results in the order of `rows`.

    Args:
        work: what to do.
        plan: of the rows.
        rows: which.
        dataset: of the plan.
        noise: of the plan.
        more: handed to `work`.
        workers: processes; with 1 everything is done here. With more, a program must be guarded by
            `if __name__ == "__main__"`, as processes of Python are.

    Raises:
        whatever `work` raises, for the first row in order that it raises for.
        MissingResource: a process died.
    """
    if workers <= 1:
        for row in rows:
            yield work(plan, row, dataset, noise, more)
        return
    with processes(workers, _begin, work, plan, dataset, noise, more) as pool:
        waiting: deque = deque()
        for row in rows:
            waiting.append(pool.submit(_do, row))
            if len(waiting) > AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_given: tuple = ()


def _begin(*given: Any) -> None:
    global _given
    _given = given


def _do(row: Row) -> Any:
    work, plan, dataset, noise, more = _given
    return work(plan, row, dataset, noise, more)
