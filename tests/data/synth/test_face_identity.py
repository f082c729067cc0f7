"""Faces of speakers: what follows the voice, what must not."""

from dataclasses import replace

import numpy as np
import pytest

from avbench.data.synth.face import GREY, make_identity
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import ACCENTS, CorpusSpec, speaker_ids

SPEAKERS = [make_speaker(CorpusSpec(), name) for name in speaker_ids()]
TRACT = ("face_width", "face_height", "mouth_width", "nose_length", "nose_width")
PITCH = ("jaw_exponent", "lip_thickness", "brow_thickness")


def within_gender(values):
    """Values without their gender's mean."""
    values, male = np.array(values, float), np.array([s.gender == "m" for s in SPEAKERS])
    return values - np.where(male, values[male].mean(), values[~male].mean())


def correlations(rho):
    faces = [make_identity(CorpusSpec(rho=rho), s) for s in SPEAKERS]
    out = {}
    for traits, latent in ((TRACT, "latent_tract"), (PITCH, "latent_f0")):
        voice = within_gender([getattr(s, latent) for s in SPEAKERS])
        for trait in traits:
            out[trait] = np.corrcoef(within_gender([getattr(f, trait) for f in faces]), voice)[0, 1]
    return out


def test_rho_0_tells_nothing_of_the_voice():
    assert max(abs(r) for r in correlations(0.0).values()) < 0.15


def test_rho_couples_every_trait():
    for trait, r in correlations(0.5).items():
        assert 0.38 < abs(r) < 0.62, trait
    assert min(abs(r) for r in correlations(1.0).values()) > 0.95


def test_rho_leaves_everything_else_alone():
    for speaker in SPEAKERS[:20]:
        plain, coupled = (vars(make_identity(CorpusSpec(rho=rho), speaker)) for rho in (0.0, 0.9))
        assert {k for k in plain if plain[k] != coupled[k]} <= {*TRACT, *PITCH}


def test_spread_of_the_geometry():
    faces = [make_identity(CorpusSpec(), s) for s in SPEAKERS]
    width = within_gender([f.face_width for f in faces])
    assert width.std() / np.mean([f.face_width for f in faces]) == pytest.approx(0.04, rel=0.15)
    assert within_gender([f.jaw_exponent for f in faces]).std() == pytest.approx(0.45, rel=0.15)


def test_accent_does_not_reach_the_face():
    for speaker in SPEAKERS[:16]:
        faces = {make_identity(CorpusSpec(), replace(speaker, accent=accent)) for accent in ACCENTS}
        assert len(faces) == 1


def test_skin_is_independent_of_accent_gender_and_voice():
    light = np.array([np.dot(GREY, make_identity(CorpusSpec(), s).skin) for s in SPEAKERS])
    groups = [(s.accent, s.gender) for s in SPEAKERS]
    for group in sorted(set(groups)):
        members = light[[g == group for g in groups]]
        assert abs(members.mean() - light.mean()) < 3.5 * light.std() / np.sqrt(len(members)), group
    for latent in ("latent_f0", "latent_tract"):
        assert abs(np.corrcoef(light, [getattr(s, latent) for s in SPEAKERS])[0, 1]) < 0.15


def test_lips_are_told_from_skin_in_grey():
    for speaker in SPEAKERS:
        face = make_identity(CorpusSpec(), speaker)
        skin, upper, lower = (float(np.dot(GREY, c)) for c in (face.skin, face.upper_lip, face.lower_lip))
        assert skin - upper > 12
        assert abs(skin - lower) > 15


def test_everybody_looks_different_and_every_style_occurs():
    faces = [make_identity(CorpusSpec(), s) for s in SPEAKERS]
    assert len({f.seed for f in faces}) == len(faces)
    assert len({f.hair_style for f in faces}) == 10
    assert {f.beard for f in faces if f.male} == {"none", "stubble", "full", "goatee", "moustache"}
    assert {f.beard for f in faces if not f.male} == {"none"}
    assert 0.1 < np.mean([f.glasses is not None for f in faces]) < 0.35
