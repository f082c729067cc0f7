"""TAME where both sides have one feature per step (K = 1): what recognition and detection share.

Source: MUTUD section III. Eqs 6 to 8 as in `losses`, over the steps that there are, with either modality in the role of
the absent one: `Tame` calls the present one audio and the absent one video, as the paper does.

Contents: `TameNumbers`, `SYNTH_TAME`, `Related`, `relate`, `recall`, `tame_loss`, `health`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

    from .tame import Tame

SOURCE = "Hong et al. 2025, arXiv 2501.18157"
FRAMES = 1  # K: the audio front-ends of recognition and detection end at the pictures' 25 Hz


@dataclass(frozen=True, kw_only=True)
class TameNumbers:
    """What a recipe says of TAME; sources as for `recipe.MutudRecipe`.

    Args:
        codes: N.
        tau: softmax temperature.
        stop_gradient: eqs 6 to 8 do not move the features of the absent modality. Not in the paper.
        reduction: of eqs 6 to 8.
        alpha: weight of eq. 6.
        beta: weight of eq. 7.
        gamma: weight of eq. 8.
        lambda_: weight of the task's loss.
        tame_steps: steps of TAME's pre-training on clean pairs.
    """

    codes: int = 32
    tau: float = 16.0
    stop_gradient: bool = False
    reduction: Literal["mean", "sum"] = "sum"
    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0
    lambda_: float = 0.01
    tame_steps: int = 0


SYNTH_TAME = {"tame_steps": 200, "stop_gradient": True, "reduction": "mean", "lambda_": 1.0}
"""What the recipes `synth` say of TAME: as for enhancement, see `recipe`."""


class Related(NamedTuple):
    """Both sides through TAME.

    Args:
        estimate: of the absent features, `[B, S, D]`; zero where there is no step.
        flat: the estimate at the n steps there are, `[1, n, D]`.
        wanted: the true features there `[1, n, D]`.
        recalls: what they recall of themselves `[1, n, 1, D]`.
        p: of the absent modality `[1, n, 1, N]`.
        q: of the present one `[1, n, 1, N]`.
        clips: B.
    """

    estimate: "Tensor"
    flat: "Tensor"
    wanted: "Tensor"
    recalls: "Tensor"
    p: "Tensor"
    q: "Tensor"
    clips: int


def recall(tame: "Tame", present: "Tensor", valid: "Tensor") -> tuple["Tensor", "Tensor", "Tensor"]:
    """Estimate of the absent features `[B, S, D]`, the same at the n steps there are `[1, n, D]`, and q `[1, n, N]`.

    Steps that are only padding neither enter the batch norm nor come out of it.

    Args:
        tame: with K = 1.
        present: `[B, S, D]`.
        valid: `[B, S]` bool.
    """
    flat, q = tame.recall_from_audio(present[valid][None])
    estimate = present.new_zeros(present.shape).masked_scatter(valid[..., None], flat.to(present.dtype))
    return estimate, flat, q


def relate(tame: "Tame", present: "Tensor", absent: "Tensor", valid: "Tensor", stop: bool) -> Related:
    """A training pass of TAME.

    Args:
        tame: with K = 1.
        present: features of the modality that is deployed, `[B, S, D]`.
        absent: those of the other, `[B, S, D]`.
        valid: `[B, S]` bool: which steps there are.
        stop: no gradient into the absent modality's features.
    """
    estimate, flat, q = recall(tame, present, valid)
    wanted = absent[valid][None]
    if stop:
        wanted = wanted.detach()
    recalls, p = tame.recall_from_video(wanted)
    return Related(estimate, flat, wanted, recalls, p, q[:, :, None], len(present))


def tame_loss(related: Related, numbers: TameNumbers) -> tuple["Tensor", dict[str, "Tensor"]]:
    """α L_6 + β L_7 + γ L_8 of eq. 10, and the three terms before weighting, detached."""
    from .losses import audio_recall_loss, code_link_loss, video_recall_loss

    # All clips stand in one row here: a sum over it is over all of them, and eqs 6 and 7 are averaged over clips.
    share = 1 / related.clips if numbers.reduction == "sum" else 1.0
    terms = {
        "self_recall": share * video_recall_loss(related.recalls, related.wanted, numbers.reduction),
        "cross_recall": share * audio_recall_loss(related.flat, related.wanted, numbers.reduction),
        "code_link": code_link_loss(related.p, related.q, numbers.reduction),
    }
    weights = (numbers.alpha, numbers.beta, numbers.gamma)
    loss = sum(weight * term for weight, term in zip(weights, terms.values(), strict=True))
    return loss, {name: term.detach() for name, term in terms.items()}


def health(related: Related) -> dict[str, float]:
    """What tells a collapse from a success, see `losses`."""
    from .losses import code_perplexity, effective_rank, estimate_correlation

    return {
        "effective_rank": effective_rank(related.wanted),
        "perplexity_absent": code_perplexity(related.p),
        "perplexity_present": code_perplexity(related.q),
        "estimate_correlation": estimate_correlation(related.flat, related.wanted),
    }
