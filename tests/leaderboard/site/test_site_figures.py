"""Figures: places of points, bands, names that cannot break out, equal bytes."""

import xml.etree.ElementTree as ElementTree

import pytest

from avbench.leaderboard.site.figures import Point, Series, cloud, curves, dots
from avbench.leaderboard.site.scales import ticks_of

SVG = "{http://www.w3.org/2000/svg}"


def parsed(figure):
    return ElementTree.fromstring(str(figure).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def line(name, values, colour=0, spread=2.0):
    points = [Point(x, y, y - spread, y + spread, str(x), f"{name} {y}") for x, y in values]
    return Series(name, tuple(points), colour)


def marks(figure, name):
    group = next(g for g in parsed(figure).iter(f"{SVG}g") if g.get("data-series") == name)
    return [(float(c.get("cx")), float(c.get("cy"))) for c in group.iter(f"{SVG}circle") if c.get("class") == "mark"]


@pytest.mark.parametrize(
    ("low", "high", "first", "last"),
    [(0.0, 1.0, 0.0, 1.0), (-6.5, 11.3, -10, 15), (1.03, 1.33, 1.0, 1.4), (5, 5, 2, 8)],
)
def test_ticks_are_round_and_cover_the_range(low, high, first, last):
    ticks = ticks_of(low, high)
    assert ticks[0] == first and ticks[-1] == last
    assert ticks[0] <= low and high <= ticks[-1] and 3 <= len(ticks) <= 8


def test_higher_values_stand_higher_and_x_ascends():
    found = marks(curves([line("a", [(-15.0, 10), (-10.0, 20), (5.0, 90)])], "t", "x"), "a")
    xs, ys = zip(*found, strict=True)
    assert list(xs) == sorted(xs) and list(ys) == sorted(ys, reverse=True)
    assert xs[1] - xs[0] == pytest.approx((xs[2] - xs[1]) / 3, abs=0.2)  # 5 dB and 15 dB


def test_clean_stands_beyond_the_last_number():
    points = (Point(0.0, 1.0, label="0"), Point(5.0, 2.0, label="5"), Point(None, 3.0, label="clean"))
    found = marks(curves([Series("a", points, 0)], "t", "x"), "a")
    assert found[2][0] > found[1][0] > found[0][0]


def test_the_axis_fits_what_it_must_and_leaves_the_rest_out():
    system, oracle = line("system", [(0.0, 3.0), (5.0, 9.0)]), line("oracle", [(0.0, 100.0), (5.0, 100.0)], None)
    figure = curves([system, oracle], "t", "x", fit=[system])
    assert 'data-series="oracle"' not in figure
    assert 'data-series="oracle"' in curves([system, oracle], "t", "x")


def test_a_hostile_name_stays_text():
    name = "<script>alert(1)</script>\"' onload=x"
    for figure in (
        curves([line(name, [(0.0, 1.0), (5.0, 2.0)], None)], name, name),
        dots([line(name, [(0.0, 1.0)])], name),
        cloud([line(name, [(10.0, 1.0)]), line("b", [(100.0, 2.0)], 1)], name, name, 1),
    ):
        assert "<script" not in figure
        tags = {element.tag.removeprefix(SVG) for element in parsed(figure).iter()}
        assert tags <= {"svg", "g", "path", "text", "circle", "polygon", "polyline", "title"}


@pytest.mark.parametrize(("better", "expected"), [(1, ["a", "c"]), (-1, ["a"])])
def test_the_front_joins_what_nothing_beats(better, expected):
    series = [line("a", [(1e6, 50.0)]), line("b", [(5e6, 40.0)] if better > 0 else [(5e6, 60.0)], 1)]
    series.append(line("c", [(1e9, 70.0)], 2))
    figure = cloud(series, "t", "x", better)
    fronts = [p.get("d") for p in parsed(figure).iter(f"{SVG}path") if p.get("class") == "front"]
    assert len(fronts) == (1 if len(expected) > 1 else 0)
    for d in fronts:
        ends = [marks(figure, name)[0][0] for name in expected]
        assert all(f"{x:g}" in d for x in ends) and f"{marks(figure, 'b')[0][0]:g}" not in d


def test_equal_data_give_equal_bytes():
    series = [line("a", [(0.0, 1.0), (5.0, 2.0)]), line("b", [(0.0, 2.0), (5.0, 3.0)], None)]
    assert curves(series, "t", "x") == curves(series, "t", "x")
