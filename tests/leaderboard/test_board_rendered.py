"""Boards as Markdown, LaTeX, CSV, JSON and in the terminal: all there, all escaped, all readable."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from made_boards import COST, made_run
from rich.console import Console

from avbench.leaderboard.board import ALL, build_board
from avbench.leaderboard.published import read_published
from avbench.leaderboard.render_data import CSV_COLUMNS, csv_text, document
from avbench.leaderboard.render_latex import escape as latex_escape
from avbench.leaderboard.render_latex import latex
from avbench.leaderboard.render_markdown import escape, markdown
from avbench.leaderboard.render_terminal import printed_tables, terminal

PUBLISHED = read_published(Path(__file__).parents[2] / "leaderboards/published")
EVIL = "<img src=x onerror=alert(1)>|`x` **b** [y](http://e.vil) \\input{x} $x$ @team #1 a\nb\r\x1b[2J\u202eabc"
METRICS = ("stoi@1", "si-sdr@1")


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return build_board(
        [
            made_run(folder, "mutud", 0.7, metrics=METRICS, noise=0.05, cost=COST),
            made_run(folder, "gcrn", 0.699, metrics=METRICS, noise=0.05, failed=(5,)),
            made_run(folder, "av-gcrn", 0.9, metrics=METRICS, noise=0.05),
            made_run(folder, EVIL, 0.95, metrics=METRICS, finished=False),
            made_run(folder, "=cmd|' /C calc'!A0", 0.95, metrics=METRICS, limit=3),
            made_run(folder, "noisy", 0.5, metrics=METRICS, anchor=True),
        ],
        PUBLISHED,
    )


def tables_of(text):
    """Tables of a page: lists of lists of cells."""
    found, before = [], False
    for line in text.split("\n"):
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            found[-1].append(cells) if before else found.append([cells])
        before = line.startswith("|")
    return found


def test_markdown_has_every_row_with_rank_interval_coverage_and_cost(board):
    page = markdown("avse", [board], PUBLISHED)
    overview = tables_of(page)[1]
    assert overview[0] == ["rank", "system", "stoi %", "si-sdr dB", "parameters", "MACs", "RTF"]
    rows = {row[1]: row for row in overview[2:]}
    assert rows["av-gcrn"][0] == "1" and rows["mutud"][0] == rows["gcrn"][0] == "2–3"
    assert re.fullmatch(r"\d\d\.\d<br>\[\d\d\.\d, \d\d\.\d\]<br>48/48", rows["mutud"][2])
    assert rows["gcrn"][2].endswith("<br>47+1/48")
    assert rows["mutud"][4:] == ["3.635 M", "0.948 G", "0.051"]
    assert rows["*noisy* (anchor)"][0] == "–"
    assert all(len(row) == len(table[0]) for table in tables_of(page) for row in table)


def test_markdown_says_synthetic_and_why_rows_are_unranked(board):
    page = markdown("avse", [board], PUBLISHED)
    assert "## Measured: avbench-synth (synthetic), plan 3-bn" in page
    assert "is not ranked: training unfinished." in page and "is not ranked: only 3 of the plan's clips." in page
    assert "no value here compares with a published one" in page


def test_published_numbers_are_in_no_column_of_measured_ones(board):
    page = markdown("avse", [board], PUBLISHED)
    measured, published = page.split("\n## Published\n")
    for table in tables_of(measured):
        for column in zip(*table, strict=True):
            numbers = [cell for cell in column[2:] if re.match(r"-?\d+\.\d", cell)]
            with_coverage = [cell for cell in numbers if re.search(r"\d+/\d+", cell)]
            assert not with_coverage or len(with_coverage) == len(numbers) or "published" not in column[0]
            if "published" in column[0]:
                assert not with_coverage
    assert not re.search(r"\d+/\d+ \|", published)
    assert "| Noisy Audio | 82.6 | 72.4 | 60.5 | 48.8 | 38.9 |" in published


def test_markdown_shows_a_hostile_name_as_text(board):
    page = markdown("avse", [board], PUBLISHED)
    assert "<img" not in page and "://e" not in page and not re.search(r"(?<!\\)\]\(", page)
    assert "\x1b" not in page and "\u202e" not in page and "&#64;team" in page
    shown = re.sub(r"<br>|`avbench leaderboard build`|`published/`", "", page)
    assert not re.search(r"<(?!/?br)", shown), "only line breaks of ours are HTML"
    assert re.search(r"(?<!\\)\*\*", page) is None and re.search(r"(?<!\\)`x", page) is None


@pytest.mark.parametrize("name", ["stoi@1 pesq-wb@1", "synth-asr@1a2b3c4d", "avbench-synth 66faac0bff77"])
def test_versions_and_hashes_stay_readable(name):
    assert escape(name) == name


def test_mentions_and_addresses_are_defused():
    assert escape("me@e.vil @team www.e.vil") == "me&#64;e.vil &#64;team www&#46;e.vil"


def test_latex_escapes_and_is_balanced(board):
    text = latex("avse", [board])
    body = "\n".join(line for line in text.split("\n") if not line.startswith("%"))
    assert "\\input{x}" not in body and "\\textbackslash{}input\\{x\\}" in body
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 1 + len(METRICS)
    for line in body.split("\n"):
        bare = re.sub(r"\\[&%$#_{}]", "", line)
        assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0, line
        assert "%" not in bare and "#" not in bare and "_" not in bare
    rows = [line for line in body.split("\n") if line.endswith(r"\\")]
    widths = {len(re.sub(r"\\&", "", row).split("&")) for row in rows}
    assert widths == {7, 6}
    assert latex_escape("-0.5 a-b ~^") == r"$-$0.5 a-b \textasciitilde{}\textasciicircum{}"


def test_csv_comes_back_as_it_was(board):
    lines = list(csv.DictReader(io.StringIO(csv_text([board]))))
    assert tuple(lines[0]) == CSV_COLUMNS
    found = {(line["system"], line["anchor"], line["metric"], line["condition"]): line for line in lines}
    assert len(found) == len(lines) == sum(len(row.cells) for row in board.everyone)
    for row in board.everyone:
        for (column, condition), cell in row.cells.items():
            words = ";".join(f"{axis}={value}" for axis, value in condition)
            name = f"'{row.system}" if row.system.startswith("=") else row.system
            line = found[name, "yes" if row.anchor else "no", column.identity, words]
            assert float(line["value"]) == cell.value
            assert [float(line[key]) if line[key] else None for key in ("ci95_low", "ci95_high")] == list(
                cell.ci95 or (None, None)
            )
            counts = [int(line[key]) for key in ("n", "failed", "total", "void")]
            assert counts == [cell.n, cell.failed, cell.total, cell.void]
            place = [int(line[key]) if line[key] else None for key in ("rank_first", "rank_last")]
            assert place == ([cell.place.first, cell.place.last] if cell.place else [None, None])
            assert line["plan_sha256"] == board.plan["sha256"] and line["kind"] == "synthetic"


def test_no_name_in_the_csv_is_a_formula(board):
    for line in csv.reader(io.StringIO(csv_text([board]))):
        for cell in line:
            assert not cell.startswith(("=", "+", "@")), cell
            assert not cell.startswith("-") or float(cell) < 0


def test_json_has_everything_and_only_finite_numbers(board):
    found = json.loads(json.dumps(document("avse", [board], PUBLISHED), allow_nan=False))
    assert found["boards"][0]["plan"] == dict(board.plan) and found["boards"][0]["synthetic"] is True
    rows = {row["system"]: row for row in found["boards"][0]["rows"]}
    assert rows["mutud"]["cost"]["parameters"] == 3_635_020
    every = [cell for cell in rows["mutud"]["cells"] if cell["condition"] == {} and cell["metric"] == "stoi@1"]
    assert every[0]["rank"] == [2, 3] and every[0]["total"] == 48
    numbers = [n for table in found["published"] for n in table["numbers"]]
    assert len(numbers) == sum(n.task == "avse" for n in PUBLISHED.numbers)
    assert any(table["status"] == "not available" for table in found["published"])


def printed(thing, width=80):
    console = Console(width=width, file=io.StringIO(), force_terminal=False, highlight=False, emoji=False)
    console.print(thing)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 60, 200])
def test_the_terminal_keeps_its_width_and_loses_nothing(board, width):
    text = printed(terminal(board, None, width), width)
    assert max(map(len, text.split("\n"))) <= width
    for word in ("av-gcrn", "2–3", "47+1/48", "3.635M", "(synthetic)", "stoi@1", "training unfinished"):
        assert word in " ".join(text.split()), word
    assert "\x1b" not in text and "\u202e" not in text


def test_the_terminal_shows_another_metric_by_condition(board):
    assert "si-sdr dB by condition, higher is better" in printed(terminal(board, "si-sdr"))


@pytest.mark.parametrize("task", ["avse", "avsr", "asd", "word-recognition", "voice-conversion", "image-translation"])
def test_tables_of_papers_fit_eighty_columns(task):
    text = printed(printed_tables(PUBLISHED.of_task(task), PUBLISHED))
    assert max(map(len, text.split("\n"))) <= 80
    body = " ".join(text.split())
    for number in (n for n in PUBLISHED.numbers if n.task == task and n.printed):
        assert number.printed in body


def test_a_caveat_of_a_paper_stands_where_it_holds():
    page = markdown("voice-conversion", [], PUBLISHED)
    assert "No run of this task has been kept yet." in page
    line = next(line for line in page.split("\n") if line.startswith("| AdaIN-CVC"))
    assert "0.61 (" in line and "– (" in line
    assert "Mean over ten utterances of the speaker." in page
    assert "Not available: the body is lost in our copy." in page


def test_all_is_all_trials(board):
    row = board.rows[0]
    assert row.cell(board.columns[0], ALL) is row.cell(board.columns[0])


def test_no_time_of_a_busy_machine_is_shown(tmp_path):
    busy = {**COST, "load": 5.68, "machine": "a busy one"}
    found = build_board([made_run(tmp_path, "a", 0.7, cost=COST), made_run(tmp_path, "b", 0.5, cost=busy)], PUBLISHED)
    rows = {row[1]: row for row in tables_of(markdown("avse", [found], PUBLISHED))[1][2:]}
    assert rows["a"][-1] == "0.051" and rows["b"][-3:] == ["3.635 M", "0.948 G", "–"]
    page = markdown("avse", [found], PUBLISHED)
    assert "No RTF of b: timed while 5.68 processes waited for each core." in page and "a busy one" not in page
    lines = {line["system"]: line["rtf"] for line in csv.DictReader(io.StringIO(csv_text([found])))}
    assert lines == {"a": "0.0512", "b": ""}
    costs = {row["system"]: row["cost"] for row in document("avse", [found], PUBLISHED)["boards"][0]["rows"]}
    assert (costs["a"]["load"], costs["b"]["load"]) == (0.5, 5.68)


def test_judges_and_tasks_are_shown_as_text(tmp_path):
    judged = {"metrics": ("asr-wer@1",), "judges": {"espnet": "<b>|x@1234"}, "values": [[0.1]] * 48}
    runs = [made_run(tmp_path, name, **judged) for name in ("mutud", "gcrn")]
    page = markdown("<i>a</i>", [build_board(runs, PUBLISHED)], PUBLISHED)
    assert "<b>" not in page and "<i>" not in page and "&lt;b&gt;&#124;x" in page
    assert all(len(row) == len(table[0]) for table in tables_of(page) for row in table)


def test_latex_says_where_fewer_trials_scored(board):
    lines = latex("avse", [board]).split("\n")
    by_condition = [line for line in lines if " & gcrn & " in line][1]
    assert by_condition.endswith(r"47+1/48, 24/24 each \\") and by_condition.count(" 23+1/24 ") == 1
    assert latex_escape('a "b"') == "a ''b''", "needs no package"
