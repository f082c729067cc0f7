"""The part `conversations` (role: EasyCom): two people talk before one camera, heard by one microphone.

A conversation lasts 30 s. Two faces are to be seen; in one conversation of ten a third person talks who is not. People
take turns, pause, and start before the other has ended; while a face does not speak it may chew, laugh without a sound,
or mouth words that nobody hears. Heads turn, and the camera sits on a head that moves. Every speaker sits in one
conversation only, and each split has its own speakers.

Source: roles, lengths and shares after Donley et al. 2021, "EasyCom" (noisy conversations seen through glasses), and
Roth et al. 2020, "AVA-ActiveSpeaker" (a label for each face and frame).

Conventions: a clip is a conversation, `s017-s033`; its two faces are the tracks `s017-s033-0` (left) and `s017-s033-1`.
One mono sound at 16 kHz for both, 750 frames at 25 fps. Kept are the sound, the events as text, and, once asked for,
the grey crops around both faces; the canvas is drawn anew at each call.

Contents: `PART`. The data set is in `conversations_dataset`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..session import Record, Said
from ..spec import CorpusSpec, gender_of
from ..voice import Voice
from . import conversations_events as events
from .conversations_events import FRAMES, SECONDS, conversation_from
from .part import Part

if TYPE_CHECKING:
    from .conversations_dataset import ConversationDataset


class _Conversations(Part):
    name = "conversations"
    title = "talks of two people to be seen, 30 s each, with decoys and exact labels of who speaks"
    files = (
        "conversations.py", "conversations_events.py", "conversations_script.py", "conversations_acting.py",
        "conversations_picture.py", "conversations_people.py",
    )  # fmt: skip
    picture = (2, 112, 112)
    per_shard = 4

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        self.check(size, split)
        return events.conversation_ids(size, split)

    def shards(self, size: str, split: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        # Every size begins with the conversations of the smaller ones, so they share shards.
        ids = self.clip_ids(size, split)
        return [(ids[k], ids[k : k + self.per_shard]) for k in range(0, len(ids), self.per_shard)]

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        from .conversations_script import converse

        heard = converse(spec, clip_id, voice)
        turns = [e for e in heard.conversation.events if e.kind == "speech"]
        words = tuple(sorted((w for e in turns for w in e.words), key=lambda w: w.start))
        text, more = " ".join(e.text for e in turns), events.more_of(heard.conversation)
        return Said(clip_id, FRAMES, text, words, (), SECONDS, more, samples=heard.samples)

    def show(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        """`[750, 2, 112, 112]` uint8, grey: the crops around both faces."""
        from .conversations_picture import draw_crops, make_scene

        scene = make_scene(spec, conversation_from(record.id, record.more))
        return np.stack([draw_crops(scene, face) for face in (0, 1)], axis=1)

    def face(self, spec: CorpusSpec, record: Record) -> np.ndarray:
        """`[750, 216, 384, 3]` uint8, RGB: the whole canvas; never kept."""
        from .conversations_picture import draw_canvas, make_scene

        return draw_canvas(make_scene(spec, conversation_from(record.id, record.more)))

    def traits(self, record: Record) -> dict[str, Any]:
        cast = record.more["cast"]
        return {
            "cast": ", ".join(cast),
            "gender": ", ".join(gender_of(s) for s in cast),
            "off-screen": len(cast) > events.OFF_SCREEN,
        }

    def open(self, name: str, split: str, size: str, spec: CorpusSpec) -> "ConversationDataset":
        from .conversations_dataset import ConversationDataset

        return ConversationDataset(name, split, size, spec, self.name)


PART = _Conversations()
