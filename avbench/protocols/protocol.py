"""Plans and protocols: all randomness ends in a text, and rendering that text is a pure function.

A plan is a `.jsonl` file: a header line, then one line per row. A row lists every resolved draw (clip, noises, offsets,
relative gains) and nothing of the SNR, so that the same draw serves every SNR and curves are paired. A folder of the
user's is `folder:` in it, without a path: the fingerprint says which, wherever it lies::

    {"plan": "3-bn", "task": "avse@1", "protocol": "additive-noise@1", "dataset": "avbench-synth", …, "snr": [-15, …]}
    {"id": "3-bn-0000", "clip": "s003-000", "samples": 54400,
     "noises": [{"item": "rain-t03", "offset": 1200, "gain_db": 2.5}, …]}

What a row uses beside its clip and noises stands under roles, as texts: a clip of the same data set, or one picture of
it; of what there is none, there is no key. A plan without noise has no `noise`, `noise_fingerprint` and `snr`::

    {"id": "voice-conversion-0003", "clip": "s017-n003", "samples": 54400,
     "uses": {"voice": ["s030-r07"], "image": ["s055-u2#0"]}}

Conventions: offsets and lengths in samples at 16 kHz; a gain brings its segment to an RMS of one; pictures of a film
are counted from 0 at 25 a second.

Contents: `NoiseUse`, `Use`, `Row`, `Plan`, `Protocol`.
"""

import hashlib
import json
import math
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import BadFile
from ..types import Trial
from .axes import Condition, read_condition

if TYPE_CHECKING:
    from .things import Thing

FIELDS = ("plan", "task", "protocol", "dataset", "dataset_fingerprint")
NOISY = ("noise", "noise_fingerprint", "snr")
NAME = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True)
class NoiseUse:
    """One noise of a row: which, from which sample on, and the gain in dB that brings this segment to unit RMS."""

    item: str
    offset: int
    gain_db: float


@dataclass(frozen=True)
class Use:
    """A clip that a row uses beside its own: the whole of it, or one picture.

    Args:
        item: id of a clip, or of a face track.
        frame: number of the picture, or None.
    """

    item: str
    frame: int | None = None

    def __str__(self):
        return self.item if self.frame is None else f"{self.item}#{self.frame}"

    @classmethod
    def parse(cls, text: Any) -> "Use":
        """Read `"s017-n003"` or `"s017-u2#0"`. Raises `ValueError`."""
        found = re.fullmatch(r"([a-z0-9._-]+)(?:#(\d+))?", text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(f"{text!r} is neither a clip nor a picture of one, like s017-u2#0")
        return cls(found[1], None if found[2] is None else int(found[2]))


@dataclass(frozen=True)
class Row:
    """One clip and what goes with it.

    Args:
        id: of `[a-z0-9._-]`, e.g. `"3-bn-0007"`.
        clip: id of the clip.
        samples: length of the clip at 16 kHz; 0 where its sound is of no account.
        noises: of different kinds.
        uses: what else is used, by role: `{"voice": (Use("s030-r07"),)}`.
    """

    id: str
    clip: str
    samples: int
    noises: tuple[NoiseUse, ...]
    uses: Mapping[str, tuple[Use, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The line of the plan."""
        line: dict[str, Any] = {"id": self.id, "clip": self.clip}
        if self.samples:
            line["samples"] = self.samples
        if self.noises:
            line["noises"] = [{"item": u.item, "offset": u.offset, "gain_db": u.gain_db} for u in self.noises]
        if self.uses:
            line["uses"] = {role: [str(use) for use in uses] for role, uses in self.uses.items()}
        return json.dumps(line)


@dataclass(frozen=True, eq=False)
class Plan:
    """A drawn plan.

    Args:
        header: at least `FIELDS`.
        rows: in the order in which they are asked.
        content: the bytes of the file; they are the plan's identity.
    """

    header: Mapping[str, Any]
    rows: tuple[Row, ...]
    content: bytes

    @property
    def name(self) -> str:
        """What the plan calls itself."""
        return self.header["plan"]

    @property
    def snr(self) -> tuple[float | str, ...]:
        """The SNR list it was drawn for, in dB or `"clean"`; not part of any draw. Empty for a plan without noise."""
        return tuple(value if value == "clean" else float(value) for value in self.header.get("snr", ()))

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.content).hexdigest()

    def first(self, clips: int | None) -> tuple[Row, ...]:
        """The rows of its first so many clips, of which each may have several; all of them for None."""
        kept = set(list(dict.fromkeys(row.clip for row in self.rows))[:clips])
        return tuple(row for row in self.rows if row.clip in kept)

    @classmethod
    def of(cls, header: Mapping[str, Any], rows: Iterable[Row]) -> "Plan":
        """The plan with this header and these rows, written in the one way in which we write them."""
        rows = tuple(rows)
        lines = [json.dumps(header, ensure_ascii=False), *(row.text for row in rows)]
        return cls(dict(header), rows, ("\n".join(lines) + "\n").encode())

    @classmethod
    def parse(cls, content: bytes, source: str) -> "Plan":
        """Read a plan.

        Args:
            content: of the file.
            source: what to call it in errors.

        Raises:
            BadFile: not a plan; says which line and what is wrong with it.
        """
        number = 1
        try:
            lines = content.decode().splitlines()
            header = _header(json.loads(lines[0]) if lines else None)
            rows: list[Row] = []
            for line in lines[1:]:
                number += 1
                rows.append(_row(json.loads(line), noisy=header.get("noise") is not None))
            twice = [row for row, times in Counter(row.id for row in rows).items() if times > 1]
            if twice:
                raise ValueError(f"the id {twice[0]} was used before")
        except (UnicodeDecodeError, ValueError, TypeError, KeyError) as error:
            what = f"it lacks {error}" if isinstance(error, KeyError) else error
            raise BadFile(f"{source} is not a plan: line {number}: {what}.") from error
        if not rows:
            raise BadFile(f"{source} is a plan without rows.")
        return cls(header, tuple(rows), content)


def _header(line: Any) -> dict[str, Any]:
    if not isinstance(line, dict):
        raise ValueError("the header is not an object")
    wanted = FIELDS + (NOISY if any(name in line for name in NOISY) else ())
    missing = [name for name in wanted if name not in line]
    if missing:
        raise ValueError(f"the header lacks {', '.join(missing)}")
    if not NAME.fullmatch(str(line["plan"])):
        raise ValueError(f"the name {line['plan']!r} holds other characters than a-z 0-9 . _ -")
    snr = line.get("snr", [])
    if not isinstance(snr, list) or not all(v == "clean" or _is_number(v) for v in snr):
        raise ValueError("snr is not a list of numbers")
    return line


def _row(line: Any, noisy: bool) -> Row:
    named, samples = (line["noises"], line["samples"]) if noisy else (line.get("noises", ()), line.get("samples", 0))
    uses = tuple(NoiseUse(use["item"], use["offset"], float(use["gain_db"])) for use in named)
    others = {role: tuple(map(Use.parse, texts)) for role, texts in dict(line.get("uses", {})).items()}
    row = Row(line["id"], line["clip"], samples, uses, others)
    if not isinstance(row.id, str) or not NAME.fullmatch(row.id):
        raise ValueError(f"the id {row.id!r} holds other characters than a-z 0-9 . _ -")
    if not isinstance(row.clip, str) or not all(isinstance(use.item, str) for use in uses):
        raise ValueError("a clip or a noise is not named by a text")
    if not _is_count(row.samples) or line.get("samples", 1) == 0 or not all(_is_count(use.offset) for use in uses):
        raise ValueError("a length or an offset is not a whole number of samples")
    if not all(math.isfinite(use.gain_db) for use in uses):
        raise ValueError("a gain is not finite")
    return row


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Protocol(ABC):
    """A rule by which plans are drawn and rows become trials.

    Attributes:
        name: as typed, e.g. `"additive-noise"`.
        version: raised when a trial would change.
        title: one line.
        axes: what a condition may set.
        noisy: whether speech is mixed with noise, so that the record of a plan holds what every mixture sounds like.
        mouths: whether trials show the mouth of the clip, so that a record may hold it by clip.
        clusters: what intervals are over: `speakers`, or what rows of one clip have in common.
        needs: a role that every row must use.
    """

    name: str
    version: int
    title: str
    axes: tuple[str, ...]
    noisy: bool = True
    mouths: bool = True
    clusters: str = "speakers"
    needs: str = ""

    @property
    def id(self) -> str:
        """Name and version, as recorded: `"additive-noise@1"`."""
        return f"{self.name}@{self.version}"

    @abstractmethod
    def draw(
        self,
        name: str,
        dataset: Dataset,
        noise: NoiseSet,
        *,
        clips: Iterable[str],
        noises: int,
        task: str,
        snr: Iterable,
    ) -> Plan:
        """Draw a plan over these clips, in this order."""

    @abstractmethod
    def render(
        self,
        plan: Plan,
        row: Row,
        condition: Mapping[str, Any],
        dataset: Dataset,
        noise: NoiseSet,
        *,
        video: bool = True,
    ) -> Trial:
        """Make the trial of a row at a condition; a pure function. Without `video` no picture is touched."""

    def noise_at(self, plan: Plan, row: Row, asked: Condition, noise: NoiseSet) -> np.ndarray:
        """`[T]` float64: what is added to a row at a condition, at some level."""
        return np.zeros(row.samples)

    def check(self, plan: Plan) -> None:
        """Refuse a plan whose rows lack what this protocol needs.

        Raises:
            BadFile: so it is; says which row.
        """
        for row in plan.rows:
            if self.needs not in ("", *row.uses):
                raise BadFile(f"The row {row.id} of the plan {plan.name} has no {self.needs}, as {self.id} wants.")

    def things(self, plan: Plan, row: Row) -> "tuple[Thing, ...]":
        """What the trials of a row are made of beside its speech, its noises and its mouth; a record covers them."""
        return ()

    def asks(self, plan: Plan, row: Row, condition: Mapping[str, Any]) -> bool:
        """Whether a row has a trial at a condition: not every row has every reference."""
        return True

    def read(self, condition: Mapping[str, Any]) -> Condition:
        """A condition, checked. Raises `UsageError` or `UnknownName`."""
        return read_condition(self.name, self.axes, condition)

    def hearings(self, plan: Plan) -> list[dict[str, Any]]:
        """The conditions that a plan was drawn for, in order; its record covers them."""
        return [{"snr": snr} for snr in plan.snr]

    @abstractmethod
    def trial_id(self, row: Row, condition: Mapping[str, Any]) -> str:
        """What `render` calls the trial of a row at a condition, without making it."""
