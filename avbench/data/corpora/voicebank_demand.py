"""VoiceBank+DEMAND: clean speech of VCTK and the same with noise, in pairs of equal names (Valentini-Botinhao 2016).

Conventions: the clip's sound is the clean one; `dataset.sound(clip, "noisy")` is its partner.

Contents: `VOICEBANK_DEMAND`, `same_lengths`.
"""

from collections.abc import Mapping
from pathlib import Path

from ...errors import AvbenchError
from ..manifest import Entry
from .corpus import Corpus, Survey
from .probe import Facts
from .tree import files, find_root, folders, read_text, renamed

PARTS = {"trainset_28spk": 11572, "trainset_56spk": 23075, "testset": 824}  # pairs, as users of the corpus state them
HELD_OUT = ("p226", "p287")


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "VoiceBank+DEMAND",
        "pairs of folders such as clean_testset_wav and noisy_testset_wav",
        ("VoiceBank-DEMAND", "voicebank-demand", "VoiceBank", "DS_10283_2791", "noisy-vctk"),
        lambda folder: any(f"{kind}_{part}_wav" in folders(folder) for kind in ("clean", "noisy") for part in PARTS),
    )
    found = Survey(root)
    there = folders(root)
    for part in PARTS:
        clean, noisy = f"clean_{part}_wav", f"noisy_{part}_wav"
        if clean not in there and noisy not in there:
            if part != "trainset_56spk":
                found.missing(f"{clean}/ and {noisy}/ are not there{renamed(clean, there)}.", clean, noisy)
            continue
        for name in (clean, noisy):
            if name not in there:
                found.missing(f"{name}/ is not there{renamed(name, set(there) - {clean, noisy})}.", name)
        _pairs(found, part, clean, noisy)
    return found


def _pairs(found: Survey, part: str, clean: str, noisy: str) -> None:
    cleans, noisies = (set(files(found.root / n, ".wav")) for n in (clean, noisy))
    for name in sorted(cleans - noisies):
        found.each("missing", "clean files have no noisy partner", f"{clean}/{name}")
    for name in sorted(noisies - cleans):
        found.each("missing", "noisy files have no clean partner", f"{noisy}/{name}")
    if (count := len(cleans & noisies)) != PARTS[part]:
        found.missing(f"{part} has {count} of {PARTS[part]} pairs.", part)
    for name in sorted(cleans & noisies):
        stem = name[:-4]
        speaker = stem.partition("_")[0]
        split = "test" if part == "testset" else "validation" if speaker in HELD_OUT else "train"
        large = part == "trainset_56spk"
        found.entries.append(
            Entry(
                id=f"{part.replace('_', '-')}-{stem.lower()}",
                split=None if large else split,
                speaker=speaker,
                text=_text(found, part, stem),
                audio=f"{clean}/{name}",
                others={"noisy": f"{noisy}/{name}"},
                splits={"56spk": split if large or split == "test" else None},
            )
        )


def _text(found: Survey, part: str, stem: str) -> str | None:
    path = found.root / f"{part}_txt" / f"{stem}.txt"
    if not path.is_file():
        return None
    try:
        return " ".join(read_text(path).split())
    except AvbenchError as error:
        found.broken(f"{error} The clip is used without its words.", found.relative(path))
        return None


def same_lengths(found: Survey, facts: Mapping[str, Facts]) -> None:
    """Leave out pairs whose two sides differ in length or rate."""
    kept = []
    for entry in found.entries:
        clean, noisy = facts.get(entry.audio), facts.get(entry.others.get("noisy", ""))
        usable = clean is None or noisy is None or clean.problem or noisy.problem
        if usable or (clean.samples, clean.rate) == (noisy.samples, noisy.rate):
            kept.append(entry)
        else:
            found.each("broken", "pairs have sides of different length or rate and are left out", entry.audio)
    found.entries = kept


VOICEBANK_DEMAND = Corpus(
    name="voicebank-demand",
    title="VoiceBank+DEMAND: pairs of clean and noisy speech, sound only",
    obtain="Free from the University of Edinburgh's DataShare (doi 10.7488/ds/2117).",
    licence="CC BY 4.0 (confirm there)",
    layout="""\
clean_testset_wav/p232_001.wav        noisy_testset_wav/p232_001.wav
clean_trainset_28spk_wav/             noisy_trainset_28spk_wav/
clean_trainset_56spk_wav/             noisy_trainset_56spk_wav/       optional
testset_txt/p232_001.txt              optional, likewise trainset_28spk_txt/ and trainset_56spk_txt/""",
    splits=(
        "testset and trainset_28spk are official (voicebank-demand/56spk: trainset_56spk); validation is p226 and p287 "
        "of the training set, a custom of the field and not official."
    ),
    survey=survey,
    variants={"56spk": "the same with the training set of 56 speakers"},
    needs=("noisy",),
    check=same_lengths,
    unconfirmed=(
        "test speakers p232 and p257",
        "how many pairs each part has",
        "names of the folders of texts",
        "p226 and p287 as the usual choice",
    ),
)
