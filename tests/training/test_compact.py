"""Weights in fewer bits keep what they say of themselves, and say how far they moved."""

import pytest
import torch

from avbench.training.compact import compact, main
from avbench.training.weights import load_weights, save_weights


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "weights.safetensors"
    save_weights(path, {"w": torch.randn(64, 64), "b": torch.randn(64), "n": torch.tensor(3)}, {"recipe": "synth"})
    return path


def test_half_the_size_the_same_facts_and_the_error_that_it_says(weights, tmp_path):
    error, worst = compact(weights, tmp_path / "small", 8)
    (before, _), (after, metadata) = load_weights(weights), load_weights(tmp_path / "small")
    assert metadata == {"recipe": "synth", "bits": 8} and worst == "w"
    assert error == pytest.approx(float((after["w"] - before["w"]).norm() / before["w"].norm())) and 1e-4 < error < 0.02
    assert torch.equal(before["b"], after["b"]) and (tmp_path / "small").stat().st_size < weights.stat().st_size


def test_the_command(weights, tmp_path, capsys):
    assert main([str(weights), str(tmp_path / "small")]) == 0
    assert "no tensor moves by more than" in capsys.readouterr().out
    assert main([str(weights), str(weights)]) == 2
    assert "name another file" in capsys.readouterr().err
    assert main([str(tmp_path / "absent"), str(tmp_path / "x")]) == 2
    assert "There is no weight file" in capsys.readouterr().err
