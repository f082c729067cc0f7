"""Draw and hash official plans, into avbench/protocols/plans::

    python -m avbench.protocols.official [PLAN…]        all of them unless named
    python -m avbench.protocols.official --workers 4

That is done once for each version of corpus, noises and protocol: plans that were published are never drawn again.

Contents: `main`.
"""

import json
import sys
from collections.abc import Sequence

from ..data.dataset import open_dataset
from ..data.noise import open_noise
from ..signal.files import atomic_write
from . import get_protocol
from .records import read_things, record_path, things_path, write_records, write_things
from .rules import PLANS, RULES, clips_of, draw_plan, load_plan
from .verify import hash_plan, things_of


def main(words: Sequence[str] | None = None) -> None:
    """Draw and hash the official plans that are named, or all."""
    given = list(sys.argv[1:] if words is None else words)
    workers = 1
    if "--workers" in given:
        place = given.index("--workers")
        workers = int(given[place + 1])
        del given[place : place + 2]
    for name in given or [name for name, rule in RULES.items() if rule.embedded]:
        _publish(name, workers)


def _publish(name: str, workers: int) -> None:
    """Draw one plan, and write it with its record; what other plans have in the same files stays."""
    rule = RULES[name]
    dataset, noise = open_dataset(rule.dataset), None if rule.noise is None else open_noise(rule.noise)
    if rule.protocol != "guided":  # which needs no lengths
        dataset.prepare(clips_of(dataset, rule), workers=workers)
    plan = draw_plan(name, dataset, noise)
    record = hash_plan(plan, dataset, noise, video=True, workers=workers)
    if things := record.pop("things", {}):
        write_things(rule.dataset, {**_others(rule.dataset, name), **things})
    path = record_path(name)
    kept = json.loads(path.read_bytes()) if path.is_file() else {}
    records = {**kept, name: record}
    write_records(path, {other: records[other] for other in RULES if other in records})
    with atomic_write(PLANS / f"{name}.jsonl") as handle:
        handle.write(plan.content)
    sys.stdout.write(f"{name}: {len(plan.rows)} rows, {plan.sha256}\n")
    sys.stdout.flush()


def _others(dataset: str, name: str) -> dict[str, list[str]]:
    """Things of a data set that other published plans use, as they were published; what nobody uses any more goes."""
    path = things_path(dataset)
    known, found = (read_things(path) if path.is_file() else {}), {}
    for other, rule in RULES.items():
        if other != name and rule.dataset == dataset and (PLANS / f"{other}.jsonl").is_file():
            plan = load_plan(other)
            wanted = map(str, things_of(plan, get_protocol(str(plan.header["protocol"])), plan.rows))
            found |= {thing: known[thing] for thing in wanted if thing in known}
    return found


if __name__ == "__main__":
    main()
