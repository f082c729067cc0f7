"""What is kept of plans beside their text: records of what they render to, and hashes that they must have.

A *record* holds hashes and fingerprints of all that a plan renders to (see `verify`). That of an official plan stands
in `plans/pcm.json` (speech enhancement) or `plans/pcm-<task>.json`, that of any other plan beside it,
`<name>.pcm.json`. Things that many official plans use, faces and voices of the embedded corpus, have one line each in
`plans/things/<data set>.tsv`: kind, clip, hash, fingerprint.

`plans/expected.tsv` has a line for every official plan and every corpus of its paper: plan, corpus, the fingerprint of
the corpus' manifest, the noises and their fingerprint, hash of the plan, and who found it. `-` is what nobody has
reported yet. A plan over a real corpus can only be the same where the corpus is: another fingerprint means other files.

Contents: `RECORDS`, `record_path`, `things_path`, `read_record`, `read_things`, `write_things`, `write_records`,
`lines_of`; `EXPECTED`, `Expected`, `read_expected`, `said`.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadFile, MissingResource
from ..signal.files import atomic_write, digest
from .protocol import Plan
from .rules import AVSE_PLANS, PLANS, RULES

RECORDS = PLANS / "pcm.json"
EXPECTED = PLANS / "expected.tsv"
UNKNOWN = "-"
SHORT = 8  # digits of the hash of a plan's line


def record_path(name: str | Path) -> Path:
    """Where the record of a plan is, named as for `load_plan`."""
    if name in AVSE_PLANS:
        return RECORDS
    if name in RULES:
        return PLANS / f"pcm-{RULES[name].task.partition('@')[0]}.json"
    return Path(name).with_suffix(".pcm.json")


def things_path(dataset: str) -> Path:
    """Where the things of an embedded data set are."""
    return PLANS / "things" / f"{dataset.replace('/', '.')}.tsv"


def read_record(name: str | Path, plan: Plan) -> dict[str, Any]:
    """The record of a plan, named as for `load_plan`.

    Raises:
        MissingResource: there is none.
        BadFile: not a record.
    """
    path = record_path(name)
    try:
        record = json.loads(path.read_bytes())[plan.name]
        if not {"plan_sha256", "clips", "noises", "rows"} <= set(record):
            raise ValueError("it lacks hashes")
        if name in RULES and "lines" in record:
            path = things_path(RULES[name].dataset)
            record["things"] = read_things(path)
    except OSError as error:
        raise MissingResource(
            f"There is no record {path} to verify {name} against: {error.strerror or error}."
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise BadFile(f"{path} holds no record of the plan {plan.name}: {error}.") from error
    return record


def read_things(path: Path) -> dict[str, list[str]]:
    """Name of every thing of a file to its hash and fingerprint."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {f"{kind} {item}": found for kind, item, *found in rows}


def write_things(dataset: str, things: Mapping[str, list[str]]) -> None:
    """Write the things of an embedded data set, sorted."""
    lines = ("\t".join([*name.split(" ", 1), *found]) for name, found in sorted(things.items()))
    with atomic_write(things_path(dataset)) as handle:
        handle.write(("\n".join(lines) + "\n").encode())


def write_records(path: Path, records: Mapping[str, Any]) -> None:
    """Write records of one or more plans, one row to a line so that differences can be read."""
    with atomic_write(path) as handle:
        handle.write(_lines(records, depth=3).encode() + b"\n")


def _lines(value: Any, depth: int) -> str:
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value)
    inner = ",\n".join(f"{json.dumps(key)}: {_lines(item, depth - 1)}" for key, item in value.items())
    return "{\n" + inner + "\n}"


def lines_of(plan: Plan) -> str:
    """Short hashes of the lines of a plan, one after the other, so that a changed line has a number."""
    return "".join(digest(line)[:SHORT] for line in plan.content.splitlines())


@dataclass(frozen=True)
class Expected:
    """A line of the table; `-` where nobody has reported it."""

    plan: str
    dataset: str
    dataset_fingerprint: str
    noise: str
    noise_fingerprint: str
    plan_sha256: str
    found_by: str


def read_expected(path: Path = EXPECTED) -> tuple[Expected, ...]:
    """The table."""
    with path.open(encoding="utf-8", newline="") as handle:
        return tuple(Expected(**line) for line in csv.DictReader(handle, delimiter="\t"))


def said(plan: Plan, dataset: str, table: tuple[Expected, ...] | None = None) -> str:
    """What is known of a plan drawn over a real corpus, as a sentence.

    Args:
        plan: under the name of an official plan.
        dataset: as typed.
        table: in place of the committed one.

    Returns:
        `""` where the table has no such plan over such data. Whether the corpus is an export of the embedded one is for
        the caller to know: over that nobody else's plan is meant.
    """
    lines = [e for e in (read_expected() if table is None else table) if (e.plan, e.dataset) == (plan.name, dataset)]
    noise = plan.header.get("noise", UNKNOWN)
    known = [e for e in lines if e.plan_sha256 != UNKNOWN and e.noise == noise]
    if not lines:
        return ""
    if noise not in {e.noise for e in lines}:
        usual = " or ".join(dict.fromkeys(e.noise for e in lines))
        return f"With {noise} it is not the plan that others draw over {dataset}: that has --noise {usual}."
    if not known:
        heard = f", and that of the noises {plan.header['noise_fingerprint']}" if noise != UNKNOWN else ""
        return (
            f"Nobody has reported yet which hash {plan.name} has over {dataset}: if your copy is whole, please report "
            f"{plan.sha256} with the data's fingerprint {plan.header['dataset_fingerprint']}{heard}."
        )
    if any(e.plan_sha256 == plan.sha256 for e in known):
        return f"The plan is the one that others have drawn over {dataset}."
    e = known[0]
    if e.dataset_fingerprint != plan.header["dataset_fingerprint"]:
        why = f"your {dataset} has other files: `avbench data show` says what is missing"
    elif e.noise_fingerprint != plan.header.get("noise_fingerprint", UNKNOWN):
        why = f"your {noise} has other files"
    else:
        why = "the draw differs, which is a fault of avbench: please report it"
    return f"The plan is not the one that {e.found_by} has drawn over {dataset}: {why}."
