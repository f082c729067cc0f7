"""The recipes `paper` train on the corpora that users bring: small trees in the real layouts, small nets, two steps."""

import json
from dataclasses import replace

import corpus_trees as trees
import pytest

from avbench.errors import MissingResource
from avbench.registry import open_system, split_name

ENHANCE = {"channels": (4, 4, 4, 4, 4), "video_widths": (4, 4, 4, 4)}
WRITE = {
    "video_widths": (4, 4, 8, 8), "audio_widths": (4, 8), "dim": 16, "heads": 2, "feed_forward": 16,
    "encoder_layers": 1, "kernel": 3, "decoder_layers": 1, "beam": 2, "check_clips": 2,
}  # fmt: skip
DETECT = {"audio_widths": (4, 4, 4, 4, 4, 8), "video_widths": (4, 4, 4, 4, 4, 8), "hidden": 8, "check_tracks": 2}


def learn(system, sizes, folder, monkeypatch, **changes):
    """Two steps by the recipe `paper` in small, stopped and resumed on the way; the facts, and the trained system."""
    family, variant = split_name(system)
    recipes = family.recipes(variant)
    recipe = recipes["paper"]
    known = recipe.__dataclass_fields__
    brief = {"steps": 2, "warmup": 1, "batch": 2, "log_every": 1, "precision": "32-true", **sizes, **changes}
    brief |= {"tame_steps": 1, "codes": 4} if "tame_steps" in known else {}
    recipe = replace(recipe, **{name: value for name, value in brief.items() if name in known})
    monkeypatch.setitem(recipes, "paper", recipe)
    family.train(variant, recipe, out=folder, hours=1e-9)
    assert json.loads((folder / "training.json").read_text())["steps"] == 1
    weights = family.train(variant, recipe, out=folder, resume=True)
    facts = json.loads((folder / "training.json").read_text())
    assert facts["recipe"] == "paper" and facts["steps"] == facts["planned_steps"] >= 2
    opened = open_system(system, weights=weights)
    assert opened.card.finished and not opened.card.synthetic
    return facts, opened


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def prepare(*words):
    from avbench.cli import main

    assert main(["data", "prepare", *map(str, words)]) == 0


@pytest.fixture
def meeting(own_cache):
    """EasyCom with one window each for training and validation."""
    for session in ("Session_1", "Session_4"):
        trees.easycom(own_cache / "easycom", session)
    prepare("easycom", own_cache / "easycom")
    return own_cache


@pytest.mark.parametrize("system", ["egoasd", "egoasd/video", "mutud/asd"])
def test_detectors_learn_from_easycom(system, meeting, monkeypatch):
    facts, _ = learn(system, DETECT, meeting / "out", monkeypatch, seconds=0.4)
    assert facts["data"] == "1 face tracks of easycom/conversations"  # and no noise is added
    assert set(facts["stored"]) >= {"map"}


def test_a_minute_that_cannot_be_read_ends_the_training_with_a_sentence(meeting, monkeypatch):
    (film,) = (meeting / "easycom").glob("Main/Video_Compressed/Session_1/*.mp4")
    trees.film(film, frames=120, fps=25, size=64)
    with pytest.raises(Exception, match="not 20 even pictures a second"):
        learn("egoasd", DETECT, meeting / "out", monkeypatch, seconds=0.4)


def test_a_recogniser_that_listens_learns_from_lrs3_and_demand(own_cache, monkeypatch):
    trees.lrs3(own_cache / "lrs3")
    trees.text(own_cache / "lrs3" / "lrs3-valid.id", "trainval/_YmdE0aWxZM/50002\n")
    for name, said in (("demand", "noises demand"), ("lrs3", "corpus lrs3")):
        with pytest.raises(MissingResource, match=rf"{said} .*: run `avbench data prepare {name} PATH`"):
            learn("vcafe/audio", WRITE, own_cache / "out", monkeypatch)
        prepare(name, getattr(trees, name)(own_cache / name))
    facts, _ = learn("vcafe/audio", WRITE, own_cache / "out", monkeypatch)
    assert facts["data"].endswith(" h of lrs3, in noise") and set(facts["stored"]) == {"wer_low", "wer_clean"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "sizes"),
    [(name, ENHANCE) for name in ("mutud", "gcrn", "av-gcrn")]
    + [(name, WRITE) for name in ("vcafe", "vcafe/audio", "mutud/avsr")],
)
def test_nets_learn_from_films_in_the_layout_of_lrs3(system, sizes, own_cache, monkeypatch):
    """LRS3, the DNS noises and DEMAND in their layouts, small: speech and faces of the embedded corpus."""
    pytest.importorskip("dlib")
    from avbench.cli import main

    assert main(["data", "export", "synth", "--as", "lrs3", str(own_cache / "lrs3"), "--limit", "4"]) == 0
    prepare("lrs3", own_cache / "lrs3")
    for k in range(3):
        trees.sound(own_cache / f"dns/datasets/noise/hum_Freesound_validated_{k}_0.wav", seconds=3, seed=k)
    prepare("dns-noise", own_cache / "dns")
    prepare("demand", trees.demand(own_cache / "demand"))
    monkeypatch.setattr("avbench.systems.nn.training.VALIDATION_BATCHES", 1)
    facts, _ = learn(system, sizes, own_cache / "out", monkeypatch, seconds=1.0)
    assert " h of lrs3, " in facts["data"]
