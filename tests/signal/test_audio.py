"""Reading, writing and measuring sound."""

import numpy as np
import pytest
import soundfile

from avbench.errors import BadFile, MissingResource, UsageError
from avbench.signal.audio import (
    RATE,
    SILENCE_DB,
    active_level,
    active_mask,
    from_int16,
    power_db,
    read_audio,
    read_channels,
    resample,
    rms,
    to_int16,
    write_wav,
)
from avbench.types import Audio


def tone(hertz=440.0, seconds=0.5, rate=RATE, level=0.5):
    return Audio((level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32), rate)


def test_a_float_wav_comes_back_bit_for_bit_and_has_the_same_bytes_when_written_again(tmp_path):
    write_wav(tmp_path / "a.wav", tone())
    write_wav(tmp_path / "b.wav", tone())
    back = read_audio(tmp_path / "a.wav")
    assert back.rate == RATE and np.array_equal(back.samples, tone().samples)
    written = (tmp_path / "a.wav").read_bytes()
    assert written == (tmp_path / "b.wav").read_bytes()
    at = written.index(b"PEAK")
    assert written[at + 12 : at + 16] == bytes(4)  # libsndfile puts the time of writing here


def test_a_16_bit_wav_holds_what_to_int16_gives(tmp_path):
    loud = Audio(np.array([0.0, 0.25, -1.0, 1.5, -2.0], np.float32), RATE)
    write_wav(tmp_path / "a.wav", loud, "PCM_16")
    samples, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert samples.tolist() == to_int16(loud.samples).tolist() == [0, 8192, -32768, 32767, -32768]
    assert np.array_equal(from_int16(to_int16(tone().samples)) * 32768, to_int16(tone().samples))
    with pytest.raises(UsageError, match="FLOAT or PCM_16"):
        write_wav(tmp_path / "a.wav", loud, "PCM_24")


def test_nan_is_read_as_it_is_for_judges_to_find(tmp_path):
    write_wav(tmp_path / "a.wav", Audio(np.array([0.1, np.nan], np.float32), RATE))
    assert np.isnan(read_audio(tmp_path / "a.wav").samples[1])


def test_channels_come_apart_and_are_averaged(tmp_path):
    soundfile.write(tmp_path / "two.wav", np.array([[0.5, 0.25], [0.0, -0.5]]), 8000, subtype="FLOAT")
    left, right = read_channels(tmp_path / "two.wav")
    assert left.samples.tolist() == [0.5, 0.0] and right.samples.tolist() == [0.25, -0.5]
    mean = read_audio(tmp_path / "two.wav")
    assert mean.samples.tolist() == [0.375, -0.25] and mean.rate == 8000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "is empty"), (b"no sound at all" * 20, "cannot be read"), (b"version https://git-lfs.x", "git-lfs pointer")],
)
@pytest.mark.parametrize("name", ["bad.wav", "bad.mp4"])
def test_a_broken_file_is_one_sentence(tmp_path, content, sentence, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile, match=sentence) as caught:
        read_audio(tmp_path / name)
    assert "\n" not in str(caught.value) and name in str(caught.value)


def test_what_is_not_a_file_is_one_sentence(tmp_path):
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), RATE)
    for name, kind in (("none.wav", MissingResource), ("loop.wav", MissingResource), ("nothing.wav", BadFile)):
        with pytest.raises(kind, match=name):
            read_audio(tmp_path / name)
    with pytest.raises(BadFile, match="is a folder"):
        read_audio(tmp_path)


def test_resampling_keeps_a_tone_and_its_length():
    there = resample(tone(rate=44100), RATE)
    assert there.rate == RATE and len(there.samples) == 8000 and there.samples.dtype == np.float32
    middle = slice(800, -800)
    assert np.abs(there.samples[middle] - tone().samples[middle]).max() < 1e-4
    assert resample(tone(), RATE).samples is not None and resample(tone(), RATE).rate == RATE


def test_levels():
    assert rms(np.ones(10)) == 1.0 and power_db(np.ones(10)) == 0.0
    assert power_db(np.zeros(10)) == power_db(np.zeros(0)) == SILENCE_DB
    assert power_db(tone(level=1.0).samples) == pytest.approx(-3.01, abs=0.01)
    # As much silence as speech halves the power, but not the level of the speech.
    padded = Audio(np.concatenate([tone(seconds=0.6).samples, np.zeros(9600, np.float32)]), RATE)
    assert power_db(padded.samples) == pytest.approx(power_db(tone().samples) - 3.01, abs=0.02)
    assert active_level(padded) == pytest.approx(power_db(tone().samples), abs=0.02)
    assert active_mask(padded).sum() == 9600
    silence = Audio(np.zeros(100, np.float32), RATE)
    assert active_level(silence) == SILENCE_DB and not active_mask(silence).any()


def test_real_formats(shared_data):
    flac = read_audio(next((shared_data / "speech" / "librispeech_test-other").rglob("*.flac")))
    assert flac.rate == RATE and flac.seconds > 1
    (grid,) = (shared_data / "av" / "grid_s1").glob("bbaf2n.mpg")
    left, right = read_channels(grid)
    assert left.rate == right.rate == 44100 and left.seconds == pytest.approx(2.978, abs=0.001)
    assert power_db(read_audio(grid).samples) == pytest.approx(-21.8, abs=0.1)
    with pytest.raises(BadFile, match="no audio stream"):
        read_audio(shared_data / "av" / "silent" / "iplap_129.mp4")
