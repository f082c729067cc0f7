"""Does this machine give the scores that it should? A pair of signals and the scores that every metric gave it.

The signals are made, not stored: a buzz of harmonics through three moving resonances, with syllables and pauses, and
the same with noise. They are rounded to 16 bits, so that the last bit of a sine does not matter.

Contents: `golden_pair`, `golden_scores`, `expected_scores`, `differences`, `TOLERANCE`.
"""

import json
from pathlib import Path

import numpy as np

from ..seeds import Draw
from ..types import Audio

RATE = 16_000
SECONDS = 3.6
PATH = Path(__file__).with_name("golden.json")

TOLERANCE = {"stoi": 1e-9, "estoi": 1e-9, "si-sdr": 1e-9, "si-sdr-zm": 1e-9, "pesq-wb": 1e-3, "pesq-nb": 1e-3}
"""How far another machine may be off, in the unit of the metric."""


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


def golden_scores() -> dict[str, float]:
    """What every metric gives the golden pair on this machine.

    Raises:
        Unscorable: a metric that cannot be had here, or that finds a fault.
    """
    from . import METRICS

    estimate, reference = golden_pair()
    return {name: metric.measure(estimate, reference)["value"] for name, metric in METRICS.items()}


def expected_scores() -> dict[str, float]:
    """What it should give."""
    return json.loads(PATH.read_text())


def differences() -> list[str]:
    """One sentence for each metric that is further off than `TOLERANCE`; empty where this machine agrees."""
    expected = expected_scores()
    return [
        f"{name} gives {score:.12g} here and should give {expected[name]:.12g}."
        for name, score in golden_scores().items()
        if not abs(score - expected[name]) <= TOLERANCE[name]
    ]
