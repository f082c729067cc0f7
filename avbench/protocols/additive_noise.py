"""Additive noise: speech plus k noises at an SNR. The one mixing rule of this protocol, written out.

Draw, once per row and for every SNR: k noises of k different kinds, of k different families where the set has as many,
none of them with the target's own voice. From each a segment as long as the clip, from a drawn place; a noise shorter
than the clip is looped. A segment whose RMS is under -60 dB re full scale is drawn again (noises have unit RMS, so that
means 60 dB under the noise's own level). The gain that brings a segment to unit RMS is part of the plan.

Render, with s the speech, n the sum of the segments at equal RMS, P the mean square over the whole clip:

    1. x = s + g n,   g = sqrt(P(s) / P(n)) 10^(-SNR / 20)          ("clean": x = s)
    2. if max |x| > 0.99: x and s are both scaled by 0.99 / max |x|; the gain is recorded
    3. x is rounded to int16, hashed as such, and given to systems as int16 / 32768; the judge gets s as float32

The power SNR of what was rounded must equal the SNR within 0.01 dB. Two measures are recorded for each trial: the
power SNR, and the active-speech SNR (level of the active speech over that of the noise); literature means either.

A clip that is silent, broken, too quiet for its SNR in 16 bits, or without a picture where others have one, is void:
its trial counts for no system, and the others go on.

Source: the mixing of MUTUD, section IV-B (several background noises at a total SNR); peers differ in all of the above.

Contents: `AdditiveNoise`, `Mixture`, `mix`, `segment`.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.dataset import Dataset, recorded_name
from ..data.noise import NoiseItem, NoiseSet
from ..errors import BadFile, ReferenceFault, UsageError
from ..seeds import Draw, seed_of
from ..signal.audio import RATE, active_level, from_int16, power_db, to_int16
from ..signal.files import digest
from ..types import Audio, Clip, Inputs, Target, Trial
from . import pictures
from .protocol import NoiseUse, Plan, Protocol, Row

SILENT_DB = -60.0
PEAK = 0.99
TOLERANCE_DB = 0.01
# Rounding adds 2^-30 / 12, which changes the level of a noise by TOLERANCE_DB where that is 74.7 dB under full scale.
# Further out not even speech at full scale fits into 16 bits together with its noise.
FURTHEST_DB = 74.0
ATTEMPTS = 40


@dataclass(frozen=True, eq=False)
class Mixture:
    """What mixing makes.

    Args:
        noisy: `[T]` int16.
        clean: `[T]` float32, the speech under the same gain.
        gain_db: by which both were scaled to keep the peak; 0 if not at all.
        power_snr_db: measured after rounding; None for clean speech.
        active_snr_db: active-speech level over noise level; None for clean speech.
    """

    noisy: np.ndarray
    clean: np.ndarray
    gain_db: float
    power_snr_db: float | None
    active_snr_db: float | None


def segment(noise: np.ndarray, offset: int, samples: int) -> np.ndarray:
    """`[samples]` of a noise from `offset` on, looped where it ends."""
    if offset + samples <= len(noise):
        return noise[offset : offset + samples]
    return np.take(noise, np.arange(offset, offset + samples), mode="wrap")


def mix(speech: np.ndarray, noise: np.ndarray, snr: float | str) -> Mixture:
    """Steps 1 to 3 of the rule.

    Args:
        speech: `[T]` float32.
        noise: `[T]`, at any level.
        snr: dB, or `"clean"`.

    Raises:
        ReferenceFault: silent or broken speech, or speech too quiet for 16 bits.
        UsageError: an SNR so far out that 16 bits cannot hold both noise and the loudest speech.
    """
    if snr != "clean" and abs(snr) > FURTHEST_DB:
        raise UsageError(f"An SNR of {snr:g} dB does not fit into 16 bits: choose one within ± {FURTHEST_DB:g} dB.")
    s = np.asarray(speech, np.float64)
    if not np.isfinite(s).all() or not s.any():
        raise ReferenceFault("the clip is silent or holds values that are not finite, so it has no SNR")
    x = s
    if snr != "clean":
        # In dB with six decimals: a sum taken in another order on another machine then gives the same samples.
        gain = round(power_db(s) - power_db(noise) - snr, 6)
        x = s + 10 ** (gain / 20) * np.asarray(noise, np.float64)
    peak = float(np.abs(x).max())
    scale = PEAK / peak if peak > PEAK else 1.0
    clean, noisy = (s * scale).astype(np.float32), to_int16(x * scale)
    gain_db = float(20 * np.log10(scale))
    if snr == "clean":
        return Mixture(noisy, clean, gain_db, None, None)
    added = power_db(noisy / 32768 - clean.astype(np.float64))
    measured = power_db(clean) - added
    if abs(measured - snr) > TOLERANCE_DB:
        raise ReferenceFault(f"the clip is too quiet ({power_db(s):.0f} dB) for an SNR of {snr:g} dB in 16 bits")
    return Mixture(noisy, clean, gain_db, measured, active_level(Audio(clean, RATE)) - added)


class AdditiveNoise(Protocol):
    """Speech plus noises at an SNR; see the head of this file."""

    name = "additive-noise"
    version = 1
    title = "speech plus k noises of different kinds at equal levels, at a power SNR over the whole clip"
    axes = ("snr", "modality", "offset")

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
        """Draw a plan.

        A row's draw hangs on the noises, k and the clip alone: a clip has the same noises in every plan of one k.

        Args:
            name: of the plan.
            dataset: where the clips are.
            noise: where noises come from.
            clips: ids, in order.
            noises: k.
            task: id of the task that the plan is for.
            snr: the SNR list it is meant for, noted in the header.

        Raises:
            UsageError: fewer than k kinds to choose from.
            BadFile: a noise that is silent wherever one looks.
        """
        header = {
            "plan": name,
            "task": task,
            "protocol": self.id,
            "dataset": recorded_name(dataset.name),
            "dataset_fingerprint": dataset.fingerprint,
            "noise": recorded_name(noise.name),
            "noise_fingerprint": noise.fingerprint,
            "noises": noises,
            "snr": [value if value == "clean" or value != int(value) else int(value) for value in snr],
        }
        rows = []
        for number, clip_id in enumerate(clips):
            clip = dataset.clip(clip_id)
            samples = round(clip.seconds * RATE)  # the sound itself is not needed, and may be slow to read
            draw = Draw(self.id, noises, noise.fingerprint, clip.id)
            rows.append(Row(f"{name}-{number:04d}", clip.id, samples, _uses(draw, noise, clip, samples, noises)))
        return Plan.of(header, rows)

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
        """The trial of a row at a condition.

        Args:
            plan: whose row it is; only a wrong face asks it for another row.
            row: of the plan.
            condition: `snr` in dB or `"clean"`, and optionally `modality` (of `pictures.MODALITIES`) and `offset` (the
                video comes so many frames late).
            dataset: where the clip is.
            noise: where the noises are.
            video: whether the caller wants the picture; else it is not touched.

        Raises:
            ReferenceFault: the clip is silent, broken, too quiet for the SNR or without a picture where other clips
                have one, which voids the trial for every system.
            UsageError: an axis or a value that this protocol does not have.
            BadFile: the clip is not the one that the plan was drawn over.
        """
        snr, modality, offset = _condition(self, condition)
        clip = dataset.clip(row.clip)
        speech = _speech(dataset, clip)
        if len(speech) != row.samples:
            raise BadFile(
                f"The clip {clip.id} has {len(speech)} samples where the plan {plan.name} says {row.samples}: "
                "draw the plan again for this data set."
            )
        mixture = mix(speech, noise_of(row, noise) if snr != "clean" else np.zeros(0), snr)
        name = self.trial_id(row, condition)
        shown = pictures.shown(plan, row, dataset, modality, offset) if video else None
        return Trial(
            id=name,
            input=Inputs(name, Audio(from_int16(mixture.noisy), RATE), shown, seed_of("trial", name)),
            target=Target(Audio(mixture.clean, RATE), clip.text),
            condition=dict(condition),
            clip=clip.id,
            cluster=clip.speaker or clip.id,
            facts={
                "power_snr_db": mixture.power_snr_db,
                "active_snr_db": mixture.active_snr_db,
                "gain_db": mixture.gain_db,
                "pcm": digest(mixture.noisy),
            },
        )

    def trial_id(self, row: Row, condition: Mapping[str, Any]) -> str:
        """Row, SNR, and what is not as usual: `"3-bn-0007.snr-15"`, `"3-bn-0007.clean.wrong-face.offset2"`."""
        snr, modality, offset = _condition(self, condition)
        name = f"{row.id}.{snr if snr == 'clean' else f'snr{snr:g}'}"
        name += f".{modality}" if modality != "av" else ""
        return name + (f".offset{offset}" if offset else "")


def noise_of(row: Row, noise: NoiseSet) -> np.ndarray:
    """`[T]` float64: the segments of a row, each brought to unit RMS, summed."""
    total = np.zeros(row.samples)
    for use in row.noises:
        total += 10 ** (use.gain_db / 20) * segment(noise.load(use.item), use.offset, row.samples)
    return total


def _speech(dataset: Dataset, clip: Clip) -> np.ndarray:
    audio = dataset.audio(clip)
    if audio.rate != RATE:
        raise UsageError(
            f"The clip {clip.id} of {dataset.name} has {audio.rate} Hz; additive-noise works at {RATE} Hz."
        )
    return audio.samples


def _condition(protocol: Protocol, condition: Mapping[str, Any]) -> tuple[float | str, str, int]:
    unknown = [axis for axis in condition if axis not in protocol.axes]
    if unknown or "snr" not in condition:
        problem = f"has no axis {unknown[0]}" if unknown else "needs an snr"
        raise UsageError(f"The protocol {protocol.name} {problem}; its axes are {', '.join(protocol.axes)}.")
    snr, offset = condition["snr"], condition.get("offset", 0)
    if snr != "clean":
        snr = float(snr)
        if not math.isfinite(snr):
            raise UsageError("An SNR must be a finite number of dB, or clean.")
    if int(offset) != float(offset):
        raise UsageError(f"The video is shifted by whole frames, not by {offset}.")
    return snr, condition.get("modality", "av"), int(offset)


def _uses(draw: Draw, noise: NoiseSet, clip: Clip, samples: int, count: int) -> tuple[NoiseUse, ...]:
    """Draw the noises of a row."""
    allowed: dict[str, list[NoiseItem]] = defaultdict(list)
    for item in noise.items:
        if clip.speaker is None or clip.speaker not in item.talkers:
            allowed[item.family].append(item)
    kinds = {item.kind for items in allowed.values() for item in items}
    if len(kinds) < count:
        raise UsageError(
            f"{count} noises of different kinds are wanted, but {noise.name} has {len(kinds)} for {clip.id}."
        )
    uses: list[NoiseUse] = []
    used: set[str] = set()
    round_of: list[str] = []
    while len(uses) < count:
        if not round_of:  # every family once, then every family again
            round_of = draw.sample(sorted(allowed), len(allowed))
        items = [item for item in allowed[round_of.pop()] if item.kind not in used]
        if items:
            item = draw.choice(items)
            used.add(item.kind)
            uses.append(_cut(draw, noise, item, samples))
    return tuple(uses)


def _cut(draw: Draw, noise: NoiseSet, item: NoiseItem, samples: int) -> NoiseUse:
    """Draw a place in a noise that is not silent."""
    signal = noise.load(item.id)
    places = len(signal) - samples + 1 if len(signal) >= samples else len(signal)
    for _ in range(ATTEMPTS):
        offset = draw.integer(places)
        level = power_db(segment(signal, offset, samples))
        if level >= SILENT_DB:
            return NoiseUse(item.id, offset, round(-level, 6) + 0.0)
    raise BadFile(f"The noise {item.id} of {noise.name} is silent in {ATTEMPTS} of {ATTEMPTS} places: remove it.")
