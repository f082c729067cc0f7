"""The objectives of MUTUD, section III-C, one function per equation, and monitors of a training's health.

Conventions: (estimate, reference); losses are minimised. Reductions: with `"sum"` the recall losses are the sums that
eqs 6 and 7 print, over pictures, codebooks and dimensions; with `"mean"` the same sums divided by the number of terms.
Either way they are averaged over the batch. The paper does not state the reduction of its implementation; sums over D =
512 dimensions and seconds of frames would make lambda = 0.01 vanish.

Contents: `video_recall_loss` (6), `audio_recall_loss` (7), `code_link_loss` (8), `task_loss` (9), `mutud_loss` (10),
`effective_rank`, `code_perplexity`, `code_usage`, `estimate_correlation`.
"""

from typing import Literal

import torch
from torch import Tensor

from ..nn.gcrn import Enhanced
from .model import MutudOutput
from .recipe import MutudRecipe

Reduction = Literal["mean", "sum"]
TINY = 1e-8  # added to powers, far below those of speech at any level that int16 can hold


def video_recall_loss(recalls: Tensor, f_v: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Eq. 6, L_v→v: how well pictures recall themselves from each codebook.

    Args:
        recalls: `[B, T_v, K, D]`.
        f_v: `[B, T_v, D]`.
        reduction: see the head of the module.
    """
    return _reduce((recalls - f_v[:, :, None]).square(), reduction)


def audio_recall_loss(f_hat: Tensor, f_v: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Eq. 7, L_a→v: how well audio recalls the picture it belongs to.

    Args:
        f_hat: `[B, K T_v, D]`.
        f_v: `[B, K T_v, D]`, each picture K times.
        reduction: see the head of the module.
    """
    return _reduce((f_hat - f_v).square(), reduction)


def code_link_loss(p: Tensor, q: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Eq. 8, L_Ca→Cv: the sum over codebooks of D_KL(P^k ‖ Q^k), in nats.

    Args:
        p: `[B, T_v, K, N]`, from video.
        q: `[B, T_v, K, N]`, from audio.
        reduction: eq. 8 sums over codebooks and has no sum over time: `"sum"` averages over pictures only, `"mean"`
            over pictures and codebooks.
    """
    divergence = (p * (p.clamp_min(1e-30).log() - q.clamp_min(1e-30).log())).sum(-1)
    return divergence.mean() if reduction == "mean" else divergence.sum(-1).mean()


def task_loss(enhanced: Enhanced, clean: Tensor) -> Tensor:
    """Eq. 9, L_task = ‖E − C‖₁ − SI-SDR(e, c).

    The norm is the mean over frames, bins and both parts (a sum over all of them would drown the decibels), of spectra
    as the net itself has them.

    Args:
        enhanced: e `[B, T]` and E.
        clean: c `[B, T]`.
    """
    distance = (enhanced.spec.float() - enhanced.analyse(clean)).abs().mean()
    return distance - si_sdr_of_training(enhanced.wave, clean).mean()


def si_sdr_of_training(estimate: Tensor, reference: Tensor) -> Tensor:
    """SI-SDR below eq. 9 in dB, `[B]`; a smooth stand-in for the metric, finite for silence too."""
    alpha = (estimate * reference).sum(-1, keepdim=True) / (reference.square().sum(-1, keepdim=True) + TINY)
    target = alpha * reference
    noise = (target - estimate).square().sum(-1)
    return 10 * torch.log10((target.square().sum(-1) + TINY) / (noise + TINY))


def mutud_loss(output: MutudOutput, clean: Tensor | None, recipe: MutudRecipe) -> tuple[Tensor, dict[str, Tensor]]:
    """Eq. 10, L = α L_v→v + β L_a→v + γ L_Ca→Cv + λ L_task; L_task sums over both decodings.

    Args:
        output: of a training pass, or of TAME alone, which has no L_task.
        clean: `[B, T]`; may be None for TAME alone.
        recipe: for the weights and the reduction.

    Returns:
        The loss and its terms before weighting, detached, under the names they are logged by.
    """
    pictures, frames = output.p.shape[1:3]
    pictures = min(pictures, output.f_a.shape[1] // frames)  # eqs 6 to 8 end at t = T_v - 1
    whole = pictures * frames
    q = output.q[:, :whole].unflatten(1, (pictures, frames))
    terms = {
        "video_recall": video_recall_loss(output.recalls[:, :pictures], output.f_v[:, :whole:frames], recipe.reduction),
        "audio_recall": audio_recall_loss(output.f_hat[:, :whole], output.f_v[:, :whole], recipe.reduction),
        "code_link": code_link_loss(output.p[:, :pictures], q, recipe.reduction),
    }
    loss = (
        recipe.alpha * terms["video_recall"] + recipe.beta * terms["audio_recall"] + recipe.gamma * terms["code_link"]
    )
    if output.enhanced_from_estimate is not None:
        terms["task_estimate"] = task_loss(output.enhanced_from_estimate, clean)
        terms["task_video"] = task_loss(output.enhanced_from_video, clean)
        loss = loss + recipe.lambda_ * (terms["task_estimate"] + terms["task_video"])
    return loss, {name: value.detach() for name, value in terms.items()}


def _reduce(squares: Tensor, reduction: Reduction) -> Tensor:
    return squares.mean() if reduction == "mean" else squares.flatten(1).sum(1).mean()


@torch.no_grad()
def effective_rank(features: Tensor) -> float:
    """In how many directions features vary: exp(entropy) of the shares of the variance along its principal axes.

    Between 1 (all on one line) and D; 0 where nothing varies. The measure of Roy and Vetterli 2007, of variances where
    they take singular values, which make many directions of a net's mere noise.

    Args:
        features: `[B, T, D]`.
    """
    rows = features.flatten(0, 1).double()
    variances = torch.linalg.svdvals(rows - rows.mean(0)).square()
    total = variances.sum()
    return float(_entropy(variances / total).exp()) if total > 0 else 0.0


@torch.no_grad()
def code_perplexity(p: Tensor) -> float:
    """How many codes one frame uses: the mean over frames of exp(entropy), between 1 and N.

    Args:
        p: `[..., N]`, sums to 1 over N.
    """
    return float(_entropy(p).exp().mean())


@torch.no_grad()
def code_usage(p: Tensor) -> float:
    """How many codes are used at all: exp(entropy) of the distribution averaged over frames, between 1 and N.

    Args:
        p: `[B, T_v, K, N]` or `[B, T, N]`.
    """
    return float(_entropy(p.flatten(0, 1).mean(0)).exp().mean())


@torch.no_grad()
def estimate_correlation(f_hat: Tensor, f_v: Tensor) -> float:
    """Correlation of estimated and true video features over all frames and dimensions, each dimension centred.

    0 where either does not vary.

    Args:
        f_hat: `[B, T, D]`.
        f_v: `[B, T, D]`.
    """
    a, b = (x.flatten(0, 1).double() for x in (f_hat, f_v))
    a, b = a - a.mean(0), b - b.mean(0)
    scale = a.norm() * b.norm()
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def _entropy(p: Tensor) -> Tensor:
    return -(p * p.clamp_min(1e-30).log()).sum(-1)
