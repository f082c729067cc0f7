"""Where the embedded corpus is kept once it is made: shards of memory-mapped arrays in the user's cache folder.

    $AVBENCH_CACHE/avbench-synth/<spec>-<sources>/<split>/<shard>/
        audio.npy     [M] int16, the clips one after the other
        offsets.npy   [n + 1] int64, where each clip begins in it
        meta.jsonl    one line per clip: text, words, phonemes
        sound.json    digests of these three
        mouth.npy     [N, 88, 88] uint8, made when first asked for: the pictures of the clips one after the other
        mouth.json    its digest

A part with a name has a folder of that name between the first two. Which clips make a shard is the part's to say.

`<spec>` is the spec's fingerprint, `<sources>` a digest of the code and tables that shape clips: whoever changes them
meets no clip of before. That of a part with a name counts the part's own files as well.

Files are written aside and renamed, and their digests are checked when a process first opens them, so a killed, cut or
damaged shard is noticed and made again (by `prepare`).

Contents: `Shard`, `Sound`, `cache_folder`, `source_digest`, `shards_of`, `is_kept`, `has_sound`, `has_mouth`,
`is_ready`, `open_sound`, `open_mouth`, `record_from`, `phonemes_from`, `write_sound`, `write_mouth`.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...errors import MissingResource
from ...signal.files import atomic_folder, atomic_write
from ...types import Word
from .parts import find_part
from .session import Record, Said
from .spec import CorpusSpec
from .voice import Phoneme

SOUND_FILES = ("audio.npy", "offsets.npy", "meta.jsonl")

_checked: set[tuple[str, int, int]] = set()


@dataclass(frozen=True)
class Shard:
    """A part of the corpus that is made and kept together.

    Args:
        spec: of the corpus.
        split: of the clips.
        name: of the shard within its split.
        ids: of its clips, in order.
        part: of the corpus.
    """

    spec: CorpusSpec
    split: str
    name: str
    ids: tuple[str, ...]
    part: str = ""

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        key = f"{self.spec.fingerprint}-{source_digest(self.part)}"
        return cache_folder() / "avbench-synth" / self.part / key / self.split / self.name


@dataclass(frozen=True, eq=False)
class Sound:
    """An opened shard: `[M]` int16, `[n + 1]` int64, a record per clip, `[n + 1]` int64: where its pictures begin."""

    audio: np.ndarray
    offsets: np.ndarray
    meta: tuple[dict, ...]
    frame_offsets: np.ndarray


def cache_folder() -> Path:
    """`$AVBENCH_CACHE`, or `avbench` in the cache folder that the platform gives the user."""
    chosen = os.environ.get("AVBENCH_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "avbench"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "avbench"


@lru_cache(maxsize=32)
def source_digest(part: str = "") -> str:
    """Digest of the files of this room that clips of a part depend on, with the part's own."""
    keepers = ("cache.py", "corpus.py", "makers.py", "prepare.py", "gallery.py", "sample.py", "mean_face.py")
    hashed = hashlib.blake2b(digest_size=4)
    room = Path(__file__).parent
    shaping = [
        p
        for p in sorted(p for p in room.iterdir() if p.suffix in (".py", ".tsv"))
        if p.name not in keepers and not p.name.startswith("noise_")
    ]
    for path in [*shaping, *(room / "parts" / name for name in find_part(part).files)]:
        hashed.update(path.name.encode() + path.read_bytes())
    return hashed.hexdigest()


def shards_of(spec: CorpusSpec, size: str, split: str, part: str = "") -> tuple[Shard, ...]:
    """The shards that hold a split of a size, in the order in which every process makes them."""
    return tuple(Shard(spec, split, name, tuple(ids), part) for name, ids in find_part(part).shards(size, split))


def is_kept(shard: Shard, mouth: bool) -> bool:
    """Whether a shard was made, whole or not any more."""
    return (shard.folder / ("mouth.json" if mouth else "sound.json")).exists()


def is_ready(shard: Shard, mouth: bool) -> bool:
    """Whether a shard is there and whole."""
    return has_sound(shard) and (not mouth or has_mouth(shard))


def has_sound(shard: Shard) -> bool:
    """Whether its sound is there and whole."""
    return _is_whole(shard.folder, "sound.json")


def has_mouth(shard: Shard) -> bool:
    """Whether its mouths are there and whole."""
    return _is_whole(shard.folder, "mouth.json")


def open_sound(shard: Shard) -> Sound:
    """Map a shard that is ready.

    Raises:
        MissingResource: it vanished.
    """
    try:
        audio = np.load(shard.folder / "audio.npy", mmap_mode="r")
        offsets = np.load(shard.folder / "offsets.npy")
        with (shard.folder / "meta.jsonl").open(encoding="utf-8") as lines:
            meta = tuple(json.loads(line) for line in lines)
        return Sound(audio, offsets, meta, np.cumsum([0, *(m["frames"] for m in meta)]).astype(np.int64))
    except OSError as error:
        raise MissingResource(f"{shard.folder} vanished while it was in use; run this again.") from error


def open_mouth(shard: Shard) -> np.ndarray:
    """`[N, 88, 88]` uint8, mapped, of a shard whose mouths are ready. Raises `MissingResource` if they vanished."""
    try:
        return np.load(shard.folder / "mouth.npy", mmap_mode="r")
    except OSError as error:
        raise MissingResource(f"{shard.folder} vanished while it was in use; run this again.") from error


def phonemes_from(meta: dict) -> tuple[Phoneme, ...]:
    """The phonemes of a record of meta.jsonl."""
    return tuple(Phoneme(symbol, start, bool(stressed)) for symbol, start, stressed in meta["phonemes"])


def record_from(meta: dict) -> Record:
    """A record of meta.jsonl."""
    words = tuple(Word(*word) for word in meta["words"])
    known = meta["id"], meta["frames"], meta["text"], words, phonemes_from(meta), meta["end"]
    return Record(*known, meta.get("more", {}))


def write_sound(shard: Shard, said: Sequence[Said]) -> None:
    """Keep the sound of a shard's clips, in order; its mouths, if there were any, are of another sound and go.

    Raises:
        MissingResource: disk full, no right to write.
    """
    offsets = np.cumsum([0, *(len(s.samples) for s in said)]).astype(np.int64)
    lines = [_line(s) for s in said]
    with atomic_folder(shard.folder) as folder:
        _save(folder / "audio.npy", np.concatenate([s.samples for s in said]))
        _save(folder / "offsets.npy", offsets)
        (folder / "meta.jsonl").write_bytes("".join(json.dumps(line) + "\n" for line in lines).encode())
        digests = {name: _digest(folder / name) for name in SOUND_FILES}
        (folder / "sound.json").write_bytes(json.dumps(digests).encode())


def write_mouth(shard: Shard, mouths: Sequence[np.ndarray]) -> None:
    """Keep the mouths of a shard's clips, in order. Raises as `write_sound`."""
    target = shard.folder / "mouth.npy"
    with atomic_write(target) as handle:
        _save_to(handle, np.concatenate(list(mouths)))
    with atomic_write(shard.folder / "mouth.json") as handle:
        handle.write(json.dumps({"mouth.npy": _digest(target)}).encode())


def _line(record: Record) -> dict:
    """What meta.jsonl says of a clip."""
    line = {
        "id": record.id,
        "frames": record.frames,
        "text": record.text,
        "words": [[w.text, w.start, w.end] for w in record.words],
        "phonemes": [[p.symbol, p.start, int(p.stressed)] for p in record.phonemes],
        "end": record.end,
    }
    return line | ({"more": dict(record.more)} if record.more else {})


def _save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as handle:
        _save_to(handle, array)


def _save_to(handle, array: np.ndarray) -> None:
    # `np.save` writes past the file object, and then a full disk has no errno.
    np.lib.format.write_array_header_1_0(handle, np.lib.format.header_data_from_array_1_0(array))
    handle.write(memoryview(np.ascontiguousarray(array)).cast("B"))


def _is_whole(folder: Path, listing: str) -> bool:
    """Whether every file of a listing is there with its digest; what this process found right is not read again."""
    try:
        digests = json.loads((folder / listing).read_bytes())
        for name, expected in digests.items():
            status = (folder / name).stat()
            key = (f"{folder / name} {expected}", status.st_size, status.st_mtime_ns)
            if key not in _checked:
                if _digest(folder / name) != expected:
                    return False
                _checked.add(key)
        return bool(digests)
    except (OSError, ValueError, AttributeError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
