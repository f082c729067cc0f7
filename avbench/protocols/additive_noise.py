"""Additive noise: speech plus k noises at an SNR. The one mixing rule of this protocol, written out.

Draw, once per row and for every SNR: k noises of k different kinds, of k different families where the set has as many,
none of them with the target's own voice. From each a segment as long as the clip, from a drawn place; a noise shorter
than the clip is looped. A segment whose RMS is under -60 dB re full scale is drawn again (noises have unit RMS, so that
means 60 dB under the noise's own level). The gain that brings a segment to unit RMS is part of the plan.

Render, with s the speech, n the sum of the segments at equal RMS, P the mean square over the whole clip:

    1. x = s + g n,   g = sqrt(P(s) / P(n)) 10^(-SNR / 20)          ("clean": x = s)
    2. if max |x| > 0.99: x and s are both scaled by 0.99 / max |x|; the gain is recorded
    3. x is rounded to int16, hashed as such, and given to systems as int16 / 32768; the judge gets s as float32

A condition may also ask for a room before step 1, where s in steps 1 and 2 is then the speech as it is heard in it, and
for a channel after step 3; the judge's target stays the dry speech. `sounds` has the rules.

The power SNR of what was rounded must equal the SNR within 0.01 dB. Two measures are recorded for each trial: the
power SNR, and the active-speech SNR (level of the active speech over that of the noise); literature means either.

A clip that is silent, broken, too quiet for its SNR in 16 bits, or without a picture where others have one, is void:
its trial counts for no system, and the others go on.

Source: the mixing of MUTUD, section IV-B (several background noises at a total SNR); peers differ in all of the above.

Contents: `AdditiveNoise`, `Mixture`, `mix`, `segment`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.dataset import Dataset, recorded_name
from ..data.noise import NoiseSet
from ..errors import BadFile, ReferenceFault, UsageError
from ..seeds import Draw, seed_of
from ..signal.audio import RATE, active_level, from_int16, power_db, to_int16
from ..signal.files import digest
from ..types import Audio, Clip, Inputs, Target, Trial
from . import pictures, sounds
from .axes import Condition, marks_of
from .drawing import Pool, segment
from .protocol import NoiseUse, Plan, Protocol, Row

PEAK = sounds.PEAK
TOLERANCE_DB = 0.01
# Rounding adds 2^-30 / 12, which changes the level of a noise by TOLERANCE_DB where that is 74.7 dB under full scale.
# Further out not even speech at full scale fits into 16 bits together with its noise.
FURTHEST_DB = 74.0


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
    axes = ("snr", "modality", "offset", "degradation", "reverberation", "band", "clipping")

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
        header = header_of(self, name, dataset, noise, noises, task, snr)
        pool = Pool(noise)
        rows = []
        for number, clip_id in enumerate(clips):
            clip = dataset.clip(clip_id)
            draw = Draw(self.id, noises, noise.fingerprint, clip.id)
            uses = pool.draw(draw, clip, samples_of(clip), noises)
            rows.append(Row(f"{name}-{number:04d}", clip.id, samples_of(clip), uses))
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
            condition: `snr` in dB or `"clean"`, and optionally other axes of `axes.AXES`.
            dataset: where the clip is.
            noise: where the noises are.
            video: whether the caller wants the picture; else it is not touched.

        Raises:
            ReferenceFault: the clip is silent, broken, too quiet for the SNR or without a picture where other clips
                have one, which voids the trial for every system.
            UsageError: an axis or a value that this protocol does not have.
            BadFile: the clip is not the one that the plan was drawn over.
        """
        asked = self.read(condition)
        clip = dataset.clip(row.clip)
        speech = _speech(dataset, clip)
        if len(speech) != row.samples:
            raise BadFile(
                f"The clip {clip.id} has {len(speech)} samples where the plan {plan.name} says {row.samples}: "
                "draw the plan again for this data set."
            )
        heard, facts = sounds.in_room(row, speech, asked.reverberation)
        added = self.noise_at(plan, row, asked, noise) if asked.snr != "clean" else np.zeros(0)
        mixture = mix(heard, added, asked.snr)
        noisy, channel_db = sounds.through_channel(mixture.noisy, asked)
        target = mixture.clean
        if heard is not speech or channel_db:
            target = (10 ** ((mixture.gain_db + channel_db) / 20) * speech.astype(np.float64)).astype(np.float32)
        name = self.trial_id(row, condition)
        seen = pictures.shown(plan, row, dataset, asked.modality, asked.offset, asked.degradation) if video else None
        facts |= {
            "power_snr_db": mixture.power_snr_db,
            "active_snr_db": mixture.active_snr_db,
            "gain_db": mixture.gain_db + channel_db,
            "pcm": digest(noisy),
        }
        audio = None if asked.modality == "video" else Audio(from_int16(noisy), RATE)
        return Trial(
            id=name,
            input=Inputs(name, audio, seen, seed_of("trial", name)),
            target=Target(Audio(target, RATE), clip.text),
            condition=dict(condition),
            clip=clip.id,
            cluster=clip.speaker or clip.id,
            facts=facts if seen is None else {**facts, "frames": digest(seen.frames)},
        )

    def trial_id(self, row: Row, condition: Mapping[str, Any]) -> str:
        """Row, SNR, and what is not as usual: `"3-bn-0007.snr-15"`, `"3-bn-0007.clean.wrong-face.offset2"`."""
        return row.id + marks_of(self.read(condition))

    def noise_at(self, plan: Plan, row: Row, asked: Condition, noise: NoiseSet) -> np.ndarray:
        """`[T]` float64: what is added to a row at a condition, at some level."""
        return noise_of(row, noise)


def header_of(
    protocol: Protocol, name: str, dataset: Dataset, noise: NoiseSet, noises: int, task: str, snr: Iterable
) -> dict[str, Any]:
    """The header of a plan of speech and noise; see `Protocol.draw` for the arguments."""
    return {
        "plan": name,
        "task": task,
        "protocol": protocol.id,
        "dataset": recorded_name(dataset.name),
        "dataset_fingerprint": dataset.fingerprint,
        "noise": recorded_name(noise.name),
        "noise_fingerprint": noise.fingerprint,
        "noises": noises,
        "snr": [value if value == "clean" or value != int(value) else int(value) for value in snr],
    }


def samples_of(clip: Clip) -> int:
    """Length at 16 kHz. The sound itself is not needed for a plan, and may be slow to read."""
    return round(clip.seconds * RATE)


def noise_of(row: Row, noise: NoiseSet, uses: Iterable[NoiseUse] | None = None) -> np.ndarray:
    """`[T]` float64: the segments of a row (or only these), each brought to unit RMS, summed."""
    total = np.zeros(row.samples)
    for use in row.noises if uses is None else uses:
        total += 10 ** (use.gain_db / 20) * segment(noise.load(use.item), use.offset, row.samples)
    return total


def _speech(dataset: Dataset, clip: Clip) -> np.ndarray:
    audio = dataset.audio(clip)
    if audio.rate != RATE:
        raise UsageError(
            f"The clip {clip.id} of {dataset.name} has {audio.rate} Hz; additive-noise works at {RATE} Hz."
        )
    return audio.samples
