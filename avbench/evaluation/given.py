"""Files of the user's own by name, `--in NAME=FILE`: what a system that needs more than sound is given.

    speech    sound file, or video file with sound; the mean of its channels
    video     video file of a face: its mouth is cut out
    face      picture file of a face: it is found and registered
    voice     as `speech`; also every other reference whose file is no picture
    image     picture file of a face; also every other reference whose file is one

Contents: `named`, `read_given`, `SPEECH`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import BadFile, UsageError
from ..seeds import seed_of
from ..signal.audio import read_audio, resample
from ..types import Audio, Card, Inputs, Video
from .portrait import portrait

SPEECH = "speech"
PICTURES = frozenset(".bmp .gif .jpeg .jpg .png .tif .tiff .webp".split())


def named(given: Sequence[str] | Mapping[str, str | Path], card: Card) -> dict[str, Path]:
    """File by name.

    Args:
        given: `NAME=FILE` each, or a mapping.
        card: of the system, which says what it takes.

    Raises:
        UsageError: not of that form, a name twice, one that the system does not take, or one that is missing.
    """
    pairs = list(given.items()) if isinstance(given, Mapping) else [str(one).partition("=")[::2] for one in given]
    if broken := [name for name, file in pairs if not name or not str(file)]:
        raise UsageError(f"--in takes NAME=FILE, such as {SPEECH}=speech.wav, and not {broken[0]!r} alone.")
    files = {name: Path(file) for name, file in pairs}
    if len(files) < len(pairs):
        raise UsageError("--in was given the same name twice.")
    takes = {SPEECH if name == "audio" else name for name in card.inputs}
    if wrong := [name for name in files if name not in takes]:
        raise UsageError(f"{card.id} takes {_list(takes)}, and not {wrong[0]}.")
    if lacking := takes - set(files):
        what = " ".join(f"--in {name}=FILE" for name in sorted(lacking))
        raise UsageError(f"{card.id} needs {_list(takes)}: add {what}.")
    return files


def read_given(files: Mapping[str, Path], card: Card, skip: str = "") -> tuple[Inputs, tuple[str, ...]]:
    """What a system sees of some files.

    Args:
        files: from `named`.
        card: of the system.
        skip: a name whose file is read by somebody else.

    Returns:
        The inputs, and what was done to the files, in clauses.

    Raises:
        MissingResource, BadFile: a file that cannot be used, or a package that is missing.
        UsageError: face tracks, which no file holds.
    """
    name, notes = next(iter(files.values())).stem, []
    audio = video = face = None
    references: dict[str, Audio | Video] = {}
    for role, path in files.items():
        if role == skip:
            continue
        if role == SPEECH:
            audio = _sound(path, card.rate, notes)
        elif role == "video":
            video = _mouth(path, notes)
        elif role == "face":
            face = _face(path, card, notes)
        elif path.suffix.lower() in PICTURES:
            references[role] = _face(path, card, notes)
        else:
            references[role] = _sound(path, card.rate, notes)
    return Inputs(name, audio, video, seed_of("apply", name), face=face, references=references), tuple(notes)


def _sound(path: Path, rate: int, notes: list[str]) -> Audio:
    heard = read_audio(path)
    if not np.isfinite(heard.samples).all():
        raise BadFile(f"{path} holds samples that are NaN or infinite.")
    if heard.rate != rate:
        notes.append(f"{path.name} resampled from {heard.rate} to {rate} Hz")
    return resample(heard, rate)


def _mouth(path: Path, notes: list[str]) -> Video:
    from ..data.faces import mouth_of

    film, track = mouth_of(path)
    notes.extend(note.rstrip(".") for note in track.notes)
    return film


def _face(path: Path, card: Card, notes: list[str]) -> Video:
    if card.output == "scores":
        raise UsageError(f"{card.id} looks at tracks of faces, which avbench takes out of no file.")
    talks = card.output == "video" and "audio" in card.inputs
    face, done = portrait(path, "three-point" if talks else "celeba-hq")
    notes.extend(done)
    return face


def _list(names) -> str:
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last
