"""The embedded corpus as a data set, and as arrays to train from.

Clips are made when they are asked for, a shard at a time, and kept (see `cache`).

Contents: `SynthDataset`, `TrainingArrays`, `visemes_of`, `open_training`.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from ...errors import UnknownName
from ...signal.audio import RATE, from_int16
from ...signal.files import digest
from ...signal.video import FPS, SAMPLES_PER_FRAME
from ...types import Audio, Clip, Video, Word
from ..dataset import Progress, Say
from . import articulation, cache
from .cache import Shard
from .prepare import make_ready
from .sentences import show_landmarks
from .speakers import make_speaker
from .spec import CorpusSpec, clip_ids, speaker_of
from .voice import Phoneme


class SynthDataset:
    """A split of the embedded corpus.

    Args:
        name: as typed.
        split: of `spec.SPLITS`.
        size: of `spec.SIZES`; decides the training split only.
        spec: of the corpus.

    Raises:
        UnknownName: no such split or size.
    """

    synthetic = True
    licence = "Apache-2.0 (made on this machine; speech by espeak-ng)"
    notes = ()

    def __init__(self, name: str, split: str = "test", size: str = "base", spec: CorpusSpec | None = None):
        self.name, self.split, self.size, self.spec = name, split, size, spec or CorpusSpec()
        self.ids = clip_ids(size, split)
        self.shards = cache.shards_of(self.spec, size, split)
        self.fingerprint = digest("\n".join(["avbench-synth", self.spec.fingerprint, *self.ids]).encode())
        self._place = {clip: (shard, row) for shard in self.shards for row, clip in enumerate(shard.ids)}
        self._sounds: dict[str, cache.Sound] = {}
        self._mouths: dict[str, np.ndarray] = {}

    def __reduce__(self):
        """Another process maps the files for itself."""
        return SynthDataset, (self.name, self.split, self.size, self.spec)

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
        make_ready(wanted, mouth, workers, progress, say)

    def clip(self, clip_id: str) -> Clip:
        """One clip; makes the sound of its shard if need be. Raises `UnknownName` or `MissingResource`."""
        meta, speaker = self._meta(clip_id), make_speaker(self.spec, speaker_of(clip_id))
        return Clip(
            clip_id,
            meta["frames"] / FPS,
            speaker.id,
            meta["text"],
            tuple(Word(*w) for w in meta["words"]),
            {"gender": speaker.gender, "accent": speaker.accent, "age": round(speaker.age), "split": self.split},
        )

    def phonemes(self, clip: Clip) -> tuple[Phoneme, ...]:
        """When each phoneme begins; each lasts until the next one."""
        return cache.phonemes_from(self._meta(clip.id))

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
        (shard, _), (sound, row) = self._find(clip.id), self._sound(clip.id)
        if shard.name not in self._mouths:
            make_ready([shard], mouth=True)
            self._mouths[shard.name] = cache.open_mouth(shard)
        begin, end = sound.offsets[row : row + 2] // SAMPLES_PER_FRAME
        return Video(np.array(self._mouths[shard.name][begin:end, :, :, None]), float(FPS))

    def landmarks(self, clip: Clip) -> np.ndarray:
        """`[F, 68, 2]` float32: exact points of the 128 × 128 face, x and y in pixels."""
        meta = self._meta(clip.id)
        return show_landmarks(self.spec, clip.id, cache.phonemes_from(meta), meta["end"], meta["frames"])

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

    def _meta(self, clip_id: str) -> dict:
        sound, row = self._sound(clip_id)
        return sound.meta[row]


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
        self.ids, self.fingerprint = dataset.ids, dataset.fingerprint
        self.shards = tuple(cache.open_sound(s) for s in dataset.shards)
        self._mouths = tuple(cache.open_mouth(s) for s in dataset.shards) if mouth else None
        self._rows = np.array([rows[c] for c in self.ids], np.int64)
        self._begin = np.array([self.shards[k].offsets[row] for k, row in self._rows], np.int64)
        lengths = np.array([np.diff(self.shards[k].offsets)[row] for k, row in self._rows], np.int64)
        self.offsets = np.concatenate([[0], np.cumsum(lengths)])
        self.frame_offsets = self.offsets // SAMPLES_PER_FRAME

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
        return speaker_of(self.ids[index])

    def text(self, index: int) -> str:
        """What is said, with punctuation."""
        shard, row = self._rows[index]
        return self.shards[shard].meta[row]["text"]

    def audio(self, index: int) -> np.ndarray:
        """`[T]` int16 at 16 kHz, a read-only view; T = 640 frames."""
        begin = self._begin[index]
        return self.shards[self._rows[index, 0]].audio[begin : begin + self.frames(index) * SAMPLES_PER_FRAME]

    def mouth(self, index: int) -> np.ndarray:
        """`[F, 88, 88]` uint8, a read-only view.

        Raises:
            ValueError: opened without mouths.
        """
        if self._mouths is None:
            raise ValueError("these arrays were opened without mouths")
        begin = self._begin[index] // SAMPLES_PER_FRAME
        return self._mouths[self._rows[index, 0]][begin : begin + self.frames(index)]

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
) -> TrainingArrays:
    """Make what is missing of a split, and open it as arrays.

    Args:
        size: of `spec.SIZES`.
        split: of `spec.SPLITS`.
        mouth: whether pictures are wanted too.
        spec: of the corpus.
        workers: processes; as many as there are processors unless given.
        progress: called with the clips done and the clips to do; never if nothing is missing.
        say: called with a sentence when this process has to wait for another.

    Raises:
        UnknownName: no such size or split.
        MissingResource: no speech engine, no right to write to the cache, no space.
    """
    dataset = SynthDataset(f"avbench-synth/{size}", split, size, spec)
    dataset.prepare(mouth=mouth, workers=workers, progress=progress, say=say)
    return TrainingArrays(dataset, mouth)
