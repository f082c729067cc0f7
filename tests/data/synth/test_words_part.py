"""The part `words`: 500 classes, 29 frames each, homophenes that the lips cannot tell apart, splits by speaker."""

import platform
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.synth import articulation
from avbench.data.synth.makers import Order, make
from avbench.data.synth.parts import find_part, words_table
from avbench.data.synth.parts.words import homophenes_of, vocabulary
from avbench.data.synth.session import make_session
from avbench.data.synth.spec import ACCENTS, SPLITS, CorpusSpec, accent_of, gender_of, speaker_ids, split_of
from avbench.data.synth.voice import Voice
from avbench.errors import UnknownName
from avbench.signal.audio import RATE
from avbench.signal.files import digest

SPEC = CorpusSpec()
PART = find_part("words")
GOLDEN = {
    "s061-carrot": ("8b8fc89519e77c31", "c6e28d4b84c2c725"),
    "s037-wrong": ("858552b56578a529", "1f8dcd197f69f84e"),
    "s116-photographer": ("847489a079827b7f", "92e3d2c658ef14ac"),
}


@pytest.fixture(scope="module")
def voice():
    with Voice() as engine:
        yield engine


@pytest.fixture(scope="module")
def said(voice):
    return [PART.say(SPEC, i, voice) for i in PART.clip_ids("base", "test")[:24]]


def test_the_words_are_what_the_table_was_made_of(voice, tmp_path):
    words_table.renew(tmp_path / "new.tsv", voice)
    kept = Path(words_table.__file__).with_name("words.tsv")
    assert (tmp_path / "new.tsv").read_bytes() == kept.read_bytes()
    words = vocabulary()
    assert len(words) == len(set(words)) == 500 and all(5 <= len(w) <= 12 for w in words)
    assert vocabulary("tiny") == words[:5] and vocabulary("small") == words[:50]


def test_homophenes_are_marked_and_no_two_words_sound_alike():
    table = {line.split("\t")[0]: line.split("\t")[1] for line in table_lines()}
    sights = {w: words_table.visemes_in(code) for w, code in table.items()}
    for word in table:
        assert set(homophenes_of(word)) == {w for w in table if sights[w] == sights[word]}
    assert len({code.replace("'", "").replace(",", "") for code in table.values()}) == 500
    assert homophenes_of("patch") == ("batch", "match", "patch") and homophenes_of("winter") == ("winter",)
    for size in ("tiny", "small"):  # a set is in a size as a whole, and there is one in each
        words = vocabulary(size)
        assert all(set(homophenes_of(w)) <= set(words) for w in words)
        assert any(len(homophenes_of(w)) > 1 for w in words)
    with pytest.raises(UnknownName, match="word of avbench-synth/words"):
        homophenes_of("patsch")


def table_lines():
    from importlib import resources

    return resources.files("avbench.data.synth.parts").joinpath("words.tsv").read_text().splitlines()


def test_sizes_and_splits_have_the_promised_clips():
    counts = {size: [len(PART.clip_ids(size, split)) for split in SPLITS] for size in PART.sizes}
    assert counts == {"tiny": [60, 25, 25], "small": [3000, 250, 250], "base": [30000, 2500, 2500]}
    for split in SPLITS:
        tiny, small, base = (set(PART.clip_ids(size, split)) for size in PART.sizes)
        assert tiny < small < base
        assert {split_of(PART.speaker(i)) for i in base} == {split}
        for size in PART.sizes:
            shards = PART.shards(size, split)
            assert sorted(i for _, ids in shards for i in ids) == sorted(PART.clip_ids(size, split))
        whole = dict(PART.shards("base", split))
        assert all(whole[name] == ids for name, ids in PART.shards("tiny", split))
    with pytest.raises(UnknownName, match="size of avbench-synth/words"):
        PART.clip_ids("huge", "test")


def test_who_says_a_word_is_balanced():
    base = PART.clip_ids("base", "train")
    for word in ("winter", "patch", vocabulary()[-1]):
        speakers = [PART.speaker(i) for i in base if i.endswith(f"-{word}")]
        assert len(set(speakers)) == 60
        cells = Counter((gender_of(s), accent_of(s)) for s in speakers)
        assert len(cells) == 16 and set(cells.values()) == {3, 4}
    everyone = Counter(PART.speaker(i) for i in base)
    assert set(everyone) == set(speaker_ids("train")) and min(everyone.values()) > 55
    assert set(Counter(map(gender_of, map(PART.speaker, PART.clip_ids("base", "test")))).values()) <= set(
        range(1100, 1401)
    )


def test_a_clip_is_29_frames_with_the_word_in_the_middle_and_context_around(said):
    for clip in said:
        (word,) = clip.words
        assert clip.samples.dtype == np.int16 and len(clip.samples) == 18_560 and clip.frames == 29
        assert clip.text == word.text == clip.id.split("-")[1]
        assert (word.start + word.end) / 2 == pytest.approx(0.58, abs=2 / RATE)
        assert 0.15 < word.end - word.start <= 1.0
        assert clip.more["phrase"].split().count(word.text) == 1 and len(clip.more["phrase"].split()) >= 4
        # The word before ends in the clip, and the one behind begins in it.
        starts = [p.start for p in clip.phonemes if p.symbol != "_"]
        assert any(0 <= s < word.start for s in starts) and any(word.end <= s < 1.16 for s in starts)
        loud = np.square(clip.samples.astype(float))
        assert loud[round(word.start * RATE) : round(word.end * RATE)].mean() > 1e4


def test_the_words_of_a_phrase_have_one_event_each_and_a_vowel_begins_its_word(voice):
    from avbench.data.synth.parts.spoken import speak
    from avbench.data.synth.speakers import make_speaker

    phrase = "her father insisted wrong under the bridge".split()
    for accent in range(0, 16, 2):
        speaker = make_speaker(SPEC, f"s{accent:03d}")
        spoken = speak(voice, speaker, make_session(SPEC, "s000-x"), phrase, {}, rate=1.0, seed=1)
        assert [w.text for w in spoken.words] == phrase
        under = spoken.words[4]
        (vowel,) = (p for p in spoken.phonemes if p.start == under.start)
        assert (
            articulation.viseme_of(vowel.symbol)[0] in ("uh", "ax", "ao", "ae") and spoken.words[3].end == under.start
        )
        assert all(a.start < a.end <= b.start for a, b in zip(spoken.words, spoken.words[1:], strict=False))


def test_homophenes_have_the_same_labels_of_the_picture_and_others_do_not(voice):
    def seen(word, accent):
        speaker = f"s{2 * accent:03d}"
        said = PART.say(SPEC, f"{speaker}-{word}", voice)
        (w,) = said.words
        inside = [p for p in said.phonemes if w.start - 1e-6 <= p.start < w.end - 1e-6]
        inside = [p for p in inside if p.symbol not in ("_", ";")]  # ; is the glide to a word that begins with a vowel
        return tuple(v for p in inside for v in articulation.viseme_of(p.symbol))

    for accent in range(len(ACCENTS)):
        one, other, third = (seen(w, accent) for w in ("patch", "batch", "fault"))
        assert one == other != third
        assert seen("muddy", accent) == seen("bunny", accent) == seen("money", accent)


def test_a_picture_is_cut_from_the_whole_phrase(voice):
    (made,) = make(SPEC, [Order("s061-carrot", True, part="words")], voice)
    (later,) = make(SPEC, [Order("s061-carrot", True, made.said, "words")], voice)
    assert made.mouth.shape == (29, 88, 88) and np.array_equal(made.mouth, later.mouth) and later.said is None
    track = PART.perform(SPEC, made.said).track
    assert track[0, 0] > 0.05 or track[-1, 0] > 0.05  # no closed mouth at the edges: somebody is speaking
    assert PART.landmarks(SPEC, made.said).shape == (29, 68, 2)


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="golden on Linux x86-64")
def test_golden(voice):
    made = make(SPEC, [Order(i, True, part="words") for i in GOLDEN], voice)
    assert {m.said.id: (digest(m.said.samples)[:16], digest(m.mouth)[:16]) for m in made} == GOLDEN


def test_the_data_set(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    data = open_dataset("avbench-synth/words/tiny", "validation")
    data.shards = tuple(s.__class__(s.spec, s.split, s.name, s.ids[:2], s.part) for s in data.shards[:1])
    data.ids = data.shards[0].ids
    data.prepare(mouth=True, workers=1)
    assert data.shards[0].folder.parts[-5:-3] == ("avbench-synth", "words") and data.part is PART
    for clip in data.clips:
        assert clip.seconds == 1.16 and clip.traits["homophenes"] and clip.text in clip.traits["phrase"]
        assert data.audio(clip).samples.shape == (18_560,) and data.mouth(clip).frames.shape == (29, 88, 88, 1)
        assert data.face(clip).frames.shape == (29, 128, 128, 3)
    control = open_dataset("avbench-synth-rho0/words/tiny", "validation")
    assert control.spec.rho == 0 and control.ids[:2] and control.fingerprint != data.fingerprint
