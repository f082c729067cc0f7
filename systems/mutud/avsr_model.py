"""MUTUD for speech recognition: V-CAFE that has lips in training and TAME's estimate of them afterwards.

Source: MUTUD, "Audiovisual Speech Recognition (AVSR)". Wherever V-CAFE has video features, the cross-modal attention
and the fusion, the deployed net has the estimate. Audio and video features meet at 25 Hz, so K = 1; the paper says that
video features are repeated to fit, which would need an audio front-end that ends at a higher rate than it describes.

Conventions: those of `baselines/vcafe/model.py`. Names of the state dict: `backbone.*`, `tame.*` (deployed) and
`video.*`.

Contents: `MutudAvsrDeployed`, `MutudAvsr`, `avsr_lesson`.
"""

import torch
from torch import Tensor, nn

from avbench.training.loop import Batch

from ...baselines.vcafe.batches import SeenOnce
from ...baselines.vcafe.model import Backbone, LipFront, all_of
from ...baselines.vcafe.training import recognition_loss
from ..nn.lesson import Lesson
from ..nn.video import fit_frames
from .absent import FRAMES, health, recall, relate, tame_loss
from .avsr import MutudAvsrRecipe
from .tame import Tame


class MutudAvsrDeployed(nn.Module):
    """The part that is deployed."""

    def __init__(self, backbone: Backbone, tame: Tame):
        super().__init__()
        self.backbone, self.tame = backbone, tame

    @classmethod
    def of(cls, recipe: MutudAvsrRecipe) -> "MutudAvsrDeployed":
        """A new one of a recipe's sizes."""
        backbone = Backbone(recipe)
        return cls(backbone, Tame(backbone.dim, FRAMES, recipe.codes, recipe.tau))

    def memory(self, wave: Tensor, length: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode what is heard and what TAME makes of it; gives `[B, S, dim]` and `valid`."""
        f_a, valid = self.backbone.listen(wave, all_of(wave) if length is None else length)
        return self.backbone.encode(f_a, recall(self.tame, f_a, valid)[0], valid), valid

    def forward(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """What is counted and timed, see `Backbone.spell`."""
        return self.backbone.spell(self.memory(wave)[0])


class MutudAvsr(nn.Module):
    """The training net: what is deployed, and the lips."""

    def __init__(self, recipe: MutudAvsrRecipe):
        super().__init__()
        deployed = MutudAvsrDeployed.of(recipe)
        self.backbone, self.tame = deployed.backbone, deployed.tame
        self.video = LipFront(recipe.video_widths)

    def deployed(self) -> MutudAvsrDeployed:
        """The deployed part; it shares its weights with this net."""
        return MutudAvsrDeployed(self.backbone, self.tame).train(self.training)


def avsr_lesson(system: str, version: str, recipe: MutudAvsrRecipe) -> Lesson:
    """Lips first, then TAME on clean pairs (section V-A), then all of eq. 10 with recognition as the task."""
    torch.manual_seed(recipe.seed)
    lips = SeenOnce()

    def task(net: MutudAvsr, batch: Batch, step: int) -> tuple[Tensor, dict]:
        f_a, valid = net.backbone.listen(batch["clean" if step < 0 else "noisy"], batch["length"])
        f_v = fit_frames(lips(net.video, batch), f_a.shape[1], 1)
        related = relate(net.tame, f_a, f_v, valid, recipe.stop_gradient)
        loss, values = tame_loss(related, recipe)
        if step < 0:
            return loss, {"stage": torch.tensor(2.0), **values}
        shown = fit_frames(f_v * batch["shown"][..., None], f_a.shape[1], 1)
        # Both candidates in one batch, so that batch norm meets the same mixture that its statistics describe later.
        twice = [torch.cat([part, part]) for part in (f_a, valid)]
        memory = net.backbone.encode(twice[0], torch.cat([related.estimate, shown]), twice[1])
        for name, half in zip(("estimate", "video"), memory.chunk(2), strict=True):
            part, told = recognition_loss(net.backbone, half, valid, batch["said"])
            loss = loss + recipe.lambda_ * part
            values |= {f"{key}_{name}": value for key, value in told.items()}
        return loss, values

    def monitor(net: MutudAvsr, batch: Batch) -> dict[str, float]:
        f_a, valid = net.backbone.listen(batch["noisy"], batch["length"])
        f_v = fit_frames(net.video(batch["mouth"]), f_a.shape[1], 1)
        return health(relate(net.tame, f_a, f_v, valid, True))

    return Lesson(system, version, MutudAvsr(recipe), task, False, lambda net: net.deployed(), monitor)
