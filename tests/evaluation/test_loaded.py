"""Results as data: a row for each trial and metric, whose means are what the runs report."""

import json

import numpy as np
import pytest
from fakes import Gain, fake_exam, named, sit_exam

import avbench
from avbench.errors import MissingResource, UsageError
from avbench.evaluation import loaded
from avbench.evaluation.kept import keep
from avbench.evaluation.loaded import COLUMNS, load_runs, to_tensorboard
from avbench.evaluation.runs import open_run

pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("loaded")
    exam = fake_exam(clips=4, snr=(-5.0, 5.0), broken=("c02",))
    crash = named("Crash", one=lambda self, g: 1 / 0 if g.id == "fake-0001.snr5" else Gain.one(self, g))
    sit_exam(exam, crash, home / "runs" / "crash")
    sit_exam(exam, "oracle", home / "runs" / "oracle")
    keep(home / "runs" / "crash", home / "kept" / "crash.json")
    return home


def test_a_row_for_each_trial_and_metric(home):
    table = load_runs(home / "runs")
    assert list(table.columns) == [*COLUMNS[:13], "snr", "modality", *COLUMNS[13:]]
    assert len(table) == 2 * 8 * 2 and set(table.system) == {"crash", "oracle"}
    row = table[(table.trial == "fake-0001.snr5") & (table.metric == "stoi") & (table.system == "crash")].iloc[0]
    assert (row.status, row.value, row.snr, row.cluster, row.anchor) == ("failed", 0.0, 5, "s01", False)
    assert np.isnan(row.raw) and "ZeroDivisionError" in row.reason
    void = table[table["clip"] == "c02"]  # DataFrame.clip is something else
    assert set(void.status) == {"void"} and void.value.isna().all()


def test_means_are_what_the_run_reports(home):
    run = open_run(home / "runs" / "crash")
    table = avbench.load_runs(run)
    pooled = table[table.status.isin(["ok", "failed"])].groupby(["metric", "snr"]).value.mean()
    for (metric, snr), value in pooled.items():
        assert value == pytest.approx(run.row(metric, {"snr": snr})["value"], abs=1e-12)


def test_a_kept_run_gives_the_same_numbers(home):
    kept, whole = (load_runs(open_run(home / path)) for path in ("kept/crash.json", "runs/crash"))
    assert kept.drop(columns="run").equals(whole.drop(columns="run"))


def test_several_are_put_together_and_none_comes_twice(home):
    both = load_runs([home / "runs" / "crash", home / "runs"])
    assert len(both) == len(load_runs(home / "runs"))
    with pytest.raises(UsageError, match="There is no run"):
        load_runs(home / "nothing")
    with pytest.raises(UsageError, match="No run"):
        load_runs([])


def test_without_pandas_a_sentence_says_how_to_get_it(home, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingResource, match=r"pip install 'avbench\[data\]'"):
        load_runs(home / "runs")


def test_the_columns_are_documented():
    for name in COLUMNS:
        assert name in loaded.__doc__


def test_curves_for_tensorboard(home, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    to_tensorboard(home / "runs", tmp_path)
    run = open_run(home / "runs" / "crash")
    events = EventAccumulator(str(tmp_path / f"crash-{run.head['hash'][:8]}"))
    events.Reload()
    assert events.Tags()["scalars"] == ["avse/stoi", "avse/si-sdr"]
    found = {event.step: event.value for event in events.Scalars("avse/stoi")}
    assert found == {snr: pytest.approx(run.row("stoi", {"snr": snr})["value"]) for snr in (-5, 5)}


def test_values_pooled_over_snrs_are_no_step(home, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    document = json.loads((home / "kept" / "crash.json").read_text())
    rows = document["summary"]["rows"]
    av = [{**row, "condition": {**row["condition"], "modality": "av"}} for row in rows]
    document["summary"]["rows"] = [*rows, *av]
    (tmp_path / "kept.json").write_text(json.dumps(document))
    to_tensorboard(tmp_path / "kept.json", tmp_path / "curves")
    events = EventAccumulator(str(next((tmp_path / "curves").iterdir())), purge_orphaned_data=False)
    events.Reload()
    assert "avse/stoi/modality=av" in events.Tags()["scalars"]
    for tag in events.Tags()["scalars"]:
        assert sorted(event.step for event in events.Scalars(tag)) == [-5, 5]
