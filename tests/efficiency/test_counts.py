"""Both ways of counting multiply-accumulates, against arithmetic and against thop."""

import contextlib
import warnings

import pytest
import torch
from torch import nn

from avbench.efficiency import cost
from avbench.efficiency.cost import macs, parameters, weights_bytes
from avbench.efficiency.thop_rule import macs_thop
from avbench.errors import VerificationFailed
from avbench.registry import open_system


class Zoo(nn.Module):
    """One of every layer that either rule knows."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, 3, 2, 1, groups=2)
        self.deconv = nn.ConvTranspose2d(8, 4, 4, 2, 1)
        self.norms = nn.Sequential(nn.BatchNorm2d(4), nn.InstanceNorm2d(4), nn.PReLU(), nn.ReLU())
        self.pools = nn.Sequential(nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(2), nn.MaxPool2d(1))
        self.lstm = nn.LSTM(4, 6, 2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(12, 5, bias=False)
        self.rnn = nn.RNN(5, 3)
        self.head = nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 7), nn.Softmax(-1), nn.Dropout(0.5))

    def forward(self, x):
        x = self.pools(self.norms(self.deconv(self.conv(x)))).flatten(2).transpose(1, 2)
        return self.head(self.rnn(self.gru(self.lstm(x)[0])[0])[0])


def thop_says(network, example):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports distutils, which announces its own end
        thop = pytest.importorskip("thop", reason="thop needs distutils, gone from Python 3.12")
        return int(thop.profile(network, inputs=example, verbose=False)[0])


def _net(name, recipe="paper"):
    system = open_system(name, recipe=recipe, untrained=True)
    return system.network(), system.example(1.0)


@pytest.mark.parametrize(
    ("name", "published", "count"),
    [("gcrn", 1.381e9, 1_380_879_474), ("mutud", 1.613e9, 1_612_962_930), ("gcrn/matched", 1.816e9, None)],
)
def test_macs_by_the_rule_of_table_6(name, published, count):
    network, example = _net(name)
    counted = macs_thop(network, example)
    assert counted == pytest.approx(published, abs=0.5e6)
    if count is not None:
        assert counted == count


@pytest.mark.parametrize("name", ["gcrn/small", "mutud/small", "av-gcrn/small"])
def test_the_rule_is_that_of_thop_on_our_nets(name):
    network, example = _net(name, "synth")
    assert macs_thop(network, example) == thop_says(network, example)


def test_the_rule_is_that_of_thop_on_every_layer():
    network, example = Zoo().eval(), (torch.randn(2, 4, 16, 16),)
    assert macs_thop(network, example) == thop_says(network, example)


def test_counting_leaves_no_trace():
    network, example = Zoo().eval(), (torch.randn(2, 4, 16, 16),)
    before = list(network.state_dict())
    macs_thop(network, example)
    macs(network, example)
    assert list(network.state_dict()) == before
    assert not any(m._forward_hooks for m in network.modules())
    assert torch.backends.mkldnn.enabled


def test_the_true_count_of_gcrn_is_its_arithmetic():
    network, example = _net("gcrn")
    channels, bins, frames = (2, 16, 32, 64, 128, 128), (161, 80, 39, 19, 9, 4), 101
    encoder = sum(2 * channels[i] * channels[i + 1] * 3 * bins[i + 1] for i in range(5))
    lstm = 2 * 2 * 4 * 256 * (256 + 256)
    narrow = (1, *channels[1:5])
    decoder = 2 * (sum(2 * 2 * channels[i + 1] * narrow[i] * 3 * bins[i + 1] for i in range(5)) + 161 * 161)
    assert macs(network, example) == frames * (encoder + lstm + decoder)


def test_the_true_count_of_mutud_is_gcrn_and_the_parts_around_tame():
    frames, groups, k, n, d, c = 101, 26, 4, 32, 512, 128
    recall = 2 * groups * k * n * d + frames * d * d  # similarity and mixture, with frames padded to whole groups
    fusion = frames * 4 * 2 * (2 * c) * c
    wider = frames * 4 * 2 * 2 * c * c * 3
    assert macs(*_net("mutud")) == macs(*_net("gcrn")) + recall + fusion + wider


@pytest.mark.parametrize(
    ("network", "example", "count"),
    [
        (nn.LSTM(8, 16, 2), (5, 1, 8), 5 * 4 * 16 * ((8 + 16) + (16 + 16))),
        (nn.MultiheadAttention(8, 2, batch_first=True), (1, 5, 8), 4 * 5 * 8 * 8 + 2 * 5 * 5 * 8),
        (nn.ConvTranspose2d(3, 5, 4, 2), (1, 3, 6, 6), 36 * 3 * 5 * 16),
    ],
)
def test_fused_kernels_are_counted(network, example, count):
    network = network.eval()
    inputs = (torch.randn(example),) * (3 if isinstance(network, nn.MultiheadAttention) else 1)
    assert macs(network, inputs) == count


def test_a_count_of_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr(cost, "_unfused", contextlib.nullcontext)
    with pytest.raises(VerificationFailed, match="in LSTM, which own weights"):
        macs(nn.LSTM(4, 4).eval(), (torch.randn(3, 1, 4),))


def test_parameters_and_bytes():
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert parameters(network) == 12 + 4 + 8
    assert weights_bytes(network) == 4 * (12 + 4 + 8 + 8) + 8
