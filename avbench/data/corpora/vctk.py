"""VCTK: English read by 110 speakers, sound only (Yamagishi et al.).

Conventions: two releases are known: 0.92 (two microphones, flac, trimmed; the first is the clip's sound, the second its
`mic2`) and 0.80 (one, wav). Nothing is trimmed here.

Known exceptions, reported as notes and not as damage: p315 has no text, p280 and p315 have no second microphone, files
of p362 are missing, one speaker is called s5.

Contents: `VCTK`.
"""

import re
from pathlib import Path

from ...errors import AvbenchError
from ...signal.files import digest
from ..manifest import Entry
from .corpus import Corpus, Survey
from .tree import files, find_root, folders, read_text

LAYOUTS = {"wav48_silence_trimmed": "_mic1.flac", "wav48": ".wav"}
SPEAKER = re.compile(r"[ps]\d+")
WITHOUT_TEXT = ("p315",)
ONE_MICROPHONE = ("p280", "p315")
WITH_GAPS = ("p362",)
SPEAKERS = 110
TEST_PART = 0.2216  # of all hashes: about as many as the 30 of 110 that papers hold out
VALIDATION_PART = 0.05


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "VCTK",
        "the folder wav48_silence_trimmed (release 0.92) or wav48 (0.80)",
        ("VCTK-Corpus-0.92", "VCTK-Corpus", "VCTK", "vctk"),
        lambda folder: any((folder / n).is_dir() for n in LAYOUTS),
    )
    found = Survey(root)
    layout = next(n for n in LAYOUTS if (root / n).is_dir())
    speakers = [n for n in folders(root / layout) if SPEAKER.fullmatch(n)]
    about = _about(found)
    if len(speakers) < SPEAKERS - 1:
        found.missing(f"{len(speakers)} of {SPEAKERS} speakers are there (109 in older releases).")
    if not (root / "txt").is_dir():
        found.missing(f"The folder txt/ is not there, so no clip has its words{_near(root)}.", "txt")
    for speaker in speakers:
        _speaker(found, layout, speaker, about.get(speaker, {}))
    return found


def _speaker(found: Survey, layout: str, speaker: str, traits: dict) -> None:
    folder, suffix = f"{layout}/{speaker}", LAYOUTS[layout]
    names = set(files(found.root / folder, ".flac", ".wav"))
    texts = {n[:-4] for n in files(found.root / "txt" / speaker, ".txt")}
    stems = sorted(n[: -len(suffix)] for n in names if n.endswith(suffix))
    if not stems:
        found.missing(f"{folder} holds no sound called like {speaker}_001{suffix}.", folder)
    if speaker in WITHOUT_TEXT and not texts and stems:
        found.note(f"{speaker} has no text, as in the corpus as it was published.", f"txt/{speaker}")
    for stem in sorted(texts - set(stems)):
        kind = "note" if speaker in WITH_GAPS else "missing"
        found.each(kind, f"texts of {speaker} have no sound", f"txt/{speaker}/{stem}.txt")
    for stem in stems:
        second = f"{stem}_mic2.flac"
        if suffix == "_mic1.flac" and second not in names and speaker not in ONE_MICROPHONE:
            found.each("missing", f"clips of {speaker} have no second microphone", f"{folder}/{stem}{suffix}")
        is_test = _drawn("test", speaker) < TEST_PART
        held_out = _drawn("validation", stem) < VALIDATION_PART
        found.entries.append(
            Entry(
                id=stem.lower(),
                split="test" if is_test else "validation" if held_out else "train",
                speaker=speaker,
                text=_text(found, speaker, stem, stem in texts),
                audio=f"{folder}/{stem}{suffix}",
                others={"mic2": f"{folder}/{second}"} if second in names else {},
                traits=traits,
            )
        )


def _text(found: Survey, speaker: str, stem: str, there: bool) -> str | None:
    path = f"txt/{speaker}/{stem}.txt"
    if not there:
        if speaker not in WITHOUT_TEXT and (found.root / "txt").is_dir():
            found.each("missing", f"clips of {speaker} have no text", path)
        return None
    try:
        return " ".join(read_text(found.root / path).split())
    except AvbenchError as error:
        found.broken(f"{error} The clip is used without its words.", path)
        return None


def _about(found: Survey) -> dict[str, dict]:
    """Age, gender and accent of every speaker, as speaker-info.txt says: blank-separated, one header line."""
    path = found.root / "speaker-info.txt"
    try:
        lines = read_text(path).splitlines()[1:]
    except AvbenchError as error:
        found.missing(f"Nothing is known of the speakers. {error}", "speaker-info.txt")
        return {}
    about = {}
    for fields in (line.split() for line in lines if line.strip()):
        name = fields[0] if SPEAKER.fullmatch(fields[0]) else f"p{fields[0]}"
        traits = dict(zip(("age", "gender", "accent"), fields[1:4], strict=False))
        about[name] = traits | ({"gender": traits["gender"].lower()} if "gender" in traits else {})
    return about


def _drawn(split: str, name: str) -> float:
    """A number from 0 to 1 that depends on the name alone, so that no other file moves a clip to another split."""
    return int(digest(f"vctk {split} {name}".encode())[:8], 16) / 2**32


def _near(root: Path) -> str:
    from .tree import renamed

    return renamed("txt", folders(root))


VCTK = Corpus(
    name="vctk",
    title="VCTK: English read by 110 speakers, sound only",
    obtain="Free from the University of Edinburgh's DataShare (release 0.92: doi 10.7488/ds/2645).",
    licence="CC BY 4.0 (release 0.92; older releases ODC-By; confirm there)",
    layout="""\
wav48_silence_trimmed/p225/p225_001_mic1.flac and …_mic2.flac     release 0.92; or wav48/p225/p225_001.wav
txt/p225/p225_001.txt
speaker-info.txt""",
    splits=(
        "None is official. Test: every speaker whose name has a low hash, about a fifth of them (papers hold "
        "out 30 that they do not name); validation: 5 % of the other speakers' clips, by a hash of their names."
    ),
    survey=survey,
    unconfirmed=("which files of p362 are missing", "the number of speakers in a full copy", "the DOI"),
)
