"""Every family of the embedded noise bank, and the parameters of its kinds.

A kind is a family with one set of parameters. The kinds of one split are spread over the family's ranges as a Latin
hypercube, so that no two of them can fall together, and every split has a hypercube of its own.

Contents: `FAMILIES` (training and test), `UNSEEN` (never in training), `parameters`.
"""

from typing import Any

from ...seeds import Draw
from .noise_machines import MACHINES, UNSEEN_MACHINES
from .noise_parts import Family, Span
from .noise_things import THINGS
from .noise_voices import UNSEEN_VOICES, VOICES
from .noise_weather import WEATHER

FAMILIES = {family.name: family for family in (*MACHINES, *WEATHER, *THINGS, *VOICES)}
UNSEEN = {family.name: family for family in (*UNSEEN_MACHINES, *UNSEEN_VOICES)}


def parameters(family: Family, count: int, *names: object) -> list[dict[str, Any]]:
    """The parameters of `count` kinds of one family.

    Args:
        family: whose ranges.
        count: how many kinds share the hypercube.
        *names: what the draw is named by, e.g. `("synth-noise", 1, "train")`.

    Returns:
        `count` dictionaries from parameter to value.
    """
    kinds: list[dict[str, Any]] = [{} for _ in range(count)]
    for parameter, span in family.spans.items():
        draw = Draw(*names, family.name, parameter)
        slots = draw.sample(range(count), count)
        for kind, slot, inside in zip(kinds, slots, draw.uniforms(count), strict=True):
            quantile = (slot + inside) / count
            kind[parameter] = span.at(quantile) if isinstance(span, Span) else span[int(quantile * len(span))]
    return kinds
