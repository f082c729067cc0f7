"""The talking face: the paper's counts, what is computed otherwise than told, losses, phases, answers, streaming."""

import ast
import gc
import json
import sys
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from avbench.systems import noisy_talking_face
from avbench.systems.noisy_talking_face import films as films_module
from avbench.systems.noisy_talking_face import losses, train
from avbench.systems.noisy_talking_face.discriminators import FrameDiscriminator, PairDiscriminator, _beside
from avbench.systems.noisy_talking_face.films import Films, open_films, register
from avbench.systems.noisy_talking_face.model import CONTEXT, REACH, STRIDE, Generator, ImageEncoder, _Joint
from avbench.systems.noisy_talking_face.planes import doubled, mirrored
from avbench.systems.noisy_talking_face.recipe import RECIPES, VARIANTS
from avbench.systems.noisy_talking_face.signals import drawn_noise, halve
from avbench.systems.noisy_talking_face.stream import LOOKAHEAD, FaceStream

from avbench import registry
from avbench.data.dataset import open_dataset
from avbench.data.faces import NoFace, aligned
from avbench.efficiency.cost import parameters
from avbench.errors import BadFile, MissingResource, UsageError
from avbench.seeds import Draw
from avbench.training.batches import NoiseTracks
from avbench.training.loop import fit
from avbench.types import Audio, Inputs, System, Video

FAMILY = noisy_talking_face.FAMILY
SMALL = replace(
    RECIPES[""]["synth"], name="small", size=64, speech_channels=(4, 4, 4, 8, 16), speech_features=8,
    image_channels=(4, 4, 4, 4, 8), noise=4, decoder_channels=(8, 8, 8, 4), frame_channels=(4, 4, 4, 4),
    frame_hidden=8, pair_channels=(4, 4, 4, 4), pair_hidden=(8, 8, 16), corpus="tiny", clips=4, check_clips=2,
    batch=2, seconds=0.4, steps=3, reconstruction_steps=3, warmup=1, average=0.9, log_every=1, save_every=1,
    validate_every=3,
)  # fmt: skip


class FakeFilms:
    """A dark film and a bright one, a little brighter where the speech is louder."""

    fingerprint, name = "fake", "a fake"

    def __len__(self):
        return 2

    def audio(self, index):
        level = np.repeat(1 + np.sin(np.arange(29) * (1 + index)), 640)
        return (4000 * level * np.sin(np.arange(29 * 640) * 0.3)).astype(np.int16)

    def frames(self, index):
        level = 40 + 170 * index + 20 * np.sin(np.arange(29) * (1 + index))
        return np.broadcast_to(level[:, None, None, None], (29, 64, 64, 3)).astype(np.uint8)

    def mouth(self, index):
        return np.full((29, 2), 40.0, np.float32)


@cache
def hiss():
    return NoiseTracks([Draw("hiss", k).normals(32000).astype(np.float32) for k in range(3)], 18560, "hiss")


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.setattr(train, "noises_of", lambda name, samples: hiss())
    return FakeFilms(), FakeFilms()


def course(recipe, fakes):
    return train.course_of("noisy-talking-face", "test", recipe, *fakes)


def net(recipe=SMALL) -> Generator:
    torch.manual_seed(1)
    return Generator(recipe).eval()


def speech(seconds, seed="speech"):
    return (0.1 * Draw(seed).normals(round(16000 * seconds))).astype(np.float32)


# Sizes.


def test_the_papers_counts_are_exact():
    recipe = RECIPES[""]["paper"]
    with torch.device("meta"):
        generator = Generator(recipe)
        assert parameters(generator) == 32_715_379
        assert parameters(FrameDiscriminator(recipe)) == 68_702_593
        assert parameters(PairDiscriminator(recipe)) == 19_067_601
    parts = {name: parameters(part) for name, part in generator.named_children()}
    assert parts == {
        "speech": 2_291_088, "lstm": 4_202_496, "image": 8_168_192, "noise": 132_096, "decoder": 17_921_507
    }  # fmt: skip


def test_136_ms_of_context_are_not_the_whole_latency():
    assert CONTEXT * STRIDE / 8000 == 0.136
    assert REACH / 8000 == pytest.approx(0.0434, abs=1e-4)
    assert LOOKAHEAD == pytest.approx(0.136 + 0.0434 + 31 / 16000, abs=1e-4)


def test_variants_differ_in_what_they_leave_out():
    assert set(RECIPES) == set(VARIANTS) == {"", "base", "no-mask", "no-pair", "no-frame"}
    for recipe in ("paper", "synth"):
        full = RECIPES[""][recipe]
        assert RECIPES["base"][recipe] == replace(full, resilient=False)
        assert RECIPES["no-mask"][recipe] == replace(full, masked=False)
    with torch.device("meta"):
        assert train.Players(RECIPES["no-pair"]["synth"]).pair is None
        assert train.Players(RECIPES["no-frame"]["synth"]).frame is None
    with pytest.raises(ValueError, match="do not fit 96 pixels"):
        replace(SMALL, size=96)


# What is computed otherwise than the paper tells it.


def test_stride_two_is_nearest_neighbour_interpolation_to_a_half():
    torch.manual_seed(0)
    encoder, face = ImageEncoder(SMALL), torch.randn(2, 3, 64, 64)
    x, small, skips = face, face, []
    for layer in encoder.layers:
        y = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), layer.weight, layer.bias)
        y = F.interpolate(F.leaky_relu(y, 0.2), scale_factor=0.5)
        small = F.interpolate(small, scale_factor=0.5)
        x = torch.cat([y, small], 1)
        skips.insert(0, x)
    _, found = encoder(face)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(found, skips, strict=True))


def test_a_joint_layer_is_one_convolution_of_both_inputs():
    torch.manual_seed(0)
    layer, x, still = _Joint(5, 3, 4), torch.randn(2, 6, 5, 8, 8), torch.randn(2, 3, 8, 8)
    both = torch.cat([x, still[:, None].expand(-1, 6, -1, -1, -1)], 2).flatten(0, 1)
    weight = torch.cat([layer.moving.weight, layer.still.weight], 1)
    whole = F.conv2d(F.pad(both, (1, 1, 1, 1), mode="reflect"), weight, layer.moving.bias)
    assert torch.allclose(layer(x, layer.still(still)).flatten(0, 1), whole, atol=1e-5)


@pytest.mark.parametrize("double", [False, True])
def test_a_layer_of_the_decoder_is_interpolation_and_a_mirrored_convolution(double):
    """Values and gradients, at edges and corners too."""
    x, weight, bias = (Draw("planes", k).normals(n) for k, n in enumerate((240, 180, 4)))
    given = [torch.tensor(v, requires_grad=True) for v in (x.reshape(2, 5, 4, 6), weight.reshape(4, 5, 3, 3), bias)]
    found = (doubled if double else mirrored)(*given)
    large = F.interpolate(given[0], scale_factor=2.0) if double else given[0]
    wanted = F.conv2d(F.pad(large, (1, 1, 1, 1), mode="reflect"), *given[1:])
    assert found.shape == wanted.shape and torch.allclose(found, wanted, atol=1e-12)
    slope = torch.randn_like(wanted)
    pairs = zip(*(torch.autograd.grad(y, given, slope) for y in (found, wanted)), strict=True)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in pairs)


def test_one_face_for_clean_and_noisy_speech_is_the_same_face_twice():
    generator, face = net(), torch.rand(2, 3, 64, 64) * 2 - 1
    sound, drawn = torch.randn(4, 3200) * 0.1, torch.randn(4, 10, SMALL.noise)
    with torch.no_grad():
        once, twice = generator(sound, face, drawn).frames, generator(sound, face.repeat(2, 1, 1, 1), drawn).frames
    assert torch.allclose(once, twice, atol=1e-5)


@pytest.mark.parametrize("kind", [FrameDiscriminator, PairDiscriminator])
def test_a_discriminators_first_layer_sees_frame_and_face_side_by_side(kind):
    torch.manual_seed(0)
    layer, frames, face = kind(SMALL).layers[0], torch.randn(2, 3, 3, 64, 64), torch.randn(2, 3, 64, 64)
    both = torch.cat([frames, face[:, None].expand_as(frames)], 2).flatten(0, 1)
    assert torch.allclose(_beside(layer, frames, face, 0.2), F.leaky_relu(layer(both), 0.2), atol=1e-5)


def test_every_fifth_feature_meets_its_neighbours_and_no_others():
    generator = net()
    features = torch.zeros(1, 60, 16)
    plain = generator.speech.in_context(generator.speech.widened(features))
    assert plain.shape == (1, 12, 8)
    for place in (0, 22, 59):
        features = torch.zeros(1, 60, 16)
        features[0, place] = 1.0
        moved = (generator.speech.in_context(generator.speech.widened(features)) != plain).any(2)[0]
        assert moved.tolist() == [abs(5 * frame - place) <= CONTEXT for frame in range(12)]


def test_edges_are_noise_while_learning_and_nothing_later():
    generator, features = net(replace(SMALL, edge=0.5)), torch.zeros(1, 10, 16)
    assert not generator.speech.widened(features).any()
    generator.train()
    padded = generator.speech.widened(features)
    assert padded[:, :CONTEXT].std() > 0.3 and not padded[:, CONTEXT:-CONTEXT].any()


def test_halving_keeps_a_tone_and_stops_what_would_fold():
    time = np.arange(3200) / 16000
    for hertz, kept in ((440, 1.0), (2000, 1.0), (3000, 1.0), (5000, 0.0), (7000, 0.0)):
        found = halve(np.sin(2 * np.pi * hertz * time))[100:-100]
        wanted = kept * np.sin(2 * np.pi * hertz * time[::2])[100:-100]
        assert np.abs(found - wanted).max() < 0.01


def test_drawn_noise_of_a_frame_hangs_on_its_number_alone():
    whole = drawn_noise(7, 0, 60, 4)
    assert np.array_equal(drawn_noise(7, 20, 15, 4), whole[20:35])
    assert not np.array_equal(drawn_noise(8, 0, 60, 4), whole) and abs(whole.std() - 1) < 0.2


# Losses.


def test_the_mask_has_its_peak_at_the_mouth_and_a_floor():
    mask = losses.mouth_mask(torch.tensor([[[64.0, 90.0]]]), 128, 9.0, 0.01)[0, 0, 0]
    assert mask.argmax() == 90 * 128 + 64 and mask.max() == pytest.approx(1.01)
    assert mask[0, 0] == pytest.approx(0.01) and mask[90, 73] == pytest.approx(np.exp(-0.5) + 0.01, abs=1e-6)
    even = losses.even_mask(torch.tensor([[[64.0, 90.0]]]), 128, 9.0, 0.01)
    assert even.mean() == pytest.approx(float(mask.mean()), rel=0.01) and even.std() < 1e-6
    pictures = torch.zeros(1, 1, 3, 128, 128)
    assert losses.masked_l1(pictures + 0.5, pictures, mask[None, None, None]) == pytest.approx(0.5 * float(mask.mean()))


def test_least_squares_and_equation_one():
    made, real = torch.tensor([0.0, 0.5]), torch.tensor([1.0, 1.0])
    assert losses.discriminator_loss(made, real) == pytest.approx(0.5 * 0.125)
    assert losses.deception_loss(made) == pytest.approx(0.5 * 0.625)
    assert losses.resilience_loss(made, real) == pytest.approx(0.625)
    total = losses.generator_loss(torch.tensor(1.0), 2.0, 3.0, 4.0, 5.0, SMALL)
    assert total == pytest.approx(3 + 3e-3 + 4e-3 + 5e-3)


def test_each_side_learns_from_its_own_loss_only(fakes):
    lesson = course(SMALL, fakes)
    players, batch = lesson.model, lesson.batch_of(0, 0, 1)
    players(batch, -1)[0].backward()
    assert all(p.grad is None for one in players.opponents for p in one.parameters())
    players.zero_grad()
    torch.manual_seed(5)
    players(batch, 0)[0].backward()
    together = {name: p.grad.clone() for name, p in players.named_parameters() if p.grad is not None}
    assert all(name in together for name, _ in players.named_parameters())
    # Without the deception the opponents' gradients are the same: the generator's loss does not reach them.
    players.recipe = replace(SMALL, alpha=0.0, beta=0.0)
    players.zero_grad()
    torch.manual_seed(5)
    players(batch, 0)[0].backward()
    for name, p in players.named_parameters():
        same = torch.allclose(p.grad, together[name], rtol=1e-4, atol=1e-9)
        assert same == (not name.startswith("generator")) or "noise" in name or same


def test_rates_and_momentum_are_the_papers():
    recipe = RECIPES[""]["paper"]
    with torch.device("meta"):
        sides = recipe.sides(train.Players(recipe))
    assert [side.get("lr", recipe.learning_rate) for side in sides] == [1e-4, 1e-5]
    assert recipe.betas == (0.5, 0.999) and recipe.constant and recipe.weight_decay == 0
    assert (recipe.alpha, recipe.beta, recipe.snr[0], recipe.snr[-1], len(recipe.snr)) == (1e-3, 1e-3, -6, 30, 13)


# Training.


def test_a_training_of_both_phases_resumes_bit_by_bit(tmp_path, fakes):
    def weights(players):
        return torch.cat([p.detach().flatten() for p in players.state_dict().values()])

    def go(out, **more):
        lesson = course(SMALL, fakes)
        return fit(lesson.model, lesson.objective, lesson.batch_of, SMALL, out=out, identity="toy", **more)

    whole, progress = go(tmp_path / "whole")
    assert (progress.steps, progress.planned) == (6, 6)
    cut = tmp_path / "cut"
    go(cut, hours=1e-9)
    broken, _ = go(cut, hours=1e-9, resume=True)
    assert not torch.equal(weights(broken), weights(whole))
    resumed, progress = go(cut, resume=True)
    assert progress.stopped == "finished" and torch.equal(weights(whole), weights(resumed))
    lines = [json.loads(line) for line in (cut / "log.jsonl").read_text().splitlines()]
    assert [("pair_cost" in line) for line in lines] == [False] * 3 + [True] * 3


def test_it_learns_one_batch(fakes):
    recipe = replace(SMALL, learning_rate=1e-2, discriminator_rate=1e-4, seconds=0.2)
    lesson = course(recipe, fakes)
    players, batch = lesson.model, lesson.batch_of(0, 0, 1)
    optimizer = torch.optim.AdamW(recipe.sides(players), lr=recipe.learning_rate, betas=recipe.betas)
    seen = []
    for step in range(30):
        loss, values = players(batch, -1 if step < 25 else 0)
        seen.append(float(values["clean"] + values["noisy"]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert np.mean(seen[-3:]) < 0.5 * seen[0]


@pytest.mark.parametrize("variant", ["base", "no-mask", "no-pair", "no-frame"])
def test_variants_train_and_their_weights_are_the_generators(tmp_path, fakes, variant, monkeypatch):
    changes = {
        "base": {"resilient": False}, "no-mask": {"masked": False}, "no-pair": {"beta": 0.0}, "no-frame": {"alpha": 0.0}
    }[variant]  # fmt: skip
    recipe = replace(SMALL, steps=1, reconstruction_steps=1, warmup=0, **changes)
    monkeypatch.setattr(train, "open_films", lambda corpus, split, *rest: fakes[0])
    path = FAMILY.train(variant, recipe, out=tmp_path)
    facts = json.loads((tmp_path / "training.json").read_text())
    assert facts["system"] == f"noisy-talking-face/{variant}" and facts["steps"] == facts["planned_steps"] == 2
    assert {"psnr_clean", "psnr_noisy", "mouth_clean", "rest_clean", "features"} <= set(facts["stored"])
    monkeypatch.setitem(RECIPES[variant], "synth", replace(recipe, name="synth"))
    from avbench.training.weights import load_weights

    net(recipe).load_state_dict(load_weights(path)[0])


def test_features_that_collapse_are_told(fakes):
    lesson = course(SMALL, fakes)
    for p in lesson.model.generator.speech.parameters():
        torch.nn.init.zeros_(p)
    with pytest.warns(UserWarning, match="collapse"):
        lesson.validate(lesson.model, 0)


def test_training_needs_no_more_than_a_bare_gpu_machine_has():
    """Anything else is imported by who needs it, inside a function."""
    known = {"torch", "numpy", "lightning", "avbench", *sys.stdlib_module_names}
    for path in Path(noisy_talking_face.__file__).parent.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            assert {name.split(".")[0] for name in names} <= known, path.name


# Films.


def test_films_are_registered_as_the_tasks_are_and_kept():
    dataset = open_dataset("avbench-synth/words/tiny", "validation")
    clip = dataset.clip(dataset.ids[0])
    points, frames = dataset.landmarks(clip)[:4], dataset.face(clip).frames[:4]
    made, mouth = register(frames, points, 128)
    wanted = aligned(frames, points, "three-point")
    inner = slice(8, -8)
    assert np.abs(made.astype(int) - wanted)[:, inner, inner].max() <= 2
    half, centre = register(frames, points, 64)
    assert half.shape == (4, 64, 64, 3) and np.allclose((centre + 0.5) * 2, mouth + 0.5)
    again, same = register(wanted, points, 128, registered=True)
    assert np.array_equal(again, wanted) and np.allclose(same, mouth)
    films = open_films("tiny", "validation", 2, 64, workers=1)
    assert isinstance(films, Films) and len(films) == 2 and films.frames(1).shape == (29, 64, 64, 3)
    assert np.abs(films.frames(0)[:4].astype(int) - half).max() == 0 and np.allclose(films.mouth(0)[:4], centre)
    assert films.audio(1).shape == (18560,) and films.audio(1).any()
    told = []
    assert open_films("tiny", "validation", 2, 64, told.append).fingerprint == films.fingerprint and not told


class Recorded:
    """Forty-five clips of which some have no pictures; `spoilt` ones cannot be used."""

    name, fingerprint = "recorded", "recorded"
    ids = tuple(f"c{k:02d}" for k in range(45))
    pictured = frozenset(ids) - {"c00"}

    def prepare(self, ids, workers=None):
        pass


def recorded(monkeypatch, tmp_path, spoilt):
    def clip(dataset, clip_id, size):
        if clip_id in spoilt:
            raise NoFace(f"{clip_id}.mp4 shows no face in any of its 29 frames.")
        return tuple(np.full(shape, int(clip_id[1:])) for shape in ((29, size, size, 3), (29, 2), 18560))

    monkeypatch.setattr(films_module, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(films_module, "open_dataset", lambda *_: Recorded())
    monkeypatch.setattr(films_module, "_clip", clip)
    told = []
    return open_films("recorded", "train", 100, 4, told.append, workers=1), told


def test_films_that_cannot_be_used_are_left_out_and_told(monkeypatch, tmp_path):
    spoilt = {"c05", *Recorded.ids[21:41]}  # one of the first shard, the whole second one
    films, told = recorded(monkeypatch, tmp_path / "a", spoilt)
    wanted = [clip for clip in Recorded.ids[1:] if clip not in spoilt]
    assert list(films.ids) == wanted and len(films) == 23
    seen = [(films.frames(k)[0, 0, 0, 0], films.mouth(k)[0, 0], films.audio(k)[0]) for k in range(23)]
    assert seen == [(int(clip[1:]),) * 3 for clip in wanted]
    assert told[-1].startswith("recorded, train: 21 of 44 films cannot be used and are left out; the first: c05.mp4")
    again, told = recorded(monkeypatch, tmp_path / "a", set())  # from the cache
    assert again.ids == films.ids and again.fingerprint == films.fingerprint and len(told) == 1
    assert recorded(monkeypatch, tmp_path / "b", set())[0].fingerprint != films.fingerprint
    with pytest.raises(MissingResource, match="no train films that can be trained on"):
        recorded(monkeypatch, tmp_path / "c", set(Recorded.ids))


def test_few_shards_are_mapped_at_a_time(monkeypatch, tmp_path):
    monkeypatch.setattr(films_module, "OPEN", 2)
    films, _ = recorded(monkeypatch, tmp_path, set())
    assert _mapped(tmp_path) == 0  # nothing is opened before it is asked for
    for index in (0, 20, 40, 0):
        assert films.audio(index)[0] == index + 1
        assert 3 <= _mapped(tmp_path) <= 6


def _mapped(folder):
    """Files of a folder in this process' memory map."""
    path = Path("/proc/self/maps")
    if not path.is_file():
        pytest.skip("Only Linux tells which files a process has mapped.")
    gc.collect()
    return len({line.split()[-1] for line in path.read_text().splitlines() if str(folder) in line})


# Streaming.


@pytest.mark.parametrize("pieces", [640, 1111, 16000])
@pytest.mark.parametrize("seconds", [0.01, 0.2, 1.16, 2.51])
def test_streaming_equals_the_whole_clip(seconds, pieces):
    generator, samples = net(), speech(seconds)
    face = torch.rand(1, 3, 64, 64) * 2 - 1
    count = -(-len(samples) // 640)
    whole = np.pad(samples, (0, count * 640 - len(samples)))
    with torch.inference_mode():
        drawn = torch.from_numpy(drawn_noise(3, 0, count, SMALL.noise))[None]
        wanted = generator(torch.from_numpy(halve(whole))[None], face, drawn).frames[0]
    stream = FaceStream(generator, face, 3)
    made = [stream.push(samples[k : k + pieces]) for k in range(0, len(samples), pieces)]
    found = torch.cat([*made, stream.finish()])
    assert found.shape == wanted.shape == (count, 3, 64, 64)
    assert (found - wanted).abs().max() < 1e-4


def test_a_frame_comes_with_the_fifth_hop_and_nothing_grows():
    stream = FaceStream(net(), torch.zeros(1, 3, 64, 64), 0)
    counts, sizes = [], set()
    for k in range(60):
        counts.append(len(stream.push(speech(0.04, f"hop {k}"))))
        if k > 20:
            sizes.add((len(stream._sound), stream._known.shape[1]))
    assert counts == [0] * 4 + [1] * 56 and len(sizes) == 1
    assert LOOKAHEAD <= 5 * 0.04


def test_what_comes_later_than_the_lookahead_does_not_matter():
    generator, samples, face = net(), speech(1.2), torch.zeros(1, 3, 64, 64)
    changed = samples.copy()
    changed[round(16000 * LOOKAHEAD) + 640 * 5 + 1 :] = 0
    films = []
    for one in (samples, changed):
        stream = FaceStream(generator, face, 0)
        films.append(torch.cat([stream.push(one), stream.finish()]))
    same = [torch.equal(a, b) for a, b in zip(*films, strict=True)]
    assert all(same[:6]) and not all(same[:8])


def test_a_stream_refuses_what_is_not_finite_and_goes_on():
    stream = FaceStream(net(), torch.zeros(1, 3, 64, 64), 0)
    with pytest.raises(UsageError, match="finite"):
        stream.push(np.full(640, np.nan, np.float32))
    stream.push(speech(0.1))
    assert len(stream.finish()) == 3


# Answers.


@pytest.fixture
def system(monkeypatch):
    monkeypatch.setitem(RECIPES[""], "synth", replace(SMALL, name="synth"))
    made = FAMILY.create("", untrained=True)
    made.load("cpu")
    return made


def asked(name, seconds=0.4, size=64, channels=3, rate=16000):
    pixels = (np.arange(size * size * channels) % 251).reshape(1, size, size, channels).astype(np.uint8)
    return Inputs(name, Audio(speech(seconds, name), rate), None, 11, face=Video(pixels, 25.0))


def test_it_is_a_system_that_answers_with_films(system):
    assert isinstance(system, System) and not system.card.finished
    assert (system.card.output, system.card.inputs) == ("video", {"audio", "face"})
    batch = [asked("a"), asked("b", 1.16), asked("c"), asked("d", 0.41)]
    films = [p.video for p in system.predict(batch)]
    assert [f.frames.shape for f in films] == [(n, 64, 64, 3) for n in (10, 29, 10, 11)]
    assert {f.fps for f in films} == {25.0} and all(f.frames.std() > 0 for f in films)
    alone = [system.predict([one])[0].video.frames.astype(int) for one in reversed(batch)][::-1]
    assert max(np.abs(a - f.frames).max() for a, f in zip(alone, films, strict=True)) <= 1


def test_faces_of_other_sizes_and_grey_ones_are_taken(system):
    assert system.predict([asked("a", size=128), asked("b", channels=1)])[1].video.frames.shape == (10, 64, 64, 3)


def test_a_long_answer_is_streamed_and_equal(system, monkeypatch):
    from avbench.systems.noisy_talking_face import system as module

    whole = system.predict([asked("a", 1.3)])[0].video.frames.astype(int)
    monkeypatch.setattr(module, "LONG", 5)
    assert np.abs(system.predict([asked("a", 1.3)])[0].video.frames - whole).max() <= 1


@pytest.mark.parametrize(
    "broken",
    [
        replace(asked("a"), face=None),
        replace(asked("a"), audio=None),
        asked("a", rate=8000),
        asked("a", 0.0),
        replace(asked("a"), audio=Audio(np.full(6400, np.nan, np.float32), 16000)),
        replace(asked("a"), face=Video(np.zeros((1, 64, 32, 3), np.uint8), 25.0)),
    ],
)
def test_what_cannot_be_answered_is_said(system, broken):
    with pytest.raises(UsageError, match=r"noisy-talking-face (needs|takes)"):
        system.predict([broken])


def test_silence_is_answered_with_a_face(system):
    still = replace(asked("a"), audio=Audio(np.zeros(6400, np.float32), 16000))
    assert system.predict([still])[0].video.frames.shape == (10, 64, 64, 3)


def test_it_can_be_profiled(system):
    out = system.network()(*system.example(1.0))
    assert out.frames.shape == (1, 25, 3, 64, 64)


def test_weights_of_other_sizes_are_refused(tmp_path, system, monkeypatch):
    from avbench.training.weights import save_weights

    facts = {"system": "noisy-talking-face", "recipe": "synth"}
    save_weights(tmp_path / "w.safetensors", net(replace(SMALL, noise=8)).state_dict(), facts)
    with pytest.raises(BadFile, match="does not fit"):
        FAMILY.create("", weights=tmp_path / "w.safetensors").load("cpu")


def test_the_users_own_speech_and_face(tmp_path, system, monkeypatch, shared_data):
    """From the files to the film, by the same net that answers trials."""
    import av
    import soundfile
    from PIL import Image

    import avbench
    from avbench.evaluation.portrait import portrait
    from avbench.seeds import seed_of
    from avbench.training.weights import load_weights, save_weights

    point = EntryPoint("noisy-talking-face", "avbench.systems.noisy_talking_face:FAMILY", registry.GROUP)
    monkeypatch.setattr(registry, "families", lambda: {point.name: point})
    save_weights(tmp_path / "w.safetensors", net().state_dict(), {"system": point.name, "recipe": "synth"})
    assert load_weights(tmp_path / "w.safetensors")[1]["recipe"] == "synth"
    photo = sorted((shared_data / "faces" / "celeba_hq").rglob("*.jpg"))[0]
    Image.open(photo).resize((256, 256)).save(tmp_path / "face.png")
    soundfile.write(tmp_path / "speech.wav", speech(1.3), 16000, subtype="FLOAT")
    given = {"speech": tmp_path / "speech.wav", "face": tmp_path / "face.png"}
    made = {}
    for live in (False, True):
        (done,) = avbench.apply(
            point.name, given=given, out=tmp_path / str(live), weights=tmp_path / "w.safetensors", stream=live
        )
        assert done.output == tmp_path / str(live) / "speech.mp4" and (done.hops is not None) == live
        with av.open(str(done.output)) as film:
            made[live] = np.stack([f.to_ndarray(format="rgb24") for f in film.decode(video=0)])
            assert film.metadata["comment"].startswith("Synthetic media")
    assert done.hops.algorithmic == 200.0
    assert np.array_equal(made[False], made[True]) or np.abs(made[False] - made[True].astype(int)).mean() < 1
    loaded = FAMILY.create("", weights=tmp_path / "w.safetensors")
    seed, face = seed_of("apply", "speech"), portrait(given["face"])[0]
    wanted = loaded.predict([Inputs("speech", Audio(speech(1.3), 16000), None, seed, face=face)])[0].video.frames
    assert made[False].shape == wanted.shape == (33, 64, 64, 3)
    assert np.abs(made[False] - wanted.astype(int)).mean() < 4  # what the codec loses
