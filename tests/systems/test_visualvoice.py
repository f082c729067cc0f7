"""VisualVoice: published sizes, parts against formulas and libraries, how far it looks ahead, its training."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from avbench.baselines import visualvoice
from avbench.systems import mutud
from avbench.systems.mutud.losses import mutud_loss, task_loss
from avbench.systems.nn.sizes import SHUFFLENET
from avbench.systems.nn.visualvoice import (
    LOOKAHEAD,
    LOOKAHEAD_OF_LIPS,
    VisualVoice,
    VisualVoiceUnet,
    analyse,
    synthesise,
)
from avbench.systems.nn.visualvoice_video import PICTURES_AHEAD, ShuffleNetV2

from avbench.efficiency.cost import parameters
from avbench.errors import MissingResource, UsageError
from avbench.registry import open_system, split_name
from avbench.types import Audio, Inputs, Video

NARROW = (4, 4, 4, 4, 4, 4, 4, 4)
LIPS = (4, 8, 8, 8, 8)


def _waves(samples, batch=1, seed=0):
    return 0.1 * torch.randn(batch, samples, generator=torch.Generator().manual_seed(seed))


def _mouth(frames, batch=1, seed=0):
    maker = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (batch, frames, 88, 88), generator=maker, dtype=torch.uint8)


def _inputs(name, samples, frames, seed=0):
    mouth = Video(_mouth(frames, seed=seed)[0, ..., None].numpy(), 25)
    return Inputs(name, Audio(_waves(samples, seed=seed)[0].numpy(), 16000), mouth, seed)


@pytest.mark.parametrize(
    ("system", "unet"),
    [("visualvoice/identity", 46_135_682), ("visualvoice", 45_545_858), ("visualvoice/audio", 43_186_562)],
)
def test_the_unet_has_the_published_size(system, unet):
    with torch.device("meta"):
        net = visualvoice.build(visualvoice.RECIPES[split_name(system)[1]]["paper"])
        assert parameters(net if system.endswith("audio") else net.backbone) == unet


def test_mutud_adds_tame_to_the_unet_with_lips_and_nothing_else():
    recipe = mutud.RECIPES["visualvoice"]["paper"]
    with torch.device("meta"):
        net = mutud.build(recipe)
    tame = 2 * 1 * recipe.codes * 512 + (512 * 512 + 512) + 2 * 512
    assert parameters(net.deployed()) == 45_545_858 + tame
    assert {name.split(".")[0] for name in net.deployed().state_dict()} == {"backbone", "tame"}


@pytest.mark.parametrize(("variant", "codes"), [("n8", 8), ("n16", 16), ("", 32), ("n64", 64)])
def test_the_codebook_sizes_of_table_7_are_variants(variant, codes):
    for recipe in mutud.RECIPES[variant].values():
        with torch.device("meta"):
            assert mutud.build(recipe).tame.audio_codes.shape == (4, codes, 512)


def test_the_row_of_table_3_without_pretrained_tame_differs_in_that_alone():
    for name, recipe in mutud.RECIPES["small-scratch"].items():
        assert recipe == replace(mutud.RECIPES["small"][name], tame_steps=0)


def test_shufflenet_is_torchvisions():
    """As many weights as its stages and last convolution have and, with its weights, the same answer."""
    models = pytest.importorskip("torchvision.models", reason="torchvision is an extra")
    torch.manual_seed(0)
    theirs, ours = models.shufflenet_v2_x1_0(weights=None).eval(), ShuffleNetV2(SHUFFLENET).eval()
    stages = torch.nn.Sequential(theirs.stage2, theirs.stage3, theirs.stage4, theirs.conv5)
    for norm in (m for m in stages.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    assert parameters(ours) == parameters(stages) == 2_278_604 - 1_025_000 - (24 * 27 + 48)
    theirs_in_order = list(stages.state_dict().values())
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs_in_order, strict=True)))
    maps = torch.randn(2, 24, 22, 22, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert torch.allclose(ours(maps), stages(maps), atol=1e-5)
        assert stages(maps).abs().max() > 1e-3


@pytest.mark.parametrize("samples", [0, 1, 159, 640, 16000, 40800, 16001])
def test_the_spectrum_is_inverted_and_its_frames_are_whole_steps(samples):
    wave = _waves(samples, 2)
    spectrum = analyse(wave)
    assert spectrum.shape[1] == 2 and spectrum.shape[3] == 257
    assert 0 <= spectrum.shape[2] - (-(-samples // 160) + 1) < 4 and spectrum.shape[2] % 4 == 0
    assert torch.allclose(synthesise(spectrum, samples), wave, atol=1e-6)


def test_a_clip_of_the_publication_has_256_frames_of_a_windowed_fourier_transform():
    wave = _waves(40800)
    spectrum = analyse(wave)
    assert spectrum.shape == (1, 2, 256, 257)
    begin = 40 * 160 - 200
    piece = wave[0, begin : begin + 400] * torch.hann_window(400)
    direct = torch.fft.rfft(torch.nn.functional.pad(piece, (56, 56)))
    assert torch.allclose(torch.complex(*spectrum[0, :, 40]), direct, atol=1e-4)


def test_the_mask_is_complex_bounded_and_leaves_the_last_bin_out():
    torch.manual_seed(0)
    net = VisualVoiceUnet(NARROW).eval()
    spec = analyse(_waves(3200))
    with torch.no_grad():
        skips = net.encode(spec)
        assert skips[-1].shape == (1, 4, spec.shape[2] // 4, 1)
        net.decoder[-1].weight.zero_()
        net.decoder[-1].bias.copy_(torch.tensor([0.0, 100.0]))  # the mask is then 5i
        enhanced = net.decode(skips)
    real, imaginary = spec.unbind(1)
    expected = 5 * torch.stack([-imaginary, real], 1)
    expected[..., -1] = 0
    assert torch.allclose(enhanced, expected, atol=1e-5)


def test_several_candidates_for_one_encoding_are_answered_as_each():
    torch.manual_seed(0)
    net = VisualVoiceUnet(NARROW, 4).eval()
    with torch.no_grad():
        skips = net.encode(analyse(_waves(3200, 2)))
        one, two = torch.randn(2, 2, skips[-1].shape[2], 4)
        both = net.decode(skips, torch.cat([one, two]))
        assert torch.allclose(both[:2], net.decode(skips, one), atol=1e-5)
        assert torch.allclose(both[2:], net.decode(skips, two), atol=1e-5)
        assert not torch.allclose(both[:2], both[2:], atol=1e-5)


def _first_change(one, other):
    return int(((one - other).abs()[0] > 0).nonzero()[0])


def _lively(net):
    """With batch norms that keep small signals alive through all layers."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            module.running_var.fill_(0.05)
    return net.double().eval()


def test_no_output_depends_on_sound_later_than_the_lookahead_and_some_on_nearly_as_late():
    torch.manual_seed(0)
    net = _lively(VisualVoiceUnet((8,) * 8))
    ahead = round(LOOKAHEAD * 16000)
    assert ahead == 13359
    cuts = [20000 + 160 * i + 40 for i in range(5)]
    gaps = []
    for cut in cuts:
        wave, other = _waves(32000), _waves(32000)
        other[:, cut:] = 0.1
        with torch.no_grad():
            spectra = [analyse(w).double() for w in (wave, other)]
            waves = [synthesise_in_double(net.decode(net.encode(s)), 32000) for s in spectra]
        gaps.append(cut - _first_change(*waves))
    assert max(gaps) < ahead
    assert max(gaps) > ahead - 400


def synthesise_in_double(spectrum, length):
    real, imaginary = spectrum.transpose(2, 3).unbind(1)
    window = torch.hann_window(400, dtype=torch.float64)
    return torch.istft(torch.complex(real, imaginary), 512, 160, 400, window)[:, :length]


def test_no_output_depends_on_a_picture_that_ends_later_than_the_lookahead_and_some_on_nearly_as_late():
    torch.manual_seed(0)
    net = _lively(VisualVoice((8,) * 8, LIPS))
    mouth = _mouth(80)
    other = mouth.clone()
    other[:, 60:] = 255 - other[:, 60:]
    with torch.no_grad():
        features, touched = net.video(mouth), net.video(other)
        assert int(((features - touched).abs().amax(-1)[0] > 0).nonzero()[0]) == 60 - PICTURES_AHEAD == 28
        skips = net.backbone.encode(analyse(_waves(80 * 640)).double())
        scale = features.abs().max()  # or masks would be at their bounds, and stay there
        beside = [torch.nn.functional.pad(f / scale, (0, 0, 0, 1)) for f in (features, touched)]
        waves = [synthesise_in_double(net.backbone.decode(skips, b), 80 * 640) for b in beside]
    ahead = round(LOOKAHEAD_OF_LIPS * 16000)
    first, end = _first_change(*waves), 61 * 640  # of the exposure of the first picture that is another
    assert ahead - 400 < end - first <= ahead == 25639


@pytest.mark.parametrize("system", ["visualvoice", "visualvoice/audio", "mutud/visualvoice"])
def test_the_card_says_that_the_system_is_not_causal(system):
    card = open_system(system, untrained=True).card
    assert not card.causal and 0.8 < card.lookahead < 1.7
    assert card.inputs == ({"audio", "video"} if system == "visualvoice" else {"audio"})


@pytest.mark.parametrize("system", ["visualvoice", "visualvoice/audio", "mutud/visualvoice"])
def test_any_length_is_answered_and_batch_size_does_not_change_an_answer(system):
    opened = open_system(system, untrained=True)
    opened.load("cpu")
    sizes = [(9000, 15), (12801, 20), (9000, 15), (1, 1), (9000, 14), (0, 1)]
    inputs = [_inputs(f"t{i}", *size, seed=i) for i, size in enumerate(sizes)]
    for item, answer in zip(inputs, opened.predict(inputs), strict=True):
        (alone,) = opened.predict([item])
        assert answer.audio.samples.shape == item.audio.samples.shape
        assert np.isfinite(answer.audio.samples).all()
        assert np.allclose(answer.audio.samples, alone.audio.samples, atol=1e-6)
    heard = opened.predict([inputs[0]])[0].audio.samples
    assert not np.allclose(heard, inputs[0].audio.samples)


def test_what_the_lips_show_reaches_the_answer():
    opened = open_system("visualvoice", untrained=True)
    item = _inputs("t", 9000, 15)
    other = replace(item, video=Video(255 - item.video.frames, 25))
    one, two = (answer.audio.samples for answer in opened.predict([item, other]))
    assert not np.array_equal(one, two)


def test_the_net_with_identity_is_there_to_be_counted():
    opened = open_system("visualvoice/identity", untrained=True)
    assert parameters(opened.network().face) == 11_242_176
    wave, mouth, face = opened.example(0.2)
    assert opened.network()(wave, mouth, face).wave.shape == wave.shape
    with pytest.raises(UsageError, match="there to be counted"):
        opened.predict([_inputs("t", 640, 1)])
    family, variant = split_name("visualvoice/identity")
    with pytest.raises(UsageError, match="Train visualvoice instead"):
        family.train(variant, family.recipes(variant)["synth"], out=None)


@pytest.mark.parametrize("system", ["visualvoice", "visualvoice/audio", "mutud/visualvoice"])
def test_without_weights_there_is_the_command_that_makes_them(system):
    with pytest.raises(MissingResource, match=f"avbench train --system {system} --recipe paper"):
        open_system(system, recipe="paper")


def _narrow(**changes):
    recipe = replace(mutud.RECIPES["visualvoice"]["synth"], channels=NARROW, video_widths=LIPS, codes=3, **changes)
    torch.manual_seed(0)
    return mutud.build(recipe), recipe


def test_tame_relates_one_picture_to_one_step_of_the_bottleneck():
    net, recipe = _narrow()
    assert net.tame.frames == 1
    wave, mouth = _waves(6400, 2), _mouth(10, 2)
    output = net(wave, None, mouth)
    steps = 11  # one more than there are pictures: the spectrum has a frame centred on the clip's end
    assert output.f_a.shape == output.f_v.shape == output.f_hat.shape == (2, steps, 4)
    assert output.recalls.shape == (2, 10, 1, 4)
    assert output.p.shape == (2, 10, 1, 3) and output.q.shape == (2, steps, 3)
    loss, terms = mutud_loss(output, wave, recipe)
    both = float(terms["task_estimate"] + terms["task_video"])
    by_hand = sum(task_loss(e, wave).item() for e in (output.enhanced_from_estimate, output.enhanced_from_video))
    assert both == pytest.approx(by_hand)
    loss.backward()
    assert net.tame.audio_codes.grad.abs().max() > 0
    assert net.backbone.encoder[0][0].weight.grad.abs().max() > 0


def test_eq_9_compares_spectra_as_the_net_has_them():
    net, _ = _narrow()
    wave = _waves(6400, 2)
    enhanced = net.deployed().eval()(wave)
    assert enhanced.spec.shape == analyse(wave).shape
    perfect = enhanced._replace(wave=wave, spec=analyse(wave))
    far = perfect._replace(spec=perfect.spec + 1)
    assert float(task_loss(far, wave) - task_loss(perfect, wave)) == pytest.approx(1.0, abs=1e-4)


def test_the_deployed_part_answers_as_the_training_net_does_from_the_estimate():
    net, _ = _narrow()
    net.eval()
    wave = _waves(6400, 2)
    with torch.no_grad():
        trained = net(wave, None, _mouth(10, 2)).enhanced_from_estimate.wave
        assert torch.allclose(net.deployed()(wave).wave, trained, atol=1e-5)


def test_a_mutud_can_begin_from_the_audio_visual_net():
    net, recipe = _narrow()
    audio_visual = VisualVoice(recipe.channels, recipe.video_widths).state_dict()
    missing, unexpected = net.load_state_dict(audio_visual, strict=False)
    assert not unexpected and {name.split(".")[0] for name in missing} == {"tame"}


@pytest.mark.parametrize("system", ["mutud/visualvoice", "visualvoice", "visualvoice/audio"])
def test_every_stage_of_training_runs_and_the_weights_load(system, tmp_path, monkeypatch):
    monkeypatch.setattr("avbench.systems.nn.training.VALIDATION_BATCHES", 1)
    stages = {"mutud/visualvoice": {"lip_steps": 2, "tame_steps": 2}, "visualvoice": {"lip_steps": 2}}.get(system, {})
    family, variant = split_name(system)
    brief = {"corpus": "tiny", "steps": 2, "warmup": 1, "batch": 2, "log_every": 1, "channels": NARROW}
    lips = {"video_widths": LIPS} if stages else {}
    recipe = replace(family.recipes(variant)["synth"], **brief, **lips, **stages)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # two steps teach no code book, and MUTUD says so
        weights = family.train(variant, recipe, out=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    train = [line for line in lines if line["split"] == "train"]
    assert np.isfinite([line["loss"] for line in train]).all()
    assert len(train) == 2 + sum(stages.values())
    if stages:
        assert [line["stage"] for line in train] == [1, 1] + [2] * stages.get("tame_steps", 0) + [3, 3]
    opened = open_system(system, weights=weights)
    assert opened.card.finished
    opened._recipe = recipe
    opened.load("cpu")
    (answer,) = opened.predict([_inputs("t", 16000, 25)])
    assert np.isfinite(answer.audio.samples).all()
