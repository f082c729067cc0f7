"""What the data sets of the embedded corpus are called: `CORPUS[/PART][/SIZE]`.

Contents: `SPECS`, `open_synth`.
"""

from ..corpus import SynthDataset
from ..spec import CorpusSpec
from . import PARTS, find_part

SPECS = {"avbench-synth": CorpusSpec(), "avbench-synth-rho0": CorpusSpec(rho=0.0)}
"""The corpora by name: the embedded one, and the negative control."""


def open_synth(name: str, split: str = "test") -> SynthDataset | None:
    """Open a split of the embedded corpus by its name: `CORPUS[/PART][/SIZE]`; None if there is none of that name.

    Args:
        name: e.g. `avbench-synth`, `avbench-synth/small`, `avbench-synth-rho0/words`, `avbench-synth/words/tiny`.
        split: of `spec.SPLITS`.

    Raises:
        UnknownName: no such split.
    """
    corpus, *rest = name.split("/")
    part = find_part(rest.pop(0) if rest and rest[0] in PARTS and rest[0] else "")
    size = rest.pop(0) if rest else part.default
    if corpus not in SPECS or size not in part.sizes or rest:
        return None
    return part.open(name, split, size, SPECS[corpus])
