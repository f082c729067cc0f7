import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

import avbench as package
from avbench.seeds import Draw


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("provenance.json", ".lock")
    }


@pytest.mark.parametrize("snr", [["--snr", "-5:5"], ["--snr=-5:5"], ["--set", "snr=-5:5"]])
def test_a_value_that_begins_with_a_minus_works_as_written(avbench, options, snr):
    code, out, err = avbench("run", "--system", "own_systems:Half", "--task", "avse", *snr, "--limit", 1, "--anchors",
                             "none", *options)  # fmt: skip
    assert code == 0, err
    for column in ("-5 dB", "0 dB", "5 dB"):
        assert column in out


def test_run_then_cached_then_shown_then_compared(avbench, options, home):
    words = ("run", "--system", "own_systems:Half,own_systems:Short", "--snr", "-5,5", *options)
    code, out, err = avbench(*words, "--json", "values.json")
    assert code == 0, err
    assert "(real recordings)" in out and "unofficial" in out and "12 clips" in out and "24/24" in out
    assert "0+24/24" in out and max(map(len, out.split("\n"))) <= 80
    values = json.loads((home / "values.json").read_text())
    assert values["synthetic"] is False and values["official"] is False
    assert {row["system"] for row in values["rows"]} == {
        "own_systems:Half", "own_systems:Short", "noisy", "oracle", "silence",
    }  # fmt: skip
    folders = sorted(p.name for p in (home / "runs" / "avse").iterdir())
    assert len(folders) == 5 and re.fullmatch(r"own_systems-Half-[0-9a-f]{8}", folders[-3])

    before = files(home / "runs")
    code, again, err = avbench(*words)
    assert code == 0 and again == out and err.count("shown as cached") == 5 and files(home / "runs") == before

    code, shown, _ = avbench("show", "own_systems-Half")
    assert code == 0 and "oracle" in shown and "own_systems:Short" not in shown
    code, text, err = avbench("show", "own_systems-Half", "--json", "-")
    assert code == 0 and json.loads(text)["rows"] and "oracle" in err

    code, text, _ = avbench("compare", "own_systems-Half", "noisy", "--json", "-")
    rows = json.loads(text)["rows"]
    assert {row["n"] for row in rows} == {12, 24} and len(rows) == 6
    assert all(abs(row["difference"]) < 1e-6 for row in rows)  # half as loud is as good, by STOI and SI-SDR
    code, out, _ = avbench("compare", "own_systems-Half", "own_systems-Short")
    assert code == 0 and "own_systems:Half against own_systems:Short" in out


def test_the_library_makes_the_same_run(avbench, options, home, material):
    code, _, err = avbench("run", "--system", "own_systems:Half", "--snr", "-5", "--limit", 2, *options)
    assert code == 0, err
    runs = package.run(
        system="own_systems:Half", task="avse", snr=-5, limit=2, dataset=f"folder:{material / 'speech'}",
        noise=f"folder:{material / 'noise'}", metrics=["stoi", "si-sdr"], workers=1,
    )  # fmt: skip
    assert [run.system for run in runs] == ["own_systems:Half", "noisy", "oracle", "silence"]
    assert all(run.cached and run.complete for run in runs) and runs[0].unranked == "only 2 of the plan's clips"


def test_json_on_standard_output_stands_alone(avbench, options):
    code, out, err = avbench("run", "--system", "own_systems:Half", "--limit", 1, "--snr", 0, *options, "--json", "-")
    assert code == 0 and json.loads(out)["rows"] and "stoi %" in err


def test_out_takes_one_exam_only(avbench, options, home):
    words = ("run", "--system", "own_systems:Half", "--limit", 1, *options, "--out", "mine", "--anchors", "noisy")
    assert avbench(*words, "--snr", 0)[0] == 0
    assert sorted(p.name for p in (home / "mine").iterdir()) == ["noisy", "own_systems-Half"]
    before = files(home / "mine")
    code, _, err = avbench(*words, "--snr", 5)
    assert code == 2 and "holds another run" in err and files(home / "mine") == before
    code, _, err = avbench(*words[:-3], "mine/noisy", "--snr", 0)
    assert code == 2 and "holds another run" in err
    code, out, _ = avbench("show", "mine")
    assert code == 0 and "noisy" in out
    (home / "file").write_text("")
    assert "must be a folder" in avbench(*words[:-3], "file")[2]


def test_fresh_makes_it_anew(avbench, options, home):
    words = ("run", "--system", "own_systems:Half", "--limit", 1, "--snr", 0, "--anchors", "none", *options)
    assert avbench(*words)[0] == 0
    before = files(home / "runs")
    code, _, err = avbench(*words, "--fresh")
    assert code == 0 and "cached" not in err and files(home / "runs") == before


def test_a_failing_system_is_scored_and_explained(avbench, options):
    code, out, _ = avbench("run", "--system", "own_systems:Broken", "--limit", 2, "--snr", 0, *options)
    assert code == 0 and "0+2/2" in out
    assert "2 failed: the system raised RuntimeError: out of ideas" in " ".join(out.split())


def test_a_fault_of_the_machine_is_exit_3_and_the_same_command_goes_on(avbench, options, home):
    words = ("run", "--system", "own_systems:Starved", "--limit", 2, "--snr", "0", "--anchors", "none", *options)
    code, out, err = avbench(*words)
    assert code == 3 and "1/2" in out and "failed at 1 trials; the same command tries them again" in err
    (home / "hurry").touch()
    code, out, err = avbench(*words)
    assert code == 0 and "2/2" in out and "cached" not in err


def test_predictions_made_elsewhere(avbench, options, home, material):
    """`outputs:DIR` with the answers of a run gives the values of that run; a missing file fails."""
    base = ("--limit", 2, "--snr", "-5,5", *options, "--json", "-")
    _, out, _ = avbench("run", "--system", "own_systems:Half", *base)
    folder = next((home / "runs" / "avse").glob("own_systems-Half-*")) / "predictions"
    _, again, _ = avbench("run", "--system", f"outputs:{folder}", *base)
    value = {
        text: {(str(r["condition"]), r["metric"]): (r["value"], r["failed"]) for r in json.loads(text)["rows"]
               if r["system"] not in ("noisy", "oracle", "silence")}
        for text in (out, again)
    }  # fmt: skip
    assert value[out] == value[again] and len(value[out]) == 6
    taken = home / "taken"
    taken.mkdir()
    for path in sorted(folder.iterdir())[1:]:
        samples, rate = soundfile.read(path, dtype="float32")
        soundfile.write(taken / path.name, samples, rate, subtype="FLOAT")
    code, out, _ = avbench("run", "--system", f"outputs:{taken}", *base)
    failed = {r["failed"] for r in json.loads(out)["rows"] if r["condition"] == {} and r["system"] == "outputs:taken"}
    assert code == 0 and failed == {1}


def test_a_task_with_pictures_on_a_folder_without_is_one_sentence(avbench, options):
    code, _, err = avbench("run", "--system", "own_systems:Watcher", "--limit", 1, "--snr", 0, *options)
    assert code == 2 and "has no picture" in err and err.count("avbench:") == 1


SLOW = ("run", "--system", "own_systems:Slow", "--snr", "-5,5", "--anchors", "none", "--out")


def wait_for_scores(folder, count, process, seconds=120):
    end = time.monotonic() + seconds
    while len(list(folder.glob("scores/*.json"))) < count:
        assert process.poll() is None and time.monotonic() < end, process.communicate()
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_broken_off_in_the_middle_and_gone_on_with_is_equal_byte_for_byte(avbench, process, options, home, how):
    first = process(*SLOW, "cut", *options)
    wait_for_scores(home / "cut" / "own_systems-Slow", 5, first)
    os.kill(first.pid, how)
    _, err = first.communicate(timeout=60)
    if how == signal.SIGINT:
        assert first.returncode == 130 and "Traceback" not in err
        assert "Interrupted. What was done is kept: the same command goes on from there." in err
    done = len(list((home / "cut" / "own_systems-Slow" / "scores").iterdir()))
    assert 5 <= done < 24 and not (home / "cut" / "own_systems-Slow" / "summary.json").exists()
    kept = files(home / "cut")

    (home / "hurry").touch()
    code, _, err = avbench(*SLOW, "cut", *options)
    assert code == 0 and "cached" not in err
    assert avbench(*SLOW, "whole", *options)[0] == 0
    resumed = files(home / "cut")
    assert resumed == files(home / "whole")
    # What the killed process left is what the resumed one kept, but for files that it was still writing.
    assert all(resumed[name] == content for name, content in kept.items() if not name.endswith(".part"))


def test_two_processes_on_one_run_take_turns(avbench, process, options, home):
    first = process(*SLOW, "both", *options)
    wait_for_scores(home / "both" / "own_systems-Slow", 1, first)
    (home / "hurry").touch()
    code, _, err = avbench(*SLOW, "both", *options)
    assert code == 0 and "Waiting for another process" in err and "cached" in err
    assert first.wait(timeout=60) == 0


def test_a_system_that_exits_is_scored_and_one_that_exits_while_loading_is_one_line(avbench, options):
    words = ("--limit", 2, "--snr", 0, "--anchors", "none", *options)
    code, out, _ = avbench("run", "--system", "own_systems:Quitter", *words)
    assert code == 0 and "0+2/2" in out and "raised SystemExit" in " ".join(out.split())
    code, out, err = avbench("run", "--system", "own_systems:Unloadable", *words)
    assert code == 2 and out == "" and "cannot be loaded: SystemExit: 0." in err and err.count("avbench:") == 1


def test_a_system_that_crashes_its_process_fails_at_that_trial_only(avbench, options):
    words = ("run", "--system", "own_systems:Crasher", "--limit", 3, "--snr", "0,5", "--anchors", "none", *options)
    code, out, _ = avbench(*words)
    assert code == 0 and "5+1/6" in out
    assert "the process of the system ended with exit code 139" in " ".join(out.split())


def children():
    """Process ids of our children, those that have ended and were not waited for included."""
    me = f"/proc/{os.getpid()}/task"
    return {pid for file in Path(me).glob("*/children") for pid in file.read_text().split()}


@pytest.mark.parametrize("system", ["Sleeper", "Spinner", "Stuck"])
def test_a_system_that_never_answers_is_timed_out_at_that_trial_only(avbench, options, home, system):
    """One that sleeps, one that computes on and on, one that waits in native code which no exception reaches."""
    words = ("run", "--system", f"own_systems:{system}", "--limit", 2, "--snr", "0,5", "--anchors", "none", *options)
    began, before = time.monotonic(), children()
    code, out, err = avbench(*words, "--timeout", 2)
    assert code == 0, err
    assert "3+1/4" in out and "1 failed: the system took longer than 1 s" in " ".join(out.split())
    assert time.monotonic() - began < 2 * 2 + 20  # the row, and starting four processes
    assert children() <= before
    if system != "Sleeper":
        return
    code, again, err = avbench(*words, "--timeout", 2)
    assert again == out and "shown as cached" in err
    (home / "hurry").touch()  # at another limit it is another run, and what failed for want of time is asked again
    code, out, err = avbench(*words)
    assert code == 0 and "4/4" in out and "cached" not in err


def test_a_limit_that_is_none_is_refused(avbench, options):
    for limit in ("0", "-1", "inf", "nan"):
        code, _, err = avbench("run", "--system", "own_systems:Half", *options, "--timeout", limit)
        assert code == 2 and "--timeout must be seconds above 0" in err


def test_two_folders_of_one_name_are_refused_before_anything_sits(avbench, options, home):
    for folder in ("a", "b"):
        (home / folder / "pred").mkdir(parents=True)
        soundfile.write(home / folder / "pred" / "x.wav", [0.1] * 160, 16000)
    code, _, err = avbench("run", "--system", "outputs:a/pred,outputs:b/pred", "--out", "mine", *options)
    assert code == 2 and "Two rows would be called outputs:pred" in err and not (home / "mine").exists()


def test_every_folder_of_out_is_looked_at_before_anything_sits(avbench, options, home):
    (home / "mine" / "silence").mkdir(parents=True)
    (home / "mine" / "silence" / "thesis.tex").write_text("mine")
    code, _, err = avbench("run", "--system", "own_systems:Half", "--limit", 1, "--snr", 0, *options, "--out", "mine")
    assert code == 2 and "not of a run" in err and [p.name for p in (home / "mine").iterdir()] == ["silence"]


def test_a_missing_judge_is_exit_3_with_a_sentence(avbench, options, monkeypatch):
    from avbench.errors import NotApplicable
    from avbench.evaluation import engines, sitting

    words = ("run", "--system", "own_systems:Half", "--limit", 2, "--snr", 0, "--anchors", "none", *options)
    keep = sitting.Sitting.keep
    with monkeypatch.context() as patch:
        lacking = engines.scores_without(["stoi"], NotApplicable("install it"))
        patch.setattr(sitting.Sitting, "keep", lambda self, trial, scores: keep(self, trial, {**scores, **lacking}))
        code, out, err = avbench(*words)
    assert code == 3 and "A judge is missing for 2 trials; the same command tries them again." in err
    assert "2 not-applicable: install it" in out
    assert avbench(*words)[0] == 0


def rooms(home, name, *decays):
    """A folder of impulse responses."""
    for i, decay in enumerate(decays):
        (home / name).mkdir(exist_ok=True)
        fall = np.exp(-decay * np.arange(3200) / 16000)
        soundfile.write(home / name / f"r{i}.wav", 0.1 * fall * Draw("room", i).normals(3200), 16000, subtype="FLOAT")


def as_in_a_new_process():
    """What is read once in a process is forgotten."""
    from avbench.data.noises.rooms import open_rooms
    from avbench.protocols import sounds

    open_rooms.cache_clear()
    sounds._impulse.cache_clear()


def test_a_folder_of_rooms_is_known_by_what_it_holds(avbench, options, home):
    def run(*values, code=0):
        words = ("--set", f"reverberation={','.join(values)}", "--limit", 2, "--snr", 0, "--anchors", "none", *options)
        found, _, err = avbench("run", "--system", "own_systems:Half", *words, "--json", "values.json")
        assert found == code, err
        return err, sorted((home / "runs" / "avse").glob("*"))

    rooms(home, "mine", 20.0, 30.0)
    rooms(home, "twin", 20.0, 30.0)
    err, first = run("none", "folder:mine")
    assert len(first) == 1 and "cached" not in err
    for path in (first[0] / "run.json", first[0] / "summary.json", home / "values.json", *first[0].glob("scores/*")):
        assert "folder:mine@" in path.read_text() or ".rooms-" not in path.name, path
        assert '"folder:mine"' not in path.read_text() and str(home) not in path.read_text(), path
    err, again = run("none", f"folder:{home / 'mine'}")  # where it lies decides nothing
    assert again == first and "cached" in err
    assert "holds the same rooms" in run("folder:mine", "folder:twin", code=2)[0]

    rooms(home, "mine", 20.0, 5.0)
    assert "has changed since this program first read it" in run("none", "folder:mine", code=2)[0]
    as_in_a_new_process()
    err, both = run("none", "folder:mine")
    assert len(both) == 2 and "cached" not in err
    rows = json.loads((home / "values.json").read_text())["rows"]
    assert all(row["n"] == row["total"] for row in rows)
    as_in_a_new_process()


def test_no_word_of_ours_becomes_a_picture(avbench, options):
    from avbench.cli.terminal import Bars, printer

    assert printer().render_str(":smile: own:car:X").plain == ":smile: own:car:X"
    assert Bars().console.render_str(":smile:").plain == ":smile:"
