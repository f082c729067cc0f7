"""AVSpeech: pieces of 3 to 10 s with one visible speaker, by two lists (Ephrat et al. 2018).

Conventions: the lists have five columns without header: YouTube id, start and end in seconds, centre of the face as
fractions of width and height. No clips are given out, and users name theirs in many ways; taken are
`<id>_<start>.mp4`, with the start as in the list or with as few digits as it needs, anywhere in `train/` and `test/` or
beside the lists.

Contents: `AVSPEECH`.
"""

import csv
from pathlib import Path

from ...errors import AvbenchError
from ..manifest import Entry
from .corpus import Corpus, Survey, expect
from .tree import files, find_root, read_text, unique_ids

LISTS = {"avspeech_train.csv": "train", "avspeech_test.csv": "test"}
VIDEO = (".mp4", ".mkv", ".webm")


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "AVSpeech",
        "avspeech_train.csv or avspeech_test.csv",
        ("AVSpeech", "avspeech"),
        lambda folder: any((folder / n).is_file() for n in LISTS),
    )
    found = Survey(root)
    names = []
    for name in expect(found, "lists of AVSpeech", LISTS, files(root, ".csv")):
        split = LISTS[name]
        clips = {n.rpartition(".")[0]: f"{split}/{n}" for n in files(root / split, *VIDEO)}
        clips |= {n.rpartition(".")[0]: n for n in files(root, *VIDEO)}
        absent = 0
        for video, start, end, x, y in _rows(found, name):
            stems = dict.fromkeys((f"{video}_{start}", f"{video}_{float(start):g}", f"{video}_{float(start):.1f}"))
            stem = next((s for s in stems if s in clips), None)
            if stem is None:
                absent += 1
                continue
            names.append(f"{split}-{stem}")
            traits = {"x": float(x), "y": float(y), "listed_seconds": round(float(end) - float(start), 3)}
            entry = Entry(id=stem, split=split, speaker=video, video=clips[stem], audio=clips[stem], traits=traits)
            found.entries.append(entry)
        if absent:
            found.missing(f"{absent} pieces of {name} are not there as ID_START.mp4.", name)
    from dataclasses import replace

    pairs = zip(found.entries, unique_ids(names), strict=True)
    found.entries = [replace(entry, id=clip_id) for entry, clip_id in pairs]
    return found


def _rows(found: Survey, name: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(read_text(found.root / name).splitlines()))
    except (AvbenchError, csv.Error) as error:
        found.broken(f"{error} Its pieces are left out.", name)
        return []
    good = []
    for row in rows:
        try:
            [float(v) for v in row[1:]]
            if len(row) == 5:
                good.append(row)
                continue
        except ValueError:
            pass
        found.each("broken", "lines are not id, start, end, x, y", f"{name}: {','.join(row)}")
    return good


AVSPEECH = Corpus(
    name="avspeech",
    title="AVSpeech: pieces of YouTube videos with one visible speaker",
    obtain="The two lists from Google's page on AVSpeech; each piece is cut out of its YouTube video by the user.",
    licence="lists CC BY 4.0 (confirm there); the videos belong to their makers",
    layout="""\
avspeech_train.csv  avspeech_test.csv
train/ID_START.mp4  test/ID_START.mp4        pieces as the user cut them""",
    splits="Official: the two lists; there is no validation split.",
    survey=survey,
    unconfirmed=("everything: no list and no piece was seen", "the number of digits of a start"),
)
