"""The evaluation set of the first DNS Challenge: noisy and clean in pairs, and real recordings (Reddy et al. 2020).

Conventions: the clip's sound is the clean one, `dataset.sound(clip, "noisy")` its partner; of a real recording, which
has no clean side, the recording is the clip's sound. SNR and level stand in the traits.

Names are read from the right, because their front part may hold anything: `…_snr15_tl-21_fileid_158.wav`. A pair shares
the number after the last `fileid_`.

Contents: `DNS_EVAL`, `file_number`, `name_facts`.
"""

import re
from pathlib import Path

from ..manifest import Entry
from .corpus import Corpus, Survey, expect
from .tree import files, find_root, folders, unique_ids
from .voicebank_demand import same_lengths

SUBSETS = ("no_reverb", "with_reverb")
PAIRS = 150
RECORDINGS = 300


def file_number(name: str) -> int | None:
    """The number of a pair, or None.

    Example:
        >>> file_number("clnsp1_train_69005_1_snr15_tl-21_fileid_158.wav")
        158
    """
    match = re.search(r".*fileid_(\d+)\.wav$", name)
    return int(match[1]) if match else None


def name_facts(name: str) -> dict[str, float]:
    """What a noisy file's name says: SNR in dB, level in dB re full scale.

    Example:
        >>> name_facts("clnsp1_snr3_train_69005_1_snr15_tl-21_fileid_158.wav")
        {'snr': 15.0, 'level': -21.0}
    """
    match = re.search(r"_snr(-?[\d.]+)_tl(-?[\d.]+)_fileid_\d+\.wav$", name)
    return {"snr": float(match[1]), "level": float(match[2])} if match else {}


def survey(root: Path) -> Survey:
    """What lies below a folder."""
    root = find_root(
        root,
        "the DNS-Challenge evaluation set",
        "the folders synthetic/no_reverb and synthetic/with_reverb",
        ("datasets/test_set", "test_set", "DNS-Challenge/datasets/test_set"),
        lambda folder: any((folder / "synthetic" / s).is_dir() for s in SUBSETS),
    )
    found = Survey(root)
    for subset in expect(found, "folders below synthetic/", SUBSETS, folders(root / "synthetic")):
        _pairs(found, subset, f"synthetic/{subset}")
    _recordings(found)
    return found


def _pairs(found: Survey, subset: str, folder: str) -> None:
    sides = {}
    for side in ("clean", "noisy"):
        sides[side] = numbered = {}
        for name in files(found.root / folder / side, ".wav"):
            number = file_number(name)
            if number is None:
                found.each("note", "files have no fileid in their name and are left out", f"{folder}/{side}/{name}")
            elif number in numbered:
                found.each("broken", "files share their fileid with another one", f"{folder}/{side}/{name}")
            else:
                numbered[number] = name
    clean, noisy = sides["clean"], sides["noisy"]
    for side, other in (("clean", "noisy"), ("noisy", "clean")):
        for number in sorted(sides[side].keys() - sides[other].keys()):
            found.each("missing", f"{side} files have no {other} partner", f"{folder}/{side}/{sides[side][number]}")
    both = sorted(clean.keys() & noisy.keys())
    if len(both) != PAIRS:
        found.missing(f"{folder} has {len(both)} of {PAIRS} pairs.", folder)
    for number in both:
        found.entries.append(
            Entry(
                id=f"{subset.replace('_', '-')}-{number:03d}",
                split="test" if subset == "no_reverb" else None,
                audio=f"{folder}/clean/{clean[number]}",
                others={"noisy": f"{folder}/noisy/{noisy[number]}"},
                traits={"subset": subset, **name_facts(noisy[number])},
                splits={"with-reverb": "test" if subset == "with_reverb" else None, "real-recordings": None},
            )
        )


def _recordings(found: Survey) -> None:
    folder = "real_recordings"
    names = files(found.root / folder, ".wav")
    if len(names) != RECORDINGS:
        found.missing(f"{folder} has {len(names)} of {RECORDINGS} recordings.", folder)
    for name, clip_id in zip(names, unique_ids([f"real-{n[:-4]}" for n in names]), strict=True):
        found.entries.append(
            Entry(
                id=clip_id,
                audio=f"{folder}/{name}",
                traits={"subset": folder},
                splits={"real-recordings": "test", "with-reverb": None},
            )
        )


DNS_EVAL = Corpus(
    name="dns-eval",
    title="DNS-Challenge 2020 evaluation set: pairs of clean and noisy speech, sound only",
    obtain="Free from the repository microsoft/DNS-Challenge, branch interspeech2020/master, with git-lfs.",
    licence="CC BY 4.0 and others (see the repository's README)",
    layout="""\
synthetic/no_reverb/noisy/…_snr15_tl-21_fileid_158.wav     synthetic/no_reverb/clean/clean_fileid_158.wav
synthetic/with_reverb/noisy/  clean/                       150 pairs each
real_recordings/*.wav                                      300, without a clean side
(the upper folder is datasets/test_set/ of the repository)""",
    splits=(
        "All of it is for testing: dns-eval is no_reverb, dns-eval/with-reverb and dns-eval/real-recordings the others."
    ),
    survey=survey,
    variants={
        "with-reverb": "the 150 pairs with reverberation",
        "real-recordings": "the 300 real recordings, which have no clean side",
    },
    needs=("noisy",),
    check=same_lengths,
    unconfirmed=("the range of the pair numbers", "names of with_reverb's noisy files", "the branch"),
)
