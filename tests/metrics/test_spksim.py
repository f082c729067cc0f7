"""Speaker similarity: likeness, several references, and whose fault it is that there is no voice."""

import numpy as np
import pytest

from avbench.errors import EstimateFault, ReferenceFault
from avbench.judges import open_judge
from avbench.metrics.speaker import ROWS
from avbench.signal.audio import read_audio, resample
from avbench.types import Audio

pytest.importorskip("_webrtcvad", reason="the extra voice is not installed")

(SPKSIM,) = ROWS


@pytest.fixture(scope="module")
def speakers(shared_data):
    """Five utterances of each of four speakers, at most 4 s."""
    folders = sorted((shared_data / "speech" / "librispeech_test-other").glob("[0-9]*"))[:4]
    clips = [[read_audio(file) for file in sorted(folder.rglob("*.flac"))[:5]] for folder in folders]
    return [[Audio(clip.samples[:64_000], clip.rate) for clip in voice] for voice in clips]


def noise(level, count=32_000):
    return Audio((level * np.random.Generator(np.random.Philox(5)).standard_normal(count)).astype(np.float32), 16_000)


def similarity(estimate, reference):
    return SPKSIM.measure(estimate, reference)["value"]


def test_scale():
    assert (SPKSIM.low, SPKSIM.high, SPKSIM.floor, SPKSIM.judge) == (-1.0, 1.0, 0.0, "resemblyzer")


def test_same_voice_and_others(speakers):
    mine, other = speakers[0], speakers[1]
    assert similarity(mine[0], mine[0]) == pytest.approx(1.0, abs=1e-6)
    assert similarity(mine[0], mine[1]) > 0.7 > similarity(mine[0], other[0])
    assert similarity(mine[0], other[0]) == pytest.approx(similarity(other[0], mine[0]), abs=1e-6)


def test_half_means_unrelated(speakers):
    """The docs say that recordings of different speakers have a median near 0.51."""
    vectors = open_judge("resemblyzer").embed([clip for voice in speakers for clip in voice])
    cosines = (vectors @ vectors.T).reshape(4, 5, 4, 5)
    others = [cosines[a, :, b] for a in range(4) for b in range(a)]
    assert 0.45 < np.median(others) < 0.60


def test_several_references(speakers):
    estimate, *rest = speakers[2]
    references = tuple(rest)
    vectors = open_judge("resemblyzer").embed([estimate, *references]).astype(np.float64)
    expected = np.mean(vectors[1:] @ vectors[0])
    assert similarity(estimate, references) == pytest.approx(expected, abs=1e-6)
    assert similarity(estimate, references[::-1]) == pytest.approx(expected, abs=1e-6)
    assert similarity(estimate, references[:1]) == similarity(estimate, references[0])


def test_rates_and_lengths_may_differ(speakers):
    mine = speakers[0]
    assert similarity(resample(mine[0], 24_000), mine[1]) == pytest.approx(similarity(mine[0], mine[1]), abs=0.02)


@pytest.mark.parametrize("level", [0.03, 0.003])
def test_noise_is_no_voice(level, speakers):
    voice = speakers[0][0]
    with pytest.raises(EstimateFault, match="nothing but silence or noise is left"):
        SPKSIM.measure(noise(level), voice)
    for estimate in (voice, noise(level)):  # the reference is to blame, whatever the estimate is
        with pytest.raises(ReferenceFault, match="of a reference: no voice was found"):
            SPKSIM.measure(estimate, (voice, noise(level)))


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(0), "empty"),
        (np.zeros(32_000), "silent"),
        (np.full(32_000, np.nan), "NaN"),
        (0.1 * np.ones(32_000), "silent"),
        (noise(0.1).samples[:3200], "lasts 0.200 s"),
        (noise(0.1).samples[:4800], "lasts 0.300 s"),
    ],
)
def test_broken_estimates(samples, reason, speakers):
    with pytest.raises(EstimateFault, match=reason):
        SPKSIM.measure(Audio(samples.astype(np.float32), 16_000), speakers[0][0])


def test_broken_references(speakers):
    voice = speakers[0][0]
    for reference in ((), (voice, Audio(np.zeros(32_000, np.float32), 16_000)), (voice, noise(np.nan)), None, "voice"):
        with pytest.raises(ReferenceFault):
            SPKSIM.measure(voice, reference)
