"""What holds for the metrics of sound; the laws for every metric are in test_laws.py."""

import inspect
import math

import numpy as np
import pytest

from avbench.errors import UnknownName
from avbench.metrics import METRICS, Metric, Score, get_metric, guard, intelligibility, measure_all, pesq, sdr
from avbench.metrics.golden import golden_pair
from avbench.types import Audio

SOUND = {name: metric for name, metric in METRICS.items() if metric.kind.name == "sound"}
EVERY = pytest.mark.parametrize("metric", SOUND.values(), ids=lambda metric: metric.name)


@EVERY
def test_metadata_is_complete(metric):
    assert metric.name == metric.name.lower() and " " not in metric.name
    for text in (metric.title, metric.source, metric.implementation):
        assert len(text) > 3
    assert metric.unit in {"", "dB", "MOS-LQO"}
    assert isinstance(metric.higher_is_better, bool) and isinstance(metric.percent, bool)
    assert metric.low < metric.high and math.isfinite(metric.floor)
    assert metric.cap is None or metric.floor < metric.cap < metric.high
    assert all(isinstance(rate, int) and rate > 0 for rate in metric.rates)
    assert metric.parallel in {"thread", "process"}
    assert metric.shortest >= guard.SHORTEST and 0 <= metric.digits <= 4
    assert metric.percent is (metric.unit == "")
    assert metric.identity == f"{metric.name}@{metric.version}"


def test_floors_and_caps_are_those_promised():
    promised = {"stoi": 0, "estoi": 0, "pesq-wb": 1, "pesq-nb": 1, "si-sdr": -60, "si-sdr-zm": -60}
    assert {name: metric.floor for name, metric in SOUND.items()} == promised
    assert {name for name, metric in SOUND.items() if metric.cap == 100.0} == {"si-sdr", "si-sdr-zm"}


def test_argument_order_is_estimate_then_reference():
    functions = [
        Metric.measure, Metric.raw, Metric.values, measure_all, guard.check_pair, sdr.si_sdr,
        sdr.si_sdr_and_zero_mean, intelligibility.stoi_and_estoi, pesq.wide_band, pesq.narrow_band,
    ]  # fmt: skip
    for function in [*functions, *(metric.formula for metric in SOUND.values())]:
        names = [name for name in inspect.signature(function).parameters if name in ("estimate", "reference")]
        assert names == ["estimate", "reference"], function


@EVERY
def test_order_matters_and_better_is_better(metric):
    """A louder noise is worse, and the direction says so; swapped arguments give another value."""
    (good, reference), (bad, _) = golden_pair(snr_db=15.0), golden_pair(snr_db=-5.0)
    good_value, bad_value = metric.measure(good, reference)["value"], metric.measure(bad, reference)["value"]
    assert (good_value > bad_value) is metric.higher_is_better
    if "si-sdr" not in metric.name:  # whose formula is symmetric
        assert metric.measure(reference, good)["value"] != good_value


@EVERY
def test_perfect_estimate(metric, pair):
    reference = pair[1]
    score = measure_all([metric.name], reference, reference)[metric.name]
    best = {"stoi": 1.0, "estoi": 1.0, "si-sdr": 100.0, "si-sdr-zm": 100.0, "pesq-wb": 4.6439, "pesq-nb": 4.5486}
    assert score.status == "ok" and score.value == pytest.approx(best[metric.name], abs=1e-4)
    assert score.flags == (("capped",) if "si-sdr" in metric.name else ())
    assert score.raw is None if "si-sdr" in metric.name else score.raw == score.value


@EVERY
def test_values_stay_in_the_stated_range(metric):
    generator = np.random.Generator(np.random.Philox(3))
    reference = golden_pair()[1]
    for level in (1e-3, 1.0, 1e3):
        noise = Audio((level * generator.standard_normal(len(reference.samples))).astype(np.float32), reference.rate)
        raw = metric.raw(noise, reference)
        assert metric.low <= raw <= metric.high
        assert metric.measure(noise, reference)["value"] >= metric.floor


def test_one_pass_equals_one_by_one(pair):
    together = measure_all(SOUND, *pair)
    for name, metric in SOUND.items():
        assert together[name].status == "ok" and together[name].flags == ()
        assert together[name].parts == metric.measure(*pair)
    assert list(measure_all(["pesq-nb", "stoi"], *pair)) == ["pesq-nb", "stoi"]


def test_pooling():
    metric = get_metric("stoi")
    assert metric.pool([{"value": 0.25}, {"value": 0.75, "raw": 0.75}]) == 0.5
    with pytest.raises(ValueError, match="no trials"):
        metric.pool([])


def test_bounds():
    sdr_metric = get_metric("si-sdr")
    assert Score.of(sdr_metric, -math.inf) == Score("ok", -60.0, None, flags=("floored",))
    assert Score.of(sdr_metric, 120.0) == Score("ok", 100.0, 120.0, flags=("capped",))
    assert Score.of(get_metric("stoi"), -0.02).parts == {"value": 0.0, "raw": -0.02}


def test_unknown_metric_names_the_nearest(pair):
    with pytest.raises(UnknownName, match="pesq-wb"):
        measure_all(["pesq"], *pair)
