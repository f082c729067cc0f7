"""`run` with metrics that ask a judge: which one, whether it is here, and what the table and the JSON say of it."""

import json

import numpy as np
import pytest
import soundfile
from waves import wave

import avbench as package


@pytest.fixture
def spoken(home, monkeypatch):
    """Clips of 12 speakers with and without a transcript, and a recogniser of another package in reach."""
    entry = home / "site" / "own_judges-1.dist-info"
    entry.mkdir(parents=True)
    (entry / "METADATA").write_text("Metadata-Version: 2.1\nName: own-judges\nVersion: 1\n")
    (entry / "entry_points.txt").write_text("[avbench.judges]\nown-ear = own_judges:EAR\n")
    monkeypatch.syspath_prepend(str(home / "site"))
    monkeypatch.setenv("AVBENCH_ASSETS", str(home / "assets"))
    (home / "speech").mkdir()
    (home / "noise").mkdir()
    lines = ["path\tspeaker\ttranscript"]
    for i in range(12):
        level = 0.4 + 0.1 * i
        samples = (level * wave(f"speech{i}", 1.2)).astype(np.float32)
        soundfile.write(home / "speech" / f"c{i:02d}.wav", samples, 16000, subtype="PCM_16")
        lines.append(f"c{i:02d}.wav\ts{i:02d}\tbin blue{' at again' * (i % 3)}")
    (home / "speech" / "transcripts.tsv").write_text("\n".join(lines) + "\n")
    for i in range(4):
        soundfile.write(home / "noise" / f"n{i}.wav", wave(f"noise{i}"), 16000, subtype="PCM_16")
    return home


@pytest.fixture
def ear(spoken):
    """The recogniser has its weights."""
    (spoken / "assets" / "own").mkdir(parents=True)
    (spoken / "assets" / "own" / "words.txt").write_text("bin blue at")
    return spoken


WORDS = (
    "run", "--system", "own_systems:Half", "--snr", "5", "--dataset", "folder:speech", "--noise", "folder:noise",
    "--metrics", "si-sdr,asr-wer", "--workers", "1", "--judge", "espnet=own-ear",
)  # fmt: skip


def rows(path, metric="asr-wer"):
    found = json.loads(path.read_text())
    return {row["system"]: row for row in found["rows"] if row["metric"] == metric and row["condition"] == {}}


def test_words_are_pooled_by_words_and_the_judge_stands_beside_them(avbench, ear):
    code, out, err = avbench(*WORDS, "--json", "v.json")
    assert code == 0, err
    found = json.loads((ear / "v.json").read_text())
    assert found["identity"]["judges"]["espnet"].startswith("own-ear@")
    for system, row in rows(ear / "v.json").items():
        assert row["judge"] == found["identity"]["judges"]["espnet"] and row["n"] + row["failed"] == 12
        scores = [json.loads(p.read_text())["scores"]["asr-wer"]
                  for p in next(ear.glob(f"runs/avse/{system.replace(':', '-')}-*/scores")).iterdir()]  # fmt: skip
        errors, words = (sum(score["more"][name] for score in scores) for name in ("errors", "words"))
        assert row["value"] == errors / words
        if system != "silence":  # of which every clip has the same rate
            assert row["value"] != pytest.approx(np.mean([score["value"] for score in scores]), rel=1e-3)
        assert row["ci95"] is not None and row["ci95"][0] <= row["value"] <= row["ci95"][1]
    assert rows(ear / "v.json")["silence"]["value"] == 1.0  # every word deleted, that is the floor
    text = " ".join(out.split())
    assert f"asr-wer by {found['identity']['judges']['espnet']} · oracle is what they say of true signals" in text

    code, text, err = avbench("compare", "own_systems-Half", "oracle", "--json", "-")
    assert code == 0, err
    row = next(r for r in json.loads(text)["rows"] if r["metric"] == "asr-wer" and r["condition"] == {})
    values = {system: row["value"] for system, row in rows(ear / "v.json").items()}
    assert row["a"] == values["own_systems:Half"] and row["b"] == values["oracle"]
    assert (
        row["difference"] == pytest.approx(row["a"] - row["b"]) and row["ci95"][0] < row["difference"] < row["ci95"][1]
    )
    assert 0 < row["p_value"] < 0.05 and row["reason"] == ""


def test_a_judge_that_is_absent_says_so_and_when_it_comes_the_run_goes_on(avbench, spoken, shared_data):
    weights = shared_data.parent / "weights" / "nisqa" / "nisqa.tar"
    if not weights.is_file():
        pytest.skip("the weights of NISQA are not here: put them in ../shared/weights/nisqa to run this test")
    words = (
        *WORDS[:9],
        "--metrics",
        "si-sdr,nisqa",
        "--workers",
        "1",
        "--limit",
        "2",
        "--anchors",
        "none",
        "--json",
        "v",
    )
    code, out, err = avbench(*words)
    assert code == 3 and "A judge is missing for 2 trials; the same command tries them again." in err
    text = " ".join(out.split())
    assert "2 not-applicable: The judge nisqa has no weights here: nisqa/nisqa.tar is missing. Get it from" in text
    assert "nisqa by nisqa · what they say of true signals is not in this table: add the anchor oracle" in text
    row = rows(spoken / "v", "nisqa")["own_systems:Half"]
    assert (row["value"], row["judge"], row["n"], row["complete"]) == (None, "nisqa", 0, False)
    assert "nisqa.tar is missing" in row["reason"]
    assert rows(spoken / "v", "si-sdr")["own_systems:Half"]["complete"]
    (folder,) = (spoken / "runs" / "avse").iterdir()
    answers = {p.name: p.stat().st_mtime_ns for p in (folder / "predictions").iterdir()}

    (spoken / "assets" / "nisqa").mkdir(parents=True)
    (spoken / "assets" / "nisqa" / "nisqa.tar").symlink_to(weights)
    code, out, err = avbench(*words)
    assert code == 0, err
    assert list((spoken / "runs" / "avse").iterdir()) == [folder]
    assert {p.name: p.stat().st_mtime_ns for p in (folder / "predictions").iterdir()} == answers  # not asked again
    row = rows(spoken / "v", "nisqa")["own_systems:Half"]
    assert row["judge"].startswith("nisqa@") and row["complete"] and 1 <= row["value"] <= 5
    assert "shown as cached" in avbench(*words)[2]


def test_another_judge_is_another_run_and_is_not_compared(avbench, ear):
    assert avbench(*WORDS, "--anchors", "none", "--out", "a")[0] == 0
    (ear / "assets" / "own" / "words.txt").write_text("lay red")
    code, _, err = avbench(*WORDS, "--anchors", "none", "--out", "a")
    assert code == 2 and "holds another run (" in err
    assert avbench(*WORDS, "--anchors", "none", "--out", "b")[0] == 0
    code, out, _ = avbench("compare", "a/own_systems-Half", "b/own_systems-Half", "--json", "c.json")
    found = json.loads((ear / "c.json").read_text())
    assert code == 0 and {row["metric"] for row in found["rows"]} == {"si-sdr"}
    assert found["left_out"][0].startswith("asr-wer is left out: its judges differ (own-ear@") and "left out" in out


def test_the_oracle_joins_wherever_a_judge_is_asked(avbench, ear):
    code, _, err = avbench(*WORDS, "--anchors", "noisy", "--limit", 1, "--json", "v.json")
    assert code == 0, err
    assert set(rows(ear / "v.json")) == {"own_systems:Half", "noisy", "oracle"}


def test_what_nobody_wrote_down_is_void_for_all_and_refused_where_it_is_all(avbench, ear):
    table = ear / "speech" / "transcripts.tsv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:-1], "c11.wav\ts11\t"]) + "\n")
    code, out, err = avbench(*WORDS, "--json", "v.json")
    assert code == 0, err
    for row in rows(ear / "v.json").values():
        assert (row["void"], row["total"], row["complete"]) == (1, 11, True)
    assert {row["void"] for row in rows(ear / "v.json", "si-sdr").values()} == {0}
    assert "1 void: nobody has written down what is said in this clip" in " ".join(out.split())
    table.unlink()
    code, _, err = avbench(*WORDS)
    assert code == 2 and "asr-wer compares with what is said, and folder:speech has no transcript" in err


@pytest.mark.parametrize(
    ("judge", "expected"),
    [
        ("espnet", "--judge is NAME=PATH"),
        ("nobody=x", "no judge called 'nobody'"),
        ("nisqa=none.tar", "There is no file none.tar"),
        ("espnet=nisqa", "nisqa has no weights here"),
    ],
)
def test_a_judge_that_cannot_be_had_by_name_is_refused_before_anything_sits(avbench, spoken, judge, expected):
    code, out, err = avbench(*WORDS[:-2], "--judge", judge)
    assert code == 2 and out == "" and expected in err and not (spoken / "runs").exists()


def test_the_library_takes_the_same_and_measure_too(avbench, ear):
    assert avbench(*WORDS, "--anchors", "none")[0] == 0
    (run,) = package.run(
        "own_systems:Half", snr=5, dataset="folder:speech", noise="folder:noise", metrics="si-sdr,asr-wer", workers=1,
        judge=["espnet=own-ear"], anchors="none",
    )  # fmt: skip
    assert run.cached and run.judges["espnet"].startswith("own-ear@")
    code, text, err = avbench("measure", "speech", "speech", "--metrics", "asr-wer", "--judge", "espnet=own-ear",
                              "--workers", 1, "--json", "-")  # fmt: skip
    assert code == 0, err
    (row,) = json.loads(text)["pooled"]
    assert row["judge"] == run.judges["espnet"] and 0 < row["value"] < 1 and row["n"] == 12
