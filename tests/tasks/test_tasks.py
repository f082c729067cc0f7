import numpy as np
import pytest

from avbench.errors import UnknownName
from avbench.protocols import AXES, RULES, load_plan
from avbench.tasks import TASKS, get_task


def test_short_and_versioned_names_mean_the_same_task():
    assert get_task("avse") is get_task("avse@1") is TASKS["avse"]


@pytest.mark.parametrize("name", ["avs", "avse@2", ""])
def test_unknown_task_names_the_nearest(name):
    with pytest.raises(UnknownName, match="avse"):
        get_task(name)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_task_is_filled_in_and_consistent(task):
    from avbench.evaluation.conditions import axes_of

    assert task.title and task.source and task.metrics and task.plan in task.plans
    axes = axes_of(task)
    assert ("snr" in axes) == bool(task.noise)
    assert all(value in axes[axis] for axis, value in task.defaults.items())
    assert all(set(words) < set(AXES[axis].words) for axis, words in task.axes.items())


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_plan_of_a_task_is_for_it(task):
    assert set(task.plans) == {name for name, rule in RULES.items() if rule.task == task.id}
    assert (RULES[task.plan].dataset, RULES[task.plan].noise) == (task.dataset, task.noise)
    assert all(RULES[name].protocol == task.protocol for name in task.plans)
    for name in (plan for plan in task.plans if RULES[plan].embedded):
        snr = load_plan(name).snr
        assert list(snr) == sorted(set(snr), key=lambda level: np.inf if level == "clean" else level)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_every_metric_judge_and_anchor_of_a_task_exists(task):
    from avbench.evaluation.answers import ANSWERS
    from avbench.evaluation.examinee import ANCHORS, truth_of
    from avbench.judges import list_judges
    from avbench.metrics import METRICS

    assert {METRICS[name].kind.name for name in task.metrics} <= set(task.kinds) <= set(ANSWERS[task.answer].kinds)
    assert set(task.anchors) <= set(ANCHORS[task.answer]) and truth_of(task.answer) in task.anchors
    assert {*task.judges, *task.judges.values()} <= set(list_judges())


def test_the_readme_of_the_room_has_every_task():
    from pathlib import Path

    from avbench import tasks
    from avbench.evaluation.answers import ANSWERS

    lines = Path(tasks.__file__).with_name("README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]

    def named(names):
        return ", ".join(f"`{name}`" for name in names)

    assert [(row[0], *row[2:]) for row in rows] == [
        (f"`{t.name}`", f"`{t.answer}`", f"`{ANSWERS[t.answer].suffixes[0]}`", named(t.metrics), named(t.anchors))
        for t in TASKS.values()
    ]
