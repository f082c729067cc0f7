"""Conditions: from the text of `--snr` and `--set` to the list of what every clip is rendered at.

Conventions: an SNR is a float in dB or the word `"clean"`; a condition maps each axis that was asked for to one value;
an axis that nobody set is not part of the condition.

Contents: `parse_snr`, `parse_axes`, `axes_of`, `fill_axes`, `parse_settings`, `name_folders`, `conditions`,
`marginals`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import product
from pathlib import Path
from typing import Any

from ..data.noises.rooms import RoomFolder, open_rooms
from ..errors import UnknownName, UsageError
from ..protocols import AXES, PROTOCOLS, Plan, Protocol
from ..protocols.additive_noise import FURTHEST_DB
from ..tasks import Task

FOLDER = "folder:"
GRAMMAR = "write a range A:B[:STEP] such as -15:5, a list such as -5,0,2.5, or clean"
LOUDEST = int(FURTHEST_DB)  # beyond it 16-bit samples hold either no speech or no noise
MOST = 200  # values of one axis
DECIMALS = 3  # of an SNR; trial ids hold six digits, and two trials must not share one

Snr = str | float | int | Sequence[str | float | int]


def parse_snr(value: Snr) -> tuple[float | str, ...]:
    """The SNRs that a text, a number or a list of them stands for.

    Args:
        value: `"-15:5"`, `"-15:5:2.5"`, `"-5,0,5"`, `"clean"`, `-5`, `[-5, "clean"]`. A range ascends by STEP, 5 dB
            unless given, and must hit its end exactly.

    Returns:
        dB as floats, or `"clean"`, in the order given.

    Raises:
        UsageError: not of this grammar, empty, twice the same value, out of range, more than three decimals.

    Example:
        >>> parse_snr("-15:5")
        (-15.0, -10.0, -5.0, 0.0, 5.0)
        >>> parse_snr("clean,2.5")
        ('clean', 2.5)
    """
    parts = [value] if isinstance(value, str | float | int) else list(value)
    texts = [text for part in parts for text in str(part).split(",")]
    values: list[float | str] = []
    for text in texts:
        values.extend(_range(text.strip()) if ":" in text else [_one(text.strip())])
    if not values:
        raise UsageError(f"No SNR was given: {GRAMMAR}.")
    _refuse_duplicates("SNR", values)
    if len(values) > MOST:
        raise UsageError(f"{len(values)} SNRs are more than the {MOST} that one run takes.")
    return tuple(values)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"The SNR {text!r} is not a number: {GRAMMAR}.") from None
    if not number.is_finite() or number.copy_abs() > LOUDEST:
        raise UsageError(f"The SNR {text!r} is outside -{LOUDEST} to {LOUDEST} dB.")
    if number != round(number, DECIMALS):
        raise UsageError(f"The SNR {text!r} has more than {DECIMALS} decimals.")
    return number


def _one(text: str) -> float | str:
    return "clean" if text == "clean" else float(_number(text)) + 0.0  # + 0.0 turns -0.0 into 0.0


def _range(text: str) -> list[float | str]:
    fields = text.split(":")
    if len(fields) not in (2, 3):
        raise UsageError(f"The SNR range {text!r} has {len(fields)} parts: {GRAMMAR}.")
    first, last = _number(fields[0]), _number(fields[1])
    step = _number(fields[2]) if len(fields) == 3 else Decimal(5)
    if step <= 0:
        raise UsageError(f"The step of the SNR range {text!r} must be above 0.")
    if first > last:
        raise UsageError(f"The SNR range {text!r} must ascend: write {fields[1]}:{fields[0]}.")
    count, rest = divmod(last - first, step)
    if rest != 0:
        near = first + count * step
        raise UsageError(
            f"The SNR range {text!r} does not hit {fields[1]} in steps of {step} dB: end it at {near}, or give a step."
        )
    if count >= MOST:
        raise UsageError(f"The SNR range {text!r} has {int(count) + 1} values; one run takes at most {MOST}.")
    return [float(first + i * step) + 0.0 for i in range(int(count) + 1)]


def _refuse_duplicates(axis: str, values: Sequence[Any]) -> None:
    twice = next((v for i, v in enumerate(values) if v in values[:i]), None)
    if twice is not None:
        raise UsageError(f"The {axis} {shown(twice)} was given twice.")


def parse_axes(
    task: Task, snr: Snr | None = None, settings: Sequence[str] | Mapping[str, Any] = ()
) -> dict[str, tuple]:
    """Every axis that was asked for, with its values; the SNR comes first. What nobody set a plan decides.

    Args:
        task: says which axes there are.
        snr: as for `parse_snr`; None where it was not set.
        settings: texts `"axis=value[,value…]"`, or a mapping from axis to text or list.

    Raises:
        UsageError: an axis the task lacks or that was set twice, an unknown value.
    """
    if isinstance(settings, str):
        settings = [settings]
    pairs = list(settings.items()) if isinstance(settings, Mapping) else [_setting(text) for text in settings]
    if snr is not None:
        pairs.insert(0, ("snr", snr))
    axes: dict[str, tuple] = {}
    allowed = axes_of(task)
    for axis, value in pairs:
        if axis not in allowed:
            if axis == "snr":
                raise UsageError(f"The task {task.name} has no noise, so it has no SNR to set.")
            raise UnknownName(f"axis of the task {task.name}", axis, allowed)
        if axis in axes:
            raise UsageError(f"The axis {axis} was set twice.")
        axes[axis] = _values(axis, value, allowed[axis])
    return axes


def axes_of(task: Task) -> dict[str, tuple[str, ...] | None]:
    """Every axis that a task can vary, those of its protocol, with its words; None for numbers and a plan's own."""
    protocol = PROTOCOLS[task.protocol]
    return {axis: task.axes.get(axis, AXES[axis].words) for axis in protocol.axes if axis != "snr" or task.noise}


def fill_axes(axes: Mapping[str, tuple], protocol: Protocol, plan: Plan) -> dict[str, tuple]:
    """The axes that were set, and those that a protocol must be told, at all values that the plan was drawn for.

    Args:
        axes: as `parse_axes` gives them.
        protocol: of the plan.
        plan: says what it was drawn for.

    Returns:
        In the order in which the plan's record has them, then the others as they were set.

    Raises:
        UnknownName: a value that only a plan can know, and this one does not.
        UsageError: an SNR where the plan adds no noise.
    """
    if not plan.snr and set(axes.get("snr", ())) - {"clean"}:
        raise UsageError(f"The plan {plan.name} adds no noise, so it has no SNR to set.")
    hearings = protocol.hearings(plan)
    drawn = {axis: tuple(dict.fromkeys(each[axis] for each in hearings)) for axis in (hearings[0] if hearings else {})}
    for axis in ("noise", "guidance", "identity", "reference"):
        foreign = [value for value in axes.get(axis, ()) if value not in drawn.get(axis, ())]
        if foreign:
            raise UnknownName(f"{axis} in the plan {plan.name}", str(foreign[0]), map(str, drawn.get(axis, ())))
    return {**{axis: axes.get(axis, values) for axis, values in drawn.items()}, **axes}


def parse_settings(protocol: Protocol, settings: Sequence[str]) -> dict[str, tuple]:
    """Further axes for a rendering without a task: texts `"axis=value[,value…]"`.

    Args:
        protocol: says which axes there are; the SNR has an option of its own.
        settings: the texts.

    Raises:
        UsageError: an axis the protocol lacks or that was set twice, an unknown value.
    """
    allowed = {axis: AXES[axis].words for axis in protocol.axes if axis != "snr"}
    axes: dict[str, tuple] = {}
    for axis, value in map(_setting, settings):
        if axis not in allowed:
            raise UnknownName(f"axis of the protocol {protocol.name}", axis, allowed)
        if axis in axes:
            raise UsageError(f"The axis {axis} was set twice.")
        axes[axis] = _values(axis, value, allowed[axis])
    return axes


def _setting(text: str) -> tuple[str, str]:
    axis, equals, value = text.partition("=")
    if not equals or not axis.strip() or not value.strip():
        raise UsageError(f"--set {text!r} is not of the form AXIS=VALUE[,VALUE…].")
    return axis.strip(), value.strip()


def _values(axis: str, value: Any, allowed: Sequence[str] | None) -> tuple:
    if axis == "snr":
        return parse_snr(value)
    return _integers(axis, value) if allowed is None and axis != "noise" else _words(axis, value, allowed)


def _integers(axis: str, value: Any) -> tuple[int, ...]:
    texts = str(value).split(",") if isinstance(value, str | int) else list(value)
    try:
        numbers = [int(text) for text in texts]
    except ValueError:
        raise UsageError(f"The axis {axis} takes whole numbers, not {value!r}.") from None
    _refuse_duplicates(axis, numbers)
    return tuple(numbers)


def _words(axis: str, value: str | Sequence[str], allowed: Sequence[str] | None) -> tuple[str, ...]:
    words = [w.strip() for w in value.split(",")] if isinstance(value, str) else [str(w) for w in value]
    for word in words if allowed is not None else ():  # the words of some axes are known to the plan alone
        if word not in allowed and not ("folder:PATH" in allowed and word.removeprefix("folder:") not in ("", word)):
            raise UnknownName(f"value of the axis {axis}", word, allowed)
    _refuse_duplicates(axis, words)
    return tuple(words)


def name_folders(axes: Mapping[str, tuple]) -> tuple[dict[str, tuple], dict[str, str]]:
    """Name folders of rooms by what they hold instead of where they lie, which decides nothing.

    Returns:
        The axes with `folder:NAME@FINGERPRINT` for `folder:PATH`; and the value as typed for each such name.

    Raises:
        MissingResource, BadFile: no such folder, nothing in it.
        UsageError: two folders hold the same, or one has changed since this program first read it.
    """
    typed: dict[str, str] = {}

    def named(value: Any) -> Any:
        if not str(value).startswith(FOLDER):
            return value
        path = value.removeprefix(FOLDER)
        mark = RoomFolder(path).fingerprint
        if mark != open_rooms(path).fingerprint:  # which is read once in a process, and then kept
            raise UsageError(f"The folder {path} has changed since this program first read it: start it anew.")
        if any(name.endswith(f"@{mark[:8]}") for name in typed):
            raise UsageError(f"The folder {path} holds the same rooms as another value of the axis: name one of them.")
        name = f"{FOLDER}{Path(path).resolve().name}@{mark[:8]}"
        typed[name] = value
        return name

    return {axis: tuple(named(value) for value in values) for axis, values in axes.items()}, typed


def conditions(axes: Mapping[str, tuple]) -> list[dict[str, Any]]:
    """Every combination of the values of the axes, the first axis slowest."""
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def marginals(axes: Mapping[str, tuple]) -> Iterator[dict[str, Any]]:
    """The conditions that a summary reports on: each value of each axis, then full combinations, then `{}` for all.

    Example:
        >>> list(marginals({"snr": (0.0, 5.0)}))
        [{'snr': 0.0}, {'snr': 5.0}, {}]
    """
    for axis, values in axes.items():
        for value in values:
            yield {axis: value}
    if len(axes) > 1:
        yield from conditions(axes)
    yield {}


def plain(value: Any) -> Any:
    """A condition value for JSON: whole numbers as integers, everything else as it is."""
    return int(value) if isinstance(value, float) and math.isfinite(value) and value == int(value) else value


def shown(value: Any) -> str:
    """A condition value for people: `-15`, `2.5`, `clean`."""
    return str(plain(value))
