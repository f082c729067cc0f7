"""A submission sits an exam: its archive is looked at, unpacked, and its system asked in boxes.

What comes out is a run like any other: predictions as they were given, scores made here from these, anchors beside
them. Nothing is taken over from the archive but the words of its card.

A box for each condition: whoever holds one clip at two SNRs can subtract one from the other and has the clean speech,
and whoever sees them in turn can remember. So no box ever gets the same clip twice. Boxes read the same files, and the
ways to talk that are known to come of this are shut (`calls`); what they share with everyone on a machine, its load and
what the kernel counts of it, is not. Trials have other names there than in the plan, and other seeds: keyed hashes,
whose key the runs are kept beside, so that a resumed run asks as before.

Contents: `score`, `Boxes`, `examinee_of`, `key_beside`.
"""

import hashlib
import json as json_text
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..data.synth.cache import cache_folder
from ..errors import BadFile, EstimateFault, MissingResource, UsageError
from ..evaluation import progress
from ..evaluation.evaluate import run
from ..evaluation.examinee import SOUNDS, Examinee
from ..evaluation.record import write_json
from ..evaluation.runs import Run
from ..signal.files import atomic_write, file_lock
from ..types import Inputs, Trial
from . import sandbox
from .archive import unpack
from .box import Box
from .card import SubmissionCard, missing_packages
from .report import digest_of, sound_submission
from .sandbox import Limits

STARTS = 3  # attempts in a row to make a lost system ready again
BOXES = 12  # at a time
RECORD = "submission.json"
KEY = ".submission-key"  # beside the folders of runs


def score(
    submission: str | Path,
    protocol: str | None = None,
    snr: Any = None,
    dataset: str | None = None,
    noise: str | None = None,
    limit: int | None = None,
    metrics: str | Sequence[str] | None = None,
    judge: Sequence[str] = (),
    anchors: str | Sequence[str] | None = None,
    workers: int | None = None,
    limits: Limits | None = None,
    trust: bool = False,
    out: str | Path | None = None,
    fresh: bool = False,
    json: str | Path | None = None,
) -> list[Run]:
    """Let a submission sit the task that its card names.

    Args:
        submission: archive or folder.
        protocol: the plan; that of the card, or the task's own, unless given. Outputs belong to one plan.
        snr: as for `avbench.run`, and so are dataset, noise, limit, metrics, judge, anchors, workers, out, fresh, json.
        dataset: of other clips.
        noise: of other noises.
        limit: the first so many clips of the plan.
        metrics: names.
        judge: weights of judges.
        anchors: rows made from the trial itself.
        workers: processes that judge.
        limits: what it may take.
        trust: run code without a sandbox, as if it were ours.
        out: folder for the runs.
        fresh: make finished runs anew.
        json: file for the values.

    Returns:
        Its run, and one for each anchor.

    Raises:
        BadFile: it is refused; `validate` lists why.
        MissingResource: no sandbox here, a package that it needs is missing, or it cannot be loaded.
        UsageError: outputs, and another exam than theirs.
    """
    limits = limits or Limits()
    with opened(submission, limits, trust, Path(out) if out else Path("runs")) as (card, boxes, digest):
        if card.entry is None:
            if any(given is not None for given in (protocol, snr, dataset, noise)):
                raise UsageError("Outputs belong to the plan and the SNRs of their card: give neither with them.")
            protocol, snr, limit = card.plan, card.snr, limit if card.limit is None else card.limit
        found = run(
            examinee_of(card, boxes, digest), card.task, snr, (), dataset, noise, protocol, None, None, limit, metrics,
            judge, anchors, "cpu", workers, out=out, fresh=fresh, json=json,
        )  # fmt: skip
        if not found[0].cached:
            told = {"card": asdict(card), "digest": digest, "sandbox": not boxes.trust, "limits": asdict(limits)}
            write_json(found[0].folder / RECORD, told)
    return found


@contextmanager
def opened(
    submission: str | Path, limits: Limits, trust: bool, out: Path
) -> Iterator[tuple[SubmissionCard, "Boxes", str]]:
    """A submission unpacked, for as long as the block lasts: its card, boxes to ask it in, its digest.

    Raises:
        BadFile, MissingResource: as `score`.
    """
    report = sound_submission(submission)
    card = report.card
    lacks = missing_packages(card)
    if lacks:
        raise MissingResource(f"{submission} cannot be run here. {lacks[0]}")
    problem = None if trust else sandbox.problem()
    if problem and card.entry is not None:
        raise MissingResource(
            f"Submitted code runs under bubblewrap only, and {problem}: install it (Debian: apt install bubblewrap). "
            f"With --trust it runs without: only if you trust the makers of {card.name} as you do yourself."
        )
    if problem:
        progress.note(f"Outputs are decoded without a sandbox, because {problem}.")
    with tempfile.TemporaryDirectory(prefix="avbench-submission-") as folder:
        unpack(report.listing, Path(folder))
        secret = (cache_folder(), out.absolute())
        boxes = Boxes(Path(folder), card, limits, trust or problem is not None, secret, out)
        try:
            yield card, boxes, digest_of(Path(folder), report.listing)
        finally:
            boxes.close()


class Boxes:
    """The boxes that a submission sits in: one for each condition; one in all for outputs, which are made already.

    A clip that comes again at one condition, as where several faces are judged, gets a further box of that condition.

    There are `BOXES` at a time. Where an exam has more conditions, the box that was opened last makes room, since the
    conditions come round in order: the others then stay, and only what has no place is opened anew each time.

    Args:
        folder: the unpacked submission.
        card: its card.
        limits: of each box.
        trust: no sandbox.
        secret: folders to be hidden.
        keep: folder of the key that names and seeds are hashed with; without one it is forgotten.
    """

    def __init__(
        self,
        folder: Path,
        card: SubmissionCard,
        limits: Limits,
        trust: bool = False,
        secret: tuple[Path, ...] = (),
        keep: Path | None = None,
    ):
        self.card, self.limits, self.trust, self._keep = card, limits, trust, keep
        self._make: Callable[[], Box] = lambda: Box(folder, card.entry, card.answer, limits, trust, secret)
        self._spare: Box | None = None
        self._boxes: dict[tuple[str, int], Box] = {}
        self._come: Counter[tuple[str, str]] = Counter()
        self._in_vain, self._past = 0, 0.0

    def load(self, device: str) -> None:
        """Open the first box. Raises `MissingResource` where the system cannot be loaded."""
        self._spare = self._spare or self._make()
        self._spare.load()

    def answer(self, trials: Sequence[Trial]) -> list[Any]:
        """One answer or fault for each trial.

        Raises:
            MissingResource: a box could not be opened, `STARTS` times in a row.
        """
        named = [(trial, json_text.dumps(trial.condition, sort_keys=True)) for trial in trials]
        return [self.ask(self._inputs(trial), condition, trial.clip) for trial, condition in named]

    def ask(self, one: Inputs, condition: str = "", clip: str | None = None) -> Any:
        """The answer to one trial, from the box of its condition that has not had its clip."""
        place = ("", 0)
        if self.card.entry:
            place = (condition, self._come[condition, clip] if clip is not None else 0)
            self._come[condition, clip] += 1
        if place not in self._boxes:
            if len(self._boxes) >= BOXES:
                _, last = self._boxes.popitem()
                self._past += last.loading
                last.close()
            self._boxes[place], self._spare = self._spare or self._make(), None
        try:
            found = self._boxes[place].ask(one)
        except MissingResource as error:
            self._in_vain += 1
            if self._in_vain >= STARTS:
                raise
            return EstimateFault(str(error).rstrip("."))
        self._in_vain = 0
        return found

    def _inputs(self, trial: Trial) -> Inputs:
        """What the system sees; names of code's trials tell nothing, not even the SNR."""
        if not self.card.entry:
            return trial.input
        name = hashlib.blake2b(trial.id.encode(), key=self._key, digest_size=16).digest()
        return replace(trial.input, id=name[:8].hex(), seed=int.from_bytes(name[8:], "little"))

    @cached_property
    def _key(self) -> bytes:
        return secrets.token_bytes(32) if self._keep is None else key_beside(self._keep)

    def loading(self) -> float:
        """Seconds spent on opening boxes."""
        return self._past + sum(box.loading for box in self._open())

    def close(self) -> None:
        """End all boxes."""
        for box in self._open():
            box.close()

    def _open(self) -> list[Box]:
        return [*self._boxes.values(), *([self._spare] if self._spare else [])]


def key_beside(folder: Path) -> bytes:
    """The key of a folder of runs: drawn by whoever comes first, 32 bytes.

    Raises:
        BadFile: something else is kept there.
        MissingResource: it cannot be kept.
    """
    path = folder / KEY
    with file_lock(folder / f"{KEY}.lock"):
        if not path.exists():
            with atomic_write(path) as file:
                file.write(secrets.token_hex(32).encode())
            path.chmod(0o600)
        try:
            key = bytes.fromhex(path.read_text())
        except ValueError:
            key = b""
    if len(key) != 32:
        raise BadFile(f"{path} is damaged: delete it, and the unfinished runs of submissions beside it.")
    return key


def examinee_of(card: SubmissionCard, boxes: Boxes, digest: str) -> Examinee:
    """A submission as whoever sits an exam. Under other limits than the usual other answers fail: it is another."""
    video = card.entry is not None and bool(set(card.inputs) - SOUNDS)
    usual = asdict(Limits())
    under = {name: value for name, value in asdict(boxes.limits).items() if value != usual[name]}
    if boxes.trust:
        under["trust"] = True
    if under:
        digest = hashlib.sha256(f"{digest} {json_text.dumps(under, sort_keys=True)}".encode()).hexdigest()
    return Examinee(
        card.name, digest, card.system, boxes.load, boxes.answer, video, boxes.close, reloading=boxes.loading
    )
