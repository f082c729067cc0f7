"""The one way in which systems and judges are trained: what a resume must match, what the weights say of themselves."""

import json
from dataclasses import replace

import pytest
import torch
from avbench.systems.nn.course import Course, train_course
from torch import nn

from avbench.errors import BadFile, UsageError
from avbench.training.checkpoint import NAME
from avbench.training.recipe import TrainingRecipe, fingerprint
from avbench.training.weights import load_weights

RECIPE = TrainingRecipe(name="synth", steps=6, warmup=1, learning_rate=0.05, log_every=2, validate_every=3)


def toy(**changes):
    """Two layers of which the first is deployed; `validate` says what its first weight is."""
    torch.manual_seed(RECIPE.seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))

    def batch_of(step, rank, world):
        return {"x": torch.randn(5, 3, generator=torch.Generator().manual_seed(step))}

    def objective(model, batch, step):
        loss = (model(batch["x"]).squeeze(-1) - batch["x"].sum(1)).square().mean()
        return loss, {"off": loss.detach()}

    def validate(model, step):
        return {"first": float(model[0].weight[0, 0].detach())}

    return replace(
        Course("toy", model, objective, batch_of, validate, "f00d", "toys", deployed=lambda model: model[0]), **changes
    )


def facts_of(folder):
    return json.loads((folder / "training.json").read_text())


def test_a_stopped_training_ends_like_one_that_was_not(tmp_path):
    whole = train_course(toy(), RECIPE, out=tmp_path / "whole")
    train_course(toy(), RECIPE, out=tmp_path / "parts", hours=1e-9)
    assert facts_of(tmp_path / "parts")["steps"] == 1
    parts = train_course(toy(), RECIPE, out=tmp_path / "parts", resume=True)
    one, other = (load_weights(path)[0] for path in (whole, parts))
    assert set(one) == {"weight", "bias"} and all(torch.equal(one[name], other[name]) for name in one)


def test_a_resume_must_be_of_the_same_name_recipe_and_data(tmp_path):
    """The text stands in checkpoints that people have: it cannot change."""
    train_course(toy(), RECIPE, out=tmp_path, hours=1e-9)
    state = torch.load(tmp_path / NAME, weights_only=True)
    assert state["identity"] == f"toy synth {fingerprint(RECIPE)} f00d"
    for other, recipe in (
        (toy(name="doll"), RECIPE),
        (toy(fingerprint="beef"), RECIPE),
        (toy(), replace(RECIPE, seed=1)),
    ):
        with pytest.raises(UsageError, match="holds another training"):
            train_course(other, recipe, out=tmp_path, resume=True)


def test_weights_of_8_bits_are_validated_as_they_are_stored(tmp_path):
    weights = train_course(toy(), RECIPE, out=tmp_path / "8")
    stored = float(load_weights(weights)[0]["weight"][0, 0])
    log = [json.loads(line) for line in (tmp_path / "8" / "log.jsonl").read_text().splitlines()]
    assert facts_of(tmp_path / "8")["stored"] == {"first": round(stored, 5)}
    assert 0 < abs(log[-1]["first"] - stored) < 0.01
    train_course(toy(bits=16), RECIPE, out=tmp_path / "16")
    assert "stored" not in facts_of(tmp_path / "16")


def test_weights_say_whose_they_are_and_how_long_they_learned(tmp_path):
    judge = load_weights(train_course(toy(), RECIPE, out=tmp_path / "judge"))[1]
    course = toy(version="toy-1", data=lambda progress: f"{progress.steps} toys")
    system = load_weights(train_course(course, RECIPE, out=tmp_path / "system"))[1]
    assert judge["judge"] == "toy" and judge["data"] == "toys" and "system" not in judge
    assert (system["system"], system["version"], system["data"]) == ("toy", "toy-1", "6 toys") and "judge" not in system
    assert system["steps"] == system["planned_steps"] == 6 and system["recipe_fingerprint"] == fingerprint(RECIPE)
    assert system["device"].startswith("CPU") and system["data_fingerprint"] == "f00d" and system["init"] == ""


def test_a_training_begins_from_weights(tmp_path):
    weights = train_course(toy(), RECIPE, out=tmp_path / "first")
    lines = []
    slow = replace(RECIPE, learning_rate=1e-9)
    train_course(toy(), slow, out=tmp_path / "then", init=weights, announce=lines.append)
    assert lines[0].endswith("2 of 2 tensors") and facts_of(tmp_path / "then")["init"] == "weights.safetensors"
    one, other = (load_weights(tmp_path / name / "weights.safetensors")[0]["weight"] for name in ("first", "then"))
    torch.testing.assert_close(one, other, atol=0.01, rtol=0)
    course = toy()
    with pytest.raises(BadFile, match="No tensor"):  # the names of the whole are others than those of its part
        train_course(replace(course, begins=course.model), slow, out=tmp_path / "all", init=weights)
