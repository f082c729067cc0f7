"""From a tree to a manifest: look, read every file once, leave out what is broken, keep the rest.

Contents: `prepare`, `verify_files`, `counts_of`.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from ...errors import BadFile, UsageError
from ...processors import usable_processors
from ...signal.audio import RATE
from ...signal.files import file_digest, file_lock
from ...signal.video import FPS, frames_for
from ..dataset import Progress, Say
from ..export import OWN_LICENCE, is_export
from ..manifest import (
    Entry,
    Manifest,
    manifest_folder,
    read_manifest,
    read_texts,
    write_manifest,
)
from .census import census
from .corpus import Corpus, Survey
from .probe import Facts
from .tree import Seen, folder_digest, watched

SLACK = 2  # frames by which the pictures may be fewer or more than the sound asks for
SHOWN = 3


def prepare(
    corpus: Corpus,
    root: str | Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
    options: Mapping[str, str] | None = None,
) -> Manifest:
    """Make the manifest of a corpus and keep it in the cache; two processes do it one after the other.

    Args:
        corpus: which.
        root: the folder that directly holds the corpus, or the one above it.
        workers: threads that read; as many as there are processors unless given.
        progress: called with files read and files in all.
        say: called with a sentence when this process has to wait for another.
        options: of `corpus.takes`.

    Raises:
        MissingResource: no such folder; the cache cannot be written.
        BadFile: the folder holds something else, or no clip that can be used.
        UsageError: an option that the corpus does not take.
    """
    given = {k: v for k, v in (options or {}).items() if v is not None}
    for name in given:
        if name not in corpus.takes:
            raise UsageError(f"{corpus.name} takes no --{name}.")
    with watched() as seen:
        survey = corpus.survey(Path(root), **given)

    def waiting() -> None:
        if say is not None:
            say(f"Another process prepares {corpus.name}; waiting for it.")

    with file_lock(manifest_folder(corpus.name) / "lock", waiting):
        paths = {p for e in survey.entries for p in e.paths}
        folders = {p for p in paths if (survey.root / p).is_dir()}
        facts = census(corpus.name, survey.root, paths - folders, workers, progress)
        listed = _listed(survey.root, sorted(folders), workers)
        if corpus.check is not None:
            corpus.check(survey, facts)
        entries = [done for e in _once(survey) if (done := _measured(corpus, e, facts, listed, survey)) is not None]
        _gather(survey, facts, seen)
        synthetic = is_export(survey.root)
        if synthetic:
            survey.note(
                f"This is not {corpus.name} itself but the embedded corpus in its layout: synthetic. "
                f"Licence: {OWN_LICENCE}."
            )
        problems = survey.settle()
        if not entries:
            raise BadFile(_nothing(corpus, survey))
        entries.sort(key=lambda e: e.id)
        fingerprint = corpus.fingerprint(entries, synthetic)
        manifest = Manifest(corpus.name, survey.root, tuple(entries), problems, fingerprint, synthetic)
        texts = {os.path.relpath(path.absolute(), survey.root): found for path, found in seen.texts.items()}
        write_manifest(manifest, counts_of(corpus, entries), survey.options, texts)
    return manifest


def counts_of(corpus: Corpus, entries: Iterable[Entry]) -> dict[str, dict[str, dict]]:
    """Clips, speakers, seconds and clips with a picture, by name of data set and split."""
    entries, table = list(entries), {}
    for name in corpus.names:
        variant = name.partition("/")[2]
        rows: dict[str, dict] = {}
        speakers: dict[str, set] = defaultdict(set)
        for entry in entries:
            split = entry.split_of(variant) or "none"
            if split == "none" and any((entry.split, *entry.splits.values())):
                continue  # it is of another name
            row = rows.setdefault(split, {"clips": 0, "speakers": 0, "seconds": 0.0, "pictured": 0})
            row["clips"] += 1
            row["seconds"] += entry.seconds
            row["pictured"] += entry.frames > 0 or entry.picture is not None or "scene" in entry.others
            if entry.speaker is not None:
                speakers[split].add(entry.speaker)
        for split, row in rows.items():
            row["speakers"], row["seconds"] = len(speakers[split]), round(row["seconds"], 3)
        table[name] = dict(sorted(rows.items()))
    return table


def verify_files(
    corpus: str, workers: int | None = None, progress: Progress | None = None
) -> tuple[tuple[bool, str], ...]:
    """Read every file and every text of a prepared corpus again and compare its content; of folders, names and sizes.

    Returns:
        One `(passed, sentence)` for files that are gone and one for files that differ, the first of each by name.

    Raises:
        MissingResource: the corpus was not prepared, or its root is gone.
        BadFile: the manifest is damaged.
    """
    manifest = read_manifest(corpus)
    check_root(corpus, manifest.root)
    wanted = {path: value for e in manifest.entries for path, value in e.digests.items()} | read_texts(corpus)
    paths = sorted(wanted)
    gone = [p for p in paths if not (manifest.root / p).exists()]
    present = sorted(set(paths) - set(gone))
    different = _different(manifest.root, present, wanted, workers, progress)
    there = f"{len(present)} of {len(paths)} files are there."
    same = f"{len(present) - len(different)} of {len(present)} files are as they were when the corpus was prepared."
    return (
        (not gone, f"{there} The first that is missing: {manifest.root / gone[0]}." if gone else there),
        (not different, f"{same} The first that differs: {manifest.root / different[0]}." if different else same),
    )


def check_root(corpus: str, root: Path) -> None:
    """Raises `MissingResource` where the folder of a prepared corpus is gone."""
    from ...errors import MissingResource

    if not root.is_dir():
        raise MissingResource(
            f"{corpus} was prepared from {root}, which is not there any more: "
            f"run `avbench data prepare {corpus} PATH` with where it lies now."
        )


def _different(root: Path, paths: list[str], wanted: Mapping[str, str], workers, progress) -> list[str]:
    def digest_of(path: str) -> str:
        try:
            return folder_digest(root / path) if (root / path).is_dir() else file_digest(root / path)
        except BadFile:
            return "unreadable"

    different = []
    with ThreadPoolExecutor(workers or usable_processors()) as pool:
        for done, (path, found) in enumerate(zip(paths, pool.map(digest_of, paths), strict=True), 1):
            if found != wanted[path]:
                different.append(path)
            if progress is not None:
                progress(done, len(paths))
    return different


def _once(survey: Survey) -> list[Entry]:
    """The entries, of those that share an id the first."""
    first: dict[str, Entry] = {}
    for entry in survey.entries:
        if first.setdefault(entry.id, entry) is not entry:
            path = entry.video or entry.audio or entry.picture or entry.id
            survey.each("broken", "clips are called like another one and are left out", path)
    return list(first.values())


def _listed(root: Path, folders: list[str], workers: int | None) -> dict[str, str]:
    """Digests of whole folders, by names and sizes."""
    with ThreadPoolExecutor(workers or usable_processors()) as pool:
        return dict(zip(folders, pool.map(folder_digest, (root / f for f in folders)), strict=True))


def _measured(
    corpus: Corpus, entry: Entry, facts: Mapping[str, Facts], listed: Mapping[str, str], survey: Survey
) -> Entry | None:
    """The entry with lengths and digests; None if it cannot be used, which `_gather` or this has noted."""
    bad = {p for p in entry.paths if p in facts and facts[p].problem}
    if bad.intersection((entry.video, entry.audio, entry.picture, *(entry.others.get(n) for n in corpus.needs))):
        return None
    entry = replace(entry, others={name: path for name, path in entry.others.items() if path not in bad})
    video = facts.get(entry.video) if entry.video else None
    audio = facts.get(entry.audio) if entry.audio else None
    digests = {p: facts[p].digest if p in facts else listed[p] for p in entry.paths if p in facts or p in listed}
    if video is not None and not video.shown:
        survey.broken(f"{entry.video} has no pictures.", entry.video)
        return None
    if video is not None and survey.frames is not None and video.shown != survey.frames:
        survey.broken(f"{entry.video} has {video.shown} pictures instead of {survey.frames}: cut off?", entry.video)
        return None
    if audio is not None and not audio.samples:
        survey.broken(f"{entry.audio} has pictures and no sound.", entry.audio)
        return None
    samples = audio.samples if audio is not None else 0
    frames = video.frames if video is not None else entry.frames
    filling = samples - video.ends if video is not None and entry.audio == entry.video else 0
    if not 0 < filling <= (audio.packet if audio is not None else 0):
        filling = 0  # what outlasts the pictures by more than a codec needs to fill its last packet was recorded
    samples -= filling
    seconds = samples / RATE if samples else frames / FPS
    if entry.window is not None:
        return _windowed(replace(entry, digests=digests), seconds, survey)
    if survey.frames is not None and samples and frames_for(samples) < frames - SLACK:
        survey.broken(f"{entry.video} shows {frames / FPS:.2f} s and sounds {seconds:.2f} s: cut off?", entry.video)
        return None
    if samples and frames and abs(frames - frames_for(samples)) > SLACK:
        text = "clips have pictures and sound of different lengths, so their pictures are not used"
        survey.each("note", text, entry.video or entry.id)
        frames = 0
    return replace(entry, seconds=seconds, frames=frames, filling=filling, digests=digests)


def _windowed(entry: Entry, seconds: float, survey: Survey) -> Entry | None:
    """A part of a file, by the sample: frame boundaries lie on whole samples of 16 kHz."""
    start, end = entry.window
    if end > seconds + SLACK / FPS:
        survey.broken(f"{entry.id} ends at {end:.2f} s, and {entry.audio} is {seconds:.2f} s long.", entry.audio)
        return None
    samples = min(round(end * RATE), round(seconds * RATE)) - round(start * RATE)
    if samples <= 0:
        survey.broken(f"{entry.id} ends before it begins.", entry.audio)
        return None
    return replace(entry, seconds=samples / RATE, frames=frames_for(samples) if entry.video else 0)


def _gather(survey: Survey, facts: Mapping[str, Facts], seen: Seen) -> None:
    """Note every broken file, with its own sentence, and names that nobody can write down."""
    for path in sorted(seen.nameless):
        if Path(path).is_relative_to(survey.root):
            shown = os.fsencode(os.path.relpath(path, survey.root)).decode("utf-8", "backslashreplace")
            survey.each("broken", "names are not UTF-8 and are passed over", shown)
    for path in sorted(facts):
        if facts[path].problem:
            survey.broken(facts[path].problem, path)


def _nothing(corpus: Corpus, survey: Survey) -> str:
    first = sorted(survey.problems, key=lambda p: p.kind != "broken")  # that is what stands between here and a clip
    ones = " ".join(p.text for p in first[:SHOWN])
    more = f" … and {len(survey.problems) - SHOWN} more." if len(survey.problems) > SHOWN else ""
    return f"No clip of {corpus.title} below {survey.root} can be used. {ones}{more}".rstrip()
