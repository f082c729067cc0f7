"""Whole sentences in noise, to learn to write from.

A batch is a pure function of seed and step. Its sentences are of like length, so that little is padded; each is mixed
with one noise, as MUTUD's policy for recognition says (`avbench.protocols.policies`, `mutud-avsr`). Sound and lips are
spoilt as for enhancement (`avbench.training.batches`).

Of recordings some cannot be used: without words or longer than `LONGEST` seconds, they are left out; where no mouth is
found, or a file is damaged, a clip of like length takes the place.

Conventions: waves `[B, T]` float32 at 16 kHz, mouths `[B, F, 88, 88]` uint8; shorter clips are padded by zeros and by
their last picture.

Contents: `Sentences`, `SeenOnce`, `open_sentences`, `training_noises`.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from avbench.protocols.policies import MUTUD_AVSR
from avbench.seeds import Draw
from avbench.signal.audio import RATE
from avbench.signal.video import SAMPLES_PER_FRAME
from avbench.training.batches import MixtureRecipe, Noises, equalise, mix_at, readable, spoil_mouth
from avbench.training.material import MATERIAL, Tell, noises_of, open_speech
from avbench.types import Clip

from ...systems.nn.video import fit_frames
from .text import tokens_of

NEIGHBOURS = 96  # clips of like length that one batch is drawn from
HIDDEN = 10  # pictures at most, as for enhancement
LONGEST = 16  # seconds of a recorded sentence: 400 steps; of our choice, because attention grows with their square
TRACK = 8  # seconds that an embedded noise has at least; no sentence of that corpus is longer
MIXTURE = MixtureRecipe()  # for levels, equaliser, erasure and masks


def training_noises(corpus: str) -> Noises:
    """The noises of MUTUD's policy for recognition: DEMAND for recordings, what stands in for it otherwise.

    Raises:
        MissingResource, BadFile: they are not here.
    """
    recorded = corpus in MATERIAL
    name = MUTUD_AVSR.noise if recorded else MUTUD_AVSR.stand_in[0]
    return noises_of(name, (LONGEST if recorded else TRACK) * RATE)


def open_sentences(corpus: str, split: str, video: bool, tell: Tell = lambda line: None):
    """Clips with their words; the arguments and errors are those of `open_speech`."""

    def fits(clip: Clip) -> bool:
        return clip.seconds <= LONGEST and bool(tokens_of(clip.text or ""))

    return open_speech(corpus, split, video, tell, fits)


class Sentences:
    """Clips by step.

    Args:
        corpus: clips with `text(index)`, as `open_sentences` gives them.
        noise: training noises.
        size: clips of a step.
        seed: of the draws.
        video: whether mouths are wanted.
        augment: off for validation, where level, equaliser and video stay as they are.
        spoil: off where frozen lips see every clip once: then a stretch of time is hidden from `shown`, and no more.
    """

    def __init__(
        self, corpus, noise: Noises, size: int, *, seed: object, video: bool, augment: bool = True,
        spoil: bool = True,
    ):  # fmt: skip
        self.corpus, self.noise, self.size = corpus, noise, size
        self.seed, self.video, self.augment, self.spoil = seed, video, augment, spoil
        self._said = [tokens_of(corpus.text(i)) for i in range(len(corpus))]
        self._by_length = sorted(range(len(corpus)), key=corpus.frames)

    def batch(self, step: int, rank: int = 0, world: int = 1) -> dict[str, Tensor]:
        """The batch of a step, `size` clips over all ranks; see `of`."""
        draw = Draw("sentences", str(self.seed), step)
        near = min(NEIGHBOURS, len(self._by_length))
        first = draw.integer(len(self._by_length) - near + 1)
        chosen = draw.sample(self._by_length[first : first + near], min(self.size, near))
        return self.of(chosen[rank::world], step)

    def of(self, clips: list[int], step: int, snr: float | None = None) -> dict[str, Tensor]:
        """Some clips as they are heard in a step.

        Args:
            clips: numbers.
            step: which names the draws.
            snr: in dB; drawn by the policy unless given.

        Returns:
            `noisy`, `clean` `[B, T]`, `length` `[B]` samples, `said` `[B, L]` int64 with -1 beyond the end, `snr` `[B]`
            and, if wanted, `mouth` `[B, F, 88, 88]` and `shown` `[B, F]` bool; `clip` `[B]`: the numbers, of clips that
            can be read.
        """
        media = [self._media(c, step) for c in clips]
        clips = [clip for clip, _, _ in media]
        items = [self._item(*one, Draw("sentence", str(self.seed), step, one[0]), snr) for one in media]
        lengths = [len(item["noisy"]) for item in items]
        longest, letters = max(lengths), max(len(self._said[c]) for c in clips)
        said = np.full((len(clips), letters), -1, np.int64)
        for row, clip in zip(said, clips, strict=True):
            row[: len(self._said[clip])] = self._said[clip]
        batch = {
            "clip": torch.tensor(clips),
            "length": torch.tensor(lengths),
            "said": torch.from_numpy(said),
            "snr": torch.tensor([item["snr"] for item in items], dtype=torch.float32),
        }
        for name in ("noisy", "clean"):
            padded = [np.pad(item[name], (0, longest - n)) for item, n in zip(items, lengths, strict=True)]
            batch[name] = torch.from_numpy(np.stack(padded))
        if self.video:
            frames = max(len(item["mouth"]) for item in items)
            mouths = [np.pad(m, ((0, frames - len(m)), (0, 0), (0, 0)), "edge") for m in (i["mouth"] for i in items)]
            batch["mouth"] = torch.from_numpy(np.stack(mouths))
            batch["shown"] = torch.from_numpy(
                np.stack([np.pad(i["shown"], (0, frames - len(i["shown"])), "edge") for i in items])
            )
        return batch

    def _media(self, clip: int, step: int) -> tuple[int, np.ndarray, np.ndarray | None]:
        """A clip with its sound and, if wanted, its mouth; one of like length in place of one that cannot be read.

        Raises:
            BadFile: many cannot.
        """

        def another(attempt: int) -> int:
            place = self._by_length.index(clip)
            near = self._by_length[max(0, place - NEIGHBOURS // 2) : place + NEIGHBOURS // 2]
            return Draw("another sentence", str(self.seed), step, clip, attempt).choice(near)

        found, (heard, seen) = readable(
            clip, lambda k: (self.corpus.audio(k), self.corpus.mouth(k) if self.video else None), another
        )
        return found, heard, seen

    def _item(self, clip: int, heard: np.ndarray, seen: np.ndarray | None, draw: Draw, snr: float | None) -> dict:
        clean = heard.astype(np.float32) / 32768
        count, drawn = MUTUD_AVSR.training.draw(draw)
        kinds = draw.sample(range(len(self.noise)), count)
        noise = np.sum([self.noise.cut(k, draw, len(clean)) for k in kinds], axis=0, dtype=np.float32)
        if self.augment:
            clean, noise = (equalise(wave, draw, MIXTURE.equaliser) for wave in (clean, noise))
            level = 10 ** (draw.uniform(*MIXTURE.level) / 20)
            clean = clean * np.float32(level / max(float(np.sqrt(np.mean(clean**2))), 1e-4))
        snr = drawn if snr is None else snr
        noisy, clean = mix_at(clean, noise, snr)
        item = {"noisy": noisy, "clean": clean, "snr": snr}
        if seen is not None:
            mouth = np.array(seen)
            item["mouth"] = spoil_mouth(mouth, MIXTURE, draw) if self.augment and self.spoil else mouth
            item["shown"] = np.ones(len(mouth), bool)
            if self.augment and not self.spoil and draw.chance(MIXTURE.mask):
                first = draw.integer(len(mouth))
                item["shown"][first : first + draw.integer(1, HIDDEN + 1)] = False
        return item


class SeenOnce:
    """What a lip encoder sees: while it learns, the pictures of a batch; once it is frozen, every clip only once.

    A frozen encoder costs more than half of a step, and tells the same of the same clip every time. Clips are seen one
    by one, so that what is kept does not hang on who else was in the batch.
    """

    def __init__(self):
        self._kept: dict[int, Tensor] = {}

    def __call__(self, video: nn.Module, batch: Mapping[str, Tensor]) -> Tensor:
        """`[B, F, D]` of a batch of `Sentences`."""
        if any(weight.requires_grad for weight in video.parameters()):
            return video(batch["mouth"])
        rows = []
        for row, clip in enumerate(batch["clip"].tolist()):
            if clip not in self._kept:
                frames = int(batch["length"][row]) // SAMPLES_PER_FRAME
                with torch.no_grad():
                    self._kept[clip] = video(batch["mouth"][row : row + 1, :frames])[0]
            rows.append(fit_frames(self._kept[clip][None], batch["mouth"].shape[1], 1))
        return torch.cat(rows)
