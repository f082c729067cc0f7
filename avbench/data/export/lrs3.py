"""LRS3: the sentences, a folder for each speaker where LRS3 has one for each talk.

Of a speaker of training every other clip is in pretrain, the others in trainval; validation is in trainval too, and
its ids stand in lrs3-valid.id, as AV-HuBERT's list has them.

Conventions: mp4 of 224 × 224 at 25 fps with mono sound at 16 kHz; transcripts in capitals without punctuation; boxes
are those of the face's 68 points, as fractions of the picture; times of words in seconds. A talk is called by eleven
characters, `synth__s017`. Nothing was detected or recognised here, so `Conf` and `ASDSCORE` are the same everywhere.

Contents: `LRS3`.
"""

from functools import partial

import numpy as np

from ...signal.text import split_words
from ..corpora.lrs3 import OWN_LIST
from . import media
from .layout import Layout, numbered

SIDE = 224
FACE = 128  # pixels of the drawn face, in which its points are
CONFIDENCE, SCORE = 5, 10.0
FIRST = {"pretrain": 1, "trainval": 50001, "test": 1}


class _Lrs3(Layout):
    name = corpus = "lrs3"
    part = ""

    def places(self, size, split):
        ids = self.clip_ids(size, split)
        speakers = [self.source.speaker(i) for i in ids]
        places = {}
        for clip_id, speaker, number in zip(ids, speakers, numbered(speakers), strict=True):
            folder, place = {"test": "test", "validation": "trainval"}.get(split), number - 1
            if folder is None:
                folder, place = ("pretrain", "trainval")[place % 2], place // 2
            places[clip_id] = f"{folder}/synth__{speaker}/{FIRST[folder] + place:05d}"
        return places

    def files(self, dataset, clip_id, place):
        return {
            f"{place}.txt": partial(_text, dataset, clip_id, place.split("/")[1]),
            f"{place}.mp4": partial(_film, dataset, clip_id),
        }

    def tables(self, spec, size):
        return {OWN_LIST: "".join(f"{place}\n" for place in sorted(self.places(size, "validation").values()))}


def _film(dataset, clip_id: str) -> bytes:
    clip = dataset.clip(clip_id)
    return media.mp4(media.scaled(dataset.face(clip).frames, SIDE), dataset.audio(clip))


def _text(dataset, clip_id: str, talk: str) -> bytes:
    clip = dataset.clip(clip_id)
    points = dataset.landmarks(clip) / np.float32(FACE)
    lowest, highest = points.min(axis=1), points.max(axis=1)
    boxes = np.clip(np.concatenate([lowest, highest - lowest], axis=1), 0.0, 1.0)
    lines = [f"Text:  {_capitals(clip.text)}", f"Conf:  {CONFIDENCE}", f"Ref:  {talk}", ""]
    lines.append("FRAME \tX \tY \tW \tH")
    lines += [f"{k:06d} " + " ".join(f"\t{v:.3f}" for v in box) for k, box in enumerate(boxes)]
    lines += ["", "WORD START END ASDSCORE"]
    lines += [f"{_capitals(w.text)} {w.start:.4f} {w.end:.4f} {SCORE}" for w in clip.words]
    return "".join(f"{line}\n" for line in lines).encode()


def _capitals(text: str) -> str:
    return " ".join(split_words(text)).upper()


LRS3 = _Lrs3()
