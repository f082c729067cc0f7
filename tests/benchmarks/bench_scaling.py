"""How much faster more processes prepare a corpus and render a plan: one against all, in turns.

    python tests/benchmarks/bench_scaling.py [--rounds N] [--clips N]

Preparing: the first clips of `avbench-synth/commands`, sound and mouths, into an empty cache each time. Rendering: a
plan like 3-bn-full at every dB of -15 to 5, mixed and written, as `avbench plan render` does it. Times are wall
times, begin of the processes included, so other work on the machine counts.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from avbench.data.dataset import open_dataset
from avbench.data.noise import open_noise
from avbench.processors import usable_processors
from avbench.protocols import RULES, draw_plan, get_protocol, render_plan


def prepare(workers: int, clips: int) -> float:
    """Seconds to make clips."""
    with tempfile.TemporaryDirectory() as cache:
        before = os.environ.get("AVBENCH_CACHE")
        os.environ["AVBENCH_CACHE"] = cache
        try:
            dataset = open_dataset("avbench-synth/commands")
            began = time.perf_counter()
            dataset.prepare(dataset.ids[:clips], mouth=True, workers=workers)
            return time.perf_counter() - began
        finally:
            del os.environ["AVBENCH_CACHE"]
            if before is not None:
                os.environ["AVBENCH_CACHE"] = before


def render(workers: int) -> float:
    """Seconds to render and write the plan, clips and noises at hand."""
    dataset, noise = open_dataset("avbench-synth"), open_noise("synth-noise")
    plan = draw_plan("scaling", dataset, noise, rule=RULES["3-bn-full"], snr=map(float, range(-15, 6)))
    dataset.prepare([row.clip for row in plan.rows])
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        render_plan(plan, get_protocol("additive-noise"), dataset, noise, Path(out, "exam"), workers=workers)
        return time.perf_counter() - began


def main() -> None:
    """Take turns, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clips", type=int, default=240)
    asked = parser.parse_args()
    most = usable_processors()
    works = {f"preparing {asked.clips} clips": lambda n: prepare(n, asked.clips), "rendering 8,400 trials": render}
    for what, work in works.items():
        taken = {n: [] for n in (1, most)}
        for _ in range(asked.rounds):
            for n, seconds in taken.items():
                seconds.append(work(n))
        ratios = [a / b for a, b in zip(taken[1], taken[most], strict=True)]
        one, all_ = (statistics.median(seconds) for seconds in taken.values())
        print(f"{what}: 1 process {one:.1f} s, {most} processes {all_:.1f} s, "
              f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip


if __name__ == "__main__":
    main()
