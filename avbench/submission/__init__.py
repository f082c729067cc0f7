"""Submissions: what third parties hand in, checked without trust and scored in a sandbox.

A submission is one zip archive with a card and either code (a class that is a `System`, and its weights) or outputs
that were made elsewhere from `avbench plan render`. Nothing in it is believed: names, sizes and weights are checked
before anything is unpacked, code runs under bubblewrap only, outputs are decoded there too, and every score is made
here from the raw answers. `docs/submit.md` is the tutorial.

    card        the card, and what may stand in it
    archive     the archive: read without trust, unpacked within limits, written
    contents    which files may be in it
    report      everything that is wrong with a submission, at once
    sandbox     the bubblewrap command: what submitted code can see
    box         one process in the sandbox, asked over pipes; `wire` is how, `inside` the other end, `watch` its warder
    mock        a dry run
    scoring     a submission sits an exam
    template    a submission that works

Contents: `card_beside`, `new`, `pack`, `validate`, `score`, `try_out`.
"""

from importlib import import_module

_HOMES = {
    "card_beside": "card",
    "new": "template",
    "pack": "report",
    "validate": "report",
    "score": "scoring",
    "try_out": "mock",
}
__all__ = list(_HOMES)


def __getattr__(name):
    """Load a part when it is first asked for: inside the sandbox only few of them can be."""
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
