"""Small data whose every sample is known: eight clips of four speakers, twelve noises of five families."""

import numpy as np

from avbench.data.noise import NoiseItem
from avbench.errors import UnknownName
from avbench.seeds import Draw
from avbench.types import Audio, Clip, Video

RATE = 16000


class ToyDataset:
    """Clips of syllables: noise that swells three times a second; each frame shows its own number."""

    name, split, synthetic, licence, fingerprint, notes = "toy", "test", True, "CC0-1.0", "toy-1", ()

    def __init__(self):
        self.sounds = {}
        for k in range(2):
            for speaker in ("ada", "bob", "cyd", "dee"):
                draw = Draw("toy", speaker, k)
                samples = 640 * (60 + draw.integer(30))
                swell = np.abs(np.sin(np.pi * 3 * np.arange(samples) / RATE)) ** 2
                self.sounds[f"{speaker}-{k}"] = (0.1 * swell * draw.normals(samples)).astype(np.float32)
        self.ids = tuple(self.sounds)
        self.asked_for_pictures = 0

    @property
    def clips(self):
        return tuple(self.clip(i) for i in self.ids)

    def clip(self, clip_id):
        if clip_id not in self.sounds:
            raise UnknownName("clip", clip_id, self.sounds)
        return Clip(clip_id, len(self.sounds[clip_id]) / RATE, clip_id[:3], "a toy")

    def audio(self, clip):
        return Audio(self.sounds[clip.id], RATE)

    def mouth(self, clip):
        self.asked_for_pictures += 1
        count = len(self.sounds[clip.id]) // 640
        frames = np.zeros((count, 88, 88, 1), np.uint8)
        frames[:] = np.arange(count, dtype=np.uint8)[:, None, None, None]
        frames[:, 0, 0, 0] = self.ids.index(clip.id)
        return Video(frames, 25.0)

    def prepare(self, *_, **__):
        pass


class ToyNoise:
    """Steady noises of unit RMS; `gap` is silent but for its first tenth, `short` must be looped, two have talkers."""

    name, fingerprint = "toy-noise", "toy-noise-1"

    def __init__(self):
        sounds = {f"{family}-{i}": (family, 5.0, ()) for family in ("hum", "hiss", "rattle") for i in range(3)}
        sounds |= {"gap-0": ("gap", 60.0, ()), "short-0": ("short", 0.7, ())}
        sounds |= {"talk-0": ("talk", 5.0, ("ada", "bob")), "talk-1": ("talk", 5.0, ("cyd",))}
        self.items = tuple(NoiseItem(n, f, n, "test", s, talkers) for n, (f, s, talkers) in sounds.items())

    def load(self, item_id):
        item = next(i for i in self.items if i.id == item_id)
        x = Draw("toy-noise", item_id).normals(round(item.seconds * RATE))
        if item.family == "gap":
            x[len(x) // 10 :] = 0.0
        return (x / np.sqrt(np.mean(x**2))).astype(np.float32)
