"""Whether a data set is what it should be.

The embedded corpus: every shard that is kept is whole, and clips made again equal those that are kept. A folder: every
recording in it can be used.

Contents: `Check`, `verify`.
"""

from dataclasses import dataclass

import numpy as np

from ..signal.audio import from_int16
from .dataset import Dataset


@dataclass(frozen=True)
class Check:
    """One question, its answer, and a sentence."""

    name: str
    passed: bool
    text: str


def verify(dataset: Dataset, clips: int = 3) -> tuple[Check, ...]:
    """Check a data set.

    Args:
        dataset: which.
        clips: how many kept clips of the embedded corpus are made again, spread evenly over those kept.

    Raises:
        MissingResource: no speech engine.
    """
    if dataset.synthetic:
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
            (new,) = make(dataset.spec, [Order(clip_id, mouth=clip_id in drawn)], voice)
            clip = dataset.clip(clip_id)
            heard = np.array_equal(from_int16(new.said.samples), dataset.audio(clip).samples)
            seen = new.mouth is None or np.array_equal(new.mouth[..., None], dataset.mouth(clip).frames)
            wrong = " and ".join(n for n, good in (("sound", heard), ("mouth", seen)) if not good)
            text = f"{clip_id} made again has another {wrong}." if wrong else f"{clip_id} made again is the same."
            checks.append(Check("same", not wrong, text))
    return checks
