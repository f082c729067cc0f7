"""What people said is shown wherever a run is: tables, boards, pages, kept runs and data."""

import json

import heard
import pytest
from heard import cast

from avbench.cli import main
from avbench.evaluation.kept import keep
from avbench.evaluation.loaded import load_runs
from avbench.evaluation.record import write_json
from avbench.evaluation.runs import Run
from avbench.evaluation.summary import summarise
from avbench.leaderboard.board import ALL, build_board
from avbench.leaderboard.build import build
from avbench.leaderboard.published import Published
from avbench.leaderboard.site import report
from avbench.listening import build_test, tally
from avbench.listening.enter import enter
from avbench.metrics import get_metric

NOTHING = Published({}, (), {})


@pytest.fixture
def rated(tmp_path):
    """Two runs, of which ten people rated twelve trials each: 4 for alpha, 2 for beta."""
    folders = [heard.speech_run(tmp_path / name, name, gain) for name, gain in (("alpha", 1.0), ("beta", 3.0))]
    for folder in folders:
        run = Run(folder)
        rows = summarise(run.trials, run.identity["axes"], [get_metric("stoi")], [12, 12], {})
        write_json(folder / "summary.json", {"sound": None, "rows": rows})
    test = build_test(folders, "mos", tmp_path / "test", trials=12)
    cast(test, lambda rater, item: "42"[item["run"]], raters=10)
    enter(tally(test.folder))
    return tmp_path, f"raters@{test.digest[:8]}"


def test_tables_have_it(rated, capsys):
    folder, judge = rated
    assert main(["show", str(folder / "alpha"), "--json", str(folder / "out.json")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"people say mos 4.00 [4.00, 4.00] of alpha (12/12 trials, 120 votes, {judge})" in out
    rows = [row for row in json.loads((folder / "out.json").read_text())["rows"] if row["metric"] == "mos"]
    assert {row["system"] for row in rows} == {"alpha"} and {row["judge"] for row in rows} == {judge}
    assert [row["value"] for row in rows if row["condition"] == {}] == [4.0]


def test_boards_have_a_column_for_each_test(rated, capsys):
    folder, judge = rated
    other = build_test([folder / "alpha"], "mos", folder / "again", trials=12, seed="again")
    cast(other, lambda rater, item: "5", raters=10)
    enter(tally(other.folder))
    board = build_board([Run(folder / "alpha"), Run(folder / "beta")], NOTHING)
    found = {
        (row.system, column.name, column.judge): row.cell(column, ALL).value
        for row in board.rows for column in board.columns if row.cell(column, ALL)
    }  # fmt: skip
    assert found == {
        ("alpha", "stoi", None): 0.5, ("beta", "stoi", None): 0.5,
        ("alpha", "mos", judge): 4.0, ("beta", "mos", judge): 2.0,
        ("alpha", "mos", f"raters@{other.digest[:8]}"): 5.0,
    }  # fmt: skip
    assert board.columns[0].name == "stoi"
    assert all(cell.place is None for row in board.rows for cell in row.cells.values())
    build([folder / "alpha", folder / "beta"], folder / "boards", site=True)
    assert main(["leaderboard", "show", "avse", str(folder / "alpha"), "--metric", "mos"]) == 0
    out = capsys.readouterr().out
    assert "24/24 " in out and "12/12 mos" in out and "24/24 stoi" not in out
    for page in ("avse.md", "avse.tex", "avse.csv", "site/task/avse.html"):
        assert judge in (folder / "boards" / page).read_text().replace("&#64;", "@"), page
    assert judge in report(folder / "alpha", folder / "page").read_text()


def test_a_kept_run_keeps_it_and_data_have_it(rated):
    folder, judge = rated
    kept = Run(None, kept=keep(folder / "alpha", folder / "kept.json"))
    assert kept.voted == Run(folder / "alpha").voted and kept.voted[0]["judge"] == judge
    for source in (kept, Run(folder / "alpha")):
        table = load_runs([source])
        mos = table[table.metric == "mos"]
        assert len(mos) == 12 and set(mos.value) == {4.0} and set(mos.judge) == {judge} and set(mos.status) == {"ok"}
    answer = next((folder / "alpha" / "predictions").iterdir())
    for each in (folder / "alpha" / "predictions").iterdir():
        each.write_bytes(answer.read_bytes() + b"?")
    assert Run(folder / "alpha").voted == []  # made anew: other answers than those that were heard


def test_a_run_that_nobody_heard_is_kept_without_a_word(tmp_path):
    folder = heard.speech_run(tmp_path / "alpha", "alpha")
    assert "votes" not in json.loads(keep(folder, tmp_path / "kept.json").read_text())
