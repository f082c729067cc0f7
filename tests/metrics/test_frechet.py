"""The Fréchet distance against its definition with a matrix root, and the metrics that are made of it."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest

import avbench.judges as judges
from avbench.errors import EstimateFault, MissingResource, ReferenceFault
from avbench.judges import Judge
from avbench.metrics import frechet, measure_all
from avbench.metrics.frechet import ROWS, frechet_distance, frechet_metric, pool_features
from avbench.types import Video

D = 96


def definition(first, second):
    """With scipy's matrix root of the product of the covariances."""
    from scipy.linalg import sqrtm

    covariances = [np.cov(x, rowvar=False) for x in (first, second)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a singular product
        root = sqrtm(covariances[0] @ covariances[1])
    difference = first.mean(axis=0) - second.mean(axis=0)
    return difference @ difference + sum(map(np.trace, covariances)) - 2 * np.trace(root).real


def by_singular_values(first, second):
    """Exact whatever the rank: roots of the covariances by eigenvectors, then singular values."""
    roots = []
    for x in (first, second):
        values, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
        roots.append(vectors * np.sqrt(np.maximum(values, 0)))
    difference = first.mean(axis=0) - second.mean(axis=0)
    traces = sum(np.square(root).sum() for root in roots)
    return difference @ difference + traces - 2 * np.linalg.svd(roots[0].T @ roots[1], compute_uv=False).sum()


def two_sets(count, other, power=0.5, seed=0, shift=0.1):
    generator = np.random.Generator(np.random.Philox(seed))
    mixing = generator.standard_normal((D, D)) / D**0.5
    scale = (1.0 + np.arange(D)) ** -power
    first = generator.standard_normal((count, D)) * scale @ mixing
    second = generator.standard_normal((other, D)) * scale * 1.2 @ mixing + shift
    return first, second


@pytest.mark.parametrize("counts", [(400, 400), (400, 150), (97, 98), (98, 400)])
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_the_definition(counts, seed):
    first, second = two_sets(*counts, seed=seed)
    expected = definition(first, second)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("counts", [(2, 2), (2, 400), (30, 40), (96, 96), (40, 400), (400, 40), (97, 96), (400, 400)])
@pytest.mark.parametrize("power", [0.0, 0.5, 2.0, 6.0])
@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_is_exact_whatever_the_rank_and_the_spectrum(counts, power, shift):
    first, second = two_sets(*counts, power=power, shift=shift)
    expected = by_singular_values(first, second)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6, abs=1e-7 * np.trace(np.cov(first.T)))


def test_features_that_never_move():
    first, second = two_sets(400, 300)
    first[:, 40:] = 0.0
    second[:, 60:] = 0.0
    assert frechet_distance(first, second) == pytest.approx(by_singular_values(first, second), rel=1e-6)
    still = np.ones((400, D))
    assert frechet_distance(still, still) == 0.0
    assert frechet_distance(still, still + 2.0) == pytest.approx(4.0 * D)


@pytest.mark.parametrize("count", [50, 300])
def test_laws(count):
    first, second = two_sets(count, count)
    assert frechet_distance(first, first) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(first, first + 0.5) == pytest.approx(0.25 * D, rel=1e-9)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=2e-7)
    order = np.random.Generator(np.random.Philox(1)).permutation(count)
    assert frechet_distance(first[order], second) == pytest.approx(frechet_distance(first, second), rel=2e-7)
    rotation = np.linalg.qr(np.random.Generator(np.random.Philox(2)).standard_normal((D, D)))[0]
    assert frechet_distance(first @ rotation, second @ rotation) == pytest.approx(
        frechet_distance(first, second), rel=2e-7
    )


def test_doubling_the_spread():
    """S2 = 4 S1 and equal means: d² = tr S1."""
    first, _ = two_sets(300, 2)
    first -= first.mean(axis=0)
    assert frechet_distance(first, 2.0 * first) == pytest.approx(np.trace(np.cov(first.T)), rel=1e-9)


def test_inputs_are_left_alone_and_may_be_single_precision():
    first, second = (x.astype(np.float32) for x in two_sets(50, 60))
    copies = first.copy(), second.copy()
    found = frechet_distance(first, second)
    np.testing.assert_array_equal(first, copies[0])
    np.testing.assert_array_equal(second, copies[1])
    assert found == frechet_distance(first.astype(np.float64), second.astype(np.float64))


def test_nothing_of_the_size_of_a_covariance_is_made_for_small_sets(monkeypatch):
    monkeypatch.setattr(frechet, "_factor", lambda covariance: pytest.fail("a covariance was made"))
    first, second = two_sets(30, 40)
    assert frechet_distance(first, second) > 0


def test_the_error_is_never_underestimated():
    for seed in range(12):
        first, second = two_sets(200, 200, power=seed / 3, seed=seed)
        a, b = ((x - x.mean(axis=0)) / math.sqrt(199) for x in (first, second))
        factor = frechet._factor(a.T @ a)
        total, error = frechet._sum_of_roots(factor.T @ (b.T @ b) @ factor)
        exact = np.linalg.svd(a @ b.T, compute_uv=False).sum()
        assert abs(total - exact) < error + 1e-13 * exact


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (np.zeros((1, 4)), np.zeros((5, 4))),
        (np.zeros((5, 4)), np.zeros((5, 3))),
        (np.zeros(5), np.zeros(5)),
        (np.full((5, 4), np.nan), np.zeros((5, 4))),
    ],
)
def test_what_has_no_distance(first, second):
    with pytest.raises(ValueError, match="features must be"):
        frechet_distance(first, second)


class Means:
    """A judge in place of Inception: mean colours of the quarters of a picture."""

    def features(self, images):
        halves = images.reshape(len(images), 2, images.shape[1] // 2, 2, images.shape[2] // 2, 3)
        return halves.mean(axis=(2, 4)).reshape(len(images), 12)


@pytest.fixture
def toy(monkeypatch):
    row = Judge("means", "Mean colours", "nobody", "MIT", (), None, lambda files, device: Means())
    monkeypatch.setattr(judges, "JUDGES", {**judges.JUDGES, "means": row})
    return frechet_metric("frechet-toy", "A toy", "means", "nobody")


def pictures(count, seed, channels=3):
    generator = np.random.Generator(np.random.Philox(seed))
    return Video(generator.integers(0, 256 - 20 * seed, (count, 8, 6, channels), dtype=np.uint8), 25.0)


def test_a_corpus_has_one_distance(toy):
    trials = [(pictures(4, 1), pictures(7, 2)), (pictures(1, 3), pictures(30, 4)), (pictures(11, 5), pictures(2, 6))]
    parts = [toy.measure(*trial) for trial in trials]
    assert all("value" not in part for part in parts)
    estimate, reference = (
        Means().features(np.concatenate([trial[side].frames for trial in trials])) for side in (0, 1)
    )
    assert toy.pool(parts) == pytest.approx(definition(estimate, reference), rel=1e-6)
    assert toy.pool(parts[::-1]) == pytest.approx(toy.pool(parts), rel=2e-7)


def test_too_few_pictures(toy):
    parts = [toy.measure(pictures(1, 1), pictures(7, 2))]
    with pytest.raises(ReferenceFault, match="1 pictures on the side of the estimate"):
        toy.pool(parts)
    with pytest.raises(ReferenceFault, match="0 pictures"):
        pool_features([])


def test_grey_pictures(toy):
    with pytest.raises(ReferenceFault, match="the reference is grey"):
        toy.measure(pictures(3, 1, 1), pictures(3, 2, 1))
    with pytest.raises(EstimateFault, match="the estimate is grey"):
        toy.measure(pictures(3, 1, 1), pictures(3, 2))


@pytest.fixture
def untrained_face(tmp_path, monkeypatch):
    """The judge `synth-face` with random weights; its features still tell pictures apart."""
    import torch
    from avbench.systems.judges.face import FaceNet
    from avbench.systems.judges.recipe import FACE

    from avbench.training.weights import save_weights

    monkeypatch.setattr(judges, "_chosen", {})
    torch.manual_seed(7)
    path = tmp_path / "face.safetensors"
    save_weights(path, FaceNet(FACE).state_dict(), {"steps": 0})
    judges.use_judge("synth-face", path)
    return path


def test_drawn_faces_have_a_distance_of_their_own(untrained_face):
    def faces(count, seed, side=40):
        generator = np.random.Generator(np.random.Philox(seed))
        return Video(generator.integers(0, 256 - 30 * seed, (count, side, side, 3), dtype=np.uint8), 25.0)

    metric = ROWS[2]
    trials = [(faces(4, 1), faces(3, 2)), (faces(5, 3), faces(6, 4))]
    parts = [metric.measure(*trial) for trial in trials]
    judge = judges.open_judge("synth-face")
    made, true = (judge.features(np.concatenate([trial[side].frames for trial in trials])) for side in (0, 1))
    assert made.shape == (9, 128) and made.std(axis=0).max() > 0
    assert metric.pool(parts) == pytest.approx(by_singular_values(made, true), rel=1e-6)
    same = [metric.measure(trial[1], trial[1]) for trial in trials]
    assert metric.pool(parts) > 1e-6 and metric.pool(same) == pytest.approx(0.0, abs=1e-9 * metric.pool(parts))
    assert judges.judge_identity("synth-face").startswith("synth-face@")
    score = measure_all(["frechet-synth"], *trials[0])["frechet-synth"]
    assert score.status == "ok" and score.value is None and score.parts.keys() == {"estimate", "reference"}
    for small, status in (((faces(3, 1, 20), faces(3, 2)), "failed"), ((faces(3, 1), faces(3, 2, 20)), "void")):
        score = measure_all(["frechet-synth"], *small)["frechet-synth"]
        assert score.status == status and "20 pixels on a side, and synth-face needs 32" in score.reason


def test_without_its_weights_it_does_not_apply(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "_chosen", {})
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    row = judges.get_judge("synth-face")
    asset = replace(row.assets[0], package=None)  # as where none were ever put
    monkeypatch.setattr(judges, "JUDGES", {**judges.JUDGES, "synth-face": replace(row, assets=(asset,))})
    score = measure_all(["frechet-synth"], pictures(3, 1), pictures(3, 2))["frechet-synth"]
    assert score.status == "not-applicable" and score.value is None
    assert "synth-face has no weights here" in score.reason and "avbench train --system synth-face" in score.reason


def test_rows(monkeypatch):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    assert [(row.name, row.judge) for row in ROWS] == [
        ("fid", "inception-fid"),
        ("fid-starganv2", "inception-torchvision"),
        ("frechet-synth", "synth-face"),
    ]
    for row in ROWS:
        assert row.whole and row.floor is None and not row.higher_is_better and row.judge in judges.list_judges()
    for row in ROWS[:2]:
        with pytest.raises(MissingResource, match=f"doctor --fetch {row.judge}"):
            row.measure(pictures(3, 1), pictures(3, 2))
