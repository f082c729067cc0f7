"""CelebA-HQ: the part `faces`, as the pack of CelebAMask-HQ or as that of StarGAN v2.

CelebAMask-HQ's has splits and persons by the lists of CelebA, which are written beside the pictures. Of its forty
attributes the one is given that is known, `Male`; there are no masks. StarGAN v2's has no validation split, so that of
the corpus is left out; its val is the corpus' test.

Conventions: picture k of person s1207 has the number 8 · 7 + k, whatever the size of the corpus, and in CelebA the
number after it. Drawn at 128 × 128, brought to 1024 × 1024 (StarGAN v2: 256 × 256).

Contents: `CELEBA_MASK_HQ`, `STARGAN_V2`.
"""

from functools import partial

from ..corpora.celeba_hq import ATTRIBUTES, IDENTITIES, IMAGES, MAPPING, PARTITION
from ..synth.parts.stills import PICTURES
from ..synth.spec import SPLITS, gender_of, speaker_of
from . import media
from .layout import Layout

FIRST_PERSON = 1200
_PARTITION = {"train": 0, "validation": 1, "test": 2}


class _Mask(Layout):
    name = corpus = "celeba-hq"
    part = "faces"

    def places(self, size, split):
        return {i: f"{IMAGES}/{_number(i)}" for i in _by_picture(self.clip_ids(size, split))}

    def files(self, dataset, clip_id, place):
        return {f"{place}.jpg": partial(_picture, dataset, clip_id, 1024)}

    def tables(self, spec, size):
        clips = sorted((_number(i), i, split) for split in SPLITS for i in self.clip_ids(size, split))
        mapping = [f"{n:<8}{n:<12}{_origin(n)}" for n, _, _ in clips]
        marks = [f"{n}.jpg  {1 if gender_of(speaker_of(i)) == 'm' else -1}" for n, i, _ in clips]
        tables = {
            MAPPING: ["idx     orig_idx    orig_file", *mapping],
            ATTRIBUTES: [str(len(clips)), "Male", *marks],
            PARTITION: [f"{_origin(n)} {_PARTITION[split]}" for n, _, split in clips],
            IDENTITIES: [f"{_origin(n)} {speaker_of(i)[1:]}" for n, i, _ in clips],
        }
        return {name: "".join(f"{line}\n" for line in lines) for name, lines in tables.items()}


class _StarGan(Layout):
    name = "celeba-hq/stargan-v2"
    corpus = "celeba-hq"
    part = "faces"
    splits = ("train", "test")

    def places(self, size, split):
        folder = {"train": "train", "test": "val"}[split]
        genders = {"f": "female", "m": "male"}
        ids = _by_picture(self.clip_ids(size, split))
        return {i: f"{folder}/{genders[gender_of(speaker_of(i))]}/{_number(i):06d}" for i in ids}

    def files(self, dataset, clip_id, place):
        return {f"{place}.jpg": partial(_picture, dataset, clip_id, 256)}


def _by_picture(ids: tuple[str, ...]) -> list[str]:
    """The first picture of everyone first, women and men in turn: a few clips shall be of many people."""
    return sorted(ids, key=lambda i: int(i.split("-f")[1]))


def _number(clip_id: str) -> int:
    person, picture = clip_id.split("-f")
    return (int(person[1:]) - FIRST_PERSON) * PICTURES + int(picture)


def _origin(number: int) -> str:
    """Name in CelebA, which counts from 1."""
    return f"{number + 1:06d}.jpg"


def _picture(dataset, clip_id: str, side: int) -> bytes:
    # Drawn anew: the data set would draw and keep the pictures of twenty people.
    drawn = dataset.part.face(dataset.spec, dataset.record(clip_id))
    return media.jpeg(media.scaled(drawn, side)[0])


CELEBA_MASK_HQ = _Mask()
STARGAN_V2 = _StarGan()
