"""MUTUD for active-speaker detection, reversed: the face is there, and the sound is what TAME estimates.

Source: MUTUD, "Audiovisual Active Speaker Detection (AV-ASD)". EgoASD whose audio features, in deployment, are recalled
from the video features through the codebooks. Both have one feature per picture, so K = 1; the paper says that video
features are repeated to fit, and not how many audio features there are.

Conventions: those of `baselines/egoasd/model.py`. Names of the state dict: `video.*`, `tame.*`, `head.*` (deployed),
and `audio.*`.

Contents: `MutudAsdDeployed`, `MutudAsd`, `asd_lesson`.
"""

import torch
from torch import Tensor, nn

from avbench.training.loop import Batch

from ...baselines.egoasd.model import Head, VggAudio, VggVideo
from ...baselines.egoasd.training import detection_loss
from ..nn.lesson import Lesson
from .absent import FRAMES, health, recall, relate, tame_loss
from .asd import MutudAsdRecipe
from .tame import Tame


class MutudAsdDeployed(nn.Module):
    """The part that is deployed: it has no way to hear."""

    def __init__(self, video: VggVideo, tame: Tame, head: Head):
        super().__init__()
        self.video, self.tame, self.head = video, tame, head

    @classmethod
    def of(cls, recipe: MutudAsdRecipe) -> "MutudAsdDeployed":
        """A new one of a recipe's sizes."""
        dim = recipe.video_widths[-1]
        video = VggVideo(recipe.video_widths, recipe.side, recipe.colours)
        return cls(video, Tame(dim, FRAMES, recipe.codes, recipe.tau), Head(dim, recipe.hidden, pools=True))

    def forward(self, face: Tensor) -> Tensor:
        """Logits `[B, F]`."""
        f_v = self.video(face)
        return self.head(f_v, recall(self.tame, f_v, _all(f_v))[0])


class MutudAsd(nn.Module):
    """The training net: what is deployed, and the audio encoder."""

    def __init__(self, recipe: MutudAsdRecipe):
        super().__init__()
        deployed = MutudAsdDeployed.of(recipe)
        self.video, self.tame, self.head = deployed.video, deployed.tame, deployed.head
        self.audio = VggAudio(recipe.audio_widths)

    def deployed(self) -> MutudAsdDeployed:
        """The deployed part; it shares its weights with this net."""
        return MutudAsdDeployed(self.video, self.tame, self.head).train(self.training)


def asd_lesson(system: str, version: str, recipe: MutudAsdRecipe) -> Lesson:
    """TAME on clean pairs first (section V-A), then all of eq. 10 with detection as the task."""
    torch.manual_seed(recipe.seed)

    def task(net: MutudAsd, batch: Batch, step: int) -> tuple[Tensor, dict]:
        f_v = net.video(batch["face"])
        f_a = net.audio(batch["clean" if step < 0 else "noisy"], f_v.shape[1])
        related = relate(net.tame, f_v, f_a, _all(f_v), recipe.stop_gradient)
        loss, values = tame_loss(related, recipe)
        if step < 0:
            return loss, {"stage": torch.tensor(2.0), **values}
        for name, heard in (("estimate", related.estimate), ("audio", f_a)):
            part = detection_loss(net.head(f_v, heard), batch["labels"])
            loss = loss + recipe.lambda_ * part
            values[f"task_{name}"] = part.detach()
        return loss, values

    def monitor(net: MutudAsd, batch: Batch) -> dict[str, float]:
        f_v = net.video(batch["face"])
        return health(relate(net.tame, f_v, net.audio(batch["noisy"], f_v.shape[1]), _all(f_v), True))

    return Lesson(system, version, MutudAsd(recipe), task, False, lambda net: net.deployed(), monitor)


def _all(features: Tensor) -> Tensor:
    return torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
