"""Clips as they are, and clips with another's face or voice."""

from collections import Counter

import numpy as np
import pytest
from toy_people import WORDS, ToyPeople

from avbench.errors import BadFile, ReferenceFault, UsageError
from avbench.protocols import Plan, Rule, draw_plan, get_protocol, hash_plan, verify_plan

CLEAN, PAIRED = get_protocol("clean"), get_protocol("paired")


def words(data, **more):
    rule = Rule(protocol="clean", noise=None, order="dataset", snr=(), **more)
    return draw_plan("toy", data, None, rule=rule, task="word-recognition@1")


def paired(data, content="voice", identity="face", name="toy"):
    rule = Rule(
        protocol="paired", noise=None, order="dataset", snr=(), options={"content": content, "identity": identity}
    )
    return draw_plan(name, data, None, rule=rule)


def test_a_word_is_heard_and_seen_as_it_is():
    data = ToyPeople()
    plan = words(data, clips=5)
    assert [row.clip for row in plan.rows] == list(data.ids[:5]) and "snr" not in plan.header and plan.snr == ()
    assert Plan.parse(plan.content, "toy").rows == plan.rows
    row = plan.rows[2]
    trial = CLEAN.render(plan, row, {}, data)
    assert trial.id == "toy-0002" and trial.target.text in WORDS
    assert np.abs(trial.input.audio.samples - data.audio(data.clip(row.clip)).samples).max() <= 0.5 / 32768 + 1e-9
    assert np.array_equal(trial.input.video.frames, data.mouth(data.clip(row.clip)).frames)
    seen, heard = (CLEAN.render(plan, row, {"modality": m}, data) for m in ("video", "audio"))
    assert seen.id == "toy-0002.video" and seen.input.audio is None and seen.input.video is not None
    assert heard.input.audio is not None and heard.input.video is None
    with pytest.raises(UsageError, match="no axis snr"):
        CLEAN.render(plan, row, {"snr": 5.0}, data)


def test_a_clip_of_another_length_or_without_sound_is_told_apart():
    data = ToyPeople()
    plan = words(data, clips=2)
    audio = data.audio
    data.audio = lambda clip: type(audio(clip))(audio(clip).samples[:-1], 16000)
    with pytest.raises(BadFile, match="draw the plan again"):
        CLEAN.render(plan, plan.rows[0], {}, data)
    data.audio = lambda clip: type(audio(clip))(0 * audio(clip).samples, 16000)
    with pytest.raises(ReferenceFault, match="silent"):
        CLEAN.render(plan, plan.rows[0], {}, data)


def test_a_changed_mouth_has_a_name():
    data = ToyPeople()
    plan = words(data, clips=4)
    record = hash_plan(plan, data, None)
    assert verify_plan(plan, data, None, record, video=True).verdict == "exact"
    mouth = data.mouth
    data.mouth = lambda c: type(mouth(c))(255 - mouth(c).frames, 25.0) if c.id == "f1-0" else mouth(c)
    report = verify_plan(plan, data, None, record, video=True)
    assert (report.verdict, report.first) == ("different", "mouth f1-0") and "looks different" in report.detail


def test_all_four_tasks_have_the_same_pairs():
    data = ToyPeople()
    plans = [paired(data, a, b, f"{a}-{b}") for a in ("face", "voice") for b in ("face", "voice")]
    assert (
        len({tuple((r.clip, *map(str, r.uses["other"]), *map(str, r.uses["swapped"])) for r in p.rows) for p in plans})
        == 1
    )
    for row in plans[0].rows:
        other, swapped = (data.clip(row.uses[role][0].item) for role in ("other", "swapped"))
        mine = data.clip(row.clip)
        assert other.speaker == mine.speaker and other.id != mine.id
        assert swapped.speaker != mine.speaker and swapped.text != mine.text
    assert len(Counter(row.uses["swapped"] for row in plans[0].rows)) > 30
    assert PAIRED.hearings(plans[0]) == [{"identity": i} for i in ("own", "other", "swapped")]


def test_a_face_comes_with_a_hidden_mouth_and_a_target_only_where_there_is_one():
    data = ToyPeople()
    plan = paired(data)
    row = plan.rows[0]
    own, other, swapped = (PAIRED.render(plan, row, {"identity": i}, data) for i in ("own", "other", "swapped"))
    assert own.id == "toy-0000.own" and own.input.audio is not None and own.input.video is None
    hidden = own.input.face.frames
    assert hidden.shape == own.target.video.frames.shape == (10, 128, 128, 3)
    covered = (hidden == 128).all(axis=-1)
    where = np.argwhere(covered.all(axis=0))
    (top, left), (bottom, right) = where.min(axis=0), where.max(axis=0)
    # One rectangle throughout, which holds every mouth point of every frame.
    assert covered.sum() == 10 * (bottom - top + 1) * (right - left + 1) and bottom - top > 15 and right - left > 15
    shown = hidden.copy()
    shown[covered] = own.target.video.frames[covered]
    assert np.array_equal(shown, own.target.video.frames)
    assert np.array_equal(own.input.references["image"].frames[0], own.target.video.frames[0])
    for trial in (other, swapped):
        assert trial.target.video is None and trial.target.text == data.clip(row.clip).text
        assert len(trial.input.face.frames) == 10
        assert not np.array_equal(trial.input.face.frames, hidden)


def test_a_voice_has_a_target_unless_it_is_somebody_else_s():
    data = ToyPeople()
    plan = paired(data, "face", "voice")
    row = plan.rows[9]
    trials = {i: PAIRED.render(plan, row, {"identity": i}, data) for i in ("own", "other", "swapped")}
    assert [trials[i].target.audio is not None for i in trials] == [True, True, False]
    for trial in trials.values():
        assert trial.input.audio is None and trial.input.video is not None and trial.input.face is None
    assert len({trial.facts["voice"] for trial in trials.values()}) == 3


def test_without_names_of_people_there_is_no_other_clip_of_the_same():
    data = ToyPeople()
    clip = data.clip
    data.clip = lambda i: type(clip(i))(i, clip(i).seconds, None, clip(i).text)
    plan = paired(data)
    assert all(set(row.uses) == {"swapped"} for row in plan.rows)
    assert PAIRED.hearings(plan) == [{"identity": "own"}, {"identity": "swapped"}]
    with pytest.raises(UsageError, match="no clip for the identity other"):
        PAIRED.render(plan, plan.rows[0], {"identity": "other"}, data)
    data.ids = data.ids[:1]
    with pytest.raises(UsageError, match="nobody else"):
        paired(data)
