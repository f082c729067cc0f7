"""The recogniser `synth-asr`: log-mel, residual convolutions over time, phonemes by CTC, and the words that fit
them best.

Source: Graves et al. 2006, "Connectionist temporal classification"; SpecAugment's masks by Park et al. 2019. The rest
is plain and ours.

Conventions: as in `hearing`; one step of the net is 30 ms.

Contents: `AsrNet`, `SynthAsr`, `train_asr`.
"""

import re
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.data.synth.corpus import TrainingArrays, open_training
from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.signal.audio import resample
from avbench.training.loop import Batch
from avbench.types import Audio

from ..nn.course import Course, train_course
from .hearing import BANDS, HOP, RATE, HearingBlock, LogMel, TimeConv
from .recipe import AsrRecipe
from .speech import Recordings, SpoilRecipe, pad_waves
from .words import best_words, tokens, tokens_of

STRIDE = 3


class AsrNet(nn.Module):
    """Waves to scores of tokens.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: AsrRecipe):
        super().__init__()
        self.recipe = recipe
        self.mel = LogMel()
        self.first = TimeConv(STRIDE * BANDS, recipe.width, 3)
        self.blocks = nn.ModuleList(
            HearingBlock(recipe.width, recipe.taps, d, recipe.dropout) for d in recipe.dilations
        )
        self.norm = nn.LayerNorm(recipe.width)
        self.out = nn.Linear(recipe.width, 1 + len(tokens()))

    def forward(self, wave: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Log probabilities and steps.

        Args:
            wave: `[B, T]`.
            length: `[B]` samples.

        Returns:
            `[B, S, 1 + tokens]` float32 and `[B]`: how many of the S steps each clip has.
        """
        features, mask = self.mel(wave, length)
        if self.training:
            features = _masked(features, self.recipe)
        steps = features.shape[1] // STRIDE
        stacked = features[:, : steps * STRIDE].reshape(len(wave), steps, STRIDE * BANDS)
        mask = mask[:, STRIDE - 1 : steps * STRIDE : STRIDE]
        x = self.first(stacked * mask[..., None]) * mask[..., None]
        for block in self.blocks:
            x = block(x, mask)
        return F.log_softmax(self.out(self.norm(x)).float(), -1), mask.sum(1).long()


def _masked(features: Tensor, recipe: AsrRecipe) -> Tensor:
    """Stretches of time and of bands set to the mean, the same for all clips of a batch."""
    features = features.clone()
    for _ in range(recipe.masks):
        for axis, most in ((1, recipe.mask_frames), (2, recipe.mask_bands)):
            width = int(torch.randint(0, most + 1, ()))
            start = int(torch.randint(0, max(1, features.shape[axis] - width), ()))
            features.narrow(axis, start, min(width, features.shape[axis])).zero_()
    return features


def written(scores: Tensor) -> list[int]:
    """The best token of every step, repeats and blanks taken out: `[S, 1 + tokens]` to numbers of tokens."""
    path = torch.unique_consecutive(scores.argmax(-1))
    return path[path > 0].tolist()


class SynthAsr:
    """The judge. Words of the embedded corpus only; whatever is said is heard as some of them.

    Args:
        net: in evaluation mode.
        device: where it is.
    """

    def __init__(self, net: AsrNet, device: str):
        self._net, self._device = net, device

    def transcribe(self, audio: Audio) -> str:
        """What is said: words of the lexicon, in lower case, without punctuation; empty where nothing is heard.

        Args:
            audio: finite, of any rate.

        Raises:
            ValueError: samples that are not finite.
        """
        if not np.isfinite(audio.samples).all():
            raise ValueError("synth-asr takes speech of finite samples only")
        wave = resample(audio, RATE).samples
        if len(wave) < STRIDE * HOP or not np.abs(wave).max() > 0:
            return ""
        batch = {name: value.to(self._device) for name, value in pad_waves([wave]).items()}
        with torch.inference_mode(), exact_arithmetic():
            scores, steps = self._net(batch["wave"], batch["length"])
        return " ".join(best_words(scores[0, : int(steps[0])].cpu().numpy()))


def train_asr(recipe: AsrRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    torch.manual_seed(recipe.seed)
    corpus = open_training(recipe.corpus, "train", mouth=False)
    check = open_training(recipe.corpus, "validation", mouth=False)
    batches = Recordings(corpus, SpoilRecipe(), recipe.batch, recipe.seed)
    targets = [torch.tensor(tokens_of(corpus.text(i))) for i in range(len(corpus))]

    def batch_of(step: int, rank: int, world: int) -> Batch:
        clips = batches.clips(step, rank, world)
        said = [targets[i] for i in clips]
        heard = batches.waves(clips, step)
        return heard | {"said": torch.cat(said), "said_length": torch.tensor([len(t) for t in said])}

    def objective(model: nn.Module, batch: Batch, step: int):
        scores, steps = model(batch["wave"], batch["length"])
        loss = F.ctc_loss(scores.transpose(0, 1), batch["said"], steps, batch["said_length"], zero_infinity=True)
        return loss, {}

    plain = Recordings(check, None, recipe.batch, "validation")

    def validate(model: nn.Module, step: int) -> dict[str, float]:
        return error_rates(model, check, plain, recipe.check_clips, options.get("device", "cpu"))

    data = f"{corpus.seconds / 3600:.1f} h of speech of avbench-synth/{recipe.corpus}"
    course = Course("synth-asr", AsrNet(recipe), objective, batch_of, validate, corpus.fingerprint, data)
    return train_course(course, recipe, **options)


@torch.no_grad()
def error_rates(model: AsrNet, corpus: TrainingArrays, plain: Recordings, clips: int, device: str) -> dict[str, float]:
    """Errors over the first clips of a split, as shares of what is said: tokens, and words."""
    from rapidfuzz.distance import Levenshtein

    wrong, total = np.zeros(2), np.zeros(2)
    order = sorted(range(min(clips, len(corpus))), key=corpus.frames)
    for begin in range(0, len(order), 16):
        some = order[begin : begin + 16]
        batch = {name: value.to(device) for name, value in plain.waves(some, 0).items()}
        scores, steps = model(batch["wave"], batch["length"])
        for clip, row, count in zip(some, scores.cpu(), steps.tolist(), strict=True):
            text, heard = corpus.text(clip), written(row[:count])
            words = re.findall(r"[a-z']+", text)
            for k, (truth, found) in enumerate([(tokens_of(text), heard), (words, best_words(row[:count].numpy()))]):
                wrong[k] += Levenshtein.distance(truth, found)
                total[k] += len(truth)
    return dict(zip(("token_errors", "word_errors"), (wrong / total).tolist(), strict=True))
