"""The lip reader `synth-lips`: pictures of a mouth, one of the 500 words of the part `words`.

A small residual net looks at every picture by itself, convolutions over time at what it found, and the word is told
from weighted means over time. How far each picture is from the clip's middle, where the word is, goes in as well.
While it learns, one layer more has to name the viseme of every picture, the carrier phrase's too: the corpus knows them
exactly, and they teach far more a clip than its one word does.

Source: He et al. 2016 (residual nets); Martinez et al. 2020, ICASSP, for the order of things (pictures one by one, then
convolutions over time, then all of them together), with far smaller nets.

Conventions: mouths `[B, F, 88, 88]`, grey, 0 to 255, 25 a second; 29 pictures in training. A clip's levels are brought
to mean 0 and standard deviation 1 over all its pixels and pictures, so that neither light nor contrast counts.

Contents: `LipNet`, `LipPupil`, `SynthLips`, `train_lips`, `measure`.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avbench.data.faces import aligned
from avbench.data.synth.articulation import VISEMES
from avbench.data.synth.parts.words import homophenes_of, vocabulary
from avbench.efficiency.arithmetic import exact_arithmetic
from avbench.errors import EstimateFault
from avbench.judges import open_judge
from avbench.seeds import Draw, seed_of
from avbench.signal.mouth_crop import fill_gaps
from avbench.training.loop import Batch
from avbench.types import Video

from ..nn.course import Course, train_course
from .hearing import HearingBlock
from .lip_batches import SIDE, LipSpoil, WordClips, open_words, spoil_lips
from .recipe import LipRecipe

FPS = 25.0
LEAST = 9  # pictures: 0.36 s, the length of a short word
CROP = 96  # MS-TCN's pictures of mouths, whose middle is ours
GREY = (0.299, 0.587, 0.114)
PATCH = 4
COARSE = SIDE // PATCH // 2 // 2 + 1  # places along a side when a picture has been halved twice
FLAT = 2.0  # levels: what varies less is not enlarged further
REACH, STEP = 16, 4  # frames: how places around a clip's middle are told apart
CHUNK = 16  # clips


class _Block(nn.Module):
    """As in `seeing`, with norms over the batch: less than half of the time, and frozen once the net is trained."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.norm, self.between = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.skip = nn.Identity() if (inputs, stride) == (outputs, 1) else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.relu(self.between(self.first(F.relu(self.norm(x)))))) + self.skip(x)


class LipNet(nn.Module):
    """Mouths to scores of words.

    Args:
        recipe: sizes.
    """

    def __init__(self, recipe: LipRecipe):
        super().__init__()
        fine, middle, coarse = recipe.widths
        self.pictures = nn.Sequential(
            nn.PixelUnshuffle(PATCH),
            nn.Conv2d(PATCH**2, fine, 3, 1, 1),
            _Block(fine, middle, 2),
            _Block(middle, coarse, 2),
            nn.BatchNorm2d(coarse),
            nn.ReLU(),
            nn.Conv2d(coarse, recipe.places, 1),
            nn.Flatten(),
            nn.Linear(recipe.places * COARSE**2, recipe.width),
        )
        self.middle = nn.Linear(2 * REACH // STEP + 1, recipe.width)
        self.blocks = nn.ModuleList(
            HearingBlock(recipe.width, recipe.taps, dilation, recipe.dropout) for dilation in recipe.dilations
        )
        self.norm = nn.LayerNorm(recipe.width)
        self.looks = nn.Linear(recipe.width, recipe.looks)
        self.mix = nn.Linear(recipe.looks * recipe.width, recipe.width)
        self.drop = nn.Dropout(recipe.dropout)
        self.words = nn.Linear(recipe.width, len(vocabulary()))

    def forward(self, mouth: Tensor) -> tuple[Tensor, Tensor]:
        """`[B, F, 88, 88]` of any number type to logits `[B, 500]` and features `[B, F, width]`."""
        x = normalised(mouth).flatten(0, 1)[:, None].contiguous(memory_format=torch.channels_last)
        x = self.pictures(x).unflatten(0, mouth.shape[:2])
        x = x + self.middle(_places(mouth.shape[1]).to(mouth.device))
        mask = torch.ones(mouth.shape[:2], device=mouth.device)
        for block in self.blocks:
            x = block(x, mask)
        x = self.norm(x)
        weights = self.looks(x).float().softmax(1).to(x.dtype)
        seen = (weights.transpose(1, 2) @ x).flatten(1)
        return self.words(self.drop(F.gelu(self.mix(seen)))).float(), x


def normalised(mouth: Tensor) -> Tensor:
    """Each clip `[F, 88, 88]` at mean 0 and standard deviation 1; a flat one only at mean 0."""
    mouth = mouth.float()
    spread, mean = torch.std_mean(mouth.flatten(1), 1, correction=0)
    return (mouth - mean[:, None, None, None]) / spread.clamp_min(FLAT)[:, None, None, None]


def _places(frames: int) -> Tensor:
    """`[F, 9]`: overlapping triangles over the distance from the clip's middle; nothing beyond 20 frames."""
    away = torch.arange(frames) - (frames - 1) / 2
    centres = torch.arange(-REACH, REACH + 1, STEP)
    return (1 - (away[:, None] - centres).abs() / STEP).clamp_min(0)


class LipPupil(nn.Module):
    """A net while it learns, with the layer that names visemes.

    Args:
        net: that shall read.
        width: of its features.
    """

    def __init__(self, net: LipNet, width: int):
        super().__init__()
        self.net, self.visemes = net, nn.Linear(width, len(VISEMES))

    def forward(self, mouth: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of words `[B, 500]` and of visemes `[B, F, 23]`."""
        words, features = self.net(mouth)
        return words, self.visemes(features).float()


class SynthLips:
    """The judge. Words of the embedded corpus only; whatever is said is read as one of them.

    Args:
        net: in evaluation mode.
        device: where it is.
    """

    def __init__(self, net: LipNet, device: str):
        self.words = vocabulary()
        self._net, self._device = net, device

    def read(self, video: Video) -> str:
        """The word that the lips most probably say; arguments and errors as for `scores`."""
        return self.words[int(np.argmax(self.scores(video)))]

    def scores(self, video: Video) -> np.ndarray:
        """The logit of every word.

        Args:
            video: 9 frames or more at 25 a second, the word in the middle, as in clips of 29. Pictures of 88 × 88
                pixels are mouths, those of 96 × 96 mouths with a margin of 4; in all others the judge `synth-landmarks`
                finds the face, and the mouth is cut by the style `mutud` of `avbench.data.faces`.

        Returns:
            `[500]` float32.

        Raises:
            EstimateFault: too few frames, another rate, or no face in any frame.
            MissingResource: these are faces, and the judge `synth-landmarks` is not here.
        """
        if len(video.frames) < LEAST or abs(video.fps - FPS) > 1e-3 * FPS:
            raise EstimateFault(
                f"the estimate has {len(video.frames)} frames at {video.fps:g} a second, and the lip reader takes "
                f"words of {LEAST} frames or more at {FPS:g}"
            )
        mouth = torch.from_numpy(np.array(_mouths(video.frames)))[None].to(self._device)
        with torch.inference_mode(), exact_arithmetic():
            return self._net(mouth)[0][0].cpu().numpy()


def _mouths(frames: np.ndarray) -> np.ndarray:
    """`[F, H, W, 1 or 3]` uint8 to `[F, 88, 88]` uint8."""
    if frames.shape[1:3] == (CROP, CROP):
        edge = (CROP - SIDE) // 2
        frames = frames[:, edge:-edge, edge:-edge]
    if frames.shape[1:3] != (SIDE, SIDE):
        points, found = open_judge("synth-landmarks").points(frames)
        if not found.any():
            raise EstimateFault("no frame of the estimate shows a face")
        frames = aligned(frames, fill_gaps(points, found), "mutud")
    return frames[..., 0] if frames.shape[3] == 1 else np.round(frames @ np.array(GREY)).astype(np.uint8)


def train_lips(recipe: LipRecipe, **options) -> Path:
    """Train; options as of `train_course`."""
    torch.manual_seed(recipe.seed)
    clips = open_words(recipe.corpus, "train", recipe.speakers)
    check = open_words(recipe.corpus, "validation", recipe.check_speakers)

    def batch_of(step: int, rank: int, world: int) -> Batch:
        return batch_at(clips, (recipe.seed, step), recipe.batch, rank, world)

    def objective(model: nn.Module, batch: Batch, step: int):
        words, visemes = model(batch["mouth"])
        reads = F.cross_entropy(words, batch["word"], label_smoothing=recipe.smoothing)
        names = F.cross_entropy(visemes.flatten(0, 1), batch["viseme"].flatten())
        right = (words.argmax(-1) == batch["word"]).float().mean()
        return reads + recipe.visemes * names, {"words": reads.detach(), "visemes": names.detach(), "right": right}

    def validate(model: nn.Module, step: int) -> dict[str, float]:
        return measure(model, check, options.get("device", "cpu"))

    data = f"{len(clips)} clips of {len(np.unique(clips.words))} words of avbench-synth/words/{recipe.corpus}"
    pupil = LipPupil(LipNet(recipe), recipe.width)
    course = Course(
        "synth-lips", pupil, objective, batch_of, validate, clips.fingerprint, data, deployed=lambda pupil: pupil.net
    )
    return train_course(course, recipe, **options)


def batch_at(clips: WordClips, seed: tuple, count: int, rank: int = 0, world: int = 1) -> Batch:
    """Spoilt clips drawn at random: `mouth` `[B, F, 88, 88]`, `word` `[B]`, `viseme` `[B, F]`."""
    draw = Draw("lips", *map(str, seed))
    chosen = [draw.integer(len(clips)) for _ in range(count)][rank::world]
    torch_draw = torch.Generator().manual_seed(seed_of("lips", *map(str, seed), rank) >> 1)
    mouths = np.stack([clips.mouth(k) for k in chosen])
    return {
        "mouth": spoil_lips(mouths, LipSpoil(), torch_draw), "word": torch.from_numpy(clips.words[chosen]),
        "viseme": torch.from_numpy(np.stack([clips.visemes(k) for k in chosen])),
    }  # fmt: skip


@torch.no_grad()
def measure(model: LipPupil, clips: WordClips, device: str) -> dict[str, float]:
    """Shares of clips whose word is read, as drawn: the very word, or one that looks like it; and of spoilt ones."""
    plain, spoilt, alike = 0, 0, 0
    for begin in range(0, len(clips), CHUNK):
        chosen = range(begin, min(begin + CHUNK, len(clips)))
        mouths, words = np.stack([clips.mouth(k) for k in chosen]), clips.words[begin : begin + CHUNK]
        read = model(torch.from_numpy(mouths).to(device))[0].argmax(-1).cpu().numpy()
        draw = torch.Generator().manual_seed(seed_of("lips", "validation", begin) >> 1)
        read_spoilt = model(spoil_lips(mouths, LipSpoil(), draw).to(device))[0].argmax(-1).cpu().numpy()
        plain, spoilt = plain + int((read == words).sum()), spoilt + int((read_spoilt == words).sum())
        alike += sum(looks_alike(a, b) for a, b in zip(read, words, strict=True))
    return {"right": plain / len(clips), "right_spoilt": spoilt / len(clips), "right_alike": alike / len(clips)}


def looks_alike(read: int, word: int) -> bool:
    """Whether two of the 500, by number, are one word or homophenes."""
    return vocabulary()[read] in homophenes_of(vocabulary()[word])
