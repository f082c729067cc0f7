"""nlmd and nlmd-mouth: what they compare, whom they blame, what they give real clips."""

import numpy as np
import pytest

from avbench import judges
from avbench.errors import EstimateFault, MissingResource, ReferenceFault
from avbench.metrics import landmarks as subject
from avbench.metrics.landmarks import ROWS, distances, landmark_distances
from avbench.signal.landmarks import mean_face
from avbench.signal.video import read_video
from avbench.types import Video

BOTH = {row.name: row for row in ROWS}


class Finder:
    """A judge that reads the face off the first pixel: 0 is none, else its size."""

    def points(self, frames):
        sizes = frames[:, 0, 0, 0].astype(float)
        points = sizes[:, None, None] * mean_face() + 64
        points[sizes == 0] = np.nan
        return points, sizes > 0


@pytest.fixture
def finder(monkeypatch):
    monkeypatch.setattr(judges, "open_judge", lambda name: {"dlib": Finder()}[name])


def video(*sizes):
    frames = np.zeros((len(sizes), 4, 4, 3), np.uint8)
    frames[:, 0, 0, 0] = sizes
    return Video(frames, 25.0)


def talk(count=5, seed=1):
    draw = np.random.Generator(np.random.Philox(seed))
    return 64 + 40 * (mean_face() + 0.03 * draw.standard_normal((count, 68, 2)))


def by_hand(estimate, reference):
    """Frame by frame, by singular values: the distance of each point."""

    def onto(points, template):
        p, t = points - points.mean(0), template - template.mean(0)
        u, s, vt = np.linalg.svd(p.T @ t)
        sign = np.array([1.0, np.linalg.det(u @ vt)])
        return p @ (u * sign) @ vt * (s @ sign) / (p * p).sum() + template.mean(0)

    pairs = zip(estimate, reference, strict=True)
    return np.array([np.sqrt(((onto(e, mean_face()) - onto(r, mean_face())) ** 2).sum(1)) for e, r in pairs])


def test_equals_a_solution_by_singular_values():
    estimate, reference = talk(seed=1), talk(seed=2)
    apart = by_hand(estimate, reference)
    np.testing.assert_allclose(distances(estimate, reference), apart, atol=1e-12)
    assert BOTH["nlmd"].measure(estimate, reference)["value"] == pytest.approx(apart.mean(), abs=1e-12)
    assert BOTH["nlmd-mouth"].measure(estimate, reference)["value"] == pytest.approx(apart[:, 48:].mean(), abs=1e-12)


def test_unit_is_the_distance_of_the_outer_eye_corners():
    reference = np.repeat(mean_face()[None], 3, 0)
    estimate = reference.copy()
    estimate[:, 60, 1] += 1e-4  # so little that the alignment stays as it is, to first order
    apart = distances(estimate, reference)
    assert apart[:, 60] == pytest.approx(1e-4, rel=0.05)


def test_pose_does_not_count_and_shape_does():
    reference = talk()
    a = np.deg2rad(20)
    turned = 2.5 * reference @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) - 300
    for row in ROWS:
        assert row.measure(reference, reference)["value"] == 0.0
        assert row.measure(turned, reference)["value"] == pytest.approx(0.0, abs=1e-12)
        assert row.measure(talk(seed=9), reference)["value"] > 0.01


def test_a_mirrored_face_scores_badly():
    reference = talk()
    assert BOTH["nlmd"].measure(reference * [-1, 1], reference)["value"] > 0.4
    assert BOTH["nlmd-mouth"].measure(reference * [-1, 1], reference)["value"] > 0.25


def test_order_of_arguments_matters_where_frames_are_lost():
    lost = talk()
    lost[1] = 3.0
    assert BOTH["nlmd"].measure(lost, talk()) == pytest.approx({"value": 0.2, "frames": 5, "undetected": 1}, abs=1e-12)
    assert BOTH["nlmd"].measure(talk(), lost) == pytest.approx({"value": 0.0, "frames": 4, "undetected": 0}, abs=1e-12)


def test_no_frame_is_worse_than_a_lost_one():
    reference = talk(1)
    for seed in range(20):
        noise = np.random.Generator(np.random.Philox(seed)).standard_normal((1, 68, 2))
        for row in ROWS:
            assert row.measure(noise, reference)["value"] <= row.floor == 1.0


def test_frames_without_a_face(finder):
    """Two are the reference's fault and do not count, one is the estimate's and counts 1."""
    parts = landmark_distances(video(9, 0, 0, 5, 7), video(9, 9, 0, 0, 20))
    for name in BOTH:
        assert parts[name] == pytest.approx({"value": 1 / 3, "frames": 3, "undetected": 1}, abs=1e-12)
    assert landmark_distances(video(0, 0), video(3, 3))["nlmd"] == {"value": 1.0, "frames": 2, "undetected": 2}
    with pytest.raises(ReferenceFault, match="no frame of the reference shows a face"):
        BOTH["nlmd"].measure(video(3, 3), video(0, 0))
    mixed = landmark_distances(video(30), mean_face()[None])
    assert mixed["nlmd"]["value"] == pytest.approx(0.0, abs=1e-12)


def test_broken_points():
    good, bad = talk(), talk()
    bad[2, 5, 1] = np.nan
    for row in ROWS:
        with pytest.raises(EstimateFault, match="NaN"):
            row.measure(bad, good)
        with pytest.raises(ReferenceFault, match="NaN"):
            row.measure(good, bad)
        with pytest.raises(EstimateFault):
            row.measure(good[:3], good)
        with pytest.raises(EstimateFault):
            row.measure(None, good)
        with pytest.raises(ReferenceFault):
            row.measure(good, np.full_like(good, 4.0))
        assert row.measure(np.full_like(good, 4.0), good)["value"] == 1.0
        assert row.bounded(1.7) == (1.0, ("floored",)) and row.parts_of_failure(good) == {"value": 1.0}


def test_the_judge_is_asked_only_for_video(monkeypatch):
    def absent(name):
        raise MissingResource("not here")

    monkeypatch.setattr(judges, "open_judge", absent)
    assert landmark_distances(talk(), talk())["nlmd"]["value"] == 0.0
    with pytest.raises(MissingResource):
        landmark_distances(video(3), video(3))
    assert subject.JUDGE in judges.JUDGES and all(row.judge == subject.JUDGE for row in ROWS)


def test_pooling_is_the_mean_over_clips():
    parts = [{"value": 0.1, "frames": 75.0, "undetected": 0.0}, {"value": 0.5, "frames": 3.0, "undetected": 1.0}]
    assert BOTH["nlmd"].pool(parts) == pytest.approx(0.3)


def test_real_clips(shared_data):
    """The same face late by a frame, standing still, and another face: in this order, and the true one first."""
    pytest.importorskip("dlib", reason="dlib is not installed: pip install 'avbench[faces]'")
    clip = read_video(shared_data / "av" / "grid_s1" / "bbaf2n.mpg").frames[10:30:2]
    other = read_video(shared_data / "av" / "grid_multi" / "brbk7n.mpg").frames[10:30:2]
    try:
        finder = judges.open_judge("dlib")
    except MissingResource as error:
        pytest.skip(str(error))
    (points, found), (others, _) = finder.points(clip), finder.points(other)
    assert found.all()
    still = np.repeat(points[:1], len(points), 0)
    for name in BOTH:
        late, frozen, foreign = (
            landmark_distances(e, r)[name]["value"]
            for e, r in ((points[1:], points[:-1]), (still, points), (others, points))
        )
        assert 0.0 < late < 0.03 and 0.0 < frozen < 0.05 and 0.03 < foreign < 0.2
    two = Video(clip[:2], 25.0)
    black = Video(np.zeros_like(clip[:2]), 25.0)
    assert landmark_distances(two, two)["nlmd"] == {"value": 0.0, "frames": 2, "undetected": 0}
    assert landmark_distances(black, two)["nlmd"] == {"value": 1.0, "frames": 2, "undetected": 2}
