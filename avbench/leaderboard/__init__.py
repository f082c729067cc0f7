"""Leaderboards: what papers have printed and what runs have measured, side by side and never in one column.

published.py    reads and checks the numbers of papers
rank.py         who is better than whom: paired bootstrap, Holm, ranks as intervals
ranking.py      from runs to ranks
entries.py      columns, rows and cells
board.py        a board of all runs of one plan
texts.py        how values, ranks and costs are written
render_*.py     Markdown, LaTeX, CSV, JSON, terminal
build.py        `build`, `show` and `keep`, the verbs
site/           pages
"""
