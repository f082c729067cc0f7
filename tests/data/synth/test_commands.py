"""The part `commands`: six words in three seconds, a closed mouth around them, splits by speaker and by sentence."""

import platform
import sys
from collections import Counter

import numpy as np
import pytest

from avbench.data.synth.makers import Order, make
from avbench.data.synth.parts import find_part
from avbench.data.synth.parts.commands import sentence_of
from avbench.data.synth.spec import SPLITS, CorpusSpec, gender_of, split_of
from avbench.data.synth.voice import Voice
from avbench.errors import UsageError
from avbench.signal.audio import RATE
from avbench.signal.files import digest

SPEC = CorpusSpec()
PART = find_part("commands")
GOLDEN = {
    "s116-sgik1s": ("f2b3f5f43f4cdf47", "c6441b3482199f05"),
    "s219-pbwv4a": ("110eb899f649f9c8", "65286767c2f2100f"),
    "s300-bwwb3a": ("c8e1a263fa1eef83", "a5491d8d27af9d7a"),
}


@pytest.fixture(scope="module")
def voice():
    with Voice() as engine:
        yield engine


@pytest.fixture(scope="module")
def said(voice):
    return [PART.say(SPEC, i, voice) for i in PART.clip_ids("base", "test")[:16]]


def test_a_code_is_a_sentence():
    assert sentence_of("bbaf2n") == ("bin", "blue", "at", "f", "two", "now")
    assert sentence_of("swwazp")[3:5] == ("a", "zero")
    for wrong in ("bbaw2n", "bbaf2", "bbaf2nn", ""):
        with pytest.raises(UsageError, match="coded like bbaf2n"):
            sentence_of(wrong)


def test_sizes_and_splits_have_the_promised_clips_and_share_no_speaker_and_no_sentence():
    counts = {size: [len(PART.clip_ids(size, split)) for split in SPLITS] for size in PART.sizes}
    assert counts == {"tiny": [16, 8, 8], "small": [26 * 60, 240, 240], "base": [26 * 200, 800, 800]}
    assert PART.default == "small"
    sentences = {}
    for split in SPLITS:
        tiny, small, base = (PART.clip_ids(size, split) for size in PART.sizes)
        assert set(tiny) < set(small) < set(base) and len(set(base)) == len(base)
        assert {split_of(PART.speaker(i)) for i in base} == {split}
        genders = Counter(gender_of(s) for s in {PART.speaker(i) for i in base})
        assert genders["f"] == genders["m"]
        sentences[split] = {i.split("-")[1] for i in base}
        for size in PART.sizes:
            assert sorted(i for _, ids in PART.shards(size, split) for i in ids) == sorted(PART.clip_ids(size, split))
        shards = dict(PART.shards("base", split))
        assert all(shards[name] == ids for name, ids in PART.shards("small", split))
        assert not set(dict(PART.shards("tiny", split))) & set(shards)  # a name stands for the same clips everywhere
    assert not sentences["train"] & sentences["test"] and not sentences["validation"] & sentences["test"]
    assert not sentences["train"] & sentences["validation"]
    letters = Counter(s[3] for s in sentences["train"])
    assert set(letters) == set("abcdefghijklmnopqrstuvxyz") and min(letters.values()) > 100


def test_a_clip_is_three_seconds_with_six_words_at_a_random_place(said):
    begins = []
    for clip in said:
        assert len(clip.samples) == 48_000 and clip.frames == 75 and clip.samples.dtype == np.int16
        assert [w.text for w in clip.words] == clip.text.split() == list(sentence_of(clip.id.split("-")[1]))
        assert all(a.start < a.end <= b.start + 1e-9 for a, b in zip(clip.words, clip.words[1:], strict=False))
        assert 0.1 <= clip.words[0].start and clip.end <= 2.9 + 1e-9
        assert 0.9 < clip.end - clip.words[0].start < 2.8
        assert not clip.samples[: round(clip.words[0].start * RATE) - 400].any()
        begins.append(clip.words[0].start)
    assert max(begins) - min(begins) > 0.4


def test_the_mouth_is_closed_in_the_silence_and_open_in_speech(said):
    for clip in said[:6]:
        track = PART.perform(SPEC, clip).track
        first, last = int(clip.words[0].start * 25), int(clip.end * 25)
        assert track[: max(first - 5, 1), 0].max() < 0.15 and track[last + 7 :, 0].max(initial=0.0) < 0.15
        assert track[first:last, 0].max() > 0.3


@pytest.mark.parametrize("letter", "abcdefghijklmnopqrstuvxyz")
def test_letters_are_said_by_their_names(letter, voice):
    said = PART.say(SPEC, f"s116-bba{letter}2n", voice)
    word = said.words[3]
    sounds = [p.symbol for p in said.phonemes if word.start - 0.005 <= p.start < word.end - 0.005]
    assert word.text == letter and 0.05 < word.end - word.start < 0.6
    if letter == "a":
        assert any(s.startswith("e") for s in sounds)  # not the article


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="golden on Linux x86-64")
def test_golden(voice):
    made = make(SPEC, [Order(i, True, part="commands") for i in GOLDEN], voice)
    assert {m.said.id: (digest(m.said.samples)[:16], digest(m.mouth)[:16]) for m in made} == GOLDEN
