"""Which pairs of things two folders hold, for each kind of metric.

    kind        estimate                      reference
    sound       sound file                    sound file
    speech      sound file                    –
    voice       sound file                    sound file of the speaker
    spoken      sound file                    text
    text        text                          text
    frames      picture or video              picture or video
    faces       picture, video or points      picture, video or points ([F, 68, 2] in .npy)
    lips        video                         text: the word
    pictures    all pictures of a folder      all pictures of a folder
    variants    the pictures of one folder    –
    detection   scores ([N] in .npy)          labels ([N] of 0 and 1 in .npy)

Contents: `Need`, `NEEDS`, `SETS`, `Pair`, `Gathered`, `gather`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..metrics import Metric
from .pairing import FACES, NUMBERS, PICTURES, SOUND, TEXT, Role, Side, Source, match
from .reading import size_of

CHUNK = 32  # pictures of a set that are judged at a time


@dataclass(frozen=True)
class Need:
    """What a kind of metric takes from each side; `reference` is None where it takes nothing."""

    estimate: Role
    reference: Role | None


NEEDS = {
    "sound": Need(SOUND, SOUND),
    "speech": Need(SOUND, None),
    "voice": Need(SOUND, SOUND),
    "spoken": Need(SOUND, TEXT),
    "text": Need(TEXT, TEXT),
    "frames": Need(PICTURES, PICTURES),
    "faces": Need(FACES, FACES),
    "lips": Need(PICTURES, TEXT),
    "pictures": Need(PICTURES, PICTURES),
    "variants": Need(PICTURES, None),
    "detection": Need(NUMBERS, NUMBERS),
}
"""By the name of the kind; kinds that are not here are not judged from files."""

_UNFILED = {
    "votes": "the votes of people",
    "opinions": "the ratings of people",
    "match": "a right and a wrong candidate for each estimate",
}
SETS = ("pictures", "variants")
Things = tuple[Source, ...] | None


@dataclass
class Pair:
    """One estimate with its reference, in every shape that the metrics ask for.

    Args:
        name: of the reference.
        estimates: by the name of the kind; None where the file is missing.
        references: likewise; None where the kind has none.
        again: of a piece of two sets, the side (`estimate` or `reference`) that another piece has counted already.
    """

    name: str
    estimates: dict[str, Things] = field(default_factory=dict)
    references: dict[str, Things] = field(default_factory=dict)
    again: str = ""

    @property
    def bytes(self) -> int:
        """Size of the estimates' files, which tells long work from short."""
        return sum(s.path.stat().st_size for t in self.estimates.values() for s in t or () if s.path.exists())


@dataclass
class Gathered:
    """All pairs of two sides.

    Args:
        pairs: in the order of their names.
        sets: pieces of the sets that a metric of kind `pictures` compares as wholes.
        alone: estimates without a reference; they are not judged.
        notes: sentences worth telling.
    """

    pairs: list[Pair]
    sets: list[Pair]
    alone: list[Path]
    notes: list[str]


def gather(estimate: Side, reference: Side | None, metrics: Sequence[Metric]) -> Gathered:
    """Find every pair that these metrics ask for.

    Raises:
        UsageError: a metric that is not judged from files, or that needs something which a side does not hold; no pair.
        BadFile: a broken table of texts.
    """
    kinds = list(dict.fromkeys(metric.kind.name for metric in metrics))
    by_kind = {metric.kind.name: metric.name for metric in reversed(metrics)}
    for kind in kinds:
        if kind not in NEEDS:
            raise UsageError(f"{by_kind[kind]} is not judged from files: it needs {_UNFILED.get(kind, kind)}.")
    pairs: dict[str, Pair] = {}
    sets, used, left, notes = [], set(), [], []
    for kind in sorted(kinds, key=lambda kind: NEEDS[kind].reference is None):  # those without follow the others
        need, metric = NEEDS[kind], by_kind[kind]
        mine = _things(estimate, need.estimate, metric)
        if kind == "variants":
            found, alone, short = _groups(estimate, mine), [], False
        elif kind == "pictures":
            sets += _pieces(mine, _references(estimate, reference, need, metric, mine))
            continue
        elif need.reference is None:
            exam = {name: None for name, pair in pairs.items() if "variants" not in pair.estimates} or mine
            found, alone, short = match(mine, exam)
        else:
            other = _references(estimate, reference, need, metric, mine)
            found, alone, short = match(mine, other)
        left += [source.path for source in alone]
        if short:
            notes.append(f"Pairs of {need.estimate.name} were found by the last part of their names.")
        for name, thing in found.items():
            pair = pairs.setdefault(name, Pair(name))
            pair.estimates[kind] = thing if isinstance(thing, tuple | None) else (thing,)
            pair.references[kind] = None if need.reference is None else (other[name],)
            used |= {source.path for source in pair.estimates[kind] or ()}
    if reference is not None and all(NEEDS[kind].reference is None for kind in kinds):
        notes.append(f"None of these metrics looks at a reference: {reference.path} was not used.")
    alone = [path for path in dict.fromkeys(left) if path not in used]
    return Gathered([pairs[name] for name in sorted(pairs)], sets, alone, list(dict.fromkeys(notes)))


def _things(side: Side, role: Role, metric: str) -> dict[str, Source]:
    found = side.things(role)
    if not found:
        what = f"{side.path} holds none" if side.path.is_dir() else f"{side.path} is none"
        raise UsageError(f"{metric} needs {role.name} as the {side.label} ({role.like}), and {what}.")
    return found


def _references(
    estimate: Side, reference: Side | None, need: Need, metric: str, mine: dict[str, Source]
) -> dict[str, Source]:
    """The references of a role; a single one takes the name of the single estimate."""
    if reference is None:
        raise UsageError(f"{metric} compares with a reference: name it after the estimate.")
    other = _things(reference, need.reference, metric)
    if not estimate.is_folder and not reference.is_folder:
        return dict(zip(mine, other.values(), strict=True))
    if estimate.is_folder != reference.is_folder:
        if reference.path.is_file() and reference.is_folder:  # a table of texts: look the one file up
            if found := {name: source for name, source in other.items() if name in mine}:
                return found
            raise UsageError(f"{reference.path} has no text for {next(iter(mine))}.")
        one, all_of = (reference, estimate) if estimate.is_folder else (estimate, reference)
        raise UsageError(f"{all_of.path} is a folder and {one.path} a single file: name two files or two folders.")
    return other


def _groups(side: Side, things: dict[str, Source]) -> dict[str, tuple[Source, ...]]:
    """The pictures of each folder: what a system made of one input."""
    groups: dict[str, list[Source]] = {}
    for source in things.values():
        folder = source.path.parent
        name = folder.relative_to(side.path).as_posix() if side.is_folder and folder != side.path else folder.name
        groups.setdefault(name, []).append(source)
    return {name: tuple(sources) for name, sources in groups.items()}


def _pieces(mine: dict[str, Source], other: dict[str, Source]) -> list[Pair]:
    """Both sets in as many pieces, each of pictures of one size, so that processes can share the work.

    Where the pictures of one side do not suffice, its pieces are taken again, and what they give is dropped.
    """
    sides = [_chunks(list(side.values()), CHUNK) for side in (mine, other)]
    count = max(map(len, sides))
    sides = [
        chunks if len(chunks) == count else _chunks(list(side.values()), max(1, len(side) // count))
        for chunks, side in zip(sides, (mine, other), strict=True)
    ]
    pairs = []
    for i in range(max(map(len, sides))):
        again = "estimate" if i >= len(sides[0]) else "reference" if i >= len(sides[1]) else ""
        estimate, reference = (chunks[i % len(chunks)] for chunks in sides)
        pairs.append(Pair(f"piece {i + 1}", {"pictures": estimate}, {"pictures": reference}, again))
    return pairs


def _chunks(sources: Sequence[Source], most: int) -> list[tuple[Source, ...]]:
    """Pictures of one size together, at most so many; a video alone."""
    groups: dict[Any, list[Source]] = {}
    for i, source in enumerate(sources):
        groups.setdefault(size_of(source.path) or i, []).append(source)
    return [tuple(group[i : i + most]) for group in groups.values() for i in range(0, len(group), most)]
