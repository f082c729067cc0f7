"""Votes and key put together.

A rater counts who met enough checks of attention and failed few enough of them, by the rule that the test was built
with; the votes of all others are left out and reported. Then, for each system and condition,

    total = trials of the test        n = those with a vote        failed = those that the system had no answer for
    value = points by votes           complete  iff  n + failed = total

where a failed trial has a vote of the worst kind from every rater who counts.

Contents: `Tally`, `tally`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..evaluation.conditions import marginals, plain
from ..evaluation.votes import RATERS
from . import checks, texts
from .agreement import LEVELS, alpha
from .ballot import Ballot
from .blind import BlindTest, open_key, open_test
from .intervals import Votes, ratio_interval
from .opinion import metric_of, points

REAL = "real pairs"


@dataclass(frozen=True)
class Tally:
    """What came out of a test; every field is plain values, as in the JSON document.

    Args:
        test: hash of the test.
        kind: of test.
        metric: name.
        question: as it was asked.
        rule: by which raters count.
        raters: `{"counted", "failed_checks", "early", "votes", "left_out"}`: people, people, people, votes, votes.
        checks: `{"answered", "failed"}`: by all raters.
        agreement: `{"alpha", "level"}`: Krippendorff's, over all trials.
        rows: as those of a run's summary, with `system`, `run`, `votes`, `alpha` and `over`: what the interval is over.
        trials: by number of the run, each trial's score as a run keeps it.
        key: opened.
    """

    test: str
    kind: str
    metric: str
    question: str
    rule: Mapping[str, Any]
    raters: Mapping[str, int]
    checks: Mapping[str, int]
    agreement: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    trials: Mapping[int, Mapping[str, Any]]
    key: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """What `--json` writes."""
        names = ("test", "kind", "metric", "question", "rule", "raters", "checks", "agreement", "rows")
        return {name: getattr(self, name) for name in names}


def tally(folder: str | Path, key: Path | None = None) -> Tally:
    """Count the votes of a test, at any time; nothing is written.

    Raises:
        UsageError: no test, no key, nobody has voted, or nobody counts.
        BadFile: damaged files.
    """
    test = open_test(folder)
    opened = open_key(test, key)
    if not test.votes.is_file():
        raise UsageError(f"Nobody has voted in {folder}: `avbench listen serve {folder}` runs the test.")
    votes = [vote for vote in Ballot(test).votes() if vote[1] in test.trials]
    if not votes:
        raise UsageError(f"Nobody has voted in {folder}: `avbench listen serve {folder}` runs the test.")
    raters, counts, met = _raters(votes, opened["checks"], test.rule)
    kept = [vote for vote in votes if vote[0] in raters and vote[1] in opened["trials"]]
    if not kept:
        raise UsageError(
            f"No rater counts yet: {counts['early']} have met fewer than {test.rule['least_checks']} checks of "
            f"attention, and {counts['failed_checks']} failed too many."
        )
    real = sum(vote[1] in opened["trials"] for vote in votes)
    count = Count(test, opened, kept, sorted(raters))
    agreement = {"alpha": count.alpha(kept), "level": LEVELS[test.kind]}
    return Tally(
        test.digest,
        test.kind,
        metric_of(test.kind).name,
        test.data["question"],
        test.rule,
        {**counts, "votes": len(kept), "left_out": real - len(kept)},
        met,
        agreement,
        list(count.rows()),
        {number: count.scores(number) for number in range(len(opened["runs"]))},
        opened,
    )


def _raters(
    votes: Sequence[tuple[str, str, str]], right: Mapping[str, str], rule: Mapping[str, Any]
) -> tuple[set[str], dict[str, int], dict[str, int]]:
    """Who counts, how many do and do not, and how the checks went."""
    met: dict[str, list[bool]] = {rater: [] for rater, _, _ in votes}
    for rater, trial, answer in votes:
        if trial in right:
            met[rater].append(answer == right[trial])
    early = {rater for rater, found in met.items() if len(found) < rule["least_checks"]}
    counted = {rater for rater, found in met.items() if checks.passes(len(found), found.count(False), rule)}
    counts = {"counted": len(counted), "failed_checks": len(met) - len(counted) - len(early), "early": len(early)}
    every = [one for found in met.values() for one in found]
    return counted, counts, {"answered": len(every), "failed": every.count(False)}


class Count:
    """The votes that count, and what becomes of them.

    Args:
        test: what was asked.
        key: opened.
        votes: rater, trial, answer; on no checks, of no rater who does not count.
        raters: who count.
    """

    def __init__(
        self, test: BlindTest, key: Mapping[str, Any], votes: Sequence[tuple[str, str, str]], raters: list[str]
    ):
        self.test, self.key, self.votes, self.raters = test, key, votes, raters
        self.kind, self.metric = test.kind, metric_of(test.kind)
        self.by_trial: dict[str, list[tuple[str, str]]] = {}
        for rater, trial, answer in votes:
            self.by_trial.setdefault(trial, []).append((rater, answer))

    def alpha(self, votes: Sequence[tuple[str, str, str]]) -> float | None:
        """Agreement of the raters in these votes."""
        units: dict[str, list[str]] = {}
        for _, trial, answer in votes:
            units.setdefault(trial, []).append(answer)
        values = sorted(value for value, _ in texts.ANSWERS[self.kind])
        return alpha(units.values(), values, LEVELS[self.kind])

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each run at each condition and at all, then one for real pairs."""
        for number, run in enumerate(self.key["runs"][:1] if self.kind == "ab" else self.key["runs"]):
            axes = {axis: tuple(values) for axis, values in run["axes"].items()}
            if self.kind == "cpr":  # a triplet is made of several conditions, so only the whole has a meaning
                axes = {}
            for condition in marginals(axes):
                condition = {axis: plain(value) for axis, value in condition.items()}
                row = self._row(number, condition, run["clusters"])
                if row["total"]:
                    against = {"against": self.key["runs"][1]["system"]} if self.kind == "ab" else {}
                    yield {"system": run["system"], "run": number, **against, **row}
        if any(item["run"] is None for item in self.key["trials"].values()):
            yield {"system": REAL, "run": None, **self._row(None, {}, "clips")}

    def _row(self, number: int | None, condition: Mapping[str, Any], clusters: str) -> dict[str, Any]:
        shown, failed = self._items(number, condition)
        heard = [item for name, item in shown if self.by_trial.get(name)]
        votes = self._cast(shown, failed)
        names = {name for name, _ in shown}
        value, ci95, over = None, None, "nobody has voted"
        if votes.points:
            value = sum(votes.points) / len(votes.points)
            ci95, over = ratio_interval(votes, clusters)
        total = len(shown) + len(failed)
        return {
            "condition": dict(condition),
            "metric": self.metric.name,
            "value": value,
            "unit": self.metric.unit,
            "judge": f"{RATERS}{self.test.digest[:8]}",
            "ci95": list(ci95) if ci95 else None,
            "n": len(heard),
            "failed": len(failed),
            "total": total,
            "void": 0,
            "complete": len(heard) + len(failed) == total,
            "reason": "" if ci95 else over,
            "over": over,
            "votes": len(votes.points) - len(failed) * len(self.raters),
            "alpha": self.alpha([vote for vote in self.votes if vote[1] in names]),
        }

    def _items(self, number: int | None, condition: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], list[Any]]:
        """What was shown, by name, and what could not be."""

        def fits(item: Mapping[str, Any]) -> bool:
            held = item["condition"]
            return item["run"] == number and all(held.get(axis) == value for axis, value in condition.items())

        shown = [(name, item) for name, item in self.key["trials"].items() if fits(item)]
        return shown, [item for item in self.key["failed"] if fits(item)]

    def _cast(self, shown: Sequence[tuple[str, Any]], failed: Sequence[Any]) -> Votes:
        """Votes as given, and for what could not be shown one of every rater."""
        cast = [
            (rater, item["cluster"], points(self.kind, answer, item["right"]))
            for name, item in shown
            for rater, answer in self.by_trial.get(name, ())
        ]
        cast += [(rater, item["cluster"], self._worth(item)) for item in failed for rater in self.raters]
        return Votes(*(list(column) for column in zip(*cast, strict=True))) if cast else Votes([], [], [])

    def _worth(self, item: Mapping[str, Any]) -> float:
        """A vote on what could not be shown; of two answers the one that is there is preferred."""
        if self.kind == "ab" and len(item["failed"]) == 1:
            return 0.0 if "0" in item["failed"] else 1.0
        return 0.5 if self.kind == "ab" else float(self.metric.floor)

    def scores(self, number: int) -> dict[str, Any]:
        """Of one run each trial's score, as a run keeps it: `{"status", "value", "reason", "more"}`."""
        shown, failed = self._items(number, {})
        found = {}
        for name, item in shown:
            cast = self._cast([(name, item)], ())
            if cast.points:
                total = sum(cast.points) if self.kind == "ab" else round(sum(cast.points))
                found[item["trial"]] = _score("ok", self.metric.measure(total, len(cast.points)), "")
        for item in failed:
            if self.kind != "ab":
                reason = item["failed"][str(number)]
                found[item["trial"]] = _score("failed", self.metric.parts_of_failure(len(self.raters)), reason)
        return found


def _score(status: str, parts: Mapping[str, Any], reason: str) -> dict[str, Any]:
    more = {name: part for name, part in parts.items() if name not in ("value", "raw")}
    return {"status": status, "value": parts["value"], "reason": reason, "more": more}
