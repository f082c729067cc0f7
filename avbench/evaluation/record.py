"""A run on disk.

    run.json                    identity, card, exam: the same for the same run anywhere
    plan.jsonl                  the plan, as drawn
    predictions/<trial>.wav     what the system answered, float32 (or .txt, .mkv: see `answers`); scores are made from
                                these files
    scores/<trial>.json         every metric's status, value, raw value, reason, flags, and parts where it pools such
    errors/<trial>.json         what the machine failed at, or had no judge for; gone once a later attempt succeeds
    summary.json                pooled values with intervals; there once every trial has been tried
    provenance.json             machine, packages, commit, times: all that may differ between two equal runs

Each file is written aside and renamed, so a file that is there is whole, and what a killed run has is what a resumed
run keeps. The first four kinds of a resumed run equal those of an uninterrupted one byte for byte.

Contents: `Record`, `read_json`, `write_json`, `hand_out`.
"""

import base64
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BadFile, UsageError
from ..signal.files import atomic_write
from .answers import AnswerKind
from .identity import is_same

FORMAT = 2
SCRATCH = ("predictions", "scores", "errors")
FILES = ("plan.jsonl", "summary.json", "provenance.json", "cost.json")
RETRIED = ("error", "not-applicable")


ARRAY = {"dtype", "shape", "base64"}


def to_json(value: Any, indent: int | None = 2) -> str:
    """JSON for people and machines, on one line without an end where there is no indent; refuses NaN and infinity.

    An array, a part that some metrics pool, becomes `{"dtype", "shape", "base64"}` of its bytes, so that it comes back
    bit for bit, whatever it holds.
    """
    end = "" if indent is None else "\n"
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, default=_plain) + end


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        value = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False)
        text = base64.b64encode(value.tobytes()).decode()
        return {"dtype": value.dtype.str, "shape": list(value.shape), "base64": text}
    raise TypeError(f"{type(value).__name__} cannot be kept as JSON")


def _array(found: dict[str, Any]) -> Any:
    if set(found) != ARRAY:
        return found
    return np.frombuffer(base64.b64decode(found["base64"]), found["dtype"]).reshape(found["shape"])


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all."""
    with atomic_write(path) as file:
        file.write(to_json(value).encode())


def read_json(path: Path) -> Any:
    """Read a JSON file, arrays as they were written.

    Raises:
        BadFile: it is not JSON, so something other than avbench wrote it or the disk lost it.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text, object_hook=_array if '"base64"' in text else None)  # which takes three times as long
    except (UnicodeDecodeError, ValueError, TypeError) as error:
        raise BadFile(f"{path} is damaged ({error}): delete it and run again.") from error


def hand_out(value: Any, where: str | Path) -> None:
    """Write a JSON document where the user asked for it: a file, or `"-"` for standard output."""
    if str(where) == "-":
        sys.stdout.write(to_json(value))
    else:
        write_json(Path(where), value)


class Record:
    """The folder of one run.

    Args:
        folder: where it is or will be.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def __repr__(self):
        return f"Record({str(self.folder)!r})"

    @property
    def exists(self) -> bool:
        """There is a run in this folder."""
        return (self.folder / "run.json").is_file()

    @property
    def head(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            UsageError: there is no run in this folder.
            BadFile: a damaged file, or a run of a later format.
        """
        if not self.exists:
            raise UsageError(f"There is no run in {self.folder}: it has no run.json.")
        head = read_json(self.folder / "run.json")
        if head.get("format") != FORMAT:
            raise BadFile(f"{self.folder} holds a run of format {head.get('format')}; this avbench reads {FORMAT}.")
        return head

    def begin(self, head: Mapping[str, Any], plan: bytes) -> None:
        """Claim the folder for one run, or find it claimed for the same run; raises as `check`."""
        self.check(head["identity"])
        if self.exists:
            if self.head["identity"] != head["identity"]:  # a judge has come since, and what is pooled is out of date
                self.reopen()
                write_json(self.folder / "run.json", {"format": FORMAT, **head})
            return
        self.clear()  # what a run that was killed early, or half removed, has left
        for name in SCRATCH:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        with atomic_write(self.folder / "plan.jsonl") as file:
            file.write(plan)
        # Last, because its presence says that the folder is ready.
        write_json(self.folder / "run.json", {"format": FORMAT, **head})

    def check(self, identity: Mapping[str, Any]) -> None:
        """See that the run of this identity may use the folder; nothing is written.

        Raises:
            UsageError: it holds another run, or files that are no run.
        """
        if self.exists:
            if not is_same(self.head["identity"], identity):
                raise UsageError(
                    f"{self.folder} holds another run ({_difference(self.head['identity'], identity)}): "
                    "choose another --out."
                )
        elif self.folder.is_dir() and not all(map(_is_left_over, self.folder.iterdir())):
            raise UsageError(f"{self.folder} holds files that are not of a run: choose another --out.")

    def clear(self) -> None:
        """Remove the run, so that it can be made afresh. Files of other makers stay."""
        for name in SCRATCH:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in (*FILES, "run.json"):  # last the one without which scores would belong to nobody
            (self.folder / name).unlink(missing_ok=True)

    def prediction(self, trial: str, kind: AnswerKind) -> Path:
        """Where the answer to a trial is or will be."""
        return self.folder / "predictions" / f"{trial}{kind.suffixes[0]}"

    def save_prediction(self, trial: str, kind: AnswerKind, answer: Any) -> None:
        """Keep an answer as `answers` says."""
        kind.write(self.prediction(trial, kind), answer)

    def scored(self, trial: str) -> bool:
        """The trial has its scores."""
        return (self.folder / "scores" / f"{trial}.json").is_file()

    def failed_here(self, trial: str) -> bool:
        """The machine failed at this trial in an earlier attempt."""
        path = self.folder / "errors" / f"{trial}.json"
        return path.is_file() and any(score["status"] == "error" for score in read_json(path)["scores"].values())

    def errors(self) -> list[str]:
        """Trials that the machine failed at or had no judge for, and that no later attempt has mended."""
        return sorted(path.stem for path in (self.folder / "errors").glob("*.json"))

    def reopen(self) -> None:
        """Make ready for more trials: forget the pooled values, and what a killed process had half written."""
        (self.folder / "summary.json").unlink(missing_ok=True)
        for half in self.folder.rglob(".*.part"):
            half.unlink(missing_ok=True)

    def save_scores(self, trial: str, scores: Mapping[str, Any]) -> None:
        """Keep the scores of a trial; apart, and to be tried again, if the machine failed or lacks a judge."""
        error = any(score["status"] in RETRIED for score in scores["scores"].values())
        name = f"{trial}.json"
        write_json(self.folder / ("errors" if error else "scores") / name, scores)
        if not error:
            (self.folder / "errors" / name).unlink(missing_ok=True)

    def trials(self) -> list[dict[str, Any]]:
        """Every trial that was tried, by id: scores where there are any, else errors."""
        found = {path.name: path for kind in ("errors", "scores") for path in (self.folder / kind).glob("*.json")}
        return [read_json(found[name]) for name in sorted(found)]

    @property
    def summary(self) -> dict[str, Any] | None:
        """What `summary.json` says, or None where the run has not come to its end."""
        path = self.folder / "summary.json"
        return read_json(path) if path.is_file() else None

    @property
    def provenance(self) -> dict[str, Any]:
        """What `provenance.json` says: `{"sessions": [...]}`, oldest first."""
        path = self.folder / "provenance.json"
        return read_json(path) if path.is_file() else {"sessions": []}

    def add_session(self, session: Mapping[str, Any]) -> None:
        """Note one attempt at this run."""
        write_json(self.folder / "provenance.json", {"sessions": [*self.provenance["sessions"], dict(session)]})


def _is_left_over(path: Path) -> bool:
    """A file or empty folder that a run killed before its run.json leaves behind."""
    if path.name in SCRATCH:
        return path.is_dir() and not any(path.iterdir())
    return path.name in (*FILES, ".lock") or (path.name.startswith(".") and path.name.endswith(".part"))


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The first thing in which two identities differ, for people."""
    for key, value in new.items():
        if old.get(key) != value:
            if isinstance(value, dict) and isinstance(old.get(key), dict):
                return f"{key}: {_difference(old[key], value)}"
            return f"{key} is {old.get(key)}, not {value}"
    return "it differs"
