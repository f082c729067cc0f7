"""The nets as systems of the harness."""

import numpy as np
import pytest
import torch
from avbench.baselines.gcrn import RECIPES
from avbench.systems.nn.enhancer import _groups

from avbench.errors import BadFile, MissingResource, UnknownName, UsageError
from avbench.registry import open_system
from avbench.training.weights import save_weights
from avbench.types import Audio, Inputs, System, Video

LENGTHS = (9000, 12800, 640, 11000)


class Unseen:
    """A video that nobody may look at."""

    def __getattribute__(self, name):
        raise AssertionError("the system looked at the video")


def _inputs(video=False):
    maker = np.random.RandomState(0)
    for i, length in enumerate(LENGTHS):
        frames = max(1, length // 640 - (i == 1))  # the second clip's video ends one picture early
        mouth = Video(maker.randint(0, 256, (frames, 88, 88, 1)).astype(np.uint8), 25) if video else Unseen()
        yield Inputs(f"t{i}", Audio((0.1 * maker.randn(length)).astype(np.float32), 16000), mouth, i)


def _weights(tmp_path, **facts):
    path = tmp_path / "w.safetensors"
    torch.manual_seed(1)
    system = open_system("gcrn/small", untrained=True)
    metadata = {"system": "gcrn/small", "recipe": "synth", "steps": 5, "planned_steps": 10, "trained_seconds": 7200,
                "data": "avbench-synth/small"}  # fmt: skip
    save_weights(path, system.network().state_dict(), metadata | facts)
    return path


@pytest.mark.parametrize("name", ["gcrn/small", "mutud/small", "av-gcrn/small"])
def test_batch_size_does_not_change_an_answer(name):
    system = open_system(name, untrained=True)
    assert isinstance(system, System)
    system.load("cpu")
    inputs = list(_inputs(video=name.startswith("av")))
    together = system.predict(inputs)
    for item, prediction in zip(inputs, together, strict=True):
        alone = system.predict([item])[0].audio
        assert len(prediction.audio.samples) == len(item.audio.samples)
        assert prediction.audio.rate == 16000
        error = prediction.audio.samples - alone.samples
        assert 10 * np.log10(np.sum(error**2) / np.sum(alone.samples**2) + 1e-30) < -90


def test_the_net_is_told_apart_from_its_input():
    system = open_system("gcrn/small", untrained=True)
    item = next(_inputs())
    assert not np.allclose(system.predict([item])[0].audio.samples, item.audio.samples)


def test_an_empty_clip_gets_an_empty_answer():
    item = Inputs("empty", Audio(np.zeros(0, np.float32), 16000), None, 0)
    assert len(open_system("mutud/small", untrained=True).predict([item])[0].audio.samples) == 0


def test_video_is_asked_for_by_name():
    system = open_system("av-gcrn", untrained=True)
    with pytest.raises(UsageError, match="av-gcrn needs mouth video"):
        system.predict([Inputs("t", Audio(np.zeros(640, np.float32), 16000), None, 0)])
    with pytest.raises(UsageError, match="takes mouth video"):
        small = Video(np.zeros((1, 64, 64, 1), np.uint8), 25)
        system.predict([Inputs("t", Audio(np.zeros(640, np.float32), 16000), small, 0)])


def test_another_rate_is_refused():
    with pytest.raises(UsageError, match="16000 Hz"):
        open_system("gcrn", untrained=True).predict([Inputs("t", Audio(np.zeros(8, np.float32), 8000), None, 0)])


def test_without_weights_there_is_the_command_that_makes_them(monkeypatch):
    with pytest.raises(MissingResource, match=r"avbench train --system gcrn/matched --recipe paper"):
        open_system("gcrn/matched", recipe="paper")
    with pytest.raises(UnknownName, match="synth"):
        open_system("gcrn", recipe="synht")


def test_the_card_tells_how_far_the_training_came(tmp_path):
    system = open_system("gcrn/small", weights=_weights(tmp_path))
    assert system.card.id == "gcrn/small"
    assert system.card.recipe == "synth"
    assert system.card.synthetic
    assert not system.card.finished
    assert system.card.training == ("trained by the recipe synth for 5 of 10 steps in 2.0 h on avbench-synth/small")
    assert open_system("gcrn/small", weights=_weights(tmp_path, steps=10)).card.finished


def test_the_digest_changes_with_weights_and_recipe_and_with_nothing_else(tmp_path):
    first = open_system("gcrn/small", weights=_weights(tmp_path)).digest
    assert first == open_system("gcrn/small", weights=_weights(tmp_path)).digest
    others = [
        open_system("gcrn/small", weights=_weights(tmp_path, steps=9)).digest,
        open_system("gcrn/small", untrained=True).digest,
        open_system("gcrn/small", untrained=True, recipe="paper").digest,
        open_system("gcrn", untrained=True).digest,
    ]
    assert len({first, *others}) == 5


def test_weights_of_something_else_are_refused(tmp_path):
    path = _weights(tmp_path)
    with pytest.raises(UsageError, match="holds weights of gcrn/small"):
        open_system("gcrn", weights=path)
    with pytest.raises(UsageError, match="recipe synth"):
        open_system("gcrn/small", recipe="paper", weights=path)
    with pytest.raises(BadFile, match="does not fit"):
        open_system("gcrn/matched", weights=_weights(tmp_path, system="gcrn/matched")).load("cpu")
    (tmp_path / "not.safetensors").write_bytes(b"no")
    with pytest.raises(BadFile, match="not a weight file"):
        open_system("gcrn", weights=tmp_path / "not.safetensors")


def test_opening_a_system_leaves_torchs_random_state_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a = open_system("gcrn/small", untrained=True).network().state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    b = open_system("gcrn/small", untrained=True).network().state_dict()
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_groups_hold_similar_lengths_and_everything_once():
    lengths = [100, 99, 50, 76, 10, 9]
    assert _groups(lengths) == [[0, 1, 3], [2], [4, 5]]
    assert max(map(len, _groups([16000 * 40] * 9))) == 4  # no more than 160 s at once


def test_recipes_of_both_kinds_exist():
    assert {name for recipes in RECIPES.values() for name in recipes} == {"synth", "paper"}
