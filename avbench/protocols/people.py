"""Who is in a clip, as far as a draw must know, and who is changed into whom: sources, references, preference triplets.

Nothing is made or read to say who is in a clip. Every draw of a `Cast` hangs on the data set's fingerprint, the kind of
plan and the row alone, never on the order of work.

Contents: `About`, `person_of`, `about`, `by_gender`, `Cast`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..data.dataset import Dataset, pictured
from ..data.joined import JoinedDataset
from ..data.synth.corpus import SynthDataset
from ..data.synth.parts.stills_dataset import StillDataset
from ..data.synth.spec import gender_of
from ..errors import UsageError
from ..seeds import Draw, seed_of
from ..signal.audio import RATE
from ..signal.video import frames_for
from .protocol import Use

Drawn = Iterator[tuple[Use, dict[str, tuple[Use, ...]]]]
"""Of each row its source, and its references by role."""

DIRECTIONS = (("f", "f"), ("f", "m"), ("m", "f"), ("m", "m"))
ALIKE = 10


@dataclass(frozen=True)
class About:
    """What is known of a clip without opening it.

    Args:
        id: of the clip.
        person: who is heard or seen; None where the data set does not say.
        gender: `"f"`, `"m"` or None.
        heard: there is speech.
        still: there is a still picture.
        films: there are moving pictures.
        reference: the data set has set it aside to be what a voice is known by.
    """

    id: str
    person: str | None
    gender: str | None
    heard: bool
    still: bool
    films: bool
    reference: bool = False


def person_of(dataset: Dataset, clip_id: str) -> str | None:
    """Who is heard or seen in a clip, without making it; None where the data set does not say. Raises `UnknownName`."""
    owner = dataset.owner(clip_id) if isinstance(dataset, JoinedDataset) else dataset
    # Clips of the embedded corpus would all be made only to say what their names say already.
    return owner.part.speaker(clip_id) if isinstance(owner, SynthDataset) else owner.clip(clip_id).speaker


def about(dataset: Dataset, clip_id: str) -> About:
    """What is known of a clip. Raises `UnknownName`."""
    if isinstance(dataset, JoinedDataset):
        return about(dataset.owner(clip_id), clip_id)
    if isinstance(dataset, SynthDataset):
        person, still = person_of(dataset, clip_id), isinstance(dataset, StillDataset)
        films, heard = not still and dataset.part.picture is not None, dataset.part.name != "faces"
        return About(clip_id, person, gender_of(person), heard, still, films, dataset.part.name == "voices" and
                     clip_id.split("-")[1].startswith("r"))  # fmt: skip
    clip = dataset.clip(clip_id)
    entry = dataset.entry(clip_id) if hasattr(dataset, "entry") else None
    heard = clip.seconds > 0 if entry is None else entry.audio is not None
    still = entry is not None and entry.picture is not None
    return About(clip_id, clip.speaker, clip.traits.get("gender"), heard, still, clip_id in pictured(dataset))


def by_gender(dataset: Dataset, found: Iterable[About]) -> dict[str, list[About]]:
    """Clips by gender, women first.

    Raises:
        UsageError: the data set does not say whose voice or face is a woman's and whose a man's, or has one kind only.
    """
    groups: dict[str, list[About]] = {"f": [], "m": []}
    for one in found:
        if one.gender not in groups:
            raise UsageError(f"{dataset.name} does not say the gender of {one.id}, and this plan is drawn by gender.")
        groups[one.gender].append(one)
    return groups


def frames_of(dataset: Dataset, one: About) -> int:
    """How many pictures a clip has at 25 a second."""
    return 1 if one.still else frames_for(round(dataset.clip(one.id).seconds * RATE))


class Cast:
    """The people of a data set by gender, as sources and as references.

    Args:
        dataset: several may be joined.
        sources: ids of the clips that may be changed.
        source: `"face"` or `"voice"`: what of them is.

    Raises:
        UsageError: the data set does not say genders.
    """

    def __init__(self, dataset: Dataset, sources: Sequence[str], source: str):
        self._dataset, self._source = dataset, source
        everyone = [about(dataset, clip) for clip in dataset.ids]
        heard, seen = [a for a in everyone if a.heard], [a for a in everyone if a.still or a.films]
        # Where a corpus has set utterances aside to know a voice by, they are the references, and never sources.
        aside = [a for a in heard if a.reference]
        self._guides = {"image": by_gender(dataset, seen), "voice": by_gender(dataset, aside or heard)}
        self._heard = heard
        chosen = set(sources)
        changed = seen if source == "face" else [a for a in heard if not a.reference]
        self._sources = by_gender(dataset, [a for a in changed if a.id in chosen])
        self._givers = {p for group in self._sources.values() for p in _every_other({a.person for a in group})}

    def translations(self, count: int) -> Drawn:
        """Every source with `count` references of the other gender, of each role that there is."""
        for gender, other in (("f", "m"), ("m", "f")):
            for one in self._sources[gender]:
                uses = {}
                for role, groups in self._guides.items():
                    if groups[other]:
                        draw = self._draw("translation", one.id, role)
                        uses[role] = tuple(
                            self._use(draw, a, role) for a in self._sample(draw, groups[other], count, role)
                        )
                yield self._use(self._draw("translation", one.id, "source"), one, self._source), uses

    def conversions(self, pairs: Mapping[str, int]) -> Drawn:
        """Sources with one reference of each role, of somebody else; the directions of gender take turns."""
        for number in range(max(pairs.values())):
            draw = self._draw("conversion", number)
            here, there = DIRECTIONS[number % len(DIRECTIONS)]
            within = here == there  # then the people are halved: nobody is both source and reference
            givers = [a for a in self._sources[here] if not within or a.person is None or a.person in self._givers]
            one = draw.choice(self._enough(givers, 1, "source"))
            uses = {}
            for role, count in pairs.items():
                takers = [a for a in self._guides[role][there] if not within or a.person not in self._givers]
                other = draw.choice(self._enough(_not(takers, one), 1, f"reference ({role})"))
                if number < count:
                    uses[role] = (self._use(draw, other, role),)
                    if role == "image":
                        uses |= self._alike(draw, other)
            yield self._use(draw, one, self._source), uses

    def preferences(self, count: int) -> Drawn:
        """Sources with a right and a wrong reference, of two people, neither of them the source."""
        guide = "voice" if self._source == "face" else "image"
        guides = [a for group in self._guides[guide].values() for a in group]
        for number in range(count):
            draw = self._draw("preference", self._source, number)
            one = draw.choice(self._enough(self._sources["fm"[number % 2]], 1, "source"))
            right = draw.choice(self._enough(_not(guides, one), 1, guide))
            wrong = draw.choice(self._enough(_not(guides, one, right), 1, guide))
            pair = tuple(self._use(draw, a, guide) for a in (right, wrong))
            uses = {guide: pair, "left": (draw.choice(pair),)}
            yield self._use(draw, one, self._source), uses | self._truth(draw, right, wrong)

    def _truth(self, draw: Draw, right: About, wrong: About) -> dict[str, tuple[Use, ...]]:
        """What goes with references that are real: pictures of both people, or a voice of the right one."""
        role, people = ("image", (right, wrong)) if self._source == "face" else ("voice", (right,))
        every = [a for group in self._guides[role].values() for a in group]
        theirs = [[a for a in every if a.person is not None and a.person == who.person] for who in people]
        if not all(theirs):
            return {}
        return {"truth": tuple(self._use(draw, draw.choice(found), role) for found in theirs)}

    def _alike(self, draw: Draw, other: About) -> dict[str, tuple[Use, ...]]:
        """`ALIKE` utterances of the person in a picture, where that person is heard."""
        theirs = [a for a in self._heard if a.person is not None and a.person == other.person]
        if not theirs:
            return {}
        return {"alike": tuple(Use(a.id) for a in draw.sample(theirs, min(ALIKE, len(theirs))))}

    def _draw(self, *names: object) -> Draw:
        return Draw("guided@1", self._dataset.fingerprint, self._source, *names)

    def _use(self, draw: Draw, one: About, role: str) -> Use:
        """A clip, or one picture of a film."""
        if role == "voice" or one.still:
            return Use(one.id)
        return Use(one.id, draw.integer(frames_of(self._dataset, one)))

    def _sample(self, draw: Draw, group: list[About], count: int, role: str) -> list[About]:
        return draw.sample(self._enough(group, count, role), count)

    def _enough(self, group: list[About], count: int, what: str) -> list[About]:
        if len(group) < count:
            held = f"{self._dataset.name} has {len(group)} that fit, of {count} needed"
            raise UsageError(f"Too few clips to draw from, as {what}: {held}.")
        return group


def _not(group: list[About], *people: About) -> list[About]:
    """Clips of others than these people; where it is not known who is in it, at least of other clips."""
    known, clips = {a.person for a in people} - {None}, {a.id for a in people}
    return [a for a in group if a.person not in known and a.id not in clips]


def _every_other(people: set[str | None]) -> list[str]:
    """Half of the people, by the hash of their names; of an odd number the greater half."""
    return sorted(people - {None}, key=lambda person: seed_of("giver", person))[::2]
