"""How a recogniser is trained: CTC and attention together, after its lips have learned to read.

Source: Watanabe et al. 2017 for the joint loss; MUTUD and V-CAFE for the rest, see `recipe`.

Validation is on the validation speakers' sentences at -5 dB and without noise, by CTC's best path alone: error rates of
words, quick to get and higher than those of the beam search that answers.

Contents: `recognition_loss`, `best_path`, `recognition_lesson`, `error_rates`, `vcafe_lesson`, `train_recogniser`.
"""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.data.synth.articulation import VISEMES
from avbench.data.synth.corpus import open_training
from avbench.metrics.words import word_error_rate
from avbench.training.batches import MixtureRecipe, Mixtures
from avbench.training.loop import Batch

from ...systems.nn.course import Lesson, Pupil, Task, refuse_paper, train_lesson
from ...systems.nn.lips import freeze_lips, reading_loss
from .batches import SeenOnce, Sentences, open_noises
from .model import Backbone, Vcafe, VcafeAudio
from .recipe import VcafeRecipe
from .text import BLANK, EDGE, text_of

LOW_SNR, NO_NOISE = -5.0, 60.0  # dB
CHECK_BATCH = 8


def recognition_loss(
    backbone: Backbone, memory: Tensor, valid: Tensor, said: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """(1 − w) · attention + w · CTC, both in nats per character.

    Args:
        backbone: for its two ends; its recipe has w and the label smoothing.
        memory: `[B, S, dim]`.
        valid: `[B, S]`.
        said: `[B, L]`, -1 beyond the end.
    """
    recipe = backbone.recipe
    ctc = F.ctc_loss(
        backbone.ctc_scores(memory).transpose(0, 1), said.clamp_min(0), valid.sum(1), (said >= 0).sum(1),
        blank=BLANK, zero_infinity=True,
    )  # fmt: skip
    edge = torch.full_like(said[:, :1], EDGE)
    begun = torch.cat([edge, said.masked_fill(said < 0, EDGE)], 1)
    wanted = torch.cat([said, torch.full_like(edge, -1)], 1)
    wanted[torch.arange(len(said), device=said.device), (said >= 0).sum(1)] = EDGE
    scores = backbone.decoder(begun, memory, valid)
    attention = F.cross_entropy(
        scores.flatten(0, 1), wanted.flatten(), ignore_index=-1, label_smoothing=recipe.smoothing
    )
    loss = (1 - recipe.ctc_weight) * attention + recipe.ctc_weight * ctc
    right = (scores.argmax(-1) == wanted)[wanted >= 0].float().mean()
    return loss, {"ctc": ctc.detach(), "attention": attention.detach(), "characters_right": right}


def best_path(scores: Tensor) -> str:
    """What CTC's best path spells: `[S, 41]` to text, repeats and blanks taken out."""
    path = torch.unique_consecutive(scores.argmax(-1))
    return text_of([k for k in path.tolist() if k != BLANK])


def recognition_lesson(
    system: str,
    version: str,
    net: nn.Module,
    recipe: VcafeRecipe,
    task: Task,
    *,
    deployed: Callable[[nn.Module], nn.Module] = lambda net: net,
    sees: bool,
    monitor: Callable[[nn.Module, Batch], dict[str, float]] | None = None,
) -> Lesson:
    """A recogniser's lesson.

    Args:
        system: full name.
        version: of its code.
        net: as it is trained, with a `backbone`.
        recipe: sizes and schedule.
        task: what it learns once lips are read.
        deployed: part of the net.
        sees: whether the deployed part takes mouths.
        monitor: `(net, batch) -> values` on a validation batch.
    """
    corpus, check = (open_training(recipe.corpus, split, recipe.watches) for split in ("train", "validation"))
    noise = open_noises()
    reads = recipe.watches and recipe.lip_steps > 0
    sentences = Sentences(corpus, noise, recipe.batch, seed=recipe.seed, video=recipe.watches, spoil=not reads)
    plain = Sentences(check, noise, CHECK_BATCH, seed="validation", video=recipe.watches, augment=False)
    mixture = MixtureRecipe(seconds=recipe.seconds, batch=recipe.batch)
    pieces = Mixtures(corpus, noise, mixture, seed=recipe.seed, video=True) if reads else None
    told = recipe.lip_steps - sum(recipe.pretraining)  # the step from which on lips are no longer read

    def batch_of(step: int, rank: int, world: int) -> Batch:
        return (pieces.pictures if reads and step < told else sentences.batch)(step, rank, world)

    def objective(pupil: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        if reads and step < told:
            loss, values = reading_loss(pupil, batch["mouth"], batch["viseme"])
            return loss, {"stage": 1, **values}
        if reads:
            freeze_lips(getattr(pupil, "module", pupil))
        return pupil(batch=batch, step=step)

    def watch(net: nn.Module, step: int) -> dict[str, float]:
        if monitor is None:
            return {}
        device = next(net.parameters()).device
        with torch.no_grad():
            return monitor(net, {name: value.to(device) for name, value in plain.batch(0).items()})

    return Lesson(
        system=system, version=version, model=Pupil(net, task, net.backbone.dim, len(VISEMES) if reads else 0),
        objective=objective, batch_of=batch_of, validate=lambda net, step: error_rates(net, plain, recipe, sees),
        deployed=deployed, monitor=watch, fingerprint=corpus.fingerprint,
        data=f"{corpus.seconds / 3600:.1f} h of avbench-synth/{recipe.corpus}, in noise",
    )  # fmt: skip


@torch.no_grad()
def error_rates(net: nn.Module, plain: Sentences, recipe: VcafeRecipe, sees: bool) -> dict[str, float]:
    """WER of the best path over the first clips, at -5 dB and without noise to speak of."""
    device, found = next(net.parameters()).device, {}
    clips = list(range(min(recipe.check_clips, len(plain.corpus))))
    for name, snr in (("wer_low", LOW_SNR), ("wer_clean", NO_NOISE)):
        heard = []
        for begin in range(0, len(clips), CHECK_BATCH):
            batch = {n: v.to(device) for n, v in plain.of(clips[begin : begin + CHECK_BATCH], 0, snr).items()}
            seen = (batch["mouth"],) if sees else ()
            memory, valid = net.memory(batch["noisy"], *seen, length=batch["length"])
            rows = zip(net.backbone.ctc_scores(memory), valid.sum(1).tolist(), strict=True)
            heard += [best_path(scores[:steps]) for scores, steps in rows]
        found[name] = word_error_rate(heard, [plain.corpus.text(clip) for clip in clips])
    return found


def vcafe_lesson(system: str, version: str, recipe: VcafeRecipe) -> Lesson:
    """The lesson of V-CAFE, with lips or without."""
    torch.manual_seed(recipe.seed)

    lips = SeenOnce()

    def task(net: nn.Module, batch: Batch, step: int) -> tuple[Tensor, dict]:
        if recipe.watches:
            f_v = lips(net.video, batch) * batch["shown"][..., None]
            memory, valid = net.memory_of(batch["noisy"], f_v, batch["length"])
        else:
            memory, valid = net.memory(batch["noisy"], batch["length"])
        return recognition_loss(net.backbone, memory, valid, batch["said"])

    net = Vcafe(recipe) if recipe.watches else VcafeAudio(recipe)
    return recognition_lesson(system, version, net, recipe, task, sees=recipe.watches)


def train_recogniser(lesson_of: Callable[[], Lesson], recipe: VcafeRecipe, system: str, **options) -> Path:
    """Train; options as of `train_lesson`.

    Raises:
        MissingResource: the recipe's corpus is not to be had.
    """
    refuse_paper(recipe, system, "LRS3 and DEMAND")
    return train_lesson(lesson_of(), recipe, **options)
