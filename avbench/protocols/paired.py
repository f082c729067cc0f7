"""Paired: what is said comes from one clip, whose face or voice it is from another one.

A row is the clip that says what is said. The condition's `identity` says where face or voice come from:

    own       the clip itself, as in the paper's tables of PSNR, SSIM, STOI, ESTOI and PESQ: there is a target
    other     another clip of the same person: a voice still has a target, and nothing of it leaks into the input
    swapped   a clip of another person and word: there is no target; judged by what the lips say (LSA), or what is heard

The header says of which kind both are: `content` `face` (the mouth is seen) or `voice` (speech is heard), `identity`
`face` or `voice`. A face comes as a film with a hidden mouth, as long as the content, and its first picture unhidden
(CMML: pose prior and appearance prior); a voice as the speech of the clip.

All four tasks have the same pairs. Source: CMML (Yang et al. 2022), section on metrics: "randomly sample audio/visual-
visual pairwise data"; how many is not said, nor which clip the identity of the tables is from: [own] follows from the
metrics.

Contents: `Paired`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import UnknownName, UsageError
from ..seeds import Draw
from ..types import Target, Trial, Video
from . import portraits, things
from .additive_noise import samples_of
from .axes import IDENTITIES
from .people import About, about
from .protocol import Plan, Row, Use
from .selection import Selection, header_without_noise
from .things import Thing

SIDES = ("face", "voice")


class Paired(Selection):
    """Content of one clip, identity of another; see the head of this file."""

    name = "paired"
    version = 1
    title = "what one clip says, with the face or the voice of another"
    axes = ("identity",)

    def draw(
        self,
        name: str,
        dataset: Dataset,
        noise: NoiseSet | None = None,
        *,
        clips: Iterable[str],
        task: str,
        content: str = "voice",
        identity: str = "face",
        **_: Any,
    ) -> Plan:
        """Draw a plan; a pair hangs on the data set and the clip alone, so that all tasks have the same ones.

        Args:
            name: of the plan.
            dataset: where the clips are.
            noise: of no account.
            clips: ids of what is said, in order.
            task: id of the task that the plan is for.
            content: `face` or `voice`: what is seen or heard of it.
            identity: `face` or `voice`: what is wanted.

        Raises:
            UsageError: no clip of another person.
        """
        for side in (content, identity):
            if side not in SIDES:
                raise UnknownName("side of a paired plan", side, SIDES)
        everyone = [about(dataset, i) for i in dataset.ids]
        usable = {a.id: a for a in everyone if a.heard and a.films}
        header = header_without_noise(self, name, dataset, task) | {"content": content, "identity": identity}
        by_person: dict[str | None, list[About]] = {}
        for one in usable.values():
            by_person.setdefault(one.person, []).append(one)
        rows = []
        for number, clip_id in enumerate(c for c in clips if c in usable):
            uses = _uses(dataset, usable[clip_id], list(usable.values()), by_person)
            rows.append(Row(f"{name}-{number:04d}", clip_id, samples_of(dataset.clip(clip_id)), (), uses))
        return Plan.of(header, rows)

    def hearings(self, plan: Plan) -> list[dict[str, Any]]:
        """Every identity that some row has."""
        return [{"identity": i} for i in IDENTITIES if i == "own" or any(i in row.uses for row in plan.rows)]

    def asks(self, plan: Plan, row: Row, condition: Mapping[str, Any]) -> bool:
        """Not every clip has another one of the same person."""
        return self.read(condition).identity in ("own", *row.uses)

    def things(self, plan: Plan, row: Row) -> tuple[Thing, ...]:
        """What is said, and each face or voice with it; for faces also the film that is wanted."""
        identities = [Use(row.clip), *(use for role in ("other", "swapped") for use in row.uses.get(role, ()))]
        found = [Thing("mouth" if plan.header["content"] == "face" else "sound", Use(row.clip))]
        if plan.header["identity"] == "voice":
            return *found, *(Thing("sound", use) for use in identities)
        return *found, Thing("film", Use(row.clip)), *(Thing("masked", use) for use in identities)

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

        `Target.text` is what is said. The target film is there for the own face, the target speech for the own or
        another clip's voice of the same person.

        Raises:
            ReferenceFault: one of the clips is broken.
            UsageError, UnknownName: no such identity in this row.
        """
        who = self.read(condition).identity
        if not self.asks(plan, row, condition):
            raise UsageError(f"{row.id} has no clip for the identity {who}.")
        use = Use(row.clip) if who == "own" else row.uses[who][0]
        clip, given = dataset.clip(row.clip), {}
        if plan.header["content"] == "voice":
            given["audio"] = things.sound(dataset, row.clip)
        else:
            given["video"] = things.load(dataset, Thing("mouth", Use(row.clip)))
        if plan.header["identity"] == "voice":
            given["references"] = {"voice": things.sound(dataset, use.item)}
            target = Target(things.sound(dataset, row.clip) if who != "swapped" else None, clip.text)
            return self.trial(row, condition, dataset, target, **given)
        wanted = portraits.film(dataset, row.clip)
        given["face"] = _as_long_as(portraits.masked(dataset, use.item), len(wanted.frames))
        given["references"] = {"image": portraits.frame(dataset, Use(use.item, 0))}
        target = Target(text=clip.text, video=wanted if who == "own" else None)
        return self.trial(row, condition, dataset, target, **given)


def _uses(
    dataset: Dataset, one: About, everyone: list[About], by_person: Mapping[str | None, list[About]]
) -> dict[str, tuple[Use, ...]]:
    draw = Draw("paired@1", dataset.fingerprint, one.id)
    same = [a for a in by_person[one.person] if a.id != one.id] if one.person is not None else []
    # Whose word it is tells a swapped face from its content; where nothing is known of people, any other clip does.
    strangers = len(everyone) - len(by_person[one.person]) if one.person is not None else len(everyone) - 1
    if not strangers:
        raise UsageError(f"{dataset.name} has nobody else whose face or voice could be given to {one.id}.")
    uses = {"other": (Use(draw.choice(same).id),)} if same else {}
    text = dataset.clip(one.id).text
    for _ in range(1000):
        other = draw.choice(everyone)
        alien = other.id != one.id if one.person is None else other.person != one.person
        if alien and dataset.clip(other.id).text != text:
            return uses | {"swapped": (Use(other.id),)}
    raise UsageError(f"{dataset.name} has no clip of another person that says something else than {one.id}.")


def _as_long_as(video: Video, count: int) -> Video:
    """A film of `count` pictures; a shorter one runs back and forth."""
    have = len(video.frames)
    order = np.concatenate([np.arange(have), np.arange(have - 2, 0, -1)])
    return Video(np.ascontiguousarray(video.frames[np.take(order, np.arange(count), mode="wrap")]), video.fps)
