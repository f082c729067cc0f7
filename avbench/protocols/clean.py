"""Clean: a clip as it is, heard, seen, or both.

The picture may be late, degraded or another's; nothing is mixed in.

Source: word recognition in CMML (Table 4): the sound or the mouth video of one word.

Contents: `Clean`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import BadFile
from ..types import Target, Trial
from . import pictures, things
from .additive_noise import samples_of
from .protocol import Plan, Row, Use
from .selection import Selection, header_without_noise
from .things import Thing


class Clean(Selection):
    """Clips as they are; see the head of this file."""

    name = "clean"
    version = 1
    title = "clips as they are: what is said is to be known from sound, mouth or both"
    axes = ("modality", "offset", "degradation")

    def draw(
        self,
        name: str,
        dataset: Dataset,
        noise: NoiseSet | None = None,
        *,
        clips: Iterable[str],
        task: str,
        **_: Any,
    ) -> Plan:
        """Draw a plan: a row for each clip, in this order; see `Protocol.draw`."""
        rows = (
            Row(f"{name}-{number:04d}", clip, samples_of(dataset.clip(clip)), ()) for number, clip in enumerate(clips)
        )
        return Plan.of(header_without_noise(self, name, dataset, task), rows)

    def things(self, plan: Plan, row: Row) -> tuple[Thing, ...]:
        """Sound and mouth."""
        return Thing("sound", Use(row.clip)), Thing("mouth", Use(row.clip))

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
        """The trial of a row at a condition; `Target.text` is what is said.

        Raises:
            ReferenceFault: the clip is silent or broken, or has no picture where others have one.
            UsageError, UnknownName: an axis or a value that this protocol does not have.
            BadFile: the clip is not the one that the plan was drawn over.
        """
        asked = self.read(condition)
        clip = dataset.clip(row.clip)
        audio = None if asked.modality == "video" else things.sound(dataset, row.clip)
        if audio is not None and len(audio.samples) != row.samples:
            raise BadFile(
                f"The clip {clip.id} has {len(audio.samples)} samples where the plan {plan.name} says {row.samples}: "
                "draw the plan again for this data set."
            )
        seen = pictures.shown(plan, row, dataset, asked.modality, asked.offset, asked.degradation) if video else None
        return self.trial(row, condition, dataset, Target(text=clip.text), audio=audio, video=seen)
