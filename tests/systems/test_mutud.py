"""TAME, the training pass and the losses of MUTUD, each against its formula."""

import dataclasses

import numpy as np
import pytest
import torch
from avbench.systems import mutud
from avbench.systems.mutud.losses import (
    audio_recall_loss,
    code_link_loss,
    code_perplexity,
    code_usage,
    effective_rank,
    estimate_correlation,
    mutud_loss,
    task_loss,
    video_recall_loss,
)
from avbench.systems.mutud.tame import Tame
from avbench.systems.nn.gcrn import Enhanced
from avbench.systems.nn.stft import stft

SMALL = mutud.RECIPES["small"]["synth"]


def _pair(batch=2, frames=5):
    maker = torch.Generator().manual_seed(3)
    wave = 0.1 * torch.randn(batch, 640 * frames, generator=maker)
    return wave, torch.randint(0, 256, (batch, frames, 88, 88), generator=maker, dtype=torch.uint8)


def _net(**changes):
    torch.manual_seed(0)
    return mutud.build(dataclasses.replace(SMALL, **changes))


def test_frame_t_uses_codebook_t_mod_k():
    tame = Tame(dim=4, frames=4, codes=3, tau=16.0).eval()
    with torch.no_grad():
        tame.video_codes.copy_(torch.eye(4)[:, None].expand(4, 3, 4))  # every code of block k is the k-th unit vector
        tame.linear.weight.copy_(torch.eye(4))
        tame.linear.bias.zero_()
        estimate, q = tame.recall_from_audio(torch.randn(2, 11, 4))
        recalls, p = tame.recall_from_video(torch.randn(2, 3, 4))
    assert estimate.shape == (2, 11, 4)
    assert torch.equal(estimate.argmax(-1), (torch.arange(11) % 4).expand(2, 11))
    assert torch.equal(recalls.argmax(-1), torch.arange(4).expand(2, 3, 4))
    assert q.shape == (2, 11, 3)
    assert p.shape == (2, 3, 4, 3)


def test_recall_follows_equations_1_to_5():
    torch.manual_seed(0)
    tame = Tame(dim=6, frames=2, codes=5, tau=7.0).eval()
    f_a, f_v = torch.randn(1, 5, 6), torch.randn(1, 2, 6)
    with torch.no_grad():
        estimate, q = tame.recall_from_audio(f_a)
        recalls, p = tame.recall_from_video(f_v)
        audio, video = tame.audio_codes, tame.video_codes
        for t in range(5):
            cosines = torch.stack([torch.cosine_similarity(c, f_a[0, t], dim=0) for c in audio[t % 2]])
            weights = torch.softmax(7.0 * cosines, 0)
            assert torch.allclose(q[0, t], weights, atol=1e-6)
            assert torch.allclose(estimate[0, t], tame.norm(tame.linear(weights @ video[t % 2])[None])[0], atol=1e-5)
        for t in range(2):
            for k in range(2):
                cosines = torch.stack([torch.cosine_similarity(c, f_v[0, t], dim=0) for c in video[k]])
                weights = torch.softmax(7.0 * cosines, 0)
                assert torch.allclose(p[0, t, k], weights, atol=1e-6)
                expected = tame.norm(tame.linear(weights @ video[k])[None])[0]
                assert torch.allclose(recalls[0, t, k], expected, atol=1e-5)


def test_running_statistics_belong_to_the_audio_recall():
    tame = Tame(dim=4, frames=2, codes=3, tau=16.0).train()
    before = tame.norm.running_mean.clone()
    tame.recall_from_video(torch.randn(2, 3, 4))
    assert torch.equal(tame.norm.running_mean, before)
    tame.recall_from_audio(torch.randn(2, 6, 4))
    assert not torch.equal(tame.norm.running_mean, before)


def test_recall_losses_are_the_sums_of_equations_6_and_7():
    maker = np.random.RandomState(0)
    recalls, f_hat = maker.randn(2, 3, 4, 5), maker.randn(2, 12, 5)
    f_v = maker.randn(2, 3, 5)
    six = sum(np.sum((recalls[b, t, k] - f_v[b, t]) ** 2) for b in range(2) for t in range(3) for k in range(4))
    seven = sum(np.sum((f_hat[b, 4 * t + k] - f_v[b, t]) ** 2) for b in range(2) for t in range(3) for k in range(4))
    recalls, f_hat, f_v = map(torch.from_numpy, (recalls, f_hat, f_v))
    fitted = f_v.repeat_interleave(4, 1)
    assert float(video_recall_loss(recalls, f_v, "sum")) == pytest.approx(six / 2)
    assert float(audio_recall_loss(f_hat, fitted, "sum")) == pytest.approx(seven / 2)
    assert float(video_recall_loss(recalls, f_v)) == pytest.approx(six / (2 * 3 * 4 * 5))
    assert float(audio_recall_loss(f_hat, fitted)) == pytest.approx(seven / (2 * 3 * 4 * 5))


def test_code_link_loss_is_the_divergence_of_equation_8():
    maker = np.random.RandomState(1)
    p, q = (x / x.sum(-1, keepdims=True) for x in maker.rand(2, 2, 3, 4, 5))
    divergence = np.sum(p * np.log(p / q), -1)
    p, q = torch.from_numpy(p), torch.from_numpy(q)
    assert float(code_link_loss(p, q)) == pytest.approx(divergence.mean())
    assert float(code_link_loss(p, q, "sum")) == pytest.approx(divergence.sum(-1).mean())
    assert float(code_link_loss(p, p)) == 0.0


def test_code_link_loss_is_finite_where_a_code_is_never_used():
    p = torch.tensor([[1.0, 0.0]], requires_grad=True)
    loss = code_link_loss(p, torch.tensor([[0.0, 1.0]]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(p.grad).all()


def test_task_loss_is_equation_9():
    maker = torch.Generator().manual_seed(0)
    clean, noise = torch.randn(2, 2, 3200, generator=maker, dtype=torch.float64).mul(0.1).float()
    wave = clean + 0.3 * noise
    e, c = wave.double().numpy(), clean.double().numpy()
    decibels = []
    for b in range(2):
        alpha = e[b] @ c[b] / (c[b] @ c[b])
        decibels.append(10 * np.log10(np.sum((alpha * c[b]) ** 2) / np.sum((alpha * c[b] - e[b]) ** 2)))
    distance = np.abs(stft(wave).numpy() - stft(clean).numpy()).mean()
    loss = task_loss(Enhanced(wave, stft(wave)), clean)
    assert float(loss) == pytest.approx(distance - np.mean(decibels), abs=1e-3)


def test_task_loss_is_finite_for_silence():
    wave = torch.zeros(1, 3200, requires_grad=True)
    loss = task_loss(Enhanced(wave, stft(wave)), torch.zeros(1, 3200))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(wave.grad).all()


def test_mutud_loss_is_the_weighted_sum_of_equation_10():
    wave, mouth = _pair()
    recipe = dataclasses.replace(SMALL, alpha=2.0, beta=3.0, gamma=5.0, lambda_=7.0)
    output = _net()(wave, None, mouth)
    loss, terms = mutud_loss(output, wave, recipe)
    weights = {"video_recall": 2, "audio_recall": 3, "code_link": 5, "task_estimate": 7, "task_video": 7}
    assert float(loss.detach()) == pytest.approx(sum(weights[name] * float(terms[name]) for name in terms), rel=1e-5)
    assert terms.keys() == weights.keys()
    six = video_recall_loss(output.recalls, output.f_v[:, :20:4]).detach()
    assert float(terms["video_recall"]) == pytest.approx(float(six))


def test_shapes_of_a_training_pass():
    wave, mouth = _pair(frames=5)
    output = _net()(wave, None, mouth)
    assert output.f_a.shape == output.f_v.shape == output.f_hat.shape == (2, 21, 256)
    assert output.recalls.shape == (2, 5, 4, 256)
    assert output.p.shape == (2, 5, 4, 32)
    assert output.q.shape == (2, 21, 32)
    assert torch.allclose(output.q.sum(-1), torch.ones(2, 21))
    assert torch.equal(output.f_v[:, 0], output.f_v[:, 3])
    assert torch.equal(output.f_v[:, 16], output.f_v[:, 20])  # the frame beyond the last picture
    for enhanced in (output.enhanced_from_estimate, output.enhanced_from_video):
        assert enhanced.wave.shape == wave.shape
        assert enhanced.spec.shape == (2, 2, 21, 161)


def test_the_deployed_net_answers_as_the_estimate_path_of_the_training_net():
    wave, mouth = _pair()
    net = _net().eval()
    with torch.no_grad():
        deployed = net.deployed()(wave).wave
        assert torch.allclose(deployed, net(wave, None, mouth).enhanced_from_estimate.wave, atol=1e-5)


def _gradients_into_video(**changes):
    wave, mouth = _pair()
    net = _net(**changes)
    recipe = dataclasses.replace(SMALL, **changes)
    mutud_loss(net.tame_only(wave, mouth), None, recipe)[0].backward()
    return [p.grad for p in net.video.parameters()], net.tame


def test_stopped_gradient_does_not_reach_the_lip_encoder():
    gradients, tame = _gradients_into_video(stop_video_gradient=True)
    assert all(g is None for g in gradients)
    assert tame.audio_codes.grad.abs().max() > 0
    assert tame.video_codes.grad.abs().max() > 0


def test_literal_gradient_reaches_the_lip_encoder():
    gradients, _ = _gradients_into_video(stop_video_gradient=False)
    assert any(g is not None and g.abs().max() > 0 for g in gradients)


def test_the_task_moves_the_lip_encoder_even_where_tame_may_not():
    wave, mouth = _pair()
    net = _net(stop_video_gradient=True)
    task_loss(net(wave, None, mouth).enhanced_from_video, wave).backward()
    assert net.video.project[0].weight.grad.abs().max() > 0


def test_tame_alone_is_the_same_by_both_doors():
    wave, mouth = _pair()
    net = _net().eval()
    with torch.no_grad():
        a, b = net.tame_only(wave, mouth), net(None, wave, mouth)
    assert torch.equal(a.f_hat, b.f_hat)
    assert a.enhanced_from_estimate is None


def test_monitors_know_collapse_from_health():
    maker = torch.Generator().manual_seed(0)
    line = torch.randn(4, 200, 1, generator=maker) * torch.ones(16)
    assert effective_rank(line) == pytest.approx(1.0, abs=1e-6)
    assert effective_rank(torch.randn(4, 5000, 16, generator=maker)) == pytest.approx(16, rel=0.01)
    assert effective_rank(torch.ones(2, 3, 4)) == 0.0
    uniform, sharp = torch.full((2, 3, 4, 8), 1 / 8), torch.eye(8)[None, :, None].expand(2, 8, 4, 8)
    assert code_perplexity(uniform) == pytest.approx(8.0)
    assert code_perplexity(sharp) == pytest.approx(1.0)
    assert code_usage(sharp) == pytest.approx(8.0)
    features = torch.randn(2, 50, 8, generator=maker)
    assert estimate_correlation(3 * features + 1, features) == pytest.approx(1.0)
    assert estimate_correlation(torch.zeros(2, 50, 8), features) == 0.0
