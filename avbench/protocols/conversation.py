"""Conversation: several faces and one sound; every face track is asked who speaks, frame by frame.

A row is one face track; all tracks of a conversation share its sound and its noise. The system sees the crops around
that face and hears the mixture; the judge has a label for each frame.

MUTUD's Table IX is on EasyCom, whose recordings have the noise of a restaurant in them: there nothing is added (the SNR
is `clean`). The embedded conversations are recorded in quiet rooms, so their plan has one cafeteria noise a
conversation, and SNRs of this project's own choice. Mixing is that of `additive_noise`, over the whole conversation.

`wrong-face` shows the next track of the same conversation, `frozen-face` the first picture throughout. Where only one
face is seen there is no wrong one, and the row has no such trial.

Contents: `ConversationFaces`.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import BadFile, UsageError
from ..seeds import Draw, seed_of
from ..signal.audio import RATE, from_int16
from ..signal.degrade import degrade
from ..signal.files import digest
from ..types import Audio, Inputs, Target, Trial, Video
from . import portraits, things
from .additive_noise import header_of, mix, noise_of, samples_of
from .axes import NONE, Condition, marks_of
from .drawing import cut
from .protocol import NoiseUse, Plan, Protocol, Row, Use
from .selection import header_without_noise
from .things import Thing


class ConversationFaces(Protocol):
    """Face tracks of conversations; see the head of this file."""

    name = "conversation"
    version = 1
    title = "every face of a conversation with the sound of all: who speaks, frame by frame"
    axes = ("snr", "modality", "offset", "degradation")
    mouths = False
    needs = "face"
    clusters = "conversations"  # the two faces of a conversation are no independent samples

    def draw(
        self,
        name: str,
        dataset: Dataset,
        noise: NoiseSet | None,
        *,
        clips: Iterable[str],
        task: str,
        snr: Iterable = (),
        families: Iterable[str] = (),
        **_: Any,
    ) -> Plan:
        """Draw a plan; the noise of a conversation hangs on its name and the noises alone.

        Args:
            name: of the plan.
            dataset: where the conversations are.
            noise: where noises come from; None for recordings that are noisy as they are.
            clips: ids of conversations, in order.
            task: id of the task that the plan is for.
            snr: the SNR list it is meant for, noted in the header.
            families: of noises to draw from; all unless given.

        Raises:
            UsageError: no face tracks, or no noise of these families without a voice of the conversation.
        """
        if not hasattr(dataset, "tracks"):
            raise UsageError(f"{dataset.name} has no face tracks with labels of who speaks: none can be asked about.")
        if noise is None:
            header = header_without_noise(self, name, dataset, task)
        else:
            header = header_of(self, name, dataset, noise, 1, task, snr)
        of_clip: dict[str, list[str]] = {}
        for track in dataset.tracks:
            of_clip.setdefault(track.rpartition("-")[0], []).append(track)
        rows: list[Row] = []
        for clip_id in clips:
            samples = samples_of(dataset.clip(clip_id))
            people = {dataset.speaker(track) for track in of_clip[clip_id]}
            uses = () if noise is None else self._noise(noise, clip_id, people, samples, tuple(families))
            for track in of_clip[clip_id]:
                rows.append(Row(f"{name}-{len(rows):04d}", clip_id, samples, uses, {"face": (Use(track),)}))
        return Plan.of(header, rows)

    def _noise(self, noise: NoiseSet, clip_id: str, people: set[str], samples: int, families) -> tuple[NoiseUse, ...]:
        draw = Draw(self.id, noise.fingerprint, clip_id)
        allowed = [
            item
            for item in noise.items
            if (not families or item.family in families) and people.isdisjoint(item.talkers)
        ]
        if not allowed:
            raise UsageError(f"{noise.name} has no noise ({', '.join(families) or 'of any family'}) for {clip_id}.")
        return (cut(draw, noise, draw.choice(allowed), samples),)

    def hearings(self, plan: Plan) -> list[dict[str, Any]]:
        """Every SNR; recordings to which nothing is added are heard as they are."""
        return [{"snr": snr} for snr in plan.snr or ("clean",)]

    def noise_at(self, plan: Plan, row: Row, asked: Condition, noise: NoiseSet) -> np.ndarray:
        """`[T]` float64: the noise of the conversation."""
        return noise_of(row, noise)

    def things(self, plan: Plan, row: Row) -> tuple[Thing, ...]:
        """The face track and its labels."""
        return Thing("track", row.uses["face"][0]), Thing("labels", row.uses["face"][0])

    def asks(self, plan: Plan, row: Row, condition: Mapping[str, Any]) -> bool:
        """A conversation that shows one face only has no wrong one."""
        return self.read(condition).modality != "wrong-face" or len(_tracks_beside(plan, row)) > 1

    def trial_id(self, row: Row, condition: Mapping[str, Any]) -> str:
        """Row, SNR, and what is not as usual: `"asd-0007.snr5.video"`."""
        return row.id + marks_of(self.read(condition))

    def render(
        self,
        plan: Plan,
        row: Row,
        condition: Mapping[str, Any],
        dataset: Dataset,
        noise: NoiseSet | None,
        *,
        video: bool = True,
    ) -> Trial:
        """The trial of a face track at a condition; `Target.labels` says in which frames it is heard to speak.

        Raises:
            ReferenceFault: the conversation is silent or broken, or too quiet for the SNR in 16 bits.
            UsageError, UnknownName: an axis or a value that this protocol does not have; an SNR without a noise;
                a wrong face where the row has none (see `asks`).
            BadFile: the clip is not the one that the plan was drawn over.
        """
        asked = self.read(condition)
        if asked.snr != "clean" and not row.noises:
            raise UsageError(f"The plan {plan.name} adds no noise, so clean is its only SNR.")
        if not self.asks(plan, row, condition):
            raise UsageError(f"{row.clip} shows one face only, so there is no wrong one.")
        speech = things.sound(dataset, row.clip).samples
        if len(speech) != row.samples:
            raise BadFile(
                f"The clip {row.clip} has {len(speech)} samples where the plan {plan.name} says {row.samples}: "
                "draw the plan again for this data set."
            )
        added = np.zeros(0) if asked.snr == "clean" else noise_of(row, noise)
        mixture = mix(speech, added, asked.snr)
        name, track = self.trial_id(row, condition), row.uses["face"][0].item
        audio = None if asked.modality == "video" else Audio(from_int16(mixture.noisy), RATE)
        face = self._shown(plan, row, dataset, asked) if video and asked.modality != "audio" else None
        facts = {"power_snr_db": mixture.power_snr_db, "gain_db": mixture.gain_db, "pcm": digest(mixture.noisy)}
        return Trial(
            id=name,
            input=Inputs(name, audio, None, seed_of("trial", name), face=face),
            target=Target(labels=portraits.labels(dataset, track)),
            condition=dict(condition),
            clip=row.clip,
            cluster=row.clip,
            facts=facts if face is None else {**facts, "face": digest(face.frames)},
        )

    def _shown(self, plan: Plan, row: Row, dataset: Dataset, asked: Condition) -> Video:
        frames = portraits.track(dataset, self._track(plan, row, asked)).frames
        count = len(frames)
        if asked.modality == "frozen-face":
            frames = np.repeat(frames[:1], count, axis=0)
        if asked.degradation != NONE:
            frames = degrade(frames, asked.degradation, Draw(row.id, "degradation"))
        if asked.offset:
            frames = frames[np.clip(np.arange(count) - asked.offset, 0, count - 1)]
        return Video(np.ascontiguousarray(frames), 25.0)

    def _track(self, plan: Plan, row: Row, asked: Condition) -> str:
        mine = row.uses["face"][0].item
        if asked.modality != "wrong-face":
            return mine
        tracks = _tracks_beside(plan, row)
        return tracks[(tracks.index(mine) + 1) % len(tracks)]


def _tracks_beside(plan: Plan, row: Row) -> list[str]:
    """All face tracks of a row's conversation, its own among them."""
    return _tracks_of(plan)[row.clip]


@lru_cache(maxsize=2)
def _tracks_of(plan: Plan) -> dict[str, list[str]]:
    """The face tracks of every conversation."""
    found: dict[str, list[str]] = {}
    for row in plan.rows:
        found.setdefault(row.clip, []).append(row.uses["face"][0].item)
    return found
