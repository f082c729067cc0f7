"""EasyCom as conversations: windows, tracks by the annotated boxes, labels, and the plan that is drawn over them."""

import json

import corpus_trees as trees
import numpy as np
import pytest

from avbench.data.corpora import CORPORA
from avbench.data.corpora.easycom_minutes import followed, labels_of, read_boxes, read_turns
from avbench.data.dataset import corpus_names, open_dataset
from avbench.data.faces.boxed import SIZE, WIDER, boxed, squares
from avbench.data.manifest import read_header
from avbench.errors import BadFile, UnknownName, UsageError
from avbench.evaluation.exam import set_exam
from avbench.metrics import get_metric
from avbench.protocols import RULES, draw_plan, get_protocol
from avbench.signal.audio import read_channels, resample
from avbench.signal.film import Film, grey
from avbench.tasks import get_task

STEM = "01-00-288"


def texts(manifest, kind):
    return [p.text for p in manifest.problems if p.kind == kind]


@pytest.fixture
def root(tmp_path):
    return trees.easycom(tmp_path / "EasyCom")


def file(root, kind, suffix):
    return root / "Main" / kind / "Session_10" / f"{STEM}{suffix}"


def test_a_window_has_the_faces_that_are_seen_throughout(root):
    manifest = CORPORA["easycom"].prepare(root)
    data = open_dataset("easycom/conversations")
    assert data.ids == (f"s10-{STEM}-w00",) and data.tracks == (f"s10-{STEM}-w00-4",)  # what is left is no window
    assert data.speaker(data.tracks[0]) == "s10-p4" == open_dataset("easycom").clips[0].speaker
    (lost,) = [t for t in texts(manifest, "note") if "lost from sight" in t]
    assert "participant 5, window 0" in lost
    assert "easycom/conversations" in corpus_names() and not data.pictured
    counts = manifest.entries and CORPORA["easycom"].names
    assert counts == ("easycom", "easycom/conversations")
    rows = read_header("easycom").counts
    assert rows["easycom/conversations"]["test"]["pictured"] == 1 and rows["easycom"]["test"]["pictured"] == 0
    with pytest.raises(UnknownName, match="track in the test split"):
        data.crops(f"s10-{STEM}-w00-5")


def test_labels_and_sound_are_in_time_with_the_film(root):
    CORPORA["easycom"].prepare(root)
    data = open_dataset("easycom/conversations")
    labels = data.labels(data.tracks[0])
    # Pictures 2 to 10 at 20 a second last from 0.05 s to 0.5 s; the middles of frames 1 to 11 at 25 lie in that.
    assert labels.shape == (125,) and np.flatnonzero(labels).tolist() == list(range(1, 12))
    whole = resample(read_channels(file(root, "Glasses_Microphone_Array_Audio", ".wav"))[1]).samples
    heard = data.audio(data.clips[0]).samples
    np.testing.assert_array_equal(heard, whole[:80000])
    turns = read_turns(file(root, "Speech_Transcriptions", ".json"))
    assert not labels_of(turns, "4", 1).any() and not labels_of(turns, "5", 0).any()


def test_crops_are_the_annotated_places_of_the_film_at_25_frames(root, monkeypatch):
    CORPORA["easycom"].prepare(root)
    data = open_dataset("easycom/conversations")
    (track,) = data.tracks
    boxes = data.boxes(track)
    assert boxes.shape == (125, 4)
    # Picture 51 is seen (51 % 40 > 9), 45 is not: its box lies on the line between 39's and 50's.
    assert boxes[62, 0] == pytest.approx(4 + 50 / 10) and boxes[55, 0] == pytest.approx(4 + 45 / 10)
    crops = data.crops(track)
    assert crops.frames.shape == (125, 112, 112, 1) and crops.fps == 25.0
    pictures = list(Film(file(root, "Video_Compressed", ".mp4"), 20.0, origin="picture").pictures(grey))
    middle, side = squares(boxes)
    for frame in (3, 60, 120):
        shown = pictures[frame * 4 // 5][..., 0].astype(float)
        x, y = middle[frame]
        core = crops.frames[frame, 46:66, 46:66, 0].astype(float).mean()
        half = side[frame] * 10 / SIZE
        rows, columns = slice(round(y - half), round(y + half) + 1), slice(round(x - half), round(x + half) + 1)
        assert core == pytest.approx(shown[rows, columns].mean(), abs=14)
    assert side[60] == pytest.approx(WIDER * 20)
    monkeypatch.setattr(Film, "__init__", None)  # kept: the film is not opened again
    np.testing.assert_array_equal(data.crops(track).frames, crops.frames)


def test_a_square_that_leaves_the_picture_is_black_there(tmp_path):
    film = trees.film(tmp_path / "a.mp4", frames=20, fps=20, size=64)
    box = np.tile([-30.0, 0.0, 10.0, 40.0], (25, 1))
    away = box + 200.0
    cut, gone = boxed(film, [(0, box), (0, away)], rate=20)
    assert not cut[5, :, :50].any() and cut[5, 20:90, 85:].mean() > 40 and not gone.any()
    with pytest.raises(BadFile, match="not 25 even pictures a second"):
        list(boxed(film, [(0, box)], rate=25))
    with pytest.raises(BadFile, match="has 25 frames at 25 a second where 26 are needed"):
        list(boxed(film, [(1, box)], rate=20))


def test_gaps_of_half_a_second_are_bridged_and_longer_ones_end_a_track():
    boxes = np.tile(np.arange(100.0)[:, None], (1, 4))
    boxes[20:30] = np.nan
    boxes[:3] = np.nan
    whole = followed(boxes)
    assert np.allclose(whole[20:30], boxes.shape[0] * 0 + np.arange(20.0, 30.0)[:, None]) and (whole[:3] == 3).all()
    for gap in (slice(20, 31), slice(0, 11), slice(89, 100)):
        lost = boxes.copy()
        lost[gap] = np.nan
        assert followed(lost) is None
    assert followed(np.full((100, 4), np.nan)) is None


def test_boxes_in_another_form_cost_the_tracks_and_are_said(root):
    path = file(root, "Face_Bounding_Boxes", ".json")
    for rows, said in (
        ([{"Frame": 1, "Participants": []}], "'Frame_Number'"),
        ([{"Frame_Number": 0, "Participants": []}], "below 1"),
        ([{"Frame_Number": 1, "Participants": 7}], "int where a list is needed"),
    ):
        trees.text(path, json.dumps(rows))
        with pytest.raises(BadFile, match=said):
            read_boxes(path)
    manifest = CORPORA["easycom"].prepare(root)
    (broken,) = [t for t in texts(manifest, "broken") if "The minute has no face tracks" in t]
    assert "is no list of pictures with Frame_Number" in broken
    assert len(manifest.entries) == 1  # the utterance stays


@pytest.mark.parametrize(("frames", "fps"), [(99, 20), (150, 25)])
def test_a_film_that_does_not_fit_its_boxes_has_no_windows(root, frames, fps):
    trees.film(file(root, "Video_Compressed", ".mp4"), frames=frames, fps=fps, size=64)
    manifest = CORPORA["easycom"].prepare(root)
    assert any("has not 20 pictures a second or ends before them" in t for t in texts(manifest, "broken"))
    assert not any("faces" in e.traits for e in manifest.entries)


def test_the_plan_of_active_speakers_is_drawn_and_rendered(root):
    CORPORA["easycom"].prepare(root)
    data = open_dataset("easycom/conversations")
    plan = draw_plan("asd", data, None, rule=RULES["asd"].over(data))
    exam = set_exam(get_task("asd"), {}, [get_metric("map")], dataset="easycom/conversations")
    assert exam.noise is None and exam.plan.sha256 == plan.sha256 and exam.made == {"speech": False}
    assert exam.axes == {"snr": ("clean",)} and not exam.official
    with pytest.raises(UsageError, match="adds no noise"):
        set_exam(get_task("asd"), {"snr": (0.0,)}, [get_metric("map")], dataset="easycom/conversations")
    with pytest.raises(UsageError, match="takes no --noise"):
        set_exam(get_task("asd"), {}, [get_metric("map")], dataset="easycom/conversations", noise="synth-noise")
    assert plan.header["dataset"] == "easycom/conversations" == RULES["asd"].corpora[0] and "noise" not in plan.header
    (row,) = plan.rows
    rule = get_protocol("conversation")
    trial = rule.render(plan, row, {"snr": "clean"}, data, None)
    assert len(trial.input.audio.samples) == 80000 and trial.input.face.frames.shape[0] == 125
    assert np.array_equal(trial.target.labels, data.labels(data.tracks[0]))
    assert not rule.asks(plan, row, {"snr": "clean", "modality": "wrong-face"})
