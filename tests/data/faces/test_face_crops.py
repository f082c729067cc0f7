"""What the crops show, measured on points whose place in them is known."""

import numpy as np
import pytest

from avbench.data.faces.crops import LRW_COLUMNS, LRW_ROWS, STYLES, aligned, placed
from avbench.errors import BadFile, UnknownName
from avbench.signal.landmarks import MOUTH, as_complex, mean_face
from avbench.signal.mouth_crop import crop_mouth


def posed(count=9, scale=90.0, angle=0.0, middle=(200.0, 150.0)):
    """`[F, 68, 2]` the mean face, turned, scaled and moved."""
    turn = scale * np.exp(1j * np.radians(angle))
    z = turn * as_complex(mean_face()) + complex(*middle)
    return np.repeat(np.stack([z.real, z.imag], axis=-1)[None], count, axis=0)


def dotted(points, height=300, width=400):
    """A dark picture with a bright dot of 5 × 5 at the middle of the mouth."""
    pages = np.zeros((len(points), height, width, 1), np.uint8)
    for page, (x, y) in zip(pages, np.rint(points[:, MOUTH].mean(1)).astype(int), strict=True):
        page[y - 2 : y + 3, x - 2 : x + 3] = 255
    return pages


def middle_of(crop):
    y, x = np.mgrid[: crop.shape[0], : crop.shape[1]]
    weight = crop[..., 0].astype(float)
    return (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()


@pytest.mark.parametrize(("scale", "angle"), [(60, 0), (90, 20), (250, -15)])
def test_the_mouth_is_in_the_middle_and_45_pixels_wide(scale, angle):
    points = posed(scale=scale, angle=angle, middle=(500, 400))
    crops = aligned(dotted(points, 1000, 1000), points, "mutud")
    assert crops.shape == (9, 88, 88, 1) and crops.dtype == np.uint8
    np.testing.assert_allclose(middle_of(crops[4]), (43.5, 43.5), atol=0.5)
    turn, shift = placed(points, "mutud")
    at = turn[:, None] * as_complex(points) + shift[:, None]
    np.testing.assert_allclose(at[:, 54] - at[:, 48], 45, atol=1e-6)  # level, too


def test_mutud_and_ms_tcn_show_the_same_of_a_still_face():
    points = posed(count=14, angle=10)
    shades = np.random.RandomState(3).uniform(0, 255, (14, 30, 40)).astype(np.uint8)
    pages = shades[:1].repeat(14, 0).repeat(10, 1).repeat(10, 2)[..., None]
    ours, theirs = aligned(pages, points, "mutud"), aligned(pages, points, "ms-tcn")
    assert theirs.shape == (14, 88, 88, 1)
    # theirs lies on whole pixels of the mean face's picture: up to half a pixel apart
    apart = np.abs(ours.astype(int) - theirs)[:, 1:-1, 1:-1]
    assert np.median(apart) < 8


def test_ms_tcn_takes_the_mean_face_of_its_weights():
    points, template = posed(count=14), posed(count=1, scale=74, middle=(128, 120))[0]
    pages = dotted(points)
    whole = crop_mouth(pages, points, template)
    np.testing.assert_array_equal(aligned(iter(pages), points, "ms-tcn", template), whole[:, 4:-4, 4:-4])


def test_three_points_stand_still():
    shaken = posed(count=5) + np.random.RandomState(1).uniform(-20, 20, (5, 1, 2))
    turn, shift = placed(shaken, "three-point")
    at = turn[:, None] * as_complex(shaken) + shift[:, None]
    eyes, nose = (at[:, 36:42].mean(1), at[:, 42:48].mean(1)), at[:, 27:36].mean(1)
    assert np.ptp(np.stack([*eyes, nose]), axis=1).max() < 1e-6
    extent = max(np.ptp(at[0].real), np.ptp(at[0].imag))
    assert extent == pytest.approx(0.6 * 128) and abs(at[0].real.max() + at[0].real.min() - 127) < 1e-6
    assert aligned(np.zeros((5, 300, 400, 1), np.uint8), shaken, "three-point").shape == (5, 128, 128, 3)


def test_celeba_hq_by_the_formula_of_its_paper():
    """An upright face: the side is the greater of 4 × eye to eye and 3.6 × eye to mouth; the middle a tenth below."""
    (points,) = posed(count=1)
    eyes = [points[36:42].mean(0), points[42:48].mean(0)]
    mouth = points[[48, 54]].mean(0)
    side = max(4 * (eyes[1] - eyes[0])[0], 3.6 * (mouth - np.mean(eyes, 0))[1])
    middle = np.mean(eyes, 0) + 0.1 * (mouth - np.mean(eyes, 0))
    turn, shift = placed(points[None], "celeba-hq")
    assert turn[0] == pytest.approx(128 / side)
    assert turn[0] * complex(*middle) + shift[0] == pytest.approx(63.5 + 63.5j)


def test_celeba_hq_mirrors_where_the_picture_ends_and_the_others_are_black():
    points = posed(count=1, scale=60, middle=(100, 30))
    pages = np.full((1, 200, 200, 3), 200, np.uint8)
    assert aligned(pages, points, "celeba-hq").min() >= 199
    assert aligned(pages, points, "three-point")[0, 0].max() == 0


def test_a_fine_picture_is_averaged_and_not_picked_from():
    points = posed(count=1, scale=1000, middle=(1000, 1000))
    chess = (np.indices((2000, 2000)).sum(0) % 2 * 255).astype(np.uint8)[None, ..., None]
    crop = aligned(chess, points, "mutud")
    assert 100 < crop.min() and crop.max() < 155


def test_the_place_of_a_pixel_is_its_centre():
    """A crop at the picture's own size and place is the picture."""
    from avbench.data.faces.crops import _cut

    page = np.random.RandomState(0).randint(0, 255, (60, 60, 3)).astype(np.uint8)
    np.testing.assert_array_equal(_cut(page, 1.0 + 0j, 0j, 60), page)
    np.testing.assert_array_equal(_cut(page, 1.0 + 0j, -10 - 5j, 40), page[5:45, 10:50])
    np.testing.assert_array_equal(_cut(page, 1j, 59 + 0j, 60), np.rot90(page, -1))
    halved = page[:, :, :1].reshape(30, 2, 30, 2).mean((1, 3))
    assert np.abs(_cut(page[:, :, :1], 0.5 + 0j, -0.25 - 0.25j, 30)[..., 0] - halved).max() <= 0.51


def test_lrw_is_a_fixed_place():
    pages = np.random.RandomState(0).randint(0, 255, (2, 256, 256, 1)).astype(np.uint8)
    crops = aligned(pages, np.full((2, 68, 2), np.nan), "lrw")
    np.testing.assert_array_equal(crops, pages[:, LRW_ROWS, LRW_COLUMNS])
    assert crops.shape == (2, 96, 96, 1) and LRW_ROWS.start == 115 and LRW_COLUMNS.start == 79
    with pytest.raises(BadFile, match="these have 300 × 200"):
        aligned(np.zeros((1, 200, 300, 1), np.uint8), posed(1), "lrw")


def test_colour_becomes_grey_by_bt601():
    pages = np.zeros((1, 256, 256, 3), np.uint8)
    pages[..., 0], pages[..., 1], pages[..., 2] = 200, 100, 50
    assert (aligned(pages, posed(1), "lrw") == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)).all()


def test_styles_that_are_not():
    with pytest.raises(UnknownName, match="mutud"):
        aligned(np.zeros((1, 9, 9, 1), np.uint8), posed(1), "mutut")
    assert set(STYLES) == {"mutud", "ms-tcn", "lrw", "three-point", "celeba-hq"}
