"""The data card says what is there."""

import re
from pathlib import Path

import pytest

from avbench.data.synth.parts import PARTS, find_part
from avbench.data.synth.parts.words import homophenes_of, vocabulary
from avbench.data.synth.spec import SPLITS

CARD = Path(__file__).parents[3] / "docs" / "corpus.md"


@pytest.mark.parametrize("part", ["sentences", *filter(None, PARTS)])
def test_the_card_has_the_numbers_of_clips(part):
    chosen = find_part("" if part == "sentences" else part)
    found = re.findall(rf"^\| {part} \| [\w–-]+ \| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", CARD.read_text(), re.M)
    assert {size: tuple(map(int, counts)) for size, *counts in found} == {
        size: tuple(len(chosen.clip_ids(size, split)) for split in SPLITS) for size in chosen.sizes
    }


def test_the_card_has_the_numbers_of_homophenes():
    sets = {homophenes_of(w) for w in vocabulary() if len(homophenes_of(w)) > 1}
    assert f"{sum(map(len, sets))} of the words form {len(sets)} sets" in CARD.read_text()
