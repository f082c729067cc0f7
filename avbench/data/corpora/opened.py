"""A split of a prepared corpus as a data set.

Conventions: sound is 16 kHz mono float32; a clip of video has as many frames of 25 fps as its sound asks for. What the
codec of a film filled its last packet with, behind the end of the last picture, is cut.

Contents: `CorpusDataset`.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ...errors import BadFile, MissingResource, UnknownName
from ...signal.audio import RATE, check_readable
from ...signal.video import FPS, fit_frames, frames_for
from ...types import Audio, Clip, Video
from ..dataset import Progress, Say
from ..export import OWN_LICENCE
from ..manifest import Entry, read_split
from ..scan import load_again
from .corpus import Corpus
from .prepare import check_root


class CorpusDataset:
    """Clips of one split, read from where the user keeps the corpus.

    Args:
        corpus: which.
        variant: of `corpus.variants`, or `""`.
        split: `"train"`, `"validation"` or `"test"`.

    Attributes:
        pictured: ids of the clips that have a mouth picture.
        synthetic: whether it is the embedded corpus, exported in this layout.

    Raises:
        MissingResource: not prepared, the root is gone, or nothing of this split is there.
        BadFile: the manifest is damaged.
    """

    def __init__(self, corpus: Corpus, variant: str = "", split: str = "test"):
        self.corpus, self.variant, self.split = corpus, variant, split
        self.name = f"{corpus.name}/{variant}" if variant else corpus.name
        header, entries = read_split(corpus.name, variant, split)
        self.root = Path(header.root)
        check_root(corpus.name, self.root)
        self.synthetic = header.synthetic
        self.licence = OWN_LICENCE if self.synthetic else corpus.licence
        self._entries = {e.id: e for e in entries}
        self.fingerprint = corpus.fingerprint(entries, header.synthetic)
        self._problems = header.problems
        self._noted: tuple[str, ...] = ()
        if not self._entries:
            there = ", ".join(s for s in header.counts[self.name] if s != "none") or "of no split at all"
            raise MissingResource(
                f"{self.name} has no {split} clips on this machine (there are: {there}): "
                f"`avbench data show {corpus.name}` says what is missing."
            )

    def __reduce__(self):
        return _open_again, (self.corpus.name, self.variant, self.split)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what is missing or broken, in numbers; `avbench data show` has all of them."""
        counts = {kind: sum(p.kind == kind for p in self._problems) for kind in ("missing", "broken")}
        said = " and ".join(f"{n} {kind}" for kind, n in counts.items() if n)
        name = self.corpus.name
        found = (f"{name}: {said} when it was prepared; see `avbench data show {name}`.",) if said else ()
        made = (f"{name} on this machine is an export of the embedded corpus: it is synthetic.",)
        return (*(made if self.synthetic else ()), *found, *self._noted)

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all clips, in order."""
        return tuple(self._entries)

    @cached_property
    def clips(self) -> Sequence[Clip]:
        """All clips, each made when it is looked at: their words alone would fill the memory."""
        return _Clips(tuple(self._entries.values()))

    @property
    def made(self) -> Sequence[Clip]:
        """All clips: the files are there."""
        return self.clips

    @cached_property
    def pictured(self) -> frozenset[str]:
        """Ids of the clips that have moving pictures."""
        return frozenset(e.id for e in self._entries.values() if e.frames)

    def entry(self, clip_id: str) -> Entry:
        """The line of the manifest. Raises `UnknownName`."""
        if clip_id not in self._entries:
            raise UnknownName(f"clip in {self.name}", clip_id, self._entries)
        return self._entries[clip_id]

    def clip(self, clip_id: str) -> Clip:
        """One clip. Raises `UnknownName`."""
        return self.entry(clip_id).clip

    def path(self, clip: Clip, which: str = "audio") -> Path:
        """A file of a clip: `"audio"`, `"video"`, `"picture"` or one of the entry's `others`.

        Raises:
            MissingResource: the clip has none.
        """
        entry = self.entry(clip.id)
        named = {"audio": entry.audio, "video": entry.video, "picture": entry.picture, **entry.others}
        if not named.get(which):
            has = ", ".join(k for k, v in named.items() if v)
            raise MissingResource(f"The clip {clip.id} of {self.name} has no {which}, only {has}.")
        return self.root / named[which]

    def audio(self, clip: Clip) -> Audio:
        """`[T]` at 16 kHz, read-only. Raises `MissingResource` or `BadFile` if the file was spoilt since."""
        return self.sound(clip, "audio")

    def sound(self, clip: Clip, which: str) -> Audio:
        """A sound file of a clip, e.g. `"noisy"`, `[T]` at 16 kHz. Raises `MissingResource` or `BadFile`."""
        entry, path = self.entry(clip.id), self.path(clip, which)
        audio = self._heard(path)
        if entry.window is not None:
            start = round(entry.window[0] * RATE)
            audio = Audio(audio.samples[start : start + round(entry.seconds * RATE)], RATE)
        wanted = round(entry.seconds * RATE)
        if which == "audio" and len(audio.samples) == wanted + entry.filling:
            audio = Audio(audio.samples[:wanted], RATE)
        if which == "audio" and len(audio.samples) != wanted:
            raise BadFile(
                f"{path} has {len(audio.samples)} samples at 16 kHz where {wanted} were found when "
                f"{self.corpus.name} was prepared: run `avbench data prepare {self.corpus.name} {self.root}` again."
            )
        return audio

    def _heard(self, path: Path) -> Audio:
        """A sound file as clips have it: `[T]` at 16 kHz, channels averaged, read-only."""
        return load_again(path)

    def mouth(self, clip: Clip) -> Video:
        """`[F, 88, 88, 1]` at 25 fps, as long as the sound.

        Raises:
            MissingResource: the clip has no video, or the extra `faces` is not installed.
            BadFile: no face in it, or another length than the sound.
        """
        entry = self.entry(clip.id)
        if not entry.frames:
            raise MissingResource(
                f"The clip {clip.id} of {self.name} has no moving pictures that a mouth could be cut out of."
            )
        if self.corpus.mouth is not None:
            frames = self.corpus.mouth(self, entry).frames
        else:
            from ..faces import mouth_of

            frames = mouth_of(self.path(clip, "video"))[0].frames
        return Video(self._fit(frames, entry), float(FPS))

    def landmarks(self, clip: Clip) -> np.ndarray:
        """`[F, 68, 2]` float32, pixels of the clip's own video. Raises as `mouth` does."""
        from ..faces import find_track

        track = find_track(self.path(clip, "video"))
        return self._fit(track.points, self.entry(clip.id))

    def picture(self, clip: Clip) -> np.ndarray:
        """`[H, W, 3]` uint8, a still picture. Raises `MissingResource` or `BadFile`."""
        from PIL import Image

        path = self.path(clip, "picture")
        check_readable(path)
        try:
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, ValueError) as error:
            raise BadFile(f"{path} cannot be read as a picture: {error}.") from error

    def prepare(
        self,
        clip_ids: Iterable[str] | None = None,
        mouth: bool = False,
        workers: int | None = None,
        progress: Progress | None = None,
        say: Say | None = None,
    ) -> None:
        """Cut out mouths ahead of time where they are wanted; sound is read from where it lies.

        A clip whose mouth cannot be had does not stop the others: `mouth` says why when it is asked for it. What there
        is to say of the faces (missed frames, several faces, other rates) is said, and added to `notes`.
        """
        entries = [self.entry(i) for i in (clip_ids if clip_ids is not None else self.ids)]
        films = [self.root / e.video for e in entries if e.video and e.frames]
        if not mouth or not films or self.corpus.mouth is not None:
            return
        from ..faces import cut_all, told

        self._noted = told(cut_all(films, workers=workers, progress=progress))
        for sentence in self._noted if say is not None else ():
            say(sentence)

    def _fit(self, frames: np.ndarray, entry: Entry) -> np.ndarray:
        try:
            return fit_frames(frames, frames_for(round(entry.seconds * RATE)))
        except ValueError as error:
            raise BadFile(f"The picture and the sound of {entry.video} differ in length: {error}.") from error


class _Clips(Sequence):
    """The clips of entries."""

    def __init__(self, entries: tuple[Entry, ...]):
        self._entries = entries

    def __len__(self):
        return len(self._entries)

    def __getitem__(self, at):
        return _Clips(self._entries[at]) if isinstance(at, slice) else self._entries[at].clip


def _open_again(name: str, variant: str, split: str) -> CorpusDataset:
    from . import open_corpus

    return open_corpus(f"{name}/{variant}" if variant else name, split)
