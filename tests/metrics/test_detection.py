"""Average precision against scikit-learn, against a brute-force reference, and what broken scores get."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from avbench.errors import ReferenceFault
from avbench.metrics import get_metric, measure_all
from avbench.metrics.detection import ROWS

NAMES = [row.name for row in ROWS]
FRAMES = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=2, max_size=12).filter(
    lambda frames: 0 < sum(label for _, label in frames) < len(frames)
)


def plain(scores, labels):
    """AP from its definition, threshold by threshold."""
    total, before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        chosen = [label for score, label in zip(scores, labels, strict=True) if score >= threshold]
        recall = sum(chosen) / sum(labels)
        total += (recall - before) * sum(chosen) / len(chosen)
        before = recall
    return total


def tool(labels):
    """AP as the AVA tool defines it: after every frame in the order given, best first; the area under the envelope."""
    points = [(sum(labels[: n + 1]) / sum(labels), sum(labels[: n + 1]) / (n + 1)) for n in range(len(labels))]
    total, before = 0.0, 0.0
    for recall, _ in points:
        if recall > before:
            total += (recall - before) * max(precision for other, precision in points if other >= recall)
            before = recall
    return total


def pooled(name, *trials):
    metric = get_metric(name)
    return metric.pool([metric.measure(np.asarray(scores), np.asarray(labels)) for scores, labels in trials])


@settings(max_examples=300, deadline=None)
@given(FRAMES)
def test_equals_scikit_learn(frames):
    scores, labels = (np.array(side, np.float64) for side in zip(*frames, strict=True))
    value = pooled("map", (scores, labels))
    assert value == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
    assert value == pytest.approx(plain(scores.tolist(), labels.tolist()), abs=1e-12)


def test_equals_scikit_learn_on_many_frames():
    generator = np.random.Generator(np.random.Philox(6))
    labels = generator.random(20_000) < 0.3
    scores = generator.standard_normal(20_000) + 0.8 * labels
    for rounded in (scores, np.round(scores, 1), np.round(scores)):
        assert pooled("map", (rounded, labels)) == pytest.approx(average_precision_score(labels, rounded), abs=1e-12)
        assert pooled("map-interpolated", (rounded, labels)) >= pooled("map", (rounded, labels))
    order = np.argsort(-scores[:400])
    assert pooled("map-interpolated", (scores[:400], labels[:400])) == pytest.approx(
        tool(labels[:400][order].tolist()), abs=1e-12
    )


@settings(max_examples=100, deadline=None)
@given(FRAMES.filter(lambda frames: len(frames) <= 6))
def test_interpolated_is_the_lowest_that_the_tool_can_give(frames):
    """The tool ranks equal scores in whatever order its sort leaves them; ours does not depend on it."""
    scores, labels = zip(*frames, strict=True)
    ranked = {
        tuple(label for _, label in order)
        for order in permutations(frames)
        if all(a[0] >= b[0] for a, b in pairwise(order))
    }
    values = [tool(list(order)) for order in ranked]
    value = pooled("map-interpolated", (np.array(scores, np.float64), np.array(labels)))
    assert value == pytest.approx(min(values), abs=1e-12)


def test_worked_example():
    """Ranked 1 0 1 1 0: precision 1, 1/2, 2/3, 3/4, 3/5; the envelope lifts 2/3 to 3/4."""
    scores, labels = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1, 0, 1, 1, 0])
    assert pooled("map", (scores, labels)) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert pooled("map-interpolated", (scores, labels)) == pytest.approx((1 + 3 / 4 + 3 / 4) / 3)


@pytest.mark.parametrize("name", NAMES)
def test_pools_all_frames_and_their_order_does_not_count(name):
    generator = np.random.Generator(np.random.Philox(8))
    labels = generator.random(600) < 0.4
    scores = np.round(generator.standard_normal(600) + labels, 1)
    whole = pooled(name, (scores, labels))
    cut = [(scores[i : i + 50], labels[i : i + 50]) for i in range(0, 600, 50)]
    assert pooled(name, *cut) == whole == pooled(name, *cut[::-1])
    assert np.mean([pooled(name, trial) for trial in cut]) != pytest.approx(whole, abs=1e-3)
    swap = generator.permutation(600)
    assert pooled(name, (scores[swap], labels[swap])) == whole
    assert pooled(name, (5 + 3 * scores, labels)) == whole


@pytest.mark.parametrize("name", NAMES)
def test_ends_of_the_scale(name):
    labels = np.array([1, 1, 0, 0, 0])
    assert pooled(name, (np.array([5.0, 4, 3, 2, 1]), labels)) == 1.0
    assert pooled(name, (np.zeros(5), labels)) == 0.4  # all equal: the share of positives
    with pytest.raises(ValueError, match="no trials"):
        get_metric(name).pool([])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("label", "message"), [(0, "no frame is positive"), (1, "every frame is positive")])
def test_one_class_has_no_value(name, label, message):
    """scikit-learn and torchmetrics say 0.0 or -0.0 without positives."""
    scores, labels = np.array([0.1, 0.9]), np.full(2, label)
    with pytest.raises(ReferenceFault, match=message):
        pooled(name, (scores, labels))
    assert 0 <= pooled(name, (scores, labels), (scores, 1 - labels)) <= 1  # the pool decides, not the trial


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_fail(name, bad):
    """torchmetrics gave 1.0 for a NaN."""
    scores = measure_all([name], np.array([0.5, bad]), np.array([1, 0]))
    assert scores[name].status == "failed" and "NaN or infinite" in scores[name].reason
    assert scores[name].value is None


@pytest.mark.parametrize(
    ("estimate", "reference", "status"),
    [
        (None, np.array([1, 0]), "failed"),
        (np.zeros(3), np.array([1, 0]), "failed"),
        (np.zeros((2, 1)), np.array([1, 0]), "failed"),
        (np.zeros(0), np.array([1, 0]), "failed"),
        ([0.1, 0.2], np.array([1, 0]), "failed"),
        (np.zeros(2), np.array([1, 2]), "void"),
        (np.zeros(2), np.array([]), "void"),
        (np.zeros(2), None, "void"),
        (np.zeros(2), np.array([True, False]), "ok"),
        (np.zeros(2, np.float32), np.array([1.0, 0.0]), "ok"),
        (np.array([3, 2]), np.array([1, 0]), "ok"),
    ],
)
def test_statuses(estimate, reference, status):
    assert {score.status for score in measure_all(NAMES, estimate, reference).values()} == {status}


@pytest.mark.parametrize("name", NAMES)
def test_failing_never_pays(name):
    """Whatever the trial holds: its frames rank as wrongly as can be."""
    metric = get_metric(name)
    good = metric.measure(np.array([-1e300, -5.0, 2.0]), np.array([0, 1, 1]))
    for labels in ([1, 0], [0, 0], [1, 1], [0, 1]):
        labels = np.array(labels)
        failed = measure_all([name], None, labels)[name].parts
        value = metric.pool([good, failed])
        assert value == metric.pool([failed, good])
        answers = [np.where(labels == 1, 1e301, -1e301), np.zeros(2), np.where(labels == 1, -1e301, 1e301)]
        honest = [metric.pool([good, metric.measure(a.astype(float), labels)]) for a in answers]
        assert value <= min(honest) + 1e-12 and (value < max(honest) or labels.all())


@pytest.mark.parametrize("name", NAMES)
def test_two_failures_are_worse_than_a_constant_or_an_answer_upside_down(name):
    """Together at −inf, the frames that speak of failed trials must not count as one group of equal scores."""
    metric = get_metric(name)
    labels = [np.array([0, 1, 1, 0, 0]), np.array([1, 0, 0])]
    failed = metric.pool([measure_all([name], None, each)[name].parts for each in labels])
    for sign in (0.0, -1.0):
        answers = [sign * (each + np.arange(len(each)) / 100) for each in labels]
        assert failed <= metric.pool([metric.measure(a, each) for a, each in zip(answers, labels, strict=True)]) + 1e-12
    lowest = [k / (5 + k) for k in (1, 2, 3)]
    assert failed == pytest.approx(np.mean(lowest) if name == "map" else lowest[-1])
