"""The normaliser: its written rule, point by point, and its laws."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from avbench.signal.text import normalise, split_both, split_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The birch CANOE", "the birch canoe"),
        ("  a\tb\n\nc\u00a0d\u2003e\r\n", "a b c d e"),
        ("Hello, world! (Really?) “Yes.”", "hello world really yes"),
        ("don't, DON’T don‘t donʼt don`t don´t don′t don＇t", "don't " * 8),
        ("'tis the dogs' 'own' bone ''quoted''", "tis the dogs own bone quoted"),
        ("rock 'n' roll; the man's", "rock n roll the man's"),
        ("well-known, dark—and, 1,000 3.5 U.S.", "well known dark and 1 000 3 5 u s"),
        ("snake_case £5 50% a+b <unk> [noise]", "snake case 5 50 a b unk noise"),
        ("Cafe\u0301 CAFÉ", "café café"),
        ("ﬁne ｆｕｌｌ ½ x²", "fine full 1 2 x2"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffbom", "softhyphen zerowidth bom"),
        ("ŉ goeie dag", "n goeie dag"),
        ("aŉb", "a'nb"),
        ("love ❤️ 👍🏽 it 1️⃣", "love it 1⃣"),
        ("STRASSE Straße ΣΟΦΟΣ", "strasse straße σοφος"[:-1] + "ς"),
        ("Привет, МИР", "привет мир"),
        ("नमस्ते, दुनिया!", "नमस्ते दुनिया"),
        ("你好,世界。", "你好 世界"),
        ("\u0301a \u0301", "a"),
        ("a\x00b\x1fc", "a b c"),
        ("", ""),
        (" … — '' !? ", ""),
    ],
)
def test_rule(text, expected):
    assert normalise(text) == expected.strip()


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=30))
@example("İ")
@example("ŉ")
@example("a\u200b\u0301")
@example("x'\u0301")
@example("'" * 5)
def test_laws(text):
    words = split_words(text)
    assert all(word and not any(c.isspace() for c in word) for word in words)
    assert normalise(text) == " ".join(words)
    assert normalise(normalise(text)) == normalise(text)
    for word in words:
        assert not word.startswith("'") and not word.endswith("'")
        assert not any(unicodedata.category(c)[0] in "PSZ" and c != "'" for c in word)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=[chr(c) for c in range(128)], max_size=30))
def test_both_paths_agree(text):
    """Plain ASCII takes a shorter way; a letter of another script beside it may not change it."""
    assert split_words(text + " é") == [*split_words(text), "é"]


LOOSE = st.text(alphabet="ab'' \n-\t", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(LOOSE, max_size=4), st.lists(st.one_of(LOOSE, st.text(max_size=9)), max_size=4))
def test_many_texts_at_once(estimates, references):
    """Words may be bytes there: they are as many, and equal where those of `split_words` are."""
    found = [
        [w if isinstance(w, str) else w.decode() for w in words]
        for s in split_both(estimates, references)
        for words in s
    ]
    assert found == [split_words(text) for text in [*estimates, *references]]


@pytest.mark.parametrize("odd", ["é", "a\nb", "'\n'"])
def test_one_odd_text_does_not_split_the_sides(odd):
    """A word of bytes never meets the same word as a string."""
    for sides in ([["it's a"], [odd]], [[odd], ["it's a"]], [["it's a"], ["b\n"]]):
        kinds = {type(word) for side in split_both(*sides) for words in side for word in words}
        assert kinds == {str}
    assert {type(w) for side in split_both(["it's"], ["a"]) for words in side for w in words} == {bytes}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_how_accents_are_encoded_is_no_error(text):
    composed = unicodedata.normalize("NFC", text)
    assert normalise(unicodedata.normalize("NFD", composed)) == normalise(composed)


def test_real_transcripts_keep_their_words(shared_data):
    """Transcripts that are in plain lower case already come out as they are."""
    lines = (shared_data / "speech" / "transcripts.tsv").read_text("utf-8").splitlines()
    texts = [text for line in lines[1:] if (text := line.split("\t")[7])]
    assert len(texts) > 200
    plain = [text for text in texts if text == text.lower() and all(c.isalpha() or c in " '" for c in text)]
    assert len(plain) > 100
    for text in plain:
        assert normalise(text).split() == [word.strip("'") for word in text.split()]
