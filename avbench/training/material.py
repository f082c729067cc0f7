"""What nets are trained on, by the name in their recipes: the embedded corpus, or recordings that the user has.

    tiny, small, base   sizes of the embedded corpus, with the noises of its bank
    lrs3                pretrain and trainval of LRS3, with the noises of the DNS Challenge (MUTUD section IV-A)
    easycom             face tracks of EasyCom's conversations (see `tracks`), which are noisy as they are

Recordings and noises are those that `avbench data prepare` was told of; a training may name other noises than these.

Recordings are read when a batch asks for them; mouths are cut out once, ahead of the training, and kept. In place of a
clip without a mouth who looks takes another one; all other mixtures are those of who only listens. Where a data set has
no validation split, about one speaker in a hundred of its training split is held out.

Contents: `MATERIAL`, `Recordings`, `NoiseFiles`, `described`, `open_speech`, `open_noises`, `noises_of`.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from ..data.dataset import Dataset, open_dataset, pictured
from ..data.noise import NoiseSet, open_noise
from ..data.noises import COLLECTIONS
from ..errors import MissingResource
from ..seeds import Draw, seed_of
from ..signal.audio import RATE, to_int16
from ..signal.files import digest
from ..signal.video import SAMPLES_PER_FRAME, frames_for
from ..types import Clip
from .batches import Corpus, Noises, NoiseTracks, cut_from, readable

MATERIAL = {"lrs3": ("lrs3", "dns-noise/train"), "easycom": ("easycom/conversations", None)}
"""Data set and noises of recipes that are for recordings; all other recipes are for the embedded corpus."""
EMBEDDED_NOISE = "synth-noise/train"
HELD_OUT = 100  # every so many-th speaker validates where there is no split for it
IN_MEMORY = 4 * 3600  # seconds of noise that are kept in memory, half a gigabyte; of more, files are read as they come
READ_AHEAD = 64  # noise files that are kept

Tell = Callable[[str], None]


class Recordings:
    """Training clips out of a data set.

    Args:
        dataset: whose clips are read.
        ids: which of them.
        fingerprint: of the data and of the choice.

    Attributes:
        seconds: of all clips.
    """

    def __init__(self, dataset: Dataset, ids: Sequence[str], fingerprint: str):
        self.dataset, self.ids, self.fingerprint = dataset, tuple(ids), fingerprint
        self._frames = [frames_for(round(dataset.clip(i).seconds * RATE)) for i in self.ids]
        self.seconds = sum(self._frames) * SAMPLES_PER_FRAME / RATE

    def __len__(self) -> int:
        return len(self.ids)

    def frames(self, index: int) -> int:
        """Video frames of a clip."""
        return self._frames[index]

    def audio(self, index: int) -> np.ndarray:
        """`[T]` int16 at 16 kHz, T = 640 frames, silence behind the last sample. Raises `BadFile`."""
        samples = to_int16(self.dataset.audio(self.dataset.clip(self.ids[index])).samples)
        wanted = self._frames[index] * SAMPLES_PER_FRAME
        return np.concatenate([samples[:wanted], np.zeros(max(0, wanted - len(samples)), np.int16)])

    def mouth(self, index: int) -> np.ndarray:
        """`[F, 88, 88]` uint8. Raises `BadFile` or `MissingResource` where no mouth was found."""
        return self.dataset.mouth(self.dataset.clip(self.ids[index])).frames[..., 0]

    def text(self, index: int) -> str:
        """What is said, as the corpus writes it; empty where it does not say."""
        return self.dataset.clip(self.ids[index]).text or ""

    def visemes(self, index: int) -> None:
        """Nobody has written down what the lips of recordings say."""


class NoiseFiles:
    """Training noises that are too many for the memory: each is read when a mixture asks for it.

    Args:
        noise: the set.
        samples: the least length wanted; shorter noises are looped.
    """

    def __init__(self, noise: NoiseSet, samples: int):
        self._items = [item.id for item in noise.items]
        self._samples, self.fingerprint = samples, noise.fingerprint
        self._load = lru_cache(maxsize=READ_AHEAD)(noise.load)

    def __len__(self) -> int:
        return len(self._items)

    def cut(self, index: int, draw: Draw, samples: int) -> np.ndarray:
        """`[samples]` float32 of unit RMS, as `NoiseTracks.cut`, or of another noise in place of a damaged one."""
        items = self._items
        _, track = readable(index, lambda k: self._load(items[k]), lambda attempt: draw.integer(len(items)))
        if len(track) < self._samples:
            track = np.tile(track, -(-self._samples // len(track)))
        return cut_from(track, draw, samples)


def described(corpus: str) -> str:
    """The speech that a recipe's corpus means, for cards."""
    return MATERIAL[corpus][0] if corpus in MATERIAL else f"avbench-synth/{corpus}"


def open_speech(
    corpus: str, split: str, video: bool, tell: Tell = lambda line: None, fits: Callable[[Clip], bool] | None = None
) -> Corpus:
    """Clean speech to train on.

    Args:
        corpus: as a recipe names it.
        split: `"train"` or `"validation"`.
        video: whether mouths are wanted too.
        tell: called with sentences on what is made or left out.
        fits: which recordings can be used; all unless given. The embedded clips can all be used.

    Raises:
        MissingResource: the corpus is not here, or nothing of it can be used.
        UnknownName: no such corpus.
    """
    if corpus not in MATERIAL:
        from ..data.synth.corpus import open_training

        tell(f"corpus avbench-synth/{corpus}, {split}: making what is missing")
        return open_training(corpus, split, video)
    name = MATERIAL[corpus][0]
    dataset, ids = _held(name, split)
    known = pictured(dataset)
    usable = [i for i in ids if dataset.clip(i).seconds > 0 and i in known]  # who listens trains on the same clips
    if fits is not None:
        seen, usable = len(usable), [i for i in usable if fits(dataset.clip(i))]
        tell(f"{name}, {split}: {len(usable)} of {seen} clips can be used")
    if video:
        tell(f"{name}, {split}: cutting out the mouths of {len(usable)} clips")
        dataset.prepare(usable, mouth=True, say=tell)
    if not usable:
        raise MissingResource(f"{name} has no {split} clips with pictures that can be trained on.")
    return Recordings(dataset, usable, digest("\n".join([dataset.fingerprint, split, *usable]).encode()))


def _held(name: str, split: str) -> tuple[Dataset, list[str]]:
    """The data set of a split and which clips of it count, with speakers held out where it has no validation split."""
    try:
        if split == "validation":
            dataset = open_dataset(name, split)
            return dataset, list(dataset.ids)
    except MissingResource:
        pass
    dataset = open_dataset(name, "train")
    try:
        open_dataset(name, "validation")
        return dataset, list(dataset.ids)
    except MissingResource:
        validates = split == "validation"
        return dataset, [i for i in dataset.ids if _is_held_out(dataset.clip(i).speaker or i) == validates]


def _is_held_out(speaker: str) -> bool:
    return seed_of("validation speaker of a training", speaker) % HELD_OUT == 0


def open_noises(corpus: str, samples: int) -> Noises:
    """Noises to train with.

    Args:
        corpus: as a recipe names it; its noises go with it.
        samples: of a training segment.

    Raises:
        MissingResource, BadFile: the noises are not here.
    """
    return noises_of(MATERIAL[corpus][1] if corpus in MATERIAL else EMBEDDED_NOISE, samples)


def noises_of(name: str, samples: int) -> Noises:
    """Noises to train with, by a name of `open_noise`; the rest as for `open_noises`."""
    base = name.partition("/")[0]
    try:
        noise = open_noise(name)
    except MissingResource as error:
        if base not in COLLECTIONS:
            raise
        said = f"The noises {name} are not to be had on this machine: run `avbench data prepare {base} PATH`."
        raise MissingResource(f"{said} {COLLECTIONS[base].obtain}") from error
    if sum(item.seconds for item in noise.items) > IN_MEMORY:
        return NoiseFiles(noise, samples)
    return NoiseTracks([noise.load(item.id) for item in noise.items], samples, noise.fingerprint)
