"""The part without a name, in the role of LRS3: sentences of the grammar, by 400 speakers.

What it says is in `grammar`, how in the room's own `sentences`; sizes and clips are the corpus' own, in `spec`.

Contents: `PART`.
"""

from collections.abc import Sequence
from itertools import groupby

from .. import sentences
from ..session import Said
from ..spec import SIZES, CorpusSpec, clip_ids, speaker_of
from ..voice import Voice
from .part import Part

SPEAKERS_PER_SHARD = 16
CLIPS_PER_SPEAKER = 2


class _Sentences(Part):
    name = ""
    title = "sentences of 2 to 6 seconds, made from a grammar"
    sizes = tuple(SIZES)

    def clip_ids(self, size: str, split: str) -> tuple[str, ...]:
        return clip_ids(size, split)

    def shards(self, size: str, split: str) -> Sequence[tuple[str, tuple[str, ...]]]:
        # A shard of test or validation holds one clip of every speaker, so an exam of 40 clips needs a single one;
        # a shard of training holds two clips of 16 speakers, and the sizes share shards.
        ids = clip_ids(size, split)
        by_index = {k: tuple(group) for k, group in groupby(ids, key=lambda clip: int(clip.rsplit("-", 1)[1]))}
        if split != "train":
            return [(f"{k:03d}", group) for k, group in by_index.items()]
        wanted = {speaker_of(i) for i in ids}
        return [
            (f"{g:02d}-{k:03d}", tuple(f"{s}-{i:03d}" for s in group for i in range(k, k + CLIPS_PER_SPEAKER)))
            for g, group in enumerate(_training_groups())
            if wanted.issuperset(group)
            for k in range(0, len(by_index), CLIPS_PER_SPEAKER)
        ]

    def say(self, spec: CorpusSpec, clip_id: str, voice: Voice) -> Said:
        return sentences.say(spec, clip_id, voice)


PART = _Sentences()


def _training_groups() -> list[tuple[str, ...]]:
    """The training speakers by sixteen: those of the smallest size first, so that sizes share whole shards."""
    groups, before = [], set()
    for size in sorted(SIZES, key=lambda name: SIZES[name].speakers):
        speakers = {speaker_of(i) for i in clip_ids(size, "train")}
        new = sorted(speakers - before)
        groups += [tuple(new[i : i + SPEAKERS_PER_SHARD]) for i in range(0, len(new), SPEAKERS_PER_SHARD)]
        before = speakers
    return groups
