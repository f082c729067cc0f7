"""What is known of a corpus on this machine, as a card: for people and as JSON.

Contents: `status`, `card`, `card_text`, `problem_lines`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import AvbenchError
from ..export import OWN_LICENCE
from ..manifest import KINDS, Problem, read_header
from . import find_corpus
from .corpus import Corpus

SHOWN = 5  # problems of one kind on a screen; JSON has all
HEADINGS = {"missing": "Missing", "broken": "Broken, and left out", "note": "Good to know"}


def status(name: str) -> tuple[str, str | None]:
    """`ready`, `absent`, `gone` (its folder is) or `damaged` (its manifest is), and where the corpus lies."""
    corpus, _ = find_corpus(name)
    try:
        header = read_header(corpus.name)
    except AvbenchError:
        return "damaged", None
    if header is None:
        return "absent", None
    return ("ready" if Path(header.root).is_dir() else "gone"), header.root


def card(corpus: Corpus) -> dict[str, Any]:
    """Everything that is known, as JSON.

    Raises:
        BadFile: the manifest is damaged.
    """
    header = read_header(corpus.name)
    state, place = status(corpus.name)
    problems = () if header is None else header.problems
    synthetic = header is not None and header.synthetic
    return {
        "dataset": corpus.name,
        "title": corpus.title,
        "obtain": corpus.obtain,
        "licence": OWN_LICENCE if synthetic else corpus.licence,
        "synthetic": synthetic,
        "layout": corpus.layout,
        "split_rule": corpus.splits,
        "unconfirmed": list(corpus.unconfirmed),
        "status": state,
        "root": place,
        "fingerprint": None if header is None else header.fingerprint,
        "counts": {} if header is None else header.counts,
        "problems": [{"kind": p.kind, "text": p.text, "paths": list(p.paths)} for p in problems],
    }


def card_text(document: Mapping[str, Any]) -> Iterator[str]:
    """What does not fit into a table of splits, line by line."""
    yield f"{document['title']} ({document['status']}{': ' + document['root'] if document['root'] else ''})"
    if document["synthetic"]:
        yield "Synthetic: on this machine it is an export of the embedded corpus."
    if document["fingerprint"]:
        yield f"Fingerprint: {document['fingerprint']}"
    yield f"Licence: {document['licence']}."
    yield f"Obtain: {document['obtain']}"
    yield f"Splits: {document['split_rule']}"
    if document["status"] != "ready":
        yield "Layout, of which the upper folder is given:"
        yield from (f"    {line}" for line in document["layout"].splitlines())
        yield f"Then: avbench data prepare {document['dataset']} PATH"


def problem_lines(problems: Iterable[Problem | Mapping[str, Any]], shown: int = SHOWN) -> Iterator[str]:
    """Problems by kind, so many of each."""
    rows = [(p.kind, p.text) if isinstance(p, Problem) else (p["kind"], p["text"]) for p in problems]
    for kind in KINDS:
        texts = [text for k, text in rows if k == kind]
        if texts:
            yield f"{HEADINGS[kind]} ({len(texts)}):"
            yield from (f"  - {text}" for text in texts[:shown])
            if len(texts) > shown:
                yield f"  … and {len(texts) - shown} more: --json FILE has all."
