"""What detectors of active speakers are given when things go wrong, and what they make of it."""

import json
from dataclasses import replace

import corpus_trees as trees
import numpy as np
import pytest
from avbench.baselines import egoasd

from avbench.data.dataset import open_dataset
from avbench.metrics.detection import average_precision
from avbench.protocols import RULES, draw_plan, get_protocol
from avbench.types import Audio, Inputs, Video


@pytest.fixture(scope="module")
def hears():
    return egoasd.FAMILY.create("", recipe="synth", untrained=True)


def boxes(root, people):
    """Faces of a minute: `people` says of each in which of the 120 pictures it is not seen."""
    rows = [
        {
            "Frame_Number": n,
            "Participants": [
                {"Participant_ID": p, "x1": 4 + 6 * p, "y1": 8, "x2": 20 + 6 * p, "y2": 28}
                for p, unseen in people.items()
                if n not in unseen
            ],
        }
        for n in range(1, 121)
    ]
    (path,) = root.glob("Main/Face_Bounding_Boxes/Session_10/*.json")
    path.write_text(json.dumps(rows))


@pytest.mark.parametrize("count", [1, 8])
def test_a_conversation_shows_one_face_or_eight(count, hears, tmp_path, monkeypatch):
    """Every face is a trial of its own, with the sound of all; how many others there are does not change its scores."""
    from avbench.cli import main

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    root = trees.easycom(tmp_path / "EasyCom")
    boxes(root, {4 + p: () for p in range(count)})  # participant 4 is who speaks
    assert main(["data", "prepare", "easycom", str(root)]) == 0
    data, rule = open_dataset("easycom/conversations"), get_protocol("conversation")
    plan = draw_plan("asd", data, None, rule=RULES["asd"].over(data))
    trials = [rule.render(plan, row, {"snr": "clean"}, data, None) for row in plan.rows]
    assert len(trials) == count and len({trial.clip for trial in trials}) == 1
    assert all(np.array_equal(t.input.audio.samples, trials[0].input.audio.samples) for t in trials)
    assert [rule.asks(plan, row, {"snr": "clean", "modality": "wrong-face"}) for row in plan.rows] == [
        count > 1
    ] * count
    scores = [answer.scores for answer in hears.predict([trial.input for trial in trials])]
    assert all(s.shape == (125,) for s in scores)
    np.testing.assert_array_equal(scores[-1], hears.predict([trials[-1].input])[0].scores)
    parts = [{"scores": s, "labels": t.target.labels} for s, t in zip(scores, trials, strict=True)]
    assert 0 < average_precision(parts) <= 1


def test_a_face_that_is_lost_for_a_second_is_not_asked_about_and_half_a_second_is_bridged(tmp_path, monkeypatch):
    from avbench.cli import main

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    root = trees.easycom(tmp_path / "EasyCom")
    boxes(root, {4: range(40, 60), 5: range(40, 50), 6: range(1, 121)})
    assert main(["data", "prepare", "easycom", str(root)]) == 0
    assert [track[-1] for track in open_dataset("easycom/conversations").tracks] == ["5"]


def test_a_second_without_a_picture_in_a_track_is_scored_like_any_other(hears):
    """Black pictures are pictures: a score for each, and those before them do not know of it."""
    maker = np.random.RandomState(0)
    frames = maker.randint(0, 256, (60, 112, 112, 1)).astype(np.uint8)
    black = frames.copy()
    black[20:45] = 0
    sound = Audio((0.1 * maker.randn(60 * 640)).astype(np.float32), 16000)
    seen, lost = (Inputs("a", sound, None, 0, face=Video(f, 25.0)) for f in (frames, black))
    whole, answer = (one.scores for one in hears.predict([seen, lost]))
    assert answer.shape == (60,) and np.isfinite(answer).all() and ((answer > 0) & (answer < 1)).all()
    np.testing.assert_allclose(answer[:20], whole[:20], atol=1e-6)
    assert np.abs(answer[20:] - whole[20:]).max() > 1e-6


def test_sound_that_outlasts_the_pictures_is_cut_and_sound_that_ends_early_is_silent_behind(hears):
    """Scores are one a picture, whatever the sound: it is the pictures that say how long a track is."""
    maker = np.random.RandomState(1)
    face = Video(maker.randint(0, 256, (20, 112, 112, 1)).astype(np.uint8), 25.0)
    wave = (0.1 * maker.randn(20 * 640 + 5000)).astype(np.float32)
    item = Inputs("a", Audio(wave[: 20 * 640], 16000), None, 0, face=face)
    short = np.concatenate([wave[: 12 * 640], np.zeros(8 * 640, np.float32)])
    variants = [wave[: 20 * 640], wave, wave[: 12 * 640], short]
    exact, longer, early, silent = (
        hears.predict([replace(item, audio=Audio(one, 16000))])[0].scores for one in variants
    )
    np.testing.assert_array_equal(longer, exact)
    np.testing.assert_array_equal(early, silent)
    assert len(early) == 20
