"""DEMAND: 18 environments, each recorded for 300 s with 16 microphones.

Layout: one folder per environment with `ch01.wav` … `ch16.wav`; the folder is called `DKITCHEN`, `DKITCHEN_16k` or
`DKITCHEN_48k`, or one of these lies in another. Where both rates are there, the one at 16 kHz is taken. SCAFE was
published at 48 kHz only.

A kind is an environment; the first letter of its name says the family. Channel 1 unless another is named: the
microphones stand centimetres apart, so two channels of one environment are not two noises.

Source: Thiemann, Ito and Vincent 2013, "DEMAND: a collection of multi-channel recordings of acoustic noise in diverse
environments".
"""

import re
from pathlib import Path

from ...errors import BadFile
from .collection import Collection, Listing, Source

ENVIRONMENTS = tuple(
    "DKITCHEN DLIVING DWASHING NFIELD NPARK NRIVER OHALLWAY OMEETING OOFFICE "
    "PCAFETER PRESTO PSTATION SCAFE SPSQUARE STRAFFIC TBUS TCAR TMETRO".split()
)
FAMILIES = {"D": "domestic", "N": "nature", "O": "office", "P": "public", "S": "street", "T": "transport"}
CHANNELS = tuple(f"ch{number:02d}" for number in range(1, 17))
DEEPEST = 3  # folders between the root and a file
_FOLDER = re.compile(r"([A-Z]+)(?:_(16|48)k)?", re.IGNORECASE)


def _find(root: Path, part: str) -> Listing:
    channel = part or CHANNELS[0]
    found: dict[str, dict[str, Path]] = {}
    for depth in range(1, DEEPEST + 1):
        for path in sorted(root.glob("*/" * depth + "[cC][hH]*.[wW][aA][vV]")):
            environment, rate = _place(path.relative_to(root))
            if environment:
                rates = found.setdefault(environment, {})
                rates.setdefault(rate, path.parent)
    if not found:
        raise BadFile(f"{root} holds no environment of DEMAND: it wants {DEMAND.layout}.")
    sources, notes = [], []
    for environment in ENVIRONMENTS:
        rates = found.get(environment, {})
        if not rates:
            continue
        folder = rates.get("16") or rates.get("") or rates["48"]
        if len(rates) > 1:
            notes.append(f"{environment} is there {len(rates)} times; {folder.relative_to(root)} is taken.")
        files = {p.stem.lower(): p for p in sorted(folder.iterdir()) if p.suffix.lower() == ".wav"}
        if channel not in files:
            notes.append(f"{folder.relative_to(root)} has no {channel}.wav.")
            continue
        path = str(files[channel].relative_to(root))
        name = f"{environment.lower()}-{channel}"
        sources.append(Source(name, path, FAMILIES[environment[0]], environment.lower()))
    if not sources:
        raise BadFile(f"No environment of DEMAND in {root} has the channel {channel}.")
    notes += _absent([e for e in ENVIRONMENTS if e not in found])
    return Listing(tuple(sources), tuple(notes))


def _place(path: Path) -> tuple[str, str]:
    """Environment and rate (`"16"`, `"48"` or empty) that the folders above a file name; both empty if none does."""
    environment = rate = ""
    for name in path.parts[:-1]:
        match = _FOLDER.fullmatch(name)
        if match and match[1].upper() in ENVIRONMENTS:
            environment, rate = match[1].upper(), match[2] or rate
    return environment, rate


def _absent(missing: list[str]) -> list[str]:
    if not missing:
        return []
    why = " (SCAFE was published at 48 kHz only)" if "SCAFE" in missing else ""
    return [f"{len(missing)} of {len(ENVIRONMENTS)} environments of DEMAND are missing: {', '.join(missing)}{why}."]


DEMAND = Collection(
    name="demand",
    title="DEMAND: 18 environments of six families, channel 1 of 16",
    obtain="It is record 1227121 on Zenodo, one archive per environment.",
    licence="CC BY-SA 3.0",
    layout="one folder per environment (DKITCHEN or DKITCHEN_16k) with ch01.wav … ch16.wav",
    parts={channel: f"channel {channel[2:]} instead" for channel in CHANNELS},
    find=_find,
    is_part=CHANNELS.__contains__,
)
