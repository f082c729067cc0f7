"""The embedded corpus as a data set, and as arrays to train from.

Clips are made when they are asked for, a shard at a time, and kept (see `cache`).

Contents: `SynthDataset`, `TrainingArrays`, `visemes_of`, `open_training`.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from ...errors import MissingResource, UnknownName
from ...signal.audio import RATE, from_int16
from ...signal.files import digest
from ...signal.video import FPS
from ...types import Audio, Clip, Video
from ..dataset import Progress, Say
from . import articulation, cache
from .cache import Shard
from .parts import find_part
from .prepare import make_ready
from .session import Record
from .speakers import make_speaker
from .spec import CorpusSpec
from .voice import Phoneme


class SynthDataset:
    """A split of a part of the embedded corpus.

    Args:
        name: as typed.
        split: of `spec.SPLITS`.
        size: of the part's; of the sentences it decides the training split only.
        spec: of the corpus.
        part: of the corpus; the sentences unless given.

    Raises:
        UnknownName: no such split or size.
    """

    synthetic = True
    licence = "Apache-2.0 (made on this machine; speech by espeak-ng)"
    notes = ()

    def __init__(
        self, name: str, split: str = "test", size: str = "base", spec: CorpusSpec | None = None, part: str = ""
    ):
        self.name, self.split, self.size, self.spec = name, split, size, spec or CorpusSpec()
        self.part = find_part(part)
        self.ids = self.part.clip_ids(size, split)
        self.shards = cache.shards_of(self.spec, size, split, part)
        content = f"{self.part.root}@{self.part.version}" if part else "avbench-synth"
        self.fingerprint = digest("\n".join([content, self.spec.fingerprint, *self.ids]).encode())
        self._place = {clip: (shard, row) for shard in self.shards for row, clip in enumerate(shard.ids)}
        self._sounds: dict[str, cache.Sound] = {}
        self._mouths: dict[str, np.ndarray] = {}

    def __reduce__(self):
        """Another process maps the files for itself."""
        return type(self), (self.name, self.split, self.size, self.spec, self.part.name)

    @property
    def pictured(self) -> tuple[str, ...]:
        """Ids of the clips that have pictures: all of them, or none of a part for the ear alone."""
        return () if self.part.picture is None else self.ids

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """All clips, in the order of `ids`; makes the sound of those that are not made yet."""
        self.prepare()
        return tuple(self.clip(i) for i in self.ids)

    @property
    def made(self) -> tuple[Clip, ...]:
        """The clips whose sound is made already."""
        return tuple(self.clip(i) for s in self.shards if cache.is_ready(s, mouth=False) for i in s.ids)

    def prepare(
        self,
        clip_ids: Iterable[str] | None = None,
        mouth: bool = False,
        workers: int | None = None,
        progress: Progress | None = None,
        say: Say | None = None,
    ) -> None:
        """Make what is missing, whole shards at a time.

        Args:
            clip_ids: which clips; all unless given.
            mouth: whether pictures are wanted too.
            workers: processes; as many as there are processors unless given.
            progress: called with the clips done and the clips to do; never if nothing is missing.
            say: called with a sentence when this process has to wait for another.

        Raises:
            UnknownName: a clip that this split does not hold.
            MissingResource: no speech engine, no right to write to the cache, no space.
        """
        wanted = self.shards
        if clip_ids is not None:
            names = {self._find(i)[0].name for i in clip_ids}
            wanted = tuple(s for s in self.shards if s.name in names)
        make_ready(wanted, mouth and self.part.picture is not None, workers, progress, say)

    def clip(self, clip_id: str) -> Clip:
        """One clip; makes the sound of its shard if need be. Raises `UnknownName` or `MissingResource`."""
        sound, row = self._sound(clip_id)
        record, speaker = self.record(clip_id), make_speaker(self.spec, self.part.speaker(clip_id))
        traits = {"gender": speaker.gender, "accent": speaker.accent, "age": round(speaker.age), "split": self.split}
        return Clip(
            clip_id,
            int(sound.offsets[row + 1] - sound.offsets[row]) / RATE,
            speaker.id,
            record.text,
            record.words,
            traits | self.part.traits(record),
        )

    def record(self, clip_id: str) -> Record:
        """All that is known of a clip; makes the sound of its shard if need be."""
        sound, row = self._sound(clip_id)
        return cache.record_from(sound.meta[row])

    def phonemes(self, clip: Clip) -> tuple[Phoneme, ...]:
        """When each phoneme begins; each lasts until the next one."""
        return self.record(clip.id).phonemes

    def audio(self, clip: Clip) -> Audio:
        """`[T]` at 16 kHz, whole frames of 640 samples. Raises `UnknownName` or `MissingResource`."""
        sound, row = self._sound(clip.id)
        return Audio(from_int16(sound.audio[sound.offsets[row] : sound.offsets[row + 1]]), RATE)

    def mouth(self, clip: Clip) -> Video:
        """`[F, 88, 88, 1]` at 25 fps; draws those of the whole shard if need be.

        Raises:
            UnknownName: a clip that this split does not hold.
            MissingResource: see `prepare`.
        """
        return Video(np.array(self.pictures(clip)[..., None]), float(FPS))

    def pictures(self, clip: Clip) -> np.ndarray:
        """What is kept to be seen of a clip: `[F, *part.picture]` uint8, read-only. Raises as `mouth`."""
        (shard, _), (sound, row) = self._find(clip.id), self._sound(clip.id)
        if self.part.picture is None:
            raise MissingResource(f"{self.name} has no pictures: it is for the ear alone.")
        if shard.name not in self._mouths:
            make_ready([shard], mouth=True)
            self._mouths[shard.name] = cache.open_mouth(shard)
        begin, end = sound.frame_offsets[row : row + 2]
        return self._mouths[shard.name][begin:end]

    def face(self, clip: Clip) -> Video:
        """`[F, 128, 128, 3]` RGB at 25 fps: the whole face, drawn anew at each call and never kept."""
        return Video(self.part.face(self.spec, self.record(clip.id)), float(FPS))

    def landmarks(self, clip: Clip) -> np.ndarray:
        """`[F, 68, 2]` float32: exact points of the 128 × 128 face, x and y in pixels."""
        return self.part.landmarks(self.spec, self.record(clip.id))

    def _find(self, clip_id: str) -> tuple[Shard, int]:
        if clip_id not in self._place:
            raise UnknownName(f"clip in the {self.split} split of {self.name}", clip_id, self._place)
        return self._place[clip_id]

    def _sound(self, clip_id: str) -> tuple[cache.Sound, int]:
        shard, row = self._find(clip_id)
        if shard.name not in self._sounds:
            make_ready([shard])
            self._sounds[shard.name] = cache.open_sound(shard)
        return self._sounds[shard.name], row


class TrainingArrays:
    """Clips by number, straight from the mapped files: nothing is copied until it is used.

    Attributes:
        fingerprint: of the data set.
        ids: of the clips: the first of every speaker, then the second, and so on.
        offsets: `[n + 1]` int64: where each clip would begin, in samples, if all lay one after the other.
        frame_offsets: `[n + 1]` int64: the same in frames.
        shards: the mapped parts, each with `audio` `[M]` int16, `offsets` and `meta`.
    """

    def __init__(self, dataset: SynthDataset, mouth: bool):
        rows = {c: (k, row) for k, shard in enumerate(dataset.shards) for row, c in enumerate(shard.ids)}
        self.ids, self.fingerprint, self._part = dataset.ids, dataset.fingerprint, dataset.part
        self.shards = tuple(cache.open_sound(s) for s in dataset.shards)
        self._mouths = tuple(cache.open_mouth(s) for s in dataset.shards) if mouth else None
        self._rows = np.array([rows[c] for c in self.ids], np.int64)
        self.offsets = self._laid_out([s.offsets for s in self.shards])
        self.frame_offsets = self._laid_out([s.frame_offsets for s in self.shards])

    def _laid_out(self, offsets: list[np.ndarray]) -> np.ndarray:
        lengths = [np.diff(part) for part in offsets]
        return np.concatenate([[0], np.cumsum(np.array([lengths[k][row] for k, row in self._rows], np.int64))])

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def seconds(self) -> float:
        """Duration of all clips together."""
        return float(self.offsets[-1]) / RATE

    def frames(self, index: int) -> int:
        """Length of a clip in frames."""
        return int(self.frame_offsets[index + 1] - self.frame_offsets[index])

    def speaker(self, index: int) -> str:
        """Who speaks."""
        return self._part.speaker(self.ids[index])

    def text(self, index: int) -> str:
        """What is said, with punctuation."""
        shard, row = self._rows[index]
        return self.shards[shard].meta[row]["text"]

    def audio(self, index: int) -> np.ndarray:
        """`[T]` int16 at 16 kHz, a read-only view; T = 640 frames."""
        shard, row = self._rows[index]
        begin, end = self.shards[shard].offsets[row : row + 2]
        return self.shards[shard].audio[begin:end]

    def mouth(self, index: int) -> np.ndarray:
        """`[F, 88, 88]` uint8, a read-only view.

        Raises:
            ValueError: opened without mouths.
        """
        if self._mouths is None:
            raise ValueError("these arrays were opened without mouths")
        shard, row = self._rows[index]
        begin, end = self.shards[shard].frame_offsets[row : row + 2]
        return self._mouths[shard][begin:end]

    def visemes(self, index: int) -> np.ndarray:
        """`[F]` int64, places in `articulation.VISEMES`: what is said in the middle of each frame."""
        shard, row = self._rows[index]
        meta = self.shards[shard].meta[row]
        return visemes_of(cache.phonemes_from(meta), meta["end"], self.frames(index))


def visemes_of(phonemes: Sequence[Phoneme], end: float, frames: int) -> np.ndarray:
    """The viseme in the middle of each frame, a diphthong's first; the mouth rests before the first and after the last.

    Args:
        phonemes: of a clip, each lasting until the next one.
        end: of the last one, in seconds.
        frames: of the clip, 25 a second.

    Returns:
        `[frames]` int64, places in `articulation.VISEMES`.
    """
    names = ["sil", *(articulation.viseme_of(p.symbol)[0] for p in phonemes), "sil"]
    places = np.array([articulation.VISEMES.index(name) for name in names])
    return places[np.searchsorted([*(p.start for p in phonemes), end], (np.arange(frames) + 0.5) / FPS, "right")]


def open_training(
    size: str = "base",
    split: str = "train",
    mouth: bool = True,
    spec: CorpusSpec | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
    part: str = "",
) -> TrainingArrays:
    """Make what is missing of a split, and open it as arrays.

    Args:
        size: of the part's.
        split: of `spec.SPLITS`.
        mouth: whether pictures are wanted too.
        spec: of the corpus.
        workers: processes; as many as there are processors unless given.
        progress: called with the clips done and the clips to do; never if nothing is missing.
        say: called with a sentence when this process has to wait for another.
        part: of the corpus; the sentences unless given.

    Raises:
        UnknownName: no such part, size or split.
        MissingResource: no speech engine, no right to write to the cache, no space.
    """
    chosen = find_part(part)
    dataset = chosen.open(f"{chosen.root}/{size}", split, size, spec or CorpusSpec())
    dataset.prepare(mouth=mouth, workers=workers, progress=progress, say=say)
    return TrainingArrays(dataset, mouth)
