"""What the command line takes, the library takes, by the same names and with the same defaults."""

import inspect

import pytest

import avbench
from avbench.cli import VERBS, build

EMPTY = (None, (), [], inspect.Parameter.empty)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb in avbench.__all__])
def test_signatures_agree(verb):
    from importlib import import_module

    typed = inspect.signature(getattr(import_module(f"avbench.cli.{VERBS[verb]}"), verb)).parameters
    library = inspect.signature(getattr(avbench, verb)).parameters
    assert set(typed) == set(library) - {"announce"}  # a callback, which a shell has no word for
    for name in set(typed) & set(library):
        a, b = typed[name].default, library[name].default
        assert a == b or (a in EMPTY and b in EMPTY), name


def test_every_verb_can_be_built():
    assert build() is not None
