"""`show`: a run, or all runs of a folder, read back without the system.

Contents: `show`.
"""

from pathlib import Path

from ..errors import UsageError
from .record import hand_out
from .runs import Run, by_exam, document, open_runs


def show(run: str | Path, json: str | Path | None = None) -> list[list[Run]]:
    """Read runs back.

    Args:
        run: a run's folder, the beginning of its name, or a folder of runs.
        json: file for the values, as `run` writes them; `"-"` for standard output.

    Returns:
        Runs by exam, each group fit for one table; a single run comes with the anchors of its exam.

    Raises:
        UsageError: there is no run, or `json` was asked for runs of several exams.
    """
    groups = by_exam(open_runs(run))
    if json is not None:
        if len(groups) > 1:
            raise UsageError(f"{run} holds runs of {len(groups)} exams, and --json holds one: name a run.")
        hand_out(document(groups[0]), json)
    return groups
