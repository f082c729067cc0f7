"""The manifest of a corpus on this machine: every clip, what is said in it, which files hold it, what is wrong.

    $AVBENCH_CACHE/datasets/<corpus>/manifest.jsonl
        line 1      header: corpus, root, counts, problems, digest of all lines below
        the rest    one `Entry` a line, sorted by id
    $AVBENCH_CACHE/datasets/<corpus>/texts.json       digests of the texts that it was made from
    $AVBENCH_CACHE/datasets/<corpus>/files.jsonl      what is known of each file (see `corpora.census`)

Conventions: paths are relative to the root, with forward slashes; times are in seconds; digests are BLAKE2b of 16 bytes
over a file's content; of a folder that stands for many pictures, over their names and sizes. The fingerprint of a
split covers ids, labels, times, the digests of the files that are scored and how mouths are cut, and never where files
lie or when they were written: two people with the same files have the same fingerprint.

Contents: `Entry`, `Problem`, `Manifest`, `Header`, `timing`, `fingerprint_of`, `manifest_folder`, `write_manifest`,
`read_header`, `read_manifest`, `read_split`, `read_texts`, `line_of`.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import BadFile, MissingResource
from ..signal.files import atomic_write
from ..types import Clip, Word

FORMAT = 2
KINDS = ("missing", "broken", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One clip of a corpus.

    Args:
        id: unique in the corpus, of `[a-z0-9._-]`.
        split: `"train"`, `"validation"`, `"test"`, or None for a clip of no split.
        speaker: label, or None.
        text: what is said as the corpus writes it, or None.
        timing: when each word is said, as `timing` writes it.
        video: file with pictures, or None.
        audio: file with sound, or None; equal to `video` where that has the sound.
        picture: a still picture, or None.
        seconds: duration of the sound at 16 kHz, exact to the sample; of the video where there is no sound; else 0.
        frames: of the video at 25 fps; 0 without one.
        filling: samples at 16 kHz behind `seconds` that are in the file only because a codec fills its last packet.
        window: start and end in the files, in seconds, where the clip is a part of them.
        traits: what else is known.
        others: further files, or folders of files, by name, e.g. `{"noisy": "noisy/p232_001.wav"}`.
        splits: the split under the corpus' other names, e.g. `{"overlapped": "train"}`.
        digests: of the content of every file named above.
    """

    id: str
    split: str | None = None
    speaker: str | None = None
    text: str | None = None
    timing: str = ""
    video: str | None = None
    audio: str | None = None
    picture: str | None = None
    seconds: float = 0.0
    frames: int = 0
    filling: int = 0
    window: tuple[float, float] | None = None
    traits: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, str | None] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[Word, ...]:
        """When each word is said; empty where unknown."""
        rows = (line.split("\t") for line in self.timing.splitlines())
        return tuple(Word(text, float(start), float(end)) for text, start, end in rows)

    @property
    def clip(self) -> Clip:
        """The same as data sets give it."""
        return Clip(self.id, self.seconds, self.speaker, self.text, self.words, dict(self.traits))

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file of the clip, each once."""
        named = (self.video, self.audio, self.picture, *self.others.values())
        return tuple(dict.fromkeys(p for p in named if p))

    def split_of(self, variant: str) -> str | None:
        """The split under one of the corpus' names; `""` is its plain name."""
        return self.splits.get(variant, self.split) if variant else self.split


@dataclass(frozen=True)
class Problem:
    """Something a user should know of.

    Args:
        kind: `"missing"`, `"broken"` or `"note"` (odd, and yet used).
        text: one sentence.
        paths: which files or folders, relative to the root.
    """

    kind: str
    text: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Header:
    """The first line of a manifest.

    Args:
        corpus: its name.
        root: absolute folder that the paths of entries begin at.
        counts: by name of data set and split, `{"clips", "speakers", "seconds", "pictured"}`.
        problems: all of them.
        entries: how many lines follow.
        digest: of these lines as they stand.
        fingerprint: of all entries.
        options: what `prepare` was told beside the root.
        synthetic: it is the embedded corpus, exported in this layout.
    """

    corpus: str
    root: str
    counts: Mapping[str, Mapping[str, Mapping[str, Any]]]
    problems: tuple[Problem, ...]
    entries: int
    digest: str
    fingerprint: str
    options: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False


@dataclass(frozen=True)
class Manifest:
    """A corpus as it was found.

    Args:
        corpus: its name.
        root: absolute folder.
        entries: sorted by id.
        problems: all of them.
        fingerprint: of all entries.
        synthetic: it is the embedded corpus, exported in this layout.
    """

    corpus: str
    root: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    synthetic: bool = False


def timing(words: Iterable[tuple[str, float, float]]) -> str:
    r"""Words and their times as one string, a word a line: 150,000 clips as objects would fill the memory.

    Example:
        >>> timing([("bin", 0.95, 1.18)])
        'bin\t0.95\t1.18'
    """
    return "\n".join(f"{text}\t{round(float(start), 6)!r}\t{round(float(end), 6)!r}" for text, start, end in words)


def fingerprint_of(
    entries: Iterable[Entry], needs: Iterable[str] = (), mouth: str | None = None, synthetic: bool = False
) -> str:
    """Digest of what decides a score: labels, times and the content of files, by their role and not by their name.

    Args:
        entries: in order.
        needs: which of their `others` are scored.
        mouth: how mouths are cut out of their videos.
        synthetic: it is the embedded corpus, exported in this layout.
    """
    hashed = hashlib.blake2b(b"synthetic" if synthetic else b"", digest_size=16)
    for e in entries:
        roles = {"audio": e.audio, "video": e.video, "picture": e.picture, **{n: e.others.get(n) for n in needs}}
        content = {role: e.digests.get(path) for role, path in roles.items() if path}
        if mouth is not None and e.video and e.frames:
            content["mouth"] = mouth
        labels = [e.id, e.speaker, e.text, e.timing, e.seconds, e.frames, e.window, dict(e.traits)]
        hashed.update(json.dumps([*labels, content], sort_keys=True, ensure_ascii=False).encode())
    return hashed.hexdigest()


def manifest_folder(corpus: str) -> Path:
    """Where the manifest of a corpus is kept."""
    from .synth.cache import cache_folder

    return cache_folder() / "datasets" / corpus


def write_manifest(
    manifest: Manifest,
    counts: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Header:
    """Keep a manifest, and digests of the texts by path. Raises `MissingResource` where the disk says no."""
    header = Header(
        manifest.corpus,
        str(manifest.root),
        counts,
        manifest.problems,
        len(manifest.entries),
        _digest_of(line_of(e) for e in manifest.entries),
        manifest.fingerprint,
        dict(options or {}),
        manifest.synthetic,
    )
    with atomic_write(manifest_folder(manifest.corpus) / "texts.json", "w") as handle:
        json.dump(dict(texts or {}), handle, ensure_ascii=False, sort_keys=True, indent=0)
    with atomic_write(manifest_folder(manifest.corpus) / "manifest.jsonl", "w") as handle:
        handle.write(json.dumps({"format": FORMAT, **asdict(header)}, ensure_ascii=False) + "\n")
        for entry in manifest.entries:
            handle.write(line_of(entry))
    return header


def read_header(corpus: str) -> Header | None:
    """What is known of a corpus without reading its clips; None if it was never prepared.

    Raises:
        BadFile: the manifest is damaged, or of another version of avbench.
    """
    path = manifest_folder(corpus) / "manifest.jsonl"
    if not path.is_file():
        return None
    with path.open(encoding="utf-8") as handle:
        return _header(handle.readline(), path)


def read_manifest(corpus: str) -> Manifest:
    """All of it. Raises `MissingResource` if the corpus was not prepared, `BadFile` if the manifest is damaged."""
    header, lines = _open(corpus)
    entries = tuple(_entry(line) for line in lines)
    return Manifest(corpus, Path(header.root), entries, header.problems, header.fingerprint, header.synthetic)


def read_texts(corpus: str) -> dict[str, str]:
    """Digests of the texts that a manifest was made from, by path relative to its root. Raises `BadFile`."""
    path = manifest_folder(corpus) / "texts.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BadFile(f"{path} cannot be read: run `avbench data prepare {corpus}` again.") from error


def read_split(corpus: str, variant: str, split: str) -> tuple[Header, tuple[Entry, ...]]:
    """The header, and the entries of one split. Raises `MissingResource` if not prepared, `BadFile` if damaged."""
    header, lines = _open(corpus)
    near = (line for line in lines if f'"{split}"' in line)  # most lines are of another split, and parsing is slow
    return header, tuple(entry for line in near if (entry := _entry(line)).split_of(variant) == split)


def line_of(entry: Entry) -> str:
    """One entry as a line of JSON, without what is empty."""
    values = {f.name: getattr(entry, f.name) for f in fields(Entry)}
    kept = {k: v for k, v in values.items() if v not in (None, "", 0, {}) or k == "split"}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def _digest_of(lines: Iterable[str]) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for line in lines:
        hashed.update(line.encode())
    return hashed.hexdigest()


def _entry(line: str) -> Entry:
    values = json.loads(line)
    if "window" in values:
        values["window"] = tuple(values["window"])
    return Entry(**values)


def _header(line: str, path: Path) -> Header:
    try:
        values = json.loads(line)
        if values.pop("format") != FORMAT:
            raise ValueError("another version of avbench wrote it")
        values["problems"] = tuple(Problem(p["kind"], p["text"], tuple(p["paths"])) for p in values["problems"])
        return Header(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadFile(f"The manifest {path} cannot be read ({error}): run `avbench data prepare` again.") from error


def _open(corpus: str) -> tuple[Header, Iterator[str]]:
    """The header, and the lines after it, which raise `BadFile` at the end if they are not those that were written."""
    header = read_header(corpus)
    if header is None:
        raise MissingResource(
            f"The corpus {corpus} is not prepared on this machine: run `avbench data prepare {corpus} PATH`."
        )
    return header, _lines(header, manifest_folder(corpus) / "manifest.jsonl")


def _lines(header: Header, path: Path) -> Iterator[str]:
    hashed, count = hashlib.blake2b(digest_size=16), 0
    again = f"run `avbench data prepare {header.corpus}` again."
    with path.open(encoding="utf-8", newline="") as handle:
        handle.readline()
        try:
            for line in handle:
                hashed.update(line.encode())
                count += 1
                if not line.endswith("}\n"):
                    break
                yield line
        except UnicodeDecodeError as error:
            raise BadFile(f"The manifest {path} is damaged: {again}") from error
    if hashed.hexdigest() != header.digest or count != header.entries:
        raise BadFile(f"The manifest {path} is damaged: {again}")
