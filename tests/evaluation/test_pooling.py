"""Corpus values, intervals and differences of metrics whose parts are counts or sets."""

from dataclasses import replace

import numpy as np
import pytest

from avbench.evaluation.pooling import (
    SETS,
    corpus_difference,
    corpus_interval,
    corpus_share,
    corpus_value,
    whole_refusal,
)
from avbench.evaluation.record import read_json, write_json
from avbench.evaluation.statistics import difference, interval, share
from avbench.metrics import METRICS, get_metric
from avbench.seeds import Draw

SPEAKERS, CLIPS = 40, 5
LABELS = [f"s{i:02d}" for i in range(SPEAKERS) for _ in range(CLIPS)]


def counts(name, rate=0.2):
    """`[200]` parts of a word error rate; speakers differ in how long they speak and how well they are heard."""
    draw = Draw(name)
    words = np.repeat(2 + 30 * draw.uniforms(SPEAKERS), CLIPS).astype(int)
    worse = np.repeat(0.5 + draw.uniforms(SPEAKERS), CLIPS)
    errors = (words * rate * worse * 2 * draw.uniforms(SPEAKERS * CLIPS)).astype(int)
    return [{"errors": int(e), "words": int(w), "value": e / w} for e, w in zip(errors, words, strict=True)]


def ranked(name, apart=1.0, frames=8):
    """`[200]` parts of an average precision."""
    draw = Draw(name)
    found = []
    for _ in range(SPEAKERS * CLIPS):
        labels = draw.uniforms(frames) < 0.4
        found.append({"scores": draw.normals(frames) + apart * labels, "labels": labels})
    return found


def test_an_error_rate_is_all_errors_by_all_words_and_so_is_its_interval():
    parts, wer = counts("a"), get_metric("wer")
    value, reason = corpus_value(wer, parts)
    assert value == sum(p["errors"] for p in parts) / sum(p["words"] for p in parts) and reason == ""
    found, reason = corpus_interval(wer, parts, LABELS)
    assert found[0] < value < found[1] and reason == ""
    # The same by hand, one resample after the other, from the very draws.
    from avbench.evaluation.statistics import blocks

    sums = np.array([[sum(p[n] for p in parts[i : i + CLIPS]) for n in ("errors", "words")]
                     for i in range(0, len(parts), CLIPS)])  # fmt: skip
    drawn = np.concatenate(list(blocks("bootstrap", SPEAKERS))) @ sums
    assert found == pytest.approx(np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975]), rel=1e-12)
    # And not that of the mean over clips, which another quantity has.
    assert found != pytest.approx(interval([p["value"] for p in parts], LABELS), rel=1e-3)


def test_the_interval_of_a_rate_covers_the_truth():
    """Of 100 corpora drawn from one law about 95 % hold the rate of that law."""
    rate, hits, widths, found = 0.2, 0, [], []
    for i in range(100):
        draw = Draw("coverage", i)
        words = np.repeat(5 + (20 * draw.uniforms(20)).astype(int), 3)
        errors = (draw.uniforms((60, 25)) < rate) * (np.arange(25) < words[:, None])
        parts = [{"errors": int(e), "words": int(w)} for e, w in zip(errors.sum(1), words, strict=True)]
        (low, high), _ = corpus_interval(get_metric("wer"), parts, [f"s{k // 3}" for k in range(60)])
        hits += low <= rate <= high
        widths.append(high - low)
        found.append(errors.sum() / words.sum())
    assert 86 <= hits <= 98
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.std(found), rel=0.15)  # neither too narrow nor too wide


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if n in ("stoi", "lsa", "nisqa", "lpips-diversity")])
def test_a_mean_goes_the_way_it_always_went(name):
    values = Draw("mean").uniforms(200)
    parts = [{"value": float(v)} for v in values]
    other = [{"value": float(v) * 0.9} for v in values]
    metric = get_metric(name)
    assert corpus_interval(metric, parts, LABELS)[0] == interval(values, LABELS)
    assert corpus_difference(metric, parts, other, LABELS)[0] == difference(values, [p["value"] for p in other], LABELS)
    base = [{"value": 0.0}] * 200
    assert corpus_share(metric, other, base, parts, LABELS) == share(
        [p["value"] for p in other], np.zeros(200), values, LABELS
    )


def test_the_fast_way_and_the_slow_way_agree(monkeypatch):
    """A rate whose sums are not made use of is pooled anew in every resample: the same numbers, from fewer of them."""
    from avbench.evaluation import pooling

    parts, wer = counts("ways"), get_metric("wer")
    quick = corpus_interval(wer, parts, LABELS)[0]
    monkeypatch.setattr(pooling, "SETS", 4000)  # all of them
    monkeypatch.setattr(pooling, "_summed", lambda metric, groups: None)
    assert corpus_interval(wer, parts, LABELS)[0] == pytest.approx(quick, rel=1e-9)


def test_votes_and_characters_are_rates_as_well():
    for name, top, bottom in (
        ("cer", "errors", "characters"),
        ("cpr", "right", "votes"),
        ("asr-wer", "errors", "words"),
    ):
        parts = [{top: p["errors"], bottom: p["words"], "value": p["value"]} for p in counts("others")]
        (low, high), _ = corpus_interval(get_metric(name), parts, LABELS)
        assert low < corpus_value(get_metric(name), parts)[0] < high


def test_average_precision_is_resampled_as_a_set():
    metric, parts = get_metric("map"), ranked("ap")
    value, _ = corpus_value(metric, parts)
    found, reason = corpus_interval(metric, parts, LABELS)
    assert found[0] < value < found[1] and reason == "" and found[1] - found[0] < 0.15
    better = ranked("ap", 1.5)
    apart, reason = corpus_difference(metric, better, parts, LABELS)
    assert apart.ci95[0] > 0.02 and apart.p_value == pytest.approx(1 / (1 + SETS)) and reason == ""
    same, _ = corpus_difference(metric, parts, parts, LABELS)
    assert (same.mean, same.ci95, same.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_why_there_is_no_interval_is_said():
    few = ["s0"] * 100 + ["s1"] * 100
    for name, parts in (("wer", counts("few")), ("map", ranked("few")), ("stoi", [{"value": 0.5}] * 200)):
        assert corpus_interval(get_metric(name), parts, few) == (
            None, "there are 2 clusters, and an interval needs 10",
        )  # fmt: skip
    sides = [{"estimate": np.eye(3)[:2] + i, "reference": np.eye(3)[1:]} for i in range(200)]
    assert corpus_value(get_metric("fid"), sides)[0] > 0
    found, reason = corpus_interval(get_metric("fid"), sides, LABELS)
    assert found is None and "is of a set as a whole" in reason
    apart, reason = corpus_difference(get_metric("fid"), sides, sides, LABELS)
    assert (apart.mean, apart.ci95, apart.p_value) == (0.0, None, None) and "is of a set as a whole" in reason
    many = ranked("many", frames=2000)
    found, reason = corpus_interval(get_metric("map"), many, LABELS)
    assert found is None and "not resampled" in reason
    assert corpus_value(get_metric("map"), [{"scores": np.ones(3), "labels": np.ones(3)}])[0] is None


def test_one_failed_output_leaves_no_number_where_sets_are_judged():
    assert whole_refusal(get_metric("fid"), 1, 40).startswith("1 of 40 outputs failed, and fid judges the set")
    assert whole_refusal(get_metric("fid"), 0, 40) == whole_refusal(get_metric("wer"), 1, 40) == ""


def test_a_paired_difference_of_rates_sees_what_two_intervals_do_not():
    base, wer = counts("pair"), get_metric("wer")
    better = [{**p, "errors": max(0, p["errors"] - (i % 2))} for i, p in enumerate(base)]
    one, reason = corpus_difference(wer, better, base, LABELS)
    other, _ = corpus_difference(wer, base, better, LABELS)
    mine, theirs = (corpus_interval(wer, parts, LABELS)[0] for parts in (better, base))
    assert mine[1] > theirs[0]  # the intervals overlap
    assert one.ci95[1] < 0 and one.p_value < 0.001 and reason == "" and one.n == 200
    assert one.mean == -other.mean and one.ci95 == pytest.approx((-other.ci95[1], -other.ci95[0]))
    same, _ = corpus_difference(wer, base, base, LABELS)
    assert (same.mean, same.ci95, same.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_p_values_of_rates_are_uniform_where_nothing_differs():
    ps = []
    for i in range(40):
        a, b = counts(f"null{i}a"), counts(f"null{i}b")
        b = [{**q, "words": p["words"], "errors": min(q["errors"], p["words"])} for p, q in zip(a, b, strict=True)]
        flip = Draw("swap", i).uniforms(SPEAKERS).repeat(CLIPS) < 0.5
        a, b = ([y if f else x for x, y, f in zip(p, q, flip, strict=True)] for p, q in ((a, b), (b, a)))
        ps.append(corpus_difference(get_metric("wer"), a, b, LABELS)[0].p_value)
    assert sum(p < 0.05 for p in ps) <= 7 and 0.35 < np.mean(ps) < 0.65


def test_a_share_of_a_gain_in_words():
    low, wer = counts("low", 0.4), get_metric("wer")
    high = [{**p, "errors": 0} for p in low]
    half = [{**p, "errors": p["errors"] / 2} for p in low]
    found = corpus_share(wer, half, low, high, LABELS)
    assert found.value == pytest.approx(0.5) and found.ci95 == pytest.approx((0.5, 0.5)) and found.n == 200
    assert corpus_share(wer, half, low, low, LABELS).value is None


def test_order_of_trials_and_names_of_speakers_change_nothing():
    parts, wer = counts("order"), get_metric("wer")
    order = np.argsort(Draw("shuffle").uniforms(200))
    shuffled = corpus_interval(wer, [parts[i] for i in order], [LABELS[i] for i in order])[0]
    assert shuffled == pytest.approx(corpus_interval(wer, parts, LABELS)[0], rel=1e-12)


def test_a_pool_that_is_no_ratio_is_not_taken_for_one():
    """The median of clips cannot be had from sums: it must go the slow way, and does."""
    median = replace(get_metric("stoi"), pool=lambda parts: float(np.median([p["value"] for p in parts])))
    values = Draw("median").normals(200) ** 3
    parts = [{"value": float(v)} for v in values]
    (low, high), _ = corpus_interval(median, parts, LABELS)
    assert low < np.median(values) < high < interval(values, LABELS)[1]


def test_arrays_come_back_from_a_record_bit_for_bit(tmp_path):
    parts = {
        "scores": np.array([-np.inf, 0.1, np.inf]),
        "labels": np.array([True, False, True]),
        "empty": np.zeros((0, 4)),
    }
    write_json(tmp_path / "a.json", parts)
    back = read_json(tmp_path / "a.json")
    for name, array in parts.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
