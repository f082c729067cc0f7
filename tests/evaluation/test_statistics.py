import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats

from avbench.evaluation import statistics
from avbench.evaluation.statistics import difference, differences, holm, interval, intervals, share
from avbench.seeds import Draw


def speakers(count, clips):
    return [f"s{i:03d}" for i in range(count) for _ in range(clips)]


def clustered(name, count=40, clips=5, spread=1.0, noise=0.3):
    """`[count * clips]` values with a part that the clips of a speaker share."""
    shared = np.repeat(Draw(name, "speaker").normals(count, sd=spread), clips)
    return shared + Draw(name, "clip").normals(count * clips, sd=noise)


def test_interval_is_repeatable_and_holds_the_mean():
    values, labels = clustered("a"), speakers(40, 5)
    first = interval(values, labels)
    assert first == interval(values, labels)
    assert first[0] < values.mean() < first[1]


def test_interval_does_not_depend_on_the_order_of_the_trials():
    values, labels = clustered("order"), np.array(speakers(40, 5))
    order = np.argsort(Draw("shuffle").uniforms(200))
    assert interval(values[order], labels[order]) == pytest.approx(interval(values, labels), abs=1e-12)


def test_interval_is_as_wide_as_the_spread_between_speakers_makes_it():
    """200 clips of 40 speakers are 40 observations, not 200: half width near 1.96 sd / sqrt(40)."""
    values = clustered("width", spread=1.0, noise=0.0)
    low, high = interval(values, speakers(40, 5))
    expected = 1.96 * values.reshape(40, 5).mean(axis=1).std() / np.sqrt(40)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)
    per_clip = interval(values, [str(i) for i in range(200)])
    assert high - low > 1.8 * (per_clip[1] - per_clip[0])


def test_coverage_of_the_interval():
    """Of 200 experiments about 95 % hold the truth; with 20 clusters a percentile bootstrap is a little narrow."""
    hits = 0
    for i in range(200):
        low, high = interval(clustered(f"coverage{i}", 20, 3), speakers(20, 3))
        hits += low <= 0 <= high
    assert 178 <= hits <= 198


def test_no_interval_below_ten_clusters():
    assert interval([0.0, 1.0] * 9, speakers(9, 2)) is None
    assert interval([0.0, 1.0] * 10, speakers(10, 2)) is not None
    found = difference([1.0] * 9, [0.0] * 9, speakers(9, 1))
    assert (found.mean, found.ci95, found.p_value, found.n) == (1.0, None, None, 9)


def test_pairing_sees_what_two_intervals_do_not():
    base, labels = clustered("pair"), speakers(40, 5)
    better = base + 0.1 + Draw("jitter").normals(200, sd=0.05)
    overlap = interval(base, labels)[1] > interval(better, labels)[0]
    found = difference(better, base, labels)
    assert overlap and found.ci95[0] > 0.08 and found.ci95[1] < 0.12 and found.p_value == pytest.approx(1e-4)
    assert found.mean == pytest.approx(0.1, abs=0.02) and found.n == 200


def test_difference_is_antisymmetric_and_none_for_equals():
    a, b, labels = clustered("x"), clustered("y"), speakers(40, 5)
    one, other = difference(a, b, labels), difference(b, a, labels)
    assert one.mean == -other.mean and one.p_value == other.p_value
    assert one.ci95 == pytest.approx((-other.ci95[1], -other.ci95[0]))
    same = difference(a, a, labels)
    assert (same.mean, same.ci95, same.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_p_values_are_uniform_where_nothing_differs():
    ps = []
    for i in range(200):
        d = clustered(f"null{i}", 20, 2)
        ps.append(difference(d, np.zeros_like(d), speakers(20, 2)).p_value)
    assert 2 <= sum(p < 0.05 for p in ps) <= 20 and 0.42 < np.mean(ps) < 0.58


def test_difference_refuses_what_is_not_paired():
    with pytest.raises(ValueError, match="pairs"):
        difference([], [], [])


def test_share_of_a_gain():
    low, labels = clustered("low"), speakers(40, 5)
    high = low + 1.0 + Draw("h").normals(200, sd=0.1)
    middle = low + 0.25 * (high - low)
    found = share(middle, low, high, labels)
    assert found.value == pytest.approx(0.25) and found.ci95 == pytest.approx((0.25, 0.25)) and found.n == 200
    noisy = share(middle + Draw("m").normals(200, sd=0.2), low, high, labels)
    assert noisy.ci95[0] < 0.25 < noisy.ci95[1] and noisy.ci95[1] - noisy.ci95[0] < 0.2


def test_share_is_null_where_the_denominator_may_be_zero():
    low, labels = clustered("low"), speakers(40, 5)
    assert share(low + 1, low, low + Draw("d").normals(200, sd=1.0), labels).value is None
    assert share(low, low, low, labels) == share(low + 1, low, low, labels)
    assert share(low[:9], low[:9], low[:9] + 1, speakers(9, 1)).value is None
    assert share(low + 1, low, low - 2, labels).value == pytest.approx(-0.5)


def test_weights_drawn_in_blocks_give_the_same(monkeypatch):
    values, labels = clustered("blocks"), speakers(40, 5)
    whole = (
        interval(values, labels),
        difference(values, np.zeros(200), labels),
        share(values, 0 * values, 1 + 0 * values, labels),
    )
    monkeypatch.setattr(statistics, "BLOCK", 40 * 300)
    monkeypatch.setattr(statistics, "KEPT", 0)
    parts = (
        interval(values, labels),
        difference(values, np.zeros(200), labels),
        share(values, 0 * values, 1 + 0 * values, labels),
    )
    assert parts[0] == pytest.approx(whole[0], abs=1e-12) and parts[1].p_value == whole[1].p_value
    assert parts[1].ci95 == pytest.approx(whole[1].ci95, abs=1e-12) and parts[2].ci95 == pytest.approx(whole[2].ci95)
    assert max(block.size for block in statistics.blocks("bootstrap", 40)) == 40 * 300
    assert sum(len(block) for block in statistics.blocks("sign-flip", 40)) == statistics.FLIPS


def test_several_columns_give_what_each_gives_bit_for_bit():
    """Also where the weights are too many to be kept, and whoever of several workers does which columns."""
    labels = speakers(40, 5)
    a = [clustered(f"a{i}") for i in range(5)]
    b = [x + Draw("b", i).normals(200, 0.05, 0.3) for i, x in enumerate(a)]
    assert intervals(a, labels) == [interval(x, labels) for x in a]
    whole = differences(a, b, labels)
    assert whole == [difference(x, y, labels) for x, y in zip(a, b, strict=True)]
    assert differences(a[:2], b[:2], labels) + differences(a[2:], b[2:], labels) == whole
    many = [f"c{i:03d}" for i in range(200)]
    assert 200 * 25_000 > statistics.KEPT
    assert intervals(a[3:], many, 25_000) == intervals(a, many, 25_000)[3:]


def test_the_number_of_threads_changes_no_bit():
    code = """
import numpy as np
from avbench.evaluation.statistics import differences
from avbench.seeds import Draw
a, b = (np.stack([Draw(x, m).normals(2000) for m in range(5)]) for x in "ab")
print(repr(differences(a, b, [str(i) for i in range(2000)], 500, 500)))
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        ).stdout
        for threads in ("1", "4")
    }  # fmt: skip
    assert len(found) == 1 and "Difference" in found.pop()


def test_more_resamples_go_on_where_fewer_end():
    few, many = (list(statistics.blocks("bootstrap", 20, times)) for times in (100, 150))
    assert (np.concatenate(few) == np.concatenate(many)[:100]).all()


def test_holm_as_it_was_published():
    """Holm 1979: the smallest p by m, the next by m - 1, never less than the one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == [] and holm([0.03]) == [0.03]
    for bad in ([1.2], [-0.1], [float("nan")]):
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm(bad)


def test_holm_keeps_the_rate_of_any_false_alarm_and_loses_less_than_bonferroni():
    alarms = 0
    for i in range(200):
        p = Draw("holm", i).uniforms(8)
        found = holm(p)
        assert (np.array(found) >= p).all() and (np.array(found) <= np.minimum(1, 8 * p)).all()
        alarms += min(found) <= 0.05
    assert 2 <= alarms <= 19
    one, two, three = scipy.stats.norm.sf([4.0, 3.0, 2.3])
    assert max(holm([one, two, three])) < 0.05 < 8 * three
