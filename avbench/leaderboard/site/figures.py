"""Figures as SVG, drawn here: small, sharp, and in the colours of the page, light or dark.

    curves      a value over SNR, a line and a 95 % band for each system
    dots        a value with its 95 % interval for each name
    cloud       quality against cost, with the front that nothing beats at both

Conventions: values in the unit that is printed. No element has an id and no style but classes of the style sheet, so
equal data give equal bytes and many figures may stand in one page. Series `i` has the colour `c{i}`. Each mark has a
title for the pointer; each figure has a label for those who do not see it, and stands beside a table of its numbers.

Contents: `Point`, `Series`, `curves`, `dots`, `cloud`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from .scales import at, number_text, power_text, ticks_of

COLOURS = 8
WIDTH, HEIGHT = 440, 270
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 40
LONGEST = 14  # letters of a name beside its line


@dataclass(frozen=True)
class Point:
    """A mark.

    Args:
        x: where; a number, or None for the place after the last number (`clean`).
        y: the value.
        low: lower end of its interval, or None.
        high: upper end.
        label: of x, for people.
        text: what the pointer is told.
    """

    x: float | None
    y: float
    low: float | None = None
    high: float | None = None
    label: str = ""
    text: str = ""


@dataclass(frozen=True)
class Series:
    """Marks that belong together.

    Args:
        name: of the system.
        points: in ascending order of x.
        colour: number of the colour, or None for grey, which anchors are.
    """

    name: str
    points: tuple[Point, ...]
    colour: int | None = None

    @property
    def classes(self) -> str:
        """Of the style sheet."""
        return "anchor" if self.colour is None else f"c{self.colour % COLOURS}"


@dataclass(frozen=True)
class _Frame:
    """From values to places in the drawing."""

    low: float
    high: float
    left: float
    right: float
    top: float = TOP
    bottom: float = HEIGHT - BOTTOM

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - min(max(share, -0.02), 1.02) * (self.bottom - self.top)


def _svg(label: str, body: Sequence[str], width: float = WIDTH, height: float = HEIGHT) -> Markup:
    head = f'<svg class="figure" viewBox="0 0 {at(width)} {at(height)}" role="img" aria-label="{escape(label)}">'
    return Markup(head + "".join(body) + "</svg>")


def _y_axis(frame: _Frame, ticks: Sequence[float]) -> list[str]:
    parts = []
    for tick in ticks:
        y = at(frame.y(tick))
        parts.append(f'<path class="rule" d="M{at(frame.left)} {y}H{at(frame.right)}"/>')
        parts.append(f'<text class="tick end" x="{at(frame.left - 6)}" y="{y}" dy=".32em">{number_text(tick)}</text>')
    return parts


def _texts(x_title: str, frame: _Frame) -> list[str]:
    middle = (frame.left + frame.right) / 2
    return [f'<text class="tick middle" x="{at(middle)}" y="{at(frame.bottom + 33)}">{escape(x_title)}</text>']


def _places(series: Sequence[Series], frame: _Frame) -> dict[float | None, float]:
    """Where each x stands; `clean` one step beyond the last number."""
    numbers = sorted({p.x for s in series for p in s.points if p.x is not None})
    clean = any(p.x is None for s in series for p in s.points)
    steps = [b - a for a, b in pairwise(numbers)]
    beyond = [numbers[-1] + 1.2 * (min(steps) if steps else 1.0)] if numbers and clean else []
    every = numbers + beyond
    room, edge = frame.right - frame.left - 24, frame.left + 12
    width = (every[-1] - every[0]) if len(every) > 1 else 0.0
    found: dict[float | None, float] = {
        x: edge + (room * (x - every[0]) / width if width else room / 2) for x in numbers
    }
    if clean:
        found[None] = edge + (room if beyond else room / 2)
    return found


def curves(
    series: Sequence[Series], title: str, x_title: str, fit: Sequence[Series] | None = None, named: bool = False
) -> Markup:
    """Lines over x with bands.

    Args:
        series: drawn in this order, the first one uppermost.
        title: what is drawn, for those who do not see it.
        x_title: below the axis.
        fit: the series that the axis must hold; all unless given. Others are drawn as far as they are inside.
        named: each line says its name; else anchors do, which are all grey.
    """
    inside = [p for s in (series if fit is None else fit) for p in s.points]
    ends = [v for p in inside for v in (p.y, p.low, p.high) if v is not None]
    ticks = ticks_of(min(ends), max(ends)) if ends else [0.0, 1.0]
    tagged = [s for s in series if named or s.colour is None]
    letters = max((min(len(s.name), LONGEST) for s in tagged), default=0)
    frame = _Frame(ticks[0], ticks[-1], LEFT, WIDTH - RIGHT - 6.2 * letters)
    places = _places(series, frame)
    body = [*_y_axis(frame, ticks), *_x_labels(series, places, frame), *_texts(x_title, frame)]
    body += [_line(one, places, frame) for one in reversed(series)]
    body += _tags(tagged, places, frame)
    return _svg(f"{title} against {x_title}", body)


def _x_labels(series: Sequence[Series], places: dict, frame: _Frame) -> list[str]:
    labels = {p.x: p.label for s in series for p in s.points}
    every = sorted(places, key=lambda x: places[x])
    skip = max(1, math.ceil(len(every) / 9))
    return [
        f'<text class="tick middle" x="{at(places[x])}" y="{at(frame.bottom + 16)}">{escape(labels[x])}</text>'
        for i, x in enumerate(every)
        if i % skip == 0 or x is None
    ]


def _inside(one: Series, frame: _Frame) -> list[Point]:
    reach = (frame.high - frame.low) * 0.02
    return [p for p in one.points if frame.low - reach <= p.y <= frame.high + reach]


def _tags(series: Sequence[Series], places: dict, frame: _Frame) -> list[str]:
    """Names at the right ends of their lines, pushed apart where they would stand on each other."""
    ends = []
    for one in series:
        held = _inside(one, frame)
        if held:
            last = max(held, key=lambda p: places[p.x])
            ends.append((frame.y(last.y), one.classes, one.name))
    parts, lowest = [], -math.inf
    for y, classes, name in sorted(ends):
        lowest = max(y, lowest + 12)
        text = escape(name if len(name) <= LONGEST else name[: LONGEST - 1] + "…")
        place = f'x="{at(frame.right + 2)}" y="{at(lowest)}" dy=".32em"'
        parts.append(f'<text class="series tag {classes}" data-series="{escape(name)}" {place}>{text}</text>')
    return parts


def _line(one: Series, places: dict, frame: _Frame) -> str:
    """Band, line and marks; what lies outside of the frame is left out."""
    held = _inside(one, frame)
    if not held:
        return ""
    parts = [f'<g class="series {one.classes}" data-series="{escape(one.name)}">']
    banded = [p for p in held if p.low is not None and p.x is not None]
    if len(banded) > 1:
        upper = " ".join(f"{at(places[p.x])},{at(frame.y(p.high))}" for p in banded)
        lower = " ".join(f"{at(places[p.x])},{at(frame.y(p.low))}" for p in reversed(banded))
        parts.append(f'<polygon class="band" points="{upper} {lower}"/>')
    lined = [p for p in held if p.x is not None]
    if len(lined) > 1:
        points = " ".join(f"{at(places[p.x])},{at(frame.y(p.y))}" for p in lined)
        parts.append(f'<polyline class="line" points="{points}"/>')
    for p in held:
        if p.low is not None and (p.x is None or len(banded) < 2):
            x = at(places[p.x])
            parts.append(f'<path class="whisker" d="M{x} {at(frame.y(p.low))}V{at(frame.y(p.high))}"/>')
        mark = f'<circle class="mark" cx="{at(places[p.x])}" cy="{at(frame.y(p.y))}" r="3"/>'
        parts.append(f'<g class="hit"><title>{escape(p.text)}</title>{_target(places[p.x], frame.y(p.y))}{mark}</g>')
    return "".join(parts) + "</g>"


def _target(x: float, y: float) -> str:
    """Something to point at that is larger than the mark."""
    return f'<circle class="target" cx="{at(x)}" cy="{at(y)}" r="9"/>'


def dots(series: Sequence[Series], title: str) -> Markup:
    """One line of the figure for each series, a mark with its interval on it; of each series the first point."""
    held = [s for s in series if s.points]
    ends = [v for s in held for p in s.points[:1] for v in (p.y, p.low, p.high) if v is not None]
    ticks = ticks_of(min(ends), max(ends)) if ends else [0.0, 1.0]
    left, right, row = 132, WIDTH - RIGHT - 8, 22
    bottom = TOP + row * max(1, len(held))

    def x(value: float) -> float:
        return left + (right - left) * (value - ticks[0]) / (ticks[-1] - ticks[0])

    body = []
    for tick in ticks:
        body.append(f'<path class="rule" d="M{at(x(tick))} {TOP}V{bottom}"/>')
        body.append(f'<text class="tick middle" x="{at(x(tick))}" y="{bottom + 16}">{number_text(tick)}</text>')
    for i, one in enumerate(held):
        y, p = at(TOP + row * (i + 0.5)), one.points[0]
        name = one.name if len(one.name) <= 20 else one.name[:19] + "…"
        body.append(f'<g class="series {one.classes}" data-series="{escape(one.name)}">')
        body.append(f'<text class="tick end" x="{left - 8}" y="{y}" dy=".32em">{escape(name)}</text>')
        if p.low is not None:
            body.append(f'<path class="whisker" d="M{at(x(p.low))} {y}H{at(x(p.high))}"/>')
        body.append(f'<g class="hit"><title>{escape(p.text)}</title><circle class="mark" cx="{at(x(p.y))}" cy="{y}" ')
        body.append('r="4"/></g></g>')
    return _svg(title, body, height=bottom + 24)


def cloud(
    series: Sequence[Series], title: str, x_title: str, better: int, front: Sequence[Series] | None = None
) -> Markup:
    """Quality against cost on a logarithmic axis, and the front of those that none beats at both.

    Args:
        series: of each the first point; x above 0.
        title: of the quality.
        x_title: of the cost, less of which is better.
        better: 1 where more quality is better, -1 where less is.
        front: those of the series that the front is of; all unless given.
    """
    held = [s for s in series if s.points and s.points[0].x is not None and s.points[0].x > 0]
    ends = [v for s in held for v in (s.points[0].y, s.points[0].low, s.points[0].high) if v is not None]
    ticks = ticks_of(min(ends), max(ends)) if ends else [0.0, 1.0]
    frame = _Frame(ticks[0], ticks[-1], LEFT, WIDTH - RIGHT)
    logs = [math.log10(s.points[0].x) for s in held] or [0.0]
    low, high = math.floor(min(logs) - 0.05), math.ceil(max(logs) + 0.05)

    def x(value: float) -> float:
        return frame.left + (frame.right - frame.left) * (math.log10(value) - low) / (high - low)

    body = [*_y_axis(frame, ticks), *_texts(x_title, frame)]
    for power in range(low, high + 1):
        place = at(x(10.0**power))
        body.append(f'<path class="rule" d="M{place} {frame.top}V{frame.bottom}"/>')
        body.append(f'<text class="tick middle" x="{place}" y="{at(frame.bottom + 16)}">{power_text(power)}</text>')
    best = _front(held if front is None else [s for s in held if s in front], better)
    if len(best) > 1:
        path = f"M{at(x(best[0].x))} {at(frame.y(best[0].y))}"
        path += "".join(f"H{at(x(p.x))}V{at(frame.y(p.y))}" for p in best[1:])
        body.append(f'<path class="front" d="{path}"/>')
    for one in held:
        p = one.points[0]
        body.append(f'<g class="series {one.classes}" data-series="{escape(one.name)}">')
        if p.low is not None:
            body.append(f'<path class="whisker" d="M{at(x(p.x))} {at(frame.y(p.low))}V{at(frame.y(p.high))}"/>')
        body.append(f'<g class="hit"><title>{escape(p.text)}</title>{_target(x(p.x), frame.y(p.y))}')
        body.append(f'<circle class="mark" cx="{at(x(p.x))}" cy="{at(frame.y(p.y))}" r="4.5"/></g></g>')
    return _svg(f"{title} against {x_title}", body)


def _front(series: Sequence[Series], better: int) -> list[Point]:
    """Points that no other beats at cost and quality both, cheapest first."""
    best, found = -math.inf, []
    for p in sorted((s.points[0] for s in series), key=lambda p: (p.x, -better * p.y)):
        if better * p.y > best:
            best = better * p.y
            found.append(p)
    return found
