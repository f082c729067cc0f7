"""What every metric of sound does with every broken input: a score may fail, never lie."""

import numpy as np
import pytest

from avbench.errors import EstimateFault, ReferenceFault
from avbench.metrics import METRICS as ALL_METRICS
from avbench.metrics import batch as batch_module
from avbench.metrics import guard, measure_all
from avbench.types import Audio

METRICS = {name: metric for name, metric in ALL_METRICS.items() if metric.kind.name == "sound"}
ALL = frozenset(METRICS)
SDR = frozenset({"si-sdr", "si-sdr-zm"})
STOI = frozenset({"stoi", "estoi"})
PESQ = frozenset({"pesq-wb", "pesq-nb"})
RATE = 16_000


def audio(samples, rate=RATE):
    return Audio(np.asarray(samples, np.float32), rate)


def spoilt(samples, value, at=slice(100, 103)):
    samples = samples.copy()
    samples[at] = value
    return samples


def cut(seconds):
    start = 7_000  # inside a syllable of the golden pair
    return lambda e, c: (e[start : start + round(seconds * RATE)], c[start : start + round(seconds * RATE)])


def click(e):
    return spoilt(np.zeros_like(e), 1.0, slice(9000, 9001))


def dither(e):
    return np.random.Generator(np.random.Philox(1)).integers(-1, 2, len(e)) / 32768.0


def bursts(e, c, count=66, seconds=40.0):
    generator = np.random.Generator(np.random.Philox(2))
    period = int(seconds * RATE) // count
    on = (np.arange(period * count) % period) < period // 2
    c = 0.1 * on * generator.standard_normal(len(on))
    return c + 0.01 * generator.standard_normal(len(on)), c


# name: (change of (estimate, reference), names that fail, names that are void); the rest is scored.
MODES = {
    "empty estimate": (lambda e, c: (e[:0], c), ALL, ()),
    "empty reference": (lambda e, c: (e, c[:0]), (), ALL),
    "both empty": (lambda e, c: (e[:0], c[:0]), (), ALL),
    "silent estimate": (lambda e, c: (e * 0, c), ALL, ()),
    "silent reference": (lambda e, c: (e, c * 0), (), ALL),
    "both silent": (lambda e, c: (e * 0, c * 0), (), ALL),
    "a lone click": (lambda e, c: (click(e), c), ALL, ()),
    "a constant": (lambda e, c: (e * 0 + 0.3, c), ALL, ()),
    "dither of the last bit": (lambda e, c: (dither(e), c), ALL, ()),
    "inaudible": (lambda e, c: (e * 1e-6, c), ALL, ()),
    "inaudible reference": (lambda e, c: (e, c * 1e-6), (), ALL),
    "NaN in estimate": (lambda e, c: (spoilt(e, np.nan), c), ALL, ()),
    "NaN in reference": (lambda e, c: (e, spoilt(c, np.nan)), (), ALL),
    "infinite estimate": (lambda e, c: (spoilt(e, np.inf), c), ALL, ()),
    "infinite reference": (lambda e, c: (e, spoilt(c, -np.inf)), (), ALL),
    "NaN in both": (lambda e, c: (spoilt(e, np.nan), spoilt(c, np.nan)), (), ALL),
    "shorter by one": (lambda e, c: (e[:-1], c), ALL, ()),
    "longer by a second": (lambda e, c: (np.pad(e, (0, RATE)), c), ALL, ()),
    "one sample": (lambda e, c: (e[9000:9001], c[9000:9001]), (), ALL),
    "0.05 s": (cut(0.05), (), ALL),
    "0.2 s": (cut(0.2), (), STOI | PESQ),
    "0.2 s and silent estimate": (lambda e, c: (e[:3200] * 0, cut(0.2)(e, c)[1]), SDR, STOI | PESQ),
    "0.35 s": (cut(0.35), (), STOI),
    "66 pauses": (bursts, (), PESQ),
    "80 pauses": (lambda e, c: bursts(e, c, 80), (), PESQ),
    "66 pauses and silent estimate": (lambda e, c: (bursts(e, c)[1] * 0, bursts(e, c)[1]), ALL - PESQ, PESQ),
    "longer than PESQ can hold": (lambda e, c: (np.tile(e, 26), np.tile(c, 26)), (), PESQ),
    "a scale that drowns the reference": (lambda e, c: (e * 1e30, c), PESQ, ()),
    "infrasound": (lambda e, c: (0.5 * np.sin(2 * np.pi * 8 * np.arange(len(e)) / RATE), c), (), ()),
    "clipped": (lambda e, c: (np.clip(20 * e, -1, 1), c), (), ()),
    "constant added": (lambda e, c: (e + 0.3, c), (), ()),
    "late by 100 ms": (lambda e, c: (np.roll(e, 1600), c), (), ()),
    "negated": (lambda e, c: (-e, c), (), ()),
    "at a hundredth": (lambda e, c: (e * 0.01, c), (), ()),
    "half of it digital silence": (lambda e, c: (spoilt(e, 0.0, slice(0, len(e) // 2)), c), (), ()),
    "full scale exceeded": (lambda e, c: (e * 50, c), (), ()),
}


@pytest.mark.parametrize("mode", MODES)
def test_status(mode, pair):
    change, fails, void = MODES[mode]
    estimate, reference = (audio(samples) for samples in change(pair[0].samples, pair[1].samples))
    scores = measure_all(METRICS, estimate, reference)
    expected = {name: "failed" if name in fails else "void" if name in void else "ok" for name in METRICS}
    assert {name: score.status for name, score in scores.items()} == expected
    for name, score in scores.items():
        metric = METRICS[name]
        if score.status == "ok":
            assert score.reason == "" and np.isfinite(score.value) and score.value >= metric.floor
            continue
        assert len(score.reason) > 10 and "\n" not in score.reason and score.raw is None
        assert score.value == (metric.floor if score.status == "failed" else None)
        with pytest.raises(EstimateFault if score.status == "failed" else ReferenceFault) as caught:
            metric.measure(estimate, reference)
        assert caught.value.reason == score.reason


@pytest.mark.parametrize("name", METRICS)
def test_muting_cannot_help(name, pair):
    """The worst honest estimate is worth at least as much as any broken one."""
    metric, (estimate, reference) = METRICS[name], pair
    noise = np.random.Generator(np.random.Philox(5)).standard_normal(len(reference.samples))
    honest = metric.measure(audio(noise), reference)["value"]
    for broken in (estimate.samples * 0, click(estimate.samples), estimate.samples[:-1], estimate.samples * np.nan):
        assert measure_all([name], audio(broken), reference)[name].value <= honest


def test_two_rates_fail_and_one_foreign_rate_is_recorded(pair):
    estimate, reference = pair
    for name, score in measure_all(METRICS, audio(estimate.samples, 8000), reference).items():
        assert score.status == "failed" and "8000 Hz" in score.reason, name
    foreign = measure_all(METRICS, audio(estimate.samples, 24_000), audio(reference.samples, 24_000))
    assert {name: score.flags for name, score in foreign.items()} == {
        name: (("resampled",) if name in PESQ else ()) for name in METRICS
    }
    narrow = measure_all(PESQ, audio(estimate.samples, 8000), audio(reference.samples, 8000))
    assert narrow["pesq-nb"].flags == () and narrow["pesq-wb"].flags == ("resampled",)
    assert all(score.status == "ok" for score in [*foreign.values(), *narrow.values()])
    absent = measure_all(["pesq-wb"], None, audio(reference.samples, 8000))["pesq-wb"]
    assert (absent.status, absent.flags) == ("failed", ())  # there was nothing to resample


def test_no_estimate(pair):
    scores = measure_all(METRICS, None, pair[1], missing="the system crashed")
    assert {(score.status, score.reason) for score in scores.values()} == {("failed", "the system crashed")}
    assert {score.status for score in measure_all(METRICS, None, audio([])).values()} == {"void"}


@pytest.mark.parametrize(
    "error, status", [(MemoryError(), "error"), (OSError("disk"), "error"), (KeyError("x"), "error")]
)
def test_machine(error, status, pair, monkeypatch):
    def broken(*_):
        raise error

    monkeypatch.setattr(batch_module.Metric, "values", broken)
    score = measure_all(["stoi"], *pair)["stoi"]
    assert (score.status, score.value) == (status, None) and type(error).__name__ in score.reason


def test_absent_package(pair, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pesq", None)
    score = measure_all(["pesq-wb"], *pair)["pesq-wb"]
    assert (score.status, score.value) == ("not-applicable", None) and "pip install" in score.reason


@pytest.mark.parametrize("fault", [EstimateFault, ReferenceFault])
def test_what_is_handed_in_must_be_mono_and_floating(fault):
    for wrong in (np.zeros((2, 100), np.float32), np.zeros((100, 2), np.float32), np.zeros(100, np.int16), 0.5):
        with pytest.raises(fault):
            guard.carry(wrong, RATE, fault)
    kept = guard.carry(np.array([0.5, 1e300]), RATE)
    assert kept.samples.dtype == np.float32 and kept.samples[0] == 0.5 and np.isinf(kept.samples[1])


def test_activity():
    tone = 0.1 * np.sin(np.arange(RATE) * 0.3)
    assert guard.active_seconds(audio(tone)) == pytest.approx(1.0)
    assert guard.active_seconds(audio(np.concatenate([tone[:4800], 0 * tone]))) == pytest.approx(0.3)
    assert guard.active_seconds(audio(tone * 0 + 0.7)) == 0.0
    assert guard.active_seconds(audio([])) == 0.0
