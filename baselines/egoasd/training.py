"""How a detector is trained: cross entropy of every picture.

Validation is on the first face tracks of the validation split, whole, at 5 dB where noise is added: average precision
over all pictures.

Contents: `detection_loss`, `train_detector`, `precision_of`, `egoasd_lesson`.
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
from avbench.training.tracks import open_tracks

from ...systems.nn.course import train_course
from ...systems.nn.lesson import Lesson, Pupil
from ..vcafe.batches import training_noises
from .batches import Pieces
from .model import Egoasd, EgoasdVideo
from .recipe import EgoasdRecipe

CHECK_SNR = 5.0


def detection_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy in nats, the mean over all pictures; `[B, F]` each."""
    return F.binary_cross_entropy_with_logits(logits.float(), labels.float())


def train_detector(lesson_of: Callable[[], Lesson], recipe: EgoasdRecipe, **options) -> Path:
    """Train a detector.

    Args:
        lesson_of: makes its lesson; not asked before the data are at hand.
        recipe: sizes and schedule.
        **options: as of `train_course`.

    Raises:
        MissingResource: the recipe's corpus or its noises are not to be had.
    """
    tell = options.get("announce", lambda line: None)
    tracks, check = (open_tracks(recipe.corpus, split, tell) for split in ("train", "validation"))
    noise = training_noises(recipe.corpus) if recipe.noise else None
    pieces, plain = Pieces(tracks, noise, recipe, recipe.seed), Pieces(check, noise, recipe, "validation")
    lesson = lesson_of()
    course = lesson.course(
        Pupil(lesson.net, lesson.task), lambda net: {"map": precision_of(net, plain, recipe, lesson.both)},
        lambda: plain.batch(0), objective=lambda pupil, batch, step: pupil(batch=batch, step=step),
        batch_of=pieces.batch, fingerprint=tracks.fingerprint,
        data=f"{len(tracks)} face tracks of {tracks.described}{', in noise' if noise else ''}",
    )  # fmt: skip
    return train_course(course, recipe, **options)


@torch.no_grad()
def precision_of(net: nn.Module, plain: Pieces, recipe: EgoasdRecipe, hears: bool) -> float:
    """Average precision over all pictures of the first tracks; 0 where these are all alike."""
    device, parts = next(net.parameters()).device, []
    for track in range(min(recipe.check_tracks, len(plain.tracks))):
        heard, seen, labels = plain.track(track)
        noisy = plain.noisy(heard.astype(np.float32) / 32768, Draw("detector's check", track), 1.0, CHECK_SNR)
        sound = (torch.from_numpy(noisy)[None].to(device),) if hears else ()
        face = torch.from_numpy(np.ascontiguousarray(seen))[None].to(device)
        parts.append({"scores": net(face, *sound)[0].float().cpu().numpy(), "labels": labels})
    spoken = np.concatenate([part["labels"] for part in parts])
    return average_precision(parts) if spoken.any() and not spoken.all() else 0.0


def egoasd_lesson(system: str, version: str, recipe: EgoasdRecipe) -> Lesson:
    """The lesson of EgoASD, with sound or without."""
    torch.manual_seed(recipe.seed)

    def task(net: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        logits = net(batch["face"], batch["noisy"]) if recipe.hears else net(batch["face"])
        right = ((logits > 0) == (batch["labels"] > 0)).float().mean()
        return detection_loss(logits, batch["labels"]), {"right": right}

    return Lesson(system, version, Egoasd(recipe) if recipe.hears else EgoasdVideo(recipe), task, recipe.hears)
