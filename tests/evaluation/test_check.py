"""The gate: what passes, what fails, and that neither chance nor trifles nor a missing metric decide it."""

import json
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest
from fakes import Gain, fake_exam, sit_exam
from rich.console import Console

from avbench.errors import IncompleteRun, UsageError
from avbench.evaluation.check import check
from avbench.evaluation.check_page import verdict_page
from avbench.evaluation.check_report import MARK, markdown_text
from avbench.evaluation.kept import keep
from avbench.evaluation.record import Record, write_json
from avbench.evaluation.runs import open_run
from avbench.evaluation.summary import summarise
from avbench.metrics import get_metric
from avbench.seeds import Draw

COST = {"parameters": 1000, "macs": 5000, "weights_bytes": 4000, "latency_ms": {"median": 10.0, "p95": 12.0},
        "device": "cpu", "machine": "a processor", "load": 1.0}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("check")
    run = sit_exam(fake_exam(clips=16, metrics=("stoi", "si-sdr")), Gain(), home / "base")
    write_json(run.folder / "cost.json", COST)
    keep(run, home / "base.json")
    return home


def changed(home, name, change):
    """A copy of the baseline whose scores went through `change(metric, trial number, value)`."""
    folder = home / name
    shutil.copytree(home / "base", folder)
    record, head = Record(folder), Record(folder).head
    for i, path in enumerate(sorted((folder / "scores").iterdir())):
        trial = json.loads(path.read_text())
        for metric, score in trial["scores"].items():
            score["value"] = score["raw"] = change(metric, i, score["value"])
        write_json(path, trial)
    metrics = [get_metric(name) for name in ("stoi", "si-sdr")]
    rows = summarise(record.trials(), head["identity"]["axes"], metrics, head["asked"])
    write_json(folder / "summary.json", {"sound": None, "rows": rows})
    return folder


def lost(result):
    return sorted({row["metric"] for row in result["rows"] if row["verdict"] == "lost"})


def test_equal_runs_pass(home):
    for against in ("base", "base.json"):
        result = check(home / "base", home / against)
        assert result["passed"] and not result["worse"] and not result["notes"]
        assert {row["verdict"] for row in result["rows"]} == {"passed"} and len(result["rows"]) == 6
        assert {line["verdict"] for line in result["cost"]} == {"passed"}
        assert all(row["loss"] == 0 and row["p_holm"] == 1 for row in result["rows"])


def test_a_real_loss_that_matters_fails_and_its_trials_are_named(home):
    worse = changed(home, "worse", lambda m, i, v: v - 0.02 - 0.001 * i if m == "stoi" else v)
    result = check(worse, home / "base.json")
    assert not result["passed"] and lost(result) == ["stoi"]
    row = next(row for row in result["rows"] if row["metric"] == "stoi" and not row["condition"])
    assert row["loss"] == pytest.approx(0.02 + 0.001 * 15.5) == -row["difference"] and row["relevance"] == 0.005
    assert row["p_value"] < row["p_holm"] <= 0.05
    assert len(result["worse"]) == 32
    first = result["worse"][0]
    assert first["trial"] == "fake-0015.snr5" and first["metric"] == "stoi"
    assert first["loss"] == pytest.approx(0.051) == first["before"] - first["now"]
    back = check(home / "base", worse)
    assert back["passed"] and {row["verdict"] for row in back["rows"] if row["metric"] == "stoi"} == {"gained"}


def test_a_significant_loss_that_does_not_matter_passes(home):
    """Every trial loses 0.004 of STOI, and 0.09 dB: no chance whatever, and of no account."""
    trifle = changed(home, "trifle", lambda m, i, v: v - (0.004 if m == "stoi" else 0.09))
    result = check(trifle, home / "base")
    assert result["passed"] and not result["worse"]
    assert all(row["p_holm"] <= 0.05 and row["loss"] > 0 for row in result["rows"])
    assert {row["reason"] for row in result["rows"]} == {"a loss, but smaller than what matters"}


def test_a_large_loss_that_may_be_chance_passes(home):
    noise = Draw("chance").normals(32, sd=3.0)
    noise += 0.8 - noise.mean()
    chance = changed(home, "chance", lambda m, i, v: v - noise[i] if m == "si-sdr" else v)
    result = check(chance, home / "base")
    row = next(row for row in result["rows"] if row["metric"] == "si-sdr" and not row["condition"])
    assert row["loss"] == pytest.approx(0.8) and row["p_holm"] > 0.05 and row["loss"] > 5 * row["relevance"]
    assert result["passed"] and row["reason"] == "a loss, but it may be chance"
    assert result["worse"]  # single trials are named all the same


def test_the_correction_decides(home):
    """A loss that one test would call real at 5 %, and six tests do not."""
    few = np.array([0.4, 0.5, 0.45, 0.5, 0.4, 0.5, 0.3, 0.4, 0.3, 0.5, 0.4, -0.5, -0.4, -0.3, 0.0, 0.0])
    between = changed(home, "between", lambda m, i, v: v - few[i // 2] if m == "si-sdr" else v)
    row = next(r for r in check(between, home / "base")["rows"] if r["metric"] == "si-sdr" and not r["condition"])
    assert row["p_value"] < 0.05 < row["p_holm"] and row["loss"] > row["relevance"] and row["verdict"] == "passed"
    alone = check(between, home / "base", metrics="si-sdr")
    assert len(alone["rows"]) == 3


def test_lower_is_better_is_a_loss_the_other_way():
    from avbench.evaluation.check import _judged

    row = {"condition": {}, "metric": "wer", "a": 0.3, "b": 0.2, "difference": 0.1, "p_value": 0.001, "n": 9,
           "reason": ""}  # fmt: skip
    assert _judged([row])[0]["verdict"] == "lost"
    assert _judged([{**row, "a": 0.1, "difference": -0.1}])[0]["verdict"] == "gained"
    assert _judged([{**row, "p_value": None}])[0]["verdict"] == "not judged"


@pytest.mark.parametrize(
    ("now", "failing"),
    [({"parameters": 1060}, ["parameters"]), ({"macs": 5251}, ["MACs"]), ({"weights_bytes": 4201}, ["bytes"]),
     ({"parameters": 1050, "macs": 100}, []), ({"latency_ms": {"median": 15.1}}, ["latency, ms"]),
     ({"latency_ms": {"median": 99.0}, "machine": "another"}, []),
     ({"latency_ms": {"median": 99.0}, "device": "cuda"}, []), ({"latency_ms": {"median": 99.0}, "load": 5.0}, [])],
)  # fmt: skip
def test_cost_counts_anywhere_and_time_only_on_an_equal_machine(home, tmp_path, now, failing):
    shutil.copytree(home / "base", tmp_path / "run")
    write_json(tmp_path / "run" / "cost.json", COST | now)
    result = check(tmp_path / "run", home / "base.json")
    assert [line["what"] for line in result["cost"] if line["verdict"] == "lost"] == failing
    assert result["passed"] is not bool(failing)
    if "load" in now:
        assert result["cost"][-1]["reason"] == "timed while 5 processes waited for each core"
    if "machine" in now:
        assert "another" in result["cost"][-1]["reason"] and result["cost"][-1]["verdict"] == "not judged"
    if failing:
        assert check(tmp_path / "run", home / "base.json", cost_factor=1.2, latency_factor=2)["passed"]


def test_a_gate_that_cannot_see_says_so(home, tmp_path):
    with pytest.raises(UsageError, match="cannot be compared under pesq-wb"):
        check(home / "base", home / "base.json", metrics="stoi,pesq-wb")
    narrow = sit_exam(fake_exam(clips=16, metrics=("stoi",)), Gain(), tmp_path / "narrow").folder
    with pytest.raises(UsageError, match="cannot be compared under si-sdr"):
        check(narrow, home / "base.json")
    few = sit_exam(fake_exam(clips=3), Gain(), tmp_path / "few").folder
    with pytest.raises(UsageError, match="Nothing can be judged: there are 3 clusters"):
        check(few, few)
    limited = sit_exam(fake_exam(clips=16, limit=12), Gain(), tmp_path / "limited").folder
    with pytest.raises(UsageError, match=r"8 of the 32 trials of .* were not run"):
        check(limited, home / "base")
    assert check(home / "base", limited)["passed"]  # more than the baseline has may be asked
    (few / "summary.json").unlink()
    with pytest.raises(IncompleteRun, match="not finished"):
        check(few, few)
    with pytest.raises(UsageError, match="factor"):
        check(home / "base", home / "base", cost_factor=0.9)
    with pytest.raises(UsageError, match="Only one"):
        check(home / "base", home / "base", junit="-", json="-")


def test_where_no_loss_could_be_told_from_chance_nothing_passes(tmp_path):
    """With ten speakers and six rows even a total failure has a p-value that the correction lets pass."""
    few = sit_exam(fake_exam(clips=8, metrics=("stoi", "si-sdr")), Gain(), tmp_path / "few").folder
    with pytest.raises(UsageError, match="Nothing can be judged"):
        check(few, few)
    ten = sit_exam(fake_exam(clips=10, metrics=("stoi", "si-sdr", "estoi")), Gain(), tmp_path / "ten").folder
    assert check(ten, ten)["passed"]
    many = sit_exam(fake_exam(clips=10, metrics=("stoi", "si-sdr", "estoi", "si-sdr-zm", "pesq-nb")), Gain(),
                    tmp_path / "many").folder  # fmt: skip
    with pytest.raises(UsageError, match="15 rows are judged on 10 clusters, so that no loss of estoi, pesq-nb"):
        check(many, many)
    assert check(many, many, metrics="stoi")["passed"]


def test_a_value_that_is_no_more_is_lost(home, monkeypatch):
    folder = changed(home, "gone", lambda m, i, v: v)
    summary = json.loads((folder / "summary.json").read_text())
    for row in summary["rows"]:
        if row["metric"] == "stoi":
            row["value"] = None
    write_json(folder / "summary.json", summary)
    result = check(folder, home / "base.json")
    assert not result["passed"] and lost(result) == ["stoi"]
    assert all(row["reason"].startswith("the run has no value") for row in result["rows"] if row["metric"] == "stoi")


def test_an_anchor_has_no_cost_and_is_judged_all_the_same(home):
    run = sit_exam(fake_exam(clips=16), "noisy", home / "noisy").folder
    result = check(run, run)
    assert result["passed"] and "anchor" in result["cost"][0]["reason"]
    assert result["cost"][0]["verdict"] == "not judged"
    other = check(run, home / "base")
    assert other["notes"] == ["The run is of noisy, the baseline of gain."]


def test_a_baseline_is_made_and_renewed(home, tmp_path):
    path = tmp_path / "board" / "gain.json"
    assert check(home / "base", path, renew=True)["passed"]
    assert path.read_bytes() == (home / "base.json").read_bytes()
    worse = changed(home, "renewed", lambda m, i, v: v - 0.2)
    result = check(worse, path, renew=True)
    assert not result["passed"] and result["renewed"]
    assert check(worse, path)["passed"] and open_run(path).trials == open_run(keep(worse, tmp_path / "x.json")).trials
    (tmp_path / "other.json").write_text("{}")
    for no in (tmp_path / "folder", tmp_path / "other.json", home / "base", open_run(home / "base")):
        with pytest.raises(UsageError, match="--renew writes a kept run"):
            check(worse, no, renew=True)
    assert (tmp_path / "other.json").read_text() == "{}"


def test_reports_can_be_read_by_machines_and_do_not_trust_names(home, tmp_path):
    worse = changed(home, "report", lambda m, i, v: v - 0.05 if m == "stoi" else v)
    head = Record(worse).head
    head["identity"]["system"]["name"] = "<b>|`evil`\x00"
    write_json(worse / "run.json", head)
    files = {name: tmp_path / name for name in ("junit", "markdown", "json")}
    result = check(worse, home / "base.json", **files)
    suite = ElementTree.fromstring(files["junit"].read_text()).find("testsuite")
    assert suite.get("tests") == "10" == str(len(suite)) and suite.get("failures") == "3"
    failure = suite.find("testcase[@classname='avse.stoi'][@name='snr -5']/failure")
    assert "after Holm" in failure.get("message") and "fake-0000.snr-5" in failure.text and "snr5" not in failure.text
    assert "<b>" in suite.get("name") and "\x00" not in files["junit"].read_text()
    text = files["markdown"].read_text()
    assert text.startswith(MARK) and "avbench check failed" in text and "<b>" not in text and r"\|\`evil" in text
    assert text.count("| ❌ | stoi % |") == 6  # three in short, three among all rows
    assert "(10 of 32)" in text and "fake-0000.snr" in text
    assert json.loads(files["json"].read_text()) == result
    assert "avbench check passed" in markdown_text(check(home / "base", home / "base.json"))


def test_the_page_ends_with_the_verdict(home):
    def page(run):
        console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: PTH123
        with console.file:
            console.print(verdict_page(check(run, home / "base.json")))
        return console.export_text().strip().splitlines()

    assert page(home / "base")[-1].startswith("Passed: no loss")
    worse = changed(home, "page", lambda m, i, v: v - 0.05 if m == "stoi" else v)
    assert page(worse)[-1].startswith("Failed: lost in stoi at")
