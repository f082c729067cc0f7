"""The verb `profile`."""

import json
import math

import pytest
import torch

import avbench
from avbench.cli import main
from avbench.efficiency import speed
from avbench.efficiency.speed import peak_memory
from avbench.errors import MissingResource, UnknownName, UsageError


@pytest.fixture(autouse=True)
def few_calls(monkeypatch):
    monkeypatch.setattr(speed, "FEWEST", 3)
    monkeypatch.setattr(speed, "BUDGET", 0.0)


def test_one_system_gives_the_promised_keys():
    threads = torch.get_num_threads()
    row = avbench.profile(system="gcrn/small", recipe="synth")
    assert list(row) == [
        "system", "recipe", "parameters", "parts", "macs", "macs_thop", "seconds", "weights_bytes", "latency_ms", "rtf",
        "peak_memory_bytes", "device",
    ]  # fmt: skip
    assert sum(row["parts"].values()) == row["parameters"]
    assert row["system"] == "gcrn/small"
    assert row["parameters"] == 814_540
    assert row["weights_bytes"] > 4 * 814_540
    assert row["peak_memory_bytes"] > row["weights_bytes"]
    assert 0 < row["latency_ms"]["median"] <= row["latency_ms"]["p95"]
    assert math.isclose(row["rtf"], row["latency_ms"]["median"] / 1000)
    assert torch.get_num_threads() == threads
    print(f"real-time factor of gcrn/small here: {row['rtf']:.3f}")


def test_several_systems_are_printed_as_ratios(capsys, tmp_path):
    assert main(["profile", "--system", "mutud/small,av-gcrn/small", "--json", str(tmp_path / "p.json")]) == 0
    text = capsys.readouterr().out
    rows = json.loads((tmp_path / "p.json").read_text())
    assert [row["system"] for row in rows] == ["mutud/small", "av-gcrn/small"]
    assert rows[0]["parameters"] == 1_012_172
    share = 100 * (rows[0]["macs"] / rows[1]["macs"] - 1)
    assert f"{share:+.0f} %" in text
    assert "vs av-gcrn/small" in text


def test_json_on_standard_output_is_only_json(capsys):
    assert main(["profile", "--system", "gcrn/small", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["system"] == "gcrn/small"
    assert "params" in captured.err


@pytest.mark.parametrize("name", ["mutd", "gcrn/large"])
def test_an_unknown_name_is_said_so(name):
    with pytest.raises(UnknownName):
        avbench.profile(system=name)


def test_a_system_without_a_network_is_refused(tmp_path, monkeypatch):
    (tmp_path / "mine_to_profile.py").write_text(
        "class Mine:\n    card = digest = None\n    def load(self, device): ...\n    def predict(self, inputs): ...\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="has no network and no example"):
        avbench.profile(system="mine_to_profile:Mine")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_said_so():
    with pytest.raises(MissingResource, match="no CUDA device"):
        avbench.profile(system="gcrn", device="cuda")
    with pytest.raises(UsageError, match="cpu or cuda"):
        avbench.profile(system="gcrn", device="tpu")


def test_peak_memory_counts_what_is_alive_at_once():
    class Chain(torch.nn.Module):
        def forward(self, x):
            for _ in range(10):
                x = x + 1  # at most the old and the new one are alive, and the caller's
            return x

    example = torch.zeros(1000)
    assert peak_memory(Chain(), (example,)) == 3 * 4000
