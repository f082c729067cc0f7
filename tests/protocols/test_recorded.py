"""Recorded pairs: nothing is drawn, nothing mixed, and both sides are what lies on the disk."""

import corpus_trees as trees
import numpy as np
import pytest

from avbench.data.corpora import CORPORA
from avbench.data.dataset import open_dataset
from avbench.errors import MissingResource, ReferenceFault, UsageError
from avbench.evaluation.exam import set_exam
from avbench.metrics import get_metric
from avbench.protocols import draw_plan, get_protocol, is_committed, load_plan
from avbench.signal.audio import from_int16, to_int16
from avbench.tasks import get_task


@pytest.fixture
def pairs(tmp_path):
    CORPORA["voicebank-demand"].prepare(trees.voicebank_demand(tmp_path))
    return open_dataset("voicebank-demand")


def test_a_trial_has_the_noisy_side_and_wants_the_clean_one(pairs):
    plan, rule = draw_plan("recorded", pairs, None), get_protocol("recorded")
    assert [row.clip for row in plan.rows] == list(pairs.ids) and plan.header["dataset"] == "voicebank-demand"
    trial = rule.render(plan, plan.rows[0], {}, pairs, video=False)
    clip = pairs.clips[0]
    noisy = pairs.sound(clip, "noisy").samples
    np.testing.assert_array_equal(trial.input.audio.samples, from_int16(to_int16(noisy)))
    np.testing.assert_array_equal(trial.target.audio.samples, pairs.audio(clip).samples)
    assert trial.condition == {} and not np.allclose(noisy, pairs.audio(clip).samples)
    assert {"sound", "noisy"} == {thing.kind for thing in rule.things(plan, plan.rows[0])}
    with pytest.raises(UsageError, match="voicebank-demand is sound alone"):
        rule.render(plan, plan.rows[0], {}, pairs)


def test_a_side_that_was_cut_voids_the_pair(pairs):
    plan, rule = draw_plan("recorded", pairs, None), get_protocol("recorded")
    path = pairs.path(pairs.clips[0], "noisy")
    path.unlink()
    trees.sound(path, seconds=0.2, rate=48000)
    with pytest.raises(ReferenceFault, match=r"noisy side has \d+ samples at 16 kHz and the clean side \d+"):
        rule.render(plan, plan.rows[0], {}, pairs, video=False)
    path.write_bytes(b"x" * 99)
    with pytest.raises(ReferenceFault, match="cannot be used"):
        rule.render(plan, plan.rows[0], {}, pairs, video=False)


def test_the_exam_is_drawn_over_what_the_user_has(pairs):
    task, metrics = get_task("avse-recorded"), [get_metric("stoi")]
    exam = set_exam(task, {}, metrics, "voicebank-demand")
    assert exam.size == 2 and not exam.official and exam.made == {"speech": False}
    assert exam.plan.content == set_exam(task, {}, metrics, "voicebank-demand").plan.content
    assert not is_committed("recorded", exam.plan.sha256)
    with pytest.raises(UsageError, match="takes no --noise"):
        set_exam(task, {}, metrics, "voicebank-demand", "synth-noise")
    with pytest.raises(UsageError, match="no noisy side recorded with its clips"):
        set_exam(task, {}, metrics, "avbench-synth")
    with pytest.raises(MissingResource, match="dns-eval is not prepared"):
        set_exam(task, {}, metrics)
    with pytest.raises(MissingResource, match="plan draw recorded --dataset dns-eval"):
        load_plan("recorded")
