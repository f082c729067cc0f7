"""Weights on disk."""

import pytest
import torch

from avbench.errors import BadFile, MissingResource
from avbench.training.weights import digest_of, load_weights, save_weights


def _state():
    torch.manual_seed(0)
    deconv = torch.randn(6, 4, 1, 3) * torch.tensor([0.01, 0.1, 1.0, 10.0])[None, :, None, None]
    return {
        "linear.weight": torch.randn(5, 7) * torch.logspace(-3, 1, 5)[:, None],
        "deconv.weight": deconv,
        "codes": torch.randn(4, 32, 8),
        "norm.running_var": torch.full((3,), 1e-9),
        "norm.num_batches_tracked": torch.tensor(12345678901),
    }


@pytest.mark.parametrize("bits", [8, 16])
def test_round_trip(tmp_path, bits):
    state = _state()
    save_weights(tmp_path / "w.safetensors", state, {"recipe": "synth", "steps": 3}, bits=bits)
    loaded, metadata = load_weights(tmp_path / "w.safetensors")
    assert metadata == {"recipe": "synth", "steps": 3, "bits": bits}
    assert loaded.keys() == state.keys()
    for name, tensor in state.items():
        assert loaded[name].dtype == tensor.dtype
        assert loaded[name].shape == tensor.shape
    assert torch.equal(loaded["norm.running_var"], state["norm.running_var"])  # beyond float16
    assert torch.equal(loaded["norm.num_batches_tracked"], state["norm.num_batches_tracked"])
    for name, channel in (("linear.weight", 0), ("deconv.weight", 1)):
        others = [d for d in range(state[name].ndim) if d != channel]
        error = (loaded[name] - state[name]).abs().amax(others)
        largest = state[name].abs().amax(others)
        assert (error <= largest * (0.5001 / 127 if bits == 8 else 2**-11)).all()


def test_eight_bits_take_half_of_sixteen(tmp_path):
    state = {"w": torch.randn(256, 256)}
    for bits in (8, 16):
        save_weights(tmp_path / f"{bits}", state, {}, bits=bits)
    assert (tmp_path / "8").stat().st_size < 0.53 * (tmp_path / "16").stat().st_size


def test_equal_weights_make_equal_files(tmp_path):
    for name in "ab":
        save_weights(tmp_path / name, _state(), {"b": 1, "a": 2})
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b")


def test_a_channel_of_zeros_stays_zero(tmp_path):
    save_weights(tmp_path / "w", {"w": torch.zeros(3, 4)}, {}, bits=8)
    assert torch.equal(load_weights(tmp_path / "w")[0]["w"], torch.zeros(3, 4))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_numbers_that_float16_cannot_hold_are_refused(tmp_path, value):
    with pytest.raises(ValueError, match="w "):
        save_weights(tmp_path / "w", {"w": torch.full((2, 2), value)}, {})
    assert not (tmp_path / "w").exists()


def test_bad_files_are_named(tmp_path):
    with pytest.raises(MissingResource, match="There is no weight file"):
        load_weights(tmp_path / "w")
    (tmp_path / "w").write_bytes(b"\x00" * 20)
    with pytest.raises(BadFile, match="not a weight file"):
        load_weights(tmp_path / "w")
    from safetensors.torch import save_file

    save_file({"w": torch.zeros(1)}, tmp_path / "foreign")
    with pytest.raises(BadFile, match="not a weight file"):
        load_weights(tmp_path / "foreign")
