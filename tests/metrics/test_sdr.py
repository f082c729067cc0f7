"""SI-SDR against its formula."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avbench.metrics import get_metric
from avbench.metrics.sdr import si_sdr
from avbench.types import Audio

SIGNAL = arrays(np.float64, 50, elements=st.floats(-1, 1, width=32))


def formula(e, c):
    e, c = e.astype(np.longdouble), c.astype(np.longdouble)
    target = (e @ c) / (c @ c) * c
    return float(10 * np.log10((target @ target) / ((e - target) @ (e - target))))


def test_equals_the_formula(pair):
    estimate, reference = pair
    e, c = (signal.samples.astype(np.float64) for signal in pair)
    assert get_metric("si-sdr").measure(estimate, reference)["value"] == pytest.approx(formula(e, c), abs=1e-11)
    assert get_metric("si-sdr-zm").measure(estimate, reference)["value"] == pytest.approx(
        formula(e - e.mean(), c - c.mean()), abs=1e-11
    )


def test_equals_the_formula_on_real_speech(real_pairs):
    for estimate, reference in real_pairs:
        e, c = (signal.samples.astype(np.longdouble) for signal in (estimate, reference))
        found = [get_metric(name).measure(estimate, reference)["value"] for name in ("si-sdr", "si-sdr-zm")]
        assert found == pytest.approx([formula(e, c), formula(e - e.mean(), c - c.mean())], abs=1e-9)


@pytest.mark.parametrize("snr", [-15.0, 0.0, 5.0, 60.0])
def test_orthogonal_noise_gives_the_mixing_ratio(snr, pair):
    c = pair[1].samples.astype(np.float64)
    noise = np.random.Generator(np.random.Philox(0)).standard_normal(len(c))
    noise -= (noise @ c) / (c @ c) * c
    noise *= np.sqrt((c @ c) / (noise @ noise)) * 10 ** (-snr / 20)
    assert si_sdr(c + noise, c) == pytest.approx(snr, abs=1e-9)


def test_means_are_kept_in_one_and_removed_in_the_other(pair):
    estimate, reference = pair
    shifted = Audio(estimate.samples + np.float32(0.25), estimate.rate)
    kept, removed = get_metric("si-sdr"), get_metric("si-sdr-zm")
    assert kept.measure(shifted, reference)["value"] < kept.measure(estimate, reference)["value"] - 10
    assert removed.measure(shifted, reference)["value"] == pytest.approx(
        removed.measure(estimate, reference)["value"], abs=1e-5
    )


@settings(deadline=None)
@given(e=SIGNAL, c=SIGNAL, exponent=st.integers(-20, 20))
def test_scale_invariance(e, c, exponent):
    if np.sum(c * c) < 1e-6 or abs(np.sum(e * c)) < 1e-6:
        return
    value = si_sdr(e, c)
    assert si_sdr(e * 2.0**exponent, c) == value == si_sdr(e, c * 2.0**exponent)
    assert si_sdr(-e, c) == value


def test_ends_of_the_scale():
    c = np.array([1.0, 0.0, 2.0])
    assert si_sdr(3 * c, c) == math.inf
    assert si_sdr(np.array([0.0, 1.0, 0.0]), c) == -math.inf
    assert si_sdr(np.array([1.0, 1.0]), np.array([1.0, 0.0])) == 0.0
