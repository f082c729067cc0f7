import numpy as np
import pytest
from fakes import speech

from avbench.errors import UsageError
from avbench.evaluation.diagnosis import Alignment, align, diagnose, find_delay, warnings_of
from avbench.types import Audio

RATE = 16000


def audio(samples, rate=RATE):
    return Audio(np.asarray(samples, np.float32), rate)


def late(clean, delay):
    """The same sound, later by so many samples, as long as before; what is missing is silence."""
    moved = np.zeros_like(clean.samples)
    count = len(moved) - abs(delay)
    moved[max(0, delay) :][:count] = clean.samples[max(0, -delay) :][:count]
    return audio(moved, clean.rate)


@pytest.mark.parametrize("delay", [0, 1, -1, 80, -80, 3000, -3000])
@pytest.mark.parametrize(("gain", "noise"), [(1.0, 0.0), (0.25, 0.0), (-1.0, 0.05), (1.0, 0.2)])
def test_delay_gain_and_polarity_are_found(delay, gain, noise):
    clean = speech("a", 1.0)
    hiss = noise * np.random.default_rng(1).standard_normal(len(clean.samples))
    found = diagnose(audio(gain * late(clean, delay).samples + hiss), clean)
    assert found.delay == delay and found.delay_ms == pytest.approx(delay / 16)
    assert found.polarity == np.sign(gain)
    assert found.gain_db == pytest.approx(20 * np.log10(abs(gain)), abs=0.01 if not noise else 1.0)


def test_the_quick_way_agrees_with_the_full_search():
    # So smooth a sound has neighbours that resemble it: a delay of one sample leaves a correlation above 0.99.
    t = np.arange(RATE)
    smooth = audio(np.convolve(speech("s", 1.0).samples, np.hanning(200), mode="same") * (1 + np.sin(t / 900)))
    for delay in (0, 1, 2, 5):
        assert find_delay(late(smooth, delay), smooth) == delay


def test_a_tone_is_not_said_to_be_a_period_late():
    tone = audio(0.3 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE))
    assert find_delay(tone, tone) == 0


def test_strangers_and_silence_have_no_delay():
    a, b = speech("a", 1.0), speech("b", 1.0)
    found = diagnose(a, b)
    assert found.delay is None and found.gain_db is None and found.polarity is None and abs(found.correlation) < 0.2
    for other in (np.zeros(RATE), np.full(RATE, 0.5), np.zeros(0), np.full(RATE, np.nan)):
        found = diagnose(audio(other), a)
        assert found.delay is None and found.gain_db is None


def test_length_rate_dc_and_clipping():
    clean = speech("a", 1.0)
    found = diagnose(audio(clean.samples[:-30] + 0.1), clean)
    assert found.length_difference == -30 and found.delay == 0
    assert found.dc[0] == pytest.approx(0.1, abs=0.01) and abs(found.dc[1]) < 0.01
    other = diagnose(audio(clean.samples, 8000), clean)
    assert other.rate == (8000, 16000) and other.delay is None and other.length_difference is None
    spoilt = clean.samples.copy()
    spoilt[100:105], spoilt[200:203], spoilt[300], spoilt[400:402] = 1.0, -1.2, 1.0, (1.0, -1.0)
    assert diagnose(audio(spoilt), clean).clipped == (8, 0)  # a lone peak is a peak


@pytest.mark.parametrize(
    ("text", "how"), [("none", Alignment()), ("delay", Alignment("delay")), ("trim:160", Alignment("trim", 160))]
)
def test_alignment_is_read(text, how):
    assert Alignment.of(text) == how


@pytest.mark.parametrize("text", ["", "trim", "trim:", "trim:-1", "trim:1.5", "delay:3", "yes", "trim:²"])
def test_another_alignment_is_refused(text):
    with pytest.raises(UsageError, match="--align is none, delay or trim:N"):
        Alignment.of(text)


def test_trim_cuts_the_end_of_the_longer_one_and_no_more_than_it_may():
    clean = speech("a", 0.5)
    long = audio(np.concatenate([clean.samples, np.zeros(10, np.float32)]))
    mine, other, done = align(long, clean, Alignment("trim", 10))
    assert np.array_equal(mine.samples, clean.samples) and other is not None
    assert done == {"delay": 0, "estimate": 10, "reference": 0}
    mine, other, done = align(clean, long, Alignment("trim", 10))
    assert done == {"delay": 0, "estimate": 0, "reference": 10} and len(other.samples) == len(mine.samples)
    assert align(long, clean, Alignment("trim", 9)) == (long, clean, {})
    assert align(clean, clean, Alignment("trim", 9)) == (clean, clean, {})


@pytest.mark.parametrize("delay", [80, -80])
def test_a_delay_is_taken_out(delay):
    clean = speech("a", 0.5)
    mine, other, done = align(late(clean, delay), clean, Alignment("delay"))
    assert np.array_equal(mine.samples, other.samples) and len(mine.samples) == len(clean.samples) - 80
    assert done == {"delay": delay, "estimate": 80, "reference": 80}


def test_a_delay_excuses_no_more_of_the_length_than_itself():
    clean = speech("a", 0.5)
    longer = audio(np.concatenate([np.zeros(80, np.float32), clean.samples]))
    mine, other, done = align(longer, clean, Alignment("delay"))
    assert np.array_equal(mine.samples, clean.samples) and done == {"delay": 80, "estimate": 80, "reference": 0}
    shorter = audio(late(clean, 80).samples[:-500])
    mine, other, _ = align(shorter, clean, Alignment("delay"))
    assert len(mine.samples) != len(other.samples)


def test_nothing_is_changed_unless_asked_for_or_where_it_cannot_be_told():
    clean, other = speech("a", 0.5), speech("b", 0.5)
    moved = late(clean, 80)
    assert align(moved, clean, Alignment()) == (moved, clean, {})
    assert align(other, clean, Alignment("delay")) == (other, clean, {})
    slow = audio(clean.samples, 8000)
    assert align(slow, clean, Alignment("trim", 10**6)) == (slow, clean, {})


def test_pairs_that_are_odd_in_one_way_are_told_together():
    clean = speech("a", 0.5)
    found = {f"p{i}": diagnose(late(clean, 80), clean) for i in range(12)} | {"good": diagnose(clean, clean)}
    (warning,) = warnings_of(found, Alignment())
    assert warning["what"] == "delay" and warning["pairs"] == [f"p{i}" for i in range(12)]
    assert warning["text"] == "12 pairs delayed by 80 samples (5.00 ms); --align delay takes that out."
    assert warnings_of({"good": found["good"]}, Alignment()) == []
    both = {"a": diagnose(late(clean, 80), clean), "b": diagnose(late(clean, -20), clean)}
    assert "-20 to 80 samples" in warnings_of(both, Alignment())[0]["text"]
    odd = {
        "rate": diagnose(audio(clean.samples, 8000), clean),
        "length": diagnose(audio(clean.samples[:-5]), clean),
        "polarity": diagnose(audio(-clean.samples), clean),
        "gain": diagnose(audio(0.5 * clean.samples), clean),
        "dc": diagnose(audio(clean.samples + 0.02), clean),
        "clipping": diagnose(audio(np.clip(20 * clean.samples, -1, 1)), clean),
    }
    told = {warning["what"]: warning for warning in warnings_of(odd, Alignment())}
    assert set(told) == set(odd) and all(name in told[name]["pairs"] for name in odd)
    assert "-6.0" in told["gain"]["text"] and "5 samples shorter" in told["length"]["text"]
