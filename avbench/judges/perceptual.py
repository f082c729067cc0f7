"""LPIPS: the learned perceptual distance of two pictures, with AlexNet or SqueezeNet 1.1.

Source: Zhang et al. 2018, The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, eq. 1; version 0.1 of
its weights. The trunks are those of torchvision, trained on ImageNet, without their classifiers. They are read from
torchvision's own files, or from Keras files of one slice each (kernels stored as width, height, in, out).

    d(x, y) = sum over layers l of the mean over places of  sum over channels of w (f_x - f_y)²

where f is the output of the layer after its ReLU, scaled to unit length over the channels at each place. With
v = f sqrt(w / places), all layers in a row, d is the squared length of v_x - v_y: one vector per picture serves every
pair that the picture is in.

Conventions: pictures are `[n, H, W, 3]` uint8 RGB; a distance is 0 or more, 0 for equal pictures, around 0.7 for very
different ones.

Contents: `Perceptual`, `ROWS`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import BadFile
from .assets import Asset
from .content import ByContent
from .judge import Judge
from .weights import read_keras_convolutions, read_torch

if TYPE_CHECKING:
    from torch import Tensor

SHIFT = (-0.030, -0.088, -0.188)  # of pictures in [-1, 1], per channel
SCALE = (0.458, 0.448, 0.450)
TINY = 1e-10  # keeps the length of an all-zero feature from dividing by zero

POOL = ("pool",)
ALEX = (
    (("conv", "0", 4, 2),),
    (POOL, ("conv", "3", 1, 2)),
    (POOL, ("conv", "6", 1, 1)),
    (("conv", "8", 1, 1),),
    (("conv", "10", 1, 1),),
)
"""Steps of each slice; a convolution has the number of torchvision's layer, a stride and a padding."""

SQUEEZE = (
    (("conv", "0", 2, 0),),
    (POOL, ("fire", "3"), ("fire", "4")),
    (POOL, ("fire", "6"), ("fire", "7")),
    (POOL, ("fire", "9")),
    (("fire", "10"),),
    (("fire", "11"),),
    (("fire", "12"),),
)
"""A fire module squeezes by a 1×1 convolution and expands by a 1×1 and a 3×3 one side by side."""

SMALLEST = {"alex": 31, "squeeze": 17}  # pixels of the shorter side below which a layer has no place left


class Perceptual:
    """LPIPS with one trunk.

    Args:
        net: `"alex"` or `"squeeze"`.
        state: `{"features.0.weight": …}` as torchvision names them; other entries are left alone.
        heads: weights of the channels of each layer, 0 or more.
        device: `"cpu"` or `"cuda"`.

    Attributes:
        smallest: the least height and width in pixels.
    """

    def __init__(self, net: str, state: Mapping[str, "Tensor"], heads: "list[Tensor]", device: str = "cpu"):
        import torch

        self.slices, self.ceil = (ALEX, False) if net == "alex" else (SQUEEZE, True)
        self.smallest = SMALLEST[net]
        self.device = device
        wanted = [f"features.{key}" for steps in self.slices for step in steps for key in _parameters(step)]
        self.state = {key: state[key].float().to(device) for key in wanted}
        self.roots = [head.float().to(device).reshape(1, -1, 1, 1).sqrt() for head in heads]
        self.gain = (1 / (127.5 * torch.tensor(SCALE))).to(device).view(1, 3, 1, 1)
        self.offset = ((-1 - torch.tensor(SHIFT)) / torch.tensor(SCALE)).to(device).view(1, 3, 1, 1)
        self.features = ByContent(self._vectors)
        """`[n, H, W, 3]` uint8 -> `[n, P]` float32: the squared distance of two rows is LPIPS."""

    def distance(self, estimate: np.ndarray, reference: np.ndarray) -> np.ndarray:
        """LPIPS of each pair of pictures, `[n]` float64; both `[n, H, W, 3]` uint8.

        The features of a picture take 12 to 46 times its own bytes, so those of a long film are never held together.
        """
        step = self.features.at_once(*estimate.shape[1:3])
        found = []
        for i in range(0, len(estimate), step):
            difference = self.features(estimate[i : i + step]) - self.features(reference[i : i + step])
            found.append(difference.square_().sum(1).double().cpu().numpy())
        return np.concatenate(found)

    def pairs(self, images: np.ndarray) -> np.ndarray:
        """LPIPS of every two of `[n, H, W, 3]` uint8 pictures, `[n, n]` float64, symmetric, 0 on the diagonal.

        The squared distances come from one product of the vectors with themselves; their mean is taken off first,
        which changes no distance and keeps the digits.
        """
        vectors = self.features(images).double()
        vectors -= vectors.mean(0)
        product = (vectors @ vectors.T).cpu().numpy()
        square = np.diagonal(product)
        found = np.maximum(square[:, None] + square[None, :] - 2.0 * product, 0.0)
        np.fill_diagonal(found, 0.0)
        return 0.5 * (found + found.T)

    def _vectors(self, images: np.ndarray) -> "Tensor":
        import torch

        x = torch.from_numpy(images).to(self.device).permute(0, 3, 1, 2)
        x = x.float() * self.gain + self.offset
        layers = []
        for steps in self.slices:
            for step in steps:
                x = self._step(step, x)
            layers.append(x)
        vectors = x.new_empty(len(images), sum(layer[0].numel() for layer in layers))
        places = vectors.split([layer[0].numel() for layer in layers], dim=1)
        for layer, root, place in zip(layers, self.roots, places, strict=True):
            place = place.view(layer.shape)
            length = torch.linalg.vector_norm(layer, dim=1, keepdim=True) + TINY
            torch.mul(layer, (layer.shape[2] * layer.shape[3]) ** -0.5 / length, out=place)
            place.mul_(root)
        return vectors

    def _step(self, step: tuple, x: "Tensor") -> "Tensor":
        import torch
        from torch.nn.functional import max_pool2d

        if step == POOL:
            return max_pool2d(x, 3, 2, ceil_mode=self.ceil)
        if step[0] == "conv":
            return self._conv(step[1], x, step[2], step[3])
        x = self._conv(f"{step[1]}.squeeze", x)
        return torch.cat((self._conv(f"{step[1]}.expand1x1", x), self._conv(f"{step[1]}.expand3x3", x, 1, 1)), 1)

    def _conv(self, key: str, x: "Tensor", stride: int = 1, padding: int = 0) -> "Tensor":
        from torch.nn.functional import conv2d

        key = f"features.{key}"
        return conv2d(x, self.state[f"{key}.weight"], self.state[f"{key}.bias"], stride, padding).relu_()


def _parameters(step: tuple) -> list[str]:
    """Names of a step's parameters, without the prefix."""
    parts = {"pool": [], "conv": [""], "fire": [".squeeze", ".expand1x1", ".expand3x3"]}[step[0]]
    return [f"{step[1]}{part}.{kind}" for part in parts for kind in ("weight", "bias")]


def _load(net: str, files: Mapping[str, Path], device: str) -> Perceptual:
    slices = ALEX if net == "alex" else SQUEEZE
    head_file = files[f"lpips/lin_v0.1/{net}.pth"]
    trunk_files = [path for path in files.values() if path != head_file]
    if len(trunk_files) == len(slices):
        state = {}
        for steps, path in zip(slices, trunk_files, strict=True):
            state |= read_keras_convolutions(path, _groups(steps))
    else:
        state = read_torch(trunk_files[0])
    try:
        head_state = read_torch(head_file)
        heads = [head_state[f"lin{i}.model.1.weight"] for i in range(len(slices))]
        if any((head < 0).any() for head in heads):
            raise BadFile(f"{head_file} holds negative weights: these are no heads of LPIPS.")
        return Perceptual(net, state, heads, device)
    except (KeyError, TypeError, AttributeError) as error:
        raise BadFile(f"The weights given for lpips-{net} are those of another network ({error}).") from error


def _groups(steps: tuple) -> dict[str, str]:
    """Where the Keras file of a slice keeps each convolution."""
    groups, fires = {}, 0
    for step in steps:
        if step[0] == "conv":
            groups[f"features.{step[1]}"] = "layers/sequential"
        elif step[0] == "fire":
            place = f"layers/__fire_{fires}" if fires else "layers/__fire"
            fires += 1
            groups[f"features.{step[1]}.squeeze"] = f"{place}/layers/sequential"
            groups |= {f"features.{step[1]}.{name}": f"{place}/{name}" for name in ("expand1x1", "expand3x3")}
    return groups


def _load_alex(files: Mapping[str, Path], device: str) -> Perceptual:
    return _load("alex", files, device)


def _load_squeeze(files: Mapping[str, Path], device: str) -> Perceptual:
    return _load("squeeze", files, device)


_TORCHVISION = "torchvision, BSD-3-Clause; trained on ImageNet, whose pictures are for research"
_CODE = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights/v0.1/"
_KERAS = "the repository Image-X-Institute/lpips_torch2tf (dev_src/parameters/lpips_tf)"


def _head(net: str, sha256: str, size: int) -> Asset:
    return Asset(
        name=f"lpips/lin_v0.1/{net}.pth",
        sha256=sha256,
        bytes=size,
        licence="BSD-2-Clause",
        url=f"{_CODE}{net}.pth",
        package=f"lpips:weights/v0.1/{net}.pth",
    )


def _slices(net: str, facts: tuple[tuple[str, int], ...]) -> tuple[Asset, ...]:
    return tuple(
        Asset(f"lpips/{net}_keras/slice_{i}_base.keras", sha256, size, _TORCHVISION, note=_KERAS)
        for i, (sha256, size) in enumerate(facts, 1)
    )


_ALEX_SLICES = (
    ("373b1848116e38b7917388a76cc5a6eee20d65bfa512def5cce203a6209c1fee", 107_488),
    ("87cb459dc6df880d48d8d65b92a691381216afb967df6d4ea9ee2f1d59075c81", 1_245_931),
    ("a8ebb2361236c4308d785cc734cd196275929bed0791053a831c4f2e68a07788", 2_672_114),
    ("4cdf1e1507804ddb05b4c225d37f52e4387d25df2211f37cc4d0228569996a5f", 3_554_290),
    ("261db24f32ed83b4019ee34e75d7895cd59ab22275232ea8ad78fa7556774e10", 2_374_642),
)
_SQUEEZE_SLICES = (
    ("6c0b8a7b8a833ce4edc85eab5f94b00e8427664171217e8db35811c2bd8418bb", 21_483),
    ("3b27c238dc330708bf4bb164a55604ca2e5d99e9704e24b84f89f35eeb127d4e", 171_124),
    ("7995b8cea8cb27438930fb53860817dca6d27ee08d13539efbc38ed50dbf2f21", 454_915),
    ("b058950583b7f523124499f3a41364c4d26f6b53b44774ed642e7a6b61f37911", 460_294),
    ("d5d68372c1742293b9e0ef59cf5cb6934d7d4c0e83ffa5f5a5ce148d62d7fec3", 482_822),
    ("9ca602ff8bf1f6a8bbcc373bf62e5940cc2b6d64a5997cdc2514845dc73eb720", 794_694),
    ("6b701e6cf1b4ed03fb73ba2c8d02d7eb28b863de7090ca8c153ebac78648eb22", 827_462),
)

_ALEX_HEAD = _head("alex", "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0", 6_009)
_SQUEEZE_HEAD = _head("squeeze", "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76", 10_811)

ROWS = (
    Judge(
        name="lpips-alex",
        title="LPIPS 0.1 with AlexNet",
        source="Zhang et al. 2018; trunk of torchvision",
        licence=_TORCHVISION,
        assets=(
            Asset(
                name="lpips/alexnet-owt-7be5be79.pth",
                sha256="7be5be79",
                bytes=None,
                licence=_TORCHVISION,
                url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
            ),
            _ALEX_HEAD,
        ),
        instead=((*_slices("alex", _ALEX_SLICES), _ALEX_HEAD),),
        extra="images",
        load=_load_alex,
    ),
    Judge(
        name="lpips-squeeze",
        title="LPIPS 0.1 with SqueezeNet 1.1",
        source="Zhang et al. 2018; trunk of torchvision",
        licence=_TORCHVISION,
        assets=(
            Asset(
                name="lpips/squeezenet1_1-b8a52dc0.pth",
                sha256="b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
                bytes=None,
                licence=_TORCHVISION,
                url="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
            ),
            _SQUEEZE_HEAD,
        ),
        instead=((*_slices("squeeze", _SQUEEZE_SLICES), _SQUEEZE_HEAD),),
        extra="images",
        load=_load_squeeze,
    ),
)
