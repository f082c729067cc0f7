"""Which rows stand on which board, and which of them have a rank."""

import json
from pathlib import Path

import pytest
from made_boards import COST, made_run

from avbench.errors import BadFile
from avbench.evaluation.identity import digest_of
from avbench.evaluation.runs import Run
from avbench.leaderboard.board import ALL, build_board, build_boards
from avbench.leaderboard.published import read_published
from avbench.leaderboard.side import side_by_side

PUBLISHED = read_published(Path(__file__).parents[2] / "leaderboards/published")


def board(*runs):
    return build_board(runs, PUBLISHED)


def ranked(found):
    column = found.columns[0]
    return {row.label: str(row.cell(column).place) if row.cell(column).place else None for row in found.rows}


def test_ranked_rows_come_by_rank_then_value_and_anchors_apart(tmp_path):
    found = board(
        made_run(tmp_path, "b", 0.5, noise=0.05),
        made_run(tmp_path, "a", 0.5, noise=0.05),
        made_run(tmp_path, "z", 0.8, noise=0.05),
        made_run(tmp_path, "noisy", 0.2, anchor=True),
        made_run(tmp_path, "oracle", 0.9, anchor=True),
    )
    column = found.columns[0]
    assert ranked(found) == {"z": "1", "a": "2–3", "b": "2–3"}
    assert found.rows[0].label == "z"
    tied = [row.cell(column).value for row in found.rows[1:]]
    assert tied == sorted(tied, reverse=True)
    assert [row.label for row in found.anchors] == ["noisy", "oracle"]
    assert all(row.cell(column).place is None for row in found.anchors)


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"errors": (0,)}, "run incomplete"),
        ({"official": False}, "unofficial"),
        ({"limit": 3}, "only 3 of the plan's clips"),
        ({"finished": False}, "training unfinished"),
        ({"sound": "different"}, "other sound than published"),
    ],
)
def test_unranked_rows_stand_below_and_say_why(tmp_path, changes, reason):
    good = made_run(tmp_path, "worse", 0.3)
    found = board(made_run(tmp_path, "best", 0.9, **changes), good)
    assert [(row.label, row.unranked) for row in found.rows] == [("worse", None), ("best", reason)]
    assert ranked(found) == {"worse": "1", "best": None}


def test_a_limited_run_shows_how_little_of_the_plan_it_saw(tmp_path):
    found = board(made_run(tmp_path, "whole", 0.5), made_run(tmp_path, "short", 0.5, limit=3))
    column = found.columns[0]
    cells = {row.label: row.cell(column) for row in found.rows}
    assert cells["whole"].coverage == "48/48" and cells["whole"].complete
    assert cells["short"].coverage == "6/48" and not cells["short"].complete
    assert found.rows[1].cell(column, (("snr", 5),)).coverage == "3/24"


def test_failed_trials_count_and_are_counted(tmp_path):
    found = board(made_run(tmp_path, "a", 0.5, failed=(1, 3)))
    assert found.rows[0].cell(found.columns[0]).coverage == "46+2/48"
    assert found.rows[0].unranked is None


def test_another_plan_is_another_board(tmp_path):
    runs = [made_run(tmp_path, "a", 0.5), made_run(tmp_path, "a", 0.6, plan="5-bn")]
    assert [b.plan["name"] for b in build_boards(runs, PUBLISHED)] == ["3-bn", "5-bn"]
    with pytest.raises(BadFile, match="runs of one plan"):
        build_board(runs, PUBLISHED)


def test_another_version_of_a_metric_is_another_column(tmp_path):
    found = board(made_run(tmp_path, "a", 0.5), made_run(tmp_path, "b", 0.9, metrics=("stoi@2",)))
    assert [c.identity for c in found.columns] == ["stoi@1", "stoi@2"]
    row = {row.label: row for row in found.rows}
    assert row["a"].cell(found.columns[1]) is None and row["b"].cell(found.columns[0]) is None
    assert str(row["a"].cell(found.columns[0]).place) == "1" and str(row["b"].cell(found.columns[1]).place) == "1"


def test_another_judge_is_another_column(tmp_path):
    judged = {"metrics": ("asr-wer@1",), "judges": {"espnet": "synth-asr@1234"}, "values": [[0.1]] * 48}
    one = made_run(tmp_path, "a", **judged)
    other = made_run(tmp_path, "b", **{**judged, "judges": {"espnet": "espnet@5678"}})
    assert [c.judge for c in board(one, other).columns] == ["synth-asr@1234", "espnet@5678"]


def test_other_conditions_are_unranked_and_have_no_value_of_all(tmp_path):
    official = made_run(tmp_path, "a", 0.5)
    other = made_run(tmp_path, "b", 0.9, snrs=(5, 20), official=False)
    found = board(official, other)
    row = next(row for row in found.rows if row.label == "b")
    column = found.columns[0]
    assert found.conditions == ((("snr", -5),), (("snr", 5),))
    assert row.cell(column, (("snr", 5),)).value is not None
    assert row.cell(column, ALL) is None and row.cell(column, (("snr", 20),)) is None


def test_below_ten_speakers_nobody_is_ranked_and_the_board_says_so(tmp_path):
    from avbench.leaderboard.texts import notes

    found = board(made_run(tmp_path, "a", 0.5, speakers=9), made_run(tmp_path, "b", 0.9, speakers=9))
    assert set(ranked(found).values()) == {None}
    assert [row.label for row in found.rows] == ["b", "a"]
    assert "fewer than ten speakers" in notes(found)[0]


def test_two_systems_of_one_name_can_be_told_apart(tmp_path):
    runs = [made_run(tmp_path, "a", 0.5, digest="1" * 64), made_run(tmp_path, "a", 0.6, digest="2" * 64)]
    assert sorted(row.label for row in board(*runs).rows) == ["a (11111111)", "a (22222222)"]


def test_a_run_that_was_found_twice_stands_once(tmp_path):
    runs = [made_run(tmp_path / "x", "a", 0.5), made_run(tmp_path / "y", "a", 0.5)]
    assert [row.label for row in board(*runs).rows] == ["a"]


def test_the_head_names_versions_and_hashes(tmp_path):
    found = board(made_run(tmp_path, "a", 0.5, metrics=("stoi@1", "pesq-wb@1")))
    facts = dict(found.facts)
    assert facts["plan"] == f"3-bn {found.plan['sha256'][:12]}"
    assert facts["metrics"] == "stoi@1 pesq-wb@1" and facts["kind"] == "synthetic"
    assert facts["data set"].startswith("avbench-synth 0000") and facts["avbench"] == "0.1.0"


def test_cost_stands_beside_quality(tmp_path):
    found = board(made_run(tmp_path, "a", 0.5, cost=COST), made_run(tmp_path, "b", 0.6))
    assert {row.label: row.cost and row.cost["parameters"] for row in found.rows} == {"a": 3_635_020, "b": None}


def test_published_numbers_stand_beside_and_never_among(tmp_path):
    runs = [made_run(tmp_path, name, 0.5) for name in ("mutud", "gcrn")]
    runs.append(made_run(tmp_path, "mutud/scratch", 0.5, limit=3))
    found = board(*runs)
    pairs = [pair for pair in side_by_side(found) if pair.table.table == "I"]
    assert [pair.column.name for pair in pairs] == ["stoi"]
    assert pairs[0].conditions == ((("snr", -5),), (("snr", 5),))
    rows = dict(pairs[0].rows)
    assert set(rows) == {"mutud", "gcrn"}
    assert [published for _, published in rows["mutud"]] == ["81.8 %", "93.5 %"]
    assert all("24/24" in measured for measured, _ in rows["mutud"])
    tables = {pair.table.table for pair in side_by_side(found)}
    assert "II" not in tables, "five noises beside a plan of three"
    assert "V" not in tables, "one condition beside the mean of several"


def test_runs_that_were_read_are_let_go(tmp_path):
    run = made_run(tmp_path, "a", 0.5)
    board(run)
    assert "trials" not in vars(run) and "record" not in vars(run)
    assert len(run.trials) == 48  # and can be read again


def test_of_equal_weights_the_newest_avbench_is_ranked(tmp_path):
    runs = [made_run(tmp_path, "a", 0.5, version=version) for version in ("0.9.0", "0.10.0")]
    runs.append(made_run(tmp_path, "b", 0.4, version="0.9.0"))
    found = board(*runs)
    assert ranked(found) == {"a (avbench 0.10.0)": "1", "b": "2", "a (avbench 0.9.0)": None}
    assert found.rows[-1].unranked == "run again by avbench 0.10.0"


def test_an_old_run_stays_ranked_where_the_new_one_may_not_be(tmp_path):
    new = made_run(tmp_path, "a", 0.5, version="0.2.0", limit=3)
    found = board(made_run(tmp_path, "a", 0.5), new)
    assert {row.run.identity["avbench"]: row.unranked is None for row in found.rows} == {"0.1.0": True, "0.2.0": False}


def test_runs_that_differ_in_nothing_that_is_named_show_their_hash(tmp_path):
    runs = [made_run(tmp_path, "a", 0.5, official=False), made_run(tmp_path, "a", 0.6, official=False, digest="2" * 64)]
    same = made_run(tmp_path / "late", "a", 0.5, official=False)
    document = json.loads(same.kept.read_text())
    document["head"]["identity"]["system"]["timeout"] = 5.0
    document["head"]["hash"] = digest_of(document["head"]["identity"])
    same.kept.write_text(json.dumps(document))
    labels = [row.label for row in board(*runs, Run(None, kept=same.kept)).rows]
    assert len(set(labels)) == 3 and sum("run " in label for label in labels) == 2
