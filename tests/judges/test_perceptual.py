"""LPIPS against the package lpips, on made and on real pictures, and both kinds of weight files."""

import numpy as np
import pytest
import torch

from avbench.errors import BadFile
from avbench.judges import open_judge
from avbench.judges.content import ByContent

NETS = ("alex", "squeeze")


@pytest.fixture(scope="module")
def peers():
    """The package's networks, with our trunk weights copied in; made once for each trunk."""
    lpips = pytest.importorskip("lpips")
    made = {}

    def peer(net):
        if net not in made:
            model = lpips.LPIPS(net=net, pnet_rand=True, verbose=False)
            ours = open_judge(f"lpips-{net}").state
            theirs = {name: value for name, value in model.net.state_dict().items()}
            filled = {}
            for name in theirs:  # slice2.3.weight: its own slices, torchvision's numbers
                filled[name] = ours["features." + name.partition(".")[2]]
            model.net.load_state_dict(filled)
            made[net] = model
        return made[net]

    return peer


@pytest.fixture
def no_warnings_of_torchvision():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lpips uses arguments that torchvision calls old
        yield


def as_lpips_wants(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("shape", [(64, 80), (33, 47), (128, 128)])
def test_equals_the_package(net, shape, assets, peers, no_warnings_of_torchvision):
    generator = np.random.Generator(np.random.Philox(1))
    first, second = (generator.integers(0, 256, (3, *shape, 3), dtype=np.uint8) for _ in range(2))
    second[1] = first[1] // 2 + 60
    with torch.no_grad():
        expected = peers(net)(as_lpips_wants(first), as_lpips_wants(second)).flatten().numpy()
    found = open_judge(f"lpips-{net}").distance(first, second)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_equals_the_package_on_the_examples_of_its_authors(net, assets, shared_data, peers, no_warnings_of_torchvision):
    """A photograph and two distortions of it."""
    from PIL import Image

    folder = shared_data / "images" / "lpips_examples"
    reference, *others = (
        np.asarray(Image.open(folder / f"ex_{x}.png").convert("RGB"))[None] for x in ("ref", "p0", "p1")
    )
    for image in others:
        with torch.no_grad():
            expected = peers(net)(as_lpips_wants(image), as_lpips_wants(reference)).item()
        assert expected > 0.05
        assert open_judge(f"lpips-{net}").distance(image, reference)[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_laws(net, assets, pictures):
    judge = open_judge(f"lpips-{net}")
    judge.features.forget()
    reference = np.repeat(pictures[:1], 5, axis=0)
    found = judge.distance(pictures, reference)
    assert found[0] == 0.0 and (np.diff(found) > 0).all()
    np.testing.assert_allclose(found, judge.distance(reference, pictures), atol=1e-6)
    alone = np.concatenate([judge.distance(pictures[i : i + 1], reference[:1]) for i in range(5)])
    np.testing.assert_allclose(found, alone, atol=1e-6)  # remembered; sums of other shapes are split over threads
    judge.features.forget()
    alone = np.concatenate([judge.distance(pictures[i : i + 1], reference[:1]) for i in range(5)])
    np.testing.assert_allclose(found, alone, atol=1e-6)  # computed one by one


def test_a_long_film_is_not_held_at_once(assets, pictures, monkeypatch):
    """All features of both sides of ten seconds of 1280 × 720 would be 19 GB."""
    judge = open_judge("lpips-alex")
    whole, asked = judge.distance(pictures, pictures[::-1]), []

    class Watched(ByContent):
        def __call__(self, images):
            asked.append(len(images))
            return super().__call__(images)

    monkeypatch.setattr(judge, "features", Watched(judge.features.compute, pixels=2 * 64 * 80))
    np.testing.assert_allclose(judge.distance(pictures, pictures[::-1]), whole, atol=1e-6)
    assert asked == [2, 2, 2, 2, 1, 1]


@pytest.mark.parametrize("net", NETS)
def test_all_pairs(net, assets, pictures):
    judge = open_judge(f"lpips-{net}")
    pairs = judge.pairs(pictures)
    direct = [[judge.distance(a[None], b[None])[0] for b in pictures] for a in pictures]
    np.testing.assert_allclose(pairs, direct, atol=1e-7)
    np.testing.assert_array_equal(pairs, pairs.T)
    equal = judge.pairs(np.repeat(pictures[:1], 3, axis=0))
    assert np.abs(equal).max() < 1e-12


@pytest.mark.parametrize("net", NETS)
def test_smallest_picture(net, assets):
    judge = open_judge(f"lpips-{net}")
    side = judge.smallest
    assert judge.distance(np.zeros((1, side, side, 3), np.uint8), np.full((1, side, side, 3), 9, np.uint8))[0] > 0
    with pytest.raises(RuntimeError):
        judge.features(np.zeros((1, side - 1, side, 3), np.uint8))


@pytest.mark.parametrize(
    ("net", "file"), [("alex", "alexnet-owt-7be5be79.pth"), ("squeeze", "squeezenet1_1-b8a52dc0.pth")]
)
def test_files_of_torchvision_give_the_same(net, file, assets, pictures, tmp_path):
    """The same weights, stored as torchvision stores them: with its names, a classifier among them."""
    judge = open_judge(f"lpips-{net}")
    state = dict(judge.state) | {"classifier.1.weight": torch.zeros(10, 4), "classifier.1.bias": torch.zeros(10)}
    torch.save(state, tmp_path / file)
    for path in (tmp_path / file, tmp_path):
        other = open_judge(f"lpips-{net}", path)
        assert other is not judge
        found, expected = (each.distance(pictures[1:], pictures[:-1]) for each in (other, judge))
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_torchvisions_own_names(assets):
    """Our list of parameters is what torchvision's networks have."""
    models = pytest.importorskip("torchvision").models
    for net, build in (("alex", models.alexnet), ("squeeze", models.squeezenet1_1)):
        with torch.device("meta"):
            theirs = build(weights=None).features.state_dict(prefix="features.")
        ours = open_judge(f"lpips-{net}").state
        assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in theirs.items()}


class Trap:
    def __reduce__(self):
        return (print, ("run",))


def test_files_of_something_else(assets, tmp_path, capsys):
    file = tmp_path / "weights.pth"
    file.write_bytes(b"not weights")
    with pytest.raises(BadFile, match="not a file of PyTorch weights"):
        open_judge("lpips-alex", file)
    torch.save({"features.0.weight": torch.zeros(1)}, file)
    with pytest.raises(BadFile, match="another network"):
        open_judge("lpips-alex", file)
    torch.save({"x": Trap()}, file)
    with pytest.raises(BadFile):
        open_judge("lpips-alex", file)
    assert capsys.readouterr().out == ""  # nothing in a file is run


def test_features_are_computed_once_for_each_picture(pictures):
    asked = []

    def compute(images):
        asked.append(len(images))
        return torch.from_numpy(images.reshape(len(images), -1)[:, :4]).float()

    function = ByContent(compute)
    twice = np.concatenate([pictures, pictures[::-1]])
    expected = twice.reshape(10, -1)[:, :4]
    np.testing.assert_array_equal(function(twice).numpy(), expected)
    assert asked == [5]
    np.testing.assert_array_equal(function(twice[3:4]).numpy(), expected[3:4])
    assert asked == [5] and function.bytes == 5 * 16
    function(255 - pictures[:1])
    assert asked == [5, 1]
    function.forget()
    function(pictures[:1])
    assert asked == [5, 1, 1]


def test_the_same_bytes_in_another_shape_are_another_picture():
    function = ByContent(lambda images: torch.full((len(images), 1), float(images.shape[1])))
    flat = np.zeros((1, 2, 8, 3), np.uint8)
    assert function(flat).item() == 2.0 and function(flat.reshape(1, 8, 2, 3)).item() == 8.0


def test_what_was_used_last_is_kept_and_memory_is_bounded():
    asked = []

    def compute(images):
        asked.extend(images[:, 0, 0, 0].tolist())
        return torch.zeros(len(images), 4)

    function = ByContent(compute, limit=3 * 16, pixels=2)
    images = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(3, axis=3)
    assert function(images).shape == (5, 4) and asked == [0, 1, 2, 3, 4]
    assert function.bytes == 0  # more than may be kept
    for i in (0, 1, 2, 0, 3):
        function(images[i : i + 1])
    assert function.bytes == 3 * 16
    asked.clear()
    for i in (0, 2, 3, 1):
        function(images[i : i + 1])
    assert asked == [1]
    function(images[[0, 1]])
    assert asked == [1, 0]  # 2 and 3 were used after 0
    function.forget()
    assert function.bytes == 0
