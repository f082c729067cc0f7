"""The losses of section 3.2 and equation 1, one function each.

Conventions: (estimate, reference); pictures -1 to 1; every loss is a mean and is minimised. The discriminators answer 1
for what is real and 0 for what is made.

Contents: `mouth_mask`, `even_mask`, `masked_l1`, `resilience_loss`, `discriminator_loss`, `deception_loss`,
`generator_loss` (1).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def mouth_mask(centres: Tensor, size: int, sigma: float, floor: float) -> Tensor:
    """Section 3.2: a Gaussian with its peak of 1 at the mean of the mouth's landmarks, plus a constant.

    Args:
        centres: `[B, F, 2]`, x and y in pixels.
        size: S, pixels of a side.
        sigma: pixels.
        floor: the constant.

    Returns:
        `[B, F, 1, S, S]`.
    """
    line = torch.arange(size, device=centres.device, dtype=centres.dtype)
    across = torch.exp(-0.5 * ((line - centres[..., :1]) / sigma).square())
    down = torch.exp(-0.5 * ((line - centres[..., 1:]) / sigma).square())
    return (down[..., :, None] * across[..., None, :])[:, :, None] + floor


def even_mask(centres: Tensor, size: int, sigma: float, floor: float) -> Tensor:
    """What `no-mask` has instead: everywhere the mean of the mask, so that the weights of eq. 1 keep their meaning.

    Arguments and shape as of `mouth_mask`.
    """
    return centres.new_full((*centres.shape[:2], 1, size, size), 2 * math.pi * (sigma / size) ** 2 + floor)


def masked_l1(estimate: Tensor, reference: Tensor, mask: Tensor) -> Tensor:
    """The masked reconstruction loss, L1 of masked pictures: `[B, F, 3, S, S]` each, the mask `[B, F, 1, S, S]`."""
    return ((estimate - reference).abs() * mask).mean()


def resilience_loss(noisy: Tensor, clean: Tensor) -> Tensor:
    """The feature loss of [12]: mean squared error of speech features, `[B, 5 F, 16]` each."""
    return F.mse_loss(noisy, clean)


def discriminator_loss(made: Tensor, real: Tensor) -> Tensor:
    """Least squares (Mao et al. 2017, eq. 9, a discriminator's half): scores of any shape."""
    return 0.5 * (made.square().mean() + (real - 1).square().mean())


def deception_loss(made: Tensor) -> Tensor:
    """Least squares (Mao et al. 2017, eq. 9, the generator's half): J_FD and J_PD of scores of any shape."""
    return 0.5 * (made - 1).square().mean()


def generator_loss(clean, noisy, resilience, frame, pair, recipe) -> Tensor:
    """Eq. 1, J_GEN, with the noise-resilience loss that the text adds and the equation does not print.

    Args:
        clean: masked L1 of clean speech; a tensor of one number, as the others, which may also be plain numbers.
        noisy: masked L1 of noisy speech.
        resilience: the feature loss.
        frame: J_FD.
        pair: J_PD.
        recipe: with the weights `alpha`, `beta`, `resilience`.
    """
    return clean + noisy + recipe.alpha * frame + recipe.beta * pair + recipe.resilience * resilience
