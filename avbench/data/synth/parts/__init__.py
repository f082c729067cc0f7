"""The parts of the embedded corpus: one file per part, each in the role of a corpus that people know.

`part` says what a part is. The part without a name is `sentences`: `avbench-synth/small` is a size of it, while
`avbench-synth/words/small` is a size of the part `words`.

Contents: `PARTS`, `find_part`.
"""

from functools import cache
from importlib import import_module

from ....errors import UnknownName
from .part import Part

PARTS = {
    "": "sentences",
    "words": "words",
    "commands": "commands",
    "conversations": "conversations",
    "voices": "voices",
    "faces": "stills",
    "couples": "stills_couples",
}
"""Name of a part, and the module of this folder whose `PART` it is."""


@cache
def find_part(name: str) -> Part:
    """A part by its name; `""` is the sentences.

    Raises:
        UnknownName: no such part.
    """
    if name not in PARTS:
        raise UnknownName("part of avbench-synth", name, [n for n in PARTS if n])
    return import_module(f".{PARTS[name]}", __package__).PART
