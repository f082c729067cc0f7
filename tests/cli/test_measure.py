"""`avbench measure`: files in, numbers out, and one sentence where there is nothing to measure."""

import csv
import io
import json
import os
import signal
import time

import numpy as np
import pytest
import soundfile
from measure_jobs import dies
from waves import wave

import avbench as library
from avbench.evaluation import scoring
from avbench.metrics import measure_all
from avbench.types import Audio

RATE = 16000


def noisy(name, level=0.03):
    clean = wave(name)
    return clean + level * np.random.default_rng(len(name)).standard_normal(len(clean)).astype(np.float32), clean


def write(path, samples, rate=RATE):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="FLOAT")


@pytest.fixture
def folders(home):
    """Four pairs below est/ and ref/."""
    for i, name in enumerate(("a", "b", "sub/c", "sub/d")):
        estimate, clean = noisy(name, 0.01 * (i + 1))
        write(home / "est" / f"{name}.wav", estimate)
        write(home / "ref" / f"{name}.wav", clean)
    return home


@pytest.fixture
def here(monkeypatch):
    """Score in this process: what is tested then is not the pool, and a worker takes seconds to start."""
    monkeypatch.setattr("avbench.evaluation.measure.score_all", lambda jobs, *_: [scoring.score(job) for job in jobs])


def measured(avbench, *words):
    """Exit code, document, standard error."""
    code, out, err = avbench("measure", *words, "--json", "-", "--workers", "1")
    return code, json.loads(out), err


def statuses(document, metric):
    return {row["name"]: row["status"] for row in document["scores"] if row["metric"] == metric}


def test_scores_are_those_of_the_library(avbench, folders, here):
    code, found, err = measured(avbench, "est", "ref", "--metrics", "si-sdr,stoi,si-sdr-zm")
    assert code == 0, err
    assert [row["metric"] for row in found["pooled"]] == ["si-sdr", "stoi", "si-sdr-zm"]
    for row in found["scores"]:
        mine, other = (soundfile.read(folders / row[side], dtype="float32")[0] for side in ("estimate", "reference"))
        score = measure_all([row["metric"]], Audio(mine, RATE), Audio(other, RATE))[row["metric"]]
        assert row["value"] == score.value and row["raw"] == score.raw and row["status"] == "ok" and not row["reason"]
    for row in found["pooled"]:
        values = [score["value"] for score in found["scores"] if score["metric"] == row["metric"]]
        assert len(values) == 4 and row["value"] == pytest.approx(np.mean(values), abs=1e-12)
        assert (row["n"], row["failed"], row["total"], row["complete"]) == (4, 0, 4, True)
    assert {row["unit"] for row in found["scores"]} == {"dB", ""}


def test_the_promised_keys_are_there(avbench, folders, here):
    _, found, _ = measured(avbench, "est", "ref", "--metrics", "stoi")
    score = {"estimate", "reference", "metric", "value", "unit", "status", "reason"}
    assert all(score <= set(row) for row in found["scores"])
    assert all({"metric", "value", "n", "failed", "total"} <= set(row) for row in found["pooled"])


def test_two_files(avbench, folders, here):
    code, found, _ = measured(avbench, "est/a.wav", "ref/b.wav", "--metrics", "si-sdr")
    (row,) = found["scores"]
    assert code == 0 and (row["estimate"], row["reference"], row["name"]) == ("est/a.wav", "ref/b.wav", "a")


def test_workers_do_not_change_a_score(avbench, folders):
    _, one, _ = measured(avbench, "est", "ref", "--metrics", "stoi,si-sdr")
    code, out, _ = avbench("measure", "est", "ref", "--metrics", "stoi,si-sdr", "--json", "-", "--workers", "2")
    assert code == 0 and json.loads(out) == one


def test_the_page_the_json_and_the_csv_agree(avbench, folders, here):
    words = ("est", "ref", "--metrics", "stoi,si-sdr", "--workers", "1", "--csv", "-", "--json", "there/x.json")
    code, out, err = avbench("measure", *words)
    found = json.loads((folders / "there/x.json").read_text())
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 8
    for line, row in zip(rows, found["scores"], strict=True):
        assert float(line["value"]) == row["value"] and line["name"] == row["name"] and line["status"] == "ok"
    value = next(row["value"] for row in found["pooled"] if row["metric"] == "si-sdr")
    assert f"{value:.2f}" in err and "4/4" in err  # the page goes to standard error
    code, out, _ = avbench("measure", *words[:6])
    assert code == 0 and f"{value:.2f}" in out and max(map(len, out.split("\n"))) <= 80


def test_no_cell_of_the_page_is_cut_off(avbench, home, here):
    for name in ("speaker/clip_01", "speaker/clip_02"):
        estimate, clean = noisy(name)
        write(home / "est" / f"{name}.wav", estimate)
        write(home / "ref" / f"{name}.wav", clean)
    code, out, _ = avbench("measure", "est", "ref", "--metrics", "stoi,estoi,pesq-nb,pesq-wb,si-sdr,si-sdr-zm")
    assert code == 0 and "…" not in out and max(map(len, out.split("\n"))) <= 80
    assert "si-sdr-zm dB" in out and out.count("speaker/clip_01") == 2  # what does not fit is another table


def test_python_twin(folders):
    found = library.measure("est", "ref", ["si-sdr"], workers=1)
    assert found.complete and found.value("si-sdr") == found.pooled[0]["value"]


def test_missing_and_superfluous_files_are_told_and_counted(avbench, folders, here):
    (folders / "est/b.wav").rename(folders / "est/x.wav")
    _, found, _ = measured(avbench, "est", "ref", "--metrics", "si-sdr,nisqa")
    assert statuses(found, "si-sdr") == {"a": "ok", "b": "failed", "sub/c": "ok", "sub/d": "ok"}
    assert found["unpaired"] == {"estimates": ["est/x.wav"], "references": ["ref/b.wav"]}
    row = found["pooled"][0]
    assert (row["n"], row["failed"], row["total"]) == (3, 1, 4)
    rest = [score["value"] for score in found["scores"] if score["metric"] == "si-sdr" and score["status"] == "ok"]
    assert row["value"] == pytest.approx((sum(rest) - 60.0) / 4)
    out = avbench("measure", "est", "ref", "--metrics", "si-sdr", "--workers", "1")[1]
    assert "3+1/4" in out and "1 reference has no estimate and scores the floor" in out
    assert "1 estimate has no reference and is left out [est/x.wav]" in out


def test_every_kind_of_bad_file_has_its_status(avbench, folders, here):
    _, clean = noisy("z")
    bad = {
        "nan": np.full(len(clean), np.nan, np.float32),
        "silent": 0 * clean,
        "short": clean[:-7],
        "good": clean,
        "void": clean,
    }
    for name, samples in bad.items():
        write(folders / "est" / f"{name}.wav", samples)
        write(folders / "ref" / f"{name}.wav", clean if name != "void" else 0 * clean)
    for name, content in (("empty", b""), ("text", b"this is not sound")):
        (folders / "est" / f"{name}.wav").write_bytes(content)
        write(folders / "ref" / f"{name}.wav", clean)
    (folders / "ref/torn.wav").write_bytes(b"RIFF")
    write(folders / "est/torn.wav", clean)
    write(folders / "est/slow.wav", clean[::2], 8000)
    write(folders / "ref/slow.wav", clean)
    code, found, err = measured(avbench, "est", "ref", "--metrics", "si-sdr")
    assert code == 0, err
    expected = dict.fromkeys(("nan", "silent", "short", "empty", "text", "slow"), "failed")
    expected |= dict.fromkeys(("a", "b", "sub/c", "sub/d", "good"), "ok") | {"void": "void", "torn": "void"}
    assert statuses(found, "si-sdr") == expected
    reasons = {row["name"]: row["reason"] for row in found["scores"]}
    for name, words in {
        "nan": "NaN", "silent": "is silent", "short": "samples", "empty": "is empty (0 bytes)",
        "text": "cannot be read as sound", "slow": "8000 Hz", "torn": "cannot be read", "void": "is silent",
    }.items():  # fmt: skip
        assert words in reasons[name], name
    row = found["pooled"][0]
    assert (row["n"], row["failed"], row["void"], row["total"]) == (5, 6, 2, 11)
    capped = next(row for row in found["scores"] if row["name"] == "good")
    assert capped["value"] == 100.0 and capped["flags"] == ["capped"] and capped["raw"] is None


def test_odd_pairs_are_named_and_put_right_only_when_asked(avbench, folders, here):
    for name in ("a", "b", "sub/c"):
        estimate, _ = noisy(name)
        write(folders / "est" / f"{name}.wav", np.concatenate([np.zeros(80, np.float32), -0.5 * estimate[:-80]]))
    _, plain, _ = measured(avbench, "est", "ref", "--metrics", "si-sdr")
    told = {warning["what"]: warning for warning in plain["warnings"]}
    assert {"delay", "polarity", "gain"} == set(told) and told["delay"]["pairs"] == ["a", "b", "sub/c"]
    assert told["delay"]["text"] == "3 pairs delayed by 80 samples (5.00 ms); --align delay takes that out."
    diagnosis = plain["pairs"][0]["diagnosis"]
    assert (diagnosis["delay"], diagnosis["polarity"], diagnosis["delay_ms"]) == (80, -1, 5.0)
    assert diagnosis["gain_db"] == pytest.approx(-6.02, abs=0.3) and plain["pairs"][0]["aligned"] is None
    _, mended, _ = measured(avbench, "est", "ref", "--metrics", "si-sdr", "--align", "delay")
    before, after = ({r["name"]: r["value"] for r in d["scores"]} for d in (plain, mended))
    assert all(after[name] > before[name] + 10 for name in ("a", "b", "sub/c")) and after["sub/d"] == before["sub/d"]
    assert mended["pairs"][0]["aligned"] == {"delay": 80, "estimate": 80, "reference": 80}
    assert mended["pairs"][3]["aligned"] is None and mended["align"] == "delay"
    out = avbench("measure", "est", "ref", "--metrics", "si-sdr", "--workers", "1", "--align", "delay")[1]
    assert "--align delay changed 3 of 4 pairs" in out


def test_trim(avbench, folders, here):
    estimate, _ = noisy("a", 0.01)
    write(folders / "est/a.wav", np.concatenate([estimate, estimate[:20]]))
    for how, status in (("none", "failed"), ("trim:19", "failed"), ("trim:20", "ok")):
        _, found, _ = measured(avbench, "est", "ref", "--metrics", "stoi", "--align", how)
        assert statuses(found, "stoi")["a"] == status
    assert found["pairs"][0]["aligned"]["estimate"] == 20
    expected = measure_all(["stoi"], Audio(estimate, RATE), Audio(wave("a"), RATE))["stoi"]
    assert found["scores"][0]["value"] == expected.value


def test_a_rate_that_a_metric_lacks_is_resampled_and_said(avbench, home, here):
    estimate, clean = wave("x", rate=44100) * 0.5, wave("x", rate=44100)
    write(home / "e.wav", estimate, 44100)
    write(home / "r.wav", clean, 44100)
    code, found, _ = measured(avbench, "e.wav", "r.wav", "--metrics", "pesq-wb,si-sdr")
    flags = {row["metric"]: row["flags"] for row in found["scores"]}
    assert code == 0 and flags["pesq-wb"] == ["resampled"] and "resampled" not in flags["si-sdr"]
    assert found["notes"] == [
        "1 pair was resampled to 16000 Hz for pesq-wb.",
        "1 pair lies beyond the cap of si-sdr and counts 100.",  # half as loud is perfect, and no mean shows it
    ]


def test_texts_pool_their_errors(avbench, home, here):
    for side, texts in (("e", ("the cat", "", "Good day.")), ("r", ("the cat sat", "hello there", "good day"))):
        (home / side).mkdir()
        for i, text in enumerate(texts):
            (home / side / f"{i}.txt").write_text(text)
    code, found, _ = measured(avbench, "e", "r", "--metrics", "wer")
    assert code == 0 and found["pooled"][0]["value"] == pytest.approx(3 / 7)
    assert [row["parts"]["errors"] for row in found["scores"]] == [1, 2, 0]
    (home / "e.tsv").write_text("path\ttranscript\n0.wav\tthe cat\n1.wav\t\n2.wav\tgood day\n")
    assert measured(avbench, "e.tsv", "r", "--metrics", "wer")[1]["pooled"][0]["value"] == pytest.approx(3 / 7)
    (home / "e/1.txt").unlink()  # a missing answer has deleted every word
    _, found, _ = measured(avbench, "e", "r", "--metrics", "wer")
    assert found["pooled"][0]["value"] == pytest.approx(3 / 7) and found["pooled"][0]["failed"] == 1
    (home / "e/0.txt").write_bytes(b"\xff\xfe\xff")
    assert statuses(measured(avbench, "e", "r", "--metrics", "wer")[1], "wer")["0"] == "failed"


def test_pictures_video_and_arrays(avbench, home, here):
    from PIL import Image

    rng = np.random.default_rng(3)
    for side in "er":
        (home / side).mkdir()
    for i in range(3):
        picture = rng.integers(20, 230, (32, 32, 3))
        Image.fromarray(picture.astype(np.uint8)).save(home / "r" / f"{i}.png")
        Image.fromarray((picture + i).astype(np.uint8)).save(home / "e" / f"{i}.png")
    _, found, _ = measured(avbench, "e", "r", "--metrics", "psnr")
    assert [row["value"] for row in found["scores"]] == pytest.approx([120.0, 48.1308, 42.1102], abs=1e-4)
    Image.fromarray(np.zeros((32, 30, 3), np.uint8)).save(home / "e/1.png")
    (home / "e/2.png").write_bytes(b"nothing")
    clear = np.full((32, 32, 4), 128, np.uint8)
    Image.fromarray(clear).save(home / "e/0.png")
    _, found, _ = measured(avbench, "e", "r", "--metrics", "psnr")
    assert set(statuses(found, "psnr").values()) == {"failed"}
    reasons = [row["reason"] for row in found["scores"]]
    assert "transparent" in reasons[0] and "frames of 32 × 30" in reasons[1] and "cannot be read" in reasons[2]
    scores = np.array([0.1, 0.9, 0.8, 0.3])
    np.save(home / "scores.npy", scores)
    np.save(home / "labels.npy", np.array([0, 1, 1, 0]))
    assert measured(avbench, "scores.npy", "labels.npy", "--metrics", "map")[1]["pooled"][0]["value"] == 1.0
    np.save(home / "labels.npy", np.zeros(4))
    _, found, _ = measured(avbench, "scores.npy", "labels.npy", "--metrics", "map")
    assert found["pooled"][0]["value"] is None and found["pooled"][0]["reason"]


def test_sets_are_compared_as_wholes(avbench, home, here, monkeypatch):
    from PIL import Image

    from avbench.metrics.frechet import frechet_distance

    class Means:
        def features(self, images):
            return images.reshape(len(images), -1, 3).astype(np.float64).mean(axis=1)

    monkeypatch.setattr("avbench.judges.open_judge", lambda name: Means())
    rng = np.random.default_rng(5)
    rows = {}
    for side, count in (("e", 7), ("r", 40)):
        (home / side).mkdir()
        pictures = rng.integers(0, 250 if side == "e" else 200, (count, 8, 8, 3)).astype(np.uint8)
        for i, picture in enumerate(pictures):
            Image.fromarray(picture).save(home / side / f"{side}{i:02d}.png")  # no two are called alike
        rows[side] = Means().features(pictures)
    code, found, err = measured(avbench, "e", "r", "--metrics", "fid")
    assert code == 0, err
    (row,), (score,) = found["pooled"], found["scores"]
    assert row["value"] == pytest.approx(frechet_distance(rows["e"], rows["r"]), rel=1e-9)
    assert (row["n"], row["failed"], row["total"]) == (7, 0, 7) and (score["estimate"], score["reference"]) == (
        "e",
        "r",
    )
    for side in "er":  # one broken picture, and there is no number
        (home / side / f"{side}03.png").write_bytes(b"nothing")
        row = measured(avbench, "e", "r", "--metrics", "fid")[1]["pooled"][0]
        assert row["value"] is None and row["reason"]


def test_a_judge_that_is_absent_makes_the_run_incomplete(avbench, folders, monkeypatch, here):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    for name in ("a", "b", "sub/c", "sub/d"):
        for side in ("est", "ref"):
            write(folders / side / f"{name}.wav", wave(name, 1.5))
    code, out, err = avbench("measure", "est", "ref", "--metrics", "si-sdr,nisqa", "--workers", "1")
    assert code == 3 and "Not every pair has a score under nisqa: The judge nisqa has no weights here" in err
    assert "4/4" in out and "0/4" in out  # what could be scored is there
    code, _, err = avbench("measure", "est", "ref", "--metrics", "nisqa", "--judge", "nisqa=none.tar")
    assert code == 2 and "There is no file none.tar" in err
    assert "NAME=PATH" in avbench("measure", "est", "ref", "--metrics", "nisqa", "--judge", "nisqa")[2]


def test_a_judge_by_path(avbench, folders, monkeypatch, shared_data):
    weights = shared_data.parent / "weights" / "nisqa" / "nisqa.tar"
    if not weights.is_file():
        pytest.skip("the weights of NISQA are not here: put them in ../shared/weights/nisqa to run this test")
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    write(folders / "long.wav", wave("long", 1.5))
    code, found, err = measured(avbench, "long.wav", "--metrics", "nisqa", "--judge", f"nisqa={weights}")
    assert code == 0, err
    assert found["pooled"][0]["judge"].startswith("nisqa@") and 1.0 <= found["pooled"][0]["value"] <= 5.0
    assert found["scores"][0]["reference"] is None


def test_judges_go_to_the_device_that_is_named(avbench, folders, here, monkeypatch):
    told = []
    monkeypatch.setattr("avbench.evaluation.measure.choose_device", lambda device: device)
    monkeypatch.setattr(scoring, "tell_judges", told.append)
    words = ("measure", "est", "--metrics", "nisqa,nisqa-tts", "--judge", "nisqa-tts=synth-asr")
    avbench(*words, "--device", "cuda")
    assert set(told[0]) == {("nisqa", None, "cuda"), ("nisqa-tts", "synth-asr", "cuda")}
    told.clear()
    avbench(*words)
    assert told[0] == (("nisqa-tts", "synth-asr", "cpu"),)


@pytest.mark.gpu
def test_a_judge_says_the_same_on_a_gpu(folders):
    for name in ("a", "b", "sub/c", "sub/d"):
        (folders / "ref" / f"{name}.txt").write_text("bin blue at f two now")
        (folders / "ref" / f"{name}.wav").unlink()
    found = [
        library.measure("est", "ref", "asr-wer", judge=("espnet=synth-asr",), device=device, workers=1)
        for device in ("cpu", "cuda")
    ]
    assert found[0].complete and found[0].scores == found[1].scores


def test_a_crash_costs_one_score(folders, monkeypatch):
    monkeypatch.setattr(scoring, "score", dies)
    found = library.measure("est", "ref", "stoi,pesq-wb,si-sdr", workers=1)
    bad = [(row["name"], row["metric"]) for row in found.scores if row["status"] != "ok"]
    assert bad == [("b", "pesq-wb")] and not found.complete
    assert len(found.scores) == 12 and [r["metric"] for r in found.scores[:3]] == ["stoi", "pesq-wb", "si-sdr"]
    row = next(row for row in found.scores if row["status"] == "error")
    assert "SIGKILL" in row["reason"] and row["value"] is None and found.pairs[1]["diagnosis"] is not None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope", "ref", "--metrics", "stoi"), "There is no file or folder nope"),
        (("est/a.wav", "nope.wav", "--metrics", "stoi"), "There is no file or folder nope.wav"),
        (("est", "void", "--metrics", "stoi"), "The folder void holds no files"),
        (("est", "other", "--metrics", "stoi"), "No estimate is called like a reference"),
        (("est", "ref", "--metrics", "stoii"), "Did you mean stoi"),
        (("est", "ref", "--metrics", "stoi,stoi"), "named twice"),
        (("est", "ref"), "No metric was named"),
        (("est", "ref", "--metrics", "wer"), "wer needs text as the estimate"),
        (("est/a.wav", "note.txt", "--metrics", "stoi"), "note.txt is none"),
        (("torn.wav", "ref/a.wav", "--metrics", "stoi"), "torn.wav cannot be read as sound"),
        (("est/a.wav", "torn.wav", "--metrics", "stoi"), "torn.wav cannot be read as sound"),
        (("est", "ref", "--metrics", "stoi", "--align", "trim"), "--align is none, delay or trim:N"),
        (("est", "ref", "--metrics", "stoi", "--workers", "0"), "--workers must be at least 1"),
        (("stereo.wav", "ref/a.wav", "--metrics", "stoi"), "stereo.wav has 2 channels"),
        (("est", "wide", "--metrics", "stoi"), "1 of 4 references, such as wide/a.wav, have 2 channels"),
        (("est", "ref", "--metrics", "stoi", "--json", "-", "--csv", "-"), "cannot both go to standard output"),
        (("est", "ref", "--metrics", "stoi", "--judge", "nobody=x"), "There is no judge called 'nobody'"),
        (("est", "ref", "--metrics", "stoi", "--device", "tpu"), "'tpu' is not auto, cpu or cuda"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(avbench, folders, words, said):
    (folders / "void").mkdir()
    write(folders / "other/z.wav", wave("z"))
    (folders / "note.txt").write_text("hello")
    (folders / "torn.wav").write_bytes(b"RIFF nothing")
    write(folders / "stereo.wav", np.stack([wave("a")] * 2, axis=1))
    for name in ("a", "b", "sub/c", "sub/d"):
        samples = wave(name)
        write(folders / "wide" / f"{name}.wav", np.stack([samples] * 2, axis=1) if name == "a" else samples)
    code, out, err = avbench("measure", *words)
    assert code == 2 and said in err and err.count("\n") == 1 and not out


def test_ctrl_c_is_one_line_and_leaves_no_worker(folders, process):
    for i in range(60):
        samples = np.tile(wave(f"w{i}"), 6)
        write(folders / f"many/{i}.wav", samples)
    started = process("measure", "many", "many", "--metrics", "pesq-wb", "--workers", "1")
    time.sleep(3.0)
    assert started.poll() is None
    os.killpg(started.pid, signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 130 and not out and err == "avbench: Interrupted. The same command begins anew.\n"
