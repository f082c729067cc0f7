"""PSNR and SSIM against their definitions, scikit-image and torchmetrics."""

import math
import threading

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from avbench.errors import ReferenceFault
from avbench.metrics import frames as subject
from avbench.metrics import frames_loops as loops
from avbench.types import Video

ROWS = {row.name: row for row in subject.ROWS}
EVERY = pytest.mark.parametrize("metric", subject.ROWS, ids=lambda metric: metric.name)
SIZES = [(11, 11, 3), (12, 57, 3), (40, 33, 1), (31, 140, 1), (24, 150, 3)]  # the last two: more than one block


def made_pair(name, shape, noise=12.0):
    """(estimate, reference): random waves, and the same with noise."""
    generator = np.random.Generator(np.random.Philox(sum(name.encode())))
    count, height, width, channels = shape
    y, x = np.mgrid[:height, :width]
    waves = np.zeros(shape)
    for f, c in np.ndindex(count, channels):
        for _ in range(4):
            a, b, phase, level = generator.uniform(-0.4, 0.4, 4) * (1, 1, 8, 200)
            waves[f, ..., c] += level * np.sin(a * x + b * y + phase)
    clean = 120.0 + waves
    noisy = clean + noise * generator.standard_normal(shape)
    estimate, reference = (np.clip(v, 0, 255).astype(np.uint8) for v in (noisy, clean))
    return Video(estimate, 25.0), Video(reference, 25.0)


def value(name, estimate, reference):
    return ROWS[name].measure(estimate, reference)["value"]


def skimage_wang(estimate, reference):
    """Per frame, on the valid area, from scikit-image's map with Gaussian weights."""
    options = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, full=True)
    found = []
    for e, r in zip(estimate.frames, reference.frames, strict=True):
        _, full = structural_similarity(r, e, channel_axis=2, **options)
        found.append(full[5:-5, 5:-5].mean())
    return np.array(found)


def skimage_psnr(estimate, reference):
    pairs = zip(estimate.frames, reference.frames, strict=True)
    return np.array([peak_signal_noise_ratio(r, e, data_range=255) for e, r in pairs])


def skimage_default(estimate, reference):
    pairs = zip(estimate.frames, reference.frames, strict=True)
    return np.array([structural_similarity(r, e, channel_axis=2, data_range=255) for e, r in pairs])


def wang_by_hand(e, r):
    """Eq. 13 of one channel, window by window, in extended precision."""
    t = np.arange(-5, 6, dtype=np.longdouble)
    w = np.exp(-(t[:, None] ** 2 + t**2) / (2 * np.longdouble(1.5) ** 2))
    w /= w.sum()
    total, count = np.longdouble(0), 0
    for i, j in np.ndindex(e.shape[0] - 10, e.shape[1] - 10):
        x, y = (v[i : i + 11, j : j + 11].astype(np.longdouble) for v in (e, r))
        mx, my = (w * x).sum(), (w * y).sum()
        vx, vy, vxy = (w * (x - mx) ** 2).sum(), (w * (y - my) ** 2).sum(), (w * (x - mx) * (y - my)).sum()
        c1, c2 = np.longdouble(2.55) ** 2, np.longdouble(7.65) ** 2
        total += (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
        count += 1
    return float(total / count)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("noise", [1.0, 12.0, 90.0])
def test_ssim_equals_scikit_image_on_the_valid_area(size, noise):
    pair = made_pair("wang", (3, *size), noise)
    assert value("ssim", *pair) == pytest.approx(skimage_wang(*pair).mean(), abs=1e-12)


@pytest.mark.parametrize("size", [(7, 7, 3), (8, 30, 1), *SIZES], ids=str)
@pytest.mark.parametrize("noise", [1.0, 12.0, 90.0])
def test_ssim_skimage7_equals_the_default_of_scikit_image(size, noise):
    pair = made_pair("default", (3, *size), noise)
    assert value("ssim-skimage7", *pair) == pytest.approx(skimage_default(*pair).mean(), abs=1e-12)


def test_ssim_equals_its_equation():
    estimate, reference = made_pair("equation", (1, 16, 19, 1))
    expected = wang_by_hand(estimate.frames[0, ..., 0], reference.frames[0, ..., 0])
    assert value("ssim", estimate, reference) == pytest.approx(expected, abs=1e-13)


def test_psnr_equals_scikit_image():
    estimate, reference = made_pair("psnr", (5, 37, 41, 3))
    theirs = skimage_psnr(estimate, reference)
    assert subject.psnr_of_frames(estimate.frames, reference.frames) == pytest.approx(theirs, abs=1e-12)
    assert value("psnr", estimate, reference) == pytest.approx(theirs.mean(), abs=1e-12)


@pytest.mark.slow  # torchmetrics alone takes half a minute to import
def test_torchmetrics_agrees():
    """Its window is the same; it also counts reflected borders, cut off here, and keeps the range in float32."""
    torch = pytest.importorskip("torch")
    image = pytest.importorskip("torchmetrics.functional.image")

    estimate, reference = made_pair("torch", (2, 40, 60, 3))
    e, r = (torch.from_numpy(v.frames).permute(0, 3, 1, 2).double() for v in (estimate, reference))
    _, full = image.structural_similarity_index_measure(e, r, data_range=255.0, return_full_image=True)
    assert value("ssim", estimate, reference) == pytest.approx(full[..., 5:-5, 5:-5].mean().item(), abs=1e-9)
    theirs = image.peak_signal_noise_ratio(e, r, data_range=255.0, dim=(1, 2, 3)).item()
    assert value("psnr", estimate, reference) == pytest.approx(theirs, abs=1e-5)


def test_psnr_does_not_wrap_around():
    """What a subtraction in 8 bits gets wrong: 10 − 20 = 246, and 16² = 0."""
    for low, high in ((10, 20), (0, 16), (0, 255), (3, 250)):
        dark, bright = (Video(np.full((1, 4, 4, 3), level, np.uint8), 25.0) for level in (low, high))
        expected = 20.0 * math.log10(255.0 / (high - low))
        assert value("psnr", dark, bright) == value("psnr", bright, dark) == pytest.approx(expected, abs=1e-12)
    assert value("psnr", dark, dark) == 120.0


@pytest.mark.parametrize("numbers", [1, 65_535, 65_536, 65_537, 200_000])
def test_squared_errors_never_overflow(numbers):
    black, white = np.zeros((2, numbers), np.uint8), np.full((2, numbers), 255, np.uint8)
    white[1, -1] = 254
    assert loops.squared_errors(black, white).tolist() == [numbers * 255**2, (numbers - 1) * 255**2 + 254**2]


def test_identical_frames_are_capped_and_counted():
    estimate, reference = made_pair("identical", (4, 20, 20, 3))
    estimate.frames[1] = reference.frames[1]
    each = np.array(subject.psnr_of_frames(estimate.frames, reference.frames))
    assert np.isinf(each).tolist() == [False, True, False, False]
    parts = ROWS["psnr"].measure(estimate, reference)
    assert parts == {"value": pytest.approx((each[[0, 2, 3]].sum() + 120.0) / 4, abs=1e-12), "identical": 1.0}
    assert ROWS["psnr"].measure(reference, reference) == {"value": 120.0, "identical": 4.0}


@EVERY
@pytest.mark.parametrize("channels", [1, 3])
def test_perfect_picture(metric, channels):
    _, reference = made_pair("perfect", (3, 24, 30, channels))
    best = 120.0 if metric.name == "psnr" else 1.0
    assert metric.measure(reference, reference)["value"] == best
    flat = Video(np.full((1, 24, 30, channels), 7, np.uint8), 25.0)
    assert metric.measure(flat, flat)["value"] == best


@EVERY
def test_worst_picture_and_range(metric):
    black, white = (Video(np.full((2, 16, 16, 3), level, np.uint8), 25.0) for level in (0, 255))
    assert metric.measure(black, white)["value"] == pytest.approx(0.0, abs=1.1e-4)
    _, reference = made_pair("negative", (2, 30, 30, 3))
    negative = Video(255 - reference.frames, 25.0)
    assert 0.0 <= metric.measure(negative, reference)["value"] <= (metric.cap or metric.high)
    if metric.name != "psnr":
        assert metric.low <= metric.raw(negative, reference) < 0.0
        assert metric.measure(negative, reference)["value"] == metric.floor == 0.0


@EVERY
def test_more_noise_is_worse_and_order_changes_nothing(metric):
    values = [metric.measure(*made_pair("order", (2, 32, 32, 3), noise))["value"] for noise in (2.0, 10.0, 50.0)]
    assert values == sorted(values, reverse=True) and metric.higher_is_better
    estimate, reference = made_pair("order", (2, 32, 32, 3))
    assert metric.measure(estimate, reference) == metric.measure(reference, estimate)


@EVERY
def test_a_clip_is_the_mean_of_its_frames(metric):
    estimate, reference = made_pair("mean", (6, 26, 70, 3))
    singles = [
        metric.measure(Video(estimate.frames[f : f + 1], 25.0), Video(reference.frames[f : f + 1], 25.0))["value"]
        for f in range(6)
    ]
    assert metric.measure(estimate, reference)["value"] == pytest.approx(np.mean(singles), abs=1e-13)
    assert len(set(singles)) == 6


@EVERY
def test_colour_is_the_mean_of_its_channels(metric):
    """SSIM takes the mean over channels; PSNR the mean of squared errors, so equal channels change nothing."""
    estimate, reference = made_pair("grey", (2, 22, 28, 3))
    split = [
        metric.measure(*(Video(np.ascontiguousarray(v.frames[..., c : c + 1]), 25.0) for v in (estimate, reference)))
        for c in range(3)
    ]
    if metric.name != "psnr":
        mean = np.mean([part["value"] for part in split])
        assert metric.measure(estimate, reference)["value"] == pytest.approx(mean, abs=1e-13)
    thrice = [Video(np.repeat(v.frames[..., :1], 3, axis=3), 25.0) for v in (estimate, reference)]
    assert metric.measure(*thrice)["value"] == pytest.approx(split[0]["value"], abs=1e-12)


@EVERY
def test_views_and_read_only_frames(metric):
    estimate, reference = made_pair("views", (3, 30, 40, 3))
    crops = [Video(v.frames[:, 2:-3, 4:-1], 25.0) for v in (estimate, reference)]
    copies = [Video(crop.frames.copy(), 25.0) for crop in crops]
    for copy in copies:
        copy.frames.flags.writeable = False
    assert metric.measure(*crops) == metric.measure(*copies)


@pytest.mark.parametrize(("name", "window"), [("ssim", 11), ("ssim-skimage7", 7)])
def test_a_picture_smaller_than_the_window_is_void(name, window):
    for height, width in ((window - 1, 40), (40, window - 1)):
        pair = made_pair("small", (1, height, width, 3))
        with pytest.raises(ReferenceFault, match=f"{height} × {width}.*{window} × {window}"):
            ROWS[name].measure(*pair)
        with pytest.raises(ReferenceFault):  # whatever the estimate is
            ROWS[name].measure(None, pair[1])
        assert ROWS["psnr"].measure(*pair)["value"] > 0
    assert 0 < value(name, *made_pair("small", (1, window, window, 3))) < 1


@EVERY
def test_threads_change_nothing(metric):
    pairs = [made_pair(f"thread {i}", (2, 40, 50, 3)) for i in range(8)]
    alone = [metric.measure(*pair) for pair in pairs]
    together = [None] * len(pairs)

    def work(first):
        for i in range(first, len(pairs), 4):
            together[i] = metric.measure(*pairs[i])

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_real_frames(shared_data):
    from avbench.signal.video import read_video

    for clip in sorted((shared_data / "av").glob("grid_*/*.mpg"))[:3]:
        video = read_video(clip)
        reference = Video(video.frames[5:8, 80:208, 100:228], video.fps)
        later = Video(video.frames[6:9, 80:208, 100:228], video.fps)
        rough = Video(reference.frames // 32 * 32 + 16, video.fps)
        for estimate in (later, rough):
            assert value("ssim", estimate, reference) == pytest.approx(
                skimage_wang(estimate, reference).mean(), abs=1e-12
            )
            assert value("ssim-skimage7", estimate, reference) == pytest.approx(
                skimage_default(estimate, reference).mean(), abs=1e-12
            )
            assert value("psnr", estimate, reference) == pytest.approx(
                skimage_psnr(estimate, reference).mean(), abs=1e-12
            )
        assert value("ssim", later, reference) > value("ssim", rough, reference) > 0.3
