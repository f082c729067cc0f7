import re
from collections import Counter

import pytest

from avbench.data.synth import grammar, lexicon, vocabulary
from avbench.data.synth.grammar import adverbials, objects, sentence
from avbench.data.synth.spec import SPLITS, CorpusSpec, clip_ids
from avbench.data.synth.voice import Voice
from avbench.errors import UnknownName, UsageError

SPEC = CorpusSpec()


def plain(texts):
    return " " + re.sub(r"[,.?]", "", " | ".join(texts)) + " "


@pytest.fixture(scope="module")
def texts():
    return {split: [sentence(SPEC, clip) for clip in clip_ids("base", split)] for split in SPLITS}


def test_the_grammar_has_more_than_a_thousand_words_and_the_lexicon_has_them_all():
    assert len(grammar.words()) >= 1000
    assert grammar.words() | set(vocabulary.EXTRA.split()) <= set(lexicon.words())
    assert list(lexicon.words()) == sorted(set(lexicon.words()))


def test_sentences_hold_words_of_the_grammar_only(texts):
    said = Counter(word for split in SPLITS for text in texts[split] for word in re.findall(r"[a-z]+", text))
    assert set(said) <= grammar.words()
    assert len(said) >= 1000
    assert all(re.fullmatch(r"[a-z]+(,? [a-z]+)+[.?]", text) for text in texts["train"])


def test_no_sentence_is_said_twice_in_a_split(texts):
    assert all(len(set(texts[split])) == len(texts[split]) for split in SPLITS)
    assert not set(texts["train"]) & {*texts["test"], *texts["validation"]}


def test_every_template_is_used(texts):
    marks = {"?": "question", ", please ": "request", "there w": "existence", " that ": "report", ", and ": "pair"}
    for mark in marks:
        assert sum(mark in text for text in texts["test"]) > 20, marks[mark]
    assert len(grammar.TEMPLATES) == 8


def test_objects_and_adverbials_of_the_splits_are_disjoint(texts):
    for phrases in (objects, adverbials):
        train, validation, test = ({p.words for p in phrases(split)} for split in SPLITS)
        assert not train & test
        assert not train & validation
        assert not validation & test
        assert len(test) > 80
        assert len(validation) > 40


def test_no_object_or_adverbial_of_a_test_sentence_is_ever_heard_in_training(texts):
    held_out = {split: {p.words for p in (*objects(split), *adverbials(split))} for split in ("test", "validation")}
    heard = plain(texts["train"])
    assert not [phrase for phrases in held_out.values() for phrase in phrases if f" {phrase} " in heard]
    for split, phrases in held_out.items():
        for text in texts[split]:
            words = plain([text])
            assert any(f" {phrase} " in words for phrase in phrases), text


def test_articles_agree(texts):
    for split in SPLITS:
        for text in texts[split]:
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", text), text


def test_sentences_depend_on_version_and_clip_alone():
    assert sentence(SPEC, "s017-003") == sentence(CorpusSpec(rho=0.0), "s017-003")
    assert sentence(SPEC, "s017-003") != sentence(CorpusSpec(version=2), "s017-003")
    with pytest.raises(UsageError):
        sentence(SPEC, "s017")
    with pytest.raises(UnknownName):
        objects("dev")


def test_unknown_words_and_signs_have_sentences():
    with pytest.raises(UnknownName, match=r"farmer"):
        lexicon.to_phonemes("the farmerr.")
    with pytest.raises(UnknownName, match="sign"):
        lexicon.to_phonemes("the farmer & his cat")
    assert lexicon.to_phonemes("[[p'aT]]? Cat") == (("p'aT", "cat"), "[[p'aT]]? [[k'at]]")


def test_the_lexicon_can_be_renewed(tmp_path):
    with Voice() as voice:
        lexicon.renew(tmp_path / "lexicon.tsv", voice)
    fresh = dict(line.split("\t") for line in (tmp_path / "lexicon.tsv").read_text(encoding="utf-8").splitlines())
    assert fresh == {word: lexicon.pronounce(word) for word in lexicon.words()}
