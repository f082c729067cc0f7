"""The embedded noise bank: which noises there are, and how they are made, kept and loaded.

Three splits. `train`: 138 kinds of 16 families. `test`: other kinds of the same families. `unseen`: five families that
no training hears. In the role of a collection of real noises: mostly machines, weather, things and music, a minority of
voices. Voices in training noises are of training speakers, all others of test speakers, and they say sentences that are
in no clip of the corpus.

A noise is a pure function of (corpus spec, its id). It is kept as int16 in the cache, `noise/<key>/<id>.npy`,
and read back from there even when it has just been made, so that every process hears the same bytes.

Conventions: `[T]` at 16 kHz; ids are `rain-03` (train), `rain-t03` (test), `babble-u03` (unseen).

Contents: `VERSION`, `kinds`, `SynthNoise`.
"""

import io
import logging
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UnknownName
from ...seeds import Draw
from ...signal.audio import RATE, rms
from ...signal.files import atomic_write, digest, file_lock
from ..noise import NoiseItem
from .cache import cache_folder, source_digest
from .noise_families import FAMILIES, UNSEEN, parameters
from .noise_parts import Family, recorded, unit
from .sentences import say
from .spec import CorpusSpec, speaker_ids
from .voice import Voice

VERSION = 1
"""Raised whenever any noise changes; seeds and the fingerprint hang on it."""

TRAIN_KINDS = 138
TEST_KINDS = 8  # of each family
TRAIN_SECONDS = (12.0, 20.0)
TEST_SECONDS = 12.0
TALK_SECONDS = 16.0  # how long a talker goes on before repeating
FIRST_SENTENCE = 900  # clips from here on are in no size of the corpus
PEAK = 0.98
REMEMBERED = 8
_log = logging.getLogger(__name__)
_MARKS = {"train": "", "test": "t", "unseen": "u"}


@lru_cache(maxsize=3)
def kinds(split: str) -> dict[str, tuple[NoiseItem, dict[str, Any]]]:
    """Every noise of a split by id, with the parameters of its family.

    Args:
        split: `"train"`, `"test"` or `"unseen"`.
    """
    families = UNSEEN if split == "unseen" else FAMILIES
    more = TRAIN_KINDS % len(families) if split == "train" else 0  # the first families have one kind more
    each = TRAIN_KINDS // len(families) if split == "train" else TEST_KINDS
    found = {}
    for place, family in enumerate(families.values()):
        for index, chosen in enumerate(parameters(family, each + (place < more), "synth-noise", VERSION, split)):
            name = f"{family.name}-{_MARKS[split]}{index:02d}"
            draw = Draw("synth-noise", VERSION, "item", name)
            seconds = round(draw.uniform(*TRAIN_SECONDS), 2) if split == "train" else TEST_SECONDS
            found[name] = NoiseItem(name, family.name, name, split, seconds, _talkers(draw, family, split)), chosen
    return found


def _talkers(draw: Draw, family: Family, split: str) -> tuple[str, ...]:
    """Whose voices are in a noise: training speakers for training, test speakers for everything else."""
    least, most = family.talkers
    if most == 0:
        return ()
    return tuple(draw.sample(speaker_ids("train" if split == "train" else "test"), draw.integer(least, most + 1)))


class SynthNoise:
    """One split of the bank.

    Args:
        split: `"train"`, `"test"` or `"unseen"`.
        spec: of the corpus whose speakers are heard in the voices.
    """

    def __init__(self, split: str = "test", spec: CorpusSpec | None = None):
        self.split, self.spec = split, spec or CorpusSpec()
        self.name = "synth-noise" if split == "test" else f"synth-noise/{split}"
        self.items = tuple(item for item, _ in kinds(split).values())
        described = [(item, sorted(chosen.items())) for item, chosen in kinds(split).values()]
        self.fingerprint = digest(repr((VERSION, self.spec.fingerprint, described)).encode())
        self._loaded: dict[str, np.ndarray] = {}
        # Keyed by the recipes' text too: whoever edits one must not hear what the cache still holds of the old one.
        recipes = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("noise_*.py")))
        # The voices are the corpus' own: what shapes clips shapes them too.
        self._bank = digest(f"{VERSION} {self.spec.fingerprint} {source_digest()} {digest(recipes)}".encode())[:16]

    def load(self, item_id: str) -> np.ndarray:
        """`[T]` float32 at 16 kHz with unit RMS; made when first asked for, a tenth of a second each.

        Raises:
            UnknownName: no such noise in this split.
            MissingResource: no speech engine for a noise with voices, or no room in the cache.
        """
        if item_id not in kinds(self.split):
            raise UnknownName(f"noise in {self.name}", item_id, kinds(self.split))
        if item_id not in self._loaded:  # the trials of one row, one for each SNR, ask for the same few noises
            kept = self._kept(item_id)
            if kept is None:
                with ExitStack() as stack:
                    kept = self._make(item_id, _Talk(self, stack))
            loaded = (kept / rms(kept)).astype(np.float32)
            loaded.setflags(write=False)
            while len(self._loaded) >= REMEMBERED:
                self._loaded.pop(next(iter(self._loaded)), None)
            self._loaded[item_id] = loaded
        return self._loaded[item_id]

    def prepare(
        self, item_ids: Iterable[str] | None = None, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Make ahead of time what `load` would make when asked.

        Args:
            item_ids: which noises; all of the split unless given.
            progress: called with how many are done and how many there are.

        Raises:
            UnknownName, MissingResource: as for `load`.
        """
        wanted = [item.id for item in self.items] if item_ids is None else list(item_ids)
        with ExitStack() as stack:
            talk = _Talk(self, stack)
            for done, item_id in enumerate(wanted):
                if item_id not in kinds(self.split):
                    raise UnknownName(f"noise in {self.name}", item_id, kinds(self.split))
                if self._kept(item_id) is None:
                    self._make(item_id, talk)
                if progress is not None:
                    progress(done + 1, len(wanted))

    def _path(self, name: str) -> Path:
        return cache_folder() / "noise" / self._bank / f"{name}.npy"

    def _kept(self, name: str) -> np.ndarray | None:
        """`[T]` int16 from the cache; None if it is not there or cannot be read."""
        try:
            kept = np.load(self._path(name), allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):  # absent, or damaged: then it is made again
            return None
        return kept if kept.dtype == np.int16 and kept.ndim == 1 and len(kept) and kept.any() else None

    def _make(self, name: str, talk: "_Talk") -> np.ndarray:
        """Make one noise, keep it, and read it back."""
        item, chosen = kinds(self.split)[name]
        return self._keep(name, lambda: self._synthesise(item, chosen, talk))

    def _keep(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Write `make()` to the cache as int16, unless another process was faster."""
        path = self._path(name)
        with file_lock(
            path.with_suffix(".lock"), waiting=lambda: _log.warning("Waiting for another process: %s", path)
        ):
            kept = self._kept(name)
            if kept is None:
                signal = make()
                kept = np.rint(signal * (PEAK * 32767 / np.abs(signal).max())).astype(np.int16)
                content = io.BytesIO()  # `np.save` writes past a file object, and then a full disk has no errno
                np.save(content, kept)
                with atomic_write(path) as handle:
                    handle.write(content.getbuffer())
        return kept

    def _synthesise(self, item: NoiseItem, chosen: dict[str, Any], talk: "_Talk") -> np.ndarray:
        """`[T]` float64."""
        family = UNSEEN[item.family] if item.split == "unseen" else FAMILIES[item.family]
        draw = Draw("synth-noise", VERSION, "sound", item.id)
        n = round(item.seconds * RATE)
        if item.talkers:
            chosen = {**chosen, "voices": [talk.by(talker, n, draw) for talker in item.talkers]}
        return recorded(draw, family.make(draw, n, **chosen))


class _Talk:
    """Speech of talkers for noises. The engine starts at the first word and ends with the stack."""

    def __init__(self, bank: SynthNoise, stack: ExitStack):
        self._bank, self._stack, self._voice = bank, stack, None

    def by(self, talker: str, n: int, draw: Draw) -> np.ndarray:
        """`[n]` float64 of unit RMS: a talker's speech from a drawn moment on, repeated where it is too short."""
        name = f"talker-{talker}"
        kept = self._bank._kept(name)
        if kept is None:
            kept = self._bank._keep(name, lambda: self._say(talker))
        start = draw.integer(len(kept))
        return unit(np.take(kept.astype(np.float64), np.arange(start, start + n), mode="wrap"))

    def _say(self, talker: str) -> np.ndarray:
        """Sentences that are in no clip of the corpus, one after the other, until there are enough."""
        if self._voice is None:
            self._voice = self._stack.enter_context(Voice())
        sentences, index = [], FIRST_SENTENCE
        while sum(map(len, sentences)) < TALK_SECONDS * RATE:
            said = say(self._bank.spec, f"{talker}-{index:03d}", self._voice)
            sentences.append(unit(said.samples.astype(np.float64)))
            index += 1
        return np.concatenate(sentences)
