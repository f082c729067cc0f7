"""The rows `lpips`, `lpips-squeeze` and `lpips-diversity`. What they compute is tested in tests/judges."""

import numpy as np
import pytest

from avbench.errors import EstimateFault, MissingResource, ReferenceFault
from avbench.judges import open_judge
from avbench.metrics.perceptual import ROWS
from avbench.types import Video

LPIPS, SQUEEZE, DIVERSITY = ROWS


@pytest.fixture
def assets(shared_data, monkeypatch):
    folder = shared_data.parent / "weights"
    if not folder.is_dir():
        pytest.skip("real weights are not here: put them in ../shared/weights to run this test")
    monkeypatch.setenv("AVBENCH_ASSETS", str(folder))


@pytest.fixture(scope="module")
def clip(shared_data):
    """Five frames of a real face."""
    from avbench.signal.video import read_video

    frames = read_video(shared_data / "av" / "grid_s1" / "bbaf2n.mpg").frames[:5, ::3, ::3]
    return Video(np.ascontiguousarray(frames), 25.0)


def blurred(video, amount):
    frames = video.frames.astype(np.float64)
    for _ in range(amount):
        frames = (np.roll(frames, 1, axis=2) + 2 * frames + np.roll(frames, -1, axis=2)) / 4
    return Video(frames.astype(np.uint8), video.fps)


@pytest.mark.parametrize("row", [LPIPS, SQUEEZE], ids=lambda row: row.name)
def test_mean_over_frames(row, assets, clip):
    parts = row.measure(blurred(clip, 6), clip)
    single = [
        row.measure(Video(blurred(clip, 6).frames[i : i + 1], 25.0), Video(clip.frames[i : i + 1], 25.0))["value"]
        for i in range(5)
    ]
    assert parts["value"] == parts["raw"] == pytest.approx(np.mean(single), abs=1e-6)
    assert row.measure(clip, clip)["value"] == 0.0
    assert 0.0 < row.measure(blurred(clip, 2), clip)["value"] < parts["value"] < row.floor


def test_the_two_networks_are_told_apart(assets, clip):
    assert LPIPS.measure(blurred(clip, 6), clip)["value"] != SQUEEZE.measure(blurred(clip, 6), clip)["value"]


@pytest.mark.parametrize("row", [LPIPS, SQUEEZE], ids=lambda row: row.name)
def test_grey_or_tiny_pictures_void_the_trial(row, assets):
    grey, tiny = Video(np.zeros((2, 64, 64, 1), np.uint8), 25.0), Video(np.zeros((2, 16, 64, 3), np.uint8), 25.0)
    with pytest.raises(ReferenceFault, match="is grey"):
        row.measure(grey, grey)
    with pytest.raises(ReferenceFault, match="16 × 64 pixels"):
        row.measure(tiny, tiny)


def variants(clip):
    return tuple(Video(blurred(clip, amount).frames[:1], 25.0) for amount in range(10))


def test_diversity_is_the_mean_of_45_pairs(assets, clip):
    images = variants(clip)
    judge = open_judge("lpips-alex")
    pairs = [judge.distance(a.frames, b.frames)[0] for i, a in enumerate(images) for b in images[i + 1 :]]
    assert len(pairs) == 45
    assert DIVERSITY.measure(images)["value"] == pytest.approx(np.mean(pairs), abs=1e-7)
    assert DIVERSITY.measure(images[::-1])["value"] == pytest.approx(np.mean(pairs), abs=1e-7)
    assert DIVERSITY.measure(images[:1] * 4)["value"] == pytest.approx(0.0, abs=1e-12)


def test_diversity_of_what_cannot_be_looked_at(assets, clip):
    with pytest.raises(EstimateFault, match="is grey"):
        DIVERSITY.measure((Video(np.zeros((1, 64, 64, 1), np.uint8), 25.0),) * 3)
    with pytest.raises(EstimateFault, match="16 × 64 pixels"):
        DIVERSITY.measure((Video(np.zeros((1, 16, 64, 3), np.uint8), 25.0),) * 3)
    with pytest.raises(EstimateFault):
        DIVERSITY.measure(variants(clip)[:1])


def test_absent_weights_say_how_to_get_them(monkeypatch):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    picture = Video(np.zeros((1, 64, 64, 3), np.uint8), 25.0)
    for row in ROWS:
        assert row.judge in ("lpips-alex", "lpips-squeeze")
        with pytest.raises(MissingResource, match=f"doctor --fetch {row.judge}"):
            row.measure((picture, picture) if row is DIVERSITY else picture, picture)
