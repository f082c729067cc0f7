"""The detectors: sizes, what a picture's score may depend on, features of sound, answers, a brief training."""

import json
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from avbench.baselines import egoasd
from avbench.baselines.egoasd import training as egoasd_training
from avbench.baselines.egoasd.batches import Pieces, turned
from avbench.baselines.egoasd.mfcc import Mfcc
from avbench.baselines.egoasd.model import Egoasd, EgoasdVideo, SelfAttentivePool, VggAudio, VggVideo
from avbench.baselines.egoasd.recipe import PAPER, SYNTH
from avbench.systems.mutud import asd
from avbench.systems.mutud.asd_model import MutudAsd

from avbench.efficiency.cost import macs, parameters
from avbench.errors import MissingResource, UsageError
from avbench.training.batches import NoiseTracks
from avbench.types import Audio, Inputs, System, Video

TINY = {"audio_widths": (4, 4, 4, 4, 4, 8), "video_widths": (4, 4, 4, 4, 4, 8), "hidden": 8}
BRIEF = {
    **TINY, "corpus": "tiny", "steps": 3, "warmup": 1, "batch": 2, "seconds": 0.4, "log_every": 1, "save_every": 1,
    "validate_every": 3, "check_tracks": 2, "precision": "32-true",
}  # fmt: skip


class FakeTracks:
    """Faces that open their mouth while a tone is heard."""

    fingerprint, described = "fake", "a fake"

    def __len__(self):
        return 2

    def labels(self, index):
        return (np.arange(50) // 10 + index) % 2 == 0

    def face(self, index):
        frames = np.full((50, 112, 112), 90, np.uint8)
        wide = np.abs(np.sin(np.arange(50))) * self.labels(index)
        for frame, opening in zip(frames, wide, strict=True):
            frame[70 : 72 + int(20 * opening), 40:72] = 20
        return frames

    def audio(self, index):
        tone = 6000 * np.sin(np.arange(50 * 640) * 0.2)
        return (tone * np.repeat(self.labels(0), 640)).astype(np.int16)


def noises():
    return NoiseTracks([np.random.RandomState(0).randn(64000).astype(np.float32)], 32000)


def track(frames=20, shape=(112, 112, 1), name="a", sound=True):
    maker = np.random.RandomState(5)
    face = Video(maker.randint(0, 256, (frames, *shape)).astype(np.uint8), 25.0)
    audio = Audio((0.1 * maker.randn(640 * frames)).astype(np.float32), 16000) if sound else None
    return Inputs(name, audio, None, 0, face=face)


# --- sizes --------------------------------------------------------------------------------------------------------


def test_encoders_have_syncnets_sizes():
    assert parameters(VggAudio(PAPER.audio_widths)) == 4_875_712
    assert parameters(VggVideo(PAPER.video_widths, 224, 3)) == 7_177_920


def test_totals_are_those_of_the_card():
    head = 512 * 512 + 512 + 512 + 4 * 512 * (512 + 512 + 2) + 512 + 1  # pooling, LSTM, last layer
    assert parameters(Egoasd(PAPER)) == 4_875_712 + 7_177_920 + head == 14_418_561
    assert parameters(EgoasdVideo(PAPER)) == 7_177_920 + head - 512 * 513 - 512 == 9_279_681
    assert (parameters(Egoasd(SYNTH)), parameters(EgoasdVideo(SYNTH))) == (628_721, 306_305)
    for recipe, total in ((asd.RECIPES["paper"], 9_839_297), (asd.RECIPES["synth"], 347_905)):
        deployed = MutudAsd(recipe).deployed()
        assert {name.partition(".")[0] for name in deployed.state_dict()} == {"video", "tame", "head"}
        assert parameters(deployed) == total


@pytest.mark.parametrize(
    ("side", "shape"), [(112, (112, 112)), (112, (90, 130)), (112, (112, 112, 3)), (224, (112, 112))]
)
def test_faces_of_any_size_and_colour_become_one_feature_a_picture(side, shape):
    colours = 3 if side == 224 else 1
    net = VggVideo(TINY["video_widths"], side, colours).eval()
    face = torch.randint(0, 256, (1, 3, *shape), dtype=torch.uint8)
    assert net(face).shape == (1, 3, 8)


def test_a_grey_face_is_the_same_in_three_colours():
    torch.manual_seed(0)
    net = VggVideo(TINY["video_widths"], 112, 1).eval()
    face = torch.randint(0, 256, (1, 4, 112, 112), dtype=torch.uint8)
    torch.testing.assert_close(net(face), net(face[..., None].expand(-1, -1, -1, -1, 3)))


# --- time ---------------------------------------------------------------------------------------------------------


def test_a_score_hangs_on_the_past_alone():
    """Of the pictures up to its own, and of the sound up to 15 ms after it."""
    torch.manual_seed(0)
    net = Egoasd(replace(SYNTH, **TINY)).eval()
    face, wave = torch.randint(0, 256, (1, 12, 112, 112), dtype=torch.uint8), torch.randn(1, 12 * 640)
    whole = net(face, wave)
    later, louder = face.clone(), wave.clone()
    later[:, 8:] = 0
    louder[:, 8 * 640 + 240 :] = 0
    changed = net(later, louder)
    torch.testing.assert_close(changed[:, :8], whole[:, :8], atol=1e-6, rtol=0)
    assert (changed[:, 8:] - whole[:, 8:]).abs().max() > 1e-5
    earlier = face.clone()
    earlier[:, 5] = 0
    assert (net(earlier, wave)[:, 5] - whole[:, 5]).abs().max() > 1e-7


def test_pieces_of_a_long_film_fit_together(monkeypatch):
    torch.manual_seed(0)
    net = VggVideo(TINY["video_widths"], 112, 1).eval()
    face = torch.randint(0, 256, (1, 11, 112, 112), dtype=torch.uint8)
    whole = net(face)
    for chunk in (1, 4):
        monkeypatch.setattr("avbench.baselines.egoasd.model.CHUNK", chunk)
        torch.testing.assert_close(net(face), whole, atol=1e-5, rtol=1e-4)


def test_the_window_of_a_picture_is_the_last_fifth_of_a_second():
    """A click in picture 6 is heard by the features of pictures 6 to 10, and, beginning 25 ms early, of none before."""
    torch.manual_seed(0)
    net = VggAudio(TINY["audio_widths"]).eval()
    silence, click = torch.zeros(1, 16 * 640), torch.zeros(1, 16 * 640)
    click[0, 6 * 640 + 400] = 0.9
    changed = (net(click, 16) - net(silence, 16)).abs().amax(-1)[0] > 1e-6
    assert changed.nonzero().flatten().tolist() == [6, 7, 8, 9, 10]


# --- parts --------------------------------------------------------------------------------------------------------


def test_mfcc_of_a_frame_by_hand():
    """A frame worked out with numpy and scipy, bin by bin."""
    from scipy.fft import dct

    wave = (0.3 * np.random.RandomState(1).randn(560)).astype(np.float32)
    found = Mfcc()(torch.from_numpy(wave)[None], 2)[0].numpy()
    x = wave.astype(np.float64) * 32768
    x = np.append(x[0], x[1:] - 0.97 * x[:-1])[160:560]
    power = np.abs(np.fft.rfft(x, 512)) ** 2 / 512
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    edges = np.floor(513 * 700 * (10 ** (mel / 2595) - 1) / 16000).astype(int)
    bands = []
    for low, middle, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        up = sum(power[k] * (k - low) / (middle - low) for k in range(low, middle))
        bands.append(up + sum(power[k] * (high - k) / (high - middle) for k in range(middle, high)))
    cepstrum = dct(np.log(bands), type=2, norm="ortho")[:13] * (1 + 11 * np.sin(np.pi * np.arange(13) / 22))
    cepstrum[0] = np.log(power.sum())
    np.testing.assert_allclose(found[1], cepstrum, atol=2e-4)


def test_pooling_weighs_by_what_matters():
    pool = SelfAttentivePool(4)
    items = torch.randn(2, 3, 2, 4)
    with torch.no_grad():
        pool.context.zero_()
        torch.testing.assert_close(pool(items), items.mean(2))
        pool.hidden.weight.copy_(torch.eye(4))
        pool.hidden.bias.zero_()
        pool.context.copy_(torch.tensor([200.0, 0, 0, 0]))
        chosen = pool(torch.stack([torch.tensor([1.0, 2, 3, 4]), torch.tensor([-1.0, 0, 0, 0])]))
    torch.testing.assert_close(chosen, torch.tensor([1.0, 2, 3, 4]))


def test_turning_and_smearing():
    face = torch.randint(0, 256, (3, 40, 40), dtype=torch.uint8)
    assert torch.equal(turned(face, False, 0.0, 0.0, 0.0), face)
    assert torch.equal(turned(face, True, 0.0, 0.0, 0.0), face.flip(2))
    assert torch.equal(turned(face, False, math.pi / 2, 0.0, 0.0), torch.rot90(face, 1, (1, 2)))
    across = turned(face, False, 0.0, 9.0, 0.0).float()
    inside = across[:, 8:-8, 8:-8]
    assert inside.diff(dim=2).abs().mean() < 0.35 * inside.diff(dim=1).abs().mean()
    assert inside.mean() == pytest.approx(face[:, 8:-8, 8:-8].float().mean(), abs=4)


def test_batches_are_pure_and_fit_together():
    pieces = Pieces(FakeTracks(), noises(), replace(SYNTH, **BRIEF), 0)
    once, again, other = pieces.batch(4), pieces.batch(4), pieces.batch(5)
    assert (
        once["face"].shape == (2, 10, 112, 112) and once["noisy"].shape == (2, 6400) and once["labels"].shape == (2, 10)
    )
    assert all(torch.equal(once[name], again[name]) for name in once)
    assert not torch.equal(once["face"], other["face"])
    halves = [pieces.batch(4, rank, 2) for rank in (0, 1)]
    assert all(torch.equal(torch.cat([h[n] for h in halves]), once[n]) for n in once)


# --- systems ------------------------------------------------------------------------------------------------------


def test_without_weights_one_sentence_says_how_to_make_them():
    for variant in ("", "video"):
        with pytest.raises(MissingResource, match="avbench train --system egoasd"):
            egoasd.FAMILY.create(variant, recipe="paper")
    with pytest.raises(MissingResource, match="avbench train --system mutud/asd"):
        asd.create(recipe="paper")


def test_profile_shows_that_mutud_costs_what_video_costs():
    made = {
        "": egoasd.FAMILY.create("", recipe="synth", untrained=True),
        "video": egoasd.FAMILY.create("video", recipe="synth", untrained=True),
        "mutud": asd.create(recipe="synth", untrained=True),
    }
    assert all(isinstance(s, System) and s.card.output == "scores" and s.card.causal for s in made.values())
    costs = {name: macs(system.network(), system.example(1.0)) for name, system in made.items()}
    assert costs["video"] < costs["mutud"] < 1.05 * costs["video"] < costs[""]


def test_bad_inputs_get_a_sentence(tiny):
    hears, looks = tiny[""], tiny["mutud"]
    with pytest.raises(UsageError, match="needs sound"):
        hears.predict([track(sound=False)])
    with pytest.raises(UsageError, match="needs a face track"):
        looks.predict([replace(track(), face=None)])
    with pytest.raises(UsageError, match="25 fps"):
        looks.predict([replace(track(), face=Video(np.zeros((9, 112, 112, 1), np.uint8), 30.0))])
    with pytest.raises(UsageError, match="16000 Hz"):
        hears.predict([replace(track(), audio=Audio(np.zeros(800, np.float32), 8000))])
    with pytest.raises(UsageError, match="finite"):
        hears.predict([replace(track(), audio=Audio(np.full(800, np.nan, np.float32), 16000))])
    for samples in (0, 100, 99_999):  # sound that ends early, or late
        item = replace(track(), audio=Audio(np.zeros(samples, np.float32), 16000))
        assert hears.predict([item])[0].scores.shape == (20,)


def test_scores_are_probabilities_one_a_picture_and_neighbours_do_not_change_them(tiny):
    for name, system in tiny.items():
        items = [track(20, name="a", sound=name == ""), track(7, (80, 90, 3), "b", sound=name == "")]
        together = system.predict(items)
        for item, answer in zip(items, together, strict=True):
            scores = answer.scores
            assert scores.dtype == np.float32 and scores.shape == (len(item.face.frames),)
            assert ((scores > 0) & (scores < 1)).all()
            np.testing.assert_array_equal(scores, system.predict([item])[0].scores)


# --- training -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """All three detectors after a training of three steps, one stopped and resumed on the way."""
    made = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(egoasd_training, "open_tracks", lambda corpus, split, tell: FakeTracks())
        patch.setattr(egoasd_training, "training_noises", lambda corpus: noises())
        for variant in ("", "video", "mutud"):
            recipes = asd.RECIPES if variant == "mutud" else egoasd.RECIPES[variant]
            more = {"tame_steps": 2, "codes": 4} if variant == "mutud" else {}
            recipe, folder = replace(recipes["synth"], **BRIEF, **more), tmp_path_factory.mktemp("egoasd")
            patch.setitem(recipes, "synth", recipe)
            learn = asd.train if variant == "mutud" else partial(egoasd.FAMILY.train, variant)
            create = asd.create if variant == "mutud" else partial(egoasd.FAMILY.create, variant)
            if variant == "video":
                learn(recipe, out=folder, hours=1e-9)
            weights = learn(recipe, out=folder, resume=variant == "video")
            made[variant] = create(weights=weights)
            made[variant].lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return made


def test_a_brief_training_logs_and_marks_its_weights(tiny):
    for variant, system in tiny.items():
        trained = [line for line in system.lines if line["split"] == "train"]
        assert [line.get("stage") for line in trained] == ([2, 2] if variant == "mutud" else []) + [None] * 3
        assert all(np.isfinite(line["loss"]) for line in trained)
        assert 0 < system.lines[-1]["map"] <= 1
        if variant == "mutud":
            assert {"task_estimate", "task_audio", "cross_recall"} <= set(trained[-1])
            assert "estimate_correlation" in system.lines[-1]
        assert system.card.finished and system.card.synthetic and "face tracks" in system.card.training


def test_a_detector_learns_what_a_moving_mouth_means():
    """Thirty steps on two faces are enough to tell an open mouth from a closed one."""
    torch.manual_seed(0)
    recipe = replace(SYNTH, **{**BRIEF, "batch": 4, "noise": 0.0, "turn": 1.0, "blur": 0.0, "flip": 0.0})
    net, pieces = EgoasdVideo(replace(recipe, hears=False)), Pieces(FakeTracks(), noises(), recipe, 0)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for step in range(30):
        batch = pieces.batch(step)
        loss = egoasd_training.detection_loss(net(batch["face"]), batch["labels"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])


def test_the_paper_recipe_says_what_it_lacks(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingResource, match=r"easycom is not prepared .* run `avbench data prepare easycom PATH`"):
        egoasd.FAMILY.train("", PAPER, out=tmp_path)
