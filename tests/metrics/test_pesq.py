"""PESQ: the package's own values, and no crash."""

import subprocess
import sys

import numpy as np
import pesq as package
import pytest
import soundfile

from avbench.errors import EstimateFault, ReferenceFault
from avbench.metrics import get_metric
from avbench.metrics import pesq as ours
from avbench.types import Audio


@pytest.mark.parametrize("name, mode, known", [("pesq-wb", "wb", 1.0832337), ("pesq-nb", "nb", 1.6072081)])
def test_example_of_the_package(name, mode, known, shared_data):
    folder = shared_data / "speech" / "pesq_example"
    reference, rate = soundfile.read(folder / "speech.wav", dtype="float32")
    estimate, _ = soundfile.read(folder / "speech_bab_0dB.wav", dtype="float32")
    value = get_metric(name).measure(Audio(estimate, rate), Audio(reference, rate))["value"]
    assert value == package.pesq(rate, reference, estimate, mode)
    assert value == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize(
    "name, mode, rate", [("pesq-wb", "wb", 16_000), ("pesq-nb", "nb", 16_000), ("pesq-nb", "nb", 8_000)]
)
def test_equals_the_package(name, mode, rate, pair):
    estimate, reference = (signal.samples for signal in pair)
    value = get_metric(name).measure(Audio(estimate, rate), Audio(reference, rate))["value"]
    assert value == package.pesq(rate, reference, estimate, mode)


@pytest.mark.parametrize(("name", "mode"), [("pesq-wb", "wb"), ("pesq-nb", "nb")])
def test_equals_the_package_on_real_speech(name, mode, real_pairs):
    for estimate, reference in real_pairs[::3]:
        value = get_metric(name).measure(estimate, reference)["value"]
        assert value == package.pesq(reference.rate, reference.samples, estimate.samples, mode)


def with_bursts(count, seconds, rate=16_000):
    generator = np.random.Generator(np.random.Philox(0))
    period = int(seconds * rate) // count
    on = (np.arange(period * count) % period) < period // 2
    return Audio((0.1 * on * generator.standard_normal(len(on))).astype(np.float32), rate)


@pytest.mark.parametrize("count, seconds", [(10, 24.0), (45, 24.0), (50, 24.0), (51, 24.0), (66, 40.0), (80, 40.0)])
def test_utterances_are_counted(count, seconds):
    reference = with_bursts(count, seconds)
    assert count <= ours.most_utterances(reference) <= count + 3  # a burst of noise may look like two
    if count <= 50:
        ours.check_tables(reference)
    else:
        with pytest.raises(ReferenceFault, match="utterances, and PESQ has room for 50"):
            ours.check_tables(reference)


def test_a_hum_does_not_hide_pauses():
    reference = with_bursts(66, 40.0)
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(len(reference.samples)) / reference.rate)
    assert ours.most_utterances(Audio((reference.samples + hum).astype(np.float32), reference.rate)) > 50


def test_short_references_need_no_count(monkeypatch):
    """Fifty utterances do not fit below `SAFE` seconds, whatever the signal."""
    assert ours.SAFE == pytest.approx(18.6)
    monkeypatch.setattr(ours, "most_utterances", None)
    ours.check_tables(with_bursts(60, 18.0))


def test_long_speech_is_not_refused(shared_data):
    """Half a minute of read speech, pauses and all, stays far from the limit."""
    files = sorted(shared_data.glob("speech/librispeech_test-other/1688/*.flac"))
    samples = np.concatenate([soundfile.read(file, dtype="float32")[0] for file in files])[: 35 * 16_000]
    assert len(samples) == 35 * 16_000
    assert ours.most_utterances(Audio(samples, 16_000)) < 40


def test_the_crash_that_is_guarded_against_is_real():
    """If the package ever checks its tables, the guard may go."""
    code = (
        "import resource, sys, numpy as np; from pesq import pesq;"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0));"
        "x = np.frombuffer(sys.stdin.buffer.read(), np.float32); pesq(16000, x, x + 0.01, 'wb')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=with_bursts(80, 40.0).samples.tobytes(), capture_output=True, check=False
    )
    assert done.returncode < 0


@pytest.mark.parametrize("code", [-1.0, -6.0, -7.0, float("nan")])
def test_error_codes_are_no_scores(code, pair, monkeypatch):
    good = package.pesq

    def returns_code(rate, reference, estimate, mode):
        return good(rate, reference, estimate, mode) if estimate is reference else code

    monkeypatch.setattr(package, "pesq", returns_code)
    with pytest.raises(EstimateFault, match="no number"):
        get_metric("pesq-wb").measure(*pair)
    monkeypatch.setattr(package, "pesq", lambda *_: code)
    with pytest.raises(ReferenceFault, match="no number"):
        get_metric("pesq-wb").measure(*pair)
