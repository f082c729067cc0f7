"""What enhancement is given when things go wrong: a stream that stalls or has a gap, pictures that end or are lost."""

from dataclasses import replace

import numpy as np
import pytest

from avbench.registry import open_system
from avbench.types import Audio, Inputs, Video

HOP, LATE = 160, 160


def noise(samples, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def hops(wave):
    return wave.reshape(-1, HOP)


@pytest.fixture(scope="module")
def listener():
    system = open_system("mutud/small", untrained=True)
    system.load("cpu")
    return system


@pytest.fixture(scope="module")
def watcher():
    system = open_system("av-gcrn")
    system.load("cpu")
    return system


@pytest.fixture
def seen():
    """A second of speech with its pictures."""
    maker = np.random.RandomState(0)
    mouth = Video(maker.randint(0, 256, (25, 88, 88, 1)).astype(np.uint8), 25.0)
    return Inputs("a", Audio(noise(16000), 16000), mouth, 0)


def test_a_stream_that_stalls_goes_on_where_it_was(listener):
    """Nothing in a stream hangs on the time between two hops, nor on what else the system answers meanwhile."""
    wave = noise(3200)
    at_once, stalled, other = listener.stream(), listener.stream(), listener.stream()
    wanted = np.concatenate([at_once.push(hop) for hop in hops(wave)])
    found = [stalled.push(hop) for hop in hops(wave)[:9]]
    other.push(noise(HOP, seed=1))
    listener.predict([Inputs("b", Audio(noise(1600, seed=2), 16000), None, 0)])
    found += [stalled.push(hop) for hop in hops(wave)[9:]]
    assert np.array_equal(np.concatenate(found), wanted) and np.abs(wanted).max() > 1e-4


def test_a_gap_is_silence_as_long_as_what_is_lost_and_the_answer_stays_in_step(listener):
    wave = noise(8000)
    gappy = wave.copy()
    gappy[3200:4800] = 0  # a tenth of a second never came
    stream = listener.stream()
    answer = np.concatenate([stream.push(hop) for hop in hops(np.concatenate([gappy, np.zeros(HOP, np.float32)]))])
    (whole,) = listener.predict([Inputs("a", Audio(gappy, 16000), None, 0)])
    np.testing.assert_allclose(answer[LATE:], whole.audio.samples, atol=1e-4 * np.abs(whole.audio.samples).max())
    (unbroken,) = listener.predict([Inputs("a", Audio(wave, 16000), None, 0)])
    before = slice(0, 3200 - HOP)  # the last window before the gap reaches into it
    np.testing.assert_allclose(answer[LATE:][before], unbroken.audio.samples[before], atol=1e-6)
    late = slice(4800 + 1600, None)
    assert np.abs(answer[LATE:][late]).max() > 0.1 * np.abs(unbroken.audio.samples[late]).max()  # it recovers


def test_pictures_that_end_early_leave_their_mark_and_those_that_outlast_the_sound_are_not_looked_at(watcher, seen):
    frames = seen.video.frames
    more = np.concatenate([frames, frames[::-1]])
    exact, short, long = (
        watcher.predict([replace(seen, video=Video(one, 25.0))])[0].audio.samples for one in (frames, frames[:15], more)
    )
    assert len(short) == len(long) == 16000 and np.isfinite(short).all()
    peak = np.abs(exact).max()
    ended = 15 * 640 - 320
    np.testing.assert_allclose(short[:ended], exact[:ended], atol=1e-5 * peak)
    assert np.abs(short - exact)[ended:].max() > 1e-3 * peak
    # The last window reaches over the end of the sound, where a longer film still has a picture.
    np.testing.assert_allclose(long[:-320], exact[:-320], atol=1e-5 * peak)


def test_neighbours_do_not_change_what_is_made_of_pictures_that_end_early(watcher, seen):
    """Seen with trained weights alone: those of the beginning hardly look."""
    short = replace(seen, audio=Audio(seen.audio.samples[:14400], 16000), video=Video(seen.video.frames[:15], 25.0))
    (alone,), (beside, _) = watcher.predict([short]), watcher.predict([short, seen])
    np.testing.assert_allclose(beside.audio.samples, alone.audio.samples, atol=1e-5 * np.abs(alone.audio.samples).max())


def test_a_stretch_without_a_face_is_answered_and_does_not_reach_back(watcher, seen):
    """Black pictures are pictures: the answer is finite, and what was heard before them is as if they were not."""
    black = seen.video.frames.copy()
    black[10:20] = 0
    whole, lost = (
        watcher.predict([replace(seen, video=Video(f, 25.0))])[0].audio.samples for f in (seen.video.frames, black)
    )
    assert np.isfinite(lost).all() and len(lost) == 16000
    first = 10 * 640 - 320  # spectral windows of the first black picture begin so much earlier
    peak = np.abs(whole).max()
    np.testing.assert_allclose(lost[:first], whole[:first], atol=1e-5 * peak)
    assert np.abs(lost[first:] - whole[first:]).max() > 1e-5 * peak
