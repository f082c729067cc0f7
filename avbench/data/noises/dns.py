"""The noises of the DNS Challenge: some 65,000 recordings of 10 s from AudioSet, Freesound and DEMAND.

Layout: flat `.wav` files in `datasets/noise` (16 kHz) or `datasets_fullband/noise_fullband` (48 kHz). A name is the id
of an AudioSet video, or `<what>_Freesound_validated_<id>_<piece>` for a piece of a Freesound recording.

MUTUD mixes "different noise samples" of this set and says nothing of classes: a kind is one recording (pieces of one
Freesound recording are one kind), and all of them are one family, so that every recording is drawn alike. The
challenge has no split of its noises; `train` and `test` here are nine tenths and one tenth, by a hash of the kind.

Source: Reddy et al. 2021, "Interspeech 2021 Deep Noise Suppression Challenge", and the README files of its repository.
"""

import re
from pathlib import Path

from ...errors import BadFile
from ...seeds import seed_of
from ..corpora.tree import is_utf8, unique_ids
from .collection import Collection, Listing, Source

FOLDERS = ("datasets/noise", "noise", "datasets_fullband/noise_fullband", "noise_fullband", ".")
_PIECE = re.compile(r"(.*freesound.*_\d+)_\d+", re.IGNORECASE)


def kind_of(stem: str) -> str:
    """The recording that a file is, or is a piece of.

    Example:
        >>> kind_of("door_Freesound_validated_387518_0"), kind_of("-0_HRDkzJVg_1")
        ('door_freesound_validated_387518', '-0_hrdkzjvg_1')
    """
    piece = _PIECE.fullmatch(stem)
    return (piece[1] if piece else stem).lower()


def _split(stem: str) -> str:
    return "test" if seed_of("dns-noise", kind_of(stem)) % 10 == 0 else "train"


def _find(root: Path, part: str) -> Listing:
    held = [folder for folder in FOLDERS if any((root / folder).glob("*.wav"))]
    if not held:
        raise BadFile(f"{root} holds no noises of the DNS Challenge: it wants {DNS.layout}.")
    there = sorted((root / held[0]).glob("*.wav"))
    paths = [path for path in there if is_utf8(path.name)]
    ids = unique_ids([path.stem for path in paths], "noise")
    sources = tuple(
        Source(name, str(path.relative_to(root)), "dns", kind_of(path.stem), _split(path.stem))
        for name, path in zip(ids, paths, strict=True)
        if not part or part == _split(path.stem)
    )
    if not sources:
        raise BadFile(f"None of the {len(paths)} noises in {root} is of the part {part}.")
    more = [folder for folder in held[1:] if folder != "."]
    notes = (f"{root} holds {' and '.join(more)} too; only {held[0]} is taken.",) if more else ()
    if len(paths) < len(there):
        notes += (f"{len(there) - len(paths)} files in {held[0]} have names that are not UTF-8 and are passed over.",)
    return Listing(sources, notes)


DNS = Collection(
    name="dns-noise",
    title="noises of the DNS Challenge: recordings of AudioSet and Freesound, each a kind",
    obtain="They come with the repository microsoft/DNS-Challenge on GitHub, by its download script.",
    licence="CC BY 4.0 (AudioSet part), CC0 (Freesound part), as the challenge states",
    layout="the folder of the challenge, or its noise or noise_fullband with flat .wav files",
    parts={"train": "nine tenths of the recordings", "test": "the other tenth"},
    find=_find,
    is_part=("train", "test").__contains__,
)
