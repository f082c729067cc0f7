"""What a metric is, and what a score is.

Conventions: the argument order is `(estimate, reference)` everywhere. A *formula* gives raw values; a `Metric` puts the
guard before it and the floor and the cap behind it. Metrics that hold the same formula share its work.

Statuses of a score (DESIGN, promise 1): `ok`; `failed` (fault of the system, scored at the floor); `void` (fault of the
reference, for every system alike); `error` (fault of the machine, retried); `not-applicable` (something is not
installed, the reason says how to get it).

Contents: `Parts`, `Metric`, `Score`, `mean_of_values`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import EstimateFault, ReferenceFault, Unscorable
from ..types import Audio
from . import guard

Parts = dict[str, float]
"""What one trial leaves behind: `value`, bounded and ready to be pooled, and `raw` where the raw value is finite."""

Formula = Callable[[Audio, Audio], Mapping[str, float]]


def mean_of_values(parts: Sequence[Parts]) -> float:
    """The corpus value of a metric that is a mean over trials.

    Raises:
        ValueError: there is nothing to pool; an empty mean is not 0.
    """
    if not parts:
        raise ValueError("a mean over no trials does not exist")
    return math.fsum(part["value"] for part in parts) / len(parts)


@dataclass(frozen=True)
class Metric:
    """A named judgement of an estimate against a reference.

    Args:
        name: pins the definition; a change of meaning gets a new name.
        title: one line for people.
        unit: of the stored value, e.g. `"dB"`, `"MOS-LQO"`, or `""` for a rate 0–1.
        higher_is_better: direction.
        low: the lowest raw value the formula can give.
        high: the highest raw value the formula can give.
        floor: what a failed trial scores, and the least value that is reported.
        cap: the highest value that is reported (flagged `capped`), or None.
        source: paper and equation, or standard.
        implementation: what computes it.
        rates: rates in Hz at which the formula works; empty = any. Other material is resampled to the highest one.
        shortest: seconds below which nothing can be scored.
        formula: `(estimate, reference) -> {metric name: raw value}`, after the guard.
        parallel: whether threads speed it up (`"thread"`) or only processes do (`"process"`).
        percent: the field prints it in %.
        digits: decimals to print, in the printed unit.
        version: raised when a repair moves values without changing what is meant.
        pool: corpus value from the parts of all trials.
    """

    name: str
    title: str
    unit: str
    higher_is_better: bool
    low: float
    high: float
    floor: float
    cap: float | None
    source: str
    implementation: str
    rates: tuple[int, ...]
    shortest: float
    formula: Formula
    parallel: Literal["thread", "process"]
    percent: bool
    digits: int
    version: int = 1
    pool: Callable[[Sequence[Parts]], float] = mean_of_values

    @property
    def identity(self) -> str:
        """What a run's identity holds of this metric, e.g. `stoi@1`."""
        return f"{self.name}@{self.version}"

    def measure(self, estimate: Audio, reference: Audio) -> Parts:
        """Score one estimate.

        Args:
            estimate: what the system made.
            reference: what it should have made; same rate, same number of samples.

        Returns:
            `{"value": bounded value, "raw": raw value}`; `raw` is left out where it is infinite.

        Raises:
            EstimateFault: fault of the system.
            ReferenceFault: fault of the reference, whatever the estimate is.
            MachineFault: the machine failed.
        """
        return self.parts(self.raw(estimate, reference))

    def raw(self, estimate: Audio, reference: Audio) -> float:
        """The raw value of the formula, guarded. Same arguments and errors as `measure`."""
        guard.check_reference(reference)
        return self.values(estimate, reference, guard.find_fault(estimate, reference))[self.name]

    def values(self, estimate: Audio, reference: Audio, fault: EstimateFault | None) -> Mapping[str, float]:
        """Raw values of every metric that shares this formula.

        Args:
            estimate: as for `measure`.
            reference: has passed `guard.check_reference`.
            fault: what `guard.find_fault` found.

        Raises:
            EstimateFault, ReferenceFault, MachineFault, NotApplicable: as for `measure`.
        """
        guard.check_length(reference, self.shortest)
        try:
            if fault is not None:
                raise fault
            return self.formula(guard.at_rate(estimate, self.rates), guard.at_rate(reference, self.rates))
        except EstimateFault:
            self.acquit(reference)
            raise

    def acquit(self, reference: Audio) -> None:
        """Make sure that the reference is fit, by scoring it against itself.

        Blame must not depend on the system: a reference that cannot be scored even against itself is void for all.

        Raises:
            ReferenceFault: it cannot.
        """
        reference = guard.at_rate(reference, self.rates)
        try:
            self.formula(reference, reference)
        except (EstimateFault, ReferenceFault) as fault:
            raise ReferenceFault(fault.reason) from fault

    def parts(self, raw: float) -> Parts:
        """What is kept of a raw value."""
        value, _ = self.bounded(raw)
        return {"value": value, "raw": raw} if math.isfinite(raw) else {"value": value}

    def bounded(self, raw: float) -> tuple[float, tuple[str, ...]]:
        """The value that is reported for a raw one, and the flags this earns.

        Returns:
            `max(raw, floor)`, at most the cap; flags of `("floored",)`, `("capped",)` or none. For a metric where
            lower is better the floor is the highest value.

        Raises:
            EstimateFault: the raw value is not a number.
        """
        if math.isnan(raw):
            raise EstimateFault(f"{self.name} gave no number for this estimate")
        if (raw < self.floor) if self.higher_is_better else (raw > self.floor):
            return self.floor, ("floored",)
        if self.cap is not None and ((raw > self.cap) if self.higher_is_better else (raw < self.cap)):
            return self.cap, ("capped",)
        return raw, ()


@dataclass(frozen=True)
class Score:
    """What one trial got under one metric.

    Args:
        status: `ok`, `failed`, `void`, `error` or `not-applicable`.
        value: bounded value; the floor where failed; None where there is nothing to pool.
        raw: what the formula gave, or None where it gave nothing or nothing finite.
        reason: why the status is not `ok`, one sentence; empty where it is.
        flags: of `floored`, `capped`, `resampled`.
    """

    status: str
    value: float | None
    raw: float | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()

    @classmethod
    def of(cls, metric: Metric, raw: float, flags: tuple[str, ...] = ()) -> "Score":
        """The score that belongs to a raw value."""
        value, earned = metric.bounded(raw)
        return cls("ok", value, raw if math.isfinite(raw) else None, flags=flags + earned)

    @classmethod
    def without(cls, metric: Metric, fault: Unscorable, flags: tuple[str, ...] = ()) -> "Score":
        """The score that belongs to a fault."""
        value = metric.floor if fault.status == "failed" else None
        return cls(fault.status, value, reason=fault.reason, flags=flags)

    @property
    def parts(self) -> Parts:
        """What `Metric.pool` takes of this score; empty where there is nothing to pool."""
        parts = {"value": self.value, "raw": self.raw}
        return {name: number for name, number in parts.items() if number is not None}
