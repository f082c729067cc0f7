"""Inception-v3 features of pictures, for Fréchet distances: the two networks that papers use, kept apart by name.

`inception-fid` is the network of TensorFlow of 5 December 2015 as ported in pytorch-fid, the one that "FID" means since
Heusel et al. 2017: pictures in [-1, 1], resized to 299 bilinearly without anti-aliasing; averages leave the padding
out; the last block has a maximum in place of an average. `inception-torchvision` is torchvision's, trained on ImageNet,
as in the protocol of StarGAN v2 (Choi et al. 2020): pictures resized to 299 by Pillow (in 8 bits, with
anti-aliasing), less ImageNet's mean, over its deviation. Their distances cannot be compared.

The layers are those of the packages torchvision and pytorch-fid; here is what surrounds them.

Conventions: pictures are `[n, H, W, 3]` uint8 RGB of any size; features are the last pool, `[n, 2048]` float64.

Contents: `Inception`, `ROWS`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadFile
from ..extras import need
from .assets import Asset
from .content import ByContent
from .judge import Judge
from .weights import read_torch

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 299
MEAN = (0.485, 0.456, 0.406)  # of ImageNet, in [0, 1]
DEVIATION = (0.229, 0.224, 0.225)
PIXELS = 1 << 21  # 23 pictures of 299 x 299 at a time, and more of smaller ones

BLOCKS = (
    ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "pool"),
    ("Conv2d_3b_1x1", "Conv2d_4a_3x3", "pool"),
    ("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"),
    ("Mixed_7a", "Mixed_7b", "Mixed_7c"),
)


class Inception:
    """Features of the last pool of one network.

    Args:
        network: an Inception-v3 of torchvision's build, weights loaded.
        prepare: `[n, H, W, 3]` uint8 -> `[n, 3, 299, 299]` float32, on the device.
        device: `"cpu"` or `"cuda"`.
    """

    def __init__(self, network: Any, prepare: Callable[[np.ndarray, str], "Tensor"], device: str = "cpu"):
        import torch
        from torch.nn import AdaptiveAvgPool2d, Flatten, MaxPool2d, Sequential

        names = [name for block in BLOCKS for name in block]
        layers = [MaxPool2d(3, 2) if name == "pool" else getattr(network, name) for name in names]
        layers = Sequential(*layers, AdaptiveAvgPool2d(1), Flatten()).eval().requires_grad_(False)
        self.layers = layers.to(device, memory_format=torch.channels_last)
        self.prepare, self.device = prepare, device
        self.remembered = ByContent(self._rows, pixels=PIXELS)

    def features(self, images: np.ndarray) -> np.ndarray:
        """`[n, H, W, 3]` uint8 -> `[n, 2048]` float64; each picture is computed once."""
        return self.remembered(images).double().cpu().numpy()

    def _rows(self, images: np.ndarray) -> "Tensor":
        import torch

        return self.layers(self.prepare(images, self.device).contiguous(memory_format=torch.channels_last))


def _prepare_fid(images: np.ndarray, device: str) -> "Tensor":
    import torch
    from torch.nn.functional import interpolate

    x = torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255.0
    return 2.0 * interpolate(x, size=(SIDE, SIDE), mode="bilinear", align_corners=False) - 1.0


def _prepare_torchvision(images: np.ndarray, device: str) -> "Tensor":
    import torch

    image = need("PIL.Image", extra="images", purpose="the Inception network")
    bilinear = image.Resampling.BILINEAR
    resized = [np.asarray(image.fromarray(each).resize((SIDE, SIDE), bilinear)) for each in images]
    x = torch.from_numpy(np.stack(resized)).to(device).permute(0, 3, 1, 2)
    mean, deviation = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    return (x.float() / 255.0 - mean) / deviation


def _load_fid(files: Mapping[str, Path], device: str) -> Inception:
    vision = need("torchvision", extra="images", purpose="the Inception network")
    port = need("pytorch_fid.inception", extra="images", purpose="the Inception network of FID")
    network = vision.models.inception_v3(weights=None, num_classes=1008, aux_logits=False, init_weights=False)
    patched = {
        "Mixed_5b": port.FIDInceptionA(192, pool_features=32),
        "Mixed_5c": port.FIDInceptionA(256, pool_features=64),
        "Mixed_5d": port.FIDInceptionA(288, pool_features=64),
        "Mixed_6b": port.FIDInceptionC(768, channels_7x7=128),
        "Mixed_6c": port.FIDInceptionC(768, channels_7x7=160),
        "Mixed_6d": port.FIDInceptionC(768, channels_7x7=160),
        "Mixed_6e": port.FIDInceptionC(768, channels_7x7=192),
        "Mixed_7b": port.FIDInceptionE_1(1280),
        "Mixed_7c": port.FIDInceptionE_2(2048),
    }
    for name, block in patched.items():
        setattr(network, name, block)
    _fill(network, files, "inception-fid")
    return Inception(network, _prepare_fid, device)


def _load_torchvision(files: Mapping[str, Path], device: str) -> Inception:
    vision = need("torchvision", extra="images", purpose="the Inception network")
    network = vision.models.inception_v3(weights=None, aux_logits=True, init_weights=False)
    _fill(network, files, "inception-torchvision")
    return Inception(network, _prepare_torchvision, device)


def _fill(network: Any, files: Mapping[str, Path], name: str) -> None:
    """Load the one file into the network, every entry of it."""
    (path,) = files.values()
    state = read_torch(path)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise BadFile(f"{path} does not hold the weights of {name}: they are those of another network.") from error


ROWS = (
    Judge(
        name="inception-fid",
        title="Inception-v3 of TensorFlow 2015, as in pytorch-fid",
        source="Szegedy et al. 2016; Heusel et al. 2017; port of pytorch-fid",
        licence="Apache-2.0; trained on ImageNet, whose pictures are for research",
        assets=(
            Asset(
                name="inception/pt_inception-2015-12-05-6726825d.pth",
                sha256="6726825d",
                bytes=None,
                licence="Apache-2.0",
                url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
                "pt_inception-2015-12-05-6726825d.pth",
            ),
        ),
        extra="images",
        load=_load_fid,
    ),
    Judge(
        name="inception-torchvision",
        title="Inception-v3 of torchvision, as in StarGAN v2",
        source="Szegedy et al. 2016; Choi et al. 2020 (protocol); weights of torchvision",
        licence="BSD-3-Clause; trained on ImageNet, whose pictures are for research",
        assets=(
            Asset(
                name="inception/inception_v3_google-0cc3c7bd.pth",
                sha256="0cc3c7bd",
                bytes=None,
                licence="BSD-3-Clause",
                url="https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
            ),
        ),
        extra="images",
        load=_load_torchvision,
    ),
)
