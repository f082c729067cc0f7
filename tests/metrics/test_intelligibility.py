"""STOI and ESTOI against pystoi, the field's reference."""

import subprocess
import sys

import numpy as np
import pystoi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from avbench.errors import ReferenceFault
from avbench.metrics import get_metric, intelligibility
from avbench.metrics.golden import golden_pair
from avbench.types import Audio

DEVIATION = 1e-9
"""What is promised; what is reached is about 1e-15."""


def theirs(estimate, reference, rate):
    e, c = estimate.astype(np.float64), reference.astype(np.float64)
    return pystoi.stoi(c, e, rate), pystoi.stoi(c, e, rate, extended=True)


def ours(estimate, reference, rate):
    values = intelligibility.stoi_and_estoi(Audio(estimate, rate), Audio(reference, rate))
    return values["stoi"], values["estoi"]


@pytest.mark.parametrize("snr", [-15.0, -5.0, 5.0, 20.0])
def test_equals_pystoi_on_made_signals(snr):
    estimate, reference = golden_pair(f"pair {snr}", snr)
    assert ours(estimate.samples, reference.samples, 16_000) == pytest.approx(
        theirs(estimate.samples, reference.samples, 16_000), abs=DEVIATION, rel=0
    )


def test_equals_pystoi_on_real_speech(real_pairs):
    for estimate, reference in real_pairs:
        assert ours(estimate.samples, reference.samples, estimate.rate) == pytest.approx(
            theirs(estimate.samples, reference.samples, estimate.rate), abs=DEVIATION, rel=0
        )


@pytest.mark.parametrize("rate", [8000, 10_000, 11_025, 12_000, 16_000, 20_000, 22_050, 32_000, 44_100, 48_000, 16_001])
def test_equals_pystoi_at_any_rate(rate, pair):
    estimate, reference = (signal.samples[: 3 * 16_000] for signal in pair)
    assert ours(estimate, reference, rate) == pytest.approx(theirs(estimate, reference, rate), abs=DEVIATION, rel=0)


@pytest.mark.parametrize("length", [9000, 9001, 9127, 9128, 9129, 16_000, 16_204, 16_205, 16_206, 16_384])
def test_equals_pystoi_at_frame_borders(length):
    """The last frame is dropped twice, also where the signal ends with a whole frame."""
    # Both are noisy: the reference so that no frame is left out, the estimate because pystoi's ESTOI of digital
    # silence is random.
    reference, estimate = (golden_pair(snr_db=snr)[0].samples[20_000 : 20_000 + length] for snr in (10.0, -5.0))
    for rate in (10_000, 16_000):
        assert ours(estimate, reference, rate) == pytest.approx(theirs(estimate, reference, rate), abs=DEVIATION, rel=0)


@pytest.mark.parametrize("up, down", [(5, 8), (5, 4), (1, 2), (5, 24), (100, 441), (10, 11)])
def test_resampler(up, down, pair):
    signal = pair[0].samples[:7001].astype(np.float64)
    expected = resample_poly(signal, up, down, window=intelligibility.resampling_filter(up, down))
    found = intelligibility._resample_by_matrix(signal[None], up, down)[0]
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-15


def test_octave_bands():
    matrix, _ = pystoi.utils.thirdoct(10_000, 512, 15, 150)
    edges = intelligibility.octave_bands()
    for row, (first, last) in zip(matrix, edges, strict=True):
        assert row[first:last].all() and row.sum() == last - first


def test_too_few_frames_is_a_fault_of_the_reference(pair):
    """pystoi answers 1e-5 with a warning."""
    estimate, reference = (Audio(signal.samples[3200:11_200].copy(), 16_000) for signal in pair)
    reference.samples[5200:] = 0.0
    with pytest.raises(ReferenceFault, match="frames of speech"):
        get_metric("stoi").measure(estimate, reference)
    with pytest.warns(RuntimeWarning, match="Not enough STFT frames"):
        assert theirs(estimate.samples, reference.samples, 16_000)[0] == 1e-5


def test_digital_silence_in_the_estimate_is_not_random(pair):
    """Where pystoi correlates its own noise, the closed form counts 0, the mean of that."""
    estimate, reference = (signal.samples.copy() for signal in pair)
    estimate[: len(estimate) // 2] = 0.0
    first, again = ours(estimate, reference, 16_000), ours(estimate, reference, 16_000)
    assert first == again
    draws = [theirs(estimate, reference, 16_000) for _ in range(20)]
    assert first[0] == pytest.approx(draws[0][0], abs=DEVIATION)
    assert first[1] == pytest.approx(np.mean([extended for _, extended in draws]), abs=5e-3)


QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(exponent=st.integers(-7, 7), which=st.sampled_from(["estimate", "reference"]))
def test_scale_invariance(exponent, which, pair):
    samples = {"estimate": pair[0].samples, "reference": pair[1].samples}
    before = ours(samples["estimate"], samples["reference"], 16_000)
    samples[which] = samples[which] * np.float32(2.0**exponent)
    assert ours(samples["estimate"], samples["reference"], 16_000) == pytest.approx(before, abs=1e-11)


@QUICK
@given(seed=st.integers(0, 2**32), mix=st.floats(-1, 1), power=st.integers(0, 3))
def test_bounds(seed, mix, power, pair):
    """Whatever the estimate is, correlations stay between -1 and 1."""
    reference = pair[1].samples
    noise = np.random.Generator(np.random.Philox(seed)).standard_normal(len(reference))
    estimate = (mix * reference + 0.1 * noise * np.abs(noise) ** power).astype(np.float32)
    for value in ours(estimate, reference, 16_000):
        assert -1.0 - 1e-12 <= value <= 1.0 + 1e-12


def test_the_loops_begin_without_what_they_do_not_use_and_leave_it_whole():
    code = (
        "import sys, numpy as np; from avbench.metrics import intelligibility_loops as loops\n"
        "loops.audible_frames(np.ones(512), np.ones(256), 2, 128, 40.0)\n"
        "assert 'scipy.linalg' not in sys.modules, 'numba imported it: half of what a worker needs to begin'\n"
        "assert not {'cffi', 'pycparser'} & set(sys.modules), 'numba imported a parser of C'\n"
        "import cffi, scipy.linalg; assert cffi.FFI() and (scipy.linalg.inv(np.eye(2)) == np.eye(2)).all()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
