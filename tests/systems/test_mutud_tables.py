"""The paper's tables beside measured ones: numbers stand where they belong, and nothing is shown that was not run."""

import json
import re
from pathlib import Path

import pytest
from avbench.systems.mutud.tables import main, table

from avbench.errors import BadFile, UnknownName, UsageError
from avbench.leaderboard.published import read_published

ROOT = Path(__file__).resolve().parents[2]
RUNS = ROOT / "leaderboards" / "runs" / "avse" / "avbench-synth"


def cells(lines):
    """Text of a cell by (first column, row, head)."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    heads, label, found = rows[0], "", {}
    for first, row, *values in rows[2:]:
        label = first or label
        found |= {(label, row.strip("`"), head): value for head, value in zip(heads[2:], values, strict=True)}
    return found


@pytest.mark.parametrize("name", ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "Fig. 2"])
def test_without_runs_every_number_of_the_paper_stands_alone(name):
    numbers = [n for n in read_published().numbers if n.paper == "mutud" and n.table == name and n.printed]
    lines = table(name)
    assert not any("Here:" in line or "here" in line for line in lines)
    shown = [value for value in cells(lines).values() if value != "–"]
    assert sorted(value.partition(" ±")[0] for value in shown) == sorted(n.printed for n in numbers)


def test_measured_values_have_columns_of_their_own():
    found = cells(lines := table("I", RUNS / "3-bn"))
    kept = json.loads((RUNS / "3-bn" / "mutud.json").read_bytes())
    for row in kept["summary"]["rows"]:
        if set(row["condition"]) == {"snr"} and row["metric"] == "stoi":
            assert found["STOI, %", "mutud", f"here, {row['condition']['snr']} dB"] == f"{100 * row['value']:.1f}"
    assert found["STOI, %", "mutud", "paper, -15 dB"] == "54.0" and found["PESQ", "noisy", "paper, 5 dB"] == "1.24"
    assert found["STOI, %", "mutud/scratch", "here, 5 dB"] == "–"  # not run
    assert found["SI-SDR, dB", "mutud/no-video", "paper, 5 dB"] == "–"  # not in the paper
    assert not any("oracle" in row or "silence" in row for _, row, _ in found)
    said = " ".join(lines[:3])
    assert "synthetic, avbench-synth, plan 3-bn" in said and "n = 40" in said and "LRS3-TED" in said
    assert f"`mutud` {kept['head']['identity']['system']['digest'][:8]}" in said


def test_figure_2_is_a_share_of_the_audiovisual_gain():
    found = cells(table("Fig. 2", RUNS / "3-bn"))
    (label,) = {key[0] for key in found}
    assert found[label, "av-gcrn", "here, -15 dB"] == "100.0" and found[label, "mutud", "paper, -15 dB"] == "63.4"
    assert float(found[label, "gcrn", "here, -5 dB"]) < 100


def test_what_cannot_stand_in_one_table_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"runs of [2-9] exams"):
        table("I", RUNS)
    with pytest.raises(UsageError, match="no run of the task avsr"):
        table("VIII", RUNS / "3-bn")
    with pytest.raises(UnknownName):
        table("X")
    with pytest.raises(UnknownName):
        table("Fig. 4")  # a picture
    (tmp_path / "p.json").write_text("{")
    with pytest.raises(BadFile, match="no JSON"):
        table("VI", tmp_path / "p.json")


def test_costs_of_table_6_stand_in_the_papers_units(tmp_path):
    row = {"system": "mutud", "recipe": "paper", "parameters": 3_635_020, "macs_thop": 1.613e9, "device": "cpu",
           "latency_ms": {"median": 12.34, "p95": 20.0}}  # fmt: skip
    (tmp_path / "p.json").write_text(json.dumps([row]))
    found = cells(table("VI", tmp_path / "p.json"))
    of = {label: value for (label, system, head), value in found.items() if (system, head) == ("mutud", "here")}
    assert sorted(of.values()) == ["1.613", "12.3", "3.635"]
    theirs = {value for (_, system, head), value in found.items() if (system, head) == ("mutud", "paper")}
    assert theirs == {"3.635", "1.593", "108.0 ± 2.1"}


def test_the_command_prints_and_refuses_in_one_sentence(capsys):
    assert main(["IX"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"`mutud/asd` \| 86.5 \|", out) and "SyncNet [72] | 82.1" in out
    assert main(["I", "nowhere"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_card_shows_what_the_command_prints():
    """Rows of Tables I and II of the card that hold the paper's numbers hold them as printed."""
    card = (ROOT / "systems" / "mutud" / "README.md").read_text().splitlines()
    for name in ("I", "II", "V", "Fig. 2"):
        for line in table(name):
            if line.startswith("| ") and "`mutud`" in line:
                assert any(one.startswith(line.rstrip("|").rstrip()) for one in card), line
