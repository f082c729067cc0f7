"""Kept runs: a finished run as one JSON file, small enough to be committed, without answers and without media.

    leaderboards/runs/<task>/<dataset>/<plan>/<system>.json

    kept         format of this file
    head         what run.json says
    summary      what summary.json says: pooled values with intervals
    cost         what `costs.cost_of` found, or null
    provenance   what provenance.json says
    left_out     by metric, the parts that were too large to be kept; such a metric is shown and not compared
    votes        where people have listened: a document for each test, see `votes`
    trials       a line for each: trial, clip, cluster, condition, facts, scores

Conventions: a score that is `ok` and nothing else is written as its number (value and raw value are equal then); of any
other what it has. Of the facts only the hashes of what was heard and seen are kept, which say whether two runs are
pairs. The same run gives the same bytes. Read back by `runs.open_run`.

Contents: `KeptRecord`, `keep`, `kept_path`, `refuse_changed`, `is_kept`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadFile, IncompleteRun
from ..signal.files import atomic_write
from .identity import digest_of, folder_name
from .record import FORMAT, read_json, to_json

if TYPE_CHECKING:
    from .runs import Run

KEPT = 1
HOME = Path("leaderboards/runs")
LARGEST = 512  # numbers in an array of parts, beyond which it is left out
FACTS = ("pcm", "frames", "face")
START = b'{"kept": '
SHAPE = {"kept": int, "head": dict, "summary": dict, "provenance": dict, "left_out": dict, "trials": list}
TRIAL = {"trial", "clip", "cluster", "condition", "facts", "scores"}
NUMBER = float | int | None
EMPTY = {"value": None, "raw": None, "reason": "", "flags": []}


class KeptRecord:
    """A kept run's file; offers what `Record` offers of a run that is read.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path):
        self.path = Path(path)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The whole document.

        Raises:
            BadFile: it is no kept run, or one of a later format.
        """
        try:
            found = read_json(self.path)
        except OSError as error:
            raise BadFile(f"{self.path} cannot be read: {error.strerror or error}.") from error
        if not isinstance(found, dict) or "kept" not in found:
            raise BadFile(f"{self.path} is not a kept run.")
        head = found.get("head")
        if found["kept"] != KEPT or (isinstance(head, dict) and head.get("format") != FORMAT):
            raise BadFile(f"{self.path} is a kept run of another format than this avbench reads ({KEPT}, {FORMAT}).")
        if not _is_whole(found):
            raise BadFile(f"{self.path} is no whole kept run: `avbench leaderboard keep` makes one.")
        if digest_of(found["head"].get("identity")) != found["head"].get("hash"):
            raise BadFile(f"{self.path} was changed after it was kept: its identity is another than its hash says.")
        return found

    @property
    def head(self) -> dict[str, Any]:
        """As `Record.head`."""
        return self.content["head"]

    @property
    def summary(self) -> dict[str, Any]:
        """As `Record.summary`."""
        return self.content["summary"]

    @property
    def provenance(self) -> dict[str, Any]:
        """As `Record.provenance`."""
        return self.content["provenance"]

    @property
    def cost(self) -> dict[str, Any] | None:
        """What the system costs, or None where nobody could say."""
        return self.content["cost"]

    @property
    def left_out(self) -> Mapping[str, list[str]]:
        """By metric, the parts that are not here."""
        return self.content["left_out"]

    @property
    def votes(self) -> list[dict[str, Any]]:
        """Of listening tests; see `votes`."""
        return self.content.get("votes", [])

    def trials(self) -> list[dict[str, Any]]:
        """As `Record.trials`."""
        return [
            {**trial, "scores": {name: self._score(found) for name, found in trial["scores"].items()}}
            for trial in self.content["trials"]
        ]

    def _score(self, found: Any) -> dict[str, Any]:
        if isinstance(found, Mapping):
            score = {"status": "ok", **EMPTY, **found}
        else:
            score = {"status": "ok", **EMPTY, "value": found, "raw": found}
        if not isinstance(score["value"], NUMBER):
            raise BadFile(f"{self.path} was changed after it was kept: a score in it is no number.")
        return score


def _is_whole(found: Mapping[str, Any]) -> bool:
    """Everything is there that is read without a second look; the values themselves `refuse_changed` follows up."""
    if any(not isinstance(found.get(name), kind) for name, kind in SHAPE.items()):
        return False
    rows, votes = found["summary"].get("rows"), found.get("votes", [])
    if not isinstance(rows, list) or not isinstance(votes, list):
        return False
    heard = (
        isinstance(v, dict) and isinstance(v.get("rows"), list) and isinstance(v.get("trials"), dict) for v in votes
    )
    tried = (isinstance(t, dict) and t.keys() >= TRIAL and isinstance(t["scores"], dict) for t in found["trials"])
    return all(isinstance(row, dict) for row in rows) and all(heard) and all(tried)


def keep(run: "str | Path | Run", path: str | Path | None = None) -> Path:
    """Write a finished run as one file.

    Args:
        run: a run, its folder, or the beginning of its folder's name.
        path: of the file; `kept_path(run)` unless given.

    Returns:
        The path.

    Raises:
        UsageError: no such run.
        IncompleteRun: it has not come to its end.
    """
    from .costs import cost_of
    from .runs import open_run
    from .votes import votes_of

    run = open_run(run)
    if not run.ended or run.left["error"]:
        raise IncompleteRun(f"{run.where} is not finished, and only finished runs are kept: run it to its end first.")
    path = Path(path) if path is not None else kept_path(run)
    left_out: dict[str, set[str]] = {}
    trials = [_trial(trial, left_out) for trial in run.trials]
    document = {
        "kept": KEPT,
        "head": run.head,
        "summary": run.record.summary,
        "cost": cost_of(run)[0],
        "provenance": run.record.provenance,
        "left_out": {name: sorted(parts) for name, parts in sorted({**run.left_out, **left_out}.items())},
        **({"votes": votes} if (votes := votes_of(run)) else {}),
        "trials": trials,
    }
    with atomic_write(path) as file:
        for piece in _text(document):
            file.write(piece.encode())
    return path


def _trial(trial: Mapping[str, Any], left_out: dict[str, set[str]]) -> dict[str, Any]:
    facts = {name: trial["facts"][name] for name in FACTS if name in trial["facts"]}
    scores = {name: _short(name, score, left_out) for name, score in trial["scores"].items()}
    return {**{key: trial[key] for key in ("trial", "clip", "cluster", "condition")}, "facts": facts, "scores": scores}


def _short(metric: str, score: Mapping[str, Any], left_out: dict[str, set[str]]) -> Any:
    """A score without what goes without saying, and without parts that are too large."""
    found = {key: value for key, value in score.items() if key not in EMPTY or value != EMPTY[key]}
    if score.keys() <= {*EMPTY, "status"} and found == {"status": "ok", "value": score["value"], "raw": score["value"]}:
        return score["value"]
    large = {name for name, part in score.get("more", {}).items() if np.size(part) > LARGEST}
    if large:
        left_out.setdefault(metric, set()).update(large)
        found["more"] = {name: part for name, part in score["more"].items() if name not in large}
    return found


def _text(document: Mapping[str, Any]) -> Iterator[str]:
    """The document, a line for each trial and each row, so that a change of one is a change of one line."""
    before = "{"
    for key, value in document.items():
        yield f'{before}"{key}": '
        before = ",\n"
        if key == "trials":
            yield from _lines(value)
        elif key == "summary":
            yield f'{{"sound": {to_json(value["sound"], None)}, "rows": '
            yield from _lines(value["rows"])
            yield "}"
        else:
            yield to_json(value, None)
    yield "}\n"


def _lines(items: Sequence[Any]) -> Iterator[str]:
    yield "["
    for i, item in enumerate(items):
        yield f"{',' if i else ''}\n{to_json(item, None)}"
    yield "\n]"


def kept_path(run: "Run", home: Path = HOME) -> Path:
    """Where a run is kept, by its task, data set, plan and system.

    Example:
        `leaderboards/runs/avse/avbench-synth/tiny/mutud__scratch.json`
    """
    identity = run.identity
    names = (run.task, identity["dataset"]["name"], identity["plan"]["name"], run.system)
    *folders, name = map(_part, names)
    return Path(home, *folders, f"{name}.json")


def _part(name: str) -> str:
    """A name as part of a path; with digits of its hash where letters of it cannot be, so that no two become one."""
    part = folder_name(name)
    told = part == name.replace("/", "__") and part.strip(".")
    return part if told else f"{part.strip('.')}-{digest_of(name)[:8]}"


def refuse_changed(run: "Run") -> None:
    """See that a kept run still follows from what stands in it: pooled values from scores, `official` from the plan.

    Whoever makes boards of files that others have sent does this first; it takes as long as pooling does.

    Raises:
        BadFile: it does not.
    """
    from ..metrics import get_metric
    from ..protocols import is_committed
    from ..tasks import get_task
    from .summary import summarise

    metrics = [get_metric(name) for name in run.metrics if name not in run.left_out]
    whole = [row for row in run.rows if row["metric"] not in run.left_out]
    again = summarise(run.trials, run.identity["axes"], metrics, run.head["asked"], run.judges)
    if to_json(again) != to_json(whole):
        raise BadFile(f"{run.where} was changed after it was kept: its values do not follow from its scores.")
    plan, task = run.identity["plan"], get_task(run.identity["task"])
    committed = plan["name"] in task.plans and is_committed(plan["name"], plan["sha256"])
    if run.head["official"] and (run.identity["limit"] is not None or not committed):
        raise BadFile(f"{run.where} calls itself official, and its plan is not one of {task.id}, whole.")


def is_kept(path: Path) -> bool:
    """The file is a kept run."""
    try:
        with path.open("rb") as file:
            return file.read(len(START)) == START
    except OSError:
        return False
