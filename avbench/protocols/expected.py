"""Hashes that plans over real corpora must have, as far as somebody who holds the corpus has reported them.

`plans/expected.tsv` has a line for every official plan and every corpus of its paper: plan, corpus, the fingerprint of
the corpus' manifest, the noises and their fingerprint, hash of the plan, who found it and when. `-` is what nobody has
reported yet. A plan over a real corpus can only be the same where the corpus is: another fingerprint means other files.

Contents: `EXPECTED`, `Expected`, `read_expected`, `said`.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from .protocol import Plan
from .rules import PLANS

EXPECTED = PLANS / "expected.tsv"
UNKNOWN = "-"


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
        `""` where the table has no such plan over such data.
    """
    lines = [e for e in (read_expected() if table is None else table) if (e.plan, e.dataset) == (plan.name, dataset)]
    noise = plan.header.get("noise", UNKNOWN)
    known = [e for e in lines if e.plan_sha256 != UNKNOWN and e.noise == noise]
    if not lines:
        return ""
    if not known:
        return (
            f"Nobody has reported yet which hash {plan.name} has over {dataset}: if your copy is whole, please report "
            f"{plan.sha256} with the data's fingerprint {plan.header['dataset_fingerprint']}."
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
