"""Runs as one file: the same scores, heads and rows as the folder, and nothing of its answers."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import Gain, fake_exam, named, sit_exam

from avbench.errors import BadFile, IncompleteRun, UsageError
from avbench.evaluation import kept
from avbench.evaluation.compare import compare
from avbench.evaluation.kept import keep, kept_path, refuse_changed
from avbench.evaluation.record import write_json
from avbench.evaluation.runs import document, open_run, open_runs

SAME = (
    "head", "identity", "system", "anchor", "task", "exam", "rows", "complete", "kind", "ended", "unranked", "metrics",
    "judges", "left", "sound",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("kept") / "runs"
    exam = fake_exam(broken=("c03",))
    crash = named("crash", one=lambda self, g: 1 / 0 if g.id == "fake-0001.snr5" else Gain.one(self, g))
    for name, system in {"gain": Gain(), "crash": crash}.items():
        sit_exam(exam, system, home / name)
    for anchor in ("noisy", "oracle"):
        sit_exam(exam, anchor, home / anchor)
    for run in open_runs(home):
        keep(run, home.parent / "board" / "avse" / f"{run.system}.json")
    return home.parent


@pytest.mark.parametrize("system", ["gain", "crash", "oracle"])
def test_a_kept_run_says_what_the_run_says(folder, system):
    whole, short = open_run(folder / "runs" / system), open_run(folder / "board/avse" / f"{system}.json")
    assert short.folder is None and short.where == folder / "board/avse" / f"{system}.json"
    for name in SAME:
        assert getattr(short, name) == getattr(whole, name), name
    assert short.row("stoi", {"snr": 5}) == whole.row("stoi", {"snr": 5})
    for mine, other in zip(short.trials, whole.trials, strict=True):
        assert mine["scores"] == other["scores"] and mine["condition"] == other["condition"]
        assert {**mine, "facts": 0} == {**other, "facts": 0}
    assert {score["status"] for t in short.trials for score in t["scores"].values()} >= {"ok", "void"}


def test_the_same_run_gives_the_same_bytes_also_from_a_kept_one(folder, tmp_path):
    first = folder / "board/avse/crash.json"
    for source in (folder / "runs/crash", first):
        assert keep(source, tmp_path / "again.json").read_bytes() == first.read_bytes()
    assert len(first.read_text().splitlines()) > 22  # a line a trial


def test_a_tree_of_kept_runs_is_opened_with_its_anchors(folder):
    assert [run.system for run in open_runs(folder / "board")] == ["crash", "gain", "noisy", "oracle"]
    assert [run.system for run in open_runs(folder / "board/avse/gain.json")] == ["gain", "noisy", "oracle"]
    assert document(open_runs(folder / "board"))["systems"][0]["folder"].endswith("crash.json")
    with pytest.raises(UsageError, match=r"4 runs.*say which"):
        open_run(folder / "board")


def test_a_kept_run_is_compared_like_any_other(folder):
    whole = compare(folder / "runs/crash", folder / "runs/gain")
    assert compare(folder / "runs/crash", folder / "board/avse/gain.json") == whole
    assert compare(folder / "board/avse/crash.json", folder / "board/avse/gain.json")["rows"] == whole["rows"]


def test_the_path_names_task_data_plan_and_system(folder):
    assert str(kept_path(open_run(folder / "runs/gain"))) == "leaderboards/runs/avse/fake/fake/gain.json"
    run = sit_exam(fake_exam(clips=1), named("Slashed"), folder / "slashed")
    run.head["identity"]["system"]["name"] = "mutud/scratch"
    assert kept_path(run).name == "mutud__scratch.json"


def test_an_unfinished_run_is_not_kept(folder, tmp_path):
    run = sit_exam(fake_exam(clips=1), Gain(), tmp_path / "run")
    (run.folder / "summary.json").unlink()
    with pytest.raises(IncompleteRun, match="not finished"):
        keep(run.folder, tmp_path / "kept.json")
    assert not (tmp_path / "kept.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [("{}", "not a kept run"), ("[1]", "not a kept run"), ("{", "damaged"),
     ('{"kept": 99, "head": {}}', "another format"), ('{"kept": 1, "head": {"format": 1}}', "another format")],
)  # fmt: skip
def test_what_is_no_kept_run_is_refused(tmp_path, text, said):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BadFile, match=said):
        open_run(tmp_path / "x.json")


def test_small_parts_come_back_bit_for_bit_and_large_ones_are_named(folder, tmp_path):
    run = sit_exam(fake_exam(clips=2), Gain(), tmp_path / "run")
    small, large = np.float32([0.1, np.nan]), np.zeros(kept.LARGEST + 1)
    for path in (run.folder / "scores").iterdir():
        trial = json.loads(path.read_text())
        trial["scores"]["stoi"]["more"] = {"few": small, "count": 3, "many": large}
        write_json(path, trial)
    back = open_run(keep(run.folder, tmp_path / "kept.json"))
    more = back.trials[0]["scores"]["stoi"]["more"]
    assert more.keys() == {"few", "count"} and more["count"] == 3 and more["few"].tobytes() == small.tobytes()
    assert back.left_out == {"stoi": ["many"]}
    again = compare(back, run.folder)
    assert {row["metric"] for row in again["rows"]} == {"si-sdr"} and "stoi" in again["left_out"][0]
    assert open_run(keep(back, tmp_path / "twice.json")).left_out == back.left_out


def with_other_samples(home, name, sound):
    """The run again, as another machine would have rendered its trials."""
    folder = home / name
    shutil.copytree(home / "runs" / "gain", folder)
    for path in (folder / "scores").iterdir():
        trial = json.loads(path.read_text())
        write_json(path, {**trial, "facts": {**trial["facts"], "pcm": name}})
    write_json(folder / "summary.json", {**json.loads((folder / "summary.json").read_text()), "sound": sound})
    return folder


def test_equivalent_renderings_of_an_official_exam_are_pairs_and_others_are_not(folder):
    exact, other = with_other_samples(folder, "one", "exact"), with_other_samples(folder, "two", "equivalent")
    found = compare(exact, other)
    assert found["notes"] == ["24 of 24 trials were rendered to other sound, equivalent to what was published."]
    assert compare(exact, exact)["notes"] == []
    for sound in ("different", None):
        with pytest.raises(UsageError, match="other sound"):
            compare(exact, with_other_samples(folder, f"now{sound}", sound))


def test_what_was_changed_by_hand_is_told(folder, tmp_path):
    source = folder / "board/avse/gain.json"
    refuse_changed(open_run(source))
    document = json.loads(source.read_text())

    def changed(name, change):
        found = json.loads(json.dumps(document))
        change(found)
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(found))
        return path

    better = changed("better", lambda d: d["summary"]["rows"][0].update(value=0.999))
    with pytest.raises(BadFile, match="do not follow from its scores"):
        refuse_changed(open_run(better))
    grand = changed("grand", lambda d: d["head"].update(official=True))
    with pytest.raises(BadFile, match="calls itself official"):
        refuse_changed(open_run(grand))
    other = changed("other", lambda d: d["head"]["identity"]["system"].update(digest="0000"))
    with pytest.raises(BadFile, match="another than its hash says"):
        open_run(other)


def test_committed_runs_follow_from_what_stands_in_them():
    home = Path(__file__).resolve().parents[2] / "leaderboards" / "runs"
    runs = open_runs(home)
    assert len(runs) >= 4
    for run in runs:
        refuse_changed(run)
        assert kept_path(run, home) == run.where


def test_names_that_files_cannot_have_stay_apart_and_in_the_folder(folder):
    run = open_run(folder / "runs" / "gain")

    def path(**names):
        identity = json.loads(json.dumps(run.identity))
        for what, name in names.items():
            identity[what]["name"] = name
        return kept_path(SimpleNamespace(identity=identity, task="avse", system=identity["system"]["name"]), Path("x"))

    assert path(system="my.mod:Größe") != path(system="my.mod:Grüße")
    assert path(system="mutud/scratch").name == "mutud__scratch.json"
    for name in ("..", ".", "../../a"):
        assert ".." not in path(dataset=name, plan=name, system=name).parts and len(path(plan=name).parts) == 5
