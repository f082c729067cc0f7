"""The point finder `synth-landmarks`: heat maps of the 68 points, and whether there is a face at all.

Each point is the mean place under its heat map (Nibali et al. 2018, "Numerical coordinate regression with convolutional
neural networks"), so that points are continuous and move with the picture. The places lie on a grid that reaches beyond
the picture's edge, for chins that do.

Conventions: as in `seeing`; points in pixels, (0, 0) the centre of the first one.

Contents: `LandmarkNet`, `SynthLandmarks`, `train_landmarks`.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.seeds import Draw, seed_of
from avbench.signal.landmarks import COUNT, EYE_CORNERS
from avbench.training.loop import Batch

from ..nn.course import Course, train_course
from .faces import SIZE, Faces, draw_faces, more_speakers
from .recipe import LandmarkRecipe
from .seeing import FaceTrunk, to_square
from .spoilt_faces import FaceSpoil, no_faces, spoil_faces

REACH = 1.2  # of the grid, in halves of the picture
CHUNK = 32


class LandmarkNet(nn.Module):
    """Pictures to points and presence.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: LandmarkRecipe):
        super().__init__()
        fine, middle, coarse = recipe.widths
        self.trunk = FaceTrunk(recipe.widths)
        self.down = nn.Conv2d(coarse, middle, 1)
        self.mix = nn.Conv2d(middle, middle, 3, 1, 1)
        self.finer = nn.Conv2d(middle, fine, 1)
        self.heat = nn.Sequential(nn.Conv2d(fine, fine, 3, 1, 1), nn.ReLU(), nn.Conv2d(fine, COUNT, 1))
        self.present = nn.Linear(coarse, 1)
        line = (torch.arange(32) * 2 + 1) / 32 - 1
        self.register_buffer("line", REACH * line, persistent=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """`[B, 3, 128, 128]` to points `[B, 68, 2]`, -1 to 1 over the picture, and presence `[B]` in logits."""
        fine, middle, coarse = self.trunk(pictures)
        middle = F.relu(middle + F.interpolate(self.down(coarse), scale_factor=2.0))
        fine = F.relu(fine + F.interpolate(self.finer(F.relu(self.mix(middle))), scale_factor=2.0))
        heat = self.heat(fine).float().flatten(2).softmax(-1).unflatten(2, (32, 32))
        points = torch.stack([heat.sum(2) @ self.line, heat.sum(3) @ self.line], -1)
        return points, self.present(F.relu(coarse).mean((2, 3))).float()[:, 0]


def _in_pixels(points: Tensor) -> Tensor:
    return (points + 1) * (SIZE / 2) - 0.5


class SynthLandmarks:
    """The judge: drawn faces only.

    Args:
        net: in evaluation mode.
        device: where it is.
    """

    def __init__(self, net: LandmarkNet, device: str):
        self.net, self.device = net, device

    def points(self, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points of the face in each frame, which fills most of it, as in the faces of the embedded corpus.

        Args:
            frames: `[F, H, W, 3]` uint8 RGB or `[F, H, W, 1]` grey; sides of 32 pixels or more.

        Returns:
            `[F, 68, 2]` float64 in pixels of the frames, NaN where there is no face, and `[F]` bool: whether there is.

        Raises:
            ValueError: frames of another shape or type.
        """
        pictures, scale = to_square(frames, "synth-landmarks")
        found = [(np.zeros((0, COUNT, 2)), np.zeros(0))]
        with torch.inference_mode(), exact_arithmetic():
            for part in pictures.split(CHUNK) if len(pictures) else ():
                points, present = self.net(part.to(self.device))
                found.append((_in_pixels(points).double().cpu().numpy(), present.cpu().numpy()))
        points, present = (np.concatenate(parts) for parts in zip(*found, strict=True))
        points = (points + 0.5) / scale - 0.5
        points[present <= 0] = np.nan
        return points, present > 0


def train_landmarks(recipe: LandmarkRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    torch.manual_seed(recipe.seed)
    announce = options.get("announce", lambda line: None)
    speakers = more_speakers("train", recipe.speakers)
    faces = draw_faces(speakers, recipe.clips, recipe.frames, "train", recipe.corpus, announce)
    check = draw_faces(more_speakers("validation", recipe.check_speakers), 2, 2, "validation", recipe.corpus)

    def batch_of(step: int, rank: int, world: int) -> Batch:
        return batch_at(faces, recipe, (recipe.seed, step, rank), recipe.batch // world)

    def objective(model: nn.Module, batch: Batch, step: int):
        points, present = model(batch["pictures"])
        error = (points[: len(batch["points"])] - batch["points"]).abs().mean((1, 2))
        presence = F.binary_cross_entropy_with_logits(present, batch["present"])
        off = 100 * (error / batch["unit"]).mean()
        return error.mean() * 10 + recipe.presence * presence, {"off": off.detach(), "presence": presence.detach()}

    def validate(model: nn.Module, step: int) -> dict[str, float]:
        return measure(model, check, recipe, options.get("device", "cpu"))

    data = f"{len(faces)} drawn faces of {len(speakers)} training speakers"
    fingerprint = f"{len(speakers)} speakers, {recipe.clips} clips, {recipe.frames} frames"
    course = Course("synth-landmarks", LandmarkNet(recipe), objective, batch_of, validate, fingerprint, data)
    return train_course(course, recipe, **options)


def batch_at(faces: Faces, recipe: LandmarkRecipe, seed: tuple, count: int) -> Batch:
    """Spoilt faces, and a share of pictures that are none, which have no points.

    Returns:
        `pictures` `[B, 3, 128, 128]`, the faces first; `present` `[B]`; of the faces `points` `[B', 68, 2]` and
        `unit` `[B']`, the distance of the eyes, both in halves of the picture.
    """
    draw, torch_draw = Draw("landmarks", *map(str, seed)), torch.Generator().manual_seed(seed_of(*map(str, seed)) >> 1)
    none = round(count * recipe.none)
    chosen = np.array([draw.integer(len(faces)) for _ in range(count)])
    with_face, without = chosen[none:], chosen[:none]
    spoilt = spoil_faces(faces.pictures[with_face], faces.points[with_face], FaceSpoil(), torch_draw)
    pictures = torch.cat([spoilt.pictures, no_faces(faces.pictures[without], torch_draw)])
    points = (spoilt.points + 0.5) / (SIZE / 2) - 1
    unit = (points[:, EYE_CORNERS[0]] - points[:, EYE_CORNERS[1]]).norm(dim=-1)
    present = torch.cat([torch.ones(len(with_face)), torch.zeros(none)])
    return {"pictures": pictures, "points": points, "unit": unit, "present": present}


@torch.no_grad()
def measure(model: LandmarkNet, faces: Faces, recipe: LandmarkRecipe, device: str) -> dict[str, float]:
    """Mean distance from the true points in per cent of that of the outer eye corners; and who is taken for what.

    `clean` are faces as drawn, `spoilt` as in training; `missed` are faces that are not seen, `imagined` those that are
    seen where there is none.
    """
    pictures = torch.from_numpy(faces.pictures).permute(0, 3, 1, 2).float()
    clean = _distance(model, pictures, torch.from_numpy(faces.points), device)
    batch = batch_at(faces, recipe, ("validation", 0, 0), len(faces))
    spoilt = _distance(model, batch["pictures"], _in_pixels(batch["points"]), device)
    there = len(batch["points"])
    return {
        "off_clean": float(clean[0].mean()), "off_spoilt": float(spoilt[0].mean()),
        "missed_clean": float((clean[1] <= 0).float().mean()),
        "missed": float((spoilt[1][:there] <= 0).float().mean()),
        "imagined": float((spoilt[1][there:] > 0).float().mean()),
    }  # fmt: skip


def _distance(model: LandmarkNet, pictures: Tensor, points: Tensor, device: str) -> tuple[Tensor, Tensor]:
    """`[B']` per cent, of the first pictures, which have points; and presence `[B]` of all."""
    answers = [model(part.to(device)) for part in pictures.split(CHUNK)]
    found, present = (torch.cat(parts).cpu() for parts in zip(*answers, strict=True))
    unit = (points[:, EYE_CORNERS[0]] - points[:, EYE_CORNERS[1]]).norm(dim=-1)
    return 100 * (_in_pixels(found[: len(points)]) - points).norm(dim=-1).mean(1) / unit, present
