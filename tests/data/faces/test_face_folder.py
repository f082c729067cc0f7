"""A folder of videos of whole faces gets its mouths by finding the faces; and real videos, measured."""

import sys
import textwrap

import numpy as np
import pytest
from films import write_film

import avbench
from avbench.data import faces
from avbench.data.corpora import CORPORA
from avbench.data.dataset import open_dataset
from avbench.data.faces import NoFace, cut, cut_all, find_track, mouth_of, told
from avbench.data.faces.crops import placed
from avbench.data.folder import FolderDataset
from avbench.errors import MissingResource
from avbench.signal.audio import RATE
from avbench.signal.landmarks import MOUTH, as_complex, inter_ocular

WATCHING = """
    import os
    from pathlib import Path

    import numpy as np
    from avbench.types import Audio, Card, Prediction

    class Watching:
        card = Card("watching", "louder where lips move", "", frozenset({"audio", "video"}), "audio", 16000, True, 0.0)
        digest = "watching@1"

        def load(self, device): pass

        def predict(self, inputs):
            return [self.one(given) for given in inputs]

        def one(self, given):
            np.save(Path(os.environ["SEEN"]) / f"{given.id}.npy", given.video.frames)
            moves = np.abs(np.diff(given.video.frames[..., 0].astype(np.float32), axis=0, prepend=0)).mean((1, 2))
            gain = np.repeat(moves / (1 + moves), 640)[: len(given.audio.samples)]
            return Prediction(audio=Audio((gain * given.audio.samples).astype(np.float32), 16000))
"""


def test_the_mouth_is_cut_out_of_whole_faces(tmp_path, talker, dlib68):
    pages, exact = talker
    write_film(tmp_path / "a b é.mkv", pages, sound=0.0)
    data = FolderDataset(tmp_path)
    (clip,) = data.clips
    assert data.pictured == {clip.id} and data.notes == ()
    mouth = data.mouth(clip)
    assert mouth.frames.shape == (40, 88, 88, 1) and mouth.fps == 25
    np.testing.assert_array_equal(mouth.frames, mouth_of(data.path(clip))[0].frames)
    turn, shift = placed(find_track(data.path(clip)).points, "mutud")
    at = turn * as_complex(exact[:, MOUTH]).mean(axis=1) + shift
    assert np.abs(at - (43.5 + 43.5j)).max() < 4  # pixels between where the mouth was drawn and the crop's middle


def test_the_picture_is_in_the_fingerprint(tmp_path, talker):
    write_film(tmp_path / "a.mkv", talker[0][:25], sound=0.0)
    before = FolderDataset(tmp_path)
    write_film(tmp_path / "a.mkv", talker[0][1:26], sound=0.0)
    after = FolderDataset(tmp_path)
    assert before._found["a"].digest == after._found["a"].digest and before.fingerprint != after.fingerprint


def test_preparing_says_what_was_missed(tmp_path, talker, couple, dlib68):
    pages = talker[0].copy()
    pages[20:25] = 120
    write_film(tmp_path / "one.mkv", pages, sound=0.0)
    write_film(tmp_path / "two.mkv", couple, sound=0.0)
    write_film(tmp_path / "none.mkv", np.full((12, 200, 300, 3), 90, np.uint8), sound=0.0)
    data, said, steps = FolderDataset(tmp_path), [], []
    data.prepare(mouth=False, say=said.append)
    assert said == []
    data.prepare(mouth=True, workers=2, say=said.append, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert said[0].startswith("1 of 3 videos give no mouth; the first:") and "none.mkv shows no face in any" in said[0]
    assert said[1].startswith("5 of 64 frames, in 1 of 2 videos, show no face")
    assert any("two.mkv shows 2 faces" in sentence for sentence in said) and list(data.notes) == said
    with pytest.raises(NoFace):
        data.mouth(data.clip("none"))


def test_preparing_a_corpus_says_what_was_missed(tmp_path, talker, couple, dlib68, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    talk = tmp_path / "lrs3" / "test" / "0Fi83BHQsMA"
    talk.mkdir(parents=True)
    pages = talker[0][:20].copy()
    pages[10:13] = 120
    faceless = np.full((12, 200, 300, 3), 90, np.uint8)
    for number, film in enumerate((pages, couple[:10], faceless)):
        write_film(tmp_path / "film.mkv", film, sound=0.0).rename(talk / f"0000{number}.mp4")
    CORPORA["lrs3"].prepare(tmp_path / "lrs3")
    data, said = open_dataset("lrs3"), []
    before = data.notes
    data.prepare(mouth=True, say=said.append)
    assert said[0].startswith("1 of 3 videos give no mouth; the first:") and "shows no face in any" in said[0]
    assert said[1].startswith("3 of 30 frames, in 1 of 2 videos, show no face")
    assert any("00001.mp4 shows 2 faces" in sentence for sentence in said) and data.notes == (*before, *said)


def test_bad_videos_are_named_one_by_one(tmp_path, talker, dlib68):
    pages = talker[0][:10]
    good = write_film(tmp_path / "good.mkv", pages)
    blank = write_film(tmp_path / "blank.mkv", np.full((12, 200, 300, 3), 90, np.uint8))
    (tmp_path / "broken.mp4").write_bytes(b"nothing" * 99)
    (tmp_path / "pointer.mp4").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    paths = [good, blank, tmp_path / "broken.mp4", tmp_path / "pointer.mp4", tmp_path / "gone.mp4"]
    results = cut_all(paths, workers=3)
    assert list(results) == paths and results[good].found.all()
    reasons = [str(results[path]) for path in paths[1:]]
    for reason, words in zip(reasons, ("shows no face", "cannot be read", "git-lfs pointer", "no file"), strict=True):
        assert words in reason
    assert told(results)[0].startswith("4 of 5 videos give no mouth")


def test_without_the_extra_one_sentence_says_how_to_get_it(tmp_path, talker, monkeypatch):
    write_film(tmp_path / "a.mkv", talker[0][:6], sound=0.0)
    monkeypatch.setitem(sys.modules, "dlib", None)
    faces.dlib68._finder.cache_clear()
    data = FolderDataset(tmp_path)
    for wanted in (lambda: data.mouth(data.clip("a")), lambda: data.prepare(mouth=True)):
        with pytest.raises(
            MissingResource, match=r"mouth in a picture of a whole face: pip install 'avbench\[faces\]'"
        ):
            wanted()
    assert data.audio(data.clip("a")).rate == RATE  # the sound is there without it


def test_a_system_that_watches_sits_the_main_task_on_faces(tmp_path, talker, dlib68, monkeypatch):
    (tmp_path / "clips").mkdir()
    for k in range(2):
        write_film(tmp_path / "clips" / f"c{k}.mkv", talker[0][k:], sound=0.0)
    (tmp_path / "watching.py").write_text(textwrap.dedent(WATCHING))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SEEN", str(tmp_path))  # it may sit in a process of its own
    (run,) = avbench.run(
        system="watching:Watching", task="avse", dataset=f"folder:{tmp_path / 'clips'}", noise="synth-noise",
        snr="0", set=["modality=av"], metrics="si-sdr", anchors="none", out=tmp_path / "out",
    )  # fmt: skip
    seen = [np.load(path) for path in sorted(tmp_path.glob("3-bn-*.npy"))]
    assert len(seen) == 2 and not any(run.folder.joinpath("errors").iterdir())
    expected = [mouth_of(tmp_path / "clips" / f"c{k}.mkv")[0].frames for k in range(2)]
    assert all(any(np.array_equal(s, e) for e in expected) for s in seen)


GRID = ("grid_s1/bbaf2n", "grid_multi/id2_vcd_swwp2s", "grid_multi/pwij3p")


@pytest.mark.parametrize("name", GRID)
def test_real_grid_clips(shared_data, name, dlib68):
    video, track = mouth_of(shared_data / "av" / f"{name}.mpg")
    assert video.frames.shape == (75, 88, 88, 1) and track.found.all() and track.notes == ()
    assert (track.faces == 1).all()
    turn, shift = placed(track.points, "mutud")
    z = as_complex(track.points.astype(float))
    mouth = turn * z[:, MOUTH].mean(axis=1) + shift - (43.5 + 43.5j)
    nose = turn * z[:, 33] + shift
    assert np.abs(mouth).max() < 1.0 and np.abs(np.diff(nose)).mean() < 0.6  # centred, and steady from frame to frame
    assert 36 < np.abs(turn * (z[:, 54] - z[:, 48])).mean() < 48  # a mouth as wide as in the papers' crops


@pytest.mark.parametrize(
    ("name", "frames", "most", "sentence"),
    [
        ("wild/video-retalking_1.mp4", 153, 1, "at uneven times, 22.09 a second on average"),
        ("wild/video-retalking_4.mp4", 166, 1, "199 pictures at 30.00 a second"),
        ("silent/iplap_129.mp4", 225, 1, "270 pictures at 30.00 a second"),
        pytest.param("wild/latentsync_demo1_video.mp4", 250, 1, None, marks=pytest.mark.slow),
        pytest.param("wild/avobjects_demo.mp4", 375, 4, "shows 4 faces, up to 4 at once", marks=pytest.mark.slow),
        pytest.param("wild/visualvoice_interview.mp4", 438, 2, "shows 2 faces", marks=pytest.mark.slow),
    ],
)
def test_real_wild_clips(shared_data, name, frames, most, sentence, dlib68):
    path = shared_data / "av" / name
    video, track = cut(path, "mutud")
    assert len(video.frames) == frames == len(track.found) and track.found.all() and track.faces.max() == most
    assert (inter_ocular(track.points) > 30).all()
    assert any(sentence in note for note in track.notes) if sentence else track.notes == ()


def test_real_celeba_hq_pictures_are_aligned_already(shared_data, dlib68):
    """So their own alignment must find the whole picture: 1024 pixels, the middle in the middle."""
    from PIL import Image

    files = sorted((shared_data / "faces" / "celeba_hq").rglob("*.jpg"))[:6]
    pictures = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    points, found = dlib68.points(pictures)
    turn, shift = placed(points[found], "celeba-hq")
    assert found.all() and abs(128 / np.abs(turn) - 1024).max() < 80
    assert np.abs((63.5 + 63.5j - shift) / turn - (511.5 + 511.5j)).max() < 30
