"""Conversations: who sits where, labels that agree with the sound, decoys that move unheard, boxes that fit."""

import json
import platform
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.synth.parts import find_part
from avbench.data.synth.parts.conversations_events import (
    FRAMES,
    KINDS,
    cast_of,
    conversation_from,
    conversation_ids,
    conversation_of,
    doings,
    labels,
    more_of,
    split_of_conversation,
)
from avbench.data.synth.parts.conversations_picture import (
    CANVAS,
    crop_boxes,
    crop_points,
    draw_canvas,
    draw_crops,
    face_boxes,
    face_points,
    make_scene,
)
from avbench.data.synth.parts.conversations_script import converse
from avbench.data.synth.spec import CorpusSpec, speaker_ids, split_of
from avbench.data.synth.voice import Voice
from avbench.errors import MissingResource, UnknownName, UsageError
from avbench.signal.files import digest

SPEC = CorpusSpec()
IDS = (*conversation_ids("tiny", "test")[5:9], *conversation_ids("tiny", "train")[:4])
GOLDEN = {
    "sound": "3a1af29db5c6c8988bbe025bd81e5077",
    "crops": "f4685d3c04a92d773517e1a0b54232f6",
    "canvas": "9b419e4ea2db5c42b285e8ef574f07d6",
}


@pytest.fixture(scope="module")
def heard():
    with Voice() as voice:
        return {name: converse(SPEC, name, voice) for name in IDS}


@pytest.fixture(scope="module")
def scene(heard):
    return make_scene(SPEC, heard[IDS[0]].conversation)


def decibels(stem):
    """`[750]` level of each frame."""
    return 10 * np.log10(np.square(stem.reshape(FRAMES, 640)).mean(axis=1) + 1e-12)


def test_every_speaker_sits_in_one_conversation_of_their_split():
    for split, count in (("train", 160), ("validation", 20), ("test", 20)):
        names = conversation_ids("base", split)
        assert len(names) == count
        seen = [s for name in names for s in cast_of(name)[:2]]
        assert sorted(seen) == sorted(speaker_ids(split))
        assert {split_of(s) for name in names for s in cast_of(name)} == {split}
        assert {split_of_conversation(name) for name in names} == {split}


def test_sizes_share_what_they_can():
    tiny, small, base = (conversation_ids(size, "train") for size in ("tiny", "small", "base"))
    assert (len(tiny), len(small)) == (8, 80)
    assert tiny == small[:8] == base[:8] and small == base[:80]
    part = find_part("conversations")
    assert set(part.shards("tiny", "train")) < set(part.shards("base", "train"))


def test_one_of_ten_has_somebody_off_screen():
    names = [n for split in ("train", "validation", "test") for n in conversation_ids("base", split)]
    assert sum(len(cast_of(n)) == 3 for n in names) == 20
    assert sum(len(cast_of(n)) == 3 for n in conversation_ids("base", "test")) == 2
    assert all(len(set(cast_of(n))) == len(cast_of(n)) for n in names)


def test_names():
    assert conversation_of("s017-s033-1") == ("s017-s033", 1)
    with pytest.raises(UsageError, match="s017-s033-0"):
        conversation_of("s017-s033")
    with pytest.raises(UsageError, match="called after two"):
        cast_of("s000-s000")
    with pytest.raises(UnknownName):
        conversation_ids("huge", "test")


def test_labels_agree_with_the_energy_of_each_talker(heard):
    for name, one in heard.items():
        for person, stem in enumerate(one.stems):
            on, level = labels(one.conversation, person), decibels(stem)
            assert 0.03 < on.mean() < 0.85
            # Quiet frames within words (closures) and the room after them are all that may disagree.
            assert (level[on][:, None] > level[~on][None]).mean() > 0.95, (name, person)
            far = ~np.convolve(on, np.ones(21), "same").astype(bool)  # 0.4 s and more away from speech
            assert level[far].max() < np.median(level[on]) - 35


def test_decoys_are_silent_and_move(heard):
    moved, rested = [], []
    for name in IDS[:3]:
        one = heard[name]
        scene = make_scene(SPEC, one.conversation)
        for face in (0, 1):
            level, what, on = decibels(one.stems[face]), doings(one.conversation, face), labels(one.conversation, face)
            assert not (on & (what > 1)).any()
            assert level[what > 1].max(initial=-120.0) < np.median(level[on]) - 25
            change = np.abs(np.diff(scene.people[face].track[:, [0, 1, 4]], axis=0, prepend=0)).max(axis=1)
            rested.append(change[what == 0].mean())
            moved += [change[what == k].mean() for k in (1, 2, 3, 4) if (what == k).any()]
    assert min(moved) > 1.3 * np.mean(rested)


def test_every_decoy_occurs_and_mouthed_ones_have_words(heard):
    events = [e for one in heard.values() for e in one.conversation.events if e.kind != "speech"]
    assert {e.kind for e in events} == set(KINDS) - {"speech"}
    assert all(bool(e.phonemes) == bool(e.text) == (e.kind == "mouthed") for e in events)
    share = np.concatenate([doings(h.conversation, f) for h in heard.values() for f in (0, 1)])
    assert 0.10 < (share > 1).mean() < 0.30
    assert ((share == 2) & True).sum() > 100


def test_overlap_and_silence(heard):
    speaking = np.concatenate(
        [np.sum([labels(h.conversation, p) for p in range(len(h.stems))], axis=0) for h in heard.values()]
    )
    assert 0.05 < (speaking > 1).sum() / (speaking > 0).sum() < 0.16
    assert 0.12 < (speaking == 0).mean() < 0.35


def test_nobody_talks_over_themselves(heard):
    for one in heard.values():
        for person in range(len(one.conversation.cast)):
            own = sorted((e.start, e.end) for e in one.conversation.events if e.person == person)
            assert all(before[1] < after[0] for before, after in pairwise(own))
            assert own[0][0] > 0.2 and own[-1][1] <= 29.75


def test_the_mix_is_the_sum_of_its_stems(heard):
    for one in heard.values():
        assert one.samples.shape == (480_000,) and one.samples.dtype == np.int16
        assert np.abs(one.stems.sum(axis=0) * 32768 - one.samples).max() <= 1.0
        assert np.abs(one.samples).max() < 32767


def test_off_screen_is_heard_but_has_no_face(heard):
    one = next(h for h in heard.values() if len(h.conversation.cast) == 3)
    assert labels(one.conversation, 2).sum() > 25
    with pytest.raises(UsageError):
        conversation_of(f"{one.conversation.id}-2")


def test_neither_order_nor_engine_matters(heard):
    with Voice() as voice:
        again = [converse(SPEC, name, voice) for name in reversed(IDS[:2])]
    for one in again:
        assert np.array_equal(one.samples, heard[one.conversation.id].samples)
        assert one.conversation == heard[one.conversation.id].conversation


def test_a_record_keeps_all(heard):
    conversation = heard[IDS[0]].conversation
    more = json.loads(json.dumps(more_of(conversation)))
    assert conversation_from(conversation.id, more) == conversation
    assert len(json.dumps(more)) < 40_000


def test_boxes_hold_the_faces(scene):
    height, width = CANVAS
    for face in (0, 1):
        points, box, crop = face_points(scene, face), face_boxes(scene, face), crop_boxes(scene, face)
        assert (points >= box[:, None, :2] - 1e-3).all() and (points <= box[:, None, 2:] + 1e-3).all()
        assert (box[:, :2] >= 0).all() and (box[:, 2:] <= (width, height)).all()
        assert np.allclose(crop[:, 2] - crop[:, 0], crop[:, 3] - crop[:, 1], atol=1e-3)
        inside = crop_points(scene, face)
        mouth = inside[:, 48:]
        assert (mouth > 0).all() and (mouth < 112).all()
    assert face_boxes(scene, 0)[:, 2].max() < face_boxes(scene, 1)[:, 0].min()


def test_a_crop_shows_what_the_canvas_shows(scene):
    grey = draw_canvas(scene, 100, 102) @ np.array([0.299, 0.587, 0.114])
    for face in (0, 1):
        crop = draw_crops(scene, face, 100, 102).astype(float)
        for frame in (0, 1):
            x1, y1, x2, y2 = crop_boxes(scene, face)[100 + frame]
            at = (np.arange(112) + 0.5) / 112
            columns, rows = np.round(x1 + at * (x2 - x1)).astype(int), np.round(y1 + at * (y2 - y1)).astype(int)
            seen = grey[frame][rows[:, None].clip(0, 215), columns.clip(0, 383)]
            assert np.corrcoef(seen.ravel(), crop[frame].ravel())[0, 1] > 0.95


def test_frames_do_not_depend_on_their_neighbours(scene):
    whole = draw_crops(scene, 1, 40, 60)
    assert np.array_equal(draw_crops(scene, 1, 47, 49), whole[7:9])


def test_the_camera_can_be_ideal(heard):
    still = make_scene(replace(SPEC, camera=0.0), heard[IDS[0]].conversation)
    assert not still.camera.pan.any() and not still.camera.speed.any() and still.camera.noise == 0
    moving = make_scene(SPEC, heard[IDS[0]].conversation).camera.speed
    assert 4 < np.abs(moving).max() < 60 and (np.abs(moving).max(axis=1) > 2).mean() < 0.25


def test_turning_heads_do_not_tell_who_speaks(heard):
    both = []
    for one in heard.values():
        scene = make_scene(SPEC, one.conversation)
        for face in (0, 1):
            both.append(np.corrcoef(np.abs(scene.people[face].motion.yaw), labels(one.conversation, face))[0, 1])
    assert abs(np.mean(both)) < 0.15


def digests(one, scene):
    arrays = {"sound": one.samples, "crops": draw_crops(scene, 0, 300, 304), "canvas": draw_canvas(scene, 300, 302)}
    return {name: digest(array.tobytes()) for name, array in arrays.items()}


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="golden on Linux x86-64")
def test_golden(heard, scene):
    assert digests(heard[IDS[0]], scene) == GOLDEN


def test_as_a_data_set(heard, tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(type(find_part("conversations")), "per_shard", 1)
    data = open_dataset("avbench-synth/conversations/tiny", "test")
    assert len(data.ids) == 20 and len(data.tracks) == 40 and data.synthetic
    clip = data.clip(IDS[0])
    assert clip.seconds == 30.0 and clip.traits["cast"] == ", ".join(cast_of(IDS[0])) and len(clip.words) > 20
    assert np.array_equal(np.round(data.audio(clip).samples * 32768), heard[IDS[0]].samples)
    track = f"{IDS[0]}-1"
    assert data.speaker(track) == cast_of(IDS[0])[1]
    assert np.array_equal(data.labels(track), labels(heard[IDS[0]].conversation, 1))
    assert data.doings(track).shape == (750,) and data.boxes(track).shape == data.crop_boxes(track).shape == (750, 4)
    crops = data.crops(track)
    assert crops.frames.shape == (750, 112, 112, 1) and crops.fps == 25
    scene = make_scene(SPEC, heard[IDS[0]].conversation)
    assert np.array_equal(crops.frames[300:304, ..., 0], draw_crops(scene, 1, 300, 304))
    assert data.canvas(clip, 10, 12).frames.shape == (2, 216, 384, 3)
    with pytest.raises(MissingResource, match="two faces"):
        data.mouth(clip)
    with pytest.raises(UnknownName):
        data.labels(f"{IDS[-1]}-0")
