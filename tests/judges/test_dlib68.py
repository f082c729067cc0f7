"""The judge dlib on drawn faces and on real pictures."""

import subprocess
import sys

import numpy as np
import pytest

from avbench.data.synth.face import make_identity
from avbench.data.synth.motion import make_motion
from avbench.data.synth.render import landmarks, render_face
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import CorpusSpec
from avbench.errors import BadFile, MissingResource
from avbench.judges import get_judge, judge_identity, open_judge
from avbench.judges.dlib68 import SHAPES, Dlib68
from avbench.signal.landmarks import inter_ocular, is_face
from avbench.signal.video import read_video


@pytest.fixture(scope="module")
def finder():
    pytest.importorskip("dlib", reason="dlib is not installed: pip install 'avbench[faces]'")
    try:
        return open_judge("dlib")
    except MissingResource as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def drawn():
    """Eight drawn faces and their exact points."""
    spec, shut = CorpusSpec(), np.zeros((1, 6), np.float32)
    people = [(make_identity(spec, make_speaker(spec, f"s{k:03d}")), f"s{k:03d}-000") for k in range(0, 400, 50)]
    scenes = [(identity, shut, make_motion(1, spec=spec, clip=clip)) for identity, clip in people]
    return np.concatenate([render_face(*s) for s in scenes]), np.concatenate([landmarks(*s) for s in scenes])


def test_drawn_faces(finder, drawn):
    pictures, exact = drawn
    points, found = finder.points(pictures)
    assert points.shape == (8, 68, 2) and points.dtype == np.float64 and found.dtype == bool
    assert found.sum() >= 7
    eyes = np.linalg.norm(points - exact, axis=-1)[found][:, 36:48].mean(1) / inter_ocular(exact[found])
    assert np.median(eyes) < 0.04 and eyes.max() < 0.25


def test_frames_are_judged_one_by_one(finder, drawn):
    pictures = drawn[0][:3].copy()
    pictures[1] = 128
    points, found = finder.points(pictures)
    assert not found[1] and np.isnan(points[1]).all() and found[[0, 2]].all()
    backwards, _ = finder.points(pictures[::-1])
    np.testing.assert_array_equal(backwards[::-1], points)
    np.testing.assert_array_equal(finder.points(pictures[2:])[0][0], points[2])
    assert finder.points(pictures[:0])[0].shape == (0, 68, 2)


def test_grey_is_the_same_as_three_equal_channels(finder, drawn):
    grey = drawn[0][:1].mean(axis=3, keepdims=True).astype(np.uint8)
    np.testing.assert_array_equal(finder.points(grey)[0], finder.points(grey.repeat(3, 3))[0])


def test_the_largest_face_is_taken(finder, drawn):
    small, exact = drawn[0][0], drawn[1][0]
    large = drawn[0][3].repeat(2, 0).repeat(2, 1)
    alone = finder.points(large[None])[0][0]
    for left in (True, False):
        page = np.full((256, 384, 3), 128, np.uint8)
        page[60:188, 0 if left else 256 :][:, :128] = small
        page[:, 128 if left else 0 :][:, :256] = large
        (points,), found = finder.points(page[None])
        assert found.all()
        assert np.abs(points - alone - [128 if left else 0, 0]).mean() < 6
    assert exact.shape == (68, 2)


def test_a_small_face_in_a_small_picture_is_found(finder, drawn):
    """At 64 × 64 pixels the detector needs the picture doubled."""
    quarter = drawn[0].reshape(8, 64, 2, 64, 2, 3).mean((2, 4)).astype(np.uint8)
    points, found = finder.points(quarter)
    assert found.sum() >= 6
    apart = np.linalg.norm(2 * points[found] + 0.5 - drawn[1][found], axis=-1).mean(1) / inter_ocular(drawn[1][found])
    assert apart.max() < 0.25


@pytest.mark.parametrize("shape", [(2, 8, 8), (2, 8, 8, 2)])
def test_other_arrays_are_refused(finder, shape):
    with pytest.raises(ValueError, match="frames must be"):
        finder.points(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="frames must be"):
        finder.points(np.zeros((1, 8, 8, 3), np.float32))


def test_wrong_files(finder, tmp_path):
    (tmp_path / "noise.dat").write_bytes(b"no shapes in here")
    with pytest.raises(BadFile, match=r"noise\.dat is not a shape predictor"):
        Dlib68(tmp_path / "noise.dat")
    (tmp_path / "dlib").mkdir()
    with pytest.raises(MissingResource, match="holds no shape_predictor_68"):
        get_judge("dlib").files(tmp_path)


def test_identity_names_the_file(finder):
    assert judge_identity("dlib") == f"dlib@{SHAPES.sha256[:8]}"
    file = get_judge("dlib").files()[SHAPES.name]
    assert file.stat().st_size == SHAPES.bytes


def test_the_package_of_the_weights_is_never_imported(finder):
    code = (
        "import sys, avbench.judges as j; assert 'dlib' not in sys.modules; j.open_judge('dlib');"
        "assert 'face_recognition_models' not in sys.modules and 'pkg_resources' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_real_clips(finder, shared_data):
    for name in ("grid_s1/bbaf2n", "grid_s1/swib5a", "grid_multi/brbk7n", "grid_multi/lrwp9a"):
        frames = read_video(shared_data / "av" / f"{name}.mpg").frames[::15]
        points, found = finder.points(frames)
        assert found.all() and is_face(points).all()
        assert (20 < inter_ocular(points)).all() and (inter_ocular(points) < 120).all()
        assert np.abs(np.diff(points, axis=0)).mean() < 8  # one talking head, not a different place in each frame


def test_real_photographs(finder, shared_data):
    import av

    files = [
        *sorted(shared_data.glob("faces/identities/*.jpg")),
        *sorted(shared_data.glob("faces/celeba_hq/*/0*.jpg"))[:6],
    ]
    assert len(files) == 10
    for file in files:
        with av.open(str(file)) as container:
            picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
        (points,), (found,) = finder.points(picture[None])
        assert found, file.name
        assert points[36, 0] < points[45, 0] and points[8, 1] > points[27, 1]
