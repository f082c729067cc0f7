"""ATVGnet: sizes, what a picture may depend on, who learns from whom, answers, a brief training."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from avbench.baselines import atvgnet
from avbench.baselines.atvgnet import films, training
from avbench.baselines.atvgnet.films import Film, Films, Pieces
from avbench.baselines.atvgnet.landmarks import AtNet, Movement, components_of
from avbench.baselines.atvgnet.model import Atvgnet, Learner, to_net, to_pictures
from avbench.baselines.atvgnet.pictures import ConvGru, Discriminator, VgNet
from avbench.baselines.atvgnet.recipe import PAPER, SYNTH

from avbench.efficiency.cost import parameters
from avbench.errors import UsageError
from avbench.signal.landmarks import mean_face
from avbench.types import Audio, Inputs, System, Video

TINY = {
    "size": 32, "sound_widths": (4, 4, 4, 4, 4), "sound_connected": (8, 8), "point_connected": (8, 8), "hidden": 8,
    "width": 4, "blocks": 1, "judge_width": 4, "finder_widths": (4, 4), "frames": 4,
}  # fmt: skip
BRIEF = {
    **TINY, "corpus": "tiny", "steps": 2, "warmup": 1, "batch": 2, "log_every": 1, "save_every": 1, "validate_every": 2,
    "check_clips": 1,
}  # fmt: skip
SMALL = replace(SYNTH, **BRIEF)


class FakeFilms:
    """A face that nods while a tone is heard."""

    name, fingerprint = "fake", "fake"

    def __len__(self):
        return 3

    def points(self, index):
        face = torch.tensor(mean_face(), dtype=torch.float32) * 0.5
        return face + 0.02 * torch.sin(torch.arange(8.0) + index)[:, None, None]

    def film(self, index):
        frames = np.random.RandomState(index).randint(0, 256, (8, 32, 32, 3)).astype(np.uint8)
        return Film(frames, self.points(index), np.sin(np.arange(8 * 640) * 0.2).astype(np.float32))


def given(seconds=0.4, shape=(1, 128, 128, 3), rate=16000, name="a"):
    maker = np.random.RandomState(5)
    audio = Audio((0.1 * maker.randn(round(seconds * rate))).astype(np.float32), rate)
    return Inputs(name, audio, None, 0, face=Video(maker.randint(0, 256, shape).astype(np.uint8), 25.0))


# --- sizes --------------------------------------------------------------------------------------------------------


def test_both_stages_have_the_released_sizes():
    assert parameters(AtNet(PAPER)) == 30_072_966
    assert parameters(VgNet(PAPER)) == 58_357_701
    unused = 1024 * 512 + 512 + 512 * 136 + 136  # of the released discriminator, by no output
    assert parameters(Discriminator(PAPER)) == 21_492_369 - unused == 20_897_801


def test_totals_are_those_of_the_card():
    sizes = {recipe.name: parameters(Atvgnet(recipe)) for recipe in (PAPER, SYNTH)}
    assert sizes == {"paper": 88_758_275, "synth": 1_930_563}


def test_a_size_that_cannot_be_halved_four_times_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        replace(SYNTH, size=100)


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    net = Atvgnet(SMALL).eval()
    net.movement.take(*components_of([FakeFilms().points(i) for i in range(3)], SMALL.components))
    return net


def test_a_picture_hangs_on_no_sound_beyond_the_stated_lookahead(net):
    wave, late = torch.randn(1, 20 * 640), 640 * 8 + round(16000 * atvgnet.LOOKAHEAD)
    changed = wave.clone()
    changed[:, late:] = 0
    one, other = (net.stage_one.windows(w, 20) for w in (wave, changed))
    assert one.shape == (1, 20, 28, 12)
    torch.testing.assert_close(one[:, :9], other[:, :9])
    assert (one[:, 9] - other[:, 9]).abs().max() > 1e-3
    changed[:, late - 1] += 1  # the last sample that the ninth picture hears
    assert (net.stage_one.windows(changed, 20)[:, 8] - one[:, 8]).abs().max() > 1e-6


def test_a_film_made_in_pieces_is_the_film_made_at_once(net, monkeypatch):
    from avbench.baselines.atvgnet import model

    wave, face = torch.randn(1, 11 * 640 - 5), torch.randint(0, 256, (1, 32, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        whole = net(wave, face)
        monkeypatch.setattr(model, "CHUNK", 4)
        pieces = list(net.pieces(wave, face))
    assert whole.shape == (1, 11, 32, 32, 3) and [p.shape[1] for p in pieces] == [4, 4, 3]
    assert (whole.int() - torch.cat(pieces, 1).int()).abs().max() <= 1


def test_the_recurrent_layer_is_a_gru_over_channels():
    """With pictures of one pixel its convolutions are products, and torch has such a layer."""
    torch.manual_seed(1)
    ours, theirs = ConvGru(3, 5), torch.nn.GRU(3, 5, batch_first=True)
    with torch.no_grad():
        for conv, name in ((ours.outer, "ih"), (ours.inner, "hh")):
            getattr(theirs, f"weight_{name}_l0").copy_(conv.weight[:, :, 1, 1])
            getattr(theirs, f"bias_{name}_l0").copy_(conv.bias)
    x = torch.randn(2, 6, 3)
    torch.testing.assert_close(ours(x[..., None, None])[..., 0, 0], theirs(x)[0])


# --- landmarks ----------------------------------------------------------------------------------------------------


def test_components_hold_movement_and_leave_the_shape_of_a_face_alone():
    torch.manual_seed(2)
    ways = torch.randn(2, 68, 2)
    clips = [torch.randn(68, 2) + torch.einsum("fk,kpc->fpc", torch.randn(20, 2), ways) for _ in range(4)]
    movement = Movement(2)
    movement.take(*components_of(clips, 2))
    for clip in clips:  # each of another face, all moved alike
        moved = movement.moved(clip[:1], movement.coefficients(clip, clip[:1])[None])[0]
        torch.testing.assert_close(moved, clip, atol=1e-4, rtol=0)
    assert movement.coefficients(clips[0], clips[0][:1]).std() < 10


def test_pictures_keep_what_the_attention_map_leaves_alone():
    torch.manual_seed(3)
    net = VgNet(SMALL).eval()
    face, points = torch.rand(1, 3, 32, 32) * 2 - 1, torch.randn(1, 5, 68, 2)
    with torch.no_grad():
        net.attention[0].bias.fill_(-50.0)
        made = net(face, points[:, 0], points)
        torch.testing.assert_close(made.pictures, face[:, None].expand(-1, 5, -1, -1, -1))
        net.attention[0].bias.fill_(50.0)
        assert (net(face, points[:, 0], points).pictures - face[:, None]).abs().max() > 0.1


def test_colours_and_attention_of_one_convolution_are_those_of_two():
    torch.manual_seed(3)
    net, base = VgNet(SMALL), torch.randn(2, SMALL.width // 2, 32, 32)
    for found, layer in zip(net._shown(base), (net.colours, net.attention), strict=True):
        torch.testing.assert_close(found, layer(base))


def test_pictures_there_and_back():
    pictures = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16, 1).expand(-1, -1, -1, 3)
    assert torch.equal(to_pictures(to_net(pictures)), pictures)


# --- learning -----------------------------------------------------------------------------------------------------


def _gradients(**changes):
    """By part: the size of its gradients in one step."""
    torch.manual_seed(4)
    recipe = replace(SMALL, dropout=0.0, **changes)
    learner = Learner(recipe).train()
    fakes = FakeFilms()
    learner.net.movement.take(*components_of([fakes.points(i) for i in range(3)], recipe.components))
    loss, values = training.losses(learner, Pieces(fakes, recipe, 0).batch(0), recipe)
    loss.backward()
    parts = {"one": learner.net.stage_one, "two": learner.net.stage_two, "finder": learner.net.finder,
             "judge": learner.discriminator}  # fmt: skip
    assert all(p.grad is not None for part in parts.values() for p in part.parameters())
    return {n: torch.cat([p.grad.flatten() for p in part.parameters()]) for n, part in parts.items()}, values


def test_the_generator_learns_from_the_discriminator_and_not_the_other_way_round():
    plain, values = _gradients(adversary=0.0)
    pleasing, _ = _gradients(adversary=1.0)
    assert (plain["two"] - pleasing["two"]).abs().max() > 1e-5
    for part in ("one", "finder", "judge"):
        torch.testing.assert_close(plain[part], pleasing[part])
    assert set(values) >= {"moving", "finding", "pixels", "fooling", "judging"}
    assert not any(value.requires_grad for value in values.values())


def test_a_batch_is_a_pure_function_of_its_step():
    pieces = Pieces(FakeFilms(), SMALL, 7)
    one, again, other = pieces.batch(3), pieces.batch(3), pieces.batch(4)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    whole = {name: torch.cat([pieces.batch(3, rank, 2)[name] for rank in (0, 1)]) for name in one}
    assert all(torch.equal(one[name], whole[name]) for name in one)
    assert one["film"].shape == (2, 4, 32, 32, 3) and one["points"].shape == (2, 8, 68, 2)


def test_points_are_those_of_the_films_that_were_kept_and_few_stay_in_memory(monkeypatch):
    asked = []

    def landmarks(clip):
        asked.append(clip)
        return np.repeat(mean_face()[None] * 50 + 64, 8, axis=0).astype(np.float32)

    dataset = SimpleNamespace(ids=tuple("abcde"), clip=str, landmarks=landmarks)  # "b" was left out
    kept = SimpleNamespace(name="fake", fingerprint="", ids=tuple("acde"), frames=lambda index: np.zeros((10, 4, 4, 3)))
    monkeypatch.setattr(films, "IN_MEMORY", 2)
    some = Films(kept, dataset)
    assert [some.points(index).shape for index in (0, 1, 1, 2, 3, 0)] == [(10, 68, 2)] * 6
    assert asked == list("acdea")


def test_a_brief_training_gives_weights_that_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "open_films", lambda *_: FakeFilms())
    monkeypatch.setitem(atvgnet.RECIPES, "synth", SMALL)
    path = atvgnet.FAMILY.train("", SMALL, out=tmp_path)
    facts = json.loads((tmp_path / "training.json").read_text())
    assert facts["steps"] == facts["planned_steps"] == 2 and facts["stored"]["psnr"] > 0
    system = atvgnet.FAMILY.create("", weights=path)
    assert isinstance(system, System) and system.card.finished and "2 of 2 steps" in system.card.training
    (answer,) = system.predict([given(0.41)])
    assert answer.video.frames.shape == (11, 32, 32, 3) and answer.video.fps == 25.0
    assert torch.count_nonzero(system.network().movement.basis) > 0  # the components travel with the weights


# --- answers ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def system():
    return atvgnet.FAMILY.create("", untrained=True)


def test_faces_of_any_size_and_short_or_silent_speech_are_answered(system):
    silent = replace(given(0.2), audio=Audio(np.zeros(3200, np.float32), 16000))
    answers = system.predict([given(0.05), given(0.2, (1, 90, 70, 1)), silent, replace(silent, id="b")])
    assert [len(a.video.frames) for a in answers] == [2, 5, 5, 5]
    assert all(a.video.frames.shape[1:] == (128, 128, 3) for a in answers)
    assert np.array_equal(answers[2].video.frames, answers[3].video.frames)


@pytest.mark.parametrize(
    "bad",
    [
        replace(given(), audio=None),
        replace(given(), face=None),
        given(rate=48000),
        given(shape=(0, 128, 128, 3)),
        given(shape=(1, 8, 128, 3)),
        given(seconds=0),
        replace(given(), audio=Audio(np.full(6400, np.nan, np.float32), 16000)),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(bad, system):
    with pytest.raises(UsageError, match="atvgnet"):
        system.predict([bad])


def test_its_cost_can_be_counted(system):
    from avbench.efficiency.cost import macs

    assert macs(system.network(), system.example(1.0)) > 1e8
