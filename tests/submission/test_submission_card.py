"""Cards: every fault is told, all at once; what is sound becomes the card of a system."""

import pytest
from submission_cards import CODE, OUTPUTS

from avbench.submission.card import missing_packages, read_card


def faults(text):
    return read_card(text.encode())[1]


def test_a_sound_card():
    card, wrong = read_card((CODE + '[environment]\npython = ">=3.11"\npackages = ["numpy>=1.26"]\n').encode())
    assert wrong == [] and card.authors == ("A. Author", "B. Author") and missing_packages(card) == []
    assert card.system.output == "audio" and card.system.inputs == frozenset({"audio"}) and card.system.rate == 16000
    assert read_card(OUTPUTS.encode())[0].limit == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "half"\n', "", "lacks the field name"),
        ('"half"', '"Half <b>"', "name must be of"),
        ('"half"', '"../../half"', "name must be of"),
        ('"half"', '"mutud"', "that of a system or an anchor"),
        ('"half"', '"oracle"', "that of a system or an anchor"),
        ('"Half as loud"', "7", "title must be one line of text"),
        ('"Half as loud"', '"""two\nlines"""', "title must be one line of text"),
        ('"Half as loud"', '"red \\u001b[31m"', "printable"),
        ('"Half as loud"', f'"{"x" * 501}"', "at most 500"),
        ('["A. Author", "B. Author"]', '"me"', "authors must be a list"),
        ('["A. Author", "B. Author"]', "[]", "authors must be a list"),
        ('"avse"', '"speech"', "task must be one of"),
        ('["audio"]', '["smell"]', "inputs must be of"),
        ("= true", '= "yes"', "causal must be true or false"),
        ("0.0", "-1.0", "lookahead must be seconds"),
        ("0.0", "nan", "lookahead must be a number"),
        ("16000", "16000.5", "rate must be whole Hz"),
        ('"system:Fair"', '"system.py"', "entry must be module:Class"),
        ('"system:Fair"', '"os:system(1)"', "entry must be module:Class"),
        ('entry = "system:Fair"', "", "neither an entry"),
        ('entry = "system:Fair"', 'entry = "system:Fair"\nplan = "tiny"', "one or the other"),
        ('entry = "system:Fair"', 'plan = "words"', "plan must be one of"),
        ('entry = "system:Fair"', 'plan = "tiny"\nsnr = "5:-5"', "must ascend"),
        ('entry = "system:Fair"', 'plan = "tiny"\nlimit = 0', "limit must be"),
        ('entry = "system:Fair"', 'entry = "system:Fair"\nscore = 1.0', "'score' that no card has"),
        ('"system:Fair"', '"s:F"\n[environment]\npackages = ["a @ file:///etc"]', "packages must be like"),
        ('entry = "system:Fair"', 'entry = "s:F"\n[environment]\npython = "three"', "python must be like"),
        ('"system:Fair"', '"s:F"\n[environment]\nscript = "x"', "'environment.script' that no card has"),
        ('"system:Fair"', '"s:F"\n[environment]\npackages = [\'numpy ; os_name ~= "posix"\']', "packages must be like"),
        ("paper", "paper paper", "not TOML"),
        ("paper", "[" * 5000, "not TOML"),
    ],
)  # fmt: skip
def test_a_fault_has_its_sentence(old, new, words):
    text = CODE.replace(old, new, 1)
    assert text != CODE
    wrong = faults(text)
    assert len(wrong) == 1 and words in wrong[0], wrong
    assert wrong[0].isprintable() and wrong[0].endswith(".")


def test_all_faults_are_told():
    assert len(faults("")) == 12 + 1
    assert len(read_card(b"\xff\xfe")[1]) == 1


def test_what_this_machine_lacks():
    card, _ = read_card(
        (CODE + '[environment]\npython = "<3"\npackages = ["numpy>=99", "no-such-thing-at-all"]\n').encode()
    )
    assert [words.split(":")[0].split("and")[0] for words in missing_packages(card)] == [
        "It needs Python <3, ", "It needs the package numpy>=99, ", "It needs the package no-such-thing-at-all, "
    ]  # fmt: skip
