"""Speech with sound alone that others recorded: pairs are found by name, answered, judged, and kept as real."""

import json

import corpus_trees as trees
import numpy as np
import pytest
import soundfile
from avbench.systems.mutud.recordings import gather, judge, main, snr_of
from avbench.systems.mutud.tables import table

from avbench.errors import BadFile, UnknownName, UsageError

MINE = """
import numpy as np
from avbench.types import Audio, Card, Prediction


class Half:
    card = Card("half", "half as loud", "", frozenset({"audio"}), "audio", 16000, True, 0.0)
    digest = "half@1"

    def load(self, device):
        pass

    def predict(self, inputs):
        return [Prediction(audio=Audio((0.5 * i.audio.samples).astype(np.float32), i.audio.rate)) for i in inputs]


class Half2(Half):
    digest = "half@2"

    def predict(self, inputs):
        if "car" in inputs[0].id:
            raise RuntimeError("no cars")
        return super().predict(inputs)
"""


def speech(seed, rate, seconds=1.0):
    """Dull noise with the rise and fall of syllables: nothing of it is lost by another rate."""
    time = np.arange(round(seconds * rate)) / rate
    dull = np.convolve(np.random.default_rng(seed).standard_normal(len(time)), np.hanning(8), "same")
    return (0.1 * np.sin(2 * np.pi * 3 * time) ** 2 * dull).astype(np.float32)


def put(path, samples, rate):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="FLOAT")


@pytest.fixture
def noizeus(tmp_path, monkeypatch):
    (tmp_path / "mine_halves.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("sp01", "sp1"):
        clean = speech(len(name), 8000)
        put(tmp_path / "clean" / f"{name}.wav", clean, 8000)
        for kind, level in (("car", 0), ("babble", 10)):
            noisy = clean + speech(9 + level, 8000) * 10 ** (-level / 20)
            put(tmp_path / "noisy" / f"{kind}_{level}dB" / f"{name}_{kind}_sn{level}.wav", noisy, 8000)
    return tmp_path


def test_values_are_kept_as_real_for_all_and_for_every_snr_that_names_tell(noizeus):
    found = judge(
        str(noizeus / "noisy"), noizeus / "out", noizeus / "clean", "mine_halves:Half", "si-sdr,pesq-nb", by_snr=True
    )
    assert found == json.loads((noizeus / "out" / "recordings.json").read_bytes())
    assert (found["synthetic"], found["recordings"], found["rate"]) == (False, 4, [8000])
    of = {(r["system"], r["metric"], r["condition"].get("snr")): r for r in found["rows"]}
    for snr, n in ((None, 4), (0.0, 2), (10.0, 2)):
        noisy, half = (of[name, "si-sdr", snr] for name in ("noisy", "mine_halves:Half"))
        assert noisy["n"] == half["n"] == n and noisy["failed"] == 0
        assert half["value"] == pytest.approx(noisy["value"], abs=0.1)  # loudness is nothing to this metric
    assert of["noisy", "si-sdr", 10.0]["value"] > of["noisy", "si-sdr", 0.0]["value"] + 5
    (less,) = [d for d in found["differences"] if (d["b"], d["metric"]) == ("noisy", "si-sdr")]
    change = of["mine_halves:Half", "si-sdr", None]["value"] - of["noisy", "si-sdr", None]["value"]
    assert less["difference"] == pytest.approx(change) and less["ci95"] is None and less["n"] == 4  # of two sentences
    lines = table("V", noizeus / "out")
    assert any("REAL recordings" in line and "n = 4" in line for line in lines)
    rows = [line for line in lines if line.startswith("|") and "mine_halves:Half" in line]
    assert len(rows) == 2 and all("| – |" in row for row in rows)  # the paper has no such row, nor narrow-band PESQ


def test_from_ten_clusters_on_a_difference_has_an_interval_and_is_printed(capsys):
    from avbench.systems.mutud.recordings import _differences
    from avbench.systems.mutud.tables import print_recordings

    ids = [f"r{i}" for i in range(12)]
    scores = {
        "noisy": {("stoi", i): 0.5 for i in ids},
        "half": {("stoi", i): 0.6 + 0.01 * n for n, i in enumerate(ids)},
    }
    (row,) = _differences(["half"], scores, {i: i for i in ids})
    assert row["difference"] == pytest.approx(0.155) and 0.1 < row["ci95"][0] < 0.155 < row["ci95"][1] < 0.21
    held = {"source": "a/b", "rate": [16000], "recordings": 12, "seconds": 12.0, "systems": [], "rows": []}
    assert print_recordings(held | {"differences": [row]})[-1].startswith("\n`half` - `noisy`, stoi: +15.5 (+1")


def test_what_a_system_cannot_answer_counts_as_failed(noizeus, capsys):
    found = judge(str(noizeus / "noisy"), noizeus / "out", noizeus / "clean", "mine_halves:Half2", "si-sdr")
    (row,) = [r for r in found["rows"] if r["system"] == "mine_halves:Half2"]
    assert (row["n"], row["failed"], row["total"]) == (2, 2, 4) and "no cars" in capsys.readouterr().err


def test_pairs_are_found_by_name_by_number_or_by_beginning_and_never_guessed(noizeus):
    found = {one.id: one for one in gather(str(noizeus / "noisy"), noizeus / "clean")}
    clean, _ = soundfile.read(noizeus / "clean" / "sp1.wav", dtype="float32")
    assert len(found) == 4 and np.array_equal(found["sp1_car_sn0"].clean.samples, clean)
    put(noizeus / "noisy" / "car_0dB" / "sp77_car_sn0.wav", clean, 8000)
    with pytest.raises(BadFile, match="sp77_car_sn0 has no clean partner"):
        gather(str(noizeus / "noisy"), noizeus / "clean")
    put(noizeus / "clean" / "sp77.wav", clean[:-1], 8000)
    with pytest.raises(BadFile, match="differ in length or rate"):
        gather(str(noizeus / "noisy"), noizeus / "clean")
    for side, name in (("dns", "a_snr3_train_1_snr15_tl-21_fileid_15"), ("wanted", "clean_fileid_15")):
        put(noizeus / side / f"{name}.wav", clean, 8000)
    put(noizeus / "wanted" / "clean_fileid_5.wav", clean * 0.5, 8000)
    (one,) = gather(str(noizeus / "dns"), noizeus / "wanted")
    assert one.snr == 15 and np.array_equal(one.clean.samples, clean) and snr_of("p287_001") is None


def test_a_prepared_corpus_is_a_source_and_its_real_recordings_have_no_clean_side(tmp_path, monkeypatch):
    from avbench.cli import main as avbench

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    assert avbench(["data", "prepare", "dns-eval", str(trees.dns_eval(tmp_path / "DNS"))]) == 0
    pairs = gather("dns-eval")
    assert [one.id for one in pairs] == ["no-reverb-007", "no-reverb-158"] and {one.snr for one in pairs} == {15.0}
    assert not np.array_equal(pairs[0].noisy.samples, pairs[0].clean.samples)
    (real,) = gather("dns-eval/real-recordings")
    assert real.clean is None and real.noisy.samples.any()


def test_what_is_no_source_is_one_sentence(noizeus, capsys):
    with pytest.raises(UsageError, match="so it takes no --clean"):
        gather("dns-eval", noizeus / "clean")
    with pytest.raises(UnknownName):
        gather("nowhere")
    with pytest.raises(UsageError, match="no noisy speech of its own"):
        gather("avbench-synth/tiny")
    (noizeus / "out" / "noisy").mkdir(parents=True)
    arguments = [str(noizeus / "noisy"), "--clean", str(noizeus / "clean"), "--system", "mine_halves:Half"]
    assert main([*arguments, "--out", str(noizeus / "out")]) == 2
    assert main([str(noizeus / "noisy"), "--out", str(noizeus / "o2"), "--system", "mutud/n8"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "holds recordings already" in first and "mutud/n8 has no weights" in second
