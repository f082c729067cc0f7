"""`avbench data` and `avbench list` with corpora, as a user types them."""

import json

import corpus_trees as trees
import pytest

from avbench.cli import main
from avbench.data.corpora import CORPORA
from avbench.data.dataset import open_dataset
from avbench.data.verify import verify
from avbench.errors import MissingResource


@pytest.fixture
def root(tmp_path):
    return trees.grid(tmp_path / "grid", {"s1": ("bbaf2n", "lgif1s"), "s20": ("pwij3p",)})


def test_prepare_show_verify(root, tmp_path, capsys):
    (root / "s20" / "pwij3p.mpg").write_bytes(b"")
    assert main(["data", "prepare", "grid", str(root)]) == 0
    out = capsys.readouterr().out
    assert "Missing (3):" in out and "Broken, and left out (1):" in out and "pwij3p.mpg is empty" in out
    assert "│ grid            │ test  │ 2     │ 1" in out
    assert main(["data", "show", "grid", "--json", "-"]) == 0
    out, err = capsys.readouterr()
    (card,) = json.loads(out)["datasets"]
    assert card["status"] == "ready" and card["root"] == str(root.resolve()) and len(card["fingerprint"]) == 32
    seconds = pytest.approx(6.0, abs=0.01)
    assert card["counts"]["grid"]["test"] == {"clips": 2, "speakers": 1, "seconds": seconds, "pictured": 2}
    assert [p["kind"] for p in card["problems"]] == ["missing"] * 3 + ["broken"]
    assert card["problems"][-1]["paths"] == ["s20/pwij3p.mpg"]
    assert "Licence: CC BY 4.0" in err
    assert main(["data", "verify", "grid"]) == 0
    content = bytearray((root / "s1" / "bbaf2n.mpg").read_bytes())
    content[100] ^= 1
    (root / "s1" / "bbaf2n.mpg").write_bytes(content)
    capsys.readouterr()
    assert main(["data", "verify", "grid", "--json", str(tmp_path / "v.json")]) == 1
    assert "bbaf2n.mpg" in capsys.readouterr().err
    assert [c["passed"] for c in json.loads((tmp_path / "v.json").read_text())["checks"]] == [True, False]
    (root / "s20" / "pwij3p.mpg").unlink()
    assert main(["data", "prepare", "grid"]) == 0  # where it was
    assert main(["data", "verify", "grid"]) == 0


def test_a_card_without_the_corpus_says_how_to_get_it(capsys):
    for name, corpus in CORPORA.items():
        assert main(["data", "show", name]) == 0
        out = capsys.readouterr().out
        assert corpus.obtain in out and f"avbench data prepare {name} PATH" in out and "(absent)" in out


def test_list_says_what_is_ready(root, capsys):
    main(["data", "prepare", "grid", str(root)])
    capsys.readouterr()
    assert main(["list", "datasets", "--json", "-"]) == 0
    rows = {r["name"]: r for r in json.loads(capsys.readouterr().out)["datasets"]}
    assert rows["grid/overlapped"]["status"] == "ready" and rows["lrw"]["status"] == "absent"
    assert set(CORPORA) <= set(rows)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["prepare", "grid"], "avbench: Say where grid lies: avbench data prepare grid PATH."),
        (["prepare", "grid", "/nowhere"], "avbench: There is no folder /nowhere."),
        (["prepare", "avbench-synth/tiny", "/nowhere"], "avbench: avbench-synth/tiny is no corpus on disk"),
        (["prepare", "grid", ".", "--validation", "x"], "avbench: grid takes no --validation."),
        (["verify", "lrs3"], "avbench: The corpus lrs3 is not prepared on this machine"),
        (["show", "grid/nothing"], "avbench: There is no data set called 'grid/nothing'. Did you mean grid"),
        (["show", "grid", "--picture", "x.png"], "avbench: Only the embedded corpus can be drawn, not grid."),
    ],
)
def test_what_is_wrong_is_one_line(words, sentence, capsys):
    assert main(["data", *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith(sentence) and err.count("\n") == 1


HALF = """
from avbench.types import Audio, Card, Prediction


class Half:
    card = Card("half", "half as loud", "none", frozenset({"audio"}), "audio", 16000, True, 0.0)
    digest = "1"

    def load(self, device):
        pass

    def predict(self, inputs):
        return [Prediction(audio=Audio(i.audio.samples * 0.5, i.audio.rate)) for i in inputs]
"""


def test_a_corpus_sits_a_task(root, tmp_path, capsys, monkeypatch):
    (tmp_path / "half_as_loud.py").write_text(HALF)
    monkeypatch.syspath_prepend(str(tmp_path))
    main(["data", "prepare", "grid", str(root)])
    capsys.readouterr()
    trees.sound(tmp_path / "noise" / "hum.wav", 3.0, seed=5)
    words = ["run", "--system", "half_as_loud:Half", "--dataset", "grid", "--noise", f"folder:{tmp_path / 'noise'}"]
    plan = ["--protocol", "3-bn", "--limit", "1", "--snr", "0", "--metrics", "si-sdr", "--workers", "1"]
    for name in ("rain", "wind"):
        trees.sound(tmp_path / "noise" / f"{name}.wav", 3.0, seed=len(name) + ord(name[0]))
    out = ["--anchors", "noisy", "--out", str(tmp_path / "run"), "--json", str(tmp_path / "run.json")]
    code = main([*words, *plan, *out])
    assert code == 0, capsys.readouterr().err
    rows = json.loads((tmp_path / "run.json").read_text())["rows"]
    assert {r["system"] for r in rows} >= {"noisy"} and all(r["failed"] == 0 for r in rows)


def test_a_list_of_validation_is_remembered_with_its_root_only(tmp_path, capsys):
    root = trees.lrs3(tmp_path / "lrs3")
    held = trees.text(tmp_path / "held.id", "trainval/_YmdE0aWxZM/50002\n")
    assert main(["data", "prepare", "lrs3", str(root), "--validation", str(held)]) == 0
    assert main(["data", "prepare", "lrs3"]) == 0 and open_dataset("lrs3", "validation").ids
    held.unlink()
    capsys.readouterr()
    assert main(["data", "prepare", "lrs3"]) == 2
    said = capsys.readouterr().err
    assert "is remembered from last time" in said and "give --validation FILE" in said
    assert main(["data", "prepare", "lrs3", str(root)]) == 0
    assert main(["data", "prepare", "lrs3"]) == 0
    with pytest.raises(MissingResource, match="no validation clips"):
        open_dataset("lrs3", "validation")


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["show", "grid", "--split", "test"], "--split"),
        (["verify", "grid", "--split", "test"], "--split"),
        (["verify", "grid", "--clips", "1"], "--clips"),
        (["prepare", "grid", ".", "--split", "test"], "--split"),
        (["prepare", "demand", ".", "--mouth"], "--mouth"),
        (["prepare", "demand", ".", "--validation", "x"], "--validation"),
        (["show", "demand", "--split", "test"], "--split"),
    ],
)
def test_options_without_effect_are_refused(words, option, capsys):
    assert main(["data", *words]) == 2
    assert f"{option} would have no effect" in capsys.readouterr().err


def test_data_sets_together_are_verified_one_by_one(root, tmp_path, monkeypatch, capsys):
    main(["data", "prepare", "grid", str(root)])
    trees.sound(tmp_path / "a+b" / "one.wav")
    both = open_dataset(f"grid+folder:{tmp_path / 'a+b'}")
    assert [m.name for m in both.members] == ["grid", f"folder:{tmp_path / 'a+b'}"] and not both.synthetic
    assert [c.passed for c in verify(both)] == [True, True, True]
    assert main(["data", "verify", f"grid+folder:{tmp_path / 'a+b'}", "--split", "test"]) == 0
    mixed = open_dataset("grid+avbench-synth/tiny")
    assert mixed.synthetic and all(c.passed for c in verify(mixed, 0))
    assert main(["data", "show", "grid+avbench-synth/tiny", "--split", "test"]) == 0
    assert (
        main(["data", "show", "grid+avbench-synth/tiny", "--split", "test", "--sample", str(tmp_path / "x.mp4")]) == 2
    )
