"""Phonemes to mouth shapes: closures, openness, diphthongs, noise and lag."""

import numpy as np
import pytest

from avbench.data.synth.articulation import MURMUR, PARAMETERS, VISEMES, lag_of, track, viseme_of
from avbench.data.synth.spec import CorpusSpec
from avbench.data.synth.voice import Phoneme

PLAIN = CorpusSpec(articulation_noise=0.0, lag_jitter=0)
OPEN, WIDTH, ROUND, TONGUE, JAW, CURL = range(6)


def say(text, step=0.12, start=0.3):
    """Phonemes of equal length; a vowel after ' is stressed."""
    symbols = text.split()
    phonemes = [Phoneme(s.lstrip("'"), start + k * step, s.startswith("'")) for k, s in enumerate(symbols)]
    end = start + len(symbols) * step
    return phonemes, end, int((end + 0.3) * 25)


def at(time):
    return int(time * 25)


def test_there_are_23_visemes_of_six_parameters():
    assert len(VISEMES) == 23
    assert len(PARAMETERS) == 6


def test_bilabials_close_and_open_vowels_open():
    phonemes, end, frames = say("b 'A: p 'A: m 'A:", step=0.15)
    curve = track(phonemes, end, frames, spec=PLAIN, clip="s000-000")[:, OPEN]
    times = (np.arange(frames) + 0.5) / 25
    for k in (0, 2):
        shut = (times > phonemes[k].start - 0.045) & (times <= phonemes[k].start)
        assert shut.any()
        assert curve[shut].max() <= 0
    nasal = (times > phonemes[4].start) & (times < phonemes[5].start - MURMUR - 0.02)
    assert curve[nasal].max() <= 0
    for k in (1, 3, 5):
        assert curve[at(phonemes[k].start) : at(phonemes[k].start + 0.10)].max() > 0.6


@pytest.mark.parametrize("seed", range(20))
def test_fast_bilabials_close_whatever_noise_and_lag(seed):
    spec = CorpusSpec(articulation_noise=0.15)
    phonemes, end, frames = say("'A: b 'A: p 'A: b 'A:", step=0.07, start=0.3 + 0.002 * seed)
    curve = track(phonemes, end, frames, spec=spec, clip=f"s000-{seed:03d}", gain=1.4)[:, OPEN]
    times = (np.arange(frames) - lag_of(spec, f"s000-{seed:03d}") + 0.5) / 25
    for k in (1, 3, 5):
        shut = (times >= phonemes[k].start - 0.045) & (times <= phonemes[k].start)
        assert shut.any()
        assert curve[shut].max() <= 0


def test_silence_is_a_closed_mouth():
    phonemes, end, frames = say("_ _ _")
    out = track(phonemes, end, frames, spec=PLAIN, clip="s000-000")
    assert np.abs(out[:, [OPEN, WIDTH, ROUND, CURL]]).max() < 0.01
    assert np.abs(track([], 1.0, 25, spec=PLAIN, clip="x")[:, OPEN]).max() < 0.01


def test_shapes_are_told_apart():
    middle = {}
    for symbol in ("u:", "i:", "A:", "f", "T", "k"):
        phonemes, end, frames = say(symbol, step=0.24)
        middle[symbol] = track(phonemes, end, frames, spec=PLAIN, clip="s000-000")[at(0.38)]
    assert middle["u:"][ROUND] > 0.8 > 0.1 > middle["i:"][ROUND]
    assert middle["i:"][WIDTH] > 0.35
    assert middle["A:"][JAW] > 0.8
    assert middle["f"][CURL] > 0.8
    assert middle["T"][TONGUE] > 0.9
    assert middle["k"][TONGUE] < 0.15


def test_a_diphthong_has_two_targets():
    phonemes, end, frames = say("aI", step=0.32)
    out = track(phonemes, end, frames, spec=PLAIN, clip="s000-000")
    early, late = out[at(0.3 + 0.08)], out[at(0.3 + 0.26)]
    assert early[JAW] > 0.75 > late[JAW]
    assert late[WIDTH] > early[WIDTH] + 0.25


def test_stress_and_gain_open_wider():
    weak, strong = (track(*say(text, step=0.2), spec=PLAIN, clip="x")[at(0.39), OPEN] for text in ("a", "'a"))
    assert strong == pytest.approx(1.15 * weak, rel=0.03)
    wide = track(*say("a", step=0.2), spec=PLAIN, clip="x", gain=1.3)[at(0.39), OPEN]
    assert wide == pytest.approx(1.3 * weak, rel=0.03)


def test_without_noise_and_lag_only_the_phonemes_count():
    spoken = say("h @ l 'oU w '3: l d")
    first, second = (track(*spoken, spec=PLAIN, clip=clip) for clip in ("s000-000", "s399-009"))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)


def test_the_lag_shifts_by_whole_frames():
    spec = CorpusSpec(articulation_noise=0.0, lag_jitter=1)
    spoken = say("h @ l 'oU w '3: l d")
    still = track(*spoken, spec=PLAIN, clip="x")
    lags = [lag_of(spec, f"s{i:03d}-000") for i in range(300)]
    assert {lags.count(k) > 70 for k in (-1, 0, 1)} == {True}
    for lag in (-1, 0, 1):
        clip = f"s{lags.index(lag):03d}-000"
        moved = track(*spoken, spec=spec, clip=clip)
        np.testing.assert_array_equal(moved[2:-2], still[2 - lag : len(still) - 2 - lag])


def test_the_noise_has_the_size_of_its_dial_and_is_slow():
    spec = CorpusSpec(articulation_noise=0.05, lag_jitter=0)
    phonemes, end = [Phoneme("E", 0.0, False)], 40.0
    noise = track(phonemes, end, 1000, spec=spec, clip="x") - track(phonemes, end, 1000, spec=PLAIN, clip="x")
    for k in (OPEN, WIDTH, TONGUE, JAW):
        assert noise[50:-50, k].std() == pytest.approx(0.05, rel=0.2)
        assert np.corrcoef(noise[50:-51, k], noise[51:-50, k])[0, 1] > 0.7
    again = track(phonemes, end, 1000, spec=spec, clip="y") - track(phonemes, end, 1000, spec=PLAIN, clip="y")
    assert abs(np.corrcoef(noise[50:-50, OPEN], again[50:-50, OPEN])[0, 1]) < 0.2


@pytest.mark.parametrize(
    ("symbol", "viseme"),
    [("p", "pbm"), ("'a", "ae"), ("tS", "sh"), ("@L", "l"), ("n-", "td"), ("t#", "td"), ("_:", "sil"), ("I2", "ih")],
)
def test_mnemonics(symbol, viseme):
    assert viseme_of(symbol) == (viseme,)


def test_an_unknown_phoneme_is_no_schwa():
    with pytest.raises(ValueError, match="no viseme"):
        viseme_of("q")
    with pytest.raises(ValueError, match="no viseme"):
        track([Phoneme("B^", 0.1, False)], 0.3, 10, spec=PLAIN, clip="x")
