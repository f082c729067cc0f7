"""Plans without noise: what a trial shows and plays is chosen, not mixed.

Contents: `Selection`, `header_without_noise`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.dataset import Dataset, recorded_name
from ..seeds import seed_of
from ..signal.audio import from_int16, to_int16
from ..signal.files import digest
from ..types import Audio, Inputs, Target, Trial, Video
from .axes import marks_of
from .protocol import Protocol, Row


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
