"""A real training on the tiny corpus: weights come out that the system loads and is honest about."""

import json
from dataclasses import replace

import numpy as np
import pytest

from avbench.errors import MissingResource, UnknownName, UsageError
from avbench.registry import open_system, split_name
from avbench.training.train import train
from avbench.types import Audio, Inputs


def short(system, **changes):
    family, variant = split_name(system)
    brief = {"corpus": "tiny", "steps": 6, "warmup": 1, "batch": 2, "log_every": 1}
    recipe = replace(family.recipes(variant)["synth"], **brief, **changes)
    return family, variant, recipe


@pytest.mark.parametrize("system", ["mutud", "av-gcrn", "gcrn"])
def test_every_stage_runs_and_the_weights_know_it(system, tmp_path, monkeypatch):
    monkeypatch.setattr("avbench.systems.nn.training.VALIDATION_BATCHES", 1)
    stages = {"mutud": {"lip_steps": 2, "tame_steps": 2}, "av-gcrn": {"lip_steps": 2}}.get(system, {})
    family, variant, recipe = short(system, **stages)
    with pytest.warns(UserWarning) if system == "mutud" else _no_warning():  # six steps teach no code book
        weights = family.train(variant, recipe, out=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["split"] == "train"]
    steps = 6 + sum(stages.values())
    assert len(losses) == steps and np.isfinite(losses).all()
    if stages:
        expected = [1, 1] + [2] * stages.get("tame_steps", 0) + [3] * 6
        assert [line["stage"] for line in lines if line["split"] == "train"] == expected
    if system == "mutud":
        assert {"effective_rank", "perplexity_video", "estimate_correlation"} <= set(lines[-1])
    opened = open_system(system, weights=weights)
    assert opened.card.finished and f"{steps} of {steps} steps" in opened.card.training
    if system != "av-gcrn":
        opened.load("cpu")
        noisy = Audio(np.linspace(-0.1, 0.1, 16000, dtype=np.float32), 16000)
        (answer,) = opened.predict([Inputs("a", noisy, None, 0)])
        assert answer.audio.samples.shape == (16000,) and np.isfinite(answer.audio.samples).all()


def test_stopped_early_is_called_unfinished_and_goes_on(tmp_path):
    family, variant, recipe = short("mutud/no-video")
    weights = family.train(variant, recipe, out=tmp_path, hours=1e-9)
    card = open_system("mutud/no-video", weights=weights).card
    assert not card.finished and "1 of 6 steps" in card.training
    family.train(variant, recipe, out=tmp_path, resume=True)
    assert open_system("mutud/no-video", weights=weights).card.finished


def test_bad_requests(tmp_path):
    with pytest.raises(UnknownName, match="recipe of gcrn"):
        train("gcrn", "papper", out=tmp_path)
    with pytest.raises(UsageError, match="positive number of hours"):
        train("gcrn", hours=0, out=tmp_path)
    with pytest.raises(MissingResource, match="LRS3"):
        train("gcrn", "paper", out=tmp_path)
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(UsageError, match="already holds a training"):
        train("gcrn", out=tmp_path)


def _no_warning():
    import contextlib

    return contextlib.nullcontext()
