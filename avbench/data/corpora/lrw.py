"""LRW: single words of British television, 29 frames each, the word in the middle (Chung and Zisserman 2016).

Conventions: the text of a clip is its word in lower case; its time is in seconds from the start of the clip, the centre
of the clip ± half the duration that the text file states.

Contents: `LRW`, `read_duration`.
"""

import re
from pathlib import Path

from ...errors import AvbenchError, BadFile
from ...signal.video import FPS
from ..manifest import Entry, timing
from .corpus import Corpus, Survey
from .tree import files, find_root, folders, read_text

PARTS = {"train": "train", "val": "validation", "test": "test"}
WORDS = 500
FRAMES = 29
HELD_OUT = 50  # clips of a word in val and in test


def read_duration(path: Path) -> float:
    """Length of the word in seconds.

    Raises:
        MissingResource, BadFile: it cannot be read, or has no line `Duration: … seconds`.
    """
    match = re.search(r"^Duration:\s*(\d+(?:\.\d+)?)\s*seconds", read_text(path), re.M)
    if match is None:
        raise BadFile(f"{path} has no line like `Duration: 0.53 seconds`.")
    return float(match[1])


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "LRW",
        "folders of words with train, val and test in them (ABOUT/train …)",
        ("lipread_mp4", "lrw_mp4", "LRW", "lrw"),
        lambda folder: any(n.isupper() and set(PARTS) & set(folders(folder / n)) for n in folders(folder)),
    )
    found = Survey(root, frames=FRAMES)
    words = [n for n in folders(root) if n.isupper() and set(PARTS) & set(folders(root / n))]
    for name in sorted(set(folders(root)) - set(words)):
        found.note(f"The folder {name}/ is no word with train, val or test in it and is left out.", name)
    if len(words) != WORDS:
        found.missing(f"{len(words)} of {WORDS} words are there.")
    for word in words:
        for part in PARTS:
            _part(found, word, part)
    return found


def _part(found: Survey, word: str, part: str) -> None:
    folder = found.root / word / part
    names = files(folder, ".mp4", ".txt")
    if not names:
        found.each("missing", "folders of a word are absent or empty", f"{word}/{part}")
        return
    texts = {n[:-4] for n in names if n.endswith(".txt")}
    videos = [n[:-4] for n in names if n.endswith(".mp4")]
    if part != "train" and len(videos) != HELD_OUT:
        found.each("missing", f"folders have not the {HELD_OUT} clips that val and test have", f"{word}/{part}")
    for name in sorted(texts - set(videos)):
        found.each("missing", "texts have no mp4 beside them", f"{word}/{part}/{name}.txt")
    for name in videos:
        path = f"{word}/{part}/{name}"
        found.entries.append(
            Entry(
                id=f"{part}-{name.lower()}",
                split=PARTS[part],
                text=word.lower(),
                timing=_time(found, word, path, name in texts),
                video=f"{path}.mp4",
                audio=f"{path}.mp4",
                traits={"word": word},
            )
        )


def _time(found: Survey, word: str, path: str, has_text: bool) -> str:
    if not has_text:
        found.each("missing", "clips have no text beside them and are used without the word's time", f"{path}.mp4")
        return ""
    try:
        half = read_duration(found.root / f"{path}.txt") / 2
    except AvbenchError as error:
        found.broken(f"{error} The clip is used without the word's time.", f"{path}.txt")
        return ""
    centre = FRAMES / FPS / 2
    return timing([(word.lower(), max(0.0, centre - half), min(FRAMES / FPS, centre + half))])


LRW = Corpus(
    name="lrw",
    title="LRW: 500 words of British television, 29 frames each",
    obtain="By agreement with the BBC, through Oxford's Visual Geometry Group.",
    licence="research only, by agreement with the BBC",
    layout="""\
ABOUT/train/ABOUT_00001.mp4 and ABOUT_00001.txt      one folder for each of 500 words, in capitals
ABOUT/val/  ABOUT/test/                              the upper folder is usually lipread_mp4/""",
    splits="Official: train, val and test of every word (val and test 50 clips each).",
    survey=survey,
    unconfirmed=(
        "50 clips of every word in val and in test",
        "256 × 256 pixels: not relied on",
        "lines of the text file other than Duration",
    ),
)
