"""How a recogniser is trained: CTC and attention together, after its lips have learned to read.

Source: Watanabe et al. 2017 for the joint loss; MUTUD and V-CAFE for the rest, see `recipe`.

Validation is on the validation speakers' sentences at -5 dB and without noise, by CTC's best path alone: error rates of
words, quick to get and higher than those of the beam search that answers.

Contents: `recognition_loss`, `best_path`, `train_recogniser`, `error_rates`, `vcafe_lesson`.
"""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.data.synth.articulation import VISEMES
from avbench.metrics.words import word_error_rate
from avbench.training.batches import MixtureRecipe, Mixtures
from avbench.training.loop import Batch
from avbench.training.material import described

from ...systems.nn.course import train_course
from ...systems.nn.lesson import Lesson, Pupil
from ...systems.nn.lips import freeze_lips, reading_loss
from .batches import SeenOnce, Sentences, open_sentences, training_noises
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


def train_recogniser(lesson_of: Callable[[], Lesson], recipe: VcafeRecipe, **options) -> Path:
    """Train a recogniser.

    Args:
        lesson_of: makes its lesson, whose net has a `backbone`; not asked before the data are at hand.
        recipe: sizes and schedule.
        **options: as of `train_course`.

    Raises:
        MissingResource: the recipe's corpus or its noises are not to be had.
    """
    tell = options.get("announce", lambda line: None)
    noise = training_noises(recipe.corpus)  # first, because it is soon known to be absent
    corpus, check = (open_sentences(recipe.corpus, split, recipe.watches, tell) for split in ("train", "validation"))
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

    lesson = lesson_of()
    course = lesson.course(
        Pupil(lesson.net, lesson.task, lesson.net.backbone.dim, len(VISEMES) if reads else 0),
        lambda net: error_rates(net, plain, recipe, lesson.both), lambda: plain.batch(0),
        objective=objective, batch_of=batch_of, fingerprint=corpus.fingerprint,
        data=f"{corpus.seconds / 3600:.1f} h of {described(recipe.corpus)}, in noise",
    )  # fmt: skip
    return train_course(course, recipe, **options)


@torch.no_grad()
def error_rates(net: nn.Module, plain: Sentences, recipe: VcafeRecipe, sees: bool) -> dict[str, float]:
    """WER of the best path over the first clips, at -5 dB and without noise to speak of."""
    device, found = next(net.parameters()).device, {}
    clips = list(range(min(recipe.check_clips, len(plain.corpus))))
    for name, snr in (("wer_low", LOW_SNR), ("wer_clean", NO_NOISE)):
        heard, said = [], []
        for begin in range(0, len(clips), CHECK_BATCH):
            batch = {n: v.to(device) for n, v in plain.of(clips[begin : begin + CHECK_BATCH], 0, snr).items()}
            seen = (batch["mouth"],) if sees else ()
            memory, valid = net.memory(batch["noisy"], *seen, length=batch["length"])
            rows = zip(net.backbone.ctc_scores(memory), valid.sum(1).tolist(), strict=True)
            heard += [best_path(scores[:steps]) for scores, steps in rows]
            said += [plain.corpus.text(clip) for clip in batch["clip"].tolist()]
        found[name] = word_error_rate(heard, said)
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

    return Lesson(system, version, Vcafe(recipe) if recipe.watches else VcafeAudio(recipe), task, recipe.watches)
