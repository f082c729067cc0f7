"""What goes wrong with a picture, and by how much."""

import numpy as np
import pytest

from avbench.seeds import Draw
from avbench.signal.degrade import DEGRADATIONS, degrade


@pytest.fixture(params=[(88, 88, 1), (128, 128, 3), (50, 70, 1)])
def frames(request):
    shape = (20, *request.param)
    values = Draw("picture", str(shape)).uniforms(int(np.prod(shape)))
    return (60 + 140 * values).astype(np.uint8).reshape(shape)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_fault_keeps_the_shape_and_is_drawn_from_its_name(frames, name):
    before = frames.copy()
    found = degrade(frames, name, Draw("row-1", "degradation"))
    assert found.shape == frames.shape and found.dtype == np.uint8 and found.flags.c_contiguous
    assert np.array_equal(frames, before) and not np.array_equal(found, frames)
    assert np.array_equal(found, degrade(frames, name, Draw("row-1", "degradation")))
    drawn = name.startswith(("occlusion", "low-light", "frame-loss"))
    assert np.array_equal(found, degrade(frames, name, Draw("row-2", "degradation"))) != drawn
    assert degrade(frames[:0], name, Draw("x")).shape == (0, *frames.shape[1:])
    assert degrade(frames[:1], name, Draw("x")).shape == (1, *frames.shape[1:])


@pytest.mark.parametrize("kind", ["blur", "occlusion", "low-light", "frame-loss", "low-resolution"])
def test_a_greater_strength_is_worse(frames, kind):
    if frames.shape[1] == 50:
        frames = np.repeat(np.repeat(frames, 2, axis=1), 2, axis=2)
    moving = np.clip(
        frames.astype(float).mean(axis=(2,), keepdims=True) + np.arange(20)[:, None, None, None] * 4, 0, 255
    )
    steady = np.broadcast_to(moving, frames.shape).astype(np.uint8)
    errors = [
        np.mean((degrade(steady, f"{kind}-{n}", Draw("row", "degradation")).astype(float) - steady) ** 2)
        for n in (1, 2, 3)
    ]
    assert errors[0] < errors[1] < errors[2]


def test_a_lost_frame_shows_the_last_that_came_and_weak_losses_are_among_the_strong_ones():
    frames = np.arange(75, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
    lost = []
    for n, part in ((1, 0.1), (2, 0.3), (3, 0.6)):
        seen = degrade(frames, f"frame-loss-{n}", Draw("row", "degradation"))[:, 0, 0, 0].astype(int)
        gone = set(np.flatnonzero(seen != np.arange(75)))
        assert len(gone) == round(part * 74) and 0 not in gone and np.all(np.diff(seen) >= 0)
        assert set(seen) == set(range(75)) - gone
        lost.append(gone)
    assert lost[0] < lost[1] < lost[2]


def test_an_occlusion_covers_its_part_and_low_light_is_dark():
    frames = np.full((10, 88, 88, 1), 250, np.uint8)
    for n, part in ((1, 0.15), (2, 0.35), (3, 0.6)):
        covered = degrade(frames, f"occlusion-{n}", Draw("row", "degradation")) != 250
        assert np.mean(covered) == pytest.approx(part, abs=0.02) and np.array_equal(covered[0], covered[9])
    for n, light in ((1, 1 / 3), (2, 1 / 8), (3, 1 / 20)):
        dark = degrade(frames, f"low-light-{n}", Draw("row", "degradation")).astype(float)
        assert dark.mean() == pytest.approx(250 * light, abs=0.3)
        assert dark.std() == pytest.approx(np.sqrt(250 * light * 255 / 800 + 1.2**2 + 1 / 12), rel=0.05)
        assert abs(np.corrcoef(dark[0].ravel(), dark[1].ravel())[0, 1]) < 0.1
