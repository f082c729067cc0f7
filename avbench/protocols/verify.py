"""Whether this machine makes the sound that a plan was published with.

A record holds, for one plan, the hash of the file, of every clip, of every noise and of every row's rendered samples,
so that a difference has a name. Where hashes differ, a fingerprint decides whether the sound is still *equivalent*: for
the speech and for the noise of a row the length, the level of 20 mel bands (MELS) and the course of the level over 16
stretches (STRETCHES), in half decibels above -60 dB; equivalent is what is within TOLERANCE of all of them.

    exact        the same samples
    equivalent   another library or processor, but the same events; such a run is ranked, and marked
    different    anything else; such a run is not ranked

Conventions: the record of an official plan is in `plans/pcm.json`, that of any other plan beside it, `<name>.pcm.json`.

Contents: `Report`, `hash_plan`, `verify_plan`, `record_path`, `read_record`, `write_records`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.noise import NoiseSet
from ..errors import BadFile, MissingResource, ReferenceFault
from ..signal.audio import RATE
from ..signal.files import atomic_write, digest
from .additive_noise import mix, noise_of
from .protocol import Plan, Row
from .rules import PLANS, RULES

RECORDS = PLANS / "pcm.json"
MELS, STRETCHES = 20, 16
FLOOR_DB, STEP_DB = -60.0, 0.5
TOLERANCE = 2  # steps, that is 1 dB

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Report:
    """What a verification found.

    Args:
        plan: its name.
        verdict: `"exact"`, `"equivalent"` or `"different"`.
        first: the first thing that differs, e.g. `"noise rain-t03"`; None if nothing does.
        detail: a sentence on it.
        rows: how many rows were rendered.
    """

    plan: str
    verdict: str
    first: str | None
    detail: str
    rows: int


def hash_plan(plan: Plan, dataset: Dataset, noise: NoiseSet, progress: Progress | None = None) -> dict[str, Any]:
    """Render a plan and make its record.

    Args:
        plan: at every SNR of its header.
        dataset: of the plan.
        noise: of the plan.
        progress: called with rows done and rows to do.

    Returns:
        `plan_sha256`; `clips` and `noises`: id to hash; `rows`: id to `[hash of all SNRs, fingerprint]`; `snr`: SNR to
        the hash over all rows.
    """
    record: dict[str, Any] = {"plan_sha256": plan.sha256, "clips": {}, "noises": {}, "rows": {}, "snr": {}}
    sums = {snr: hashlib.sha256() for snr in plan.snr}
    for done, row in enumerate(plan.rows):
        speech, noises, rendered = _sounds(plan, row, dataset, noise)
        record["clips"][row.clip] = _short(speech)
        for use in row.noises:
            if use.item not in record["noises"]:
                record["noises"][use.item] = _short(noise.load(use.item))
        for snr, pcm in rendered.items():
            sums[snr].update(pcm)
        record["rows"][row.id] = [digest(b"".join(rendered.values()))[:16], _fingerprint(speech, noises)]
        if progress is not None:
            progress(done + 1, len(plan.rows))
    record["snr"] = {snr if snr == "clean" else f"{snr:g}": total.hexdigest() for snr, total in sums.items()}
    return record


def verify_plan(
    plan: Plan, dataset: Dataset, noise: NoiseSet, record: Mapping[str, Any], progress: Progress | None = None
) -> Report:
    """Render a plan and compare with its record.

    Args:
        plan: at every SNR of its header.
        dataset: of the plan.
        noise: of the plan.
        record: as `hash_plan` made it where the plan was drawn.
        progress: called with rows done and rows to do.
    """
    if plan.sha256 != record["plan_sha256"]:
        return Report(plan.name, "different", f"plan {plan.name}", "The plan is not the text that was published.", 0)
    now = hash_plan(plan, dataset, noise, progress)
    first = _first_difference(plan, record, now)
    if first is None:
        return Report(plan.name, "exact", None, "Every sample is as published.", len(plan.rows))
    far = next((r.id for r in plan.rows if not _near(record["rows"].get(r.id), now["rows"][r.id])), None)
    if far is None:
        detail = f"{first} has other samples, but length, spectrum and course of the level agree in every row."
        return Report(plan.name, "equivalent", first, detail, len(plan.rows))
    return Report(plan.name, "different", first, f"{first} has other samples; {far} sounds different.", len(plan.rows))


def record_path(name: str | Path) -> Path:
    """Where the record of a plan is, named as for `load_plan`."""
    return RECORDS if name in RULES else Path(name).with_suffix(".pcm.json")


def read_record(name: str | Path, plan: Plan) -> dict[str, Any]:
    """The record of a plan, named as for `load_plan`.

    Raises:
        MissingResource: there is none.
        BadFile: not a record.
    """
    path = record_path(name)
    try:
        record = json.loads(path.read_bytes())[plan.name]
        if not {"plan_sha256", "clips", "noises", "rows"} <= set(record):
            raise ValueError("it lacks hashes")
    except OSError as error:
        raise MissingResource(
            f"There is no record {path} to verify {name} against: {error.strerror or error}."
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise BadFile(f"{path} holds no record of the plan {plan.name}: {error}.") from error
    return record


def write_records(path: Path, records: Mapping[str, Any]) -> None:
    """Write records of one or more plans, one row to a line so that differences can be read."""
    with atomic_write(path) as handle:
        handle.write(_lines(records, depth=3).encode() + b"\n")


def _lines(value: Any, depth: int) -> str:
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value)
    inner = ",\n".join(f"{json.dumps(key)}: {_lines(item, depth - 1)}" for key, item in value.items())
    return "{\n" + inner + "\n}"


def _sounds(
    plan: Plan, row: Row, dataset: Dataset, noise: NoiseSet
) -> tuple[np.ndarray, np.ndarray, dict[float | str, bytes]]:
    """The speech of a row, its noise, and its samples at every SNR; nothing is rendered of a clip without SNR."""
    speech = dataset.audio(dataset.clip(row.clip)).samples
    noises = noise_of(row, noise)
    rendered = dict.fromkeys(plan.snr, b"")
    for snr in plan.snr if len(speech) == row.samples else ():
        try:
            rendered[snr] = np.ascontiguousarray(mix(speech, noises, snr).noisy, "<i2").tobytes()
        except ReferenceFault:
            continue
    return speech, noises, rendered


def _first_difference(plan: Plan, then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    for row in plan.rows:
        if then["clips"].get(row.clip) != now["clips"][row.clip]:
            return f"clip {row.clip}"
        for use in row.noises:
            if then["noises"].get(use.item) != now["noises"][use.item]:
                return f"noise {use.item}"
        if (then["rows"].get(row.id) or [None])[0] != now["rows"][row.id][0]:
            return f"trial {row.id}"
    return None


def _short(samples: np.ndarray) -> str:
    return digest(np.ascontiguousarray(samples, "<f4"))[:16]


def _fingerprint(speech: np.ndarray, noises: np.ndarray) -> str:
    """Length, then two times `MELS` and `STRETCHES` levels, a byte each, in hexadecimal."""
    levels = np.concatenate([_levels(np.asarray(x, np.float64)) for x in (speech, noises)])
    steps = np.clip(np.rint((levels - FLOOR_DB) / STEP_DB), 0, 255).astype(np.uint8)
    return f"{len(speech)}:{steps.tobytes().hex()}"


def _levels(x: np.ndarray) -> np.ndarray:
    """Mel bands and stretches in dB re the mean power of the whole."""
    power = np.mean(x * x) + 1e-20
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, (0, max(0, 512 - len(x)))), 512)[::256]
    spectrum = np.mean(np.abs(np.fft.rfft(frames * np.hanning(512))) ** 2, axis=0)
    bands = _mel_bands() @ spectrum
    stretches = np.array([np.mean(part * part) if len(part) else 0.0 for part in np.array_split(x, STRETCHES)])
    return 10 * np.log10(np.concatenate([bands / (bands.sum() + 1e-20), stretches / power]) + 1e-12)


@lru_cache(maxsize=1)
def _mel_bands() -> np.ndarray:
    """`[MELS, 257]` triangles, evenly spaced on the mel scale (2595 lg(1 + f / 700)) from 60 to 7800 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7800 / 700), MELS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    f = np.fft.rfftfreq(512, 1 / RATE)
    rise = (f - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - f) / np.diff(edges)[1:, None]
    return np.clip(np.minimum(rise, fall), 0, None)


def _near(then: Any, now: Any) -> bool:
    """Whether two fingerprints agree within `TOLERANCE`."""
    if not then:
        return False
    length, levels = then[1].split(":")
    length_now, levels_now = now[1].split(":")
    a, b = (np.frombuffer(bytes.fromhex(text), np.uint8).astype(int) for text in (levels, levels_now))
    return length == length_now and len(a) == len(b) and bool(np.all(np.abs(a - b) <= TOLERANCE))
