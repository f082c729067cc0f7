"""What people said of a run in listening tests: written by `avbench listen tally`, read by whoever shows the run.

    RUN/votes/<metric>-<test>.json     one file for each test; `listening.enter` says what is in it
    "votes" of a kept run's file       the same documents

A run was finished before anybody listened, so votes are no part of its identity and change none of its own files. They
are on certain answers: those of a run that was made anew with other answers are left out.

Conventions: `vote_rows` are like the rows of a summary, with a judge `raters@<test>`, and more: how many `votes`, and
the raters' agreement `alpha`. They rest on the trials of the test, a sample of those of the run.

Contents: `FOLDER`, `RATERS`, `same_answer`, `votes_of`, `vote_rows`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..signal.files import file_digest
from .record import read_json

if TYPE_CHECKING:
    from .runs import Run

FOLDER = "votes"
RATERS = "raters@"  # then digits of the test's hash: how the judge of a vote is called
PAGE = ("run", "system", "against")  # of a row of a tally: whose it is, which a run knows


def votes_of(run: "Run") -> list[dict[str, Any]]:
    """The documents of all tests on the answers that a run has now, or had when it was kept.

    Raises:
        BadFile: one is damaged.
    """
    if run.kept:
        return run.record.votes
    found = [read_json(path) for path in sorted((run.folder / FOLDER).glob("*.json"))]
    return [each for each in found if all(same_answer(run, name, mark) for name, mark in each["heard"].items())]


def same_answer(run: "Run", name: str, mark: str) -> bool:
    """Whether the answer of that name is the one with that digest."""
    path = run.folder / "predictions" / name
    return path.is_file() and file_digest(path) == mark


def vote_rows(run: "Run") -> list[Mapping[str, Any]]:
    """Pooled votes of every test on a run."""
    return [
        {name: value for name, value in row.items() if name not in PAGE}
        for document in votes_of(run)
        for row in document["rows"]
    ]
