"""`avbench data`: make, check, show."""

import json

import numpy as np
import pytest
import soundfile

from avbench.cli import main
from avbench.data.synth import cache
from avbench.data.synth.spec import CorpusSpec


@pytest.fixture
def folder(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.random.RandomState(1).uniform(-0.1, 0.1, 16000), 16000)
    return tmp_path


def test_a_folder_is_shown_and_verified(folder, capsys):
    assert main(["data", "show", f"folder:{folder}", "--json", str(folder / "out.json")]) == 0
    (row,) = json.loads((folder / "out.json").read_text())["datasets"]
    assert (row["clips"], row["made"], row["speakers"], row["synthetic"]) == (1, 1, None, False)
    assert main(["data", "verify", f"folder:{folder}"]) == 0
    (folder / "b.wav").write_bytes(b"")
    capsys.readouterr()
    assert main(["data", "verify", f"folder:{folder}", "--json", "-"]) == 1
    out, err = capsys.readouterr()
    checks = json.loads(out)["checks"]
    assert [c["passed"] for c in checks] == [False, False] and "0 bytes" in checks[1]["text"]
    assert err.splitlines()[-1].startswith("avbench: 2 of 2 checks")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "folder:/nowhere/at/all"], "avbench: The folder /nowhere/at/all cannot be read: it does not exist."),
        (["show", "avbench-sinth"], "avbench: There is no data set called 'avbench-sinth'. Did you mean avbench-synth"),
        (["prepare", "avbench-synth", "--workers", "0"], "avbench: "),
    ],
)
def test_what_is_wrong_is_one_line(words, sentence, capsys):
    assert main(["data", *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith(sentence) and err.count("\n") == 1


def test_only_the_corpus_can_be_drawn(folder, capsys):
    assert main(["data", "show", f"folder:{folder}", "--picture", str(folder / "x.png")]) == 2
    assert "Only the embedded corpus can be drawn" in capsys.readouterr().err


def test_the_corpus_is_made_shown_and_verified(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    words = ["avbench-synth/tiny", "--split", "train"]
    assert main(["data", "show", *words, "--json", "-"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["datasets"]
    assert (row["clips"], row["made"], row["hours"], row["speakers"]) == (32, 0, 0.0, 16)
    assert main(["data", "prepare", *words, "--no-mouth", "--workers", "1"]) == 0
    assert "avbench-synth/tiny train: 32 clips, 0.0" in capsys.readouterr().out
    assert main(["data", "verify", *words, "--clips", "1"]) == 0
    (shard,) = cache.shards_of(CorpusSpec(), "tiny", "train")
    path = shard.folder / "audio.npy"
    path.write_bytes(path.read_bytes()[:-2])
    assert main(["data", "verify", *words, "--clips", "1"]) == 1
    assert "Damaged, and made again when next used: 00-000" in capsys.readouterr().err


def test_noises_are_prepared_shown_and_then_known_by_name(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    for kind in ("white", "pink"):
        soundfile.write(tmp_path / f"{kind}.wav", np.random.RandomState(1).uniform(-0.1, 0.1, 16000), 16000)
    assert main(["data", "prepare", "noisex-92"]) == 2
    assert "Say where noisex-92 lies" in capsys.readouterr().err
    assert main(["data", "prepare", "noisex-92", str(tmp_path)]) == 0
    assert main(["data", "show", "noisex-92", "--json", str(tmp_path / "card.json")]) == 0
    (card,) = json.loads((tmp_path / "card.json").read_text())["noises"]
    assert card["noises"] == 2 and "13 of 15 noises" in card["notes"][0]
    assert main(["data", "verify", "noisex-92"]) == 2
