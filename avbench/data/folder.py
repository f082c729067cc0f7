"""The user's own recordings as a data set.

Any tree of sound and video files will do. Optional beside them:

- `transcripts.tsv` in the folder, below it, or in its parent: tab-separated with a header; column `path` (relative to
  the table's folder or to the folder above it), and any of `speaker`, `transcript`, `gender`, `condition`, …;
- `<stem>.mouth.npy`: `[F, 88, 88]` uint8 mouth pictures at 25 fps; a video of 88 × 88 to 96 × 96 pixels is taken as a
  mouth crop itself; in any other video the face is found and its mouth cut out (`avbench.data.faces`);
- `<stem>.landmarks.npy`: `[F, 68, 2]` points.

Conventions: audio is resampled to 16 kHz (soxr VHQ), channels averaged. The fingerprint is of all that decides a
score (samples, labels, pictures, landmarks) and never of where the folder lies.

Contents: `FolderDataset`, `read_transcripts`.
"""

import csv
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..errors import BadFile, MissingResource, UnknownName
from ..signal.files import digest, file_digest
from ..signal.film import Film, grey
from ..signal.video import FPS, fit_frames, frames_for, is_container
from ..types import Audio, Clip, Video
from . import faces
from .scan import Found, Skipped, load_again, scan

MOUTH = 88
LARGEST_CROP = 96


class FolderDataset:
    """Every usable recording below a folder as a clip.

    Args:
        path: the folder.
        split: noted as it is; a folder has no splits.

    Attributes:
        pictured: ids of the clips that have a mouth picture, or a video in which a face is to be found.

    Raises:
        MissingResource: no such folder.
        BadFile: nothing in it can be used, or a broken transcripts.tsv.
    """

    synthetic = False
    licence = "not stated: these are your own files"

    def __init__(self, path: str | Path, split: str = "test"):
        self.name, self.split = f"folder:{path}", split
        self._scan = scan(path)
        labels = read_transcripts(self._scan.root)
        self._found = {f.id: f for f in self._scan.found}
        self.clips = tuple(_as_clip(f, labels.get(f.path.resolve(), {})) for f in self._scan.found)
        self._clips = {c.id: c for c in self.clips}
        with ThreadPoolExecutor() as pool:
            seen = list(pool.map(_seen, (f.path for f in self._scan.found)))
        self.pictured = frozenset(f.id for f, (mouth, _) in zip(self._scan.found, seen, strict=True) if mouth)
        self._noted: tuple[str, ...] = ()
        self.fingerprint = digest(
            "\n".join(
                json.dumps([c.id, f.digest, c.speaker, c.text, dict(c.traits), *sides], sort_keys=True)
                for c, f, sides in zip(self.clips, self._scan.found, seen, strict=True)
            ).encode()
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out or is missing; none if nothing is."""
        bare = [c.id for c in self.clips if c.id not in self.pictured]
        if not self.pictured or not bare:
            return (*self._scan.notes, *self._noted)
        said = f"{len(bare)} of {len(self.clips)} clips have no mouth picture, the first is {bare[0]}."
        return (*self._scan.notes, said, *self._noted)

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all clips, in order."""
        return tuple(self._clips)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The recordings that cannot be used, each with its sentence."""
        return self._scan.skipped

    @property
    def closed(self) -> tuple[Skipped, ...]:
        """The folders that cannot be listed, each with its sentence."""
        return self._scan.closed

    @property
    def made(self) -> tuple[Clip, ...]:
        """All clips: the files are there."""
        return self.clips

    def clip(self, clip_id: str) -> Clip:
        """One clip. Raises `UnknownName`."""
        if clip_id not in self._clips:
            raise UnknownName(f"clip in {self.name}", clip_id, self._clips)
        return self._clips[clip_id]

    def path(self, clip: Clip) -> Path:
        """The file that a clip was read from."""
        return self._found[self.clip(clip.id).id].path

    def audio(self, clip: Clip) -> Audio:
        """`[T]` at 16 kHz, read-only. Raises `MissingResource` or `BadFile` if the file was spoilt since."""
        return load_again(self.path(clip))

    def mouth(self, clip: Clip) -> Video:
        """`[F, 88, 88, 1]` at 25 fps, as long as the sound.

        Raises:
            MissingResource: no picture; or a whole face is to be found, and the extra `faces` is not installed.
            BadFile: of another shape or length, or no face in any frame.
        """
        path = self.path(clip)
        side = path.with_suffix(".mouth.npy")
        if side.is_file():
            frames = _read_array(side, (MOUTH, MOUTH), np.uint8)[..., None]
        elif not is_container(path):
            raise MissingResource(f"{path} has no picture, and there is no {side.name} beside it.")
        elif _is_crop(path):
            frames = _crop(np.stack(list(Film(path, FPS).pictures(grey))))
        else:
            frames = faces.mouth_of(path)[0].frames
        return Video(self._fit(frames, clip, path), float(FPS))

    def landmarks(self, clip: Clip) -> np.ndarray:
        """`[F, 68, 2]` float32 from the `.landmarks.npy` beside the file. Raises `MissingResource` or `BadFile`."""
        path = self.path(clip)
        side = path.with_suffix(".landmarks.npy")
        if not side.is_file():
            raise MissingResource(f"{path} has no landmarks: there is no {side.name} beside it.")
        return self._fit(_read_array(side, (68, 2), np.float32), clip, side)

    def prepare(
        self, clip_ids: Iterable[str] | None = None, mouth: bool = False, workers=None, progress=None, say=None
    ) -> None:
        """Find the faces of videos that show whole ones, where pictures are wanted; all else is there.

        What there is to say of them is added to `notes`, and said.

        Raises:
            UnknownName: there is no such clip.
            MissingResource: there are faces to be found, and the extra `faces` is not installed.
        """
        wanted = [self.path(self.clip(i)) for i in (self.ids if clip_ids is None else clip_ids)]
        films = [p for p in wanted if mouth and _is_film(p)]
        if films:
            tracks = faces.cut_all(films, workers=workers, progress=progress)
            self._noted = faces.told(tracks)
            for sentence in self._noted if say is not None else ():
                say(sentence)

    def _fit(self, frames, clip, path):
        try:
            return fit_frames(frames, frames_for(self._found[clip.id].samples))
        except ValueError as error:
            raise BadFile(f"The picture and the sound of {path} differ in length: {error}.") from error


def read_transcripts(root: Path) -> dict[Path, dict[str, str]]:
    """What the tables called transcripts.tsv in `root`, below it and in its parent say of each file.

    Raises:
        BadFile: no column `path`, a line with another number of fields than the header, or not UTF-8.
    """
    root = root.resolve()
    labels: dict[Path, dict[str, str]] = {}
    for table in (root.parent / "transcripts.tsv", *sorted(root.rglob("transcripts.tsv"))):
        if not table.is_file():
            continue
        try:
            with table.open(encoding="utf-8-sig", newline="") as handle:
                rows = list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
        except (UnicodeDecodeError, csv.Error, OSError) as error:
            raise BadFile(f"{table} cannot be read as a UTF-8 table: {error}.") from error
        header = rows[0] if rows else []
        if "path" not in header:
            raise BadFile(f"{table} has no column called path in its first line.")
        for number, row in enumerate(rows[1:], start=2):
            if not row:
                continue
            if len(row) != len(header):
                raise BadFile(f"{table}, line {number}: {len(row)} fields, but the header has {len(header)}.")
            label = dict(zip(header, row, strict=True))
            path = label.pop("path")
            labels |= {(base / path).resolve(): label for base in (table.parent, table.parent.parent)}
    return labels


def _as_clip(found: Found, label: dict[str, str]) -> Clip:
    traits = {k: v for k, v in label.items() if v and k not in ("speaker", "transcript", "seconds")}
    if "gender" in traits:
        traits["gender"] = traits["gender"].lower()[:1]
    return Clip(found.id, found.seconds, label.get("speaker") or None, label.get("transcript") or None, (), traits)


def _seen(path: Path) -> tuple[str | None, str | None]:
    """Digests of the files that a recording's mouth pictures and landmarks are read from; None where there are none."""
    mouth, points = path.with_suffix(".mouth.npy"), path.with_suffix(".landmarks.npy")
    source = mouth if mouth.is_file() else path if _has_picture(path) else None
    how = f" {faces.MOUTH_CROP}" if _is_film(path) else ""
    return source and file_digest(source) + how, file_digest(points) if points.is_file() else None


def _is_film(path: Path) -> bool:
    """Whether the mouth is to be cut out of the picture of a whole face."""
    return not path.with_suffix(".mouth.npy").is_file() and _has_picture(path) and not _is_crop(path)


def _is_crop(path: Path) -> bool:
    """Whether a video says that it shows a mouth, without decoding it."""
    size = _size(path)
    return size is not None and _fits(*size)


def _has_picture(path: Path) -> bool:
    return is_container(path) and _size(path) is not None


def _size(path: Path) -> tuple[int, int] | None:
    """Height and width that a video says it has; None where it says none."""
    import av

    try:
        with av.open(str(path)) as container:
            streams = container.streams.video
            return (streams[0].height, streams[0].width) if streams else None
    except (av.FFmpegError, ValueError):
        return None


def _fits(height: int, width: int) -> bool:
    return MOUTH <= height <= LARGEST_CROP and MOUTH <= width <= LARGEST_CROP


def _read_array(path: Path, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """`[F, *shape]` of the given type. Raises `BadFile`."""
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BadFile(f"{path} is not a NumPy array: {error}.") from error
    if array.shape[1:] == (*shape, 1):
        array = array[..., 0]
    if array.shape[1:] != shape or array.dtype.kind != np.dtype(dtype).kind:
        wanted = ", ".join(map(str, shape))
        raise BadFile(f"{path} must hold [F, {wanted}] {dtype.__name__}, not {array.shape} {array.dtype}.")
    return array.astype(dtype, copy=False)


def _crop(frames: np.ndarray) -> np.ndarray:
    """The middle 88 × 88 pixels of a video that shows little more."""
    top, left = ((side - MOUTH) // 2 for side in frames.shape[1:3])
    return frames[:, top : top + MOUTH, left : left + MOUTH]
