"""docs/datasets.md is followed as a new user would follow it, on small trees."""

import re
import shlex
from pathlib import Path

import corpus_trees as trees
import pytest

from avbench.cli import main
from avbench.data.corpora import CORPORA
from avbench.data.export import LAYOUTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "datasets.md").read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", PAGE, flags=re.M)[1:]}
EXPORT = "Without a corpus at hand"
BUILDERS = {name: getattr(trees, name.replace("-", "_"), None) for name in CORPORA} | {"celeba-hq": trees.celeba_mask}


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trees.text(tmp_path / "corpora" / "held-out.id", "trainval/_YmdE0aWxZM/50002\n")
    return tmp_path


def commands(text):
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [line.removeprefix("$ avbench ") for block in blocks for line in block.splitlines()]


def test_every_corpus_has_its_section():
    assert list(SECTIONS) == [*CORPORA, EXPORT]
    for name, corpus in CORPORA.items():
        for said in (corpus.title, corpus.obtain, corpus.licence, corpus.splits, corpus.layout, *corpus.unconfirmed):
            assert said in SECTIONS[name], f"{name}: {said}"


@pytest.mark.parametrize("name", CORPORA)
def test_a_section_works_as_it_stands(name, desk, capsys):
    BUILDERS[name](desk / "corpora" / name)
    for command in commands(SECTIONS[name]):
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    for block in re.findall(r"```python\n(.*?)```", SECTIONS[name], re.S):
        exec(block, {})
    assert main(["data", "show", name]) == 0
    assert "(ready: " in capsys.readouterr().out


def test_the_first_commands_work(desk, capsys):
    trees.grid(desk / "corpora" / "grid")
    for command in commands(PAGE.partition("## ")[0]):
        assert main(shlex.split(command)) == 0, capsys.readouterr().err


def test_the_section_on_export_works_as_it_stands(desk, capsys):
    for command in commands(SECTIONS[EXPORT]):
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    capsys.readouterr()
    for block in re.findall(r"```python\n(.*?)```", SECTIONS[EXPORT], re.S):
        exec(block, {})
    text, synthetic, origin = re.fullmatch(r"(.+) (True|False) (\S+)\n", capsys.readouterr().out).groups()
    assert synthetic == "True" and "".join(w[0] for w in text.split())[:3] == origin.split("-")[1][:3]
    assert set(re.findall(r"^\| ([a-z0-9/-]+) \|", SECTIONS[EXPORT], re.M)) == set(LAYOUTS)
