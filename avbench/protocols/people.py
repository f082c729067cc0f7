"""Who is in a clip, and what there is of them, as far as a draw must know; nothing is made or read for it.

Contents: `About`, `about`, `by_gender`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ..data.dataset import Dataset, pictured
from ..data.joined import JoinedDataset
from ..data.synth.corpus import SynthDataset
from ..data.synth.parts.stills_dataset import StillDataset
from ..data.synth.spec import gender_of
from ..errors import UsageError
from ..signal.audio import RATE
from ..signal.video import frames_for


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


def about(dataset: Dataset, clip_id: str) -> About:
    """What is known of a clip. Raises `UnknownName`."""
    if isinstance(dataset, JoinedDataset):
        return about(dataset.owner(clip_id), clip_id)
    if isinstance(dataset, SynthDataset):  # its clips would all be made only to say what their names say already
        person, still = dataset.part.speaker(clip_id), isinstance(dataset, StillDataset)
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
