"""Real weights, which never enter the repository, and pictures."""

from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def weights():
    """The folder that AVBENCH_ASSETS may name."""
    folder = SHARED / "weights"
    if not folder.is_dir():
        pytest.skip("real weights are not here: put them in ../shared/weights to run this test")
    return folder


@pytest.fixture
def assets(weights, monkeypatch):
    """The same, and AVBENCH_ASSETS names it."""
    monkeypatch.setenv("AVBENCH_ASSETS", str(weights))
    return weights


@pytest.fixture(scope="session")
def pictures():
    """Five colour pictures of 64 × 80: one, itself with more and more noise."""
    generator = np.random.Generator(np.random.Philox(5))
    y, x = np.mgrid[:64, :80]
    base = np.stack([120 + 80 * np.sin(x / 9), 120 + 80 * np.cos(y / 7), (x * 3 + y) % 256], axis=2)
    noise = generator.standard_normal((5, 64, 80, 3)) * (np.arange(5) * 15)[:, None, None, None]
    return np.clip(base + noise, 0, 255).astype(np.uint8)
