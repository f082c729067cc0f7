"""The conversations as a data set: sound, labels, boxes, crops around each face, the canvas.

Conventions: those of `conversations`; labels and the like are asked for by track.

Contents: `ConversationDataset`.
"""

from functools import lru_cache

import numpy as np

from ....errors import MissingResource, UnknownName
from ....signal.audio import RATE
from ....signal.video import FPS
from ....types import Audio, Clip, Video
from ..corpus import SynthDataset
from ..spec import CorpusSpec
from ..voice import Voice
from . import conversations_events as events
from .conversations_events import FRAMES, Conversation, conversation_from, conversation_of
from .conversations_picture import Scene, crop_boxes, crop_points, draw_canvas, face_boxes, make_scene
from .conversations_script import converse


class ConversationDataset(SynthDataset):
    """A split of the conversations; the arguments are those of `SynthDataset`.

    Attributes:
        tracks: names of all face tracks, two of each conversation.
    """

    @property
    def tracks(self) -> tuple[str, ...]:  # noqa: D102
        return tuple(f"{clip}-{face}" for clip in self.ids for face in (0, 1))

    def conversation(self, clip_id: str) -> Conversation:
        """Who does what when; makes the sound if need be. Raises `UnknownName` or `MissingResource`."""
        return conversation_from(clip_id, self.record(clip_id).more)

    def speaker(self, track: str) -> str:
        """Whose face it is."""
        clip_id, face = self._track(track)
        return events.cast_of(clip_id)[face]

    def labels(self, track: str) -> np.ndarray:
        """`[750]` bool: whether this face is heard to speak in the middle of each frame."""
        clip_id, face = self._track(track)
        return events.labels(self.conversation(clip_id), face)

    def doings(self, track: str) -> np.ndarray:
        """`[750]` int8: 0 nothing, 1 speaks, 2 mouths what nobody hears, 3 chews, 4 laughs without a sound."""
        clip_id, face = self._track(track)
        return events.doings(self.conversation(clip_id), face)

    def crops(self, track: str) -> Video:
        """`[750, 112, 112, 1]` at 25 fps, grey: what a tracker cuts out around this face; kept once drawn."""
        clip_id, face = self._track(track)
        return Video(np.array(self.pictures(self.clip(clip_id))[:, face, :, :, None]), float(FPS))

    def points(self, track: str) -> np.ndarray:
        """`[750, 68, 2]` float32: the landmarks in pixels of the crops."""
        clip_id, face = self._track(track)
        return crop_points(_scene(self.spec, self.conversation(clip_id)), face)

    def boxes(self, track: str) -> np.ndarray:
        """`[750, 4]` float32: x1, y1, x2, y2 of the face, hairline to chin, in pixels of the canvas of 384 × 216."""
        clip_id, face = self._track(track)
        return face_boxes(_scene(self.spec, self.conversation(clip_id)), face)

    def crop_boxes(self, track: str) -> np.ndarray:
        """`[750, 4]` float32: the squares that `crops` shows, in pixels of the canvas."""
        clip_id, face = self._track(track)
        return crop_boxes(_scene(self.spec, self.conversation(clip_id)), face)

    def canvas(self, clip: Clip, start: int = 0, stop: int = FRAMES) -> Video:
        """`[stop - start, 216, 384, 3]` RGB at 25 fps: the picture with both people, drawn anew at each call."""
        return Video(draw_canvas(_scene(self.spec, self.conversation(clip.id)), start, stop), float(FPS))

    def stems(self, clip: Clip) -> tuple[Audio, ...]:
        """What each person adds to the sound, left, right, off screen; said anew at each call (about a second)."""
        self._find(clip.id)
        with Voice() as voice:
            return tuple(Audio(stem, RATE) for stem in converse(self.spec, clip.id, voice).stems)

    def mouth(self, clip: Clip) -> Video:
        """Always raises `MissingResource`: two mouths are to be seen."""
        raise MissingResource(f"{clip.id} shows two faces: ask {self.name} for the crops of one of its tracks.")

    def landmarks(self, clip: Clip) -> np.ndarray:
        """Always raises `MissingResource`: two faces are to be seen."""
        raise MissingResource(f"{clip.id} shows two faces: ask {self.name} for the points of one of its tracks.")

    def _track(self, track: str) -> tuple[str, int]:
        clip_id, face = conversation_of(track)
        if clip_id not in self._place:
            raise UnknownName(f"track in the {self.split} split of {self.name}", track, self.tracks)
        return clip_id, face


@lru_cache(maxsize=4)
def _scene(spec: CorpusSpec, conversation: Conversation) -> Scene:
    return make_scene(spec, conversation)
