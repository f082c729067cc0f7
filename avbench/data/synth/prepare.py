"""Makes what the cache lacks.

A shard is made by one process while others wait for its lock. Workers always have clips of the next shard in hand while
one is being written.

Contents: `make_ready`.
"""

import logging
import shutil
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby

from ...processors import usable_processors
from ...signal.files import file_lock
from ..dataset import Progress, Say
from . import cache
from .cache import Shard
from .makers import Made, Makers, Order
from .parts import find_part

CLIPS_IN_HAND = 128
_log = logging.getLogger(__name__)


def make_ready(
    shards: Iterable[Shard],
    mouth: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> None:
    """Make what is missing.

    Args:
        shards: in the order of `cache.shards_of` (processes that wait for each other must agree on it).
        mouth: whether pictures are wanted too.
        workers: processes; as many as there are processors unless given. The result does not depend on it.
        progress: called with the clips done and the clips to do, at first with 0; never if nothing is missing.
        say: called with a sentence when this process has to wait for another; logs a warning unless given.

    Raises:
        MissingResource: no speech engine, no right to write to the cache, no space.
    """
    missing = [s for s in shards if not cache.is_ready(s, mouth)]
    if not missing:
        return
    total = sum(len(s.ids) for s in missing)
    line = _Line(mouth, total, progress or (lambda done, total: None), say or _log.warning)
    line.progress(0, total)
    with Makers(min(workers or usable_processors(), total)) as makers, line:
        for shard in missing:
            line.begin(shard, makers)
            while line.waiting_clips > CLIPS_IN_HAND:
                line.finish_one()
        while line.jobs:
            line.finish_one()


@dataclass(eq=False)
class _Job:
    """A shard in the making; its lock is held until it is written."""

    shard: Shard
    lock: ExitStack
    parts: list[Future]
    sound: bool
    mouth: bool


@dataclass(eq=False)
class _Line:
    """Shards in the making, first in first out."""

    mouth: bool
    total: int
    progress: Progress
    say: Say
    done: int = 0
    jobs: deque = field(default_factory=deque)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for job in self.jobs:
            job.lock.close()

    @property
    def waiting_clips(self) -> int:
        return sum(len(job.shard.ids) for job in self.jobs)

    def begin(self, shard: Shard, makers: Makers) -> None:
        """Take the shard's lock and order its clips; another process may have made them meanwhile."""
        lock = ExitStack()
        folder = shard.folder
        lock.enter_context(file_lock(folder.parent / f".{folder.name}.lock", waiting=lambda: self._wait(shard)))
        try:
            sound = not cache.has_sound(shard)
            mouth = self.mouth and (sound or not cache.has_mouth(shard))
            if not (sound or mouth):
                lock.close()
                self._advance(len(shard.ids))
                return
            for leftover in folder.parent.glob(f".{folder.name}.*.part"):
                shutil.rmtree(leftover, ignore_errors=True)  # of a process that was killed
            orders = _orders(shard, sound, mouth)
            self.jobs.append(_Job(shard, lock, [makers.order(shard.spec, part) for part in orders], sound, mouth))
        except BaseException:
            lock.close()
            raise

    def finish_one(self) -> None:
        """Write the oldest shard."""
        job = self.jobs[0]
        made: list[Made] = []
        for part in job.parts:
            made += part.result()
            self._advance(len(part.result()))
        if job.sound:
            cache.write_sound(job.shard, [m.said for m in made])
        if job.mouth:
            cache.write_mouth(job.shard, [m.mouth for m in made])
        self.jobs.popleft()
        job.lock.close()

    def _wait(self, shard: Shard) -> None:
        while self.jobs:  # whoever holds that lock may be waiting for these
            self.finish_one()
        self.say(f"Waiting for another process that is making {shard.folder} …")

    def _advance(self, clips: int) -> None:
        self.done += clips
        self.progress(self.done, self.total)


def _orders(shard: Shard, sound: bool, mouth: bool) -> list[list[Order]]:
    """Orders by speaker, whose face a worker then draws once."""
    speaker = find_part(shard.part).speaker
    if sound:
        orders = [Order(i, mouth, part=shard.part) for i in shard.ids]
    else:
        orders = [Order(m["id"], mouth, cache.record_from(m), shard.part) for m in cache.open_sound(shard).meta]
    return [list(group) for _, group in groupby(orders, key=lambda order: speaker(order.id))]
