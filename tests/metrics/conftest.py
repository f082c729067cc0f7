"""Signals that the tests of the metrics share."""

import numpy as np
import pytest

from avbench.metrics.golden import golden_pair
from avbench.types import Audio


@pytest.fixture(scope="session")
def pair():
    """(estimate, reference): signals with the build of speech, made from nothing."""
    return golden_pair()


@pytest.fixture(scope="session")
def real_pairs(shared_data):
    """Eight utterances, at -15 to 20 dB in white or low-frequency noise."""
    import soundfile

    files = sorted(shared_data.glob("speech/librispeech_test-other/*/*000[12].flac"))[:8]
    generator = np.random.Generator(np.random.Philox(7))
    pairs = []
    for i, file in enumerate(files):
        samples, rate = soundfile.read(file, dtype="float64")
        samples = samples[8000 : 8000 + 56_000]
        noise = generator.standard_normal(len(samples))
        if i % 2:
            noise = np.cumsum(noise) * 0.05 + noise
            noise -= noise.mean()
        noise *= np.sqrt(np.mean(samples**2) / np.mean(noise**2)) * 10 ** (-(-15 + 5 * i) / 20)
        pairs.append((Audio((samples + noise).astype(np.float32), rate), Audio(samples.astype(np.float32), rate)))
    assert len(pairs) == 8
    return pairs
