"""LRS3-TED: sentences of TED talks, faces cut out (Afouras et al. 2018).

Conventions: transcripts stay as the corpus writes them, in capitals, without the braces; word times are in seconds from
the start of the clip; the speaker is the talk, because nothing else is known.

A text has up to three blocks: lines `key:  value`, a table of face boxes headed FRAME, a table of words headed WORD.
Not every file has the third.

Contents: `LRS3`, `read_lrs3_text`.
"""

from collections import Counter
from pathlib import Path

from ...errors import AvbenchError, BadFile
from ..manifest import Entry, timing
from .corpus import Corpus, Survey, expect
from .tree import files, find_root, folders, read_text, unique_ids

PARTS = {"pretrain": "train", "trainval": "train", "test": "test"}
SIZES = {"pretrain": 118516, "trainval": 31982, "test": 1321}  # as its authors state them
OWN_LIST = "lrs3-valid.id"


def read_lrs3_text(path: Path) -> tuple[str, list[tuple[str, float, float]], dict[str, str]]:
    """Transcript, words with times in seconds (none where the table is absent) and the other header lines.

    Raises:
        MissingResource, BadFile: it cannot be read, has no transcript, or a word without two times.
    """
    header, words, table = {}, [], None
    for number, line in enumerate(read_text(path).splitlines(), 1):
        fields = line.split()
        if not fields:
            continue
        if fields[0] in ("FRAME", "WORD") and fields[1:2] in (["X"], ["START"]):
            table = fields[0]
        elif table == "WORD":
            try:
                words.append((_bare(fields[0]), float(fields[1]), float(fields[2])))
            except (ValueError, IndexError) as error:
                raise BadFile(f"{path}, line {number}: {line.strip()!r} is not `WORD START END`.") from error
        elif table is None and ":" in line:
            key, _, value = line.partition(":")
            header.setdefault(key.strip().lower(), _bare(value))
    if "text" not in header:
        raise BadFile(f"{path} has no line that begins with `Text:`.")
    return header.pop("text"), words, header


def survey(root: Path, validation: str | None = None) -> Survey:
    """What lies below a folder; `validation` is a file of ids that are held out of trainval."""
    root = find_root(
        root,
        "LRS3",
        "the folders pretrain, trainval and test",
        ("lrs3", "LRS3", "lrs3_v0.4", "LRS3-TED", "lrs3-ted"),
        lambda folder: any((folder / part).is_dir() for part in PARTS),
    )
    found = Survey(root)
    held_out = _held_out(found, validation)
    places = []
    for part in expect(found, "folders of LRS3", PARTS, folders(root)):
        for talk in folders(root / part):
            names = files(root / part / talk, ".mp4", ".txt")
            videos = {n[:-4] for n in names if n.endswith(".mp4")}
            texts = {n[:-4] for n in names if n.endswith(".txt")}
            for name in sorted(texts - videos):
                found.each("missing", "texts have no mp4 beside them", f"{part}/{talk}/{name}.txt")
            places += [(part, talk, name, name in texts) for name in sorted(videos)]
    counts = Counter(part for part, *_ in places)
    for part, size in SIZES.items():
        if part in counts and counts[part] != size:
            found.missing(f"{part}/ has {counts[part]} of {size} clips.", part)
    ids = unique_ids([f"{part}/{talk}/{name}" for part, talk, name, _ in places])
    for clip_id, (part, talk, name, has_text) in zip(ids, places, strict=True):
        found.entries.append(_entry(found, clip_id, part, talk, name, has_text, held_out))
    absent = held_out - {f"{part}/{talk}/{name}" for part, talk, name, _ in places}
    if absent:
        first = min(absent)
        found.missing(f"{len(absent)} of {len(held_out)} ids of the validation list are not there: {first} …", *absent)
    return found


def _entry(found: Survey, clip_id: str, part: str, talk: str, name: str, has_text: bool, held_out: set[str]) -> Entry:
    path = f"{part}/{talk}/{name}"
    text, words, header = None, [], {}
    if has_text:
        try:
            text, words, header = read_lrs3_text(found.root / f"{path}.txt")
        except AvbenchError as error:
            found.broken(f"{error} The clip is used without its words.", f"{path}.txt")
    else:
        found.each("missing", "clips have no text beside them and are used without their words", f"{path}.mp4")
    split = "validation" if path in held_out else PARTS[part]
    return Entry(
        id=clip_id,
        split=split,
        speaker=talk,
        text=text,
        timing=timing(words),
        video=f"{path}.mp4",
        audio=f"{path}.mp4",
        traits={"part": part} | ({"confidence": header["conf"]} if "conf" in header else {}),
        splits={"30h": None} if part == "pretrain" else {},
    )


def _held_out(found: Survey, given: str | None) -> set[str]:
    """Ids of `trainval/TALK/NNNNN` that are for validation."""
    path = Path(given).expanduser().resolve() if given else found.root / OWN_LIST
    if not given and not path.is_file():
        found.note(
            f"LRS3 has no official validation split: give a list of ids with --validation FILE, or put {OWN_LIST} into "
            f"{found.root}. Until then all of trainval is for training."
        )
        return set()
    ids = {line.split()[0] for line in read_text(path).splitlines() if line.strip()}
    wrong = sorted(i for i in ids if not i.startswith("trainval/") or i.count("/") != 2)
    if wrong or not ids:
        raise BadFile(f"{path} must hold lines like trainval/UGtFXtnWME4/50021, not {(wrong or ['nothing'])[0]!r}.")
    if given:
        found.options["validation"] = str(path)
    return ids


def _bare(text: str) -> str:
    return " ".join(text.replace("{", "").replace("}", "").split())


LRS3 = Corpus(
    name="lrs3",
    title="LRS3-TED: sentences of TED talks",
    obtain="By agreement with the BBC and Oxford's Visual Geometry Group; its page stopped giving out copies.",
    licence="research only, by agreement (TED material: CC BY-NC-ND 4.0)",
    layout="""\
pretrain/TALK/00001.mp4 and 00001.txt       TALK is a YouTube id of 11 characters
trainval/TALK/50001.mp4 and 50001.txt
test/TALK/00001.mp4 and 00001.txt
lrs3-valid.id                               optional: lines like trainval/UGtFXtnWME4/50021 (or --validation FILE)""",
    splits=(
        "test is official; train is pretrain and trainval (433 h), or trainval alone as lrs3/30h; there is no official "
        "validation split: the ids in the user's list are held out of trainval (AV-HuBERT's list has 1,200)."
    ),
    survey=survey,
    variants={"30h": "the same with trainval alone for training (30 h)"},
    takes={"validation": "file with the ids of trainval that are held out for validation"},
    unconfirmed=(
        "picture size (224 × 224) and sound (16 kHz mono): neither is relied on",
        "how many clips each part has",
        "which files lack the table of words",
        "how copies can be obtained today",
    ),
)
