"""Small data for plans, see `toys`."""

from types import SimpleNamespace

import pytest
from toys import ToyDataset, ToyNoise


@pytest.fixture
def toy():
    return SimpleNamespace(dataset=ToyDataset(), noise=ToyNoise())
