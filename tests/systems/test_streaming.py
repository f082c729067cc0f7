"""Hop by hop and all at once give the same; so does the graph for other runtimes."""

import numpy as np
import pytest
import torch
from avbench.systems.nn.streaming import HopStream

from avbench.errors import UsageError
from avbench.registry import split_name
from avbench.types import Audio, Inputs


def enhancer(name, recipe="synth"):
    family, variant = split_name(name)
    system = family.create(variant, recipe=recipe, untrained=True)
    system.load("cpu")
    return system


def noise(samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def pushed(stream, wave):
    """The answer to a wave, moved back to where it belongs."""
    hops = -(-(len(wave) + stream.late) // stream.hop)
    padded = np.concatenate([wave, np.zeros(hops * stream.hop - len(wave), np.float32)])
    answer = np.concatenate([stream.push(hop) for hop in padded.reshape(hops, stream.hop)])
    return answer[stream.late :][: len(wave)]


def stirred(system):
    """Statistics and weights that are not those of the beginning, where much is zero."""
    torch.manual_seed(1)
    for name, buffer in system._module.named_buffers():
        if "running" in name:
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return system


@pytest.mark.parametrize("name", ["gcrn", "gcrn/matched", "gcrn/small", "mutud", "mutud/small", "mutud/no-video"])
def test_hops_equal_the_whole_clip(name):
    system = stirred(enhancer(name))
    wave = noise(16000 + 77)
    (whole,) = system.predict([Inputs("a", Audio(wave, 16000), None, 0)])
    streamed = pushed(HopStream(system._module), wave)
    assert np.abs(streamed - whole.audio.samples).max() < 1e-4 * np.abs(whole.audio.samples).max() + 1e-7
    assert np.abs(whole.audio.samples).max() > 1e-3


def test_a_stream_begins_anew_and_two_do_not_meet():
    system = enhancer("mutud/small")
    one, other = system.stream(), system.stream()
    first = pushed(one, noise(1600))
    pushed(other, noise(1600, seed=1))
    one.begin()
    assert np.array_equal(pushed(one, noise(1600)), first)
    assert (one.rate, one.hop, one.late) == (16000, 160, 160)
    assert not one.__class__(system._module).push(noise(160)).any()  # nothing is answered before anything was heard


def test_hops_of_another_length_or_with_nan_are_refused_and_the_stream_goes_on():
    stream = enhancer("gcrn/small").stream()
    for bad, words in ((noise(159), r"not \[159\]"), (np.full(160, np.nan, np.float32), "NaN")):
        with pytest.raises(UsageError, match=words):
            stream.push(bad)
    assert np.array_equal(pushed(stream, noise(800)), pushed(enhancer("gcrn/small").stream(), noise(800)))


@pytest.mark.parametrize(("name", "words"), [("av-gcrn", "needs pictures"), ("visualvoice/audio", "looks ahead")])
def test_what_looks_or_looks_ahead_cannot_be_streamed(name, words):
    with pytest.raises(UsageError, match=words):
        enhancer(name).stream()


def test_the_net_that_is_streamed_stays_as_it_was():
    system = enhancer("gcrn/small")
    before = {k: v.clone() for k, v in system._module.state_dict().items()}
    system.stream().push(noise(160))
    after = system._module.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize("name", ["mutud/small", "gcrn/small"])
def test_the_graph_for_other_runtimes_gives_the_same(name, tmp_path, monkeypatch, capsys):
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    from avbench.systems.nn import to_onnx

    system = stirred(enhancer(name))
    monkeypatch.setattr(to_onnx, "open_system", lambda *a, **k: system)
    monkeypatch.setattr(type(system), "network", lambda self: self._module)
    assert to_onnx.main(["--system", name, str(tmp_path / "net.onnx")]) == 0
    assert "net.onnx: " in capsys.readouterr().out
    wave = noise(8000)
    expected = pushed(system.stream(), wave)
    stream = to_onnx.OnnxStream(tmp_path / "net.onnx")
    with pytest.raises(UsageError, match="NaN"):
        stream.push(np.full(160, np.nan, np.float32))
    found = pushed(stream, wave)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max() and np.abs(expected).max() > 1e-3


def test_what_cannot_be_exported_is_one_sentence(tmp_path, capsys):
    pytest.importorskip("onnxscript")
    from avbench.systems.nn import to_onnx

    assert to_onnx.main(["--system", "gcrn", "--weights", str(tmp_path / "none"), str(tmp_path / "x")]) == 2
    assert "none" in capsys.readouterr().err and not (tmp_path / "x").exists()
