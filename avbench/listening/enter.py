"""Votes enter a run: one file beside its scores, `RUN/votes/<metric>-<test>.json`.

A run's identity is what decides its scores, and it was finished before anybody listened. Votes come later, grow with
every rater, and hang on a test that has trials of several runs in it. So they are no part of the identity, and not
a byte of `run.json`, `scores/` or `summary.json` is changed: the finished run stays finished, is found as cached, and
its hash stays what it was. The file says what was heard, by the digests of the answers: where a run was made anew with
other answers, its votes are not taken for votes on those.

    {"format": 1, "test", "metric", "judge": "raters@…", "question", "rule", "raters", "checks", "agreement",
     "heard": {file: digest}, "rows": […], "anchors": […], "trials": {trial: {"status", "value", "reason", "more"}}}

`rows` have the fields of the rows of a summary, so that a table can take them in; `anchors` are the rows of real pairs.
A tally that is made again, with more votes or without, writes the same file anew. A preference belongs to a pair of
runs and enters neither. `evaluation.votes` reads the files: tables, pages, boards, kept runs and `load_runs` have them.

Contents: `enter`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..evaluation.identity import is_same
from ..evaluation.record import write_json
from ..evaluation.runs import Run, is_run, open_run
from ..evaluation.votes import FOLDER, RATERS, same_answer
from .tally import REAL, Tally

FORMAT = 1


def enter(found: Tally, runs: Sequence[str | Path] = ()) -> list[Path]:
    """Write the metric into every run of a test.

    Args:
        found: what came out.
        runs: where the runs are now, if they were moved since the test was built.

    Returns:
        The files; none for a preference.

    Raises:
        UsageError: a run is gone, has no media, or is another one, or was made anew with other answers. Nothing is
            written then.
    """
    if found.kind == "ab":
        return []
    moved = [open_run(run) for run in runs]
    for run in moved:
        if run.folder is None:
            raise UsageError(f"The kept run of {run.system} has scores and no media: name the run's own folder.")
    targets = [_find(known, moved) for known in found.key["runs"]]
    heard = [_heard(found, number, run) for number, run in enumerate(targets)]
    written = []
    for number, run in enumerate(targets):
        path = run.folder / FOLDER / f"{found.metric}-{found.test[:8]}.json"
        rows = [row for row in found.rows if row["run"] == number]
        anchors = [row for row in found.rows if row["system"] == REAL and row["run"] is None]
        write_json(path, _entry(found, heard[number], rows, anchors, found.trials[number]))
        written.append(path)
    return written


def _entry(found: Tally, heard: Any, rows: Any, anchors: Any, trials: Any) -> dict[str, Any]:
    document = {name: value for name, value in found.document().items() if name != "rows"}
    judge = f"{RATERS}{found.test[:8]}"
    return {
        "format": FORMAT,
        **document,
        "judge": judge,
        "heard": heard,
        "rows": rows,
        "anchors": anchors,
        "trials": trials,
    }


def _find(known: Mapping[str, Any], moved: Sequence[Run]) -> Run:
    run = next((run for run in moved if is_same(known["identity"], run.identity)), None)
    if run is None:
        folder = Path(known["folder"])
        if not is_run(folder):
            raise UsageError(f"The run of {known['system']} is no longer at {folder}: say where it is with --run.")
        run = Run(folder)
    if not is_same(known["identity"], run.identity):
        raise UsageError(f"{run.folder} holds another run than the one that was heard: say where that is with --run.")
    return run


def _heard(found: Tally, number: int, run: Run) -> dict[str, str]:
    """What was heard of a run, checked against what is there."""
    heard: dict[str, str] = {}
    for item in found.key["trials"].values():
        if item["run"] == number:
            heard |= item["files"]
    for name, mark in heard.items():
        if not same_answer(run, name, mark):
            raise UsageError(
                f"The answer {name} of {run.folder} is not the one that was heard: the run was made anew since the "
                "test was built, and votes on its old answers are not votes on these."
            )
    return dict(sorted(heard.items()))
