"""Finding systems by name."""

from importlib.metadata import EntryPoint

import pytest

from avbench import registry
from avbench.errors import MissingResource, UnknownName, UsageError
from avbench.registry import get_family, list_systems, open_system, split_name

OURS = [
    "av-gcrn", "av-gcrn/small", "gcrn", "gcrn/matched", "gcrn/small",
    "mutud", "mutud/no-video", "mutud/scratch", "mutud/small",
]  # fmt: skip


def test_our_systems_are_listed_with_their_variants():
    assert set(OURS) <= set(list_systems())


@pytest.mark.parametrize("name", OURS)
def test_every_listed_system_opens_untrained_and_says_who_it_is(name):
    card = open_system(name, untrained=True).card
    assert card.id == name
    assert card.rate == 16000
    assert card.causal
    assert card.inputs == ({"audio", "video"} if name.startswith("av") else {"audio"})
    assert "not trained" in card.training and not card.finished


@pytest.mark.parametrize("name", OURS)
def test_every_variant_has_both_recipes_and_the_usual_one_first(name):
    family, variant = split_name(name)
    assert list(family.recipes(variant)) == ["synth", "paper"]
    assert all(recipe.name == key for key, recipe in family.recipes(variant).items())


@pytest.mark.parametrize(
    ("name", "near"), [("mutd", "mutud"), ("gcrn/match", "gcrn/matched"), ("gcrn/", "gcrn"), ("", "")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name, near):
    with pytest.raises(UnknownName) as caught:
        open_system(name)
    assert near in str(caught.value)


def test_a_task_that_a_family_cannot_sit_is_refused():
    with pytest.raises(UsageError, match="no variant for the task asd"):
        split_name("gcrn", "asd@1")
    assert split_name("gcrn", "avse@1")[1] == ""


def _install(monkeypatch, value):
    point = EntryPoint("third", value, registry.GROUP)
    monkeypatch.setattr(registry, "families", lambda: {"third": point})


def test_a_broken_third_party_is_listed_by_id_and_explained_when_asked_for(monkeypatch):
    _install(monkeypatch, "no_such_package.module:FAMILY")
    assert list_systems() == ["third"]
    with pytest.raises(MissingResource, match="no_such_package"):
        get_family("third")
    _install(monkeypatch, "math:pi")
    with pytest.raises(MissingResource, match=r"not an avbench\.registry\.Family"):
        get_family("third")


def test_a_users_own_class(tmp_path, monkeypatch):
    (tmp_path / "own_registry_case.py").write_text(
        "class Whole:\n    card = digest = None\n    def load(self, device): ...\n    def predict(self, inputs): ...\n"
        "class Half:\n    card = None\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert type(open_system("own_registry_case:Whole")).__name__ == "Whole"
    with pytest.raises(UsageError, match="lacks digest, load, predict"):
        open_system("own_registry_case:Half")
    with pytest.raises(UnknownName, match="Whole"):
        open_system("own_registry_case:Whol")
    with pytest.raises(MissingResource, match="cannot be loaded"):
        open_system("no_such_module_here:Whole")
    with pytest.raises(UsageError, match="your own class"):
        open_system("own_registry_case:Whole", recipe="synth")


@pytest.mark.parametrize(
    ("source", "name", "kind", "words"),
    [
        ("class X(:", "own_thing:X", MissingResource, "SyntaxError"),
        ("import sys; sys.exit(0)", "own_thing:X", MissingResource, "SystemExit: 0"),
        (
            "class X:\n    def __init__(self): raise ValueError('no\\nway')",
            "own_thing:X",
            MissingResource,
            "ValueError: no.",
        ),
        ("class X: pass", "own_thing:X", UsageError, "lacks card, digest, load, predict"),
        ("", ":X", UsageError, "package.module:Class"),
        ("", "own_thing:", UsageError, "package.module:Class"),
        ("", ".own_thing:X", MissingResource, "cannot be loaded"),
    ],
)
def test_an_own_class_that_cannot_be_made_is_one_line(tmp_path, monkeypatch, source, name, kind, words):
    import sys

    (tmp_path / "own_thing.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_thing", raising=False)
    with pytest.raises(kind) as caught:
        open_system(name)
    assert words in str(caught.value) and "\n" not in str(caught.value)
