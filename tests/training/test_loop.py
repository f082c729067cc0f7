"""A killed training resumes as if nothing had happened; the loop learns; the schedule is the stated one."""

import dataclasses
import json
import subprocess
import sys
import time
from itertools import pairwise

import pytest
import torch
from torch import nn

from avbench.errors import AvbenchError, BadFile, UsageError
from avbench.training.checkpoint import NAME, load_checkpoint
from avbench.training.loop import _average, fit, learning_rate
from avbench.training.recipe import TrainingRecipe

RECIPE = TrainingRecipe(
    name="test", steps=24, warmup=4, learning_rate=1e-2, save_every=6, log_every=3, validate_every=12
)

SCRIPT = """
import sys, time, torch
from pathlib import Path
sys.path.insert(0, {here!r})
from test_loop import RECIPE, batch_of, net, objective
from avbench.training.loop import fit
def slow(step, rank, world):
    time.sleep(0.15)
    return batch_of(step, rank, world)
fit(net(), objective, slow, RECIPE, out=Path(sys.argv[1]), identity="toy")
"""


def net() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1))


def batch_of(step, rank, world):
    generator = torch.Generator().manual_seed(step * world + rank)
    x = torch.randn(16, 4, generator=generator)
    return {"x": x, "y": x.sum(1, keepdim=True)}


def objective(model, batch, step):
    loss = (model(batch["x"]) - batch["y"]).square().mean()
    return loss, {"error": loss.detach()}


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.state_dict().values()])


def test_it_learns_and_logs(tmp_path):
    model, progress = fit(
        net(), objective, batch_of, RECIPE, out=tmp_path, identity="toy", validate=lambda m, step: {"seen": float(step)}
    )
    assert (progress.steps, progress.planned, progress.stopped) == (24, 24, "finished")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    train = [line for line in lines if line["split"] == "train"]
    assert [line["step"] for line in train] == [3, 6, 9, 12, 15, 18, 21, 24]
    assert train[-1]["error"] < train[0]["error"]
    assert [line["seen"] for line in lines if line["split"] == "validation"] == [12.0, 24.0]
    assert not model.training


def test_resumed_equals_uninterrupted_bit_by_bit(tmp_path):
    whole, _ = fit(net(), objective, batch_of, RECIPE, out=tmp_path / "whole", identity="toy")
    cut = tmp_path / "cut"
    _, first = fit(net(), objective, batch_of, RECIPE, out=cut, identity="toy", hours=1e-9)
    assert first.stopped == "time" and first.steps == 1
    resumed, progress = fit(net(), objective, batch_of, RECIPE, out=cut, identity="toy", resume=True)
    assert progress.stopped == "finished"
    assert torch.equal(weights(whole), weights(resumed))
    assert (cut / "log.jsonl").read_text().count('"step": 24') == 1


@pytest.mark.parametrize("kill", ["SIGKILL", "SIGTERM"])
def test_killed_in_the_middle(tmp_path, kill):
    import signal
    from pathlib import Path

    whole, _ = fit(net(), objective, batch_of, RECIPE, out=tmp_path / "whole", identity="toy")
    cut = tmp_path / "cut"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT.format(here=str(Path(__file__).parent)), str(cut)])
    deadline = time.monotonic() + 90
    while not (cut / NAME).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(getattr(signal, kill))
    process.wait(30)
    assert 6 <= torch.load(cut / NAME, weights_only=True)["step"] < 24
    resumed, _ = fit(net(), objective, batch_of, RECIPE, out=cut, identity="toy", resume=True)
    assert torch.equal(weights(whole), weights(resumed))


def test_another_training_is_not_continued(tmp_path):
    fit(net(), objective, batch_of, RECIPE, out=tmp_path, identity="toy")
    with pytest.raises(UsageError, match="another training"):
        fit(net(), objective, batch_of, RECIPE, out=tmp_path, identity="other", resume=True)
    with pytest.raises(UsageError, match="no training to resume"):
        load_checkpoint(tmp_path / "nowhere", "toy", "cpu")
    (tmp_path / NAME).write_bytes(b"rubbish")
    with pytest.raises(BadFile, match="cannot be read"):
        load_checkpoint(tmp_path, "toy", "cpu")


def test_the_average_forgets_where_it_began():
    update = _average(0.9)
    average, counted = torch.tensor([100.0]), torch.tensor([3])
    expected = 100.0
    for n in range(1, 300):
        update([average, counted], [torch.tensor([1.0]), torch.tensor([7])], n)
        decay = min(0.9, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay)
    assert float(average) == pytest.approx(expected, rel=1e-5) == pytest.approx(1.0, abs=1e-4)
    assert int(counted) == 7
    early = torch.tensor([100.0])
    for n in range(1, 30):
        _average(0.999)([early], [torch.tensor([1.0])], n)
    assert float(early) < 1.1  # a plain average of that span would still hold 97 % of it


def test_schedule():
    rates = [learning_rate(s, RECIPE) for s in range(RECIPE.steps)]
    assert rates[0] == pytest.approx(2.5e-3) and rates[3] == pytest.approx(1e-2)
    assert rates[4] == pytest.approx(1e-2) and rates[14] == pytest.approx(5e-3)
    assert all(a >= b for a, b in pairwise(rates[4:]))


class Sided(TrainingRecipe):
    constant = True

    def sides(self, model):
        return [
            {"params": [*model[0].parameters(), *model[1].parameters()]},
            {"params": model[4].parameters(), "lr": 0},
        ]


def test_each_side_has_its_rate_and_rates_may_stay(tmp_path):
    sided = Sided(**dataclasses.asdict(RECIPE))
    assert [learning_rate(s, sided) for s in (0, 3, 4, 23)] == pytest.approx([2.5e-3, 1e-2, 1e-2, 1e-2])
    before = net().state_dict()
    begun = net()
    fit(begun, objective, batch_of, sided, out=tmp_path, identity="toy")
    moved = {name for name, value in begun.state_dict().items() if not torch.equal(value, before[name])}
    assert {"0.weight", "1.weight"} <= moved and not {"4.weight", "4.bias"} & moved


class Staged(TrainingRecipe):
    pretraining = (20, 10)


def test_stages_of_pretraining_come_before_and_leave_the_schedule_alone():
    staged = Staged(**dataclasses.asdict(RECIPE))
    rates = [learning_rate(s, staged) for s in range(-30, RECIPE.steps)]
    assert rates[30:] == [learning_rate(s, RECIPE) for s in range(RECIPE.steps)]
    assert rates[0] == pytest.approx(5e-3) and rates[1] == rates[20] == pytest.approx(1e-2)  # a tenth is warm-up
    assert rates[19] < 1e-3 and rates[29] < 1e-3
    assert all(a >= b for a, b in pairwise(rates[1:20])) and all(a >= b for a, b in pairwise(rates[20:30]))


def test_pretraining_is_counted_logged_and_resumed(tmp_path):
    staged = Staged(**dataclasses.asdict(RECIPE))
    seen = []

    def watched(model, batch, step):
        seen.append(step)
        return objective(model, batch, step)

    _, progress = fit(net(), watched, batch_of, staged, out=tmp_path, identity="toy", hours=1e-9)
    assert (progress.steps, progress.planned, progress.stopped) == (1, 30 + RECIPE.steps, "time")
    _, progress = fit(net(), watched, batch_of, staged, out=tmp_path, identity="toy", resume=True)
    assert (progress.steps, progress.stopped) == (30 + RECIPE.steps, "finished")
    assert seen == list(range(-30, RECIPE.steps))
    steps = [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert steps == sorted(steps) and steps[0] < 0 and steps[-1] == RECIPE.steps


def test_a_training_whose_gradients_are_never_finite_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("avbench.training.loop.LOST", 3)
    model = torch.nn.Linear(1, 1)

    def objective(model, batch, step):
        return model(batch["x"]).mean() * float("nan"), {}

    recipe = TrainingRecipe(name="toy", steps=10, warmup=1, learning_rate=0.1, log_every=1)
    with pytest.raises(AvbenchError, match="not finite for 3 steps"):
        fit(model, objective, lambda *_: {"x": torch.ones(2, 1)}, recipe, out=tmp_path, identity="toy")
    lines = [json.loads(line, parse_constant=pytest.fail) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in lines] == [None, None]
