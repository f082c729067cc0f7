"""Sixteen people, eight women and eight men, four short clips each: heard, filmed, every sample and picture known."""

import numpy as np

from avbench.errors import UnknownName
from avbench.seeds import Draw
from avbench.signal.landmarks import mean_face
from avbench.types import Audio, Clip, Video

RATE = 16000
WORDS = "apple bread cloud dream".split()
PEOPLE = tuple(f"{gender}{k}" for k in range(8) for gender in "fm")


class ToyPeople:
    name, split, synthetic, licence, fingerprint, notes = "toy-people", "test", True, "CC0-1.0", "people-1", ()

    def __init__(self):
        self.ids = tuple(f"{person}-{k}" for k in range(4) for person in PEOPLE)
        self.shade = {}  # a picture that was tampered with

    @property
    def clips(self):
        return tuple(self.clip(i) for i in self.ids)

    def clip(self, clip_id):
        if clip_id not in self.ids:
            raise UnknownName("clip", clip_id, self.ids)
        person, k = clip_id.split("-")
        word = WORDS[(int(k) + PEOPLE.index(person)) % 4]
        return Clip(clip_id, (10 + int(k)) * 640 / RATE, person, word, traits={"gender": person[0]})

    def audio(self, clip):
        count = round(clip.seconds * RATE)
        return Audio((0.1 * Draw("toy-people", clip.id).normals(count)).astype(np.float32), RATE)

    def mouth(self, clip):
        frames = np.full((len(self.face(clip).frames), 88, 88, 1), 7 + self.ids.index(clip.id), np.uint8)
        return Video(frames, 25.0)

    def face(self, clip):
        count = round(clip.seconds * 25)
        frames = np.zeros((count, 128, 128, 3), np.uint8)
        frames[..., 0] = 10 + 3 * self.ids.index(clip.id) + self.shade.get(clip.id, 0)
        frames[..., 1] = 5 * np.arange(count, dtype=np.uint8)[:, None, None]
        frames[..., 2] = np.arange(128, dtype=np.uint8)[:, None]
        return Video(frames, 25.0)

    def landmarks(self, clip):
        face = mean_face()
        face = 77 * (face - face.mean(axis=0)) / (face.max() - face.min()) + 64
        points = np.repeat(face[None], round(clip.seconds * 25), axis=0).astype(np.float32)
        points[:, 57, 1] += np.arange(len(points)) % 4  # the mouth moves
        return points

    def prepare(self, *_, **__):
        pass
