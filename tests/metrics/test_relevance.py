"""How small a difference matters is said of every metric, in the unit of its values."""

import math

import pytest

from avbench.metrics import METRICS

PROMISED = {"stoi": 0.005, "estoi": 0.005, "ssim": 0.005, "pesq-wb": 0.03, "pesq-nb": 0.03, "si-sdr": 0.1,
            "si-sdr-zm": 0.1, "wer": 0.01, "asr-wer": 0.01, "psnr": 0.2}  # fmt: skip


def test_those_that_were_promised():
    assert {name: METRICS[name].relevance for name in PROMISED} == PROMISED


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_metric_says_what_matters_and_it_can_be_printed(metric):
    assert 0 < metric.relevance and math.isfinite(metric.relevance)
    printed = metric.relevance * (100 if metric.percent else 1)
    assert printed >= 10.0**-metric.digits  # a loss that fails a gate is not printed as 0
    if math.isfinite(metric.high) and math.isfinite(metric.low):
        assert metric.relevance < 0.1 * (metric.high - metric.low)
