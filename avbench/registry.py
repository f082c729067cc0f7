"""Finding systems: names on the command line to objects that can sit a task.

A system is found by its entry point in the group `avbench.systems`, ours like everybody's: the harness imports none by
itself. An entry point names a `Family`: one id and its variants, which share code. A user's own class needs no entry
point: `package.module:Class`.

Contents: `Family`, `families`, `get_family`, `split_name`, `open_system`, `list_systems`, `said`.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from .errors import AvbenchError, MissingResource, UnknownName, UsageError
from .types import System

GROUP = "avbench.systems"


@dataclass(frozen=True)
class Family:
    """A system and its variants.

    Args:
        id: as typed, e.g. `mutud`.
        variants: what may follow the slash, each with a title; `""` is the bare id.
        create: `(variant, *, recipe, weights, untrained) -> System`. `recipe` None means the best that has weights.
        recipes: `variant -> {name: recipe}`, the first being the usual one.
        train: how `avbench train` trains a variant, or None where it cannot.
        tasks: which variant a bare id means under which task.
    """

    id: str
    variants: Mapping[str, str]
    create: Callable[..., System]
    recipes: Callable[[str], Mapping[str, Any]]
    train: Callable[..., Any] | None = None
    tasks: Mapping[str, str] = field(default_factory=lambda: {"avse": ""})

    def full_name(self, variant: str) -> str:
        """`mutud/scratch`, or the bare id."""
        return f"{self.id}/{variant}" if variant else self.id

    def check(self, variant: str) -> None:
        """Raise `UnknownName` for a variant there is not."""
        if variant not in self.variants:
            raise UnknownName("system", self.full_name(variant), map(self.full_name, self.variants))


def families() -> dict[str, EntryPoint]:
    """The entry points of all installed families by id; nothing is imported."""
    return {point.name: point for point in entry_points(group=GROUP)}


def get_family(name: str) -> Family:
    """The family that a name belongs to.

    Raises:
        UnknownName: no installed package offers it.
        MissingResource: the package that offers it cannot be imported.
    """
    id_ = name.partition("/")[0]
    known = families()
    if id_ not in known:
        raise UnknownName("system", name, list_systems())
    try:
        family = known[id_].load()
    except Exception as error:
        raise MissingResource(f"The system {id_} cannot be loaded from {known[id_].value}: {error}.") from error
    if not isinstance(family, Family):
        raise MissingResource(f"The entry point {id_} ({known[id_].value}) is not an avbench.registry.Family.")
    return family


def split_name(name: str, task: str | None = None) -> tuple[Family, str]:
    """Family and variant of a name; a bare id gets the variant that fits the task, or the one without a name.

    Example:
        >>> split_name("gcrn/matched")[1]
        'matched'

    Raises:
        UnknownName: no such family or variant.
        UsageError: the family has no variant for the task.
    """
    family = get_family(name)
    _, slash, variant = name.partition("/")
    if not slash and task is not None:
        short = task.partition("@")[0]
        if short not in family.tasks:
            raise UsageError(f"{family.id} has no variant for the task {task}; it has {', '.join(family.tasks)}.")
        variant = family.tasks[short]
    elif slash and not variant:
        raise UnknownName("system", name, map(family.full_name, family.variants))
    family.check(variant)
    return family, variant


def open_system(
    name: str,
    task: str | None = None,
    recipe: str | None = None,
    weights: Path | str | None = None,
    untrained: bool = False,
) -> System:
    """A system by name, not yet loaded onto a device.

    Args:
        name: `mutud`, `gcrn/matched`, or `package.module:Class` (made without arguments).
        task: which task it is to sit; None where that is not the question.
        recipe: whose weights; None takes those that are there.
        weights: a safetensors file to use instead.
        untrained: initial weights, for counting and timing only.

    Raises:
        UnknownName: no such system, variant or recipe.
        MissingResource: it has no weights, its package is missing, or the user's own class cannot be made.
        UsageError: a class that is not a system, or options that it cannot take.
    """
    if ":" in name:
        if recipe is not None or weights is not None:
            raise UsageError(f"{name} is your own class: --recipe and --weights are for systems that avbench knows.")
        return _foreign(name)
    family, variant = split_name(name, task)
    path = None if weights is None else Path(weights)
    return family.create(variant, recipe=recipe, weights=path, untrained=untrained)


def list_systems() -> list[str]:
    """Names of all systems, variants included; a family that cannot be loaded is listed by its id."""
    names = []
    for id_, point in sorted(families().items()):
        try:
            family = point.load()
            names += [family.full_name(variant) for variant in family.variants]
        except Exception:  # `open_system` tells why, to whoever asks for this one
            names.append(id_)
    return names


def _foreign(name: str) -> System:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise UsageError(f"{name!r} does not name a system: write package.module:Class.")
    here = str(Path.cwd())
    if here not in sys.path:  # the user's own file beside the command, as `python -m` would find it
        sys.path.insert(0, here)
    try:
        found = import_module(module)
        kind = getattr(found, attribute, None)
        if kind is None:
            raise UnknownName(f"class in {module}", attribute, [n for n in vars(found) if not n.startswith("_")])
        system = kind() if callable(kind) else kind
        lacks = [part for part in ("card", "digest", "load", "predict") if not hasattr(system, part)]
    except AvbenchError:
        raise
    except (Exception, SystemExit) as error:  # foreign code may raise anything
        raise MissingResource(f"The system {name} cannot be loaded: {said(error)}.") from error
    if lacks:
        raise UsageError(f"{name} is not a system: it lacks {', '.join(lacks)}.")
    return system


def said(error: BaseException) -> str:
    """What foreign code raised, on one line.

    Example:
        >>> said(ValueError("no way"))
        'ValueError: no way'
    """
    text = str(error).strip().split("\n")[0].rstrip(".")[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
