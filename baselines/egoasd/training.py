"""How a detector is trained: cross entropy of every picture.

Validation is on the first face tracks of the validation split, whole, at 5 dB: average precision over all pictures.

Contents: `detection_loss`, `detection_lesson`, `egoasd_lesson`, `train_detector`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.metrics.detection import average_precision
from avbench.seeds import Draw
from avbench.training.loop import Batch

from ...systems.nn.course import Lesson, Pupil, Task, refuse_paper, train_lesson
from ..vcafe.batches import open_noises
from .batches import Pieces, open_tracks
from .model import Egoasd, EgoasdVideo
from .recipe import EgoasdRecipe

CHECK_SNR = 5.0


def detection_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy in nats, the mean over all pictures; `[B, F]` each."""
    return F.binary_cross_entropy_with_logits(logits.float(), labels.float())


def detection_lesson(
    system: str,
    version: str,
    net: nn.Module,
    recipe: EgoasdRecipe,
    task: Task,
    *,
    deployed: Callable[[nn.Module], nn.Module] = lambda net: net,
    hears: bool,
    monitor: Callable[[nn.Module, Batch], dict[str, float]] | None = None,
) -> Lesson:
    """A detector's lesson.

    Args:
        system: full name.
        version: of its code.
        net: as it is trained.
        recipe: sizes and schedule.
        task: what it learns.
        deployed: part of the net.
        hears: whether the deployed part takes sound.
        monitor: `(net, batch) -> values` on a batch of validation tracks.
    """
    tracks, check = (open_tracks(recipe.corpus, split) for split in ("train", "validation"))
    noise = open_noises()
    pieces, plain = Pieces(tracks, noise, recipe, recipe.seed), Pieces(check, noise, recipe, "validation")

    def watch(net: nn.Module, step: int) -> dict[str, float]:
        if monitor is None:
            return {}
        device = next(net.parameters()).device
        with torch.no_grad():
            return monitor(net, {name: value.to(device) for name, value in plain.batch(0).items()})

    return Lesson(
        system=system, version=version, model=Pupil(net, task),
        objective=lambda pupil, batch, step: pupil(batch=batch, step=step), batch_of=pieces.batch,
        validate=lambda net, step: {"map": precision_of(net, plain, recipe, hears)}, deployed=deployed, monitor=watch,
        fingerprint=tracks.fingerprint,
        data=f"{len(tracks)} face tracks of avbench-synth/conversations/{recipe.corpus}, in noise",
    )  # fmt: skip


@torch.no_grad()
def precision_of(net: nn.Module, plain: Pieces, recipe: EgoasdRecipe, hears: bool) -> float:
    """Average precision over all pictures of the first tracks; 0 where these are all alike."""
    device, parts = next(net.parameters()).device, []
    for track in range(min(recipe.check_tracks, len(plain.tracks))):
        clean = plain.tracks.audio(track).astype(np.float32) / 32768
        noisy = plain.noisy(clean, Draw("detector's check", track), 1.0, CHECK_SNR)
        face = torch.from_numpy(np.ascontiguousarray(plain.tracks.face(track)))[None].to(device)
        heard = (torch.from_numpy(noisy)[None].to(device),) if hears else ()
        logits = net(face, *heard)[0].float().cpu().numpy()
        parts.append({"scores": logits, "labels": plain.tracks.labels(track)})
    spoken = np.concatenate([part["labels"] for part in parts])
    return average_precision(parts) if spoken.any() and not spoken.all() else 0.0


def egoasd_lesson(system: str, version: str, recipe: EgoasdRecipe) -> Lesson:
    """The lesson of EgoASD, with sound or without."""
    torch.manual_seed(recipe.seed)

    def task(net: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        logits = net(batch["face"], batch["noisy"]) if recipe.hears else net(batch["face"])
        right = ((logits > 0) == (batch["labels"] > 0)).float().mean()
        return detection_loss(logits, batch["labels"]), {"right": right}

    net = Egoasd(recipe) if recipe.hears else EgoasdVideo(recipe)
    return detection_lesson(system, version, net, recipe, task, hears=recipe.hears)


def train_detector(lesson_of: Callable[[], Lesson], recipe: EgoasdRecipe, system: str, **options) -> Path:
    """Train; options as of `train_lesson`.

    Raises:
        MissingResource: the recipe's corpus is not to be had.
    """
    refuse_paper(recipe, system, "VoxCeleb2 and EasyCom")
    return train_lesson(lesson_of(), recipe, **options)
