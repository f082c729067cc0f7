"""The real thing, small: the embedded corpus, the official tiny plan, a real network without training."""

import json
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

import avbench
from avbench.evaluation.runs import Run
from avbench.evaluation.table import table
from avbench.types import System


class Untrained:
    """GCRN with initial weights: it hears nothing, but it is a real system from the registry."""

    def __init__(self):
        from avbench.registry import open_system

        self.inside = open_system("gcrn/small", untrained=True)
        self.card, self.digest = self.inside.card, self.inside.digest
        self.load, self.predict = self.inside.load, self.inside.predict


@pytest.fixture(scope="module")
def runs(tmp_path_factory, cache):
    home = tmp_path_factory.mktemp("main")
    return avbench.run(
        system="fakes:Gain", task="avse", snr="-15:5", protocol="tiny", metrics="si-sdr,stoi",
        anchors="noisy", device="cpu", out=home / "runs", json=home / "values.json",
    ), home  # fmt: skip


def test_an_official_exam_sounds_as_published(runs):
    for run in runs[0]:
        assert run.head["official"] and run.head["synthetic"] and run.sound == "exact" and run.complete
        assert run.identity["plan"]["name"] == "tiny" and run.head["clips"] == 12


def test_every_trial_has_the_snr_that_the_plan_says(runs):
    """Power SNR within 0.01 dB; the mean SI-SDR of the noisy input within three standard errors of the SNR."""
    noisy = runs[0][1]
    assert noisy.system == "noisy" and len(noisy.trials) == 60
    for trial in noisy.trials:
        assert trial["facts"]["power_snr_db"] == pytest.approx(trial["condition"]["snr"], abs=0.01)
    for snr in (-15, -10, -5, 0, 5):
        values = [t["scores"]["si-sdr"]["value"] for t in noisy.trials if t["condition"]["snr"] == snr]
        assert abs(np.mean(values) - snr) < 3 * np.std(values, ddof=1) / np.sqrt(12) + 0.01


def test_the_table_rises_with_the_snr_and_the_json_is_whole(runs):
    values = json.loads((runs[1] / "values.json").read_text())
    assert values["official"] and values["synthetic"] and values["sound"] == "exact"
    noisy = [Run(runs[0][1].folder).row("stoi", {"snr": snr})["value"] for snr in (-15, -10, -5, 0, 5)]
    assert noisy == sorted(noisy)
    assert all(row["total"] in (12, 60) and row["n"] + row["failed"] == row["total"] for row in values["rows"])


def test_a_network_sits_the_exam(tmp_path, cache):
    system, noisy = avbench.run(
        system="test_main_job:Untrained", protocol="tiny", snr=0, limit=1, metrics="stoi", anchors="noisy",
        device="cpu", workers=1, out=tmp_path,
    )  # fmt: skip
    assert system.complete and system.unranked == "training unfinished" and noisy.unranked == "anchor"
    console = Console(width=80, record=True, file=StringIO())
    console.print(table([system, noisy], 80))
    text = " ".join(console.export_text().split())
    assert "test_main_job:Untrained unranked: training unfinished" in text and system.head["card"]["training"] in text
    assert system.row("stoi", {})["value"] < noisy.row("stoi", {})["value"]


def test_a_system_satisfies_the_protocol():
    assert isinstance(Untrained(), System)


def test_a_system_without_weights_says_how_to_get_them(tmp_path):
    from avbench.errors import MissingResource

    with pytest.raises(MissingResource, match="avbench train --system"):
        avbench.run(system="gcrn/small", recipe="paper", out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
