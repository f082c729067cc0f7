"""GRID: command sentences by 34 speakers, 1,000 each (Cooke et al. 2006).

Conventions: the six characters of a file's name are the sentence; word times are in 1/25000 s.

Beware: in a common pack the alignment folders of many speakers are swapped. The name of a file says which words its
alignment must hold, so the adapter looks whether a speaker's folder belongs to another one, and takes the right one.
A sentence is said by few of the 34, so a handful of files decides it.

Contents: `GRID`, `words_of`, `read_align`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from ...errors import AvbenchError, BadFile
from ...signal.files import digest
from ..manifest import Entry, timing
from .corpus import Corpus, Survey, expect
from .tree import files, find_root, folders, read_text

SPEAKERS = tuple(f"s{n}" for n in range(1, 35))
WITHOUT_VIDEO = ("s21",)
SENTENCES = 1000
UNSEEN = ("s1", "s2", "s20", "s22")
HELD_OUT = ("s3", "s4", "s23", "s24")
OVERLAPPED = 255
HELD_OUT_SENTENCES = 50
UNITS = 25000
FRAMES = 75
SILENCE = frozenset(("sil", "sp"))
PLACES = ("", "video", "videos")  # below the root, where folders of speakers lie
DEEPER = ("", "video", "video/mpg_6000", "mpg_6000", "mpg", "audio")  # where older packs keep a speaker's files
SOUNDS = ("audio_25k", "audio_50k", "audio")
ALIGNMENTS = ("alignments", "align", "alignment")
VIDEO = (".mpg", ".mp4", ".avi", ".mov", ".mkv")
LETTERS: tuple[Mapping[str, str], ...] = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {c: c for c in "abcdefghijklmnopqrstuvxyz"},
    dict(zip("z123456789", "zero one two three four five six seven eight nine".split(), strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def words_of(code: str) -> tuple[str, ...] | None:
    """The six words of a sentence code, or None if it is none.

    Example:
        >>> words_of("bbaf2n")
        ('bin', 'blue', 'at', 'f', 'two', 'now')
    """
    if len(code) != 6 or any(c not in known for c, known in zip(code, LETTERS, strict=True)):
        return None
    return tuple(known[c] for c, known in zip(code, LETTERS, strict=True))


def read_align(path: Path) -> list[tuple[str, float, float]]:
    """The words of an alignment file with their times in seconds, silences left out.

    Raises:
        MissingResource, BadFile: it cannot be read, or a line is not `start end word` in whole 1/25000 s.
    """
    words = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        match = re.fullmatch(r"(\d+)\s+(\d+)\s+(\S+)", line.strip())
        if match is None or int(match[2]) < int(match[1]):
            raise BadFile(f"{path}, line {number}: {line.strip()!r} is not `start end word` in 1/25000 s.")
        if match[3].lower() not in SILENCE:
            words.append((match[3].lower(), int(match[1]) / UNITS, int(match[2]) / UNITS))
    return words


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    _refuse_loose(Path(root).expanduser())
    root = find_root(
        root,
        "GRID",
        "a folder of a speaker (s1 … s34)",
        ("grid", "GRID", "gridcorpus", "GRIDcorpus", "grid_corpus"),
        _is_root,
    )
    found = Survey(root, frames=FRAMES)
    there = [n for place in PLACES for n in folders(root / place)]
    sounds = _sounds(root)
    alignments = next((root / n for n in ALIGNMENTS if (root / n).is_dir()), None)
    heard = folders(sounds) if sounds else []
    known = expect(found, "speakers", SPEAKERS, [*there, *heard])
    clips = {s: _clips(found, s, root, sounds) for s in known}
    owners = _owners(found, clips, alignments)
    bare: list[tuple[str, Path]] = []
    for speaker, codes in clips.items():
        _count(found, speaker, codes)
        drawn = sorted(codes, key=lambda c: digest(f"grid overlapped {speaker} {c}".encode()))
        for code, (video, audio) in codes.items():
            path = _alignment(owners.get(speaker), root, speaker, video or audio, code)
            times = _times(found, path, code) if path else []
            if path is None:
                bare.append((speaker, video or audio))
            found.entries.append(_entry(found, speaker, code, video, audio, times, drawn.index(code)))
    if alignments is None and len(bare) == len(found.entries):
        found.missing("The folder alignments/ is not there, so no clip has the times of its words.", ALIGNMENTS[0])
    else:
        for speaker, media in bare:
            text = f"clips of {speaker} have no .align and are used without the times of their words"
            found.each("missing", text, found.relative(media))
    return found


def _is_root(folder: Path) -> bool:
    return any(n in SPEAKERS for p in PLACES for n in folders(folder / p)) or _sounds(folder) is not None


def _refuse_loose(given: Path) -> None:
    """Raise `BadFile` where clips lie together without the folder of their speaker, which nothing else names."""
    if not set(SPEAKERS).isdisjoint(given.absolute().parts) or not given.is_dir() or _is_root(given):
        return
    if any(words_of(Path(name).stem.lower()) for name in files(given, *VIDEO)):
        raise BadFile(
            f"{given} holds clips of GRID that are in no folder of their speaker: put those of speaker 1 into a folder "
            "s1, and so on, and give the folder above."
        )


def _entry(found: Survey, speaker: str, code: str, video, audio, times, rank: int) -> Entry:
    split = "test" if speaker in UNSEEN else "validation" if speaker in HELD_OUT else "train"
    after = rank - OVERLAPPED
    other = "test" if after < 0 else "validation" if after < HELD_OUT_SENTENCES else "train"
    return Entry(
        id=f"{speaker}-{code}",
        split=split,
        speaker=speaker,
        text=" ".join(words_of(code)),
        timing=timing(times),
        video=video and found.relative(video),
        audio=found.relative(video or audio),
        splits={"overlapped": other},
    )


def _sounds(root: Path) -> Path | None:
    """The folder of the sound pack, if there is one."""
    return next((root / n for n in SOUNDS if any(s in SPEAKERS for s in folders(root / n))), None)


def _clips(found: Survey, speaker: str, root: Path, sounds: Path | None) -> dict[str, tuple[Path | None, Path | None]]:
    """Video and separate sound by sentence code."""
    videos, audios = {}, {}
    odd: list[Path] = []
    for folder in (root / place / speaker / deeper for place in PLACES for deeper in DEEPER):
        for name in files(folder, *VIDEO, ".wav"):
            table = audios if name.lower().endswith(".wav") else videos
            _sort_in(table, folder / name, odd)
    for name in files(sounds / speaker, ".wav") if sounds else ():
        _sort_in(audios, sounds / speaker / name, odd)
    for path in odd:
        text = f"files of {speaker} are not named by a sentence code and are left out"
        found.each("note", text, found.relative(path))
    return {c: (videos.get(c), audios.get(c)) for c in sorted(videos.keys() | audios.keys())}


def _sort_in(table: dict[str, Path], path: Path, odd: list[Path]) -> None:
    code = path.stem.lower()
    if words_of(code) is None:
        odd.append(path)
    else:
        table.setdefault(code, path)


def _count(found: Survey, speaker: str, codes: Mapping[str, tuple]) -> None:
    if len(codes) != SENTENCES:
        found.missing(f"{speaker} has {len(codes)} of {SENTENCES} sentences.", speaker)
    unseen = [c for c, (video, _) in codes.items() if video is None]
    if unseen and speaker not in WITHOUT_VIDEO:
        found.missing(f"{len(unseen)} sentences of {speaker} have sound and no video.", *unseen)
    elif unseen:
        found.note(f"{speaker} has no video, as in the corpus as it was published.", speaker)


def _owners(found: Survey, clips: Mapping[str, Mapping], alignments: Path | None) -> dict[str, Path]:
    """The alignment folder of each speaker: that of the speaker's name, unless the words say it is another's."""
    if alignments is None:
        return {}
    names = {s: {n[:-6].lower() for n in files(alignments / s, ".align")} for s in folders(alignments)}
    owners, swapped = {}, []
    for speaker, codes in clips.items():
        own = names.get(speaker, set())
        share = {s: len(there & codes.keys()) / max(1, len(codes)) for s, there in names.items()}
        best = max(share, key=lambda s: (share[s], s == speaker), default=None)
        if best is None or share[best] == 0:
            continue
        if best != speaker and share[best] > share.get(speaker, 0.0) + 0.5:
            swapped.append(f"{best} → {speaker}")
            owners[speaker] = alignments / best
        elif own:
            owners[speaker] = alignments / speaker
    if swapped:
        found.note(
            f"The alignment folders of {len(swapped)} speakers are swapped, as in a common pack; the words in them say "
            f"whose they are, and the right ones are used: {', '.join(swapped)}.",
            *swapped,
        )
    return owners


def _alignment(folder: Path | None, root: Path, speaker: str, media: Path, code: str) -> Path | None:
    """The alignment of one sentence: beside it, in the speaker's folder of alignments, or in the speaker's own."""
    own = (root / place / speaker / "align" for place in PLACES)
    places = [media.with_suffix(".align"), *(f / f"{code}.align" for f in (folder, *own) if f is not None)]
    return next((p for p in places if p.is_file()), None)


def _times(found: Survey, path: Path, code: str) -> list[tuple[str, float, float]]:
    """Word times of one sentence; none, and a note, where they cannot be read or are of other words."""
    try:
        times = read_align(path)
    except AvbenchError as error:
        found.broken(str(error), found.relative(path))
        return []
    if tuple(word for word, _, _ in times) != words_of(code):
        found.broken(
            f"{path} says {' '.join(w for w, _, _ in times)!r}, and its name says "
            f"{' '.join(words_of(code))!r}: its times are not used.",
            found.relative(path),
        )
        return []
    return times


GRID = Corpus(
    name="grid",
    title="GRID audio-visual sentence corpus",
    obtain="Free from Zenodo, record 3625687 (video, audio_25k and alignments), unpacked side by side in one folder.",
    licence="CC BY 4.0 (as its Zenodo record is quoted; confirm there)",
    layout="""\
s1/bbaf2n.mpg …  s34/             (or s1/video/mpg_6000/bbaf2n.mpg, or video/s1/bbaf2n.mpg)
alignments/s1/bbaf2n.align        (or align/s1/, or beside the video)
audio_25k/s1/bbaf2n.wav           optional; the sound of the video is used, the wav where there is no video (s21)""",
    splits=(
        "Unseen speakers as in LipNet: test s1, s2, s20, s22. Validation s3, s4, s23, s24 is avbench's own choice. "
        "grid/overlapped: 255 sentences of every speaker for test and 50 for validation, chosen by a hash of their "
        "names (LipNet's own 255 were drawn at random and are not known)."
    ),
    survey=survey,
    variants={"overlapped": "the same with 255 sentences of every speaker for test"},
    unconfirmed=(
        "the nested layout of older packs",
        "which alignment folders are swapped in which pack: found by words, not by a list",
    ),
)
