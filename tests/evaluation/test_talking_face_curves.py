"""Figures 5 and 6 of the noisy talking face, from runs that cost nothing."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
from avbench.systems.noisy_talking_face import curves
from fakes import FakeProtocol, fake_exam, named, sit_exam

from avbench.errors import UsageError
from avbench.types import Prediction, Target, Video

FILM = Video(np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), np.uint8), 25.0)


class Films(FakeProtocol):
    def target(self, clean):
        return Target(video=FILM)


def near(kind, far):
    """A system that is off by so many grey levels, the more the noisier."""

    def one(self, given):
        off = far + (2 if "snr-5" in given.id else 0)
        return Prediction(video=Video(np.clip(FILM.frames.astype(int) + off, 0, 255).astype(np.uint8), 25.0))

    return named(kind, output="video", one=one)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curves") / "runs"
    exam = fake_exam(clips=11, task="talking-face", metrics=("psnr", "ssim"), protocol=Films())
    for system in (near("near", 1), near("far", 9), "true-video"):
        name = system if isinstance(system, str) else type(system).__name__
        sit_exam(exam, system, folder / name)
    return folder


def drawn(runs, out, *more):
    assert curves.main([str(runs), "--out", str(out), *more]) == 0
    return out


def test_a_table_holds_every_point_with_its_interval(runs, tmp_path):
    out = drawn(runs, tmp_path / "out")
    rows = list(csv.DictReader((out / "fig5.csv").read_text().splitlines()))
    assert tuple(rows[0]) == curves.COLUMNS and len(rows) == 3 * 2 * 2
    near_by = {row["snr"]: float(row["value"]) for row in rows if (row["system"], row["metric"]) == ("near", "psnr")}
    far = {row["snr"]: float(row["value"]) for row in rows if (row["system"], row["metric"]) == ("far", "psnr")}
    assert near_by["-5"] < near_by["5"] and all(far[snr] < near_by[snr] for snr in near_by)
    for row in rows:
        assert float(row["low"]) - 1e-9 <= float(row["value"]) <= float(row["high"]) + 1e-9
        assert (row["n"], row["total"], row["undetected"]) == ("11", "11", "")


def test_curves_are_drawn_alike_each_time_and_name_their_systems(runs, tmp_path):
    one, other = (drawn(runs, tmp_path / name) for name in ("one", "other"))
    svg = (one / "fig5.svg").read_text()
    assert svg == (other / "fig5.svg").read_text()
    assert all(f">{word}<" in svg for word in ("near", "far", "SNR, dB")) and ">true-video<" not in svg
    assert "too few speakers" not in svg and "unofficial" in svg


def test_a_sheet_has_a_row_for_each_system_with_the_very_pictures(runs, tmp_path):
    from PIL import Image

    out = drawn(runs, tmp_path / "out", "--frames", "3")
    sheet = Image.open(out / "fig6-fake.png")
    assert "Synthetic media" in sheet.text["Comment"]
    sheet = np.asarray(sheet)
    top, step = 18 * 3, 32 + 2
    assert sheet.shape == (top + 3 * step, 150 + 3 * step, 3)
    for column, moment in enumerate((0, 3, 6)):
        x = 150 + column * step
        assert np.array_equal(sheet[top : top + 32, x : x + 32], FILM.frames[moment])  # the true film is on top
        made = sheet[top + step : top + step + 32, x : x + 32].astype(int)
        assert 0 < np.abs(made - FILM.frames[moment]).mean() < 12


def test_a_system_without_an_answer_has_an_empty_row(runs, tmp_path):
    silent = named("silent", output="video", one=lambda self, given: Prediction())
    exam = fake_exam(clips=11, task="talking-face", metrics=("psnr", "ssim"), protocol=Films())
    sit_exam(exam, silent, tmp_path / "silent")
    out = tmp_path / "out"
    assert curves.main([str(runs), str(tmp_path / "silent"), "--out", str(out)]) == 0
    table = csv.DictReader((out / "fig5.csv").read_text().splitlines())
    rows = [row for row in table if row["system"] == "silent"]
    assert all(row["failed"] == "11" and float(row["value"]) == 0 for row in rows)


def test_without_the_true_films_there_are_curves_and_a_sentence(runs, tmp_path, capsys):
    out = tmp_path / "out"
    assert curves.main([str(runs / "near"), "--out", str(out)]) == 0  # its anchors lie beside it and come along
    assert (out / "fig6-fake.png").is_file()
    alone = tmp_path / "alone"
    (runs / "near").rename(alone)
    try:
        assert curves.main([str(alone), "--out", str(tmp_path / "bare")]) == 0
    finally:
        alone.rename(runs / "near")
    assert "was not drawn" in capsys.readouterr().out.replace("\n", " ") and (tmp_path / "bare/fig5.svg").is_file()
    assert not (tmp_path / "bare/fig6-fake.png").exists()


def test_frames_without_a_face_are_counted():
    more = {"frames": 29.0, "undetected": 3.0}
    trials = [
        {"condition": {"snr": snr}, "scores": {"nlmd": {"more": more}, "psnr": {"more": {"identical": 1.0}}}}
        for snr in (-5, -5, 5)
    ]
    assert curves._frames(SimpleNamespace(trials=trials)) == {("nlmd", -5): (58, 6), ("nlmd", 5): (29, 3)}


def test_too_few_speakers_are_said(tmp_path):
    exam = fake_exam(clips=4, task="talking-face", metrics=("psnr",), protocol=Films())
    sit_exam(exam, near("near", 1), tmp_path / "near")
    assert curves.main([str(tmp_path / "near"), "--out", str(tmp_path / "out")]) == 0
    assert "too few speakers for bands" in (tmp_path / "out/fig5.svg").read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"task": "avse@1"}, "is a run of avse"), ({"limit": 3}, "of several exams"), ({}, "are of one system")],
)
def test_runs_that_do_not_belong_together_are_one_sentence(change, words, runs, tmp_path):
    import shutil

    shutil.copytree(runs / "near", tmp_path / "again")
    path = tmp_path / "again/run.json"
    head = json.loads(path.read_text())
    head["identity"] |= change
    path.write_text(json.dumps(head))
    with pytest.raises(UsageError, match=words):
        curves.main([str(runs), str(tmp_path / "again"), "--out", str(tmp_path / "out")])


@pytest.mark.parametrize("asked", [("--clip", "c99"), ("--snr", "7"), ("--noise", "rain"), ("--frames", "0")])
def test_a_sheet_of_what_is_not_there_is_one_sentence(asked, runs, tmp_path):
    with pytest.raises(UsageError, match=r"no trial to show|A sheet needs a column"):
        curves.main([str(runs), "--out", str(tmp_path / "out"), *asked])
