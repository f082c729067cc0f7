"""Whose face it is: one seeded speaker becomes one face.

Size, jaw, lips, brows and nose follow the voice's latents (F0 and tract length within gender) with correlation
`spec.rho`; a high voice has a rounder jaw, thinner brows and fuller lips, a long tract a wider face and a larger nose.
Gender and age shape the face as well. Everything else, above all skin, hair, beard and glasses, is drawn
independently of voice and accent.

Conventions: lengths in head units (the face is about 1.2 wide and 1.55 high, its centre is the origin, x to the
right of the picture, y down); colours are RGB, 0 to 255.

Contents: `Identity`, `make_identity`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...seeds import Draw, seed_of

if TYPE_CHECKING:
    from .speakers import Speaker
    from .spec import CorpusSpec

Colour = tuple[float, float, float]

GREY = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey picture (ITU-R BT.601)."""

_SKINS = (
    (242, 208, 184), (233, 193, 165), (219, 175, 142), (197, 150, 114), (166, 121, 90), (130, 91, 68), (100, 70, 54),
)  # fmt: skip
_HAIRS = ((34, 27, 24), (56, 40, 30), (88, 64, 46), (128, 98, 68), (172, 142, 98), (120, 68, 44))
_GREY_HAIR = (186, 184, 180)
_IRISES = ((74, 50, 32), (54, 38, 28), (64, 90, 116), (78, 102, 66), (96, 112, 124))
_CLOTHES = ((58, 66, 84), (92, 92, 88), (120, 78, 72), (72, 92, 78), (150, 140, 124), (44, 46, 52), (110, 96, 122))
_GLASSES = ((34, 32, 34), (70, 48, 36), (112, 108, 104))

_STYLES = {
    "m": (("short", 0.28), ("swept", 0.20), ("buzz", 0.20), ("curly", 0.13), ("bald", 0.11), ("long", 0.08)),
    "f": (("long", 0.24), ("bob", 0.18), ("wavy", 0.18), ("tied", 0.14), ("fringe", 0.13), ("curly", 0.13)),
}
_BEARDS = (("none", 0.52), ("stubble", 0.18), ("full", 0.16), ("goatee", 0.08), ("moustache", 0.06))


@dataclass(frozen=True)
class Identity:
    """One face. The first block follows the voice, the second does not.

    Args:
        speaker: id of its speaker; seeds the texture.
        face_width: half the width of the face.
        face_height: half its height.
        jaw_exponent: of the superellipse of the lower face: 2 is an ellipse, more is square.
        mouth_width: half the width of the mouth at rest.
        lip_thickness: of the upper lip.
        brow_thickness: half the thickness of the eyebrows.
        nose_length: from the eyes to the tip.
        nose_width: half its width.
        male: proportions of a man's face.
        age: in years.
        eye_x: distance of the eyes from the middle.
        eye_y: their height.
        eye_size: half the width of an eye.
        mouth_y: height of the lips' meeting.
        hairline: height of the hairline in the middle.
        wrinkles: 0 to 1.
        skin: colour.
        hair: colour.
        upper_lip: colour; darker than the skin.
        lower_lip: colour; told apart from the skin in grey pictures too.
        iris: colour.
        clothes: colour.
        hair_style: short, swept, buzz, curly, bald, long, bob, wavy, tied or fringe.
        hair_part: where the hair is parted, -1 to 1.
        beard: none, stubble, full, goatee or moustache.
        glasses: colour of the rim, or None.
        gain: how widely the mouth is opened in speech, 1 on average.
    """

    speaker: str
    face_width: float
    face_height: float
    jaw_exponent: float
    mouth_width: float
    lip_thickness: float
    brow_thickness: float
    nose_length: float
    nose_width: float
    male: bool
    age: float
    eye_x: float
    eye_y: float
    eye_size: float
    mouth_y: float
    hairline: float
    wrinkles: float
    skin: Colour
    hair: Colour
    upper_lip: Colour
    lower_lip: Colour
    iris: Colour
    clothes: Colour
    hair_style: str
    hair_part: float
    beard: str
    glasses: Colour | None
    gain: float

    @property
    def seed(self) -> int:
        """Of the texture's irregularities."""
        return seed_of("avbench-synth", "texture", self.speaker)


def make_identity(spec: "CorpusSpec", speaker: "Speaker") -> Identity:
    """The face of a speaker: a pure function of the spec's version and rho and of the speaker."""
    male = speaker.gender == "m"
    looks = Draw("avbench-synth", spec.version, "looks", speaker.id)
    skin, upper, lower = _complexion(looks, male)
    hair = _hair_colour(looks, speaker.age, skin)
    style = _pick(looks, _STYLES[speaker.gender])
    old = max(0.0, (speaker.age - 40) / 16)
    traits = {
        **_geometry(spec, speaker),
        "male": male,
        "age": speaker.age,
        "eye_x": 0.235 + 0.012 * looks.normal(),
        "eye_y": -0.16 + 0.018 * looks.normal(),
        "eye_size": _between(0.100 * (1 + 0.06 * looks.normal()) * (1.0 if male else 1.08), 0.082, 0.122),
        "mouth_y": 0.365 + 0.014 * looks.normal(),
        "hairline": -0.52 + 0.025 * looks.normal() - (0.05 * old if male else 0.0),
        "wrinkles": _between((speaker.age - 36) / 40 + 0.1 * looks.normal(), 0.0, 1.0),
        "skin": skin,
        "hair": hair,
        "upper_lip": upper,
        "lower_lip": lower,
        "iris": looks.choice(_IRISES if skin[0] > 205 else _IRISES[:2]),
        "clothes": looks.choice(_CLOTHES),
        "hair_style": style,
        "hair_part": looks.choice((-1, 1)) * looks.uniform(0.0, 0.45),
        "beard": _pick(looks, _BEARDS) if male else "none",
        "glasses": looks.choice(_GLASSES) if looks.chance(0.22) else None,
        "gain": float(np.exp(0.13 * looks.normal())),
    }
    # Rounded, so that a last bit of a cosine on another machine makes no other face.
    return Identity(speaker=speaker.id, **{name: _rounded(value) for name, value in traits.items()})


def _geometry(spec, speaker):
    """The traits that follow the voice: each is rho × latent + sqrt(1 - rho²) × a draw of its own."""
    draw = Draw("avbench-synth", spec.version, "geometry", speaker.id)
    own = (1.0 - spec.rho**2) ** 0.5

    def pitch():
        return spec.rho * speaker.latent_f0 + own * draw.normal()

    def tract():
        return spec.rho * speaker.latent_tract + own * draw.normal()

    male = speaker.gender == "m"
    # A high latent is a high voice, or high formants (a short tract): both go with smaller features.
    return {
        "face_width": _between((0.565 if male else 0.535) * (1 - 0.040 * tract()), 0.46, 0.66),
        "face_height": _between((0.795 if male else 0.765) * (1 - 0.030 * tract()), 0.70, 0.87),
        "jaw_exponent": _between((2.80 if male else 2.40) - 0.45 * pitch(), 1.60, 4.2),
        "mouth_width": _between((0.212 if male else 0.198) * (1 - 0.050 * tract()), 0.165, 0.250),
        "lip_thickness": _between((0.037 if male else 0.046) * (1 + 0.16 * pitch()), 0.022, 0.068),
        "brow_thickness": _between((0.024 if male else 0.015) * (1 - 0.18 * pitch()), 0.008, 0.038),
        "nose_length": _between(0.285 * (1 - 0.070 * tract()), 0.22, 0.35),
        "nose_width": _between((0.112 if male else 0.097) * (1 - 0.100 * tract()), 0.070, 0.150),
    }


def _complexion(looks, male):
    """Skin and lips. A lip that is hard to tell from the skin in grey is moved away from it."""
    place = looks.uniform(0, len(_SKINS) - 1.001)
    below, share = int(place), place % 1.0
    skin = (1 - share) * np.array(_SKINS[below]) + share * np.array(_SKINS[below + 1])
    lightness = float(skin @ GREY)
    upper = skin * (0.78, 0.58, 0.60) + (10, 0, 4)
    # The lower lip of a dark skin is its lightest part, that of a light skin is darker than the skin.
    dark = _between((112 - lightness) / 25, 0.0, 1.0)
    lower = skin * (0.82, 0.58, 0.60) * (1 - dark) + (skin * (1.12, 0.98, 1.0) + (34, 18, 20)) * dark
    if not male and looks.chance(0.5):  # lipstick
        upper, lower = upper * (1.08, 0.84, 0.92), lower * (1.06, 0.84, 0.92)
    contrast = float(lower @ GREY) - lightness
    if abs(contrast) < 24:
        lower = lower + (24 - contrast if dark > 0.5 else -24 - contrast)
    if lightness - float(upper @ GREY) < 18:
        upper = upper * (lightness - 18) / float(upper @ GREY)
    return _colour(skin), _colour(upper), _colour(lower)


def _hair_colour(looks, age, skin):
    """Any colour with a light skin, dark ones with a dark skin, grey with age."""
    colour = np.array(looks.choice(_HAIRS if skin[0] > 205 else _HAIRS[:2]))
    grey = _between((age - 50) / 22 + 0.15 * looks.normal(), 0.0, 1.0)
    return _colour(colour * (1 - grey) + np.array(_GREY_HAIR) * grey)


def _pick(draw, weighted):
    place = draw.uniform()
    for name, share in weighted:
        place -= share
        if place < 0:
            return name
    return weighted[-1][0]


def _between(value, low, high):
    return float(min(max(value, low), high))


def _colour(value):
    return tuple(float(v) for v in np.clip(value, 8, 250))


def _rounded(value):
    """A number or a colour to six decimals; anything else as it is."""
    if isinstance(value, float):
        return round(value, 6)
    return tuple(round(float(v), 6) for v in value) if isinstance(value, tuple) else value
