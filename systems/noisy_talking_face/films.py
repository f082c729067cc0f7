"""Registered films to learn from: pictures, where the mouth is, and the speech, kept in the user's cache once drawn.

Of the embedded corpus the part `words` is in the role of LRW. Its faces are drawn, registered by the means of eyes and
nose as the task's are (`avbench.data.faces`), and kept as memory-mapped shards, which several trainings share. Of
recordings (LRW, where `avbench data prepare` was told of it) the registered films of the data room are read. Those that
show no face or are damaged are left out, which is told, and enters the fingerprint.

    $AVBENCH_CACHE/noisy-talking-face/<what decides the pictures>/<split>-<shard>/
        frames.npy [n, 29, S, S, 3] uint8 · mouth.npy [n, 29, 2] float32, pixels · audio.npy [n, 18560] int16, 16 kHz
        left.json {clip: why}, only where some were left out; of no clip at all there are no arrays

Contents: `Films`, `open_films`, `register`.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from avbench.data.dataset import Dataset, open_dataset, pictured
from avbench.data.faces.crops import placed
from avbench.data.synth.cache import cache_folder, source_digest
from avbench.data.synth.parts.words import FRAMES
from avbench.errors import BadFile, MissingResource
from avbench.processors import processes, usable_processors
from avbench.signal.audio import to_int16
from avbench.signal.files import atomic_folder, digest, file_lock
from avbench.signal.landmarks import MOUTH, as_complex
from avbench.signal.video import SAMPLES_PER_FRAME

VERSION = 1  # of what is kept
SHARD = 20  # clips
OPEN = 64  # shards that are mapped at a time, of three files each: systems limit both maps and open files
ARRAYS = ("frames", "mouth", "audio")
STYLE, SIDE = "three-point", 128

_mine: dict[str, Dataset] = {}


class Films:
    """Clips by number, straight from the mapped files.

    Args:
        name: of the data set.
        shards: folder of each, and the ids of its clips.
        fingerprint: of the clips and their pictures.

    Attributes:
        ids: of the clips.
    """

    def __init__(self, name: str, shards: Sequence[tuple[Path, Sequence[str]]], fingerprint: str):
        self.name, self.fingerprint = name, fingerprint
        self.ids = tuple(clip for _, ids in shards for clip in ids)
        self._folders = [folder for folder, _ in shards]
        self._firsts = list(accumulate((len(ids) for _, ids in shards), initial=0))[:-1]
        self._arrays = lru_cache(maxsize=OPEN)(self._mapped)

    def __len__(self) -> int:
        return len(self.ids)

    def _mapped(self, shard: int) -> tuple[np.ndarray, ...]:
        return tuple(np.load(self._folders[shard] / f"{name}.npy", mmap_mode="r") for name in ARRAYS)

    def _of(self, index: int, array: int) -> np.ndarray:
        shard = bisect_right(self._firsts, index) - 1
        return self._arrays(shard)[array][index - self._firsts[shard]]

    def frames(self, index: int) -> np.ndarray:
        """`[29, S, S, 3]` uint8, a read-only view."""
        return self._of(index, 0)

    def mouth(self, index: int) -> np.ndarray:
        """`[29, 2]` float32: the mean of the mouth's points, x and y in pixels of `frames`."""
        return self._of(index, 1)

    def audio(self, index: int) -> np.ndarray:
        """`[18560]` int16 at 16 kHz."""
        return self._of(index, 2)


def open_films(
    corpus: str,
    split: str,
    clips: int,
    size: int,
    announce: Callable[[str], None] = lambda line: None,
    workers: int | None = None,
) -> Films:
    """Make what is missing and open it.

    Args:
        corpus: size of the part `words`, or the name of a data set of recordings.
        split: `"train"` or `"validation"`.
        clips: how many at most, the first of the split that have pictures.
        size: S, pixels of a side.
        announce: gets a line of text now and then.
        workers: processes; as many as processors unless given.

    Raises:
        MissingResource: the corpus is not here or nothing of it can be used, no speech engine, no space.
    """
    name = f"avbench-synth/words/{corpus}" if corpus in ("tiny", "small", "base") else corpus
    dataset = open_dataset(name, split)
    known = frozenset(pictured(dataset))
    ids = [clip for clip in dataset.ids if clip in known][:clips]
    sources = source_digest("words") if hasattr(dataset, "face") else "recordings"
    key = digest("\n".join([str(VERSION), dataset.fingerprint, sources, str(size)]).encode())
    home = cache_folder() / "noisy-talking-face" / key[:16]
    parts = [ids[k : k + SHARD] for k in range(0, len(ids), SHARD)]
    folders = [home / f"{split}-{digest(chr(10).join(part).encode())[:16]}" for part in parts]
    missing = [(part, folder) for part, folder in zip(parts, folders, strict=True) if not folder.is_dir()]
    if missing:
        announce(f"{name}, {split}: {sum(len(part) for part, _ in missing)} of {len(ids)} films are to be made")
        dataset.prepare([clip for part, _ in missing for clip in part], workers=workers)
        _make(missing, name, split, size, min(workers or usable_processors(), len(missing)), announce)
    left = {clip: why for folder in folders for clip, why in _left(folder).items()}
    if left:
        said = f"{len(left)} of {len(ids)} films cannot be used and are left out"
        announce(f"{name}, {split}: {said}; the first: {next(iter(left.values()))}")
    if len(left) == len(ids):
        raise MissingResource(f"{name} has no {split} films that can be trained on.")
    shards = [(home, [i for i in part if i not in left]) for home, part in zip(folders, parts, strict=True)]
    return Films(name, shards, digest("\n".join([key, *ids, *(f"without {i}" for i in left)]).encode()))


def _left(folder: Path) -> dict[str, str]:
    """By clip, why a shard lacks it."""
    path = folder / "left.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _make(missing, name: str, split: str, size: int, workers: int, announce: Callable[[str], None]) -> None:
    if workers == 1:
        _begin(name, split)
        for part, folder in missing:
            _shard(part, folder, size)
        return
    with processes(workers, _begin, name, split) as pool:
        jobs = [pool.submit(_shard, part, folder, size) for part, folder in missing]
        for number, job in enumerate(jobs, start=1):
            job.result()
            if number % 25 == 0:
                announce(f"films made: {number} of {len(jobs)} shards")


def _begin(name: str, split: str) -> None:
    _mine["dataset"] = open_dataset(name, split)


def _shard(ids: list[str], folder: Path, size: int) -> None:
    """Make one shard, unless another process has, of those clips that can be used."""
    with file_lock(folder.parent / f".{folder.name}.lock"):
        if folder.is_dir():
            return
        made, left = [], {}
        for clip_id in ids:
            try:
                made.append(_clip(_mine["dataset"], clip_id, size))
            except BadFile as error:
                left[clip_id] = str(error)
        with atomic_folder(folder) as aside:
            if left:
                (aside / "left.json").write_text(json.dumps(left, indent=1), "utf-8")
            for name, arrays in zip(ARRAYS, zip(*made, strict=True), strict=True) if made else ():
                np.save(aside / f"{name}.npy", np.stack(arrays))


def _clip(dataset: Dataset, clip_id: str, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames, mouth and sound of a clip, as long as LRW's. Raises `BadFile` where it cannot be used."""
    clip = dataset.clip(clip_id)
    if hasattr(dataset, "face"):
        points = dataset.landmarks(clip)
        frames, mouth = register(dataset.face(clip).frames, points, size)
    else:
        from avbench.data.faces import cut

        dataset.landmarks(clip)  # refuses pictures that are longer or shorter than the sound
        video, track = cut(dataset.path(clip, "video"), STYLE)
        frames, mouth = register(video.frames, track.points, size, registered=True)
    wanted = FRAMES * SAMPLES_PER_FRAME
    samples = to_int16(dataset.audio(clip).samples)[:wanted]
    sound = np.concatenate([samples, np.zeros(wanted - len(samples), np.int16)])
    longer = np.minimum(np.arange(FRAMES), len(frames) - 1)  # where a recording lacks pictures, its last one stays
    return frames[longer], mouth[longer], sound


def register(
    frames: np.ndarray, points: np.ndarray, size: int, registered: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Every frame registered by eyes and nose, as `avbench.data.faces.aligned` does, with torch alone.

    Args:
        frames: `[F, H, W, 3]` uint8.
        points: `[F, 68, 2]` in pixels of the film that was given, before any registration.
        size: S.
        registered: `frames` are registered already, at 128 pixels.

    Returns:
        `[F, S, S, 3]` uint8, and `[F, 2]` float32: the mean of the mouth's points, in pixels of it.
    """
    import torch
    import torch.nn.functional as F

    turn, shift = placed(points, STYLE)
    half = 0.5 + 0.5j
    scale = size / SIDE
    mouth = (turn * as_complex(np.asarray(points, np.float64))[:, MOUTH].mean(1) + shift + half) * scale - half
    a, b = (np.full(len(frames), scale), half * (scale - 1)) if registered else (
        turn * scale, (shift + half) * scale - half
    )  # fmt: skip
    grid = np.arange(size)[None, :] + 1j * np.arange(size)[:, None]
    source = (grid[None] - np.reshape(b, (-1, 1, 1))) / a[:, None, None]
    height, width = frames.shape[1:3]
    place = np.stack([2 * source.real / (width - 1) - 1, 2 * source.imag / (height - 1) - 1], -1).astype(np.float32)
    pictures = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
    made = F.grid_sample(pictures, torch.from_numpy(place), align_corners=True)
    return made.round().byte().permute(0, 2, 3, 1).numpy(), np.stack([mouth.real, mouth.imag], -1).astype(np.float32)
