"""EasyCom: conversations around a table with noise, recorded by glasses (Donley et al. 2021).

Conventions: a clip is one utterance of somebody with a close microphone: its sound is cut out of the close microphone's
minute, `dataset.sound(clip, "array")` is the glasses' array over the same time (mean of its channels; the file itself
is `dataset.path(clip, "array")`). Frame numbers of the annotations are at 20 fps, counted from 0.

The pictures show several faces from the wearer's side at 20 fps, so no mouth is cut out of them:
`dataset.path(clip, "film")` and `"boxes"` lead to film and face boxes, `dataset.entry(id).window` to the time.

Contents: `EASYCOM`, `plain_words`.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ...errors import AvbenchError, BadFile
from ..manifest import Entry
from .corpus import Corpus, Survey, expect
from .probe import Facts
from .tree import files, find_root, folders, read_text

SESSIONS = tuple(f"Session_{n}" for n in range(1, 13))
VALIDATION, TEST = (4, 12), (10, 11)
FPS = 20
CHANNELS = 6
CLOSE, TEXTS = "Close_Microphone_Audio", "Speech_Transcriptions"
OTHERS = {
    "array": ("Glasses_Microphone_Array_Audio", ".wav"),
    "film": ("Video_Compressed", ".mp4"),
    "boxes": ("Face_Bounding_Boxes", ".json"),
}


def plain_words(text: str) -> str:
    """A transcription without its marks: `[L]` and the like, `*` around mispronounced words, `-` of interruptions.

    Example:
        >>> plain_words("[L] so I *wen* home- [U]")
        'so I wen home'
    """
    return " ".join(re.sub(r"-(?=\s|$)", "", re.sub(r"\[[A-Z]\]|\*", " ", text)).split())


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "EasyCom",
        f"the folders {CLOSE} and {TEXTS}",
        ("Main", "EasyComDataset/Main", "EasyCom/Main"),
        lambda folder: (folder / CLOSE).is_dir() or (folder / TEXTS).is_dir(),
    )
    found = Survey(root)
    kinds = (CLOSE, TEXTS, *(kind for kind, _ in OTHERS.values()))
    expect(found, "folders of EasyCom", kinds, folders(root))
    sessions = expect(found, "sessions", SESSIONS, folders(root / TEXTS))
    for session in sessions:
        stems = [n[:-5] for n in files(root / TEXTS / session, ".json")]
        close = set(files(root / CLOSE / session, ".wav"))
        for stem in stems:
            _segment(found, session, stem, close)
        transcribed = {name for name in close if name.partition("_Participant")[0] in set(stems)}
        for name in sorted(close - transcribed):
            found.each("missing", "close microphones have no transcription", f"{CLOSE}/{session}/{name}")
    if any(k in folders(root) for k in ("Video_Compressed",)):
        found.note("The film shows several faces at 20 fps: no mouths are cut out of it (see the section on EasyCom).")
    return found


def _segment(found: Survey, session: str, stem: str, close: set[str]) -> None:
    """The utterances of one minute."""
    number = int(session.removeprefix("Session_"))
    path = f"{TEXTS}/{session}/{stem}.json"
    try:
        rows = _utterances(found.root / path)
    except AvbenchError as error:
        found.broken(f"{error} The minute is left out.", path)
        return
    others = _others(found, session, stem)
    for row, (person, start, end, text, target) in enumerate(rows):
        name = f"{stem}_Participant_ID_{person}.wav"
        if name not in close:
            found.each("note", "utterances are of somebody without a close microphone and are left out", path)
            continue
        found.entries.append(
            Entry(
                id=f"s{number:02d}-{stem}-p{person}-{row:03d}",
                split="validation" if number in VALIDATION else "test" if number in TEST else "train",
                speaker=f"s{number:02d}-p{person}",
                text=plain_words(text),
                audio=f"{CLOSE}/{session}/{name}",
                window=(start / FPS, end / FPS),
                traits={"session": number, "marked": text, "target": target},
                others=others,
            )
        )


def _others(found: Survey, session: str, stem: str) -> dict[str, str]:
    others = {}
    for name, (kind, suffix) in OTHERS.items():
        path = f"{kind}/{session}/{stem}{suffix}"
        if (found.root / path).is_file():
            others[name] = path
        elif (found.root / kind).is_dir():
            found.each("missing", f"minutes have no {name}", path)
    return others


def _utterances(path: Path) -> list[tuple[str, int, int, str, str]]:
    """Participant, first and last frame, text and target of every utterance.

    Raises:
        MissingResource, BadFile: it cannot be read, or has another form.
    """
    try:
        rows = json.loads(read_text(path))
        return [
            (
                str(row["Participant_ID"]),
                int(row["Start_Frame"]),
                int(row["End_Frame"]),
                str(row["Transcription"]),
                str(row.get("Target_of_Speech")),
            )
            for row in rows
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise BadFile(f"{path} is no list of utterances with Participant_ID, Start_Frame, …: {error!r}.") from error


def _check(found: Survey, facts: Mapping[str, Facts]) -> None:
    for path in sorted({e.others["array"] for e in found.entries if "array" in e.others}):
        if not facts[path].problem and facts[path].channels != CHANNELS:
            found.each("note", f"recordings of the array have not the {CHANNELS} channels that they should", path)


EASYCOM = Corpus(
    name="easycom",
    title="EasyCom: conversations in noise, recorded by glasses",
    obtain="Free from the repository facebookresearch/EasyComDataset, with git-lfs.",
    licence="CC BY-NC 4.0",
    layout="""\
Main/Speech_Transcriptions/Session_1/01-00-288.json
Main/Close_Microphone_Audio/Session_1/01-00-288_Participant_ID_4.wav
Main/Glasses_Microphone_Array_Audio/Session_1/01-00-288.wav      6 channels
Main/Video_Compressed/Session_1/01-00-288.mp4                    20 fps
Main/Face_Bounding_Boxes/Session_1/01-00-288.json
(without git-lfs these are pointer files of 130 bytes: run `git lfs pull`)""",
    splits="As its authors recommend: validation is sessions 4 and 12, test 10 and 11, train the others.",
    survey=survey,
    check=_check,
    unconfirmed=(
        "the nesting of the JSON files and the key Transcription",
        "whether frame numbers count from 0 or 1",
        "whether a Participant_ID is the same person in two sessions: speakers are named by session too",
    ),
)
