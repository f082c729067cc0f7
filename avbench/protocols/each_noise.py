"""Each noise by itself: every clip once with every family of noise, at every SNR.

A row holds one noise of each family, in the order of the header's `families`; the condition's `noise` says which of
them is added. So a table has a curve for each noise over the same clips. Mixing is that of `additive_noise`.

Source: the evaluation of the noisy talking face (five noises, each at 41 SNRs, 1,000 clips).

Contents: `EachNoise`.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..data.corpora.tree import unique_ids
from ..data.dataset import Dataset
from ..data.noise import NoiseItem, NoiseSet
from ..errors import BadFile, UnknownName, UsageError
from ..seeds import Draw
from .additive_noise import AdditiveNoise, header_of, noise_of, samples_of
from .axes import Condition
from .drawing import cut
from .protocol import Plan, Row


class EachNoise(AdditiveNoise):
    """Speech plus one noise at an SNR; the condition names its family."""

    name = "each-noise"
    version = 1
    title = "speech plus one noise at a power SNR, for every family of noise in turn"
    axes = (*AdditiveNoise.axes, "noise")

    def draw(
        self,
        name: str,
        dataset: Dataset,
        noise: NoiseSet,
        *,
        clips: Iterable[str],
        noises: int = 1,
        task: str,
        snr: Iterable,
    ) -> Plan:
        """Draw a plan; a draw hangs on the noises, the clip and the family alone.

        Args:
            name: of the plan.
            dataset: where the clips are.
            noise: where noises come from; every family of it is drawn from.
            clips: ids, in order.
            noises: in one mixture; 1 is all there is.
            task: id of the task that the plan is for.
            snr: the SNR list it is meant for, noted in the header.

        Raises:
            UsageError: more than one noise wanted, or a family with nothing but the target's own voice.
            BadFile: a noise that is silent wherever one looks.
        """
        if noises != 1:
            raise UsageError(f"The protocol {self.name} adds one noise at a time, not {noises}.")
        families: dict[str, list[NoiseItem]] = defaultdict(list)
        for item in noise.items:
            families[item.family].append(item)
        # A folder's families are called as its folders are, and their names must fit into a trial's id.
        header = header_of(self, name, dataset, noise, noises, task, snr) | {
            "families": unique_ids(list(families), "noise")
        }
        rows = []
        for number, clip_id in enumerate(clips):
            clip = dataset.clip(clip_id)
            samples = samples_of(clip)
            uses = []
            for family, items in families.items():
                draw = Draw(self.id, noise.fingerprint, clip.id, family)
                allowed = [item for item in items if clip.speaker is None or clip.speaker not in item.talkers]
                if not allowed:
                    raise UsageError(f"Every noise of the family {family} in {noise.name} has the voice of {clip.id}.")
                uses.append(cut(draw, noise, draw.choice(allowed), samples))
            rows.append(Row(f"{name}-{number:04d}", clip.id, samples, tuple(uses)))
        return Plan.of(header, rows)

    def check(self, plan: Plan) -> None:
        """A noise for each family of the header in every row; see `Protocol.check`."""
        super().check(plan)
        families = plan.header.get("families")
        if not isinstance(families, list) or any(len(row.noises) != len(families) for row in plan.rows):
            raise BadFile(f"The plan {plan.name} is not of the protocol {self.id}: a row lacks a noise of each family.")

    def noise_at(self, plan: Plan, row: Row, asked: Condition, noise: NoiseSet) -> np.ndarray:
        """`[T]` float64: the one noise that the condition names."""
        families = plan.header["families"]
        if asked.noise not in families:
            raise UnknownName(f"noise in the plan {plan.name}", asked.noise, families)
        place = families.index(asked.noise)
        return noise_of(row, noise, [row.noises[place]])

    def hearings(self, plan: Plan) -> list[dict[str, Any]]:
        """Every noise at every SNR."""
        return [{"noise": family, "snr": snr} for family in plan.header["families"] for snr in plan.snr]
