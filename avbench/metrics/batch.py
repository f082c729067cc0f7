"""Several metrics of one pair in one pass.

The guard looks at the pair once, and metrics that share a formula (STOI and ESTOI, the two SI-SDR) share its work.
Nothing that can go wrong with one pair escapes: it ends in the status of a `Score`.

Contents: `measure_all`.
"""

from collections.abc import Iterable, Mapping

from ..errors import EstimateFault, MachineFault, MissingResource, NotApplicable, ReferenceFault, Unscorable
from ..types import Audio
from . import guard
from .metric import Metric, Score


def measure_all(
    names: Iterable[str], estimate: Audio | None, reference: Audio, *, missing: str = "there is no estimate"
) -> dict[str, Score]:
    """Score one estimate under several metrics.

    Args:
        names: of metrics.
        estimate: what the system made, or None where it made nothing.
        reference: what it should have made.
        missing: why there is no estimate, where there is none: a crash, a time-out.

    Returns:
        A score for each name, in order. A fault of the reference comes before any fault of the estimate, so that
        which trials are void does not depend on the system.

    Raises:
        UnknownName: a name that no metric has.
    """
    from . import get_metric

    metrics = [get_metric(name) for name in names]
    try:
        guard.check_reference(reference)
    except ReferenceFault as fault:
        return {metric.name: Score.without(metric, fault) for metric in metrics}
    found = EstimateFault(missing) if estimate is None else guard.find_fault(estimate, reference)
    done: dict[object, Mapping[str, float] | Unscorable] = {}
    scores = {}
    for metric in metrics:
        if metric.formula not in done:
            done[metric.formula] = _values_or_fault(metric, estimate, reference, found)
        flags = () if not metric.rates or reference.rate in metric.rates else ("resampled",)
        scores[metric.name] = _score(metric, done[metric.formula], flags)
    return scores


def _score(metric: Metric, values: Mapping[str, float] | Unscorable, flags: tuple[str, ...]) -> Score:
    if isinstance(values, Unscorable):
        return Score.without(metric, values, flags)
    try:
        return Score.of(metric, values[metric.name], flags)
    except EstimateFault as fault:
        return Score.without(metric, fault, flags)


def _values_or_fault(
    metric: Metric, estimate: Audio | None, reference: Audio, found: EstimateFault | None
) -> Mapping[str, float] | Unscorable:
    """What the formula of a metric gives, or the fault that it ends in."""
    try:
        return metric.values(estimate, reference, found)
    except Unscorable as fault:
        return fault
    except MissingResource as lack:
        return NotApplicable(str(lack))
    except Exception as error:
        # Neither signal is known to be at fault, so this may not cost the system anything; the row stays incomplete.
        return MachineFault(f"{metric.name} broke off with {type(error).__name__}: {error}")
