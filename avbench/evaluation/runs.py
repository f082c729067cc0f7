"""Finished and unfinished runs, read back: found by name, put into one document, grouped by exam.

A run lies in a folder, or was kept as one JSON file (see `kept`), which holds its scores and none of its answers.

Contents: `Run`, `open_run`, `open_runs`, `by_exam`, `alike`, `document`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import BadFile, UsageError
from ..metrics import get_metric
from .costs import stored_cost
from .identity import exam_hash
from .kept import KeptRecord, is_kept
from .record import RETRIED, Record
from .summary import summarise
from .votes import vote_rows

HOME = Path("runs")
DEEPEST = 6  # folders below the one that is named, in which runs are looked for


@dataclass(frozen=True)
class Run:
    """What happened when one examinee sat one exam.

    Args:
        folder: where it is recorded; None for a kept run, which has no answers.
        cached: it was finished before it was asked for.
        kept: the file of a kept run.
        void: reasons of trials that are void for another run of the same table and so for this one, by id; see `alike`.
    """

    folder: Path | None
    cached: bool = False
    kept: Path | None = None
    void: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def where(self) -> Path:
        """Its folder, or the file that it was kept in."""
        return self.kept or self.folder

    @cached_property
    def record(self) -> Record | KeptRecord:
        """The files of the run, or the file that it was kept in."""
        return KeptRecord(self.kept) if self.kept else Record(self.folder)

    @cached_property
    def head(self) -> Mapping[str, Any]:
        """What `run.json` says."""
        return self.record.head

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything that decides the scores."""
        return self.head["identity"]

    @property
    def system(self) -> str:
        """Name of the system or anchor."""
        return self.identity["system"]["name"]

    @property
    def anchor(self) -> bool:
        """The row was made by the runner."""
        return self.head["card"] is None

    @property
    def task(self) -> str:
        """Name of the task, without version."""
        return self.identity["task"].partition("@")[0]

    @cached_property
    def exam(self) -> str:
        """Hash of the identity without the system: runs of one exam may stand in one table."""
        return exam_hash(self.identity)

    @cached_property
    def trials(self) -> Sequence[Mapping[str, Any]]:
        """Every trial that was tried, by id."""
        found = self.record.trials()
        return [_voided(trial, self.void[trial["trial"]]) if trial["trial"] in self.void else trial for trial in found]

    @cached_property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Pooled values; of what there is, where the run has not come to its end."""
        summary = self.record.summary
        if summary is not None and not self.void:
            return summary["rows"]
        metrics = [get_metric(name) for name in self.metrics]
        return summarise(self.trials, self.identity["axes"], metrics, self.head["asked"], self.judges)

    @cached_property
    def voted(self) -> Sequence[Mapping[str, Any]]:
        """What people said of it in listening tests, as pooled values; see `votes`."""
        return vote_rows(self)

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics, without versions."""
        return [identity.partition("@")[0] for identity in self.identity["metrics"]]

    @property
    def judges(self) -> Mapping[str, str]:
        """Who judged, by the name of the judge that a metric asks for: `name@digest`; the name alone where absent."""
        return self.identity.get("judges", {})

    @cached_property
    def complete(self) -> bool:
        """Every trial has a value, a floor or a fault of the reference, under every metric."""
        return all(row["complete"] for row in self.rows)

    @cached_property
    def left(self) -> Counter[str]:
        """How many trials hold an `error` or a `not-applicable`, by that word: the next attempt tries them again."""
        return Counter(
            word for t in self.trials for word in RETRIED if any(s["status"] == word for s in t["scores"].values())
        )

    @property
    def kind(self) -> str:
        """`synthetic`, `real recordings`, or which of speech and noise is what."""
        made = self.head.get("made", {"speech": self.head["synthetic"]})
        if len(set(made.values())) == 1:
            return "synthetic" if self.head["synthetic"] else "real recordings"
        return ", ".join(f"{'synthetic' if synthetic else 'real'} {what}" for what, synthetic in made.items())

    @cached_property
    def ended(self) -> bool:
        """Every trial was tried; some may hold errors of the machine."""
        return self.record.summary is not None

    @property
    def cost(self) -> Mapping[str, Any] | None:
        """What `avbench profile` said of the very weights, where it was kept with the run; see `costs.cost_of`."""
        return self.record.cost if self.kept else stored_cost(self)

    @property
    def left_out(self) -> Mapping[str, Sequence[str]]:
        """By metric, parts that a kept run is without: such a metric has its pooled values and cannot be compared."""
        return self.record.left_out if self.kept else {}

    @property
    def unranked(self) -> str | None:
        """Why the run may not be ranked, in two words, or None where it may. Anchors never are."""
        card = self.head["card"]
        if self.anchor:
            return "anchor"
        if not card["finished"]:
            return "training unfinished"
        if not self.complete:
            return "run incomplete"
        if self.identity["limit"] is not None:
            return f"only {self.head['clips']} of the plan's clips"
        if self.sound == "different":
            return "other sound than published"
        return None if self.head["official"] else "unofficial"

    @cached_property
    def sound(self) -> str | None:
        """Whether an official exam sounded as published; see `protocols.verify`. Kept when `record` is let go."""
        return (self.record.summary or {}).get("sound")

    def row(self, metric: str, condition: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The pooled value of a metric at a condition, or None where the run has none."""
        return next((r for r in self.rows if r["metric"] == metric and r["condition"] == dict(condition)), None)


def is_run(folder: Path) -> bool:
    """There is a run in this folder."""
    return Record(folder).exists


def open_run(where: str | Path | Run) -> Run:
    """One run.

    Args:
        where: its folder, the file that it was kept in, or the beginning of its folder's name below `runs/<task>/`.

    Raises:
        UsageError: none or several.
        BadFile: a file that is no kept run.
    """
    if isinstance(where, Run):
        return where
    if is_run(Path(where)):
        return Run(Path(where))
    if Path(where).is_file():
        return _opened(Path(where))
    found = sorted(folder for folder in HOME.glob("*/*") if folder.name.startswith(str(where)) and is_run(folder))
    if len(found) == 1:
        return Run(found[0])
    if found:
        raise UsageError(f"{where} may be {', '.join(map(str, found[:5]))}: say which.")
    inside = _inside(Path(where))
    if inside:
        raise UsageError(f"{where} holds {len(inside)} runs, such as {inside[0].where}: say which.")
    raise UsageError(f"There is no run {where}; `avbench run` says where it puts one, by default below {HOME}/.")


def _opened(path: Path) -> Run:
    """A kept run, read to see that it is one."""
    run = Run(None, kept=path)
    run.head  # noqa: B018
    return run


def _inside(folder: Path, deepest: int = DEEPEST) -> list[Run]:
    """The runs in a folder and in folders below, kept ones too, by path."""
    if not folder.is_dir() or deepest < 0:
        return []
    found: list[Run] = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".json" and is_kept(path):
            found.append(_opened(path))
        elif is_run(path):
            found.append(Run(path))
        elif not path.name.startswith("."):
            found.extend(_inside(path, deepest - 1))
    return found


def open_runs(where: str | Path) -> list[Run]:
    """The runs that belong in one look: a run with the anchors of its exam, or all runs of a folder, at any depth.

    Raises:
        UsageError: there is no run.
        BadFile: a kept run that is damaged.
    """
    folder = Path(where)
    if folder.is_dir() and not is_run(folder):
        inside = _inside(folder)
        if inside:
            return sorted(inside, key=lambda run: (run.exam, run.anchor))
    run = open_run(where)
    beside = _inside(run.where.resolve().parent, 0)
    return [run, *(other for other in beside if other.anchor and not run.anchor and other.exam == run.exam)]


def by_exam(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs that may stand in one table, together; in the order given."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.exam, []).append(run)
    return list(groups.values())


def alike(runs: Sequence[Run]) -> list[Run]:
    """The runs of one exam, each without the trials that are void for any of them.

    A picture that is broken is seen by systems that look at it and not by those that only listen, and yet a fault of
    the reference has to remove its trial for every system alike. Runs on disk stay as they are.
    """
    found = [{t["trial"]: reason for t in run.trials if (reason := _why_void(t)) is not None} for run in runs]
    every = {trial: reason for void in found for trial, reason in void.items()}
    return [
        replace(run, void=others) if (others := {t: r for t, r in every.items() if t not in void}) else run
        for run, void in zip(runs, found, strict=True)
    ]


def _why_void(trial: Mapping[str, Any]) -> str | None:
    """The reason, where the trial could not be rendered: void under every metric for one reason."""
    scores = list(trial["scores"].values())
    reasons = {score["reason"] for score in scores}
    return reasons.pop() if len(reasons) == 1 and all(score["status"] == "void" for score in scores) else None


def _voided(trial: Mapping[str, Any], reason: str) -> dict[str, Any]:
    void = {"status": "void", "value": None, "raw": None, "reason": reason, "flags": []}
    return {**trial, "scores": {name: void for name in trial["scores"]}}


def document(runs: Sequence[Run]) -> dict[str, Any]:
    """What `run --json` writes: one exam and a row per system, condition and metric.

    Raises:
        BadFile: the runs are not of one exam.
    """
    if len({run.exam for run in runs}) != 1:
        raise BadFile("The runs are of several exams, and one document holds one.")
    runs = alike(runs)
    first = runs[0]
    return {
        "task": first.task,
        "dataset": first.identity["dataset"]["name"],
        "synthetic": first.head["synthetic"],
        "kind": first.kind,
        "plan_sha256": first.identity["plan"]["sha256"],
        "official": first.head["official"],
        "sound": first.sound,
        "clusters": first.head["clusters"],
        "identity": {key: value for key, value in first.identity.items() if key != "system"},
        "systems": [
            {
                "system": run.system,
                "anchor": run.anchor,
                "complete": run.complete,
                "unranked": run.unranked,
                "digest": run.identity["system"]["digest"],
                "recipe": run.identity["system"]["recipe"],
                "training": run.head["card"]["training"] if run.head["card"] else "",
                "folder": str(run.where),
            }
            for run in runs
        ],
        "rows": [{"system": run.system, **row} for run in runs for row in (*run.rows, *run.voted)],
    }
