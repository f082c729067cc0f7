"""How long the page of 2,000 trials takes to open, in a real browser (`bench_boards.py` builds the site of 100 runs).

    python tests/benchmarks/bench_site.py

Times are of this machine as busy as it is; processor seconds hardly depend on that.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "leaderboard" / "site"))

from browsers import chromium, open_page
from made_runs import made_exam

from avbench.leaderboard.site import report

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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        seconds = open_times(Path(name))
        print(f"opens in {statistics.median(seconds):.3f} s, median of {ROUNDS}, at most {max(seconds):.3f} s")
