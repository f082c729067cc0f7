"""VCTK 0.92: the part `voices`, sound only, two microphones.

Speaker s017 is called p417: no number that VCTK has. Sentences 001 to 100 are parallel: the same number is the same
text, whoever of the test speakers says it. From 101 on they are the speaker's own, from 201 on the ten references.

Conventions: 48 kHz, 16 bits, flac. The corpus has one microphone; the second file is its sound as if from 20 cm further
away, 6 dB quieter and 28 samples (0.58 ms) later, so that a loader which mixes them up is found out. Nothing is above
8 kHz, and the silence around the speech, 0.1 to 0.4 s, is not trimmed.

Contents: `VCTK`.
"""

from functools import partial

import numpy as np

from ...signal.audio import resample
from ...types import Audio
from ..synth.speakers import make_speaker
from . import media
from .layout import Layout

SOUND_RATE = 48000
FURTHER = 28  # samples at 48 kHz
FOLDER = "wav48_silence_trimmed"
_BEYOND = 400  # what is added to a speaker's number
_FIRST = {"p": 1, "n": 101, "r": 201}  # by the letter of a clip


class _Vctk(Layout):
    name = corpus = "vctk"
    part = "voices"

    def places(self, size, split):
        return {i: _place(i) for i in self.clip_ids(size, split)}

    def files(self, dataset, clip_id, place):
        return {
            f"txt/{place}.txt": partial(_text, dataset, clip_id),
            f"{FOLDER}/{place}_mic1.flac": partial(_flac, dataset, clip_id, False),
            f"{FOLDER}/{place}_mic2.flac": partial(_flac, dataset, clip_id, True),
        }

    def tables(self, spec, size):
        everyone = sorted(s for split in self.splits for s in self.speakers(size, split))
        rows = ["ID  AGE  GENDER  ACCENTS  REGION COMMENTS"]
        for speaker in (make_speaker(spec, name) for name in everyone):
            rows.append(
                f"{_name(speaker.id)}  {speaker.age:.0f}  {speaker.gender.upper()}  {speaker.accent}  synthetic"
            )
        return {"speaker-info.txt": "".join(f"{row}\n" for row in rows)}


def _name(speaker: str) -> str:
    return f"p{_BEYOND + int(speaker[1:])}"


def _place(clip_id: str) -> str:
    speaker, clip = clip_id.split("-")
    return f"{_name(speaker)}/{_name(speaker)}_{_FIRST[clip[0]] + int(clip[1:]):03d}"


def _flac(dataset, clip_id: str, second: bool) -> bytes:
    heard = resample(dataset.audio(dataset.clip(clip_id)), SOUND_RATE)
    if second:
        samples = np.concatenate([np.zeros(FURTHER, np.float32), heard.samples[:-FURTHER]]) / np.float32(2.0)
        heard = Audio(samples, SOUND_RATE)
    return media.sound(heard, "FLAC")


def _text(dataset, clip_id: str) -> bytes:
    return f"{dataset.clip(clip_id).text}\n".encode()


VCTK = _Vctk()
