"""Several faces and one sound: every face track is a row, and both tracks of a conversation hear the same."""

import numpy as np
import pytest
from toy_people import ToyPeople

from avbench.errors import UsageError
from avbench.protocols import Plan, Rule, draw_plan, get_protocol, hash_plan, render_plan, verify_plan
from avbench.types import Clip, Video

RULE = get_protocol("conversation")


class ToyTalks(ToyPeople):
    """Two talks of two people."""

    name = "toy-talks"

    def __init__(self):
        super().__init__()
        self.ids = ("ada-bob", "cyd-dee")
        self.tracks = tuple(f"{talk}-{face}" for talk in self.ids for face in (0, 1))

    def clip(self, clip_id):
        return Clip(clip_id, 30 * 640 / 16000, clip_id[:3], "")

    def speaker(self, track):
        return track.split("-")[int(track[-1])]

    def crops(self, track):
        frames = np.full((30, 112, 112, 1), 20 * (1 + self.tracks.index(track)), np.uint8)
        frames[:, 0, 0, 0] = np.arange(30)
        frames[:, 56:, :, 0] += self.shade.get(track, 0)
        return Video(frames, 25.0)

    def labels(self, track):
        return (np.arange(30) // 10) % 2 == int(track[-1])


def plan_of(toy, data, **options):
    rule = Rule(protocol="conversation", noises=1, options=options, per_speaker=None, snr=(0.0, "clean"))
    return draw_plan("talks", data, toy.noise, rule=rule)


def test_both_faces_of_a_talk_hear_the_same(toy):
    data = ToyTalks()
    plan = plan_of(toy, data)
    assert [str(row.uses["face"][0]) for row in plan.rows] == list(data.tracks) and len(plan.rows) == 4
    for a, b in (plan.rows[:2], plan.rows[2:]):
        left, right = (RULE.render(plan, row, {"snr": 0.0}, data, toy.noise) for row in (a, b))
        assert np.array_equal(left.input.audio.samples, right.input.audio.samples) and a.noises == b.noises
        assert left.facts["face"] != right.facts["face"] and left.cluster == right.cluster == a.clip
        assert np.array_equal(left.target.labels, ~right.target.labels) and len(left.target.labels) == 30
        assert left.facts["power_snr_db"] == pytest.approx(0, abs=0.01)
    talkers = {item.id: item.talkers for item in toy.noise.items}
    for row in plan.rows:
        assert not set(talkers[row.noises[0].item]) & set(row.clip.split("-"))


def test_a_family_can_be_asked_for(toy):
    plan = plan_of(toy, ToyTalks(), families=("rattle",))
    assert all(row.noises[0].item.startswith("rattle") for row in plan.rows)
    with pytest.raises(UsageError, match="no noise \\(thunder\\) for ada-bob"):
        plan_of(toy, ToyTalks(), families=("thunder",))


def test_what_is_shown_is_what_was_asked_for(toy):
    data = ToyTalks()
    plan = plan_of(toy, data)

    def face(**condition):
        return RULE.render(plan, plan.rows[0], {"snr": "clean", **condition}, data, toy.noise).input

    assert face().face.frames[3, 0, 0, 0] == 3 and face().face.frames[0, 9, 9, 0] == 20
    assert face(modality="wrong-face").face.frames[0, 9, 9, 0] == 40
    assert not face(modality="frozen-face").face.frames[:, 0, 0].any()
    assert face(offset=2).face.frames[5, 0, 0, 0] == 3
    assert face(modality="video").audio is None and face(modality="audio").face is None
    assert face(degradation="blur-3").face.frames[15, 0, 0, 0] != 15


def test_recordings_that_are_noisy_as_they_are_get_nothing_added():
    data = ToyTalks()
    rule = Rule(protocol="conversation", noise=None, snr=(), per_speaker=None)
    plan = draw_plan("talks", data, None, rule=rule)
    assert RULE.hearings(plan) == [{"snr": "clean"}] and "noise" not in plan.header
    assert Plan.parse(plan.content, "x").rows == plan.rows
    with pytest.raises(UsageError, match="clean is its only SNR"):
        RULE.render(plan, plan.rows[0], {"snr": 0.0}, data, None)
    report = verify_plan(plan, data, None, hash_plan(plan, data, None), video=True)
    assert report.verdict == "exact" and report.pictures == 4  # labels are no pictures
    with pytest.raises(UsageError, match="toy-people has no face tracks"):
        draw_plan("talks", ToyPeople(), None, rule=rule)


def test_verification_names_a_track_or_a_label_that_differs(toy):
    data = ToyTalks()
    plan = plan_of(toy, data)
    record = hash_plan(plan, data, toy.noise)
    report = verify_plan(plan, data, toy.noise, record, video=True)
    assert report.detail == "Every sample and every picture is as published." and len(record["things"]) == 8
    data.shade["cyd-dee-0"] = 90
    report = verify_plan(plan, data, toy.noise, record, video=True)
    assert (report.verdict, report.first) == ("different", "track cyd-dee-0")
    data.shade.clear()
    labels = data.labels
    data.labels = lambda track: ~labels(track) if track == "ada-bob-1" else labels(track)
    report = verify_plan(plan, data, toy.noise, record)
    assert (report.verdict, report.first) == ("different", "labels ada-bob-1") and "other labels" in report.detail


def test_without_pictures_none_is_made_or_compared(toy):
    data = ToyTalks()
    plan = plan_of(toy, data)
    record = hash_plan(plan, data, toy.noise)
    data.shade["cyd-dee-0"] = 90
    assert verify_plan(plan, data, toy.noise, record, video=True).verdict == "different"
    data.crops = None  # whoever asks for a picture falls over
    report = verify_plan(plan, data, toy.noise, record, video=False, workers=1)
    assert (report.verdict, report.pictures) == ("exact", 0) and report.detail == "Every sample is as published."


def test_a_talk_with_one_face_has_no_trial_with_a_wrong_one(toy, tmp_path):
    data = ToyTalks()
    data.tracks = data.tracks[:3]
    plan = plan_of(toy, data)
    wrong = {"snr": "clean", "modality": "wrong-face"}
    assert [RULE.asks(plan, row, wrong) for row in plan.rows] == [True, True, False]
    assert all(RULE.asks(plan, row, {"snr": "clean", "modality": "frozen-face"}) for row in plan.rows)
    with pytest.raises(UsageError, match="cyd-dee shows one face only"):
        RULE.render(plan, plan.rows[2], wrong, data, toy.noise)
    axes = {"modality": ("av", "wrong-face")}
    manifest = render_plan(plan, RULE, data, toy.noise, tmp_path / "exam", snr=("clean",), axes=axes)
    assert [m["trial"].partition(".")[2] for m in manifest] == ["clean", "clean.wrong-face"] * 2 + ["clean"]
