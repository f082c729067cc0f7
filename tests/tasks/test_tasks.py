import pytest

from avbench.errors import UnknownName
from avbench.tasks import TASKS, get_task


def test_short_and_versioned_names_mean_the_same_task():
    assert get_task("avse") is get_task("avse@1") is TASKS["avse"]


@pytest.mark.parametrize("name", ["avs", "avse@2", ""])
def test_unknown_task_names_the_nearest(name):
    with pytest.raises(UnknownName, match="avse"):
        get_task(name)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_task_is_filled_in_and_consistent(task):
    assert task.title and task.source and task.metrics and task.plan in task.plans
    assert ("snr" in task.axes) == bool(task.official_snr) == bool(task.noise)
    assert all(value in task.axes[axis] for axis, value in task.defaults.items())
    assert list(task.official_snr) == sorted(set(task.official_snr))


def test_every_metric_and_anchor_of_a_task_exists():
    from avbench.evaluation.examinee import ANCHORS
    from avbench.metrics import METRICS

    for task in TASKS.values():
        assert set(task.metrics) <= set(METRICS) and set(task.anchors) <= set(ANCHORS)
