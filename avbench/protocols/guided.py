"""Guided: a face or a voice is made another's, after a picture or speech of that other, or after nothing but a gender.

A row is one source. Under the roles `image` and `voice` it has references; the condition says which kind guides and
which of them is followed. `latent` guidance has as many trials as there are references, and no reference: the system
draws from the trial's seed.

Three ways to draw (`kind`), after XFaVoT:

    translation   every source into the other gender after 10 references, images and voices (sections 4.1 and C: FID,
                  LPIPS)
    conversion    pairs of a source voice and a reference of somebody else: 140 with a voice, 180 with a picture
                  (section 4.2: NISQA, SpkSim, WER). The four pairs of genders take turns
    preference    30 sources with a right reference (0) and a wrong one (1) of another person (section 4.3: CPR).
                  `left` is the reference whose result is shown on the left

A converted voice is held against the reference itself, or against `alike`: 10 utterances of the person in the picture,
where that person is heard at all. `truth` of a preference row is what listeners are asked about real pairs, where the
people are both seen and heard: pictures of both (for faces), or a voice of the right one (for voices).

Nobody is both source and reference in one direction: for pairs of one gender the people are halved first.

Conventions: uses of a picture of a film are `clip#frame`. Voices have 16 kHz (the paper's have 24 kHz).
Source: XFaVoT, sections 4.1 to 4.3 and C; what it leaves open is in `README.md`.

Contents: `PAIRS`, `Guided`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import UnknownName, UsageError
from ..types import Audio, Target, Trial, Video
from . import portraits, things
from .people import Cast, about
from .protocol import Plan, Row, Use
from .selection import Selection, header_without_noise
from .things import Thing

PAIRS = {"voice": 140, "image": 180}
TRIPLETS, REFERENCES = 30, 10
KINDS = ("translation", "conversion", "preference")


class Guided(Selection):
    """Sources and references; see the head of this file."""

    name = "guided"
    version = 1
    title = "a face or a voice becomes another's, after a picture, speech, or a gender alone"
    axes = ("guidance", "reference")

    def draw(
        self,
        name: str,
        dataset: Dataset,
        noise: NoiseSet | None = None,
        *,
        clips: Iterable[str],
        task: str,
        source: str = "face",
        kind: str = "translation",
        references: int = REFERENCES,
        pairs: Mapping[str, int] = PAIRS,
        triplets: int = TRIPLETS,
        **_: Any,
    ) -> Plan:
        """Draw a plan.

        Args:
            name: of the plan.
            dataset: where faces and voices are; several may be joined.
            noise: of no account.
            clips: which of its clips may be sources; references come from all clips of the data set.
            task: id of the task that the plan is for.
            source: `face` or `voice`: what is changed.
            kind: of `KINDS`.
            references: of each source, for a translation.
            pairs: how many sources have a reference of a role, for a conversion.
            triplets: for a preference.

        Raises:
            UsageError: the data set does not say genders, or has too few people or clips for this.
        """
        if source not in ("face", "voice") or kind not in KINDS:
            raise UnknownName("kind of guided plan", f"{source} {kind}", KINDS)
        cast = Cast(dataset, list(clips), source)
        if kind == "translation":
            drawn = cast.translations(references)
        elif kind == "conversion":
            drawn = cast.conversions(pairs)
        else:
            drawn = cast.preferences(triplets)
        header = header_without_noise(self, name, dataset, task) | {"source": source, "kind": kind}
        rows = (
            Row(f"{name}-{number:04d}", clip.item, 0, (), uses if clip.frame is None else {"source": (clip,)} | uses)
            for number, (clip, uses) in enumerate(drawn)
        )
        return Plan.of(header, rows)

    def hearings(self, plan: Plan) -> list[dict[str, Any]]:
        """Every guidance that the plan has, with every reference."""
        counts = {role: max(len(row.uses.get(role, ())) for row in plan.rows) for role in ("image", "voice")}
        counts["latent"] = max(counts.values())
        return [{"guidance": role, "reference": k} for role, count in counts.items() for k in range(count)]

    def asks(self, plan: Plan, row: Row, condition: Mapping[str, Any]) -> bool:
        """Whether the row has that reference; a latent code takes the place of any that it has."""
        asked = self.read(condition)
        return asked.reference < len(self._guides(row, asked.guidance))

    def _guides(self, row: Row, guidance: str) -> tuple[Use, ...]:
        if guidance == "latent":
            return max((row.uses.get(role, ()) for role in ("image", "voice")), key=len)
        return row.uses.get(guidance, ())

    def things(self, plan: Plan, row: Row) -> tuple[Thing, ...]:
        """The source, and every reference that somebody sees or hears."""
        own = "still" if plan.header["source"] == "face" else "sound"
        kinds = {"image": "still", "voice": "sound", "alike": "sound", "truth": own}
        source = Thing(own, _source(row))
        return source, *(Thing(kind, use) for role, kind in kinds.items() for use in row.uses.get(role, ()))

    def render(
        self,
        plan: Plan,
        row: Row,
        condition: Mapping[str, Any],
        dataset: Dataset,
        noise: NoiseSet | None = None,
        *,
        video: bool = True,
    ) -> Trial:
        """The trial of a row at a condition; pictures are its matter, so they come whatever `video` says.

        Raises:
            ReferenceFault: source or reference is broken.
            UsageError, UnknownName: no such guidance or reference in this row.
        """
        asked = self.read(condition)
        if not self.asks(plan, row, condition):
            raise UsageError(f"{row.id} has no {asked.guidance} reference number {asked.reference}.")
        use = self._guides(row, asked.guidance)[asked.reference]
        guide: dict[str, Audio | Video] = {}
        if asked.guidance != "latent":
            guide[asked.guidance] = things.load(dataset, Thing("still" if asked.guidance == "image" else "sound", use))
        wanted = about(dataset, use.item).gender
        given: dict[str, Any] = {"references": guide, "wanted": {"gender": wanted} if wanted else {}}
        if plan.header["source"] == "face":
            face = portraits.still(dataset, _source(row))
            return self.trial(row, condition, dataset, Target(), face=face, **given)
        clip = dataset.clip(row.clip)
        target = Target(text=clip.text, voices=self._alike(row, asked.guidance, guide, dataset))
        return self.trial(row, condition, dataset, target, audio=things.sound(dataset, row.clip), **given)

    def _alike(self, row: Row, guidance: str, guide: Mapping[str, Any], dataset: Dataset) -> tuple[Audio, ...]:
        """What a converted voice is held against."""
        if guidance == "voice":
            return (guide["voice"],)
        if guidance == "latent":
            return ()
        return tuple(things.sound(dataset, use.item) for use in row.uses.get("alike", ()))


def _source(row: Row) -> Use:
    return row.uses["source"][0] if "source" in row.uses else Use(row.clip)
