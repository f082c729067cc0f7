"""The voices of the embedded corpus: 400 speakers, each a voice of its own that the engine can load.

Source: Fant, "Acoustic Theory of Speech Production" (1960) for formants that scale with the length of the vocal tract;
spreads of F0 and tract length are those of adult talkers. Two latents, F0 and tract length, are standardised *within*
gender: they shape the voice here, and the face to the degree `CorpusSpec.rho`. Nothing else of a voice but gender and
age reaches the face, and accent reaches nothing but the voice.

Conventions: frequencies in Hz; scales are ratios to the engine's standard male voice.

Contents: `Speaker`, `make_speaker`.
"""

from dataclasses import dataclass

import numpy as np

from ...seeds import Draw
from .spec import CorpusSpec, accent_of, gender_of

FORMANTS = 9

_F0 = {"f": 198.0, "m": 112.0}
_F0_SD = 0.16  # of the logarithm
_TRACT = {"f": 1.13, "m": 0.97}
_TRACT_SD = 0.05
# Beyond this many standard deviations two genders meet and the engine's formants leave their range.
_LATENT_LIMIT = 2.2
# The engine speaks above the middle of its pitch range: by 20 % on average, measured over two sentences of 40 speakers.
_F0_CORRECTION = 0.83


@dataclass(frozen=True)
class Speaker:
    """One voice.

    Args:
        id: e.g. `"s017"`.
        gender: `"f"` or `"m"`.
        accent: of `spec.ACCENTS`.
        age: years, 18 to 75.
        f0_hz: mean F0 of plain sentences.
        f0_range: top of the F0 range over its bottom.
        tract: common scale of all formants (short tract: above 1).
        rate_wpm: words per minute.
        formants: the formants' frequencies, per cent of the standard voice.
        heights: their amplitudes, per cent.
        widths: their bandwidths, per cent.
        breath: loudness of breath noise, 0 to 6.
        roughness: irregularity from period to period, 0 to 5.
        flutter: slow wavering of F0, 0 to 3.
        consonants: level of fricatives and of plosive bursts, per cent.
        stress_add: change of loudness in each of the engine's eight degrees of stress.
        tone: level of the bands at 2 and 3 kHz, 0 to 255.
        latent_f0: standardised log F0 within gender.
        latent_tract: standardised tract scale within gender.
    """

    id: str
    gender: str
    accent: str
    age: float
    f0_hz: float
    f0_range: float
    tract: float
    rate_wpm: float
    formants: tuple[int, ...]
    heights: tuple[int, ...]
    widths: tuple[int, ...]
    breath: int
    roughness: int
    flutter: int
    consonants: tuple[int, int]
    stress_add: tuple[int, ...]
    tone: tuple[int, int]
    latent_f0: float
    latent_tract: float

    @property
    def variant(self) -> str:
        """The voice as the text of an engine's voice variant."""
        return self.variant_at(1.0)

    def variant_at(self, pitch: float) -> str:
        """The variant with F0 multiplied by `pitch`."""
        low = pitch * _F0_CORRECTION * self.f0_hz / np.sqrt(self.f0_range)
        lines = [
            "language variant",
            f"name {self.id}",
            f"gender {'female' if self.gender == 'f' else 'male'}",
            f"pitch {low:.0f} {low * self.f0_range:.0f}",
            f"flutter {self.flutter}",
            f"consonants {self.consonants[0]} {self.consonants[1]}",
            "stressAdd " + " ".join(map(str, self.stress_add)),
            f"tone 600 170 1200 135 2000 {self.tone[0]} 3000 {self.tone[1]}",
        ]
        if self.roughness:
            lines.append(f"roughness {self.roughness}")
        if self.breath:
            lines.append("breath 0" + f" {self.breath}" * 7)
        for k, (frequency, height, width) in enumerate(zip(self.formants, self.heights, self.widths, strict=True)):
            lines.append(f"formant {k} {frequency} {height} {width}")
        return "\n".join(lines) + "\n"


def make_speaker(spec: CorpusSpec, speaker: str) -> Speaker:
    """The voice that belongs to a name.

    Args:
        spec: the corpus; only its version matters here, so that every dial changes what it says and no voice.
        speaker: e.g. `"s017"`.

    Raises:
        UsageError: not the name of a speaker.
    """
    gender, accent = gender_of(speaker), accent_of(speaker)
    draw = Draw("avbench-synth", spec.version, "voice", speaker)
    age = draw.uniform(18, 75)
    latent_f0, latent_tract = (float(z) for z in np.clip(draw.normals(2), -_LATENT_LIMIT, _LATENT_LIMIT))
    tract = _TRACT[gender] * (1 + _TRACT_SD * latent_tract)
    # The lowest "formant" is the nasal one: it scales with the tract alone.
    own = np.concatenate([[1.0], 1 + 0.04 * np.clip(draw.normals(FORMANTS - 1), -2.0, 2.0)])
    return Speaker(
        id=speaker,
        gender=gender,
        accent=accent,
        age=age,
        f0_hz=float(_F0[gender] * np.exp(_F0_SD * latent_f0)),
        f0_range=draw.uniform(1.7, 2.3),
        tract=tract,
        rate_wpm=float(np.clip(draw.normal(165, 14), 135, 195)),
        formants=_whole(100 * tract * own),
        heights=_whole(draw.uniforms(FORMANTS, 70, 135)),
        widths=_whole(draw.uniforms(FORMANTS, 80, 150)),
        breath=draw.choice((0, 0, 1, 2, 4) if gender == "m" else (0, 1, 2, 4, 6)),
        roughness=draw.choice((0, 0, 1, 2, 3) if age < 60 else (2, 3, 4, 5)),
        flutter=draw.integer(4),
        consonants=_whole(draw.uniforms(2, 80, 130)),
        stress_add=_whole(draw.uniforms(8, -20, 25)),
        tone=_whole((draw.uniform(75, 175), draw.uniform(50, 180))),
        latent_f0=latent_f0,
        latent_tract=latent_tract,
    )


def _whole(values) -> tuple[int, ...]:
    return tuple(round(float(v)) for v in values)
