"""Words of the embedded corpus to learn to read from lips, spoilt as generated videos are.

A batch is a pure function of seed and step. What is done to a clip, at random: mirrored, turned, moved, scaled and
blurred as crops of other systems are; lit unevenly, with another contrast; noise; one rectangle hidden; a frame early
or late. The word stays readable by all of it.

Conventions: mouths `[B, F, 88, 88]`, grey, 0 to 255, 25 pictures a second.

Contents: `WordClips`, `LipSpoil`, `spoil_lips`, `open_words`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from avbench.data.dataset import open_dataset
from avbench.data.synth import cache
from avbench.data.synth.corpus import SynthDataset, visemes_of
from avbench.data.synth.parts.words import vocabulary
from avbench.signal.files import digest

from .spoilt_faces import blurred

SIDE = 88


class WordClips:
    """Clips of the part `words` by number, straight from the mapped files.

    Args:
        dataset: whose mouths are made already.
        ids: which of its clips.

    Attributes:
        fingerprint: of these clips.
        words: `[n]` int64: what each says, by its place among the 500.
    """

    def __init__(self, dataset: SynthDataset, ids: Sequence[str]):
        wanted = set(ids)
        shards = [s for s in dataset.shards if not wanted.isdisjoint(s.ids)]
        rows = {clip: (k, row) for k, shard in enumerate(shards) for row, clip in enumerate(shard.ids)}
        self.fingerprint = digest("\n".join([dataset.fingerprint, *ids]).encode())
        self._sounds = [cache.open_sound(shard) for shard in shards]
        self._mouths = [cache.open_mouth(shard) for shard in shards]
        self._rows = [rows[clip] for clip in ids]
        number = {word: k for k, word in enumerate(vocabulary())}
        self.words = np.array([number[self._meta(k)["text"]] for k in range(len(ids))], np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def _meta(self, index: int) -> dict:
        shard, row = self._rows[index]
        return self._sounds[shard].meta[row]

    def mouth(self, index: int) -> np.ndarray:
        """`[F, 88, 88]` uint8, a read-only view."""
        shard, row = self._rows[index]
        begin, end = self._sounds[shard].frame_offsets[row : row + 2]
        return self._mouths[shard][begin:end]

    def visemes(self, index: int) -> np.ndarray:
        """`[F]` int64, places in `articulation.VISEMES`: of the whole clip, the carrier phrase included."""
        meta = self._meta(index)
        return visemes_of(cache.phonemes_from(meta), meta["end"], len(self.mouth(index)))


def open_words(size: str, split: str, speakers: int) -> WordClips:
    """The clips of the first so many speakers of each word, or of all where there are fewer; made where they are not.

    Raises:
        UnknownName: no such size or split.
        MissingResource: no speech engine, no right to write to the cache, no space.
    """
    dataset = open_dataset(f"avbench-synth/words/{size}", split)
    ids = dataset.ids[: speakers * len(vocabulary(size))]  # the first of every word, then the second, and so on
    dataset.prepare(ids, mouth=True)
    return WordClips(dataset, ids)


@dataclass(frozen=True)
class LipSpoil:
    """How much is spoilt; all ours.

    Args:
        mirror: chance of left for right: mouths are nearly symmetric, and what they say does not change.
        turn: largest angle in radians.
        shift: largest way in pixels, along either axis.
        zoom: largest change of size as a share. Both hold what `mutud` makes of 150 drawn faces: mouths up to 11 %
            smaller, and 4 pixels away.
        blur: chance of a blur, and its largest standard deviation in pixels: a mouth out of a face of 128 × 128 pixels
            is enlarged about twice.
        blur_most: see `blur`.
        contrast: standard deviation of the logarithm of the exponent by which grey levels are bent.
        shade: largest change of light from one edge to the other, as a share of the levels.
        noise: largest standard deviation, in levels.
        erase: chance of one hidden rectangle, the same in all pictures of a clip.
        erase_most: its largest side in pixels.
        late: most frames that a clip comes early or late; its first or last picture then stays.
    """

    mirror: float = 0.5
    turn: float = 0.08
    shift: float = 5.0
    zoom: float = 0.14
    blur: float = 0.4
    blur_most: float = 2.0
    contrast: float = 0.25
    shade: float = 0.25
    noise: float = 6.0
    erase: float = 0.25
    erase_most: int = 24
    late: int = 1


def spoil_lips(mouths: np.ndarray, recipe: LipSpoil, draw: torch.Generator) -> Tensor:
    """Spoil clips.

    Args:
        mouths: `[B, F, 88, 88]` uint8.
        recipe: how much.
        draw: where the draws come from.

    Returns:
        `[B, F, 88, 88]` float32, 0 to 255.
    """
    count, frames = mouths.shape[:2]

    def spread(*shape: int) -> Tensor:
        return 2 * torch.rand(count, *shape, generator=draw) - 1

    late = torch.randint(-recipe.late, recipe.late + 1, (count, 1), generator=draw)
    when = (torch.arange(frames) + late).clamp_(0, frames - 1)
    images = torch.from_numpy(mouths)[torch.arange(count)[:, None], when].float()
    images = F.grid_sample(images, _grid(images, recipe, draw), padding_mode="border", align_corners=False)
    some = torch.rand(count, generator=draw) < recipe.blur
    sd = recipe.blur_most * torch.rand(count, generator=draw)
    if some.any():
        images[some] = blurred(images[some], sd[some])
    images.clamp_(0.5, 255).div_(255).pow_(torch.exp(recipe.contrast * torch.randn(count, 1, 1, 1, generator=draw)))
    line = torch.linspace(-0.5, 0.5, SIDE)
    across, down = (recipe.shade * spread(2, 1, 1)).unbind(1)
    images.mul_((255 * (1 + across * line + down * line[:, None]))[:, None])
    _erase(images, recipe, draw)
    noise = torch.randn(count, 1, SIDE, SIDE + frames, generator=draw) * (recipe.noise * torch.relu(spread(1, 1, 1)))
    # Every picture takes another window of one field of noise: it moves, and costs a thirtieth of a field for each.
    return images.add_(noise[:, 0].unfold(2, SIDE, 1)[:, :, :frames].transpose(1, 2)).clamp_(0, 255)


def _grid(images: Tensor, recipe: LipSpoil, draw: torch.Generator) -> Tensor:
    """`[B, 88, 88, 2]`: where each pixel comes from, in halves of the picture, the same in all pictures of a clip."""
    angle, change, right, down = (2 * torch.rand(4, len(images), generator=draw) - 1).unbind()
    mirror = 1 - 2 * (torch.rand(len(images), generator=draw) < recipe.mirror).float()
    cos, sin = (f(recipe.turn * angle) / (1 + recipe.zoom * change) for f in (torch.cos, torch.sin))
    right, down = (recipe.shift / (SIDE / 2) * way for way in (right, down))
    back = torch.stack([mirror * cos, mirror * sin, right, -sin, cos, down], -1).unflatten(-1, (2, 3))
    return F.affine_grid(back, list(images.shape), align_corners=False)


def _erase(images: Tensor, recipe: LipSpoil, draw: torch.Generator) -> None:
    """Hide a rectangle of some clips behind its mean, in place."""
    for clip in images:
        left, top, width, height, chance = torch.rand(5, generator=draw).tolist()
        if chance < recipe.erase:
            width, height = (4 + int(part * (recipe.erase_most - 3)) for part in (width, height))
            left, top = int(left * (SIDE - width + 1)), int(top * (SIDE - height + 1))
            hidden = clip[:, top : top + height, left : left + width]
            hidden.copy_(hidden.mean().expand_as(hidden))
