"""How faces are spoilt before a judge learns from them, and pictures that are no faces.

Generated faces are blurry, noisy, shifted and of other colours. Everything is drawn from a seed and a step.

Conventions: pictures `[B, 3, 128, 128]` float32, 0 to 255; points `[B, 68, 2]` in their pixels.

Contents: `FaceSpoil`, `Spoilt`, `spoil_faces`, `blurred`, `no_faces`.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .faces import SIZE

HOPELESS_BLUR = 9.0
"""Pixels. An eye is 12 pixels wide: with more blur nobody could say where the lids are; it is called no face."""


@dataclass(frozen=True)
class FaceSpoil:
    """How much is spoilt; all ours.

    Args:
        shift: largest shift in pixels, 6 % of the picture: crops of detectors differ so much.
        turn: largest turn in radians, beyond that of the head itself.
        zoom: largest change of the size, as a share.
        colour: standard deviation of each colour's gain.
        blur: largest standard deviation of a Gaussian in pixels; half of all pictures get one.
        noise: largest standard deviation of noise in grey levels; half of all pictures get it.
    """

    shift: float = 8.0
    turn: float = 0.15
    zoom: float = 0.15
    colour: float = 0.12
    blur: float = 3.0
    noise: float = 14.0


@dataclass(frozen=True, eq=False)
class Spoilt:
    """Spoilt faces: pictures, points, and how much blur (pixels) and noise (grey levels) each `[B]` got."""

    pictures: Tensor
    points: Tensor
    blur: Tensor
    noise: Tensor


def spoil_faces(pictures: np.ndarray, points: np.ndarray, recipe: FaceSpoil, draw: torch.Generator) -> Spoilt:
    """Move, colour, blur, add noise.

    Args:
        pictures: `[B, 128, 128, 3]` uint8.
        points: `[B, 68, 2]` pixels.
        recipe: how much.
        draw: where the draws come from.
    """
    count = len(pictures)

    def spread(*shape: int) -> Tensor:
        return 2 * torch.rand(count, *shape, generator=draw) - 1

    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    angle, zoom = recipe.turn * spread(), 1 + recipe.zoom * spread()
    shift = recipe.shift * spread(2)
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    # Where each pixel of the new picture comes from, about the picture's centre, in halves of its size.
    back = torch.stack([torch.stack([cos, sin], -1), torch.stack([-sin, cos], -1)], 1)
    offset = -(back @ shift[..., None]) / (SIZE / 2)
    grid = F.affine_grid(torch.cat([back, offset], -1), list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    centre = (SIZE - 1) / 2
    moved = (torch.from_numpy(points) - centre) @ torch.linalg.inv(back).transpose(1, 2) + shift[:, None] + centre
    images *= 1 + recipe.colour * torch.randn(count, 3, 1, 1, generator=draw)
    images += 255 * 0.4 * recipe.colour * torch.randn(count, 3, 1, 1, generator=draw)
    blur = recipe.blur * torch.relu(spread())
    noise = recipe.noise * torch.relu(spread())
    images = blurred(images, blur)
    images += noise[:, None, None, None] * torch.randn(images.shape, generator=draw)
    return Spoilt(images.clamp_(0, 255).round_(), moved.float(), blur, noise)


def blurred(images: Tensor, sd: Tensor) -> Tensor:
    """`[B, 3, H, W]`, each blurred by a Gaussian of its own standard deviation `[B]` in pixels, along both axes."""
    reach = max(1, int(2.5 * float(sd.max()) + 0.5))
    distance = torch.arange(-reach, reach + 1, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (distance / sd.clamp_min(0.05)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(images.shape[1], 0)[:, None]
    planes = F.pad(images.reshape(1, -1, *images.shape[2:]), (reach,) * 4, mode="replicate")
    planes = F.conv2d(planes, kernel[:, :, None], groups=len(kernel))
    return F.conv2d(planes, kernel[:, :, :, None], groups=len(kernel)).reshape(images.shape)


def no_faces(pictures: np.ndarray, draw: torch.Generator) -> Tensor:
    """As many pictures without a face as faces are given, of six kinds: `[B, 3, 128, 128]` float32, 0 to 255.

    Faces cut into tiles and mixed, blurred beyond hope, turned upside down, or for the most part outside; smooth random
    colours; stripes. All with noise of some strength.
    """
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    makers = (_tiles, _hopeless, _upside_down, _outside, _clouds, _stripes)
    found = []
    for image in images:
        maker = makers[int(torch.randint(len(makers), (), generator=draw))]
        found.append(maker(image, draw))
    made = torch.stack(found)
    level = 14.0 * torch.rand(len(made), 1, 1, 1, generator=draw)
    return (made + level * torch.randn(made.shape, generator=draw)).clamp_(0, 255).round_()


def _tiles(image: Tensor, draw: torch.Generator) -> Tensor:
    side = (16, 32)[int(torch.randint(2, (), generator=draw))]
    count = SIZE // side
    tiles = image.reshape(3, count, side, count, side).permute(1, 3, 0, 2, 4).reshape(-1, 3, side, side)
    tiles = tiles[torch.randperm(len(tiles), generator=draw)]
    return tiles.reshape(count, count, 3, side, side).permute(2, 0, 3, 1, 4).reshape(3, SIZE, SIZE)


def _hopeless(image: Tensor, draw: torch.Generator) -> Tensor:
    return blurred(image[None], HOPELESS_BLUR * (1 + torch.rand(1, generator=draw)))[0]


def _upside_down(image: Tensor, draw: torch.Generator) -> Tensor:
    return image.flip(1)


def _outside(image: Tensor, draw: torch.Generator) -> Tensor:
    away = int(torch.randint(64, 112, (), generator=draw)) * (1, -1)[int(torch.randint(2, (), generator=draw))]
    axis = 1 + int(torch.randint(2, (), generator=draw))
    place = (torch.arange(SIZE) + away).clamp(0, SIZE - 1)
    return image.index_select(axis, place)


def _clouds(image: Tensor, draw: torch.Generator) -> Tensor:
    cells = (1, 2, 4, 8, 16, 32)[int(torch.randint(6, (), generator=draw))]
    coarse = image.mean((1, 2))[:, None, None] + 60 * torch.randn(3, cells + 1, cells + 1, generator=draw)
    return F.interpolate(coarse[None], size=SIZE, mode="bilinear", align_corners=True)[0]


def _stripes(image: Tensor, draw: torch.Generator) -> Tensor:
    y, x = torch.meshgrid(torch.arange(float(SIZE)), torch.arange(float(SIZE)), indexing="ij")
    frequency = 0.3 * torch.randn(2, 2, generator=draw)
    waves = torch.sin(frequency[0, 0] * x + frequency[0, 1] * y) + torch.sin(frequency[1, 0] * x + frequency[1, 1] * y)
    return image.mean((1, 2))[:, None, None] + 50 * torch.randn(3, 1, 1, generator=draw) * waves
