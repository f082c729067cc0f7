"""Plans and protocols: all randomness ends in a text, and rendering that text is a pure function.

A plan is a `.jsonl` file: a header line, then one line per row. A row lists every resolved draw (clip, noises, offsets,
relative gains) and nothing of the SNR, so that the same draw serves every SNR and curves are paired. A folder of the
user's is `folder:` in it, without a path: the fingerprint says which, wherever it lies::

    {"plan": "3-bn", "task": "avse@1", "protocol": "additive-noise@1", "dataset": "avbench-synth", …, "snr": [-15, …]}
    {"id": "3-bn-0000", "clip": "s003-000", "samples": 54400,
     "noises": [{"item": "rain-t03", "offset": 1200, "gain_db": 2.5}, …]}

Conventions: offsets and lengths in samples at 16 kHz; a gain brings its segment to an RMS of one.

Contents: `NoiseUse`, `Row`, `Plan`, `Protocol`.
"""

import hashlib
import json
import math
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import BadFile
from ..types import Trial

FIELDS = ("plan", "task", "protocol", "dataset", "dataset_fingerprint", "noise", "noise_fingerprint", "snr")
NAME = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True)
class NoiseUse:
    """One noise of a row: which, from which sample on, and the gain in dB that brings this segment to unit RMS."""

    item: str
    offset: int
    gain_db: float


@dataclass(frozen=True)
class Row:
    """One clip and what is added to it.

    Args:
        id: of `[a-z0-9._-]`, e.g. `"3-bn-0007"`.
        clip: id of the clip.
        samples: length of the clip at 16 kHz.
        noises: of different kinds.
    """

    id: str
    clip: str
    samples: int
    noises: tuple[NoiseUse, ...]


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
        """The SNR list it was drawn for, in dB or `"clean"`; not part of any draw."""
        return tuple(value if value == "clean" else float(value) for value in self.header["snr"])

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @classmethod
    def of(cls, header: Mapping[str, Any], rows: Iterable[Row]) -> "Plan":
        """The plan with this header and these rows, written in the one way in which we write them."""
        rows = tuple(rows)
        lines = [json.dumps(header, ensure_ascii=False)]
        for row in rows:
            noises = [{"item": use.item, "offset": use.offset, "gain_db": use.gain_db} for use in row.noises]
            lines.append(json.dumps({"id": row.id, "clip": row.clip, "samples": row.samples, "noises": noises}))
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
                rows.append(_row(json.loads(line)))
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
    missing = [name for name in FIELDS if name not in line]
    if missing:
        raise ValueError(f"the header lacks {', '.join(missing)}")
    if not NAME.fullmatch(str(line["plan"])):
        raise ValueError(f"the name {line['plan']!r} holds other characters than a-z 0-9 . _ -")
    if not isinstance(line["snr"], list) or not all(v == "clean" or _is_number(v) for v in line["snr"]):
        raise ValueError("snr is not a list of numbers")
    return line


def _row(line: Any) -> Row:
    uses = tuple(NoiseUse(use["item"], use["offset"], float(use["gain_db"])) for use in line["noises"])
    row = Row(line["id"], line["clip"], line["samples"], uses)
    if not isinstance(row.id, str) or not NAME.fullmatch(row.id):
        raise ValueError(f"the id {row.id!r} holds other characters than a-z 0-9 . _ -")
    if not isinstance(row.clip, str) or not all(isinstance(use.item, str) for use in uses):
        raise ValueError("a clip or a noise is not named by a text")
    if not _is_count(row.samples) or row.samples == 0 or not all(_is_count(use.offset) for use in uses):
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
    """

    name: str
    version: int
    title: str
    axes: tuple[str, ...]

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

    @abstractmethod
    def trial_id(self, row: Row, condition: Mapping[str, Any]) -> str:
        """What `render` calls the trial of a row at a condition, without making it."""
