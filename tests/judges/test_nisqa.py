"""NISQA against torchmetrics, which reads one of its files, and against its layers written out, for the other."""

from pathlib import Path

import numpy as np
import pytest
import torch
from nisqa_layers import written_out

from avbench.errors import BadFile, EstimateFault
from avbench.judges.mel import mel_filters
from avbench.judges.nisqa import cut, load_nisqa, log_mel
from avbench.signal.audio import read_audio
from avbench.types import Audio

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights" / "nisqa"

CLIPS = (
    "librispeech_test-other/1688/1688-142285-0003.flac",
    "noizeus/clean/sp01.wav",
    "noizeus/noisy/babble_0dB/sp01_babble_sn0.wav",
    "vctk/p230_023.wav",
    "versa_test_samples/test2/test.wav",
)


def load(name):
    if not (WEIGHTS / name).is_file():
        pytest.skip(f"{name} is not here: put it in ../shared/weights/nisqa to run this test")
    return load_nisqa({f"nisqa/{name}": WEIGHTS / name}, "cpu")


@pytest.fixture(scope="module")
def quality():
    return load("nisqa.tar")


@pytest.fixture(scope="module")
def naturalness():
    return load("nisqa_tts.tar")


@pytest.fixture
def speech(shared_data):
    return read_audio(shared_data / "speech" / CLIPS[0])


def first(audio, seconds):
    return Audio(audio.samples[: int(seconds * audio.rate)], audio.rate)


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_equals_torchmetrics(clip, quality, shared_data, monkeypatch):
    peer = pytest.importorskip("torchmetrics.functional.audio.nisqa")
    monkeypatch.setattr(peer, "NISQA_DIR", str(WEIGHTS))
    audio = read_audio(shared_data / "speech" / clip)
    expected = peer.non_intrusive_speech_quality_assessment(torch.from_numpy(audio.samples), audio.rate)
    found = quality.dimensions(audio)
    assert list(found) == ["mos", "noisiness", "discontinuity", "coloration", "loudness"]
    assert list(found.values()) == pytest.approx(expected.tolist(), abs=1e-4)
    assert quality.score(audio) == found["mos"]


def test_naturalness_equals_its_layers_written_out(naturalness, speech, shared_data):
    content = torch.load(WEIGHTS / "nisqa_tts.tar", map_location="cpu", weights_only=True)
    for audio in (first(speech, 2.5), first(read_audio(shared_data / "speech" / CLIPS[2]), 2.0)):
        windows = torch.from_numpy(cut(log_mel(audio, content["args"]), content["args"]))
        expected = written_out(content["model_state_dict"], windows)
        assert naturalness.score(audio) == pytest.approx(expected, abs=1e-4)
        assert list(naturalness.dimensions(audio)) == ["mos"]


def test_the_two_files_do_not_say_the_same(quality, naturalness, speech):
    assert quality.score(speech) == pytest.approx(4.1007, abs=1e-3)
    assert naturalness.score(speech) == pytest.approx(4.3968, abs=1e-3)


def test_windows():
    arguments = {"ms_seg_length": 15, "ms_seg_hop_length": 4}
    mel = np.arange(40 * 48, dtype=np.float32).reshape(40, 48)
    windows = cut(mel, arguments)
    assert windows.shape == (7, 1, 48, 15)
    assert np.array_equal(windows[2, 0], mel[8:23].T)


@pytest.mark.filterwarnings("ignore:Empty filters")
@pytest.mark.parametrize(("rate", "size", "count", "top"), [(16000, 4096, 48, 20000), (48000, 4096, 48, 8000)])
def test_filters_equal_librosa(rate, size, count, top):
    librosa = pytest.importorskip("librosa")
    expected = librosa.filters.mel(sr=rate, n_fft=size, n_mels=count, fmax=top)
    assert np.abs(mel_filters(rate, size, count, float(top)).T - expected).max() < 1e-8


def test_level_and_rate_are_heard_as_they_are(quality, speech):
    clip = first(speech, 3.0)
    assert quality.score(Audio(clip.samples * np.float32(0.1), clip.rate)) < quality.score(clip) - 0.3
    assert abs(quality.score(Audio(clip.samples, 8000)) - quality.score(clip)) > 0.1


@pytest.mark.parametrize("seconds", [0.0, 1 / 16000, 0.1, 0.2, 0.3, 0.99])
def test_too_short(quality, speech, seconds):
    with pytest.raises(EstimateFault, match="NISQA needs 1 s"):
        quality.score(first(speech, seconds))
    quality.score(first(speech, 1.0))


def test_a_rate_that_no_window_fits(quality):
    noise = np.random.Generator(np.random.Philox(0)).standard_normal(400_000).astype(np.float32)
    with pytest.raises(EstimateFault, match="rates up to"):
        quality.score(Audio(noise, 300_000))


def test_longer_than_the_authors_fill_up(quality, speech):
    """1300 windows are 52 s; what lies beyond is judged too, and bounded memory is enough."""
    minute = Audio(np.tile(speech.samples, 1 + 60 * speech.rate // len(speech.samples)), speech.rate)
    assert quality.score(minute) == pytest.approx(quality.score(speech), abs=0.5)


def test_other_files(tmp_path):
    file = tmp_path / "nisqa.tar"
    for content in ({"args": {}, "model_state_dict": {}}, {"weights": 1}, [1, 2]):
        torch.save(content, file)
        with pytest.raises(BadFile, match=r"nisqa\.tar is not an official NISQA file"):
            load_nisqa({"nisqa": file}, "cpu")
    for content in (b"", b"no weights", b"PK\x03\x04 no weights"):
        file.write_bytes(content)
        with pytest.raises(BadFile, match="not a file of PyTorch weights"):
            load_nisqa({"nisqa": file}, "cpu")


class Intruder:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return Path.touch, (self.mark,)


def test_a_file_cannot_run_code(tmp_path):
    file, mark = tmp_path / "nisqa.tar", tmp_path / "mark"
    torch.save({"args": Intruder(mark), "model_state_dict": {}}, file)
    with pytest.raises(BadFile):
        load_nisqa({"nisqa": file}, "cpu")
    assert not mark.exists()
