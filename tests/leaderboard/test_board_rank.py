"""Ranks: ties are ties, orders are orders, and chance does not make one of the other."""

import numpy as np
import pytest

from avbench.evaluation.pooling import corpus_resamples
from avbench.leaderboard.rank import Place, p_values, places
from avbench.metrics import get_metric
from avbench.seeds import Draw

STOI, WER = get_metric("stoi"), get_metric("wer")


def ranks(metric, systems, clusters):
    drawn = corpus_resamples(metric, systems, clusters)
    if metric.name == "wer":
        values = [metric.pool(parts) for parts in systems]
    else:
        values = [float(np.mean(parts)) for parts in systems]
    return list(map(str, places(values, p_values(values, drawn, len(set(clusters))), metric.higher_is_better)))


def scores(name, level, spread=0.1, trials=60):
    hard = Draw("hard").uniforms(trials)
    return level + 0.2 * hard + spread * (Draw("stray", name).uniforms(trials) - 0.5)


CLUSTERS = [f"s{i % 15}" for i in range(60)]


def test_three_that_differ_are_first_second_and_third():
    assert ranks(STOI, [scores("b", 0.5), scores("a", 0.7), scores("c", 0.3)], CLUSTERS) == ["2", "1", "3"]


def test_those_that_cannot_be_told_apart_share_ranks():
    assert ranks(STOI, [scores("a", 0.5), scores("b", 0.501), scores("c", 0.3)], CLUSTERS) == ["1–2", "1–2", "3"]


def test_equal_systems_tie_exactly():
    assert ranks(STOI, [scores("a", 0.5)] * 3, CLUSTERS) == ["1–3"] * 3


def test_a_difference_that_is_the_same_everywhere_is_sure():
    one = scores("a", 0.5)
    assert ranks(STOI, [one, one - 0.001], CLUSTERS) == ["1", "2"]


def test_one_system_is_first():
    assert ranks(STOI, [scores("a", 0.5)], CLUSTERS) == ["1"]


def test_ties_need_not_chain():
    """The middle one may tie with both, while first and last differ."""
    assert list(map(str, places([0.52, 0.50, 0.48], [0.2, 0.001, 0.2], True))) == ["1–2", "1–3", "2–3"]
    assert list(map(str, places([0.52, 0.50, 0.48], [0.2, 0.001, 0.2], False))) == ["2–3", "1–3", "1–2"]


def test_many_pairs_ask_for_more_than_one():
    """A p-value of 0.04 is a difference between two systems, and none among three pairs."""
    assert list(map(str, places([0.52, 0.50], [0.04], True))) == ["1", "2"]
    assert list(map(str, places([0.52, 0.50, 0.48], [0.04, 0.04, 0.04], True))) == ["1–3"] * 3


def test_lower_is_better_where_it_is():
    def parts(rate):
        return [{"errors": float(e), "words": 10.0} for e in np.floor(10 * rate + 3 * Draw("e").uniforms(60))]

    assert ranks(WER, [parts(0.5), parts(0.2), parts(0.8)], CLUSTERS) == ["2", "1", "3"]


def test_pairing_finds_what_separate_intervals_hide():
    """Speakers differ far more than systems; every speaker says the same of the two."""
    hard = np.repeat(Draw("far").uniforms(15), 4)
    clusters = [f"s{i // 4}" for i in range(60)]
    a, b = hard + 0.01 * Draw("x").uniforms(60), hard - 0.02 + 0.01 * Draw("y").uniforms(60)
    assert ranks(STOI, [a, b], clusters) == ["1", "2"]


def test_under_the_null_one_p_value_in_twenty_is_below_five_percent():
    below, times = 0, 300
    for i in range(times):
        a, b = (np.repeat(Draw(side, i).uniforms(12), 3) + 0.3 * Draw(side, i, "t").uniforms(36) for side in "ab")
        clusters = [f"s{j // 3}" for j in range(36)]
        drawn = corpus_resamples(STOI, [a, b], clusters)
        below += p_values([a.mean(), b.mean()], drawn, 12)[0] < 0.05
    assert 0.02 <= below / times <= 0.09


def test_many_systems_can_still_be_told_apart():
    """Holm over 4,950 pairs must not tie what is far apart: a share of 4,000 resamples could show no such p-value."""
    systems = [scores(str(i), 0.2 + 0.005 * i, 0.02) for i in range(100)]
    found = ranks(STOI, systems, CLUSTERS)
    assert found[0].endswith("100") and found[-1].startswith("1")
    assert all(int(text.split("–")[-1]) - int(text.split("–")[0]) < 20 for text in found)


def test_the_same_scores_give_the_same_ranks_in_any_order():
    systems = [scores(str(i), 0.5 + 0.004 * i) for i in range(6)]
    there = ranks(STOI, systems, CLUSTERS)
    assert ranks(STOI, systems[::-1], CLUSTERS) == there[::-1]


@pytest.mark.parametrize("place, text", [(Place(1, 1), "1"), (Place(2, 5), "2–5")])
def test_places_are_written_as_intervals(place, text):
    assert str(place) == text
