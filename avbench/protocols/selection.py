"""Plans without noise: what a trial shows and plays is chosen, not mixed.

The simplest is `clean`: a clip as it is, heard, seen, or both. The picture may be late, degraded or another's.

Source of `clean`: word recognition in CMML (Table 4): the sound or the mouth video of one word.

Contents: `Selection`, `Clean`, `header_without_noise`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..data.dataset import Dataset, recorded_name
from ..data.noise import NoiseSet
from ..errors import BadFile
from ..seeds import seed_of
from ..signal.audio import from_int16, to_int16
from ..signal.files import digest
from ..types import Audio, Inputs, Target, Trial, Video
from . import pictures, things
from .additive_noise import samples_of
from .axes import marks_of
from .protocol import Plan, Protocol, Row, Use
from .things import Thing


class Selection(Protocol):
    """What protocols without noise have in common."""

    noisy = False
    mouths = False

    def hearings(self, plan) -> list[dict[str, Any]]:
        """One way of asking, unless a protocol knows more."""
        return [{}]

    def trial_id(self, row: Row, condition: Mapping[str, Any]) -> str:
        """Row, and what is not as usual: `"words-0007.video"`."""
        return row.id + marks_of(self.read(condition))

    def trial(
        self,
        row: Row,
        condition: Mapping[str, Any],
        dataset: Dataset,
        target: Target,
        *,
        audio: Audio | None = None,
        video: Video | None = None,
        **given: Any,
    ) -> Trial:
        """The trial with these inputs; speech goes out as 16-bit samples, as everywhere."""
        name, clip = self.trial_id(row, condition), dataset.clip(row.clip)
        heard = None if audio is None else rounded(audio)
        references = {k: rounded(v) if isinstance(v, Audio) else v for k, v in given.pop("references", {}).items()}
        inputs = Inputs(name, heard, video, seed_of("trial", name), references=references, **given)
        return Trial(name, inputs, target, dict(condition), clip.id, clip.speaker or clip.id, facts_of(inputs))


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


def rounded(audio: Audio) -> Audio:
    """The same as int16 / 32768."""
    return Audio(from_int16(to_int16(audio.samples)), audio.rate)


def facts_of(inputs: Inputs) -> dict[str, str]:
    """Hashes of what a trial shows and plays."""
    found = {}
    if inputs.audio is not None:
        found["pcm"] = digest(to_int16(inputs.audio.samples))
    for name, video in (("frames", inputs.video), ("face", inputs.face)):
        if video is not None:
            found[name] = digest(video.frames)
    for role, thing in inputs.references.items():
        found[role] = digest(
            to_int16(thing.samples) if isinstance(thing, Audio) else np.ascontiguousarray(thing.frames)
        )
    return found


def header_without_noise(protocol: Protocol, name: str, dataset: Dataset, task: str) -> dict[str, Any]:
    """The header of a plan without noise; see `Protocol.draw` for the arguments."""
    return {
        "plan": name,
        "task": task,
        "protocol": protocol.id,
        "dataset": recorded_name(dataset.name),
        "dataset_fingerprint": dataset.fingerprint,
    }
