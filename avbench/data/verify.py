"""Whether a data set is what it should be.

The embedded corpus: every shard that is kept is whole, and clips made again equal those that are kept. A folder: every
recording in it can be used. A corpus: every file is there and has the content it had when the corpus was prepared.
Several data sets as one: each by itself.

Contents: `Check`, `verify`, `verify_corpus`.
"""

from dataclasses import dataclass

import numpy as np

from ..signal.audio import from_int16
from .dataset import Dataset, Progress


@dataclass(frozen=True)
class Check:
    """One question, its answer, and a sentence."""

    name: str
    passed: bool
    text: str


def verify_corpus(name: str, workers: int | None = None, progress: Progress | None = None) -> tuple[Check, ...]:
    """Read every file of a prepared corpus again.

    Raises:
        MissingResource: it was not prepared, or its folder is gone.
        BadFile: its manifest is damaged.
    """
    from .corpora.prepare import verify_files

    kinds = ("there", "unchanged")
    return tuple(Check(k, *row) for k, row in zip(kinds, verify_files(name, workers, progress), strict=True))


def verify(dataset: Dataset, clips: int = 3) -> tuple[Check, ...]:
    """Check a data set.

    Args:
        dataset: which.
        clips: how many kept clips of the embedded corpus are made again, spread evenly over those kept.

    Raises:
        MissingResource: no speech engine; the folder of a corpus is gone.
        BadFile: the manifest of a corpus is damaged.
    """
    if hasattr(dataset, "members"):
        return tuple(check for member in dataset.members for check in verify(member, clips))
    if hasattr(dataset, "corpus"):
        return verify_corpus(dataset.corpus.name)
    if hasattr(dataset, "shards"):
        return _verify_synth(dataset, clips)
    total = len(dataset.clips) + len(dataset.skipped)
    usable = Check("usable", not dataset.skipped, f"{len(dataset.clips)} of {total} recordings can be used.")
    return (usable, *(Check("usable", False, left.reason) for left in (*dataset.skipped, *dataset.closed)))


def _verify_synth(dataset, clips: int) -> tuple[Check, ...]:
    from .synth.cache import is_kept, is_ready

    kept = [s for s in dataset.shards if is_kept(s, mouth=False)]
    drawn = [s for s in kept if is_kept(s, mouth=True)]
    sound = [s for s in kept if is_ready(s, mouth=False)]
    whole = [s for s in drawn if is_ready(s, mouth=True)]
    damaged = [s.name for s in kept if s not in sound or (s in drawn and s not in whole)]
    names = f" Damaged, and made again when next used: {', '.join(damaged)}." if damaged else ""
    checks = [
        Check(
            "whole",
            not damaged,
            f"{len(kept) - len(damaged)} of {len(kept)} kept shards are whole, {len(whole)} of them with mouths; "
            f"{len(dataset.shards)} make up the {dataset.split} split.{names}",
        )
    ]
    ids = [i for s in sound for i in s.ids]
    count = min(clips, len(ids))
    chosen = [ids[k * len(ids) // count] for k in range(count)]
    drawn_ids = {i for s in whole for i in s.ids}
    return (*checks, *_made_again(dataset, chosen, drawn_ids))


def _made_again(dataset, ids: list[str], drawn: set[str]) -> list[Check]:
    """Clips made anew, sample by sample and pixel by pixel against those kept."""
    from .synth.makers import Order, make
    from .synth.voice import Voice

    checks = []
    with Voice() as voice:
        for clip_id in ids:
            (new,) = make(dataset.spec, [Order(clip_id, clip_id in drawn, part=dataset.part.name)], voice)
            clip = dataset.clip(clip_id)
            heard = np.array_equal(from_int16(new.said.samples), dataset.audio(clip).samples)
            seen = new.mouth is None or np.array_equal(new.mouth, dataset.pictures(clip))
            wrong = " and ".join(n for n, good in (("sound", heard), ("mouth", seen)) if not good)
            text = f"{clip_id} made again has another {wrong}." if wrong else f"{clip_id} made again is the same."
            checks.append(Check("same", not wrong, text))
    return checks
