"""Lip2Wav: hours of one speaker each, from lectures and commentaries (Prajwal et al. 2020).

Conventions: a clip is a piece `intervals/<video>/cut-N.mp4` of about 30 s, cut at whole packets, so lengths vary. Where
only `preprocessed/<video>/cut-N/` is there, its audio.wav is a clip without pictures: frames without a face were left
out of it, so the numbers of its pictures have gaps and do not fit the sound; how many are there stands in the traits.

Contents: `LIP2WAV`.
"""

from pathlib import Path

from ...errors import AvbenchError
from ..manifest import Entry
from .corpus import Corpus, Survey, expect
from .tree import files, find_root, folders, read_text, unique_ids

SPEAKERS = ("chem", "chess", "dl", "hs", "eh")
LISTS = {"train.txt": "train", "val.txt": "validation", "test.txt": "test"}


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "Lip2Wav",
        "a folder of a speaker (chem, chess, dl, hs, eh) with train.txt, val.txt and test.txt",
        ("Dataset", "Lip2Wav/Dataset", "lip2wav"),
        lambda folder: any((folder / s / n).is_file() for s in SPEAKERS for n in LISTS),
    )
    found = Survey(root)
    names = []
    for speaker in expect(found, "speakers", SPEAKERS, folders(root)):
        listed = {}
        for name in expect(found, f"lists of {speaker}", LISTS, files(root / speaker, ".txt")):
            listed |= {video: LISTS[name] for video in _list(found, f"{speaker}/{name}")}
        for video, split in listed.items():
            names += _video(found, speaker, video, split)
        _unlisted(found, speaker, listed)
    for index, clip_id in enumerate(unique_ids(names)):
        found.entries[index] = _named(found.entries[index], clip_id)
    return found


def _named(entry: Entry, clip_id: str) -> Entry:
    from dataclasses import replace

    return replace(entry, id=clip_id)


def _list(found: Survey, path: str) -> list[str]:
    try:
        return [line.strip() for line in read_text(found.root / path).splitlines() if line.strip()]
    except AvbenchError as error:
        found.broken(f"{error} Its videos are left out.", path)
        return []


def _video(found: Survey, speaker: str, video: str, split: str) -> list[str]:
    """Add the pieces of a video; returns their names."""
    whole, ready = f"{speaker}/intervals/{video}", f"{speaker}/preprocessed/{video}"
    cuts = {n[:-4]: f"{whole}/{n}" for n in files(found.root / whole, ".mp4")}
    faces = set(folders(found.root / ready))
    if not cuts and not faces:
        found.each("missing", f"videos of {speaker} are not there, neither as intervals nor preprocessed", video)
        return []
    names = []
    for cut in sorted(cuts.keys() | faces, key=lambda c: (len(c), c)):
        entry = {"id": cut, "split": split, "speaker": speaker}
        if cut in cuts:
            found.entries.append(Entry(**entry, video=cuts[cut], audio=cuts[cut]))
        elif (found.root / ready / cut / "audio.wav").is_file():
            shown = sorted(int(n[:-4]) for n in files(found.root / ready / cut, ".jpg") if n[:-4].isdigit())
            gaps = shown[-1] + 1 - len(shown) if shown else 0
            if gaps:
                found.each("note", "pieces lack pictures, because no face was found in them", f"{ready}/{cut}")
            traits = {"pictures": len(shown), "missing_pictures": gaps}
            found.entries.append(Entry(**entry, audio=f"{ready}/{cut}/audio.wav", traits=traits))
        else:
            found.each("missing", "preprocessed pieces have no audio.wav", f"{ready}/{cut}")
            continue
        names.append(f"{speaker}-{video}-{cut}")
    return names


def _unlisted(found: Survey, speaker: str, listed: dict[str, str]) -> None:
    for kind in ("intervals", "preprocessed"):
        for video in folders(found.root / speaker / kind):
            if video not in listed:
                found.each("note", "videos stand in no list and are left out", f"{speaker}/{kind}/{video}")


LIP2WAV = Corpus(
    name="lip2wav",
    title="Lip2Wav: hours of five single speakers",
    obtain="Lists and download script from the repository Rudrabha/Lip2Wav; the videos come from YouTube.",
    licence="lists MIT; the videos belong to their makers",
    layout="""\
Dataset/chem/train.txt  val.txt  test.txt        one YouTube id a line; speakers chem, chess, dl, hs, eh
Dataset/chem/intervals/ID/cut-0.mp4 …            pieces of 30 s, made by download_speaker.sh
Dataset/chem/preprocessed/ID/cut-0/audio.wav     used where the piece itself is not there; 0.jpg … with gaps""",
    splits="Official: the lists of each speaker.",
    survey=survey,
    unconfirmed=("everything: only the lists were seen, no video", "frame rates, which differ between videos"),
)
