"""Several metrics of one trial in one pass.

The guard of each kind looks at the trial once, and metrics that share a formula (STOI and ESTOI, the two SI-SDR) share
its work. Nothing that can go wrong with one trial escapes: it ends in the status of a `Score`.

Contents: `measure_all`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import EstimateFault, MachineFault, MissingResource, NotApplicable, ReferenceFault, Unscorable
from ..types import Audio
from .kinds import Kind
from .metric import Metric, Parts, Score


def measure_all(
    names: Iterable[str], estimate: Any, reference: Any = None, *, missing: str = "there is no estimate"
) -> dict[str, Score]:
    """Score one estimate under several metrics.

    Args:
        names: of metrics.
        estimate: what the system made, or None where it made nothing. Where metrics look at different things, a
            mapping from the name of a kind to what that kind compares; so too for the reference.
        reference: what it should have made; None for kinds that have none.
        missing: why there is no estimate, where there is none: a crash, a time-out.

    Returns:
        A score for each name, in order. A fault of the reference comes before any fault of the estimate, so that
        which trials are void does not depend on the system.

    Raises:
        UnknownName: a name that no metric has.
    """
    from . import get_metric

    metrics = [get_metric(name) for name in names]
    sides = {m.kind.name: (_of(estimate, m.kind), _of(reference, m.kind)) for m in metrics}
    found = {m.kind.name: _look(m.kind, *sides[m.kind.name], missing) for m in metrics}
    done: dict[object, Mapping[str, float | Parts] | Unscorable] = {}
    scores = {}
    for metric in metrics:
        mine, other = sides[metric.kind.name]
        if metric.formula not in done:
            done[metric.formula] = _values_or_fault(metric, mine, other, found[metric.kind.name])
        scores[metric.name] = _score(metric, done[metric.formula], mine, other)
    return scores


def _of(thing: Any, kind: Kind) -> Any:
    return thing.get(kind.name) if isinstance(thing, Mapping) else thing


def _look(kind: Kind, estimate: Any, reference: Any, missing: str) -> Unscorable | None:
    """What the guard of a kind finds; a `ReferenceFault` comes first."""
    try:
        kind.check_reference(reference)
    except ReferenceFault as fault:
        return fault
    return EstimateFault(missing) if estimate is None else kind.find_fault(estimate, reference)


def _score(metric: Metric, values: Mapping[str, float | Parts] | Unscorable, estimate: Any, reference: Any) -> Score:
    sounds = [thing for thing in (estimate, reference) if isinstance(thing, Audio)]
    foreign = bool(metric.rates) and any(thing.rate not in metric.rates for thing in sounds)
    heard = estimate is not None and not isinstance(values, ReferenceFault)
    flags = ("resampled",) if foreign and heard else ()
    if isinstance(values, Unscorable):
        return Score.without(metric, values, reference, flags)
    try:
        return Score.of(metric, values[metric.name], flags)
    except EstimateFault as fault:
        return Score.without(metric, fault, reference, flags)


def _values_or_fault(
    metric: Metric, estimate: Any, reference: Any, found: Unscorable | None
) -> Mapping[str, float | Parts] | Unscorable:
    """What the formula of a metric gives, or the fault that it ends in."""
    if isinstance(found, ReferenceFault):
        return found
    try:
        return metric.values(estimate, reference, found)
    except Unscorable as fault:
        return fault
    except MissingResource as lack:
        return NotApplicable(str(lack))
    except Exception as error:
        # Neither signal is known to be at fault, so this may not cost the system anything; the row stays incomplete.
        return MachineFault(f"{metric.name} broke off with {type(error).__name__}: {error}")
