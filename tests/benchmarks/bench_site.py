"""How long the page of 2,000 trials takes to open, and the site of many runs to build.

    python tests/benchmarks/bench_site.py           the page, in a real browser
    python tests/benchmarks/bench_site.py 100       also boards and site of so many runs of 2,000 trials each

Times are of this machine as busy as it is; processor seconds hardly depend on that.
"""

import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "leaderboard" / "site"))

from browsers import chromium, open_page
from made_runs import made_exam, made_run

from avbench.evaluation.kept import keep
from avbench.evaluation.runs import Run
from avbench.leaderboard.board import build_boards
from avbench.leaderboard.published import Published
from avbench.leaderboard.site import build_site, report
from avbench.seeds import Draw

ROUNDS = 7
SHOWN = "return document.querySelectorAll('#trial-table tbody tr').length"
LOADED = "const n = performance.getEntriesByType('navigation')[0]; return n.loadEventEnd - n.startTime"


def open_times(folder):
    """Seconds to the end of loading, by which the script has run, round by round."""
    runs = made_exam(folder / "exam")
    began = time.process_time()
    page = report(runs[0], folder / "page")
    print(f"page of {len(runs[0].trials)} trials: {page.stat().st_size} bytes, made in "
          f"{time.process_time() - began:.2f} processor seconds")  # fmt: skip
    seconds = []
    with chromium() as browser:
        for _ in range(ROUNDS):
            open_page(browser, page)
            assert browser.execute_script(SHOWN) == 100
            seconds.append(browser.execute_script(LOADED) / 1000)
    return seconds


def many_runs(folder, count):
    """So many kept runs, which differ a little."""
    first = keep(made_run(folder / "one", "system-000"), folder / "kept" / "000.json")
    document = json.loads(first.read_text())
    for i in range(1, count):
        document["head"]["identity"]["system"]["name"] = f"system-{i:03d}"
        noise = iter(Draw("bench site", i).normals(8 * len(document["trials"]), 0.0, 0.02).tolist())
        for trial in document["trials"]:
            trial["scores"] = {
                name: round(score + next(noise), 5) if isinstance(score, float) else score
                for name, score in trial["scores"].items()
            }
        (folder / "kept" / f"{i:03d}.json").write_text(json.dumps(document))
    return [Run(None, kept=path) for path in sorted((folder / "kept").iterdir())]


def build_time(folder, count):
    """Boards and site, in seconds and processor seconds."""
    runs = many_runs(folder, count)
    for what in ("boards", "site"):
        began, busy = time.perf_counter(), time.process_time()
        if what == "boards":
            boards = build_boards(runs, Published({}, (), {}))
        else:
            build_site(boards, folder / "site")
        wall, busy = time.perf_counter() - began, time.process_time() - busy
        print(f"{what} of {count} runs: {wall:.1f} s, {busy:.1f} processor seconds")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        seconds = open_times(Path(name))
        print(f"opens in {statistics.median(seconds):.3f} s, median of {ROUNDS}, at most {max(seconds):.3f} s")
        if len(sys.argv) > 1:
            build_time(Path(name), int(sys.argv[1]))
