"""Does this machine give the scores that it should? Made material of every kind, and what the originals gave for it.

`golden.json` holds, for each metric, what the original package or a direct evaluation of the definition gave for the
material of its kind, by which of them, with which weights, and how far another machine may be off. It is renewed by one
script alone, `tests/metrics/renew_golden.py`, which does not use this project's formulas.

The material is made, not stored: a buzz of harmonics through three moving resonances, with syllables and pauses, and
the same with noise, rounded to 16 bits, so that the last bit of a sine does not matter; pictures are smooth random
patterns in whole numbers.

Contents: `golden_pair`, `golden_pictures`, `golden_material`, `Replay`, `replay`, `expected_scores`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AvbenchError, MissingResource, NotApplicable, Unscorable
from ..seeds import Draw
from ..types import Audio, Video

RATE = 16_000
SECONDS = 3.6
PATH = Path(__file__).with_name("golden.json")
TEXTS = ("the cat sat on the old mat", "The cat sat on a mat, once.")


def golden_pair(name: str = "golden", snr_db: float = 5.0) -> tuple[Audio, Audio]:
    """A noisy and a clean signal with the build of speech.

    Args:
        name: seeds the draws.
        snr_db: level of the clean signal over the noise, in dB.

    Returns:
        `(estimate, reference)`, 3.6 s at 16 kHz.
    """
    clean = _speech_like(Draw(name, "speech"))
    noise = np.convolve(Draw(name, "noise").normals(len(clean) + 2), [1.0, 0.6, 0.2], mode="valid")
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10.0 ** (-snr_db / 20.0)
    peak = np.abs(clean).max() + np.abs(noise).max()
    return _rounded((clean + noise) / peak), _rounded(clean / peak)


def _speech_like(draw: Draw) -> np.ndarray:
    t = np.arange(int(SECONDS * RATE)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 2.6 * t + draw.uniform(0, 6)) + 0.35, 0.0, None)
    syllables[(t > 1.5) & (t < 1.85)] = 0.0
    syllables[(t < 0.2) | (t > SECONDS - 0.2)] = 0.0
    pitch = draw.uniform(110, 190) * (1.0 + 0.12 * np.sin(2 * np.pi * 0.7 * t) + 0.03 * np.sin(2 * np.pi * 5.1 * t))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    centres = [
        middle * (1.0 + 0.25 * np.sin(2 * np.pi * rate * t + start))
        for middle, rate, start in zip((600, 1500, 2700), (1.9, 1.3, 2.3), draw.uniforms(3, 0, 6), strict=True)
    ]
    buzz = np.zeros_like(t)
    for harmonic in range(1, 40):
        hertz = harmonic * pitch
        gain = sum(1.0 / (1.0 + ((hertz - centre) / 120.0) ** 2) for centre in centres)
        buzz += np.where(hertz < 7000.0, gain, 0.0) * np.sin(harmonic * phase) / np.sqrt(harmonic)
    hiss = 0.02 * draw.normals(len(t))
    return syllables * (buzz + hiss)


def _rounded(samples: np.ndarray) -> Audio:
    return Audio((np.round(samples * 32767.0) / 32768.0).astype(np.float32), RATE)


def golden_pictures(name: str, count: int = 4, size: int = 64) -> tuple[Video, Video]:
    """Smooth random patterns, and the same with a coarse error.

    Returns:
        `(estimate, reference)`, each `[count, size, size, 3]` at 25 fps.
    """
    draw = Draw("golden pictures", name)
    raw = (draw.raw(count * size * size * 3) >> np.uint64(56)).astype(np.int64).reshape(count, size, size, 3)
    smooth = raw
    for axis in (1, 2):
        smooth = sum(np.roll(smooth, shift, axis) for shift in range(-4, 5)) // 9
    picture = np.clip((smooth - 128) * 4 + 128, 0, 255)
    error = (raw - 128) // 6 + 9
    return tuple(Video(np.clip(p, 0, 255).astype(np.uint8), 25.0) for p in (picture + error, picture))


def golden_material(kind: str) -> tuple[Any, Any]:
    """`(estimate, reference)` of a kind of `kinds.KINDS`, by its name."""
    draw = Draw("golden", kind)
    if kind in ("sound", "speech", "voice", "spoken"):
        noisy, clean = golden_pair()
        return noisy, {"sound": clean, "speech": None, "voice": (clean, noisy), "spoken": TEXTS[1]}[kind]
    if kind == "text":
        return TEXTS
    if kind in ("frames", "pictures"):
        return golden_pictures(kind, 4 if kind == "frames" else 12)
    if kind == "lips":
        return golden_pictures(kind, 29, 96)[1], "about"
    if kind == "variants":
        frames = golden_pictures(kind, 10)[0].frames
        return tuple(Video(frames[i : i + 1], 25.0) for i in range(10)), None
    if kind == "faces":
        from ..signal.landmarks import mean_face

        face = mean_face()[None] + draw.normals(5 * 68 * 2, sd=0.02).reshape(5, 68, 2)
        turn = np.array([[0.9, -0.3], [0.3, 0.9]])
        return (face + draw.normals(face.size, sd=0.03).reshape(face.shape)) @ turn * 40.0 + 64.0, face * 30.0 + 60.0
    if kind == "detection":
        labels = np.array([draw.chance(0.3) for _ in range(200)])
        return np.round(draw.normals(200) + labels, 1), labels  # rounded, so that there are ties
    if kind == "votes":
        return 7, 9
    if kind == "opinions":
        return 31, 9
    if kind == "match":
        noisy, clean = golden_pair()
        return golden_pictures(kind, 4)[1], (clean, golden_pair("another voice")[0])
    raise KeyError(kind)


@dataclass(frozen=True)
class Replay:
    """What one metric gave here.

    Args:
        metric: its name.
        status: `agrees`; `differs`; `absent` where a judge or a package is not here, or other weights than the original
            was asked with; `unasked` where it gives a number, and no original could be asked for one.
        value: what it gave, or None.
        expected: what the original gave, or None where nobody could ask it.
        reason: a sentence where it does not agree.
    """

    metric: str
    status: str
    value: float | None
    expected: float | None
    reason: str = ""


def expected_scores() -> dict[str, dict[str, Any]]:
    """By metric: `{"value", "tolerance", "by", "judge"}`; see `renew_golden.py`."""
    return json.loads(PATH.read_text(encoding="utf-8"))


def replay(names: Iterable[str] | None = None) -> list[Replay]:
    """Score the golden material with every metric, or with those named."""
    from . import METRICS

    expected = expected_scores()
    return [_replay(METRICS[name], expected.get(name)) for name in (METRICS if names is None else names)]


def _replay(metric: Any, expected: dict[str, Any] | None) -> Replay:
    wanted = expected["value"] if expected else None
    try:
        parts = metric.measure(*golden_material(metric.kind.name))
        value = float(parts["raw"] if "raw" in parts else metric.pool([parts]))  # originals know no floor
    except (MissingResource, NotApplicable) as lack:
        return Replay(metric.name, "absent", None, wanted, str(lack))
    except (Unscorable, AvbenchError) as error:
        return Replay(metric.name, "differs", None, wanted, f"{metric.name} gives no number here: {error}")
    if expected is None:
        return Replay(metric.name, "unasked", value, None, f"{metric.name} gives {value:.6g}; no original was asked")
    if expected["judge"] and expected["judge"] != _judge_of(metric):
        reason = f"{metric.name} was frozen with {expected['judge']} and has {_judge_of(metric)} here"
        return Replay(metric.name, "absent", value, wanted, reason)
    if abs(value - wanted) <= expected["tolerance"]:
        return Replay(metric.name, "agrees", value, wanted)
    reason = f"{metric.name} gives {value:.12g} here and should give {wanted:.12g}"
    return Replay(metric.name, "differs", value, wanted, reason)


def _judge_of(metric: Any) -> str | None:
    from ..judges import judge_identity

    return judge_identity(metric.judge) if metric.judge else None
