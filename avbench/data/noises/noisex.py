"""NOISEX-92: 15 noises of 235 s at 19.98 kHz, as the Signal Processing Information Base gives them away.

Layout: one sound file per noise, anywhere below the root; case, spaces and hyphens of the names do not count. A kind is
a noise. Families put together what one thing makes: two buccaneers and an F-16 are cockpits.

Source: Varga and Steeneken 1993, "Assessment for automatic speech recognition: II. NOISEX-92".
"""

import re
from pathlib import Path

from ...errors import BadFile
from ..scan import SOUNDS
from .collection import Collection, Listing, Source

NOISES = {
    "babble": "voices",
    "buccaneer1": "cockpit",
    "buccaneer2": "cockpit",
    "destroyerengine": "ship",
    "destroyerops": "ship",
    "f16": "cockpit",
    "factory1": "factory",
    "factory2": "factory",
    "hfchannel": "radio",
    "leopard": "vehicle",
    "m109": "vehicle",
    "machinegun": "weapon",
    "pink": "generator",
    "volvo": "vehicle",
    "white": "generator",
}
"""Every noise with its family."""


def _find(root: Path, part: str) -> Listing:
    found: dict[str, Path] = {}
    others, copies, matrices = 0, 0, 0
    for path in sorted(root.rglob("*")):
        name = re.sub(r"[^a-z0-9]", "", path.stem.lower())
        matrices += path.suffix.lower() == ".mat" and name in NOISES
        if path.suffix.lower() in SOUNDS and not path.name.startswith("."):
            if name in NOISES and name not in found:
                found[name] = path
            elif name in NOISES:
                copies += 1
            else:
                others += 1
    if not found:
        why = f" Its {matrices} .mat files are not read: convert them to .wav." if matrices else ""
        raise BadFile(f"{root} holds no noise of NOISEX-92: it wants {NOISEX.layout}.{why}")
    missing = [name for name in NOISES if name not in found]
    notes = [f"{len(missing)} of {len(NOISES)} noises of NOISEX-92 are missing: {', '.join(missing)}."] * bool(missing)
    if copies:
        notes.append(f"{copies} sound files below {root} are second copies of a noise; the first by name is taken.")
    notes += [f"{others} sound files below {root} are no noises of NOISEX-92."] * bool(others)
    sources = [Source(name, str(found[name].relative_to(root)), NOISES[name], name) for name in NOISES if name in found]
    return Listing(tuple(sources), tuple(notes))


NOISEX = Collection(
    name="noisex-92",
    title="NOISEX-92: 15 noises of eight families",
    obtain="The Signal Processing Information Base gave its recordings away; copies lie with many universities.",
    licence="free for research",
    layout="sound files called " + ", ".join(list(NOISES)[:3]) + " …, white",
    parts={},
    find=_find,
    is_part=lambda part: False,
)
