"""Visual: noisy speech and one picture of a face; the face is to speak.

Noise is that of `each_noise`, one family at a time; the picture is a row's `face`, one frame of the registered film of
the clip, and the registered film is the target (`portraits`). The paper does not say which picture of a test clip it
takes; the author's later code takes the first, and so do our plans.

Source: Eskimez et al. 2020, "End-to-end generation of talking faces from noisy speech", section 4.1.

Contents: `Visual`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..signal.files import digest
from ..types import Target, Trial
from . import portraits
from .each_noise import EachNoise
from .protocol import Plan, Row, Use
from .things import Thing


class Visual(EachNoise):
    """Noisy speech and a picture; see the head of this file."""

    name = "visual"
    version = 1
    title = "noisy speech, one noise at a time, and one picture of the face that shall speak it"
    axes = ("snr", "reverberation", "band", "clipping", "noise")
    mouths = False
    needs = "face"

    def draw(self, name: str, dataset: Dataset, noise: NoiseSet, *, frame: int = 0, **how: Any) -> Plan:
        """Draw a plan as `EachNoise` does; `frame` is the number of the picture that is shown."""
        plan = super().draw(name, dataset, noise, **how)
        rows = (replace(row, uses={"face": (Use(row.clip, frame),)}) for row in plan.rows)
        return Plan.of(plan.header, rows)

    def things(self, plan: Plan, row: Row) -> tuple[Thing, ...]:
        """The picture, and the film that is wanted."""
        return Thing("frame", row.uses["face"][0]), Thing("film", Use(row.clip))

    def render(
        self,
        plan: Plan,
        row: Row,
        condition: Mapping[str, Any],
        dataset: Dataset,
        noise: NoiseSet,
        *,
        video: bool = True,
    ) -> Trial:
        """The trial of a row at a condition; without `video` it has neither the picture nor the film.

        Raises:
            as `AdditiveNoise.render`, and `ReferenceFault` where the clip has no usable film.
        """
        heard = super().render(plan, row, condition, dataset, noise, video=False)
        if not video:
            return heard
        face, film = portraits.frame(dataset, row.uses["face"][0]), portraits.film(dataset, row.clip)
        return replace(
            heard,
            input=replace(heard.input, face=face),
            target=Target(heard.target.audio, heard.target.text, film),
            facts={**heard.facts, "face": digest(face.frames)},
        )
