"""CONTRIBUTING shows how to add a metric, and this follows it to the letter."""

import re
from pathlib import Path

import pytest

from avbench.metrics import Metric, measure_all
from avbench.metrics.golden import golden_pair

TEXT = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def level(monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    module = {}
    exec(compile(code, "CONTRIBUTING.md", "exec"), module)
    (row,) = module["ROWS"]
    import avbench.metrics as room

    monkeypatch.setattr(room, "METRICS", {**room.METRICS, row.name: row})
    return row


def test_the_metric_of_the_example_obeys(level):
    assert isinstance(level, Metric)
    noisy, clean = golden_pair()
    scores = [measure_all(["level", "stoi"], estimate, clean)["level"] for estimate in (clean, noisy, None)]
    assert [score.status for score in scores] == ["ok", "ok", "failed"]
    assert scores[0].value == 0 < scores[1].value < scores[2].value == level.floor


def test_what_contributing_names_is_there():
    root = Path(__file__).resolve().parents[1]
    made = {"avbench/metrics/level.py"}
    for name in set(re.findall(r"`((?:avbench|tests|systems|baselines)/[a-z0-9_/.]+)`", TEXT)) - made:
        assert (root / name).exists(), name
