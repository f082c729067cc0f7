"""The speaker encoder against the package whose weights it uses, and what it refuses."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from avbench.errors import BadFile, EstimateFault
from avbench.judges import get_judge
from avbench.judges.speaker import load_encoder
from avbench.signal.audio import read_audio, resample
from avbench.types import Audio

pytest.importorskip("_webrtcvad", reason="the extra voice is not installed")


@pytest.fixture(scope="module")
def encoder():
    return load_encoder(get_judge("resemblyzer").files(), "cpu")


@pytest.fixture(scope="module")
def clips(shared_data):
    folder = shared_data / "speech"
    files = [
        *sorted(folder.glob("librispeech_test-other/*/*000[12].flac"))[:4],
        *sorted(folder.glob("noizeus/clean/*.wav"))[:2],
        *sorted(folder.glob("vctk/*.wav"))[:2],
        *sorted(folder.glob("fsdd/0_*.wav"))[:2],
    ]
    return [read_audio(file) for file in files]


def made(samples, rate=16000):
    return Audio(np.asarray(samples, np.float32), rate)


NOISE = np.random.Generator(np.random.Philox(5)).standard_normal(32_000)

NO_VOICE = {
    "empty": np.zeros(0),
    "one sample": np.ones(1),
    "29 ms": NOISE[:464],
    "silence": np.zeros(32_000),
    "last bit": np.round(NOISE) / 32768,
    "soft noise": 0.003 * NOISE,
    "noise": 0.03 * NOISE,
}


def test_equals_the_package(encoder, clips):
    import resemblyzer

    peer = resemblyzer.VoiceEncoder("cpu", verbose=False)
    found = encoder.embed(clips)
    assert found.shape == (len(clips), 256) and found.dtype == np.float32
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-6
    for vector, clip in zip(found, clips, strict=True):
        expected = peer.embed_utterance(resemblyzer.preprocess_wav(clip.samples, source_sr=clip.rate))
        assert np.abs(vector - expected).max() < 1e-6


def test_neighbours_do_not_matter(encoder, clips):
    together = encoder.embed(clips)
    backwards = encoder.embed(clips[::-1])[::-1]
    alone = np.concatenate([encoder.embed([clip]) for clip in clips])
    assert np.abs(together - backwards).max() < 1e-6
    assert np.abs(together - alone).max() < 1e-6
    assert encoder.embed([]).shape == (0, 256)


def test_more_parts_than_go_into_one_call(encoder, clips, monkeypatch):
    whole = encoder.embed(clips)
    monkeypatch.setattr("avbench.judges.speaker.BATCH", 3)
    assert np.abs(encoder.embed(clips) - whole).max() < 1e-6


@pytest.mark.parametrize("name", NO_VOICE)
def test_no_voice(name, encoder, clips):
    """The package answers each of these with a vector of unit length."""
    with pytest.raises(EstimateFault, match="no voice was found"):
        encoder.embed([clips[0], made(NO_VOICE[name])])


def test_the_rate_that_is_stated_counts(encoder, clips):
    clip = next(clip for clip in clips if clip.rate == 48_000)
    right, same, wrong = encoder.embed([clip, resample(clip, 16_000), Audio(clip.samples, 16_000)])
    assert right @ same > 0.999
    assert right @ wrong < 0.9


def test_soft_sound_is_raised_and_loud_sound_is_not_lowered(encoder, clips):
    clip = clips[0]
    rms = np.sqrt(np.mean(clip.samples.astype(np.float64) ** 2))
    at = {level: made(clip.samples * (10 ** (level / 20) / rms), clip.rate) for level in (-20, -31, -36)}
    loud, soft, softer = encoder.embed([at[-20], at[-31], at[-36]])
    assert soft @ softer > 0.999
    assert loud @ softer < 0.99


def test_loading_is_quiet():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        load_encoder(get_judge("resemblyzer").files(), "cpu")
    assert not said


def test_two_channels_do_not_get_here():
    """The package pads both axes of such an array: 22 GB. `Audio` does not carry it."""
    with pytest.raises(ValueError, match=r"\[T\] float32"):
        Audio(np.zeros((2, 32_000), np.float32), 16_000)


class Intruder:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_other_files(tmp_path):
    file, mark = tmp_path / "pretrained.pt", tmp_path / "mark"
    for content in ({"model_state": Intruder(mark)}, {"weights": 1}, {"model_state": {"linear.bias": torch.zeros(3)}}):
        torch.save(content, file)
        with pytest.raises(BadFile, match="does not hold the weights of Resemblyzer"):
            load_encoder({"resemblyzer": file}, "cpu")
    file.write_bytes(b"no weights")
    with pytest.raises(BadFile, match="does not hold the weights of Resemblyzer"):
        load_encoder({"resemblyzer": file}, "cpu")
    assert not mark.exists()
