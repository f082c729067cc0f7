"""docs/datasets.md is followed as a new user would follow it, on small trees."""

import re
import shlex
from pathlib import Path

import corpus_trees as trees
import pytest

from avbench.cli import main
from avbench.data.corpora import CORPORA
from avbench.data.export import LAYOUTS, MARKER
from avbench.data.noises import COLLECTIONS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "datasets.md").read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", PAGE, flags=re.M)[1:]}
EXPORT, NOISES = "Without a corpus at hand", "Noises"
BUILDERS = {name: getattr(trees, name.replace("-", "_"), None) for name in CORPORA} | {"celeba-hq": trees.celeba_mask}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trees.text(tmp_path / "corpora" / "held-out.id", "trainval/_YmdE0aWxZM/50002\n")
    return tmp_path


def follow(text, capsys):
    """Do what the text says, from top to bottom: commands as a shell would give them, then Python, and so on."""
    for kind, block in re.findall(r"```(console|python)\n(.*?)```", text, re.S):
        if kind == "python":
            exec(block, {})
            continue
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ avbench "))
            words = [p for w in words for p in (sorted(map(str, Path().glob(w))) if "*" in w else [w])]
            assert main(words) == 0, capsys.readouterr().err


def noises(root):
    """A little of every collection."""
    trees.demand(root / "DEMAND")
    for seed, name in enumerate(("babble", "factory 1", "Volvo")):
        trees.sound(root / "NOISEX-92" / f"{name}.wav", 3.0, seed=seed)
    for seed, name in enumerate(("-0_HRDkzJVg", "door_Freesound_validated_387518_0")):
        trees.sound(root / "DNS-Challenge" / "datasets" / "noise" / f"{name}.wav", 3.0, seed=seed)
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for fold, target, category in ((1, 0, "dog"), (5, 10, "rain")):
        rows.append(f"{fold}-1-A-{target}.wav,{fold},{target},{category},True,1,A")
        trees.sound(root / "ESC-50" / "audio" / f"{fold}-1-A-{target}.wav", 3.0, seed=target)
    trees.text(root / "ESC-50" / "meta" / "esc50.csv", "\n".join(rows) + "\n")


def test_every_corpus_has_its_section():
    assert list(SECTIONS) == [*CORPORA, NOISES, EXPORT]
    for name, corpus in CORPORA.items():
        for said in (corpus.title, corpus.obtain, corpus.licence, corpus.splits, corpus.layout, *corpus.unconfirmed):
            assert said in SECTIONS[name], f"{name}: {said}"
    for name, collection in COLLECTIONS.items():
        row = f"| `{name}` | {collection.obtain} | {collection.licence} |"
        assert row in SECTIONS[NOISES] and f"data prepare {name} " in SECTIONS[NOISES], row


@pytest.mark.parametrize("name", CORPORA)
def test_a_section_works_as_it_stands(name, desk, capsys):
    BUILDERS[name](desk / "corpora" / name)
    follow(SECTIONS[name], capsys)
    assert main(["data", "show", name]) == 0
    assert "(ready: " in capsys.readouterr().out


def test_the_first_commands_work(desk, capsys):
    trees.grid(desk / "corpora" / "grid")
    follow(PAGE.partition("## ")[0], capsys)


def test_the_section_on_noises_works_as_it_stands(desk, capsys):
    noises(desk / "noises")
    trees.sound(desk / "speech" / "one.wav", 1.0)
    follow(SECTIONS[NOISES], capsys)
    said = capsys.readouterr().out
    assert "15 of 18 environments of DEMAND are missing" in said and "mine: exact" in said


def test_an_export_says_that_it_is_one_and_asks_nobody_to_report_its_plans(desk, capsys):
    root = trees.lrw(desk / "lrw", ("ABOUT",))
    for wanted in ("Nobody has reported yet", ""):
        assert main(["data", "prepare", "lrw", str(root)]) == main(["plan", "draw", "words", "--dataset", "lrw"]) == 0
        out, err = capsys.readouterr()
        assert ("Nobody has reported yet" in err) == bool(wanted)
        assert ("Synthetic: on this machine it is an export" in out) == ("Licence: Apache-2.0" in out) == (not wanted)
        trees.text(root / MARKER, "{}")


def test_the_section_on_export_works_as_it_stands(desk, capsys):
    follow(SECTIONS[EXPORT], capsys)
    said = capsys.readouterr().out.splitlines()[-1]
    text, synthetic, origin = re.fullmatch(r"(.+) (True|False) (\S+)", said).groups()
    assert synthetic == "True" and "".join(w[0] for w in text.split())[:3] == origin.split("-")[1][:3]
    assert set(re.findall(r"^\| ([a-z0-9/-]+) \|", SECTIONS[EXPORT], re.M)) == set(LAYOUTS)
