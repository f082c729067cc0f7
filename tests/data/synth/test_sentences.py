"""One clip: a pure function of (spec, clip id), of the promised level, length and loudness."""

from dataclasses import replace

import numpy as np
import pytest

from avbench.data.synth import articulation
from avbench.data.synth.face import make_identity
from avbench.data.synth.makers import Order, make
from avbench.data.synth.sentences import say
from avbench.data.synth.session import _section, make_session
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec, clip_ids, speaker_of
from avbench.data.synth.voice import Voice
from avbench.signal.audio import RATE, active_level, from_int16
from avbench.signal.files import digest
from avbench.types import Audio

SPEC = CorpusSpec()
IDS = clip_ids("tiny", "test")[:12]


@pytest.fixture(scope="module")
def voice():
    with Voice() as engine:
        yield engine


@pytest.fixture(scope="module")
def said(voice):
    return [say(SPEC, i, voice) for i in IDS]


def test_a_clip_is_whole_frames_and_of_the_promised_length(said):
    for clip in said:
        assert clip.samples.dtype == np.int16 and len(clip.samples) == 640 * clip.frames
        assert 2.0 <= len(clip.samples) / RATE <= 6.5


def test_silence_stands_before_and_after(said):
    for clip in said:
        begin = round(make_session(SPEC, clip.id).before * RATE)
        assert 0.1 * RATE <= begin <= 0.4 * RATE and not clip.samples[: begin - 1].any()
        # Behind it the room fades: a tenth of a second after the last sound there is hardly anything left.
        tail = clip.samples[round((clip.end + 0.1) * RATE) :].astype(float)
        assert np.sqrt(np.mean(tail**2)) < 0.03 * np.sqrt(np.mean(clip.samples.astype(float) ** 2))


def test_levels_lie_where_the_spec_says(said):
    levels = [active_level(Audio(from_int16(c.samples), RATE)) for c in said]
    assert min(levels) > -32.2 and max(levels) < -19.8
    wanted = [make_session(SPEC, i).level_dbfs for i in IDS]
    assert np.allclose(levels, wanted, atol=0.1)
    drawn = [make_session(SPEC, i).level_dbfs for i in clip_ids("tiny", "test")]
    assert np.mean(drawn) == pytest.approx(-26, abs=0.5) and np.std(drawn) == pytest.approx(2.7, abs=0.4)


def test_times_lie_within_the_clip_and_in_order(said):
    for clip in said:
        starts = [p.start for p in clip.phonemes]
        assert starts == sorted(starts) and starts[0] >= 0.09 and clip.end <= len(clip.samples) / RATE - 0.09
        assert [w.text for w in clip.words] == "".join(c for c in clip.text if c not in ".,;:?!").split()
        assert all(a.start < a.end <= b.start + 1e-9 for a, b in zip(clip.words, clip.words[1:], strict=False))


def test_sessions_differ_as_much_as_the_spec_says():
    sessions = [make_session(SPEC, i) for i in clip_ids("tiny", "test")]
    for name, low, high in (("pitch", 0.96, 1.04), ("rate", 0.90, 1.10), ("before", 0.1, 0.4), ("after", 0.1, 0.4)):
        values = [getattr(s, name) for s in sessions]
        assert low <= min(values) < low + 0.01 * (high - low) + 0.01 and high - 0.01 < max(values) <= high
    still = CorpusSpec(pitch_jitter=0, rate_jitter=0, room=0, level_sd=0)
    session = make_session(still, IDS[0])
    assert (session.pitch, session.rate, session.low_db, session.mid_db, session.high_db) == (1, 1, 0, 0, 0)
    assert session.level_dbfs == -26


def test_loudness_follows_the_jaw(voice):
    def follows(spec, clip):
        identity = make_identity(spec, make_speaker(spec, speaker_of(clip.id)))
        track = articulation.track(
            clip.phonemes, clip.end, clip.frames, spec=replace(spec, lag_jitter=0), clip=clip.id, gain=identity.gain
        )
        energy = 10 * np.log10(np.square(clip.samples.astype(float)).reshape(-1, 640).mean(axis=1) + 1)
        loud = energy > energy.max() - 40
        return np.corrcoef(energy[loud], track[loud, articulation.PARAMETERS.index("jaw")])[0, 1]

    deaf = replace(SPEC, jaw_db=0.0)
    without, with_jaw = (np.array([follows(s, say(s, i, voice)) for i in IDS[:8]]) for s in (deaf, SPEC))
    assert (with_jaw > without).all()
    assert with_jaw.mean() > 0.45 and with_jaw.mean() - without.mean() > 0.08


def test_a_clip_does_not_depend_on_what_was_made_before(voice, said):
    again = [say(SPEC, i, voice) for i in reversed(IDS[:4])]
    assert [digest(c.samples) for c in reversed(again)] == [digest(c.samples) for c in said[:4]]
    assert [c.phonemes for c in reversed(again)] == [c.phonemes for c in said[:4]]
    (first,) = make(SPEC, [Order(IDS[0], mouth=True)], voice)
    (later,) = make(SPEC, [Order(IDS[0], True, said[0])], voice)
    assert later.said is None and first.mouth.shape == (said[0].frames, 88, 88)
    assert np.array_equal(first.mouth, later.mouth)


def test_equaliser_sections_have_their_gain():
    z = np.exp(-2j * np.pi * np.array([1e-3, 250, 1000, 3000, 7999]) / RATE)

    def gain(*shape):
        b, a = (c[0] + z * (c[1] + z * c[2]) for c in _section(*shape))
        return 20 * np.log10(np.abs(b / a))

    assert np.allclose(gain("low", 250.0, 2.0)[[0, 1, 4]], [2, 1, 0], atol=0.01)
    assert np.allclose(gain("high", 3000.0, -3.0)[[0, 3, 4]], [0, -1.5, -3], atol=0.01)
    assert np.allclose(gain("bell", 1000.0, 2.0)[[0, 2, 4]], [0, 2, 0], atol=0.01)


def test_a_slow_speakers_longest_sentence_still_fits(voice):
    clip = say(SPEC, "s105-006", voice)  # 7.3 s at the session's rate
    assert 6.2 < len(clip.samples) / RATE <= 6.48
