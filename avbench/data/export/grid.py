"""GRID: the part `commands` as MPEG-1 films, 25 kHz sound and alignments.

Speakers take the places of GRID's so that its splits are the corpus' own: test is s1, s2, s20 and s22, validation is
s3, s4, s23 and s24. As in GRID there is no film of s21.

Conventions: 360 × 288 at 25 fps, 75 pictures; times in 1/25000 s, lines end in CRLF; a pause between words is `sp`.

Contents: `GRID`.
"""

from functools import partial

from ...signal.audio import resample
from ...types import Clip
from ..corpora.grid import HELD_OUT, UNITS, UNSEEN, WITHOUT_VIDEO
from ..corpora.grid import SPEAKERS as NAMES
from . import media
from .layout import Layout

HEIGHT, WIDTH = 288, 360
SOUND_RATE = 25000
_OF_SPLIT = {
    "test": UNSEEN,
    "validation": HELD_OUT,
    "train": tuple(s for s in NAMES if s not in (*UNSEEN, *HELD_OUT)),
}


class _Grid(Layout):
    name = corpus = "grid"
    part = "commands"

    def places(self, size, split):
        names = dict(zip(self.speakers(size, split), _OF_SPLIT[split], strict=False))
        return {i: f"{names[self.source.speaker(i)]}/{i.split('-')[1]}" for i in self.clip_ids(size, split)}

    def files(self, dataset, clip_id, place):
        files = {
            f"alignments/{place}.align": partial(_align, dataset, clip_id),
            f"audio_25k/{place}.wav": partial(_wav, dataset, clip_id),
        }
        if place.split("/")[0] not in WITHOUT_VIDEO:
            files[f"{place}.mpg"] = partial(_film, dataset, clip_id)
        return files


def _film(dataset, clip_id: str) -> bytes:
    clip = dataset.clip(clip_id)
    return media.mpeg(media.widened(media.scaled(dataset.face(clip).frames, HEIGHT), WIDTH), dataset.audio(clip))


def _wav(dataset, clip_id: str) -> bytes:
    return media.sound(resample(dataset.audio(dataset.clip(clip_id)), SOUND_RATE), "WAV")


def _align(dataset, clip_id: str) -> bytes:
    return align_text(dataset.clip(clip_id)).encode()


def align_text(clip: Clip) -> str:
    """The alignment of a clip: silence, the words, silence."""
    lines, now = [], 0
    for word in clip.words:
        start, end = round(word.start * UNITS), round(word.end * UNITS)
        if start > now:
            lines.append(f"{now} {start} {'sp' if lines else 'sil'}")
        lines.append(f"{start} {end} {word.text}")
        now = end
    return "".join(f"{line}\r\n" for line in [*lines, f"{now} {round(clip.seconds * UNITS)} sil"])


GRID = _Grid()
