"""`apply --stream`: hop by hop, with the answer under its input."""

import numpy as np
import pytest
import soundfile
from waves import wave

LIVE = ("apply", "--stream", "--system", "own_systems:HalfLive")


@pytest.mark.parametrize(
    ("rate", "channels", "samples", "subtype"),
    [(16000, 1, 12345, "FLOAT"), (44100, 2, 60001, "PCM_16"), (8000, 1, 3333, "PCM_16"), (16000, 1, 5, "FLOAT")],
)
def test_the_answer_lies_under_its_input(avbench, home, rate, channels, samples, subtype):
    # Below the edges of all bands, so that nothing is lost on the way to 16 kHz and back.
    time = np.arange(samples)[:, None] / rate
    given = sum(0.05 * np.sin(2 * np.pi * f * time + np.arange(channels)) for f in (310, 770, 1930, 2900)).astype("f4")
    soundfile.write(home / "in.wav", given, rate, subtype=subtype)
    code, out, err = avbench(*LIVE, "in.wav", "--out", "there")
    assert code == 0, err
    info = soundfile.info(home / "there" / "in.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (rate, channels, samples, "FLOAT")
    found, _ = soundfile.read(home / "there" / "in.wav", dtype="float32", always_2d=True)
    heard, _ = soundfile.read(home / "in.wav", dtype="float32", always_2d=True)
    inner = slice(0, None) if rate == 16000 else slice(400, -400)  # a resampler rings where a sine begins and ends
    assert np.abs(found - heard / 2)[inner].max() < (1e-7 if rate == 16000 else 1e-4)
    assert "hops of 10 ms took" in out and "algorithmic latency 20 ms" in out


def test_a_system_that_cannot_be_streamed_says_so(avbench, home):
    soundfile.write(home / "in.wav", wave("in"), 16000)
    code, _, err = avbench("apply", "--stream", "--system", "own_systems:Half", "in.wav", "--out", "there")
    assert code == 2 and "own_systems:Half cannot be streamed" in err and not (home / "there").exists()
    code, _, err = avbench(
        "apply", "--stream", "--system", "gcrn", "--weights", "none.safetensors", "in.wav", "--out", "there"
    )
    assert code == 2 and "none.safetensors" in err


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: soundfile.write(path, np.full(16000, np.nan, np.float32), 16000, subtype="FLOAT"), "NaN"),
        (lambda path: soundfile.write(path, np.zeros(0, np.float32), 16000), "holds no samples"),
        (lambda path: path.write_text("this is not sound"), "cannot be read as sound"),
        (lambda path: None, "There is no file"),
    ],
)
def test_a_bad_file_is_one_sentence_and_leaves_nothing(avbench, home, make, words):
    make(home / "bad.wav")
    code, _, err = avbench(*LIVE, "bad.wav", "--out", "there")
    assert code == 2 and words in err and err.count("\n") == 1
    assert not list((home / "there").glob("*")) if (home / "there").exists() else True


def test_a_stream_that_loses_samples_is_told(avbench, home):
    soundfile.write(home / "in.wav", wave("in"), 16000)
    code, _, err = avbench("apply", "--stream", "--system", "own_systems:HalfLost", "in.wav", "--out", "there")
    assert code == 2 and "a hop was answered with [100] samples" in err


def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path):
    """Pieces go in and pieces come out; what is kept per hop is one time."""
    import tracemalloc

    from own_systems import HalfLive

    from avbench.evaluation.streamed import stream_file

    peaks = []
    for seconds in (20, 200):
        soundfile.write(tmp_path / "in.wav", np.tile(wave("in", 1.0), seconds), 16000, subtype="PCM_16")
        tracemalloc.start()
        stream_file(HalfLive().stream, tmp_path / "in.wav", tmp_path / "out.wav")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1_000_000


def test_a_file_that_breaks_off_is_told_and_not_filled_with_silence(avbench, home):
    soundfile.write(home / "whole.mp3", wave("in", 4.0), 16000)
    content = (home / "whole.mp3").read_bytes()
    (home / "cut.mp3").write_bytes(content[: len(content) // 2])
    code, _, err = avbench(*LIVE, "cut.mp3", "--out", "there")
    assert code == 2 and "breaks off" in err and "of the 64000 samples" in err
    assert not (home / "there" / "cut.wav").exists()


def test_an_answer_that_no_wav_can_hold_is_refused_before_the_first_hop(avbench, home, monkeypatch):
    monkeypatch.setattr("avbench.evaluation.streamed.WAV_BYTES", 1000)
    soundfile.write(home / "in.wav", wave("in"), 16000)
    code, _, err = avbench(*LIVE, "in.wav", "--out", "there")
    assert code == 2 and "longer than the 4 GiB" in err and not (home / "there").exists()


def test_what_answers_with_text_writes_text_and_is_not_streamed(avbench, home):
    for name in ("one", "two"):
        soundfile.write(home / f"{name}.wav", wave("in"), 16000)
    code, _, err = avbench("apply", "--system", "own_systems:Speaker", "one.wav", "two.wav", "--out", "there")
    assert code == 0, err
    texts = [(home / "there" / f"{name}.txt").read_text() for name in ("one", "two")]
    assert all(texts) and sorted(p.name for p in (home / "there").iterdir()) == ["one.txt", "two.txt"]
    code, _, err = avbench("apply", "--stream", "--system", "own_systems:Speaker", "one.wav", "--out", "x")
    assert code == 2 and "cannot be streamed" in err
