"""LRW-1000: Mandarin words of television, as pictures of mouths (Yang et al. 2019).

Conventions: pictures lie at 25 fps as `images/<clip>/N.jpg`, N from 1; the one at a time t is number int(25 t) + 1.
They show mouths in varying size: they are brought to 96 × 96 and the middle 88 × 88 is taken. Where pictures are
missing the last one before is shown, and how many are missing stands in the traits and in the report.

There are some thirty million pictures: of each folder of them the names and sizes are hashed, not the content. Sound is
hashed as everywhere.

Contents: `LRW_1000`, `mouth_of_pictures`.
"""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import AvbenchError, BadFile, MissingResource
from ...signal.audio import check_readable
from ...signal.video import FPS
from ...types import Video
from ..manifest import Entry
from .corpus import Corpus, Survey, expect
from .tree import files, find_root, folders, read_text, unique_ids

if TYPE_CHECKING:
    from .opened import CorpusDataset

LISTS = {"trn_1000.txt": "train", "val_1000.txt": "validation", "tst_1000.txt": "test"}
JOIN = "all_audio_video.txt"
CLASSES = 1000
SAMPLES = 718018
LARGE, MOUTH = 96, 88


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "LRW-1000",
        "the folders images and info",
        ("LRW1000_Public", "LRW-1000", "lrw-1000"),
        lambda folder: (folder / "info").is_dir() and (folder / "images").is_dir(),
    )
    found = Survey(root)
    expect(found, "folders of LRW-1000", ("images", "audio", "info"), folders(root))
    lists = expect(found, "lists in info/", (*LISTS, JOIN), files(root / "info"))
    sounds = _sounds(found) if JOIN in lists else {}
    rows = [(LISTS[n], *row) for n in LISTS if n in lists for row in _rows(found, f"info/{n}", 5)]
    rows.sort(key=lambda row: row[1])  # clip by clip, so that each folder is listed once
    ids = unique_ids([f"{split}-{row[0]}-{row[2]}-{row[3]}-{row[4]}" for split, *row in rows])
    for clip_id, (split, *row) in zip(ids, rows, strict=True):
        _add(found, clip_id, split, row, sounds)
    labels = {row[3] for row in rows}
    if len(labels) != CLASSES or len(rows) != SAMPLES:
        found.missing(f"{len(rows)} of {SAMPLES} samples of {len(labels)} of {CLASSES} words are listed.")
    return found


def _add(found: Survey, clip_id: str, split: str, row: list[str], sounds: dict) -> None:
    clip, word, label, start, end = row
    folder = f"images/{clip}"
    try:
        first, last = int(float(start) * FPS) + 1, int(float(end) * FPS) + 1
    except ValueError:
        found.each("broken", "lines have times that are not numbers", f"info: {','.join(row)}")
        return
    wanted = range(first, last + 1)
    there = _numbers(found.root / folder).intersection(wanted)
    if not there:
        found.each("broken", "samples have none of their pictures", folder)
        return
    absent = len(wanted) - len(there)
    if absent:
        found.each("note", "samples lack some of their pictures; the last one before is shown", folder)
    audio = sounds.get((clip, start, end)) or sounds.get(clip)
    audio = audio and f"audio/{audio}.wav"
    if audio is None or not (found.root / audio).is_file():
        found.each("missing", "samples have no sound", audio or folder)
        audio = None
    found.entries.append(
        Entry(
            id=clip_id,
            split=split,
            text=word,
            audio=audio,
            frames=len(wanted),
            traits={"pinyin": label, "first": first, "missing_pictures": absent},
            others={"pictures": folder},
        )
    )


@lru_cache(maxsize=4)
def _numbers(folder: Path) -> frozenset[int]:
    """Numbers of the pictures in a folder."""
    return frozenset(int(n[:-4]) for n in files(folder, ".jpg") if n[:-4].isdigit())


def _rows(found: Survey, path: str, least: int) -> list[list[str]]:
    """Comma-separated fields of a list; none, and a note, where it cannot be read."""
    try:
        lines = read_text(found.root / path).splitlines()
    except AvbenchError as error:
        found.broken(f"{error} Its samples are left out.", path)
        return []
    rows = []
    for line in filter(str.strip, lines):
        fields = [f.strip() for f in line.split(",")]
        if len(fields) < least:
            found.each("broken", f"lines have fewer than {least} fields", f"{path}: {line.strip()}")
        else:
            rows.append(fields[:least])
    return rows


def _sounds(found: Survey) -> dict:
    """Sound of a clip's word, and of a clip, by what joins them."""
    sounds: dict = {}
    for clip, audio, _, _, start, end in _rows(found, f"info/{JOIN}", 6):
        sounds[(clip, start, end)] = audio
        sounds[clip] = None if sounds.get(clip, audio) != audio else audio  # a clip of several sounds needs its times
    return sounds


def mouth_of_pictures(dataset: "CorpusDataset", entry: Entry) -> Video:
    """`[F, 88, 88, 1]` at 25 fps. Raises `MissingResource` or `BadFile`."""
    from PIL import Image

    folder, first = dataset.root / entry.others["pictures"], entry.traits["first"]
    numbers = _numbers(folder)
    shown, last = [], None
    for number in range(first, first + entry.frames):
        if number in numbers:
            path = folder / f"{number}.jpg"
            check_readable(path)
            try:
                with Image.open(path) as image:
                    last = np.asarray(image.convert("L").resize((LARGE, LARGE), Image.Resampling.BILINEAR))
            except (OSError, ValueError) as error:
                raise BadFile(f"{path} cannot be read as a picture: {error}.") from error
        shown.append(last)
    known = next((s for s in shown if s is not None), None)
    if known is None:
        raise MissingResource(f"{folder} has none of the pictures of {entry.id}.")
    edge = (LARGE - MOUTH) // 2
    stack = np.stack([known if s is None else s for s in shown])
    return Video(np.ascontiguousarray(stack[:, edge : edge + MOUTH, edge : edge + MOUTH, None]), float(FPS))


LRW_1000 = Corpus(
    name="lrw-1000",
    title="LRW-1000: 1,000 Mandarin words, pictures of mouths",
    obtain="By agreement with the Institute of Computing Technology of the Chinese Academy of Sciences (VIPL).",
    licence="research only, by agreement",
    layout="""\
images/CLIP/1.jpg 2.jpg …                   pictures of mouths at 25 fps, some missing
audio/SOUND.wav
info/trn_1000.txt  val_1000.txt  tst_1000.txt      clip, word, pinyin, start, end
info/all_audio_video.txt                           clip, sound, word, pinyin, start, end""",
    splits="Official: the three lists in info/.",
    survey=survey,
    mouth=mouth_of_pictures,
    needs=("pictures",),
    unconfirmed=(
        "that a sound file holds just the word of its sample: where its length differs from the pictures' by more than "
        "two frames, the report says so and the pictures are not used",
        "that the last picture is number int(25 end) + 1",
        "the second field as the word in characters",
        "the encoding of the lists: UTF-8 is asked for",
    ),
)
