"""What a metric is, and what a score is.

Conventions: the argument order is `(estimate, reference)` everywhere. A *formula* gives raw values; a `Metric` puts the
guard of its kind before it and the floor and the cap behind it. Metrics that hold the same formula share its work.

What one trial leaves behind are *parts*; `Metric.pool` makes the corpus value of them and divides once. For most
metrics a part is a value and the corpus value their mean; a word error rate keeps counts, a Fréchet distance features.

Statuses of a score (DESIGN, promise 1): `ok`; `failed` (fault of the system, scored at the floor); `void` (fault of the
reference, for every system alike); `error` (fault of the machine, retried); `not-applicable` (something is not
installed, the reason says how to get it).

Contents: `Parts`, `Metric`, `Score`, `mean_of_values`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..errors import EstimateFault, ReferenceFault, Unscorable
from .kinds import Kind

Parts = dict[str, float | np.ndarray]
"""What one trial leaves behind to be pooled. `value` is its own value, bounded, where a single trial has one."""

Formula = Callable[[Any, Any], Mapping[str, float | Parts]]


def mean_of_values(parts: Sequence[Parts]) -> float:
    """The corpus value of a metric that is a mean over trials.

    Raises:
        ValueError: there is nothing to pool; an empty mean is not 0.
    """
    if not parts:
        raise ValueError("a mean over no trials does not exist")
    return math.fsum(part["value"] for part in parts) / len(parts)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named judgement of an estimate, against a reference or alone.

    Args:
        name: pins the definition; a change of meaning gets a new name.
        title: one line for people.
        unit: of the stored value, e.g. `"dB"`, `"MOS-LQO"`, or `""` for a rate 0–1.
        higher_is_better: direction.
        low: the lowest raw value the formula can give.
        high: the highest raw value the formula can give.
        floor: what a failed trial scores, and the least value that is reported; None where a failed trial leaves no
            value at all (`whole`).
        cap: the highest value that is reported (flagged `capped`), or None.
        source: paper and equation, or standard.
        implementation: what computes it.
        kind: what is compared with what, and the guard.
        formula: `(estimate, reference) -> {metric name: raw value or parts}`, after the guard.
        rates: rates in Hz at which the formula works; empty = any. Other material is resampled to the highest one.
        shortest: seconds of sound below which nothing can be scored.
        parallel: whether threads speed it up (`"thread"`) or only processes do (`"process"`).
        percent: the field prints it in %.
        digits: decimals to print, in the printed unit.
        relevance: the smallest difference of corpus values that matters to anyone; a gate lets a smaller loss pass.
            Zero where nobody has said, and then every loss that is no chance matters.
        version: raised when a repair moves values without changing what is meant.
        judge: name of the pretrained judge that it needs, or None.
        whole: judges a set: one failed output leaves no number.
        fit: refuses a reference that the judge can score nobody against, with a `ReferenceFault`; or None.
        failed: the parts of a failed trial, from its reference; `{"value": floor}` unless given.
        pool: corpus value from the parts of all trials; raises `ReferenceFault` where they cannot have one.
    """

    name: str
    title: str
    unit: str = ""
    higher_is_better: bool
    low: float
    high: float
    floor: float | None
    cap: float | None = None
    source: str
    implementation: str
    kind: Kind
    formula: Formula
    rates: tuple[int, ...] = ()
    shortest: float = 0.0
    parallel: Literal["thread", "process"] = "thread"
    percent: bool = False
    digits: int = 2
    relevance: float = 0.0
    version: int = 1
    judge: str | None = None
    whole: bool = False
    fit: Callable[[Any], None] | None = None
    failed: Callable[[Any], Parts] | None = None
    pool: Callable[[Sequence[Parts]], float] = mean_of_values

    @property
    def identity(self) -> str:
        """What a run's identity holds of this metric, e.g. `stoi@1`."""
        return f"{self.name}@{self.version}"

    def measure(self, estimate: Any, reference: Any = None) -> Parts:
        """Score one estimate.

        Args:
            estimate: what the system made; of the type that `kind` states, as is the reference.
            reference: what it should have made; None where the kind has none.

        Returns:
            `{"value": bounded value, "raw": raw value}`, `raw` left out where it is infinite; or the parts that the
            formula gives.

        Raises:
            EstimateFault: fault of the system.
            ReferenceFault: fault of the reference, whatever the estimate is.
            MachineFault: the machine failed.
            MissingResource: a judge or a package is absent.
        """
        return Score.of(self, self._guarded(estimate, reference)).parts

    def raw(self, estimate: Any, reference: Any = None) -> float:
        """The raw value of the formula, guarded. Same arguments and errors as `measure`.

        Raises:
            TypeError: this metric has parts and no raw value.
        """
        found = self._guarded(estimate, reference)
        if isinstance(found, Mapping):
            raise TypeError(f"{self.name} has parts: use measure")
        return found

    def _guarded(self, estimate: Any, reference: Any) -> float | Parts:
        self.kind.check_reference(reference)
        return self.values(estimate, reference, self.kind.find_fault(estimate, reference))[self.name]

    def values(self, estimate: Any, reference: Any, fault: EstimateFault | None) -> Mapping[str, float | Parts]:
        """Raw values or parts of every metric that shares this formula.

        Args:
            estimate: as for `measure`.
            reference: has passed `kind.check_reference`.
            fault: what `kind.find_fault` found.

        Raises:
            EstimateFault, ReferenceFault, MachineFault, NotApplicable, MissingResource: as for `measure`.
        """
        if self.kind.timed == "reference":
            self.kind.check_length(estimate, reference, self.shortest)
        if self.fit is not None:
            self.fit(reference)
        try:
            if fault is not None:
                raise fault
            self.kind.check_length(estimate, reference, self.shortest)
            return self.formula(self.kind.ready(estimate, self.rates), self.kind.ready(reference, self.rates))
        except EstimateFault:
            self.acquit(reference)
            raise

    def acquit(self, reference: Any) -> None:
        """Make sure that the reference is fit, by scoring the perfect answer to it where there is one.

        Blame must not depend on the system: a reference that not even that can be scored against is void for all.

        Raises:
            ReferenceFault: it cannot.
        """
        if self.kind.perfect is None:
            return
        reference = self.kind.ready(reference, self.rates)
        try:
            self.formula(self.kind.perfect(reference), reference)
        except (EstimateFault, ReferenceFault) as fault:
            raise ReferenceFault(fault.reason) from fault

    def parts_of_failure(self, reference: Any) -> Parts:
        """What a failed trial leaves behind to be pooled; nothing where one failure leaves no number."""
        if self.failed is not None:
            return self.failed(reference)
        return {} if self.whole or self.floor is None else {"value": self.floor}

    def bounded(self, raw: float) -> tuple[float, tuple[str, ...]]:
        """The value that is reported for a raw one, and the flags this earns.

        Returns:
            `max(raw, floor)`, at most the cap; flags of `("floored",)`, `("capped",)` or none. For a metric where
            lower is better the floor is the highest value.

        Raises:
            EstimateFault: the raw value is not a number, or infinite where nothing bounds it.
        """
        if math.isnan(raw):
            raise EstimateFault(f"{self.name} gave no number for this estimate")
        if self.floor is not None and ((raw < self.floor) if self.higher_is_better else (raw > self.floor)):
            return self.floor, ("floored",)
        if self.cap is not None and ((raw > self.cap) if self.higher_is_better else (raw < self.cap)):
            return self.cap, ("capped",)
        if math.isinf(raw):
            raise EstimateFault(f"{self.name} is infinite for this estimate")
        return raw, ()


@dataclass(frozen=True)
class Score:
    """What one trial got under one metric.

    Args:
        status: `ok`, `failed`, `void`, `error` or `not-applicable`.
        value: bounded value; the floor where failed; None where a single trial has none.
        raw: what the formula gave, or None where it gave nothing or nothing finite.
        reason: why the status is not `ok`, one sentence; empty where it is.
        flags: of `floored`, `capped`, `resampled`.
        more: parts beside `value` and `raw`, where the metric has such.
    """

    status: str
    value: float | None
    raw: float | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()
    more: Mapping[str, float | np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, metric: Metric, found: float | Parts, flags: tuple[str, ...] = ()) -> "Score":
        """The score that belongs to what a formula gave: a raw value, or parts.

        A value that is pooled itself is bounded here; a rate beside the counts that are pooled stays as it is.

        Raises:
            EstimateFault: something that is pooled is not finite. What only stands beside it is left out then.
        """
        parts = found if isinstance(found, Mapping) else {"value": found, "raw": found}
        finite = {name: part for name, part in parts.items() if np.isfinite(part).all()}
        value, earned = finite.get("value"), ()
        if metric.pool is mean_of_values:
            value, earned = metric.bounded(parts["value"])
            if value == metric.cap and parts is found:  # a mean over frames, each of which was capped
                earned = ("capped",)
        elif lost := sorted(parts.keys() - finite.keys() - {"raw"}):
            raise EstimateFault(f"{metric.name} gave no finite {lost[0]} for this estimate")
        more = {name: part for name, part in finite.items() if name not in ("value", "raw")}
        return cls("ok", value, finite.get("raw"), flags=flags + earned, more=more)

    @classmethod
    def without(cls, metric: Metric, fault: Unscorable, reference: Any, flags: tuple[str, ...] = ()) -> "Score":
        """The score that belongs to a fault."""
        parts = metric.parts_of_failure(reference) if fault.status == "failed" else {}
        more = {name: part for name, part in parts.items() if name != "value"}
        return cls(fault.status, parts.get("value"), reason=fault.reason, flags=flags, more=more)

    @property
    def parts(self) -> Parts:
        """What `Metric.pool` takes of this score; empty where there is nothing to pool."""
        parts = {"value": self.value, "raw": self.raw, **self.more}
        return {name: part for name, part in parts.items() if part is not None}
