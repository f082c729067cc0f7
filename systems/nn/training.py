"""How an enhancement net is trained, whatever its objective: corpus, noises, batches, validation, weights.

Validation is on the validation speakers' clips, mixed once with other draws of the training noises, in the net's
deployed form: SI-SDR of the estimate minus that of the input, over all SNRs and for those below -5 dB.

Contents: `Exercise`, `train_enhancer`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from avbench.signal.audio import RATE
from avbench.training.batches import READING_FRAMES, MixtureRecipe, Mixtures
from avbench.training.loop import Batch, Objective, Progress
from avbench.training.material import described, open_noises, open_speech
from avbench.training.recipe import TrainingRecipe

from .course import Course, train_course
from .lips import LipReader

VALIDATION_BATCHES = 4
LOW_SNR = -5.0


@dataclass(frozen=True)
class Exercise:
    """What is trained, and how.

    Args:
        system: full name, e.g. `mutud/scratch`.
        version: of the code that answers; enters the weights' metadata.
        model: the training net.
        objective: `(model, batch, step) -> (loss, values to log)`.
        enhance: `(model, batch) -> wave [B, T]` in the deployed form.
        deployed: the part whose weights are exported.
        watches: whether batches hold video.
        reading: so many steps at the beginning get pictures without sound.
        monitor: `(model, batch) -> values`, on validation batches.
    """

    system: str
    version: str
    model: nn.Module
    objective: Objective
    enhance: Callable[[nn.Module, Batch], Tensor]
    deployed: Callable[[nn.Module], nn.Module]
    watches: bool
    reading: int = 0
    monitor: Callable[[nn.Module, Batch], dict[str, float]] | None = None


def train_enhancer(exercise: Exercise, recipe: TrainingRecipe, **options) -> Path:
    """Train and export; options as of `train_course`.

    Returns:
        The path of the weights: float16, with metadata that says what was trained for how long.

    Raises:
        MissingResource: the recipe's corpus or its noises are not to be had.
    """
    train, check = _mixtures(exercise, recipe, options.get("announce", lambda line: None))
    device, model = options.get("device", "cpu"), exercise.model

    def batch_of(step: int, rank: int, world: int) -> Batch:
        if step >= exercise.reading - sum(recipe.pretraining):
            return train.batch(step, rank, world)
        return train.pictures(step, rank, world, train.frames if model.whole_segments else READING_FRAMES)

    def data(progress: Progress) -> str:
        heard = max(0, progress.steps - sum(recipe.pretraining)) * recipe.batch * recipe.seconds / 3600
        return f"{train.corpus.seconds / 3600:.1f} h of {described(recipe.corpus)}, {heard:.1f} h of mixtures heard"

    course = Course(
        exercise.system, model, exercise.objective, batch_of,
        lambda model, step: _validate(exercise, model, check, device),
        fingerprint=f"{train.corpus.fingerprint} {train.noise.fingerprint}", data=data, deployed=exercise.deployed,
        begins=model.net if isinstance(model, LipReader) else model, version=exercise.version, bits=16,
    )  # fmt: skip
    return train_course(course, recipe, **options)


def _mixtures(exercise: Exercise, recipe: TrainingRecipe, announce) -> tuple[Mixtures, Mixtures]:
    """The training's batches and the validation's."""
    noise = open_noises(recipe.corpus, round(recipe.seconds * RATE))  # first, because it is soon known to be absent
    train, check = (open_speech(recipe.corpus, split, exercise.watches, announce) for split in ("train", "validation"))
    mixture = MixtureRecipe(seconds=recipe.seconds, batch=recipe.batch)
    return (
        Mixtures(train, noise, mixture, seed=recipe.seed, video=exercise.watches),
        Mixtures(check, noise, mixture, seed=f"validation {recipe.seed}", video=exercise.watches, augment=False),
    )


@torch.no_grad()
def _validate(exercise: Exercise, model: nn.Module, check: Mixtures, device: str) -> dict[str, float]:
    """Mean gain in SI-SDR (dB) over the validation mixtures, and the monitors."""
    gains, snrs, monitored = [], [], []
    for step in range(VALIDATION_BATCHES):
        batch = {name: value.to(device) for name, value in check.batch(step).items()}
        enhanced = exercise.enhance(model, batch).float()
        gains.append(_si_sdr(enhanced, batch["clean"]) - _si_sdr(batch["noisy"], batch["clean"]))
        snrs.append(batch["snr"])
        if exercise.monitor:
            monitored.append(exercise.monitor(model, batch))
    gain, low = torch.cat(gains), torch.cat(snrs) < LOW_SNR
    values = {"si_sdr_gain": gain.mean(), "si_sdr_gain_low": gain[low].mean()}
    for name in monitored[0] if monitored else ():
        values[name] = sum(m[name] for m in monitored) / len(monitored)
    return {name: float(value) for name, value in values.items()}


def _si_sdr(estimate: Tensor, reference: Tensor) -> Tensor:
    """`[B]` dB, without mean removal (MUTUD, below eq. 9)."""
    alpha = (estimate * reference).sum(-1, keepdim=True) / reference.square().sum(-1, keepdim=True).clamp_min(1e-12)
    target = alpha * reference
    ratio = target.square().sum(-1) / (target - estimate).square().sum(-1).clamp_min(1e-12)
    return 10 * torch.log10(ratio.clamp_min(1e-12))
