"""Sizes, spectra and causality of the nets."""

import pytest
import torch
import torch.nn.functional as F
from avbench.baselines import av_gcrn, gcrn
from avbench.systems import mutud
from avbench.systems.mutud.model import MutudDeployed
from avbench.systems.nn import frequency
from avbench.systems.nn.gcrn import Gcrn, GroupedLstm
from avbench.systems.nn.stft import LOOKAHEAD, frames_of, istft, stft
from avbench.systems.nn.video import DEVIATION, MEAN, VideoEncoder, fit_frames

from avbench.efficiency.cost import parameters


@pytest.mark.parametrize(
    ("variant", "published", "count"),
    [("", 2.978e6, 2_977_612), ("matched", 3.627e6, 3_628_036), ("small", 0.815e6, 814_540)],
)
def test_gcrn_has_the_published_size(variant, published, count):
    for recipe in gcrn.RECIPES[variant].values():
        assert parameters(gcrn.build(recipe)) == count
    assert count == pytest.approx(published, abs=1100)


def test_av_gcrn_small_has_the_published_size_and_the_large_one_the_size_on_its_card():
    assert parameters(av_gcrn.build(av_gcrn.RECIPES["small"]["paper"])) == 12_194_956
    assert parameters(av_gcrn.build(av_gcrn.RECIPES[""]["paper"])) == 14_686_732
    assert parameters(av_gcrn.build(av_gcrn.RECIPES[""]["synth"])) == 4_011_004


@pytest.mark.parametrize(
    ("variant", "count"), [("", 3_635_020), ("scratch", 3_635_020), ("no-video", 3_635_020), ("small", 1_012_172)]
)
def test_mutud_deployed_has_the_published_size_and_no_lip_encoder(variant, count):
    for recipe in mutud.RECIPES[variant].values():
        trained = mutud.build(recipe)
        deployed = trained.deployed() if recipe.video else trained
        assert parameters(deployed) == count
        assert {name.split(".")[0] for name in deployed.state_dict()} == {"backbone", "tame"}


def test_a_mutud_can_begin_from_the_audio_visual_net():
    recipe = mutud.RECIPES["small"]["synth"]
    audio_visual = av_gcrn.build(av_gcrn.RECIPES["small"]["synth"]).state_dict()
    missing, unexpected = mutud.build(recipe).load_state_dict(audio_visual, strict=False)
    assert not unexpected
    assert {name.split(".")[0] for name in missing} == {"tame"}


@pytest.mark.parametrize(("bins", "extra"), [(161, 0), (80, 1), (39, 0), (4, 1)])
def test_the_products_of_training_are_the_gated_convolutions(bins, extra):
    """Forward and backward, against the library in float32; bfloat16 keeps three digits."""
    draw = torch.Generator().manual_seed(bins)
    maps = torch.randn(2, 8, 7, bins, generator=draw, requires_grad=True)
    bias = torch.randn(12, generator=draw, requires_grad=True)

    def compare(ours, library, weight):
        answer, expected = ours(maps, weight, bias), library(maps, weight, bias)
        assert answer.shape == expected.shape
        push = torch.randn(expected.shape, generator=draw)
        pairs = [(answer, expected)]
        pairs += zip(
            torch.autograd.grad(answer, (maps, weight, bias), push.bfloat16()),
            torch.autograd.grad(expected, (maps, weight, bias), push),
            strict=True,
        )
        for got, want in pairs:
            assert (got.float() - want).norm() < 0.015 * want.norm()

    weight = torch.randn(12, 8, 1, 3, generator=draw, requires_grad=True)
    compare(frequency.gated_conv, lambda m, w, b: F.glu(F.conv2d(m, w, b, stride=(1, 2)), 1), weight)
    weight = torch.randn(8, 12, 1, 3, generator=draw, requires_grad=True)

    def library(m, w, b):
        return F.glu(F.conv_transpose2d(m, w, b, stride=(1, 2), output_padding=(0, extra)), 1)

    compare(lambda m, w, b: frequency.gated_deconv(m, w, b, extra), library, weight)


def test_a_step_of_training_is_the_same_by_products_and_by_the_library(monkeypatch):
    noisy = torch.randn(2, 8000, generator=torch.Generator().manual_seed(5))
    gradients = []
    for products in (True, False):
        if not products:
            monkeypatch.setattr(frequency, "wanted", lambda maps, training: False)
        torch.manual_seed(0)
        net = Gcrn((8, 8, 8, 8, 8)).train()
        with torch.autocast("cpu", torch.bfloat16):
            net(noisy).wave.square().mean().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in net.parameters()]))
    assert (gradients[0] - gradients[1]).norm() < 0.05 * gradients[1].norm()


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 16000, 16001])
def test_the_spectrum_is_inverted_exactly(samples):
    wave = torch.randn(2, samples, generator=torch.Generator().manual_seed(samples))
    spectrum = stft(wave)
    assert spectrum.shape == (2, 2, frames_of(samples), 161)
    back = istft(spectrum, samples)
    assert back.shape == wave.shape
    assert torch.allclose(back, wave, atol=3e-6)


def test_one_second_has_101_frames_of_a_windowed_fourier_transform():
    wave = torch.randn(1, 16000, generator=torch.Generator().manual_seed(1))
    spectrum = stft(wave)
    assert spectrum.shape == (1, 2, 101, 161)
    window = torch.sin(torch.pi * torch.arange(320) / 320)  # the square root of a Hann window
    direct = torch.fft.rfft(wave[0, 40 * 160 - 160 : 40 * 160 + 160] * window)
    assert torch.allclose(spectrum[0, 0, 40], direct.real, atol=1e-4)
    assert torch.allclose(spectrum[0, 1, 40], direct.imag, atol=1e-4)


def _nets():
    yield "gcrn", gcrn.build(gcrn.RECIPES["small"]["synth"])
    yield "mutud", MutudDeployed.of(mutud.RECIPES["small"]["synth"])
    yield "av-gcrn", av_gcrn.build(av_gcrn.RECIPES["small"]["synth"])


def _untrained(seed=0):
    torch.manual_seed(seed)
    return {name: net.eval() for name, net in _nets()}


@pytest.mark.parametrize("cut", [8000, 8001, 8159])
@pytest.mark.parametrize("name", ["gcrn", "mutud", "av-gcrn"])
def test_no_output_depends_on_sound_that_comes_later_than_the_lookahead(name, cut):
    net = _untrained()[name]
    wave = torch.randn(1, 12800)
    wave[:, cut:] = torch.nan  # spreads to everything that is computed from it
    mouth = (torch.randint(0, 256, (1, 20, 88, 88), dtype=torch.uint8),) if name == "av-gcrn" else ()
    with torch.no_grad():
        touched = net(wave, *mouth).wave.isnan()[0]
    first = int(touched.nonzero()[0])
    assert touched[first:].all()
    assert first == 160 * (cut // 160) - 160
    assert cut - first < LOOKAHEAD * 16000 == 320


@pytest.mark.parametrize("picture", [1, 9])
def test_no_output_depends_on_a_picture_that_begins_later_than_one_hop(picture):
    net = _untrained()["av-gcrn"]
    wave = 0.1 * torch.randn(1, 12800)
    mouth = torch.randint(0, 256, (1, 20, 88, 88), dtype=torch.uint8)
    other = mouth.clone()
    other[:, picture:] = 255 - other[:, picture:]
    with torch.no_grad():
        changed = (net(wave, mouth).wave - net(wave, other).wave).abs()[0] > 0
    first = int(changed.nonzero()[0])
    assert 640 * picture - 160 <= first <= 640 * picture  # the first spectral frame of a picture begins 10 ms earlier
    assert not changed[:first].any()


def test_the_grouped_lstm_interleaves_its_first_layer():
    torch.manual_seed(0)
    lstm = GroupedLstm(8)
    with torch.no_grad():
        halves = [layer(part)[0] for layer, part in zip(lstm.first, torch.ones(1, 3, 8).chunk(2, -1), strict=True)]
        mixed = torch.zeros(1, 3, 8)
        mixed[..., 0::2], mixed[..., 1::2] = halves
        mixed = lstm.norm_first(mixed)
        second = torch.cat([layer(part)[0] for layer, part in zip(lstm.second, mixed.chunk(2, -1), strict=True)], -1)
        assert torch.equal(lstm(torch.ones(1, 3, 8)), lstm.norm_second(second))


def test_the_stacked_convolution_is_the_causal_one_over_space_and_time():
    torch.manual_seed(0)
    encoder = VideoEncoder((4, 4, 4, 4), 8)
    mouth = torch.randint(0, 256, (1, 7, 88, 88), dtype=torch.uint8)
    normal = torch.nn.functional.pad((mouth.float() - MEAN) / DEVIATION, (0, 0, 0, 0, 4, 0))
    kernel = encoder.front[0].weight[:, None]  # [C, 1, 5, 7, 7]
    direct = torch.nn.functional.conv3d(normal[:, None], kernel, stride=(1, 2, 2), padding=(0, 3, 3))
    seen = []
    encoder.front[0].register_forward_hook(lambda module, inputs, output: seen.append(output))
    encoder.eval()(mouth)
    assert torch.allclose(seen[0], direct[0].transpose(0, 1), atol=1e-4)


def test_video_is_fitted_to_frames_and_its_last_picture_stays():
    features = torch.arange(3.0)[None, :, None]
    assert fit_frames(features, 13, 4)[0, :, 0].tolist() == [0] * 4 + [1] * 4 + [2] * 5
    assert fit_frames(features, 5, 4)[0, :, 0].tolist() == [0, 0, 0, 0, 1]
    assert fit_frames(features, 16, 4)[0, -4:, 0].tolist() == [2, 2, 2, 2]


def test_a_net_answers_several_candidates_for_one_encoding_as_it_answers_each():
    torch.manual_seed(0)
    net = mutud.build(mutud.RECIPES["small"]["synth"]).eval()
    with torch.no_grad():
        skips = net.backbone.encode(stft(torch.randn(2, 3200)))
        one, two = torch.randn(2, 2, 21, 256)
        both = net.backbone.decode(skips, torch.cat([one, two]))
        assert torch.allclose(both[:2], net.backbone.decode(skips, one), atol=1e-5)
        assert torch.allclose(both[2:], net.backbone.decode(skips, two), atol=1e-5)
