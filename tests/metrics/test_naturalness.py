"""NISQA and DNSMOS as metrics: what they say of real speech, and of everything that is none."""

from pathlib import Path

import numpy as np
import pytest

from avbench.errors import EstimateFault, MissingResource
from avbench.metrics import guard
from avbench.metrics.naturalness import ROWS
from avbench.signal.audio import read_audio
from avbench.types import Audio

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights"
METRICS = {row.name: row for row in ROWS}


@pytest.fixture(autouse=True)
def weights(monkeypatch):
    if not WEIGHTS.is_dir():
        pytest.skip("weights are not here: put them in ../shared/weights to run this test")
    monkeypatch.setenv("AVBENCH_ASSETS", str(WEIGHTS))


@pytest.fixture(scope="module")
def speech(shared_data):
    audio = read_audio(shared_data / "speech" / "librispeech_test-other" / "1688" / "1688-142285-0003.flac")
    return Audio(audio.samples[: 16_000 * 46 // 10], audio.rate)


def altered(audio, change):
    return Audio(change(audio.samples.astype(np.float64)).astype(np.float32), audio.rate)


def test_names_and_judges():
    assert {name: row.judge for name, row in METRICS.items()} == {
        name: name for name in ("nisqa", "nisqa-tts", "dnsmos")
    }
    assert all(row.floor == 1.0 and row.higher_is_better and not row.kind.needs_reference for row in ROWS)


@pytest.mark.parametrize("name", METRICS)
def test_speech_and_noise(name, speech):
    metric = METRICS[name]
    noise = np.random.Generator(np.random.Philox(1)).standard_normal(len(speech.samples)) * 0.05
    clean, noisy = (metric.measure(audio) for audio in (speech, altered(speech, lambda x: x + noise)))
    assert 2.5 < clean["raw"] == clean["value"] < 5
    assert 1 <= noisy["value"] < clean["value"] - 0.5
    assert metric.pool([clean, noisy]) == pytest.approx((clean["value"] + noisy["value"]) / 2)


def test_dnsmos_below_the_scale_is_floored_and_says_so(monkeypatch):
    from avbench.metrics import Score, naturalness

    class Judge:
        ovr = 0.9

        def score(self, estimate):
            return {"ovr": self.ovr, "sig": np.nan, "bak": 2.0}

    judge = Judge()
    monkeypatch.setattr(naturalness, "open_judge", lambda name: judge)
    score = Score.of(METRICS["dnsmos"], naturalness.dnsmos(None)["dnsmos"])
    assert (score.value, score.raw, score.flags, score.more) == (1.0, 0.9, ("floored",), {"bak": 2.0})
    judge.ovr = np.nan
    with pytest.raises(EstimateFault, match="dnsmos gave no number"):
        Score.of(METRICS["dnsmos"], naturalness.dnsmos(None)["dnsmos"])


def test_dnsmos_has_two_more_parts(speech):
    parts = METRICS["dnsmos"].measure(speech)
    assert set(parts) == {"value", "raw", "sig", "bak"}
    assert parts["value"] < min(parts["sig"], parts["bak"])


def test_dnsmos_hears_16_khz(shared_data):
    telephone = read_audio(shared_data / "speech" / "noizeus" / "clean" / "sp01.wav")
    assert telephone.rate == 8000
    assert 1 < METRICS["dnsmos"].measure(telephone)["value"] < 4.5


def test_one_reference_changes_nothing(speech):
    metric = METRICS["nisqa"]
    assert metric.measure(speech, "anything") == metric.measure(speech)


BROKEN = {
    "empty": (lambda x: x[:0], "empty"),
    "one sample": (lambda x: x[:1], "silent|lasts"),
    "silent": (lambda x: 0 * x, "silent"),
    "as good as silent": (lambda x: 1e-6 * x, "silent"),
    "constant": (lambda x: 0 * x + 0.3, "silent"),
    "NaN": (lambda x: np.where(np.arange(len(x)) == 7, np.nan, x), "NaN"),
    "infinite": (lambda x: np.where(np.arange(len(x)) == 7, np.inf, x), "infinite"),
    "0.2 s": (lambda x: x[16_000:19_200], "lasts 0.200 s"),
    "0.3 s": (lambda x: x[16_000:20_800], "lasts 0.300 s"),
    "0.99 s": (lambda x: x[16_000:31_840], "lasts 0.990 s"),
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("case", BROKEN)
def test_broken_sound(case, name, speech):
    change, reason = BROKEN[case]
    with pytest.raises(EstimateFault, match=reason):
        METRICS[name].measure(altered(speech, change))


@pytest.mark.parametrize("name", METRICS)
def test_no_sound(name):
    with pytest.raises(EstimateFault, match="there is no estimate"):
        METRICS[name].measure(None)


@pytest.mark.parametrize("samples", [np.zeros((2, 32_000), np.float32), np.zeros((32_000, 2), np.float32)])
def test_stereo_is_not_carried(samples):
    with pytest.raises(EstimateFault, match="mono"):
        guard.carry(samples, 16_000)


def test_integers_are_not_carried():
    with pytest.raises(EstimateFault, match="int16"):
        guard.carry(np.zeros(32_000, np.int16), 16_000)


def test_clipping_ends_at_the_floor(speech):
    """Hard clipping takes NISQA below the scale: 1 is reported, the raw value is kept."""
    parts = METRICS["nisqa"].measure(altered(speech, lambda x: np.clip(200 * x, -1, 1)))
    assert parts["raw"] < 1.0 == parts["value"]


def test_an_offset_is_heard(speech):
    """As by the authors' program. It may even raise the score, which is why `avbench measure` reports offsets."""
    metric = METRICS["nisqa"]
    assert abs(metric.measure(altered(speech, lambda x: x + 0.3))["value"] - metric.measure(speech)["value"]) > 0.1


@pytest.mark.parametrize("name", METRICS)
def test_absent_weights(name, speech, tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    with pytest.raises(
        MissingResource, match=r"avbench doctor --fetch dnsmos" if name == "dnsmos" else f"put it there as {name[:5]}/"
    ):
        METRICS[name].measure(speech)
