import numpy as np
import pytest
import soundfile
from waves import wave

HALF = ("apply", "--system", "own_systems:Half")


@pytest.mark.parametrize(
    ("rate", "channels", "seconds", "subtype"),
    [(16000, 1, 0.8, "PCM_16"), (44100, 2, 0.77, "PCM_16"), (8000, 1, 0.313, "FLOAT"), (48000, 3, 0.5, "PCM_24")],
)
def test_same_rate_length_and_channels_as_the_input(avbench, home, rate, channels, seconds, subtype):
    samples = np.stack([wave(f"c{c}", seconds, rate) for c in range(channels)], axis=1)
    soundfile.write(home / "in.wav", samples, rate, subtype=subtype)
    code, out, err = avbench(*HALF, "in.wav", "--out", "there")
    assert code == 0, err
    info = soundfile.info(home / "there" / "in.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (rate, channels, len(samples), "FLOAT")
    assert (f"from {subtype} to 32-bit float" in out) == (subtype != "FLOAT")
    assert ("resampled from" in out) == (rate != 16000) and (f"{channels} channels" in out) == (channels > 1)
    if rate == 16000:
        given, _ = soundfile.read(home / "in.wav", dtype="float32")
        found, _ = soundfile.read(home / "there" / "in.wav", dtype="float32")
        assert np.abs(found - given / 2).max() < 1e-7


def bad_files(home):
    soundfile.write(home / "silent.wav", np.zeros(16000, np.float32), 16000)
    soundfile.write(home / "nan.wav", np.full(16000, np.nan, np.float32), 16000, subtype="FLOAT")
    soundfile.write(home / "none.wav", np.zeros(0, np.float32), 16000)
    (home / "empty.wav").write_bytes(b"")
    (home / "text.wav").write_text("this is not sound")
    (home / "folder.wav").mkdir()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("silent.wav", "is silent"),
        ("nan.wav", "NaN"),
        ("none.wav", "holds no samples"),
        ("empty.wav", "is empty"),
        ("text.wav", "cannot be read as sound"),
        ("folder.wav", "is a folder"),
        ("missing.wav", "There is no file missing.wav"),
    ],
)
def test_a_bad_file_is_one_sentence_and_the_others_are_answered(avbench, home, name, words):
    bad_files(home)
    soundfile.write(home / "good.wav", wave("good"), 16000)
    code, _, err = avbench(*HALF, name, "--out", "there")
    assert code == 2 and words in err and err.count("\n") == 1 and not (home / "there").exists()
    code, _, err = avbench(*HALF, name, "good.wav", "--out", "there")
    assert code == 2 and words in err and "the other 1 were answered" in err and (home / "there" / "good.wav").exists()


def test_what_would_lose_a_file_is_refused(avbench, home):
    (home / "a").mkdir()
    for path in ("x.wav", "a/x.wav"):
        soundfile.write(home / path, wave(path), 16000)
    before = (home / "x.wav").read_bytes()
    assert "would both become" in avbench(*HALF, "x.wav", "a/x.wav", "--out", "there")[2]
    assert "would be overwritten" in avbench(*HALF, "x.wav", "--out", ".")[2]
    assert (home / "x.wav").read_bytes() == before
    assert "must be a folder" in avbench(*HALF, "a/x.wav", "--out", "x.wav")[2]


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ("own_systems:Broken", "the system raised RuntimeError: out of ideas"),
        ("own_systems:Short", "another rate or length"),
        ("own_systems:Infinite", "NaN or infinite"),
        ("own_systems:Quitter", "the system raised SystemExit"),
        ("own_systems:Watcher", "needs video beside the sound"),
        ("gcrm", "Did you mean gcrn"),
    ],
)
def test_a_system_that_cannot(avbench, home, system, words):
    soundfile.write(home / "x.wav", wave("x"), 16000)
    code, _, err = avbench("apply", "--system", system, "x.wav", "--out", "there")
    assert code == 2 and words in err and err.count("\n") == 1 and not (home / "there").exists()


def test_a_silent_channel_beside_a_good_one_stays_silent(avbench, home):
    samples = np.stack([wave("left"), np.zeros(12800, np.float32)], axis=1)
    soundfile.write(home / "x.wav", samples, 16000)
    assert avbench(*HALF, "x.wav", "--out", "there")[0] == 0
    found, _ = soundfile.read(home / "there" / "x.wav")
    assert np.abs(found[:, 0]).max() > 0.01 and not found[:, 1].any()


def test_sound_of_a_video_file(avbench, shared_data, home):
    clip = sorted((shared_data / "av" / "grid_s1").glob("*.mpg"))[0]
    code, out, err = avbench(*HALF, clip, "--out", "there")
    assert code == 0, err
    info = soundfile.info(home / "there" / f"{clip.stem}.wav")
    assert info.samplerate == 44100 and info.channels == 2 and 2.5 < info.duration < 3.5
    assert "(sound of a video; resampled from 44100 to 16000 Hz and back; 2 channels" in out
    mute = next((shared_data / "av" / "silent").glob("*.mp4"))
    assert "has no audio stream" in avbench(*HALF, mute, "--out", "there")[2]


def test_the_same_answer_is_the_same_file(avbench, home):
    from avbench.signal.audio import read_channels, write_channels, write_wav

    soundfile.write(home / "x.wav", np.stack([wave("a"), wave("b")], axis=1), 16000)
    assert avbench(*HALF, "x.wav", "--out", "there")[0] == 0
    channels = read_channels(home / "there" / "x.wav")
    write_channels(home / "again.wav", channels)
    content = (home / "again.wav").read_bytes()
    assert content == (home / "there" / "x.wav").read_bytes()
    at = content.find(b"PEAK", 0, 256)
    assert at < 0 or content[at + 12 : at + 16] == bytes(4)  # no time of day in it
    write_wav(home / "mono.wav", channels[0])
    assert soundfile.info(home / "mono.wav").channels == 1
