"""Opening data sets by name."""

import pickle
from types import SimpleNamespace

import pytest

from avbench.data import verify
from avbench.data.dataset import DATASETS, open_dataset, recorded_name
from avbench.data.synth import cache as shards
from avbench.errors import UnknownName, UsageError


def test_every_listed_name_opens():
    for name in DATASETS:
        if name != "folder:PATH":
            data = open_dataset(name)
            assert data.name == name and data.split == "test" and data.synthetic
            if not data.part.name:
                assert len(data.ids) == 400 and len({i.split("-")[0] for i in data.ids[:40]}) == 40


def test_sizes_share_test_and_validation_and_differ_in_training():
    for split in ("test", "validation"):
        assert len({open_dataset(f"avbench-synth/{s}", split).fingerprint for s in ("tiny", "small", "base")}) == 1
    tiny, small, base = (open_dataset(f"avbench-synth/{s}", "train") for s in ("tiny", "small", "base"))
    assert [len(d.ids) for d in (tiny, small, base)] == [32, 2240, 8320]
    assert {s.name for s in tiny.shards} < {s.name for s in small.shards} < {s.name for s in base.shards}
    for data in (tiny, small, base):
        assert sorted(i for s in data.shards for i in s.ids) == sorted(data.ids)
    assert open_dataset("avbench-synth", "train").fingerprint == base.fingerprint != small.fingerprint


def test_the_negative_control_is_another_corpus():
    control = open_dataset("avbench-synth-rho0")
    assert control.spec.rho == 0.0 and control.fingerprint != open_dataset("avbench-synth").fingerprint
    assert len(open_dataset("avbench-synth-rho0/tiny", "train").ids) == 32


@pytest.mark.parametrize("name", ["avbench-synt", "avbench-synth/", "avbench-synth/huge", "", "avbench-synth/base/x"])
def test_an_unknown_name_is_one_sentence(name):
    with pytest.raises(UnknownName, match="There is no data set called"):
        open_dataset(name)


def test_an_unknown_split_or_an_empty_path_is_one_sentence():
    with pytest.raises(UnknownName, match="There is no split called 'dev'"):
        open_dataset("avbench-synth", "dev")
    with pytest.raises(UsageError, match="folder:path"):
        open_dataset("folder:")


@pytest.mark.parametrize("path", ["speech", "./speech", "/home/me/speech/"])
def test_a_recorded_name_has_no_path(path):
    assert recorded_name(f"folder:{path}") == "folder:" and recorded_name("avbench-synth") == "avbench-synth"


def test_a_data_set_goes_to_another_process():
    data = open_dataset("avbench-synth", "validation")
    assert pickle.loads(pickle.dumps(data)).fingerprint == data.fingerprint


def test_no_clip_is_made_again_twice(monkeypatch):
    chosen = []
    monkeypatch.setattr(verify, "_made_again", lambda dataset, ids, drawn: chosen.extend(ids) or [])
    for ask in ("is_kept", "is_ready"):
        monkeypatch.setattr(shards, ask, lambda shard, mouth: not mouth)
    kept = SimpleNamespace(synthetic=True, split="test", shards=[SimpleNamespace(name="0", ids=("a", "b"))])
    verify.verify(kept, clips=5)
    assert chosen == ["a", "b"]
