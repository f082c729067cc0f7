"""All boards and the site of 100 runs of 2,000 trials under 5 metrics: seconds and memory, against 20 s and 1 GB.

    python tests/benchmarks/bench_boards.py [--runs 100] [--trials 2000] [--no-site]

The kept runs are made in a folder of their own, which is no part of the time; the boards are built in a fresh process.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "leaderboard"))
SNRS = (-15, -10, -5, 0, 5)
METRICS = ("stoi@1", "estoi@1", "si-sdr@1", "pesq-wb@1", "wer@1")


def build(runs: str, out: str, expected: str, site: str) -> None:
    """Build every format and perhaps the site, and say what it took."""
    from avbench.leaderboard.board import build_boards
    from avbench.leaderboard.build import build as build_all

    assert build_boards  # imports are no part of the time
    began, work = time.perf_counter(), time.process_time()
    paths = build_all([runs], out, site=site == "site")
    seconds, work = time.perf_counter() - began, time.process_time() - work
    document = json.loads(Path(out, "avse.json").read_text())
    rows = [row for board in document["boards"] for row in board["rows"]]
    assert len(rows) == int(expected), len(rows)
    ranked = sum(row["unranked"] is None for row in rows)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = f"{seconds:.1f} s (of 20; {work:.1f} s of one core), {memory:.0f} MiB (of 1000)"
    print(f"{len(rows)} runs, {ranked} ranked, {len(paths)} files, {site}: {took}")


def made(folder: Path, runs: int, trials: int) -> None:
    """Make so many kept runs."""
    from made_boards import COST, made_run, stray_values

    for i in range(runs):
        values = stray_values(str(i), 0.6 + 0.3 * i / runs, trials, len(METRICS), 0.3).tolist()
        clips = trials // len(SNRS)
        made_run(
            folder, f"system-{i:03d}", clips=clips, speakers=40, metrics=METRICS, snrs=SNRS, values=values, cost=COST
        )


def main() -> None:
    """Make, then build in another process."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--no-site", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder, "runs")
        made(runs, asked.runs, asked.trials)
        size = sum(path.stat().st_size for path in runs.iterdir()) / 2**20
        print(f"made {asked.runs} kept runs of {asked.trials} trials, {size:.0f} MiB")
        subprocess.run([sys.executable, __file__, "--build", runs, Path(folder, "out"), str(asked.runs),
                        "no site" if asked.no_site else "site"], check=True)  # fmt: skip


if __name__ == "__main__":
    build(*sys.argv[2:]) if sys.argv[1:2] == ["--build"] else main()
