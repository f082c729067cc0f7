"""Face tracks to train on, with the sound beside them and who speaks when: of the embedded conversations, or EasyCom's.

Contents: `Tracks`, `SynthTracks`, `RecordedTracks`, `open_tracks`.
"""

from typing import Protocol

import numpy as np

from ..data.dataset import open_dataset
from ..errors import BadFile
from ..signal.audio import to_int16
from ..signal.video import SAMPLES_PER_FRAME
from .material import MATERIAL, Tell, described


class Tracks(Protocol):
    """What is asked of the material: face tracks by number.

    Attributes:
        fingerprint: of the data.
        described: what it is, for cards.
    """

    fingerprint: str
    described: str

    def __len__(self) -> int: ...

    def face(self, index: int) -> np.ndarray:
        """`[F, H, W]` uint8. Raises `BadFile` where a film can not be read."""

    def audio(self, index: int) -> np.ndarray:
        """`[640 F]` int16. Raises `BadFile`."""

    def labels(self, index: int) -> np.ndarray:
        """`[F]` bool. Raises `BadFile`."""


class SynthTracks:
    """Both faces of every embedded conversation.

    Args:
        arrays: sound and pictures, of `avbench.data.synth.corpus.TrainingArrays`.
        dataset: who knows the labels.
    """

    def __init__(self, arrays, dataset):
        self.fingerprint, self.described = arrays.fingerprint, dataset.name
        self._arrays, self._dataset = arrays, dataset
        self._labels: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return 2 * len(self._arrays)

    def face(self, index: int) -> np.ndarray:
        """`[F, H, W]` uint8."""
        return self._arrays.mouth(index // 2)[:, index % 2]

    def audio(self, index: int) -> np.ndarray:
        """`[640 F]` int16."""
        return self._arrays.audio(index // 2)

    def labels(self, index: int) -> np.ndarray:
        """`[F]` bool."""
        if index not in self._labels:
            self._labels[index] = self._dataset.labels(f"{self._arrays.ids[index // 2]}-{index % 2}")
        return self._labels[index]


class RecordedTracks:
    """The tracks of a data set of recorded conversations, read when they are asked for.

    Args:
        dataset: with `tracks`, `labels` and `crops`; a track is called like its clip, a hyphen, and the face.
    """

    def __init__(self, dataset):
        self.fingerprint, self.described = dataset.fingerprint, dataset.name
        self._dataset, self._names = dataset, dataset.tracks

    def __len__(self) -> int:
        return len(self._names)

    def face(self, index: int) -> np.ndarray:
        """`[F, H, W]` uint8. Raises `BadFile`."""
        return self._dataset.crops(self._names[index]).frames[..., 0]

    def audio(self, index: int) -> np.ndarray:
        """`[640 F]` int16. Raises `BadFile`."""
        clip = self._dataset.clip(self._names[index].rpartition("-")[0])
        samples = to_int16(self._dataset.audio(clip).samples)
        wanted = len(self.labels(index)) * SAMPLES_PER_FRAME
        if len(samples) != wanted:
            raise BadFile(f"{clip.id} has {len(samples)} samples where its pictures last {wanted}.")
        return samples

    def labels(self, index: int) -> np.ndarray:
        """`[F]` bool. Raises `BadFile`."""
        return self._dataset.labels(self._names[index])


def open_tracks(corpus: str, split: str, tell: Tell = lambda line: None) -> Tracks:
    """Face tracks to train on.

    Args:
        corpus: as a recipe names it: a size of the embedded corpus, or `"easycom"`.
        split: `"train"` or `"validation"`.
        tell: called with sentences on what is made or left out.

    Raises:
        UnknownName: no such size or split.
        MissingResource: recordings that were never prepared, or what `open_training` says of the embedded ones.
    """
    from ..data.synth.corpus import open_training

    if corpus in MATERIAL:
        dataset = open_dataset(MATERIAL[corpus][0], split)
        tell(f"{described(corpus)}, {split}: cutting out the faces of {len(dataset.tracks)} tracks")
        dataset.prepare(mouth=True, say=tell)
        return RecordedTracks(dataset)
    tell(f"corpus avbench-synth/conversations/{corpus}, {split}: making what is missing")
    arrays = open_training(corpus, split, mouth=True, part="conversations")
    return SynthTracks(arrays, open_dataset(f"avbench-synth/conversations/{corpus}", split))
