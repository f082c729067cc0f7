"""Voices: who says what, sentences shared or not, clips that are made alike whatever came before."""

import platform
import sys
from collections import Counter

import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.synth.parts import find_part
from avbench.data.synth.parts.voices import _text, kind_of, parallel_to, references_of, speakers_of
from avbench.data.synth.spec import CorpusSpec, gender_of, speaker_of, split_of
from avbench.data.synth.voice import Voice
from avbench.errors import MissingResource, UnknownName, UsageError
from avbench.signal.files import digest

SPEC = CorpusSpec()
PART = find_part("voices")
GOLDEN = "18424e4f2fc8ac2d41d72e9db3bb316a"


def test_speakers_are_of_their_split_and_half_women():
    for size, split, count in (
        ("tiny", "train", 16),
        ("small", "train", 80),
        ("base", "train", 80),
        ("base", "validation", 20),
        ("base", "test", 20),
    ):
        names = speakers_of(size, split)
        assert len(set(names)) == count and {split_of(s) for s in names} == {split}
        assert Counter(map(gender_of, names)) == {"f": count // 2, "m": count // 2}
        assert {speaker_of(c) for c in PART.clip_ids(size, split)} == set(names)
    assert speakers_of("tiny", "train") == speakers_of("base", "train")[:16]


def test_how_many_clips():
    counts = {split: Counter(kind_of(c) for c in PART.clip_ids("base", split)) for split in ("train", "test")}
    assert counts == {"train": {"own": 4800}, "test": {"parallel": 2000, "own": 400, "reference": 200}}
    assert Counter(kind_of(c) for c in PART.clip_ids("tiny", "validation")) == {"own": 200, "reference": 200}
    for size, split in (("base", "test"), ("small", "train")):
        held = [clip for _, clips in PART.shards(size, split) for clip in clips]
        assert len(set(held)) == len(held) == len(PART.clip_ids(size, split))
    shards = {size: dict(PART.shards(size, "train")) for size in PART.sizes}
    for name in shards["tiny"].keys() & shards["base"].keys():
        assert shards["tiny"][name] == shards["base"][name]


def test_only_parallel_sentences_are_shared():
    clips = [c for split in ("train", "validation", "test") for c in PART.clip_ids("base", split)]
    everything = Counter(_text(SPEC, c) for c in clips)
    assert Counter(everything.values()) == {20: 100, 1: 4800 + 400 + 600}
    assert _text(SPEC, "s098-p007") == _text(SPEC, parallel_to("s098-p007", speakers_of("base", "test")[3]))


def test_references():
    someone = speakers_of("base", "test")[4]
    assert references_of(someone) == tuple(f"{someone}-r{k:02d}" for k in range(10))
    assert set(references_of(someone)) < set(PART.clip_ids("base", "test"))
    with pytest.raises(UsageError, match="no reference clips"):
        references_of(speakers_of("base", "train")[0])


def test_names():
    with pytest.raises(UsageError, match="s017-p042"):
        kind_of("s017-003")
    with pytest.raises(UsageError, match="parallel"):
        parallel_to("s017-n003", speakers_of("base", "test")[0])
    with pytest.raises(UnknownName):
        PART.clip_ids("huge", "test")


def test_two_voices_say_the_same_in_their_own_way():
    one, other = (f"{s}-p011" for s in speakers_of("base", "test")[:2])
    with Voice() as voice:
        said = [PART.say(SPEC, c, voice) for c in (one, other, one)]
    assert np.array_equal(said[0].samples, said[2].samples)
    assert said[0].text == said[1].text and [w.text for w in said[0].words] == [w.text for w in said[1].words]
    assert len(said[0].samples) != len(said[1].samples)
    for clip in said:
        assert len(clip.samples) == 640 * clip.frames and 1.0 < clip.end < 8.0
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        assert digest(said[0].samples.tobytes()) == GOLDEN


def test_as_a_data_set(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    data = open_dataset("avbench-synth/voices/tiny", "train")
    assert len(data.ids) == 64 and data.pictured == ()
    clip = data.clip(data.ids[3])
    assert clip.traits["kind"] == "own" and clip.text and data.audio(clip).seconds == clip.seconds
    with pytest.raises(MissingResource, match="no pictures"):
        data.mouth(clip)
