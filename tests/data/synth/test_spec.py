from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from avbench.data.synth import spec
from avbench.data.synth.speakers import make_speaker
from avbench.data.synth.spec import ACCENTS, SIZES, SPLITS, CorpusSpec, clip_ids, speaker_ids, split_of
from avbench.errors import UnknownName, UsageError

SPEC = CorpusSpec()


def test_splits_are_exact_and_balanced():
    counts = Counter((split_of(s), spec.gender_of(s)) for s in speaker_ids())
    assert counts == {
        ("test", "f"): 20, ("test", "m"): 20, ("validation", "f"): 20, ("validation", "m"): 20,
        ("train", "f"): 160, ("train", "m"): 160,
    }  # fmt: skip
    cells = Counter((split_of(s), spec.gender_of(s), spec.accent_of(s)) for s in speaker_ids())
    for gender in spec.GENDERS:
        for accent in ACCENTS:
            assert cells["train", gender, accent] == 20
            assert {cells["test", gender, accent], cells["validation", gender, accent]} == {2, 3}
    assert sorted(s for split in SPLITS for s in speaker_ids(split)) == sorted(speaker_ids())


def test_growth_moves_no_speaker(monkeypatch):
    before = {s: split_of(s) for s in speaker_ids()}
    monkeypatch.setattr(spec, "SPEAKERS", 1200)
    spec._rank.cache_clear()
    after = {s: split_of(s) for s in speaker_ids()}
    assert len(after) == 1200
    assert {s: after[s] for s in before} == before
    assert Counter(after.values()) == {"test": 120, "validation": 120, "train": 960}


def test_sizes_share_validation_and_test_and_are_nested():
    assert [len(clip_ids(size, "train")) for size in ("tiny", "small", "base")] == [32, 2240, 8320]
    for split, clips in (("validation", 160), ("test", 400)):
        assert len({clip_ids(size, split) for size in SIZES}) == 1
        assert len(set(clip_ids("tiny", split))) == clips
    tiny, small, base = (set(clip_ids(size, "train")) for size in ("tiny", "small", "base"))
    assert tiny < small < base
    assert Counter(spec.gender_of(spec.speaker_of(c)) for c in tiny) == {"f": 16, "m": 16}
    # The first clip of every speaker comes first, so that a first shard holds them all.
    first = clip_ids("tiny", "test")[:40]
    assert [spec.speaker_of(c) for c in first] == list(speaker_ids("test"))
    assert all(c.endswith("-000") for c in first)


def test_names_are_checked():
    with pytest.raises(UnknownName):
        clip_ids("huge", "test")
    with pytest.raises(UnknownName):
        clip_ids("tiny", "dev")
    with pytest.raises(UsageError, match="s017-003"):
        spec.speaker_of("s017")
    with pytest.raises(UsageError, match="s017"):
        split_of("17")
    with pytest.raises(UsageError, match="rho"):
        CorpusSpec(rho=1.5)
    with pytest.raises(UsageError, match="lag_jitter"):
        CorpusSpec(lag_jitter=-1)


def test_fingerprint_depends_on_every_dial_and_on_the_engine(monkeypatch):
    assert CorpusSpec().fingerprint == CorpusSpec(rho=0.5, pose=1).fingerprint
    before = SPEC.fingerprint
    others = {replace(SPEC, **{f.name: getattr(SPEC, f.name) / 2}).fingerprint for f in fields(SPEC)}
    assert len(others | {before}) == len(fields(SPEC)) + 1
    monkeypatch.setattr(spec, "ENGINE", "0.2.3")
    assert SPEC.fingerprint not in others | {before}


def test_speakers_are_a_pure_function_of_version_and_name():
    assert make_speaker(SPEC, "s017") == make_speaker(replace(SPEC, rho=0.0, room=0.0), "s017")
    assert make_speaker(SPEC, "s017") != make_speaker(replace(SPEC, version=2), "s017")
    variants = [make_speaker(SPEC, s).variant for s in speaker_ids()]
    assert len(set(variants)) == 400
    assert all(variant.isascii() for variant in variants)


def test_voice_latents_are_standardised_within_gender():
    speakers = [make_speaker(SPEC, s) for s in speaker_ids()]
    for gender in spec.GENDERS:
        group = [s for s in speakers if s.gender == gender]
        f0, tract = np.array([(s.latent_f0, s.latent_tract) for s in group]).T
        for latent in (f0, tract):
            # Three standard errors of 200 draws.
            assert abs(latent.mean()) < 0.22
            assert abs(latent.std() - 1) < 0.15
            assert np.abs(latent).max() <= 2.2
        assert abs(np.corrcoef(f0, tract)[0, 1]) < 0.22
        assert np.corrcoef(f0, [np.log(s.f0_hz) for s in group])[0, 1] > 0.999999
    assert min(s.age for s in speakers) >= 18
    assert max(s.age for s in speakers) <= 75


def test_pitch_moves_the_variant_only_in_its_pitch_line():
    speaker = make_speaker(SPEC, "s001")
    plain, high = (set(speaker.variant_at(p).splitlines()) for p in (1.0, 1.04))
    assert [line.split()[0] for line in plain ^ high] == ["pitch", "pitch"]
