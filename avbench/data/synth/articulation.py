"""What the mouth does while phonemes are said: 23 visemes, blended by dominance.

Each phoneme pulls the six articulation parameters towards its viseme's targets with a strength that fades with the
distance in time; a parameter is the mean of the targets weighted by these dominances. Strong visemes (p b m, f v, w)
reach their target, weak ones (h, schwa) take on their neighbours' shape.

Source: Cohen and Massaro 1993, "Modeling coarticulation in synthetic visual speech". Targets and strengths were set by
eye; the timing rules follow the engine: the event of a stop is its release, the closure lies in front of it.

Conventions: times in seconds; 25 frames per second; frame f is drawn at its centre, (f + 0.5) / 25. Parameters are
dimensionless: `open` (0 closed, 1 wide, below 0 pressed), `width` (-1 pursed, 1 spread), `round` (0 to 1), `tongue`
(0 low and back, 0.85 tip at the ridge, 1 between the teeth), `jaw` (0 to 1), `curl` (0 to 1: lower lip under the upper
teeth).

Contents: `PARAMETERS`, `VISEMES`, `VOWELS`, `symbols_of`, `viseme_of`, `track`, `lag_of`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...seeds import Draw

if TYPE_CHECKING:
    from .spec import CorpusSpec
    from .voice import Phoneme

FPS = 25
PARAMETERS = ("open", "width", "round", "tongue", "jaw", "curl")
LEAD = 0.020
"""The lips are ahead of the sound."""
CLOSURE = 0.045
"""A bilabial stop is closed for so long before its release."""
MURMUR = 0.040
"""A vowel after m is heard so much earlier than the engine's event."""

# Targets of the six parameters, then how strongly they are claimed: the opening group (open, tongue, jaw, curl) and
# the shape group (width, round).
_TABLE = {
    #       open  width  round tongue  jaw  curl   opening shape
    "sil": (0.00, 0.00, 0.00, 0.30, 0.04, 0.0, 0.7, 0.4),
    "pbm": (-0.16, 0.00, 0.05, 0.30, 0.10, 0.0, 6.0, 0.8),
    "fv": (0.16, 0.05, 0.00, 0.15, 0.14, 1.0, 4.0, 1.2),
    "th": (0.28, 0.06, 0.00, 1.00, 0.24, 0.0, 2.8, 0.8),
    "td": (0.22, 0.08, 0.00, 0.70, 0.16, 0.0, 1.8, 0.6),
    "l": (0.34, 0.06, 0.00, 0.86, 0.32, 0.0, 1.8, 0.6),
    "sz": (0.20, 0.24, 0.00, 0.48, 0.05, 0.0, 2.4, 1.2),
    "sh": (0.30, -0.40, 0.75, 0.42, 0.08, 0.0, 2.4, 2.6),
    "kg": (0.26, 0.04, 0.00, 0.05, 0.26, 0.0, 1.2, 0.4),
    "r": (0.22, -0.34, 0.60, 0.25, 0.22, 0.0, 1.6, 1.8),
    "w": (0.10, -0.70, 1.00, 0.10, 0.14, 0.0, 3.0, 3.4),
    "h": (0.30, 0.00, 0.00, 0.15, 0.30, 0.0, 0.3, 0.1),
    "ii": (0.28, 0.50, 0.00, 0.50, 0.20, 0.0, 1.4, 1.6),
    "ih": (0.34, 0.26, 0.00, 0.38, 0.30, 0.0, 1.2, 1.1),
    "eh": (0.50, 0.24, 0.00, 0.28, 0.48, 0.0, 1.4, 1.1),
    "aa": (0.86, 0.00, 0.05, 0.24, 0.92, 0.0, 1.6, 1.1),
    "ae": (0.70, 0.28, 0.00, 0.30, 0.70, 0.0, 1.5, 1.1),
    "uh": (0.46, 0.00, 0.05, 0.15, 0.48, 0.0, 1.1, 0.6),
    "ax": (0.30, 0.00, 0.05, 0.22, 0.30, 0.0, 0.7, 0.4),
    "ao": (0.64, -0.40, 0.60, 0.14, 0.70, 0.0, 1.5, 1.7),
    "oo": (0.38, -0.58, 0.85, 0.10, 0.38, 0.0, 1.6, 2.2),
    "uu": (0.18, -0.68, 1.00, 0.12, 0.18, 0.0, 1.8, 2.6),
    "er": (0.30, -0.22, 0.40, 0.30, 0.28, 0.0, 1.2, 1.3),
}
VISEMES = tuple(_TABLE)
VOWELS = frozenset(("ii", "ih", "eh", "aa", "ae", "uh", "ax", "ao", "oo", "uu", "er"))
"""The visemes of vowels."""

_SYMBOLS = {
    "sil": "_ _: _! _^_ _|",
    "pbm": "p b m m- p- b-",
    "fv": "f v f# v#",
    "th": "T D T2 D2",
    "td": "t d n t# t2 d# n- n2 t[ d[ * t- d-",
    "l": "l L l/ @L l- l# l2 ll",
    "sz": "s z s; z; z# z/ s#",
    "sh": "S Z tS dZ S; Z;",
    "kg": "k g N x k- g- N- C x2 Q",
    "r": "r R r- r/ r2",
    "w": "w w# w2 hw",
    "h": "h h# ? ?2",
    "ii": "i: i j ; I; y j-",
    "ih": "I I2 I# I3 i#",
    "eh": "E E2 E# e e:",
    "aa": "A: A A# aa a: A:# A~",
    "ae": "a a# &",
    "uh": "V V2 V#",
    "ax": "@ @2 @5 @# a2 @- @3 @4",
    "ao": "O: O O2 O# 0 0# O~",
    "oo": "U U2 oU# o o: U#",
    "uu": "u: u u# u2",
    "er": "3 3: 3r @r 3~ IR VR @:",
}
_VISEME = {symbol: viseme for viseme, symbols in _SYMBOLS.items() for symbol in symbols.split()}

_DIPHTHONGS = {
    "eI": ("eh", "ii"), "aI": ("aa", "ii"), "oU": ("ao", "uu"), "aU": ("aa", "uu"), "OI": ("ao", "ii"),
    "e@": ("eh", "ax"), "i@": ("ii", "ax"), "U@": ("oo", "ax"), "aI@": ("aa", "ii"), "aU@": ("aa", "uu"),
    "O@": ("ao", "er"), "o@": ("ao", "er"), "A@": ("aa", "er"), "i@3": ("ii", "er"), "aI3": ("aa", "ii"),
    "I@": ("ii", "ax"), "oI": ("ao", "ii"), "eU": ("eh", "uu"),
}  # fmt: skip

# How fast a parameter forgets a phoneme, 1/s, and over how much of it (as a share, both sides) it is held.
_DECAY = np.array([26.0, 17.0, 15.0, 26.0, 19.0, 28.0])
_HOLD = 0.25
_REACH = 0.22
_STRESS = 1.15
_OPENING_SLOPE = 12.0
"""Lips that were pressed together part no faster than this, in units of `open` per second."""


_LONGEST_FIRST = sorted([*_VISEME, *_DIPHTHONGS], key=lambda symbol: (-len(symbol), symbol))


def symbols_of(code: str) -> tuple[str, ...]:
    """The phonemes of a word of the lexicon, one by one, without their stress marks.

    Raises:
        ValueError: no phonemes of English.

    Example:
        >>> symbols_of("dZ'u:s")
        ('dZ', 'u:', 's')
    """
    found, rest = [], code.lstrip("',%=|")
    while rest:
        symbol = next((s for s in _LONGEST_FIRST if rest.startswith(s)), None)
        if symbol is None:
            raise ValueError(f"no phoneme is known at the beginning of {rest!r}")
        found.append(symbol)
        rest = rest[len(symbol) :].lstrip("',%=|")
    return tuple(found)


def viseme_of(symbol: str) -> tuple[str, ...]:
    """The viseme of a phoneme, or the two targets of a diphthong.

    Args:
        symbol: mnemonic of the speech engine; stress and length marks in front of it are ignored, and an
            accent's variants (a digit, `#` or the like behind) count as the plain phoneme.

    Raises:
        ValueError: no phoneme of English.
    """
    bare = symbol.lstrip("',%=|").rstrip("|")
    if not bare or bare.startswith("_"):
        return ("sil",)
    for end in range(len(bare), 0, -1):
        if bare[:end] in _DIPHTHONGS:
            return _DIPHTHONGS[bare[:end]]
        if bare[:end] in _VISEME:
            return (_VISEME[bare[:end]],)
        if bare[end - 1].isalpha():
            break  # what is cut off may only be marks of variants
    raise ValueError(f"no viseme is known for the phoneme {symbol!r}")


def lag_of(spec: "CorpusSpec", clip: str) -> int:
    """By how many frames the picture of a clip comes late: a whole number in ± `spec.lag_jitter`."""
    return Draw("avbench-synth", spec.version, "lag", clip).integer(-spec.lag_jitter, spec.lag_jitter + 1)


def track(
    phonemes: Sequence["Phoneme"],
    end: float,
    frames: int,
    *,
    spec: "CorpusSpec",
    clip: str,
    gain: float = 1.0,
) -> np.ndarray:
    """Articulation over time.

    Args:
        phonemes: in order, with start times in the clip; each lasts until the next one starts.
        end: when the last phoneme ends. Before the first and after the last the mouth is at rest.
        frames: how many to draw.
        spec: its dials `articulation_noise` and `lag_jitter` count here.
        clip: id of the clip; seeds the noise and the lag.
        gain: how widely this speaker opens the mouth, about 0.7 to 1.4.

    Returns:
        `[frames, 6]` float32, in the order of `PARAMETERS`.

    Raises:
        ValueError: a phoneme that is not known.
    """
    lag = lag_of(spec, clip)
    times = (np.arange(frames) - lag + 0.5) / FPS
    centres, lengths, names, stresses, closures = _segments(phonemes, end)
    table = np.array([_TABLE[name] for name in names])
    targets = table[:, :6].copy()
    scale = gain * stresses
    targets[:, 0] *= np.where(targets[:, 0] > 0, scale, 1.0)
    targets[:, 4] *= scale

    distance = np.maximum(np.abs(times[:, None] + LEAD - centres) - _HOLD * lengths, 0.0)  # [F, K]
    window = np.exp(-((distance / _REACH) ** 2))
    strengths = table[:, [6, 7, 7, 6, 6, 6]]
    out = np.empty((frames, 6))
    for j in range(6):
        # The small constant keeps the mouth at the nearest target where nothing reaches.
        dominance = (strengths[:, j] * np.exp(-_DECAY[j] * distance) + 1e-9) * (window + 1e-9)
        out[:, j] = dominance @ targets[:, j] / dominance.sum(axis=1)

    if spec.articulation_noise:
        noise = _smooth_noise(frames, clip, spec) * spec.articulation_noise
        noise[:, 0] *= np.clip(out[:, 0] / 0.15, 0.0, 1.0)  # a closed mouth stays closed
        noise[:, 5] *= np.clip(out[:, 5], 0.0, 1.0)
        out += noise
    out[:, 0] = np.minimum(out[:, 0], _ceiling(times, closures))
    low, high = (-0.3, -1.0, 0.0, 0.0, 0.0, 0.0), (1.3, 1.0, 1.2, 1.1, 1.3, 1.2)
    return np.clip(out, low, high).astype(np.float32)


def _segments(phonemes, end):
    """Centres, lengths, viseme names and stress gains of the targets, and the closures as (start, end)."""
    starts = _onsets(phonemes)
    first = starts[0] if starts else end
    rows, closures = [(min(first, 0.0) - 0.2, 0.2, "sil", 1.0), (first / 2, first, "sil", 1.0)], []
    stops = [*starts[1:], end] if starts else []
    for phoneme, start, stop in zip(phonemes, starts, stops, strict=True):
        length = max(stop - start, 0.0)
        stress = _STRESS if phoneme.stressed else 1.0
        shapes = viseme_of(phoneme.symbol)
        name = shapes[0]
        if len(shapes) == 2:
            rows.append((start + 0.28 * length, 0.55 * length, name, stress))
            rows.append((start + 0.85 * length, 0.40 * length, shapes[1], 1.0))
        elif name == "sil":
            rows.append((start + 0.5 * length, max(0.03, length), name, 1.0))
        elif name == "pbm":
            # The closure of p and b precedes their event; m is the sound of closed lips.
            nasal = _is_m(phoneme)
            shut = (start - 0.015, max(stop - 0.015, start + 0.030)) if nasal else (start - CLOSURE, start)
            closures.append(shut)
            rows.append(((shut[0] + shut[1]) / 2 + LEAD, shut[1] - shut[0], name, 1.0))
        elif name in VOWELS:
            rows.append((start + 0.45 * length, length, name, stress))
        else:
            rows.append((start + 0.35 * length, max(0.04, 0.8 * length), name, 1.0))
    rows.append((end + 0.3, 0.4, "sil", 1.0))
    centres, lengths, names, stresses = zip(*rows, strict=True)
    return np.array(centres), np.array(lengths), names, np.array(stresses), closures


def _onsets(phonemes):
    """When each phoneme begins for the lips.

    The engine reports a vowel after m late: the sound leaves the murmur some 40 ms before (median 38, measured on 240
    words). Lips that waited for the event would tell mat from bat, which no lip reader can.
    """
    starts = [p.start for p in phonemes]
    for i in range(1, len(phonemes)):
        if _is_m(phonemes[i - 1]) and viseme_of(phonemes[i].symbol)[0] in VOWELS:
            starts[i] = min(starts[i], max(phonemes[i - 1].start + 0.030, starts[i] - MURMUR))
    return starts


def _is_m(phoneme):
    return phoneme.symbol.lstrip("',%=|").startswith("m")


def _ceiling(times, closures):
    """How far the lips can be open at each time: they always meet for p, b and m, however fast the speech."""
    ceiling = np.full(len(times), np.inf)
    for start, stop in closures:
        away = np.maximum(np.maximum(start - times, times - stop), 0.0)
        ceiling = np.minimum(ceiling, -0.05 + _OPENING_SLOPE * away)
    return ceiling


def _smooth_noise(frames, clip, spec):
    """`[frames, 6]` noise of unit variance whose spectrum ends at about 4 Hz."""
    kernel = np.hanning(9)[1:-1]
    kernel /= np.sqrt((kernel**2).sum())
    white = Draw("avbench-synth", spec.version, "articulation", clip).normals(6 * (frames + 6)).reshape(6, -1)
    return np.stack([np.convolve(row, kernel, "valid") for row in white], axis=1)
