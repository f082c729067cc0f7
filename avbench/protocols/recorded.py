"""Recorded pairs: noisy speech that others recorded or mixed, with its clean side. Nothing is drawn and nothing mixed.

    input     the noisy side at 16 kHz, the mean of its channels, rounded to 16 bits as all sound is
    target    the clean side at 16 kHz, as float32

A pair whose sides differ in length, or of which one is silent or broken, is void. There is no SNR to vary: a pair has
the one that it has, which the corpus may tell (`Clip.traits["snr"]`).

Source: MUTUD, Table V (DNS Challenge, evaluation set without reverberation: sound alone). VoiceBank+DEMAND has pairs of
the same kind.

Contents: `Recorded`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import ReferenceFault, UsageError
from ..types import Target, Trial
from . import things
from .additive_noise import samples_of
from .protocol import Plan, Row, Use
from .selection import Selection, header_without_noise
from .things import Thing


class Recorded(Selection):
    """Pairs as they are; see the head of this file."""

    name = "recorded"
    version = 1
    title = "noisy speech as others recorded or mixed it, with its clean side"
    axes = ()

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
        """Draw a plan: a row for each clip that has a noisy side, in this order; see `Protocol.draw`.

        Raises:
            UsageError: no clip has one.
        """
        paired = [dataset.clip(clip) for clip in clips if things.has_noisy(dataset, clip)]
        if not paired:
            raise UsageError(
                f"{dataset.name} has no noisy side recorded with its clips: name a corpus of pairs, such as "
                "voicebank-demand or dns-eval."
            )
        rows = (Row(f"{name}-{number:04d}", clip.id, samples_of(clip), ()) for number, clip in enumerate(paired))
        return Plan.of(header_without_noise(self, name, dataset, task), rows)

    def things(self, plan: Plan, row: Row) -> tuple[Thing, ...]:
        """Both sides."""
        return Thing("sound", Use(row.clip)), Thing("noisy", Use(row.clip))

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
        """The trial of a row.

        Raises:
            ReferenceFault: a side is silent or broken, or they differ in length.
            UsageError: pictures are asked for, and recorded pairs are sound alone.
        """
        self.read(condition)
        if video:
            raise UsageError(f"{dataset.name} is sound alone, so only systems that look at nothing can be asked.")
        clean, noisy = (things.load(dataset, thing) for thing in self.things(plan, row))
        if len(clean.samples) != len(noisy.samples):
            raise ReferenceFault(
                f"the noisy side has {len(noisy.samples)} samples at 16 kHz and the clean side {len(clean.samples)}"
            )
        target = Target(audio=clean, text=dataset.clip(row.clip).text)
        return self.trial(row, condition, dataset, target, audio=noisy)
