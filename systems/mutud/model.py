"""MUTUD: trained with video, deployed without.

Source: MUTUD section III and IV-B, Fig. 1. A backbone takes audio features and video features; in training the video
features are both true (from the lip encoder) and estimated (by TAME, from audio), and both are decoded. What is
deployed has only the estimate.

A backbone is a net of `nn/` with `dim` (D), `frames_per_picture` (K), `analyse`, `encode`, `features`, `decode` and
`synthesise`: a `FusedGcrn` has K = 4 audio features per picture, a `VisualVoiceUnet` one.

Conventions: waves `[B, T]` at 16 kHz; mouth crops `[B, F, 88, 88]` uint8 at 25 fps. Names of the state dict:
`backbone.*`, `tame.*` (deployed) and `video.*`; the audio-visual nets have `backbone.*` and `video.*`.

Contents: `MutudOutput`, `MutudDeployed`, `Mutud`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..nn.gcrn import Enhanced, FusedGcrn
from ..nn.video import VideoEncoder, fit_frames
from ..nn.visualvoice import VisualVoiceUnet
from ..nn.visualvoice_video import LipNet
from .recipe import MutudRecipe, MutudVisualVoiceRecipe
from .tame import Tame


class MutudOutput(NamedTuple):
    """What a training pass gives; names follow section III.

    Args:
        f_a: audio features `[B, T, D]`, T frames of the backbone.
        f_v: video features `[B, T, D]`, each picture repeated K times and the last one once more; detached where the
            recipe stops the gradient of eqs 6 to 8 into them.
        recalls: what pictures recall of themselves from all K codebooks `[B, T_v, K, D]`.
        f_hat: video features estimated from audio `[B, T, D]`.
        p: of eq. 3 `[B, T_v, K, N]`.
        q: of eq. 4 `[B, T, N]`; frame t belongs to codebook t mod K.
        enhanced_from_estimate: decoded with `f_hat`; None from `tame_only`.
        enhanced_from_video: decoded with the true features; None from `tame_only`.
    """

    f_a: Tensor
    f_v: Tensor
    recalls: Tensor
    f_hat: Tensor
    p: Tensor
    q: Tensor
    enhanced_from_estimate: Enhanced | None
    enhanced_from_video: Enhanced | None


class MutudDeployed(nn.Module):
    """The part that is deployed, and all there is of `mutud/no-video`: it has no way to see a picture."""

    def __init__(self, backbone: FusedGcrn | VisualVoiceUnet, tame: Tame):
        super().__init__()
        self.backbone, self.tame = backbone, tame

    @classmethod
    def of(cls, recipe: MutudRecipe) -> "MutudDeployed":
        """A new one of a recipe's sizes."""
        backbone: FusedGcrn | VisualVoiceUnet
        if isinstance(recipe, MutudVisualVoiceRecipe):
            backbone = VisualVoiceUnet(recipe.channels, beside=recipe.channels[-1])
        else:
            backbone = FusedGcrn(recipe.channels)
        return cls(backbone, Tame(backbone.dim, backbone.frames_per_picture, recipe.codes, recipe.tau))

    def forward(self, noisy: Tensor) -> Enhanced:
        """Enhance `[B, T]`."""
        skips = self.backbone.encode(self.backbone.analyse(noisy))
        estimate, _ = self.tame.recall_from_audio(self.backbone.features(skips[-1]))
        spec = self.backbone.decode(skips, estimate)
        return Enhanced(self.backbone.synthesise(spec, noisy.shape[1]), spec, self.backbone.analyse)


class Mutud(nn.Module):
    """The training net: what is deployed, and the lip encoder."""

    def __init__(self, recipe: MutudRecipe):
        super().__init__()
        deployed = MutudDeployed.of(recipe)
        self.backbone, self.tame = deployed.backbone, deployed.tame
        lips = LipNet if isinstance(recipe, MutudVisualVoiceRecipe) else VideoEncoder
        self.video = lips(recipe.video_widths, self.backbone.dim)
        self.stop_video_gradient = recipe.stop_video_gradient

    def deployed(self) -> MutudDeployed:
        """The deployed part; it shares its weights with this net."""
        return MutudDeployed(self.backbone, self.tame).train(self.training)

    def forward(
        self,
        noisy: Tensor | None,
        clean: Tensor | None = None,
        mouth: Tensor | None = None,
    ) -> MutudOutput:
        """A training pass.

        Args:
            noisy: `[B, T]`, decoded with estimate and with video; None for a pass of TAME alone.
            clean: `[B, T]`, used by a pass of TAME alone.
            mouth: `[B, F, 88, 88]` uint8.
        """
        if noisy is None:
            return self.tame_only(clean, mouth)
        skips = self.backbone.encode(self.backbone.analyse(noisy))
        output, f_v = self._relate(self.backbone.features(skips[-1]), mouth)
        # Both candidates in one batch: one pass of the LSTM instead of two, and batch norm meets the same mixture of
        # both in training that its running statistics describe later.
        spec = self.backbone.decode(skips, torch.cat([output.f_hat, f_v]))
        wave, analyse = self.backbone.synthesise(spec, noisy.shape[1]), self.backbone.analyse
        estimate, video = (Enhanced(w, s, analyse) for w, s in zip(wave.chunk(2), spec.chunk(2), strict=True))
        return output._replace(enhanced_from_estimate=estimate, enhanced_from_video=video)

    def tame_only(self, clean: Tensor, mouth: Tensor) -> MutudOutput:
        """TAME's pre-training pass (section V-A): clean speech and its video, nothing decoded."""
        skips = self.backbone.encode(self.backbone.analyse(clean))
        return self._relate(self.backbone.features(skips[-1]), mouth)[0]

    def _relate(self, f_a: Tensor, mouth: Tensor) -> tuple[MutudOutput, Tensor]:
        """Features of both sides through TAME; beside it the fitted video features with their gradient."""
        frames, times = f_a.shape[1], self.backbone.frames_per_picture
        pictures = self.video(mouth[:, : -(-frames // times)])
        f_v = fit_frames(pictures, frames, times)
        stopped = self.stop_video_gradient
        recalls, p = self.tame.recall_from_video(pictures.detach() if stopped else pictures)
        f_hat, q = self.tame.recall_from_audio(f_a)
        return MutudOutput(f_a, f_v.detach() if stopped else f_v, recalls, f_hat, p, q, None, None), f_v
