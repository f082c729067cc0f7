"""A real training on the tiny corpus: weights come out that the system loads and is honest about."""

import json
import subprocess
import sys
import warnings
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # six steps teach no code book, and MUTUD says so
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
    with pytest.raises(MissingResource, match="DNS-Challenge"):
        train("gcrn", "paper", out=tmp_path)
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(UsageError, match="already holds a training"):
        train("gcrn", out=tmp_path)


@pytest.mark.parametrize(("spread", "rings"), [(0.0, True), (1.0, False)])
def test_the_alarm_rings_where_lips_collapse(spread, rings):
    """Features on one line with some noise, or spread in eight directions: the losses would look alike."""
    import torch
    from avbench.systems.mutud.model import MutudOutput
    from avbench.systems.mutud.train import _health

    maker = torch.Generator().manual_seed(0)
    f_v = torch.randn(2, 100, 1, generator=maker) * torch.ones(8)
    f_v = f_v + (spread + 1e-3) * torch.randn(2, 100, 8, generator=maker)
    p = torch.eye(8)[torch.randint(8, (2, 25, 4), generator=maker)]
    output = MutudOutput(f_v, f_v, f_v[:, :, None], f_v, p, p.flatten(1, 2), None, None)
    recipe = split_name("mutud")[0].recipes("")["synth"]
    batch = {"noisy": None, "mouth": torch.zeros(2, 25, 1), "viseme": torch.zeros(2, 25, dtype=torch.int64)}
    with pytest.warns(UserWarning, match="collapse") if rings else warnings.catch_warnings():
        values = _health(recipe)(_Reader(output), batch)
    assert (values["effective_rank"] < 2) == rings


class _Reader:
    """A net that answers what it was given."""

    def __init__(self, output):
        self.net, self.output = self, output

    def tame_only(self, noisy, mouth):
        return self.output

    def __call__(self, mouth, reading):
        import torch

        return torch.zeros(*mouth.shape[:2], 14)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["mutud", "gcrn"])
def test_two_processes_train_together(system, tmp_path):
    """As `torchrun` begins them on several GPUs or hosts, here on one processor: stages leave parameters unused."""
    script = tmp_path / "train.py"
    script.write_text(
        "from dataclasses import replace; from pathlib import Path; import sys\n"
        "from avbench.registry import split_name\n"
        f"family, variant = split_name({system!r})\n"
        "brief = dict(corpus='tiny', steps=4, warmup=1, batch=4, log_every=1, precision='32-true')\n"
        "brief |= dict(lip_steps=2, tame_steps=2) if family.id == 'mutud' else {}\n"
        "recipe = replace(family.recipes(variant)['synth'], **brief)\n"
        "how = {'hours': 1e-9} if sys.argv[2] == 'begin' else {'resume': True}\n"
        "family.train(variant, recipe, out=Path(sys.argv[1]), **how)\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", script]
    for how in ("begin", "go on"):  # all leave at the same step, or one would wait for ever
        done = subprocess.run(
            [*map(str, command), str(tmp_path / "out"), how], capture_output=True, text=True, timeout=900
        )
        assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if line["split"] == "train"]
    assert len(losses) == (8 if system == "mutud" else 4) and np.isfinite(losses).all()
    assert open_system(system, weights=tmp_path / "out" / "weights.safetensors").card.finished
