"""What an adapter says of a corpus, and what it hands over after a look at the tree.

An adapter looks at names and texts only: its `survey` gives the entries and what is missing. What is common to all
follows in `prepare`: every file is read once, hashed, measured, and what is broken is left out and said so.

Contents: `Corpus`, `Survey`, `expect`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..manifest import KINDS, Entry, Manifest, Problem, fingerprint_of

if TYPE_CHECKING:
    from ...types import Video
    from .opened import CorpusDataset
    from .probe import Facts


@dataclass
class Survey:
    """What lies below a root by its names and texts; media files are not opened yet.

    Args:
        root: the folder that directly holds the corpus.
        entries: clips, `seconds` and `digests` still empty.
        problems: so far.
        frames: pictures that every video must have, or None.
        options: what of the user's options was used, to be kept.
    """

    root: Path
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    frames: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    _alike: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def each(self, kind: str, text: str, path: str) -> None:
        """Note something that many files may share; `text` becomes one sentence with their number."""
        self._alike.setdefault((kind, text), []).append(path)

    def settle(self) -> tuple[Problem, ...]:
        """All problems, what is missing first."""
        for (kind, text), paths in self._alike.items():
            which = paths[0] if len(paths) == 1 else f"{len(paths)}, the first is {paths[0]}"
            self.problems.append(Problem(kind, f"{text[0].upper()}{text[1:]} ({which}).", tuple(paths)))
        self._alike.clear()
        return tuple(sorted(self.problems, key=lambda p: (KINDS.index(p.kind), p.text)))

    def missing(self, text: str, *paths: str) -> None:
        """Note something that the corpus has and this copy has not."""
        self.problems.append(Problem("missing", text, paths))

    def broken(self, text: str, *paths: str) -> None:
        """Note something that is there and cannot be used."""
        self.problems.append(Problem("broken", text, paths))

    def note(self, text: str, *paths: str) -> None:
        """Note something odd that is used nevertheless."""
        self.problems.append(Problem("note", text, paths))

    def relative(self, path: Path) -> str:
        """A path as the manifest keeps it."""
        return path.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Corpus:
    """A corpus that users bring.

    Args:
        name: as typed.
        title: one line.
        obtain: how to get it, one sentence.
        licence: as its publisher states it.
        layout: the tree that is looked for, several lines.
        splits: where the splits come from, one sentence.
        survey: looks at a tree; takes the user's path and options.
        variants: other names of the same clips in other splits, `{"overlapped": "one line"}`, typed after a slash.
        views: of variants that are more than a split of the clips, the class that opens them.
        takes: options of `survey`, `{"validation": "one line"}`.
        mouth: makes the mouth pictures of an entry where they are not cut out of the video's face.
        needs: those of an entry's `others` without which it is no clip, and which are scored.
        check: looks at what was found in the files, beyond what is common to all corpora.
        unconfirmed: what is known from loaders only, and was not seen in real data.
    """

    name: str
    title: str
    obtain: str
    licence: str
    layout: str
    splits: str
    survey: Callable[..., Survey]
    variants: Mapping[str, str] = field(default_factory=dict)
    views: "Mapping[str, type[CorpusDataset]]" = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    mouth: "Callable[[CorpusDataset, Entry], Video] | None" = None
    needs: Sequence[str] = ()
    check: "Callable[[Survey, Mapping[str, Facts]], None] | None" = None
    unconfirmed: Sequence[str] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which it can be opened."""
        return (self.name, *(f"{self.name}/{v}" for v in self.variants))

    def fingerprint(self, entries: Iterable[Entry], synthetic: bool) -> str:
        """Of some entries, as mouths are cut today."""
        from ..faces import MOUTH_CROP

        return fingerprint_of(entries, self.needs, MOUTH_CROP if self.mouth is None else None, synthetic)

    def prepare(self, root: str | Path, **how) -> Manifest:
        """Look at a tree, read every file, keep the manifest; see `prepare.prepare`."""
        from .prepare import prepare

        return prepare(self, root, **how)


def expect(survey: Survey, what: str, wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    """The wanted names that are there; those that are not are noted in one sentence.

    Args:
        survey: where the sentence goes.
        what: of the names, plural.
        wanted: names, in order.
        there: names found.
    """
    from .tree import SHOWN, renamed

    wanted, there = list(wanted), set(there)
    absent = [name for name in wanted if name not in there]
    if absent:
        shown = ", ".join(absent[:SHOWN]) + (f" and {len(absent) - SHOWN} more" if len(absent) > SHOWN else "")
        hint = renamed(absent[0], there - set(wanted)) if len(absent) <= 3 else ""
        survey.missing(f"{len(absent)} of {len(wanted)} {what} are not there: {shown}{hint}.", *absent)
    return [name for name in wanted if name in there]
