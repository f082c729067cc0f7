"""EasyCom: conversations around a table with noise, recorded by glasses (Donley et al. 2021).

Conventions: a clip is one utterance of somebody with a close microphone: its sound is cut out of the close microphone's
minute, `dataset.sound(clip, "array")` is the glasses' array over the same time (mean of its channels; the file itself
is `dataset.path(clip, "array")`). Frame numbers of the annotations are at 20 fps, counted from 1.

The pictures show several faces from the wearer's side at 20 fps, so no mouth is cut out of them:
`dataset.path(clip, "film")` and `"boxes"` lead to film and face boxes, `dataset.entry(id).window` to the time. Under
the name `easycom/conversations` the same minutes are windows with face tracks (see `easycom_talks`).

Contents: `EASYCOM`, `plain_words`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from ...errors import AvbenchError
from ..manifest import Entry
from .corpus import Corpus, Survey, expect
from .easycom_minutes import FPS, WINDOW, faces_of, read_boxes, read_turns
from .easycom_talks import EasyComTalks
from .probe import Facts
from .tree import files, find_root, folders

SESSIONS = tuple(f"Session_{n}" for n in range(1, 13))
VALIDATION, TEST = (4, 12), (10, 11)
CHANNELS = 6
CLOSE, TEXTS = "Close_Microphone_Audio", "Speech_Transcriptions"
OTHERS = {
    "array": ("Glasses_Microphone_Array_Audio", ".wav"),
    "film": ("Video_Compressed", ".mp4"),
    "boxes": ("Face_Bounding_Boxes", ".json"),
}
TALKS = "conversations"


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
            if _segment(found, session, stem, close):
                _windows(found, session, stem)
        transcribed = {name for name in close if name.partition("_Participant")[0] in set(stems)}
        for name in sorted(close - transcribed):
            found.each("missing", "close microphones have no transcription", f"{CLOSE}/{session}/{name}")
    if OTHERS["film"][0] in folders(root):
        found.note(
            "The film shows several faces at 20 fps: no mouths are cut out of it, and the tracks of its faces are "
            f"easycom/{TALKS}."
        )
    return found


def _segment(found: Survey, session: str, stem: str, close: set[str]) -> bool:
    """The utterances of one minute; whether they can be read."""
    number = int(session.removeprefix("Session_"))
    path = f"{TEXTS}/{session}/{stem}.json"
    try:
        turns = read_turns(found.root / path)
    except AvbenchError as error:
        found.broken(f"{error} The minute is left out.", path)
        return False
    others = _others(found, session, stem)
    for row, turn in enumerate(turns):
        name = f"{stem}_Participant_ID_{turn.person}.wav"
        if name not in close:
            found.each("note", "utterances are of somebody without a close microphone and are left out", path)
            continue
        found.entries.append(
            Entry(
                id=f"s{number:02d}-{stem}-p{turn.person}-{row:03d}",
                split=_split(number),
                splits={TALKS: None},
                speaker=f"s{number:02d}-p{turn.person}",
                text=plain_words(turn.text),
                audio=f"{CLOSE}/{session}/{name}",
                window=((turn.first - 1) / FPS, turn.last / FPS),
                traits={"session": number, "marked": turn.text, "target": turn.target},
                others=others,
            )
        )
    return True


def _split(number: int) -> str:
    return "validation" if number in VALIDATION else "test" if number in TEST else "train"


def _windows(found: Survey, session: str, stem: str) -> None:
    """The windows of one minute in which faces are seen; none where film, boxes or sound of it are not there."""
    number = int(session.removeprefix("Session_"))
    paths = {name: f"{kind}/{session}/{stem}{suffix}" for name, (kind, suffix) in OTHERS.items()}
    if not all((found.root / path).is_file() for path in paths.values()):
        return  # which `_others` has said
    try:
        windows = faces_of(read_boxes(found.root / paths["boxes"]))
    except AvbenchError as error:
        found.broken(f"{error} The minute has no face tracks.", paths["boxes"])
        return
    for window, (people, lost) in enumerate(windows):
        for person in lost:
            what = "faces are lost from sight for more than half a second, and have no track in that window"
            found.each("note", what, f"{paths['boxes']}: participant {person}, window {window}")
        if not people:
            continue
        found.entries.append(
            Entry(
                id=f"s{number:02d}-{stem}-w{window:02d}",
                splits={TALKS: _split(number)},
                audio=paths["array"],
                window=(window * WINDOW, (window + 1) * WINDOW),
                traits={"session": number, "window": window, "faces": people},
                others={"scene": paths["film"], "faces": paths["boxes"], "turns": f"{TEXTS}/{session}/{stem}.json"},
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


def _check(found: Survey, facts: Mapping[str, Facts]) -> None:
    for path in sorted({e.others["array"] for e in found.entries if "array" in e.others}):
        if not facts[path].problem and facts[path].channels != CHANNELS:
            found.each("note", f"recordings of the array have not the {CHANNELS} channels that they should", path)
    kept = []
    for entry in found.entries:
        film = facts[entry.others["scene"]] if "scene" in entry.others else None
        if film is None or film.problem or (abs(film.fps - FPS) < 0.1 and film.shown >= entry.window[1] * FPS):
            kept.append(entry)
        else:
            what = f"windows are left out, because their film has not {FPS} pictures a second or ends before them"
            found.each("broken", what, entry.others["scene"])
    found.entries[:] = kept


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
    variants={TALKS: f"windows of {WINDOW:g} s with a track of every face and labels of who speaks"},
    views={TALKS: EasyComTalks},
    needs=("scene", "faces", "turns"),  # of a window; utterances have none of these
    check=_check,
    unconfirmed=(
        "the nesting of the JSON files, their keys, and that frame numbers count from 1 (from espnet's recipe)",
        "that a turn lasts to the end of its End_Frame",
        "that sound, film and annotations of a minute begin together",
        "whether the boxes of session 8, whose films have a banner at the left, count from the banner's edge: they are "
        "taken as pixels of the whole picture",
        "the length of windows and which channel is heard, in any paper: both are avbench's choice",
        "whether a Participant_ID is the same person in two sessions: speakers are named by session too",
    ),
)
