"""Which judge answers for which: what the user chose, checked before any work and told to every worker.

    --judge nisqa=FILE           weights by path
    --judge espnet=synth-asr     another judge in the place of one: results then carry its name

Conventions: a choice is `(name, path or None, device)`. What `judges.use_judge` was told in this process counts too, an
explicit choice before it. An identity is `name@digest`, or the name alone where the judge is absent.

Contents: `TIMEOUT`, `Choice`, `parse_judges`, `choices`, `placed`, `tell_judges`, `identities`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from ..errors import MissingResource, UnknownName, UsageError
from ..judges import chosen_judges, get_judge, judge_identity, use_judge
from ..metrics import Metric

TIMEOUT = 1800.0  # seconds for one answer under all metrics; a long video under a large judge takes minutes

Choice = tuple[str, str | None, str]


def parse_judges(given: Sequence[str]) -> dict[str, str]:
    """`NAME=PATH` texts as a mapping, checked before any work.

    Raises:
        UsageError: another form, or one judge twice.
        UnknownName, MissingResource, BadFile: no such judge, or not its weights.
    """
    found: dict[str, str] = {}
    for text in [given] if isinstance(given, str) else given:
        name, equals, path = text.partition("=")
        if not equals or not name or not path:
            raise UsageError(f"--judge is NAME=PATH, not {text!r}.")
        if name in found:
            raise UsageError(f"The judge {name} was given two paths.")
        get_judge(name)
        judge_identity(name, path)
        found[name] = path
    return found


def choices(given: Mapping[str, str], instead: Mapping[str, str] | None = None) -> tuple[Choice, ...]:
    """Every judge that is not to be taken from its usual place.

    Args:
        given: paths by name, as `parse_judges` gives them.
        instead: judges that stand in for others where nobody says otherwise, by name.
    """
    found = {name: (name, other, "cpu") for name, other in (instead or {}).items()}
    found |= {name: (name, path, device) for name, (path, device) in chosen_judges().items()}
    found |= {name: (name, path, "cpu") for name, path in given.items()}
    return tuple(found.values())


def placed(chosen: tuple[Choice, ...], metrics: Iterable[Metric], device: str) -> tuple[Choice, ...]:
    """The same choices with every judge that the metrics ask for on a device; on the CPU they are there already."""
    if device == "cpu":
        return chosen
    usual = {metric.judge: (metric.judge, None, device) for metric in metrics if metric.judge}
    return tuple({**usual, **{name: (name, path, device) for name, path, _ in chosen}}.values())


@cache
def tell_judges(chosen: tuple[Choice, ...]) -> Mapping[str, str]:
    """Choose judges in this process, once.

    Returns:
        For each that is absent the sentence how to get it.
    """
    absent = {}
    # who stands in for another is asked for its weights, so those are told first
    for name, path, device in sorted(chosen, key=lambda one: one[1] in _known()):
        try:
            use_judge(name, path, device)
        except (MissingResource, UnknownName) as error:
            absent[name] = str(error)
    return absent


def identities(metrics: Iterable[Metric], chosen: tuple[Choice, ...]) -> dict[str, str]:
    """Who judges, by the name of the judge that the metrics ask for.

    Raises:
        BadFile: a judge is there and not what its name says.
    """
    paths = {name: path for name, path, _ in chosen}
    return {name: _identity(name, paths) for name in dict.fromkeys(m.judge for m in metrics if m.judge)}


def _identity(name: str, paths: Mapping[str, str | None]) -> str:
    path = paths.get(name)
    if path in paths and path in _known():  # one that stands in for another, and whose own weights were chosen too
        name, path = path, paths[path]
    try:
        return judge_identity(name, path)
    except MissingResource:
        return path if path is not None and path in _known() else name
    except UnknownName:
        return name


@cache
def _known() -> frozenset[str]:
    from ..judges import list_judges

    return frozenset(list_judges())
