"""How ATVGnet is trained: both stages, the discriminator and the point finder side by side, each from the truth.

Source: Chen et al. 2019, section 3 and the released trainings. Stage one learns coefficients (mean squared error);
stage two learns pixels, weighted by the attention map (the dynamic pixel-wise loss), and to please the discriminator;
the discriminator learns true from made, and landmarks, of both kinds. As in the paper stage two never sees what stage
one predicts, and speech is clean.

Deviation: all parts step at once, from one backward pass (the released trainings take turns).
Validation: films of people whom the training does not know, made from their first picture.

Contents: `losses`, `validate`, `train_atvgnet`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.metrics.frames import psnr_of_frames
from avbench.signal.landmarks import EYE_CORNERS, MOUTH
from avbench.training.loop import Batch

from ...systems.nn.course import Course, train_course
from ...systems.nn.lesson import Pupil
from .films import Films, Pieces, open_films
from .landmarks import components_of
from .model import Atvgnet, Learner, to_net
from .recipe import AtvgnetRecipe

FOR_COMPONENTS = 400  # clips
FINDING = 10.0  # weight of the point finder's error, which is small in halves of a picture


def losses(learner: Learner, batch: Batch, recipe: AtvgnetRecipe) -> tuple[Tensor, dict[str, Tensor]]:
    """The sum of all parts' losses, none of which reaches another part's weights, and values to log."""
    net, judge = learner.net, learner.discriminator
    shown, true, example = to_net(batch["face"]), to_net(batch["film"]), batch["example"]

    movement, frames = net.movement, batch["points"].shape[1]
    windows = net.stage_one.windows(batch["wave"], frames)
    moved, _ = net.stage_one(windows, movement.coefficients(example))
    moving = F.mse_loss(moved, movement.coefficients(batch["points"], example[:, None]))

    found = net.finder(true.flatten(0, 1)) + movement.mean.unflatten(0, (-1, 2))
    finding = (found - batch["wanted"].flatten(0, 1)).abs().mean()

    made = net.stage_two(shown, example, batch["wanted"])
    pixels = ((made.pictures - true).abs() * (made.attention.detach() + recipe.beta)).mean()
    judge.requires_grad_(False)  # it gives the generator its opinion and learns nothing from it
    opinion, read = judge(made.pictures, example)
    judge.requires_grad_(True)
    fooling = _called(opinion, 1.0) + _read(read, batch["wanted"], recipe)

    judging = torch.zeros_like(fooling)
    for pictures, what in ((true, 1.0), (made.pictures.detach(), 0.0)):
        opinion, read = judge(pictures, example)
        judging = judging + _called(opinion, what) + _read(read, batch["wanted"], recipe)

    loss = moving + FINDING * finding + recipe.pixels * pixels + recipe.adversary * fooling + judging
    values = {"moving": moving, "finding": finding, "pixels": pixels, "fooling": fooling, "judging": judging,
              "attention": made.attention.mean()}  # fmt: skip
    return loss, {name: value.detach() for name, value in values.items()}


def _called(logits: Tensor, truth: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))


def _read(read: Tensor, wanted: Tensor, recipe: AtvgnetRecipe) -> Tensor:
    """Squared error of landmarks, the heights of the mouth's points counting more."""
    weight = torch.ones_like(wanted[0, 0])
    weight[MOUTH, 1] = recipe.mouth_height
    return ((read - wanted) * weight).square().mean()


@torch.no_grad()
def validate(net: Atvgnet, films: Films, recipe: AtvgnetRecipe) -> dict[str, float]:
    """Means over validation films, from their first picture and clean speech.

    Returns:
        `psnr` in dB; distances from the true points of the mouth, in per cent of that of the outer eye corners:
        `moved` of stage one, `still` of a mouth that stays as it is; `found`, of all points, of the point finder.
    """
    device, sums = next(net.parameters()).device, []
    net = net.eval()
    for index in range(min(recipe.check_clips, len(films))):
        film = films.film(index)
        face = torch.from_numpy(np.array(film.frames[:1])).to(device)
        wave = torch.from_numpy(film.sound)[None].to(device)
        points = film.points.to(device)
        made = net(wave, face)[0].cpu().numpy()
        example, movement = points[:1], net.movement
        windows = net.stage_one.windows(wave, len(points))
        moved = movement.moved(example, net.stage_one(windows, movement.coefficients(example))[0])[0]
        unit = (points[0, EYE_CORNERS[0]] - points[0, EYE_CORNERS[1]]).norm() / 100
        off = [(a - points)[:, MOUTH].norm(dim=-1).mean() / unit for a in (moved, example.expand_as(points))]
        found = (net.landmarks(to_net(face)) - example).norm(dim=-1).mean() / unit
        sums.append([float(np.mean(psnr_of_frames(made, film.frames))), *(float(x) for x in (*off, found))])
    return dict(zip(("psnr", "moved", "still", "found"), np.mean(sums, axis=0).tolist(), strict=True))


def train_atvgnet(
    system: str,
    version: str,
    recipe: AtvgnetRecipe,
    *,
    announce: Callable[[str], None] = lambda line: None,
    **options,
) -> Path:
    """Train; options as of `train_course`.

    Raises:
        MissingResource: the recipe's corpus is not to be had.
    """
    torch.manual_seed(recipe.seed)
    films, check = (
        open_films(recipe.corpus, split, clips, recipe.size, announce)
        for split, clips in (("train", recipe.clips), ("validation", recipe.check_clips))
    )
    learner = Learner(recipe).to(memory_format=torch.channels_last)  # the order that convolutions are fastest in
    every = max(1, len(films) // FOR_COMPONENTS)
    some = [films.points(index) for index in range(0, len(films), every)]
    learner.net.movement.take(*components_of(some, recipe.components))
    pieces = Pieces(films, recipe, recipe.seed)

    def task(learner: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        return losses(learner, batch, recipe)

    course = Course(
        system, Pupil(learner, task), lambda pupil, batch, step: pupil(batch=batch, step=step), pieces.batch,
        lambda pupil, step: validate(pupil.net.net, check, recipe), films.fingerprint,
        f"{len(films)} films of single words of {films.name}, clean speech", deployed=lambda pupil: pupil.net.net,
        version=version,
    )  # fmt: skip
    return train_course(course, recipe, announce=announce, **options)
