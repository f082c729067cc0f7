"""Alignment of landmarks against a solution by singular values, and the mean face against its maker."""

import numpy as np
import pytest

from avbench.data.synth.mean_face import make_mean_face
from avbench.signal.landmarks import COUNT, MOUTH, align, as_complex, inter_ocular, is_face, mean_face, similarity
from avbench.signal.mouth_crop import PICTURE, SIZE, crop_mouth, fill_gaps


def umeyama(points, template):
    """Scale, rotation and shift of one frame by singular values, with the sign that forbids reflection."""
    p, t = points - points.mean(0), template - template.mean(0)
    u, s, vt = np.linalg.svd(t.T @ p)
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    turn = u @ np.diag(sign) @ vt
    return (s @ sign / np.sum(p * p)) * p @ turn.T + template.mean(0)


def faces(count=6, spread=0.05):
    draw = np.random.Generator(np.random.Philox(3))
    return 60 + 40 * (mean_face() + spread * draw.standard_normal((count, COUNT, 2)))


def turned(points, degrees, scale, shift):
    a = np.deg2rad(degrees)
    return scale * points @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) + shift


def test_equals_singular_values():
    for points in (*faces(), *faces(spread=2.0), *turned(faces(), 170, 3, 9), *(faces() * [-1, 1])):
        np.testing.assert_allclose(align(points[None], mean_face())[0], umeyama(points, mean_face()), atol=1e-12)


def test_shift_turn_and_scale_are_taken_out():
    points = faces()
    moved = turned(points, 33, 0.02, [1000, -7])
    np.testing.assert_allclose(align(moved, mean_face()), align(points, mean_face()), atol=1e-11)
    np.testing.assert_allclose(align(mean_face()[None] * 5 + 3, mean_face())[0], mean_face(), atol=1e-12)


def test_a_mirror_is_not_taken_out():
    points = faces()
    apart = np.linalg.norm(align(points * [-1, 1], mean_face()) - align(points, mean_face()), axis=-1)
    assert apart.mean() > 0.4 and apart[:, MOUTH].mean() > 0.25


def test_frames_do_not_touch_each_other():
    points = faces()
    np.testing.assert_array_equal(align(points[::-1], mean_face())[::-1], align(points, mean_face()))
    np.testing.assert_array_equal(align(points[2:3], mean_face())[0], align(points, mean_face())[2])


def test_what_is_no_face():
    points = faces(5)
    points[1] = 7.3
    points[2, 4, 0] = np.nan
    points[3] = np.inf
    points[4] = 1e6 + 1e-10 * points[4]
    np.testing.assert_array_equal(is_face(points), [True, False, False, False, False])
    for k in range(1, 5):
        with pytest.raises(ValueError, match="cannot be aligned"):
            align(points[k : k + 1], mean_face())
    with pytest.raises(ValueError, match="cannot be aligned"):
        similarity(points[:1, :20], mean_face())
    assert is_face(points[:0]).shape == (0,) and align(points[:0], mean_face()).shape == (0, 68, 2)


def test_mean_face_is_what_its_maker_makes():
    face = mean_face()
    np.testing.assert_allclose(face, make_mean_face(), atol=6e-6)
    assert inter_ocular(face) == pytest.approx(1.0, abs=1e-5) and np.abs(face.mean(0)).max() < 1e-5
    assert face[36, 0] < 0 < face[45, 0] and face[8, 1] > face[57, 1] > face[30, 1] > face[27, 1]
    np.testing.assert_allclose(face[36] * [-1, 1], face[45], atol=1e-4)  # a face at rest is even
    with pytest.raises(ValueError, match="read-only"):
        face[0] = 0


def test_gaps_are_filled():
    points = np.arange(6.0)[:, None, None] * np.ones((1, 3, 2))
    found = np.array([False, True, False, False, True, False])
    filled = fill_gaps(np.where(found[:, None, None], points, np.nan), found)
    np.testing.assert_allclose(filled[:, 0, 0], [1, 1, 2, 3, 4, 4])
    with pytest.raises(ValueError, match="no frame"):
        fill_gaps(points, np.zeros(6, bool))


@pytest.mark.parametrize("frames", [1, 7, 29])
def test_mouth_crop_equals_the_warp_of_scikit_image(frames):
    transform = pytest.importorskip("skimage.transform")
    template = 120 + 74 * mean_face()
    draw = np.random.Generator(np.random.Philox(5))
    picture = draw.integers(0, 256, (10, 12, 3)).repeat(20, 0).repeat(20, 1).astype(np.uint8)
    video = np.stack([np.roll(picture, k, axis=1) for k in range(frames)])
    points = np.stack([turned(50 * mean_face(), 8 + k, 1.0, [120 + k, 90]) for k in range(frames)])
    crops = crop_mouth(video, points, template)
    assert crops.shape == (frames, SIZE, SIZE, 3) and crops.dtype == np.uint8
    stable = [28, 33, 36, 39, 42, 45, 48, 54]
    for k in range(frames):
        start = min(k, max(0, frames - 12))
        fit = transform.SimilarityTransform.from_estimate(points[start : start + 12, stable].mean(0), template[stable])
        whole = transform.warp(video[k], fit.inverse, output_shape=(PICTURE, PICTURE))
        x, y = np.round(fit(points[k, MOUTH]).mean(0)).astype(int)
        expected = (255 * whole[y - 48 : y + 48, x - 48 : x + 48]).astype(np.uint8)
        assert np.abs(crops[k].astype(int) - expected).max() <= 1


def test_mouth_crop_stays_inside_the_picture():
    template = np.array([128.0, 330.0]) + 74 * mean_face()  # a mean face whose mouth lies below the picture
    video = np.full((1, 200, 200, 1), 90, np.uint8)
    points = np.array([100.0, 100.0]) + 50 * mean_face()[None]
    assert crop_mouth(video, points, template).shape == (1, SIZE, SIZE, 1)
    assert as_complex(np.array([3.0, 4.0])) == 3 + 4j
