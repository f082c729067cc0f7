"""Pages to look at: one of a run (`avbench report`), and the whole site of a leaderboard.

Everything a page needs lies beside it, so it works from a disk without a server or a network.

    pages.py        templates, escaping, the folder that appears whole or not at all
    static/         one style sheet, one script: ours, without a library
    scales.py       round numbers for axes
    figures.py      curves with bands, points with intervals, cost against quality, as SVG
    results.py      tables and figures of the runs of one exam
    trials.py       all trials of a run in a small document for the script
    chosen.py       worst, median and best trials
    boards.py       the same of a board, and what papers printed
    view.py, cost.py  what else a page says of a run
    takes.py        what was heard and wanted in a trial
    media.py        sound, films and pictures as browsers play them
    report.py       the page of one run
    site.py         the pages of boards, systems, runs and comparisons

Contents: `report`, `build_site`.
"""

from .report import report
from .site import build_site

__all__ = ["build_site", "report"]
