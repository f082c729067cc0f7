"""LRW: the part `words`, a folder for each word.

Conventions: mp4 of 29 pictures, 256 × 256 at 25 fps, with mono sound at 16 kHz; the fifth line of the text beside it is
the word's duration in seconds. Numbers count the speakers of a word from 1. The word stands in the middle.

Contents: `LRW`.
"""

from functools import partial

from . import media
from .layout import Layout, numbered

SIDE = 256
PARTS = {"train": "train", "validation": "val", "test": "test"}


class _Lrw(Layout):
    name = corpus = "lrw"
    part = "words"

    def places(self, size, split):
        ids = self.clip_ids(size, split)
        words = [i.split("-", 1)[1].upper() for i in ids]
        return {
            i: f"{word}/{PARTS[split]}/{word}_{number:05d}"
            for i, word, number in zip(ids, words, numbered(words), strict=True)
        }

    def files(self, dataset, clip_id, place):
        return {f"{place}.txt": partial(_text, dataset, clip_id), f"{place}.mp4": partial(_film, dataset, clip_id)}


def _film(dataset, clip_id: str) -> bytes:
    clip = dataset.clip(clip_id)
    return media.mp4(media.scaled(dataset.face(clip).frames, SIDE), dataset.audio(clip))


def _text(dataset, clip_id: str) -> bytes:
    clip = dataset.clip(clip_id)
    (word,) = clip.words
    lines = [
        f"Corpus: {dataset.part.root}",
        f"Clip: {clip.id}",
        f"Speaker: {clip.speaker}",
        f"Phrase: {clip.traits['phrase']}",
        f"Duration: {word.end - word.start:.4f} seconds",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


LRW = _Lrw()
