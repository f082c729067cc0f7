"""The face features `synth-face`, for a Fréchet distance between sets of drawn faces.

The features are the last layer of a net that has to tell who it sees, the shape and colours of the face, where head
and eyes turn, what the mouth does, and how much blur and noise was added: a set of pictures that differs from another
in any of these differs in its features. Networks made for photographs have seen no drawn face, and those that shrug off
blur would not see it in generated ones.

Conventions: as in `seeing`.

Contents: `FaceNet`, `FacePupil`, `SynthFace`, `train_face`.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.data.synth.articulation import VISEMES
from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.seeds import Draw, seed_of
from avbench.signal.landmarks import COUNT
from avbench.training.loop import Batch

from ..nn.course import Course, train_course
from .faces import POINT_SPREAD, Faces, draw_faces, mean_points, more_speakers
from .recipe import FaceFeatureRecipe
from .seeing import LEAST_SIDE, FaceTrunk, to_square
from .spoilt_faces import FaceSpoil, spoil_faces

FEATURES = 128
FACTS = 45  # 15 traits, 12 of colour, 16 of movement, blur and noise
PLACES = 20  # features of each of 8 × 8 places, so that shape and pose are not averaged away
OCTAVES = 3
CHUNK = 32
# Small movements only: a crop that is off is a defect of the generated picture, which the features shall show.
SPOIL = FaceSpoil(shift=3.0, turn=0.05, zoom=0.05, colour=0.06, blur=2.5, noise=10.0)


class FaceNet(nn.Module):
    """Pictures to features `[B, 128]`.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: FaceFeatureRecipe):
        super().__init__()
        coarse = recipe.widths[-1]
        self.trunk = FaceTrunk(recipe.widths)
        self.places = nn.Sequential(nn.ReLU(), nn.Conv2d(coarse, PLACES, 1))
        self.features = nn.Linear(64 * PLACES + 3 * OCTAVES, FEATURES)

    def forward(self, pictures: Tensor) -> Tensor:
        """What is where, on 8 × 8 places; and how much fine detail there is, which blur lowers and noise raises."""
        where = self.places(self.trunk(pictures)[2]).float().flatten(1)
        return self.features(torch.cat([where, _detail(pictures)], -1)).float()


def _detail(pictures: Tensor) -> Tensor:
    """`[B, 9]`: logarithm of the energy that three colours lose when their resolution is halved, three times over."""
    found = []
    for _ in range(OCTAVES):
        halved = F.avg_pool2d(pictures, 2)
        lost = pictures - F.interpolate(halved, scale_factor=2.0)
        found.append((lost.square().mean((2, 3)) + 0.1).log() / 2 - 1)
        pictures = halved
    return torch.cat(found, -1)


class FacePupil(nn.Module):
    """A net while it learns: what it tells of a picture, from its features by one layer each.

    Args:
        net: whose features are wanted.
        people: how many faces are told apart.
    """

    def __init__(self, net: FaceNet, people: int):
        super().__init__()
        self.net = net
        self.numbers = nn.Linear(FEATURES, FACTS + 2 * COUNT)
        self.visemes = nn.Linear(FEATURES, len(VISEMES))
        self.people = nn.Linear(FEATURES, people, bias=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Facts and points `[B, 45 + 136]`, scores of visemes, scores of people (16 × cosine)."""
        x = F.gelu(self.net(pictures))
        who = 16 * F.linear(F.normalize(x, dim=-1), F.normalize(self.people.weight, dim=-1))
        return self.numbers(x).float(), self.visemes(x).float(), who.float()


class SynthFace:
    """The judge: features of drawn faces.

    Args:
        net: in evaluation mode.
        device: where it is.
    """

    smallest = LEAST_SIDE

    def __init__(self, net: FaceNet, device: str):
        self._net, self._device = net, device

    def features(self, images: np.ndarray) -> np.ndarray:
        """`[N, 128]` float64; each row depends on its own picture only.

        Args:
            images: `[N, H, W, 3]` uint8 RGB or `[N, H, W, 1]` grey; sides of 32 pixels or more.

        Raises:
            ValueError: pictures of another shape or type.
        """
        pictures, _ = to_square(images, "synth-face")
        with torch.inference_mode(), exact_arithmetic():
            rows = [self._net(part.to(self._device)).double().cpu() for part in pictures.split(CHUNK) if len(part)]
        return torch.cat([torch.zeros(0, FEATURES, dtype=torch.float64), *rows]).numpy()


def train_face(recipe: FaceFeatureRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    torch.manual_seed(recipe.seed)
    announce = options.get("announce", lambda line: None)
    speakers = more_speakers("train", recipe.speakers)
    faces = draw_faces(speakers, recipe.clips, recipe.frames, "train", recipe.corpus, announce)
    check = draw_faces(more_speakers("validation", recipe.check_speakers), 2, 2, "validation", recipe.corpus)
    facts = _facts(faces)
    mean, spread = facts.mean(0), facts.std(0) + 1e-6

    def batch_of(step: int, rank: int, world: int) -> Batch:
        return _batch(faces, (recipe.seed, step, rank), recipe.batch // world, (facts - mean) / spread)

    def objective(model: nn.Module, batch: Batch, step: int):
        numbers, visemes, who = model(batch["pictures"])
        off = F.mse_loss(numbers[:, :FACTS], batch["facts"]) + F.mse_loss(numbers[:, FACTS:], batch["points"])
        reads, knows = F.cross_entropy(visemes, batch["viseme"]), F.cross_entropy(who, batch["speaker"])
        values = {"numbers": off.detach(), "visemes": reads.detach(), "people": knows.detach()}
        return off + recipe.visemes * reads + recipe.people * knows, values

    @torch.no_grad()
    def validate(model: nn.Module, step: int) -> dict[str, float]:
        batch = _batch(check, ("validation", 0, 0), len(check), (_facts(check) - mean) / spread)
        parts = [model(p.to(options.get("device", "cpu"))) for p in batch["pictures"].split(CHUNK)]
        numbers, visemes, _ = (torch.cat(p).cpu() for p in zip(*parts, strict=True))
        wanted = torch.cat([batch["facts"], batch["points"]], -1)
        explained = 1 - (numbers - wanted).square().mean(0) / wanted.var(0).clamp_min(1e-6)
        shape, colour = (15, 27)
        return {
            "shape": float(explained[:shape].mean()), "colour": float(explained[shape:colour].mean()),
            "moves": float(explained[colour : FACTS - 2].mean()), "points": float(explained[FACTS:].mean()),
            "spoilt": float(explained[FACTS - 2 : FACTS].mean()),
            "visemes_right": float((visemes.argmax(-1) == batch["viseme"]).float().mean()),
        }  # fmt: skip

    data = f"{len(faces)} drawn faces of {len(speakers)} training speakers"
    fingerprint = f"{len(speakers)} speakers, {recipe.clips} clips, {recipe.frames} frames"
    pupil = FacePupil(FaceNet(recipe), len(speakers))
    course = Course(
        "synth-face", pupil, objective, batch_of, validate, fingerprint, data, deployed=lambda pupil: pupil.net
    )
    return train_course(course, recipe, **options)


def _facts(faces: Faces) -> np.ndarray:
    """`[N, 45]`: traits, colours, moves, and two places that blur and noise are written to."""
    spoiling = np.zeros((len(faces), 2), np.float32)
    return np.concatenate([faces.traits, faces.colours, faces.moves, spoiling], axis=1)


def _batch(faces: Faces, seed: tuple, count: int, facts: np.ndarray) -> Batch:
    names = [str(s) for s in seed]
    draw, torch_draw = Draw("face", *names), torch.Generator().manual_seed(seed_of("face", *names) >> 1)
    chosen = np.array([draw.integer(len(faces)) for _ in range(count)])
    spoilt = spoil_faces(faces.pictures[chosen], faces.points[chosen], SPOIL, torch_draw)
    wanted = torch.from_numpy(facts[chosen]).float()
    wanted[:, -2] = spoilt.blur * (4 / SPOIL.blur) - 1
    wanted[:, -1] = spoilt.noise * (4 / SPOIL.noise) - 1
    points = (spoilt.points - torch.from_numpy(mean_points())).flatten(1) / POINT_SPREAD
    return {
        "pictures": spoilt.pictures, "facts": wanted, "points": points,
        "viseme": torch.from_numpy(faces.viseme[chosen]), "speaker": torch.from_numpy(faces.speaker[chosen]),
    }  # fmt: skip
