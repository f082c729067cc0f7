"""Results as tables and figures: for each metric a card of both.

Conventions: columns are the values of the first axis (the SNR where there is one) and `all`; further axes make lines of
their own, below the line that pools them. Values are text in the printed unit; `sort` is the stored value. Anchors are
grey; the first `COLOURS` systems have colours and curves, more would hide each other.

Contents: `Cell`, `Line`, `Card`, `Judged`, `Entry`, `entries_of`, `judged_of`, `cards_of`, `legend_of`, `columns_of`,
`facts_of`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from markupsafe import Markup

from ...evaluation.conditions import shown
from ...evaluation.examinee import truth_of
from ...evaluation.runs import Run
from ...evaluation.summary import coverage
from ...evaluation.table import column_title, printed
from ...metrics import METRICS, Metric, get_metric
from .figures import COLOURS, Point, Series, curves, dots

EXTREMES = {"silence", "constant", *map(truth_of, ("audio", "text", "scores", "video"))}
Axes = Mapping[str, Sequence[Any]]
Value = Mapping[str, Any]
Column = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Cell:
    """A value as the table shows it: text, half of its interval, what it is sorted by, what the pointer is told."""

    text: str
    half: str = ""
    sort: float | None = None
    title: str = ""
    incomplete: bool = False


@dataclass(frozen=True)
class Line:
    """A line of a table: a system, perhaps at one setting of the further axes."""

    entry: "Entry"
    setting: str
    cells: tuple[Cell, ...]
    coverage: str
    rank: str = ""


@dataclass(frozen=True)
class Card:
    """A metric: what it is, its figure, its table."""

    metric: str
    title: str
    unit: str
    higher_is_better: bool
    judge: str
    figure: Markup
    outside: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    ranked: bool


@dataclass(frozen=True)
class Judged:
    """A metric in one version by one judge; `key` is what an entry finds its values by."""

    key: Any
    metric: Metric
    judge: str = ""


@dataclass(frozen=True)
class Entry:
    """A system with its values.

    Args:
        name: as shown.
        anchor: made by the runner.
        colour: number, or None for grey.
        drawn: has a curve.
        find: a pooled value by the key of the metric and a condition: a row of a summary, or None.
        unranked: why, or nothing.
        rank: by the key of the metric, where there are ranks.
        link: to the page of its run.
    """

    name: str
    anchor: bool
    colour: int | None
    find: Callable[[Any, Mapping[str, Any]], Value | None]
    unranked: str = ""
    rank: Mapping[Any, str] | None = None
    link: str = ""
    drawn: bool = True

    @property
    def classes(self) -> str:
        """Of the style sheet."""
        return "anchor" if self.anchor else "plain" if self.colour is None else f"c{self.colour % COLOURS}"


def entries_of(runs: Sequence[Run]) -> list[Entry]:
    """Runs of one exam; colours in their order."""
    systems = [run.system for run in runs if not run.anchor]
    found = []
    for run in runs:
        rows = {(r["metric"], condition_key(r["condition"])): r for r in run.rows}
        rows |= {((r["metric"], r["judge"]), condition_key(r["condition"])): r for r in run.voted}
        colour = None if run.anchor else systems.index(run.system)
        why = "" if run.anchor else run.unranked or ""
        found.append(Entry(run.system, run.anchor, colour, _finder(rows), why))
    return found


def _finder(rows: Mapping[tuple, Value]) -> Callable[[Any, Mapping[str, Any]], Value | None]:
    return lambda key, condition: rows.get((key, condition_key(condition)))


def condition_key(condition: Mapping[str, Any]) -> tuple:
    """A condition, whatever its numbers are written as."""
    return tuple(sorted((axis, shown(value)) for axis, value in condition.items()))


def judged_of(run: Run) -> list[Judged]:
    """The metrics of a run, then what people said of it."""
    metrics = [get_metric(name) for name in run.metrics]
    tests = dict.fromkeys((row["metric"], row["judge"]) for row in run.voted if row["metric"] in METRICS)
    said = [Judged(key, get_metric(key[0]), key[1]) for key in tests]
    return [*(Judged(m.name, m, run.judges.get(m.judge, "") if m.judge else "") for m in metrics), *said]


def first_axis(axes: Axes) -> str | None:
    """The axis that the columns stand for: the SNR, else the first one that varies, else none."""
    if axes.get("snr"):
        return "snr"
    return next((axis for axis, values in axes.items() if len(values) > 1), None)


def value_title(axis: str, value: Any) -> str:
    """A value of an axis for people: `-15 dB`, `wind`."""
    return column_title(value) if axis == "snr" else shown(value)


def columns_of(axes: Axes) -> list[Column]:
    """Titles and conditions of the columns; `all` is the last."""
    axis = first_axis(axes)
    values = axes[axis] if axis else ()
    return [*((value_title(axis, v), {axis: v}) for v in values), ("all", {})]


def _settings(axes: Axes) -> list[Mapping[str, Any]]:
    """Values of the further axes that vary, together; `{}` first, which pools them."""
    axis = first_axis(axes)
    others = {name: values for name, values in axes.items() if name != axis}
    if all(len(values) == 1 for values in others.values()):
        return [{}]
    return [{}, *(dict(zip(others, values, strict=True)) for values in product(*others.values()))]


def unit_of(metric: Metric) -> str:
    """The printed unit."""
    return "%" if metric.percent else metric.unit


def legend_of(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Names and colours of what has a curve."""
    return [{"name": entry.name, "colour": entry.classes} for entry in entries if entry.drawn]


def cards_of(entries: Sequence[Entry], judged: Sequence[Judged], axes: Axes) -> list[Card]:
    """A card for each metric."""
    return [_card(entries, one, axes) for one in judged]


def _card(entries: Sequence[Entry], judged: Judged, axes: Axes) -> Card:
    columns, metric, lines = columns_of(axes), judged.metric, []
    for entry in entries:
        for setting in _settings(axes):
            found = [entry.find(judged.key, {**setting, **condition}) for _, condition in columns]
            if setting and not any(found):
                continue
            words = " ".join(shown(v) for v in setting.values())
            rank = (entry.rank or {}).get(judged.key, "") if not setting else ""
            cells = tuple(_cell(metric, row) for row in found)
            lines.append(Line(entry, words, cells, coverage(found[-1]) if found[-1] else "", rank))
    figure, outside = _figure([entry for entry in entries if entry.drawn], judged, axes)
    titles = tuple(title for title, _ in columns)
    return Card(
        metric.name, metric.title, unit_of(metric), metric.higher_is_better, judged.judge, figure, outside, titles,
        tuple(lines), any(line.rank for line in lines),
    )  # fmt: skip


def _cell(metric: Metric, row: Value | None) -> Cell:
    if row is None:
        return Cell("–")
    about = f"{coverage(row)} trials"
    if row["value"] is None:
        return Cell("–", title=row["reason"] or about, incomplete=not row["complete"])
    half = (row["ci95"][1] - row["ci95"][0]) / 2 if row["ci95"] else 0.0
    if row["ci95"]:
        low, high = (printed(metric, v) for v in row["ci95"])
        about = f"95 % interval {low} to {high}, {about}"
    text = printed(metric, half)  # what always scores the same needs no interval
    return Cell(printed(metric, row["value"]), text if float(text) else "", row["value"], about, not row["complete"])


def _figure(entries: Sequence[Entry], judged: Judged, axes: Axes) -> tuple[Markup, str]:
    """Curves where the columns are numbers, else a mark for each; and which anchors lie outside of it."""
    metric = judged.metric
    title = titled(metric)
    if len(axes.get("snr", ())) < 2:
        marks = _marks(entries, judged, axes)
        kept = [s for s in marks if s.colour is not None or s.name not in EXTREMES] or marks
        lost = [s.name for s in marks if s not in kept]
        return dots(kept, title), f"Not drawn: {', '.join(lost)}; see the table." if lost else ""
    values = axes["snr"]
    systems = [entry for entry in entries if not entry.anchor]
    settings = _settings(axes)[1:]
    if len(systems) == 1 and 0 < len(settings) <= COLOURS:  # one system: a line for each setting
        every = [
            Series(" ".join(map(shown, s.values())), _points(systems[0], judged, values, s), n)
            for n, s in enumerate(settings)
        ]
        words = ", ".join(s.name for s in every)
        return curves(every, title, "SNR, dB", named=True), f"Lines: {words}."
    every = [Series(entry.name, _points(entry, judged, values, {}), entry.colour) for entry in entries]
    fit = [s for s in every if s.points and s.name not in EXTREMES] or every
    return curves(every, title, "SNR, dB", fit), ""


def titled(metric: Metric) -> str:
    """Name and printed unit."""
    return f"{metric.name}, {unit_of(metric)}" if unit_of(metric) else metric.name


def _points(entry: Entry, judged: Judged, values: Sequence[Any], setting: Mapping[str, Any]) -> tuple[Point, ...]:
    found = []
    for value in values:
        row = entry.find(judged.key, {**setting, "snr": value})
        if row is not None and row["value"] is not None:
            words = " ".join([entry.name, *map(shown, setting.values())])
            x = None if isinstance(value, str) else float(value)
            found.append(_point(judged.metric, row, x, shown(value), words))
    return tuple(sorted(found, key=lambda p: (p.x is None, p.x or 0.0)))


def _point(metric: Metric, row: Value, x: float | None, label: str, name: str) -> Point:
    scale = 100 if metric.percent else 1
    low, high = (v * scale for v in row["ci95"]) if row["ci95"] else (None, None)
    at = f" at {label} dB" if x is not None else f", {label}" if label else ""
    text = f"{name}{at}: {printed(metric, row['value'])}"
    if row["ci95"]:
        text += f" ({printed(metric, row['ci95'][0])} to {printed(metric, row['ci95'][1])})"
    return Point(x, row["value"] * scale, low, high, label, f"{text}, {coverage(row)} trials")


def _marks(entries: Sequence[Entry], judged: Judged, axes: Axes) -> list[Series]:
    """A mark for each system; where one stands alone with its anchors, also for each value of the axis."""
    found = []
    for entry in entries:
        row = entry.find(judged.key, {})
        if row is not None and row["value"] is not None:
            found.append(Series(entry.name, (_point(judged.metric, row, None, "", entry.name),), entry.colour))
    axis, systems = first_axis(axes), [entry for entry in entries if not entry.anchor]
    if axis is None or len(systems) != 1:
        return found
    for n, value in enumerate(axes[axis]):
        row = systems[0].find(judged.key, {axis: value})
        if row is not None and row["value"] is not None:
            title = value_title(axis, value)
            found.append(Series(title, (_point(judged.metric, row, None, title, systems[0].name),), 1 + n))
    return found


def facts_of(run: Run) -> list[tuple[str, str]]:
    """What all lines of a table have in common, for its header."""
    identity, head = run.identity, run.head
    facts = [
        ("task", identity["task"]),
        ("data set", f"{identity['dataset']['name']} {str(identity['dataset']['fingerprint'])[:8]}"),
    ]
    if identity["noise"]:
        facts.append(("noise", f"{identity['noise']['name']} {str(identity['noise']['fingerprint'])[:8]}"))
    facts += [
        ("protocol", identity["protocol"]),
        ("plan", f"{identity['plan']['name']} {identity['plan']['sha256'][:8]}"),
        ("metrics", " ".join(identity["metrics"])),
    ]
    if run.judges:
        facts.append(("judges", " ".join(run.judges.values())))
    clips = f"{head['clips']:,}" + (", only the first ones of the plan" if identity["limit"] else "")
    return [*facts, ("clips", clips), ("intervals over", head["clusters"]), ("avbench", identity["avbench"])]
