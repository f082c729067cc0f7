"""Reverberation, band limits and clipping."""

import numpy as np
import pytest

from avbench.data.noises.rooms import RoomFolder
from avbench.errors import BadFile, UnknownName
from avbench.seeds import Draw
from avbench.signal.channel import BANDS, clip_peaks, limit_band
from avbench.signal.reverb import ROOMS, decay_time, direct_to_reverberant, response, reverberate

RATE = 16000


@pytest.mark.parametrize("name", ROOMS)
def test_a_synthetic_room_has_the_decay_and_the_ratio_it_declares(name):
    room = ROOMS[name]
    found = [response(room, Draw("row", n)) for n in range(8)]
    below = [decay_time(limit_band(h, 0.0, 1500.0)) for h in found]
    assert np.mean(below) == pytest.approx(room.t60, rel=0.08)
    assert np.mean([decay_time(h) for h in found]) < 0.9 * room.t60  # the treble goes first
    for h in found:
        assert direct_to_reverberant(h) == pytest.approx(room.direct_db, abs=0.05)
        assert h[0] == 1.0 and np.abs(h[1:]).max() < 0.6 and not h[1:64].any()
    assert np.array_equal(found[0], response(room, Draw("row", 0))) and not np.array_equal(found[0], found[1])


def test_reverberant_speech_is_in_time_and_holds_the_dry_speech():
    speech = 0.1 * Draw("s").normals(32000)
    assert np.allclose(reverberate(speech, np.array([0, 0, 0, -0.5])), speech)  # a bare delay, upside down
    late = np.zeros(3000)
    late[700], late[2700] = 0.02, 0.008
    expected = speech.copy()
    expected[2000:] += 0.4 * speech[:-2000]
    assert np.allclose(reverberate(speech, late), expected)


def test_real_rooms_keep_speech_in_time(shared_data):
    rooms = RoomFolder(shared_data / "noise" / "rirs")
    assert rooms.ids == ("rir1", "rir2", "rir3", "rir4")
    speech = 0.1 * Draw("s").normals(32000)
    for name in rooms.ids:
        heard = reverberate(speech, rooms.load(name))
        lags = [np.dot(heard[100:-100], speech[100 + lag : len(speech) - 100 + lag]) for lag in range(-60, 61)]
        assert int(np.argmax(np.abs(lags))) == 60 and lags[60] > 0
        assert -5 < direct_to_reverberant(rooms.load(name)) < 20
    with pytest.raises(UnknownName, match="rir2"):
        rooms.load("rir")
    with pytest.raises(BadFile, match="no recording of at most 10 s"):
        RoomFolder(shared_data / "noise" / "speech_commands")


@pytest.mark.parametrize("name", BANDS)
def test_a_band_lets_through_what_is_in_it_and_keeps_time(name):
    low, high = BANDS[name]
    n = np.arange(16000)
    for hz in (60, 150, 250, 350, 1000, 1800, 2300, 3200, 3700, 4300, 6000):
        if min(abs(hz - low), abs(hz - high)) < 45 and hz < 400:
            continue
        tone = np.sin(2 * np.pi * hz * n / RATE)
        found = limit_band(tone, low, high)
        assert len(found) == len(tone)
        inside, middle = low + 100 < hz < high - 150 or low == 0 < hz < high - 150, slice(2000, 14000)
        if inside:
            assert np.allclose(found[middle], tone[middle], atol=0.02)  # same phase: no delay is left
        elif hz > high + 200 or hz < low - 200:
            assert np.abs(found[middle]).max() < 10 ** (-55 / 20)


def test_clipping_is_relative_to_the_peak():
    x = 0.3 * np.sin(np.arange(16000) / 20)
    assert np.abs(clip_peaks(x, 6.0)).max() == pytest.approx(0.3 * 10 ** (-6 / 20), rel=1e-4)
    quiet = np.abs(x) < 0.1
    assert np.array_equal(clip_peaks(x, 6.0)[quiet], x[quiet])
    assert len(clip_peaks(np.zeros(0), 6.0)) == 0
