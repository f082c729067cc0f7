"""Inception features against pytorch-fid's and torchvision's own networks, with random weights in the real format."""

import numpy as np
import pytest
import torch

from avbench.errors import BadFile, MissingResource
from avbench.judges import open_judge

vision = pytest.importorskip("torchvision")


def shaken(network):
    """Random weights under which features differ between pictures."""
    generator = torch.Generator().manual_seed(4)
    state = network.state_dict()
    for name, value in state.items():
        if value.ndim >= 2:
            fan = value[0].numel()
            value.copy_(torch.randn(value.shape, generator=generator) * (2.0 / fan) ** 0.5)
        elif name.endswith(("bn.weight", "running_var")):
            value.copy_(1.0 + 0.2 * torch.rand(value.shape, generator=generator))
        elif value.is_floating_point():
            value.copy_(0.1 * torch.randn(value.shape, generator=generator))
    return state


@pytest.fixture(scope="module")
def fid_file(tmp_path_factory):
    """A state dict as in pt_inception-2015-12-05-6726825d.pth: 1008 classes, no second head."""
    network = vision.models.inception_v3(weights=None, num_classes=1008, aux_logits=False, init_weights=False)
    port = pytest.importorskip("pytorch_fid.inception")
    network.Mixed_5b = port.FIDInceptionA(192, pool_features=32)  # the same parameters, whatever the pooling
    path = tmp_path_factory.mktemp("fid") / "fid.pth"
    torch.save(shaken(network), path)
    return path


@pytest.fixture(scope="module")
def torchvision_file(tmp_path_factory):
    """A state dict as in inception_v3_google-0cc3c7bd.pth."""
    network = vision.models.inception_v3(weights=None, init_weights=False)
    path = tmp_path_factory.mktemp("torchvision") / "inception.pth"
    torch.save(shaken(network), path)
    return path


def test_fid_equals_pytorch_fid(fid_file, pictures, monkeypatch):
    port = pytest.importorskip("pytorch_fid.inception")
    state = torch.load(fid_file, weights_only=True)
    monkeypatch.setattr(port, "load_state_dict_from_url", lambda *args, **more: state)
    network = port.InceptionV3().eval()
    images = pictures[[0, 4]]
    with torch.no_grad():
        (expected,) = network(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255)
    expected = expected[:, :, 0, 0].numpy()
    found = open_judge("inception-fid", fid_file).features(images)
    assert found.shape == (2, 2048) and found.dtype == np.float64
    assert np.abs(expected[0] - expected[1]).max() > 0.05 * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_torchvision_equals_the_protocol(torchvision_file, pictures):
    """Pillow's resizing, ImageNet's mean and deviation, the network up to its last pool."""
    from PIL import Image

    transforms = vision.transforms
    prepare = transforms.Compose(
        [
            transforms.Resize([299, 299]),
            transforms.ToTensor(),
            transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    images = pictures[[0, 4]].repeat(5, axis=1)  # 320 × 80: smaller one way, larger the other
    batch = torch.stack([prepare(Image.fromarray(image)) for image in images])
    network = vision.models.inception_v3(weights=None, init_weights=False, transform_input=False).eval()
    network.load_state_dict(torch.load(torchvision_file, weights_only=True))
    network.fc = torch.nn.Identity()
    with torch.no_grad():
        expected = network(batch).numpy()
    judge = open_judge("inception-torchvision", torchvision_file)
    found = judge.features(images)
    assert found.shape == (2, 2048)
    np.testing.assert_allclose(judge.prepare(images, "cpu").numpy(), batch.numpy(), atol=1e-6)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_each_picture_is_computed_once(fid_file, pictures):
    judge = open_judge("inception-fid", fid_file)
    before = judge.features(pictures[[0, 4]])
    judge.layers, layers = None, judge.layers
    try:
        np.testing.assert_array_equal(judge.features(pictures[[4, 0, 4]]), before[[1, 0, 1]])
    finally:
        judge.layers = layers


def test_weights_of_another_network(fid_file, torchvision_file, tmp_path):
    with pytest.raises(BadFile, match="those of another network"):
        open_judge("inception-fid", torchvision_file)
    half = tmp_path / "half.pth"  # a download that broke off
    half.write_bytes(fid_file.read_bytes()[:800_000])
    with pytest.raises(BadFile, match="not a file of PyTorch weights"):
        open_judge("inception-fid", half)


def test_absent_weights_say_how_to_get_them(monkeypatch):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    with pytest.raises(MissingResource, match="avbench doctor --fetch inception-fid"):
        open_judge("inception-fid")
