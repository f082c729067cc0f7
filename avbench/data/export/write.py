"""Writes an export, and goes on with one that was begun.

    avbench-export.json   what is exported here, and that it is synthetic; written first; whoever goes on compares
    avbench-export.tsv    of every clip its place in this folder, its name, speaker and split; those to come as well

Every file is written aside and renamed, and a file that is there is kept: what was cut short, or left out by split or
limit, is added by the same command. Names and contents do not depend on workers or order.

Contents: `Exported`, `export`.
"""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...processors import processes, usable_processors
from ...signal.files import atomic_write, file_lock, refusal
from ..dataset import Progress, Say
from ..synth.cache import source_digest
from ..synth.spec import CorpusSpec
from . import MARKER, find_layout
from .layout import Layout

if TYPE_CHECKING:
    from ..synth.corpus import SynthDataset

LIST, LOCK = "avbench-export.tsv", ".avbench-export.lock"
LEAST_CLIPS = 4  # for each process: starting one takes as long as some clips
AHEAD = 3  # clips in hand for each process


@dataclass(frozen=True)
class Exported:
    """What an export did.

    Args:
        root: the folder.
        corpus: the adapter that reads it.
        clips: that were asked for.
        written: files that were written now.
        kept: files of these clips that were there.
        size: of what was written now, bytes.
    """

    root: Path
    corpus: str
    clips: int
    written: int
    kept: int
    size: int


def export(
    layout: str,
    root: str | Path,
    *,
    size: str = "tiny",
    splits: Sequence[str] | None = None,
    limit: int | None = None,
    spec: CorpusSpec | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Exported:
    """Write the part of the embedded corpus that has the role of a corpus, in that corpus' layout.

    Args:
        layout: of `LAYOUTS`.
        root: a new or empty folder, or one in which the same was begun.
        size: of the part's.
        splits: which; all that the layout has a place for unless given.
        limit: only the first so many clips of each split.
        spec: of the corpus.
        workers: processes; as many as processors and clips are worth unless given. With more than one, a program must
            be guarded by `if __name__ == "__main__"`, as processes of Python are.
        progress: called with clips done and clips to do.
        say: called with a sentence when this process has to wait for another.

    Raises:
        UnknownName: no such layout, size or split.
        UsageError: the folder holds something else, or the layout has no place for a split.
        MissingResource: no speech engine, no encoder, no right to write, no space.
    """
    chosen, root, spec = find_layout(layout), Path(root).expanduser(), spec or CorpusSpec()
    places = {split: chosen.places(size, split) for split in _wanted(chosen, size, splits)}
    clips = [(split, i, place) for split, all_ in places.items() for i, place in list(all_.items())[:limit]]
    _check_folder(root, chosen, spec, size)
    with file_lock(root / LOCK, lambda: say and say(f"Another process exports to {root}; waiting for it.")):
        written = _begin(root, chosen, spec, size)
        datasets = {s: chosen.source.open(f"{chosen.source.root}/{size}", s, size, spec) for s in places}
        todo = [(s, i, place) for s, i, place in clips if _absent(root, chosen, datasets[s], i, place)]
        for split, dataset in datasets.items():
            ids = [i for s, i, _ in todo if s == split]
            if ids:
                dataset.prepare(ids, workers=workers, say=say)
        count = sum(len(chosen.files(datasets[s], i, place)) for s, i, place in clips)
        made = []
        for done, sizes in enumerate(_each(root, layout, datasets, todo, workers), len(clips) - len(todo) + 1):
            made += sizes
            if progress is not None:
                progress(done, len(clips))
    return Exported(root, chosen.corpus, len(clips), len(made) + len(written), count - len(made), sum(made + written))


def _wanted(layout: Layout, size: str, splits: Sequence[str] | None) -> list[str]:
    """The splits, each once, in the layout's order."""
    for split in splits or ():
        layout.source.check(size, split)
        if split not in layout.splits:
            raise UsageError(f"{layout.name} has no place for the {split} split: it has {' and '.join(layout.splits)}.")
    return [s for s in layout.splits if splits is None or s in splits]


def _marker(layout: Layout, spec: CorpusSpec, size: str) -> dict:
    from .media import TAG

    return {
        "about": TAG,
        "layout": layout.name,
        "version": layout.version,
        "dataset": f"{layout.source.root}/{size}",
        "corpus": spec.fingerprint,
        "sources": source_digest(layout.part),
    }


def _check_folder(root: Path, layout: Layout, spec: CorpusSpec, size: str) -> None:
    """Raises `UsageError` where the folder holds anything but the beginning of this export."""
    try:
        there = [child.name for child in root.iterdir()] if root.is_dir() else []
        begun = json.loads((root / MARKER).read_bytes()) if MARKER in there else None
    except OSError as error:
        raise refusal(error, root) from error
    except ValueError:
        begun = {}
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file: choose a new folder.")
    if begun is None and any(not name.startswith(f".{MARKER}") and name != LOCK for name in there):
        raise UsageError(f"{root} holds other files: choose a new folder.")
    if begun is not None and begun != _marker(layout, spec, size):
        raise UsageError(
            f"{root} holds an export of another layout, size, corpus or version (see {MARKER} there): choose a new "
            "folder."
        )


def _begin(root: Path, layout: Layout, spec: CorpusSpec, size: str) -> list[int]:
    """Write what is not of any clip, unless it is there; sizes of what was written."""
    for leftover in root.rglob(".*.part"):  # of a process that was killed: nobody else writes while we hold the lock
        with suppress(OSError):
            leftover.unlink()
    rows = [
        f"{place}\t{i}\t{layout.source.speaker(i)}\t{split}"
        for split in layout.splits
        for i, place in layout.places(size, split).items()
    ]
    texts = {
        MARKER: json.dumps(_marker(layout, spec, size), indent=1) + "\n",
        LIST: "\n".join(["place\tclip\tspeaker\tsplit", *rows]) + "\n",
        **layout.tables(spec, size),
    }
    return [_write(root / name, text.encode()) for name, text in texts.items() if not (root / name).is_file()]


def _absent(root: Path, layout: Layout, dataset: "SynthDataset", clip_id: str, place: str) -> list[str]:
    """The files of a clip that are not there yet."""
    return [name for name in layout.files(dataset, clip_id, place) if not (root / name).is_file()]


def _write(path: Path, content: bytes) -> int:
    with atomic_write(path) as handle:
        handle.write(content)
    return len(content)


def _write_clip(root: Path, name: str, dataset: "SynthDataset", clip_id: str, place: str) -> list[int]:
    """Write what is absent of a clip; sizes of the files."""
    layout = find_layout(name)
    files = layout.files(dataset, clip_id, place)
    return [_write(root / path, files[path]()) for path in _absent(root, layout, dataset, clip_id, place)]


def _each(root: Path, layout: str, datasets: dict, todo: list, workers: int | None) -> Iterator[list[int]]:
    """Write the clips, in any order; sizes of the files of each."""
    if workers is None:
        workers = max(1, min(usable_processors(), len(todo) // LEAST_CLIPS))
    workers = min(workers, len(todo))
    if workers <= 1:
        for split, clip_id, place in todo:
            yield _write_clip(root, layout, datasets[split], clip_id, place)
        return
    with processes(workers, _begin_worker, root, layout, datasets) as pool:
        waiting: set = set()
        for job in todo:
            waiting.add(pool.submit(_do, *job))
            if len(waiting) > AHEAD * workers:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (d.result() for d in done)
        yield from (w.result() for w in waiting)


_given: tuple = ()


def _begin_worker(*given) -> None:
    global _given
    _given = given


def _do(split: str, clip_id: str, place: str) -> list[int]:
    root, layout, datasets = _given
    return _write_clip(root, layout, datasets[split], clip_id, place)
