"""DNSMOS P.835 against a published value and against torchmetrics."""

from pathlib import Path

import numpy as np
import pytest
import torch

from avbench.errors import BadFile
from avbench.judges.dnsmos import SAMPLES, cut, load_dnsmos
from avbench.signal.audio import read_audio
from avbench.types import Audio

pytest.importorskip("onnxruntime")

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights" / "dnsmos"


@pytest.fixture(scope="module")
def judge():
    if not WEIGHTS.is_dir():
        pytest.skip("sig_bak_ovr.onnx is not here: put it in ../shared/weights/dnsmos to run this test")
    return load_dnsmos({"dnsmos": WEIGHTS / "sig_bak_ovr.onnx"}, "cpu")


def test_published_value(judge, shared_data):
    """What the tests of the toolkit VERSA expect of this file, within their own 2e-4."""
    score = judge.score(read_audio(shared_data / "speech" / "versa_test_samples" / "test2" / "test.wav"))
    assert score["ovr"] == pytest.approx(1.4526055, abs=2e-4)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_equals_torchmetrics(judge, shared_data, tmp_path, monkeypatch):
    peer = pytest.importorskip("torchmetrics.functional.audio.dnsmos")
    (tmp_path / "DNSMOS").mkdir()
    for name in ("sig_bak_ovr.onnx", "model_v8.onnx"):
        (tmp_path / "DNSMOS" / name).symlink_to(WEIGHTS / name)
    monkeypatch.setattr(peer, "DNSMOS_DIR", str(tmp_path))
    speech = read_audio(shared_data / "speech" / "librispeech_test-other" / "1688" / "1688-142285-0003.flac")
    long = Audio(np.tile(speech.samples, 3)[: 11 * 16000], 16000)  # two windows
    for audio in (speech, long):
        expected = peer.deep_noise_suppression_mean_opinion_score(
            torch.from_numpy(audio.samples), audio.rate, personalized=False, num_threads=1, cache_session=False
        )
        found = judge.score(audio)
        assert [found["sig"], found["bak"], found["ovr"]] == pytest.approx(expected[1:].tolist(), abs=1e-4)


@pytest.mark.parametrize(
    ("seconds", "starts"),
    [
        (3.0, [0, 1, 2]),  # doubled twice
        (5.0, [0]),  # doubled once
        (9.01, [0]),
        (9.99, [0]),
        (11.0, [0, 1]),
        (15.0, [0, 1, 2, 3, 4, 5]),
        (20.0, [0, 1, 2, 3, 4, 5, 6]),  # 7 to 10 are one sample short in the published script
        (34.0, [0, 1, 2, 3, 4, 5, 6, 24]),
    ],
)
def test_windows_of_the_script(seconds, starts):
    samples = np.arange(round(seconds * 16000), dtype=np.float32)
    windows = cut(samples)
    assert [len(window) for window in windows] == [SAMPLES] * len(starts)
    assert [int(window[0]) for window in windows] == [start * 16000 % len(samples) for start in starts]


def test_noise_is_heard_in_the_background(judge, shared_data):
    folder = shared_data / "speech" / "noizeus"
    from avbench.signal.audio import resample

    clean = judge.score(resample(read_audio(folder / "clean" / "sp01.wav"), 16000))
    noisy = judge.score(resample(read_audio(folder / "noisy" / "car_0dB" / "sp01_car_sn0.wav"), 16000))
    assert noisy["bak"] < clean["bak"] - 1 and noisy["ovr"] < clean["ovr"] - 0.5


def test_refuses_another_rate_and_nothing(judge):
    with pytest.raises(ValueError, match="16000 Hz"):
        judge.score(Audio(np.ones(8000, np.float32), 8000))
    with pytest.raises(ValueError, match="0 samples"):
        judge.score(Audio(np.ones(0, np.float32), 16000))


def test_other_files(tmp_path):
    file = tmp_path / "sig_bak_ovr.onnx"
    file.write_bytes(b"no model")
    with pytest.raises(BadFile, match="not an ONNX model"):
        load_dnsmos({"dnsmos": file}, "cpu")
    if (WEIGHTS / "model_v8.onnx").is_file():
        with pytest.raises(BadFile, match=r"not the DNSMOS P\.835 model"):
            load_dnsmos({"dnsmos": WEIGHTS / "model_v8.onnx"}, "cpu")
