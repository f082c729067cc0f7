"""Who speaks in the embedded corpus, which clips exist, and the dials that decide how hard it is.

Speakers are `s000` … `s399`: 2 genders × 8 accents = 16 cells of 25. Within each cell the speakers are ordered by a
hash of their name; the lowest are test, the next are validation, the rest train. Speakers beyond `s399` form further
blocks of 400 with cells of their own, so that growth never moves a speaker.

Clips are called `<speaker>-<index>`, e.g. `s017-003`; the sizes `tiny`, `small` and `base` share validation and test.

Contents: `CorpusSpec`, `Size`, `SIZES`, `SPLITS`, `ACCENTS`, `GENDERS`, `speaker_ids`, `gender_of`, `accent_of`,
`split_of`, `clip_ids`, `speaker_of`, `split_of_clip`.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from functools import lru_cache

from ...errors import UnknownName, UsageError
from ...seeds import seed_of

ENGINE = "0.2.4"
"""The release of `espeakng-loader` that defines the corpus; another one speaks with other bytes."""

ACCENTS = (
    "en-us", "gmw/en", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029",
)  # fmt: skip
"""Accents by the name under which the engine loads them (`gmw/en` is British English: `en-gb` is not found)."""

GENDERS = ("f", "m")
SPLITS = ("train", "validation", "test")
SPEAKERS = 400
CLIPS_PER_SPEAKER = {"validation": 4, "test": 10}

_BLOCK = 400
_CELLS = len(GENDERS) * len(ACCENTS)
_HELD_OUT = 5  # of each cell's 25, for test and validation


@dataclass(frozen=True)
class Size:
    """How much training material a size has.

    Args:
        speakers: training speakers, a multiple of 16: the same number of every gender and accent.
        clips: clips of each of them.
    """

    speakers: int
    clips: int


SIZES = {"tiny": Size(16, 2), "small": Size(160, 14), "base": Size(320, 26)}
"""Training material by size; a smaller size is a subset of a larger one."""


@dataclass(frozen=True)
class CorpusSpec:
    """Every number that decides what the corpus sounds and looks like. 0 is the negative control of each dial.

    Args:
        version: of the corpus; seeds hang on it.
        rho: correlation of the face's traits with the voice's latents (F0 and tract length, within gender), 0 to 1.
        articulation_noise: standard deviation of the slow noise on each articulation parameter, in its unit (0 to 1).
        lag_jitter: the picture of a clip leads or lags its sound by up to so many frames, drawn per clip.
        pose: scale of head motion; 1 is a person who sits and talks.
        camera: scale of the camera's faults (sensor noise, exposure and light differences between clips).
        pitch_jitter: spread of F0 between sessions of one speaker, as a share (uniform ±).
        rate_jitter: the same for the speaking rate.
        jaw_db: how much louder an opened jaw is, dB per unit of jaw opening (0 to 1), zero mean over a clip.
        level_dbfs: mean level of active speech, dB re full scale.
        level_sd: its spread between sessions, dB.
        room: scale of each session's small room and equaliser.

    Raises:
        UsageError: a dial outside its range.
    """

    version: int = 1
    rho: float = 0.5
    articulation_noise: float = 0.05
    lag_jitter: int = 1
    pose: float = 1.0
    camera: float = 1.0
    pitch_jitter: float = 0.04
    rate_jitter: float = 0.10
    jaw_db: float = 10.0
    level_dbfs: float = -26.0
    level_sd: float = 3.0
    room: float = 1.0

    def __post_init__(self):
        if not 0 <= self.rho <= 1:
            raise UsageError(f"The coupling rho lies between 0 and 1, not {self.rho!r}.")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("rho", "level_dbfs") and not 0 <= value < float("inf"):
                raise UsageError(f"The dial {field.name} of the corpus is a number from 0 up, not {value!r}.")

    @property
    def fingerprint(self) -> str:
        """Digest of every dial and the engine's release: 16 hexadecimal digits."""
        # Dials are floats whether written 1 or 1.0; JSON writes the shortest text that reads back equal.
        dials = {name: float(value) for name, value in asdict(self).items()}
        text = json.dumps(dials | {"engine": ENGINE}, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def speaker_ids(split: str | None = None) -> tuple[str, ...]:
    """Names of the speakers, in order: all 400, or those of one split (320 train, 40 validation, 40 test).

    Raises:
        UnknownName: no such split.
    """
    everyone = tuple(f"s{i:03d}" for i in range(SPEAKERS))
    if split is None:
        return everyone
    _check_split(split)
    return tuple(s for s in everyone if split_of(s) == split)


def gender_of(speaker: str) -> str:
    """`"f"` or `"m"`: every other speaker."""
    return GENDERS[_number(speaker) % len(GENDERS)]


def accent_of(speaker: str) -> str:
    """One of `ACCENTS`."""
    return ACCENTS[_number(speaker) // len(GENDERS) % len(ACCENTS)]


def split_of(speaker: str) -> str:
    """`"train"`, `"validation"` or `"test"`."""
    test, validation = _quota(_number(speaker) % _CELLS)
    rank = _rank(speaker)
    return "test" if rank < test else "validation" if rank < test + validation else "train"


def clip_ids(size: str, split: str) -> tuple[str, ...]:
    """Names of the clips of a split: the first clip of every speaker, then the second, and so on.

    Args:
        size: of `SIZES`; decides the training material only.
        split: of `SPLITS`.

    Raises:
        UnknownName: no such size or split.
    """
    if size not in SIZES:
        raise UnknownName("size of avbench-synth", size, SIZES)
    _check_split(split)
    speakers = speaker_ids(split)
    clips = CLIPS_PER_SPEAKER.get(split)
    if clips is None:
        per_cell = SIZES[size].speakers // _CELLS
        speakers = tuple(s for s in speakers if _rank(s) < _HELD_OUT + per_cell)
        clips = SIZES[size].clips
    return tuple(f"{speaker}-{k:03d}" for k in range(clips) for speaker in speakers)


def speaker_of(clip_id: str) -> str:
    """The speaker who says a clip: `"s017-003"` gives `"s017"`, and so does `"s017-market"` of a part.

    Raises:
        UsageError: not the name of a clip.
    """
    if not re.fullmatch(r"s\d{3,}(-[a-z0-9]+)+", clip_id):
        raise UsageError(f"Clips of avbench-synth are called like s017-003, not {clip_id!r}.")
    return clip_id.split("-")[0]


def split_of_clip(clip_id: str) -> str:
    """The split of the clip's speaker."""
    return split_of(speaker_of(clip_id))


def _check_split(split: str):
    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)


def _number(speaker: str) -> int:
    if not re.fullmatch(r"s\d{3,}", speaker):
        raise UsageError(f"Speakers of avbench-synth are called like s017, not {speaker!r}.")
    return int(speaker[1:])


def _quota(cell: int) -> tuple[int, int]:
    """Test and validation speakers of a cell: 3 and 2, or 2 and 3, so that both sum to 40 with 20 of each gender."""
    gender, accent = cell % len(GENDERS), cell // len(GENDERS)
    test = 3 if (gender + accent) % 2 == 0 else 2
    return test, _HELD_OUT - test


@lru_cache(maxsize=4096)
def _rank(speaker: str) -> int:
    """Place of the speaker by name hash within the cell of its block."""
    number = _number(speaker)
    first = number // _BLOCK * _BLOCK + number % _CELLS
    cell = sorted(range(first, first // _BLOCK * _BLOCK + _BLOCK, _CELLS), key=lambda i: _name_hash(f"s{i:03d}"))
    return cell.index(number)


def _name_hash(speaker: str) -> int:
    return seed_of("avbench-synth", "split", speaker)
