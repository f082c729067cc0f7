"""EasyCom as conversations: windows of the glasses' film and sound, every face in them, and who speaks.

Sound is one channel of the glasses' array, the second, as espnet's recipe for EasyCom takes it (in the middle of the
frame); the array's noise is that of the restaurant in which people sat. Crops are cut around the annotated boxes and
kept in the cache, all of a film at once.

Conventions: those of `easycom_minutes`; a track is called like its window and the participant, `s10-01-00-288-w03-4`.

Contents: `EasyComTalks`.
"""

from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from ...errors import BadFile, UnknownName
from ...signal.audio import read_channels, resample
from ...signal.video import FPS as OUT
from ...types import Audio, Video
from ..dataset import Progress, Say
from .easycom_minutes import FPS, FRAMES, PICTURES, Turn, followed, labels_of, pictures_of, read_boxes, read_turns
from .opened import CorpusDataset

CHANNEL = 1  # from 0


class EasyComTalks(CorpusDataset):
    """A split of the windows; the arguments are those of `CorpusDataset`.

    Attributes:
        tracks: names of all face tracks.
    """

    @cached_property
    def tracks(self) -> tuple[str, ...]:  # noqa: D102
        return tuple(f"{e.id}-{person}" for e in self._entries.values() for person in e.traits["faces"])

    def speaker(self, track: str) -> str:
        """Whose face it is, as the utterances call people: `s10-p4`."""
        clip_id, person = self._track(track)
        return f"s{self.entry(clip_id).traits['session']:02d}-p{person}"

    def labels(self, track: str) -> np.ndarray:
        """`[125]` bool: whether this person speaks, by the annotated voice activity, in the middle of each frame."""
        clip_id, person = self._track(track)
        entry = self.entry(clip_id)
        return labels_of(_turns(*_state(self.root / entry.others["turns"])), person, entry.traits["window"])

    def boxes(self, track: str) -> np.ndarray:
        """`[125, 4]` float64: left, top, right, bottom of the face as annotated, in pixels of the film."""
        clip_id, person = self._track(track)
        entry = self.entry(clip_id)
        path, begin = self.root / entry.others["faces"], entry.traits["window"] * PICTURES
        found = followed(_boxes(*_state(path)).get(person, np.full((0, 4), np.nan))[begin : begin + PICTURES])
        if found is None or len(found) < PICTURES:
            raise BadFile(f"{path} has no face {person} throughout {clip_id} any more: prepare easycom again.")
        return found[pictures_of()]

    def crops(self, track: str) -> Video:
        """`[125, 112, 112, 1]` at 25 fps, grey: the square around the annotated box; kept once cut.

        Raises:
            MissingResource, BadFile: the film cannot be read, or has not 20 pictures a second.
        """
        from ..faces import kept

        clip_id, _ = self._track(track)
        film = self.root / self.entry(clip_id).others["scene"]
        frames = kept.read(self._key(track), lambda arrays: arrays["frames"])
        if frames is None:
            with kept.making(kept.key_of(film, "boxed")):
                frames = kept.read(self._key(track), lambda arrays: arrays["frames"])
                if frames is None:
                    self._cut(film)
                    with np.load(self._key(track)) as arrays:
                        frames = arrays["frames"]
        return Video(frames, float(OUT))

    def prepare(
        self,
        clip_ids: Iterable[str] | None = None,
        mouth: bool = False,
        workers: int | None = None,
        progress: Progress | None = None,
        say: Say | None = None,
    ) -> None:
        """Cut the faces out of their films ahead of time where pictures are wanted; decoding uses all processors."""
        if not mouth:
            return
        wanted = set(self.ids if clip_ids is None else clip_ids)
        of_film = (tracks for tracks in self._of_film.values() if wanted & {self._track(t)[0] for t in tracks})
        first = [tracks[0] for tracks in of_film]  # all of a film are cut with it
        for done, track in enumerate(first, start=1):
            try:
                self.crops(track)
            except BadFile as error:  # its trials are void; the others go on
                if say is not None:
                    say(str(error))
            if progress is not None:
                progress(done, len(first))

    def _track(self, track: str) -> tuple[str, str]:
        clip_id, _, person = track.rpartition("-")
        if clip_id not in self._entries or person not in self._entries[clip_id].traits["faces"]:
            raise UnknownName(f"track in the {self.split} split of {self.name}", track, self.tracks)
        return clip_id, person

    @cached_property
    def _of_film(self) -> dict[Path, list[str]]:
        """Tracks by film, in the order of their windows."""
        found: dict[Path, list[str]] = {}
        for track in self.tracks:
            found.setdefault(self.root / self.entry(self._track(track)[0]).others["scene"], []).append(track)
        return found

    def _key(self, track: str) -> Path:
        from ..faces import kept

        entry = self.entry(self._track(track)[0])
        window = np.array([entry.traits["window"]])
        return kept.key_of(self.root / entry.others["scene"], "boxed", window, self.boxes(track))

    def _cut(self, film: Path) -> None:
        """Cut every track of a film and keep it: the film is decoded once."""
        from ..faces import kept
        from ..faces.boxed import boxed

        tracks = self._of_film[film]
        begins = [self.entry(self._track(t)[0]).traits["window"] * FRAMES for t in tracks]
        jobs = list(zip(begins, map(self.boxes, tracks), strict=True))
        for track, frames in zip(tracks, boxed(film, jobs, rate=FPS), strict=True):
            kept.write(self._key(track), frames=frames)

    def _heard(self, path: Path) -> Audio:
        return _channel(*_state(path))


def _state(path: Path) -> tuple[Path, int, int]:
    """A file, its size and its time: what is kept of it must not outlive it."""
    try:
        status = path.stat()
    except OSError:
        return path, 0, 0  # whoever reads it says what is wrong
    return path, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=8)
def _turns(path: Path, *_: int) -> list[Turn]:
    return read_turns(path)


@lru_cache(maxsize=8)
def _boxes(path: Path, *_: int) -> dict[str, np.ndarray]:
    return read_boxes(path)


@lru_cache(maxsize=8)
def _channel(path: Path, *_: int) -> Audio:
    """`[T]` at 16 kHz, read-only."""
    channels = read_channels(path)
    if len(channels) <= CHANNEL:
        raise BadFile(f"{path} has {len(channels)} channel where the glasses' array has 6.")
    audio = resample(channels[CHANNEL])
    audio.samples.flags.writeable = False
    return audio
