"""Draw and hash all official plans, into avbench/protocols/plans::

    python -m avbench.protocols.official

That is done once for each version of corpus, noises and protocol: plans that were published are never drawn again.

Contents: `main`.
"""

import sys

from ..data.dataset import open_dataset
from ..data.noise import open_noise
from ..signal.files import atomic_write
from .rules import PLANS, RULES, draw_plan
from .verify import RECORDS, hash_plan, write_records


def main() -> None:
    """Draw and hash every official plan."""
    dataset = open_dataset("avbench-synth")
    records = {}
    for name, rule in RULES.items():
        noise = open_noise(rule.noise)
        plan = draw_plan(name, dataset, noise)
        records[name] = hash_plan(plan, dataset, noise)
        with atomic_write(PLANS / f"{name}.jsonl") as handle:
            handle.write(plan.content)
        sys.stdout.write(f"{name}: {len(plan.rows)} rows, {plan.sha256}\n")
    write_records(RECORDS, records)


if __name__ == "__main__":
    main()
