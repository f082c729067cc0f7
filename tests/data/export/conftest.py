"""One cache for these tests, so that speech is made once; and small exports, by name of layout."""

import csv
import os

import pytest

from avbench.data.export import find_layout
from avbench.data.export.write import export


@pytest.fixture(scope="package", autouse=True)
def own_cache(cache, tmp_path_factory):
    before = os.environ["AVBENCH_CACHE"]
    os.environ["AVBENCH_CACHE"] = str(tmp_path_factory.mktemp("export-cache"))
    yield
    os.environ["AVBENCH_CACHE"] = before


@pytest.fixture(scope="package")
def exported(own_cache, tmp_path_factory):
    """Two clips of each split of tiny: `exported("grid")` is the folder."""
    made = {}

    def get(name):
        if name not in made:
            root = tmp_path_factory.mktemp(name.replace("/", "-"))
            export(name, root, limit=2, workers=1)
            made[name] = root
        return made[name]

    return get


@pytest.fixture(scope="package")
def originals():
    """Of each place in an export the clip of the embedded corpus and its data set."""

    def get(root, name):
        source = find_layout(name).source
        with (root / "avbench-export.tsv").open() as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        from avbench.data.synth.spec import CorpusSpec

        sets = {s: source.open(f"{source.root}/tiny", s, "tiny", CorpusSpec()) for s in {r["split"] for r in rows}}
        return {r["place"]: (r, sets[r["split"]]) for r in rows}

    return get
