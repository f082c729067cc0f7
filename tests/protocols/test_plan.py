"""Plans as text, their verification, and their rendering to files."""

import json

import numpy as np
import pytest

from avbench.cli import main
from avbench.errors import BadFile, MissingResource, UnknownName, UsageError
from avbench.protocols import (
    PROTOCOLS,
    RULES,
    Plan,
    Rule,
    draw_plan,
    get_protocol,
    hash_plan,
    load_plan,
    read_record,
    render_plan,
    verify_plan,
    write_records,
)
from avbench.protocols.rules import AVSE_PLANS
from avbench.seeds import Draw
from avbench.signal.audio import read_audio, to_int16, write_wav
from avbench.signal.files import digest
from avbench.types import Audio


@pytest.fixture
def plan(toy):
    return draw_plan("toy-plan", toy.dataset, toy.noise, rule=Rule())


def test_the_text_reads_back_as_it_was(plan, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(plan.content)
    again = load_plan(path)
    assert again.rows == plan.rows and dict(again.header) == dict(plan.header) and again.sha256 == plan.sha256
    assert Plan.of(again.header, again.rows).content == plan.content
    header = json.loads(plan.content.splitlines()[0])
    assert header["protocol"] == "additive-noise@1" and header["snr"] == [-15, -10, -5, 0, 5]
    for line in plan.content.decode().splitlines()[1:]:
        assert set(json.loads(line)) == {"id", "clip", "samples", "noises"} and "snr" not in line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"plan"', '"plane"', "the header lacks plan"),
        ('"toy-plan"', '"Toy plan"', "other characters"),
        ('"toy-plan-0002"', '"toy-plan-0001"', "toy-plan-0001 was used before"),
        ('"clip": "bob-0"', '"clap": "bob-0"', "line 3: it lacks 'clip'"),
        ('"offset": ', '"offset": -', "whole number of samples"),
        ('"gain_db": ', '"gain_db": 1e999, "x": ', "not finite"),
        ("{", "[", "line 1"),
    ],
)
def test_a_damaged_plan_says_where(plan, old, new, message):
    assert old in plan.content.decode()
    with pytest.raises(BadFile, match=message):
        Plan.parse(plan.content.decode().replace(old, new).encode(), "mine.jsonl")
    with pytest.raises(BadFile):
        Plan.parse(b"", "mine.jsonl")
    with pytest.raises(BadFile, match="without rows"):
        Plan.parse(plan.content.splitlines()[0], "mine.jsonl")


def test_names_are_looked_up(tmp_path):
    assert get_protocol("additive-noise") is get_protocol("additive-noise@1") is PROTOCOLS["additive-noise"]
    with pytest.raises(UnknownName, match="additive-noise"):
        get_protocol("additiv-noise")
    with pytest.raises(UnknownName, match="3-bn"):
        load_plan("3-b")
    with pytest.raises(MissingResource):
        load_plan(tmp_path / "absent.jsonl")
    with pytest.raises(UnknownName, match="no plan called 'mine'"):
        draw_plan("mine", None, None)
    assert {"3-bn", "5-bn", "3-bn-full", "3-bn-unseen", "tiny"} == set(AVSE_PLANS) < set(RULES)


def test_verification_is_exact_where_nothing_changed(toy, plan):
    seen = []
    record = hash_plan(plan, toy.dataset, toy.noise, lambda done, total: seen.append((done, total)))
    report = verify_plan(plan, toy.dataset, toy.noise, json.loads(json.dumps(record)))
    assert (report.verdict, report.first, report.rows) == ("exact", None, 4)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert set(record["snr"]) == {"-15", "-10", "-5", "0", "5"} and len(set(record["snr"].values())) == 5


def test_verification_names_the_first_clip_that_differs(toy, plan):
    record = hash_plan(plan, toy.dataset, toy.noise)
    for clip, swap in (("dee-0", Draw("d")), ("bob-0", Draw("b"))):
        sound = toy.dataset.sounds[clip]
        toy.dataset.sounds[clip] = (0.1 * swap.normals(len(sound))).astype(np.float32)
    report = verify_plan(plan, toy.dataset, toy.noise, record)
    assert (report.verdict, report.first) == ("different", "clip bob-0")
    assert "toy-plan-0001 sounds different" in report.detail


def test_verification_names_the_first_noise_that_differs(toy, plan):
    record = hash_plan(plan, toy.dataset, toy.noise)
    first = [use.item for use in plan.rows[0].noises]
    changed = next(use.item for row in plan.rows for use in row.noises if use.item not in first)
    load = toy.noise.load

    def fade(item):
        sound = load(item)
        return sound * np.linspace(0, 1.7, len(sound), dtype=np.float32) if item == changed else sound

    toy.noise.load = fade
    report = verify_plan(plan, toy.dataset, toy.noise, record)
    assert (report.verdict, report.first) == ("different", f"noise {changed}")


def test_a_last_bit_is_equivalent(toy, plan):
    record = hash_plan(plan, toy.dataset, toy.noise)
    load = toy.noise.load
    toy.noise.load = lambda item: load(item) * np.float32(1 + 3e-4)
    report = verify_plan(plan, toy.dataset, toy.noise, record)
    assert report.verdict == "equivalent" and report.first == f"noise {plan.rows[0].noises[0].item}"


def test_a_shorter_clip_or_an_edited_plan_is_no_longer_the_plan(toy, plan):
    record = hash_plan(plan, toy.dataset, toy.noise)
    edited = Plan.parse(plan.content.replace(b"cyd-0", b"cyd-1"), "x")
    report = verify_plan(edited, toy.dataset, toy.noise, record)
    assert (report.verdict, report.first) == ("different", "plan toy-plan")
    toy.dataset.sounds["ada-0"] = toy.dataset.sounds["ada-0"][:-640]
    report = verify_plan(plan, toy.dataset, toy.noise, record)
    assert (report.verdict, report.first) == ("different", "clip ada-0")


def test_a_clip_without_an_snr_does_not_stop_the_others(toy):
    toy.dataset.sounds["bob-0"][:] = 0
    plan = draw_plan("toy-plan", toy.dataset, toy.noise, rule=Rule())
    record = hash_plan(plan, toy.dataset, toy.noise)
    assert verify_plan(plan, toy.dataset, toy.noise, record).verdict == "exact"


def test_records_are_kept_beside_a_plan(toy, plan, tmp_path):
    record = hash_plan(plan, toy.dataset, toy.noise)
    path = tmp_path / "mine.jsonl"
    with pytest.raises(MissingResource, match="no record"):
        read_record(path, plan)
    write_records(tmp_path / "mine.pcm.json", {"toy-plan": record})
    assert read_record(path, plan) == record
    (tmp_path / "mine.pcm.json").write_text("{}")
    with pytest.raises(BadFile, match="holds no record of the plan toy-plan"):
        read_record(path, plan)


def test_rendering_writes_what_a_trial_holds(toy, plan, tmp_path):
    rule = get_protocol("additive-noise")
    out = tmp_path / "inputs"
    manifest = render_plan(plan, rule, toy.dataset, toy.noise, out, snr=(-5.0, "clean"), limit=2, video=True)
    assert [m["trial"] for m in manifest] == [f"toy-plan-000{i}.{s}" for i in (0, 1) for s in ("snr-5", "clean")]
    names = {p.name for p in out.iterdir()}
    assert names == {f"{m['trial']}.wav" for m in manifest} | {
        "manifest.tsv",
        "rendering.json",
        "toy-plan-0000.mouth.npy",
        "toy-plan-0001.mouth.npy",
    }
    for entry in manifest:
        heard = read_audio(out / f"{entry['trial']}.wav")
        assert digest(to_int16(heard.samples)) == entry["pcm"]
    trial = rule.render(plan, plan.rows[1], {"snr": -5.0}, toy.dataset, toy.noise)
    assert np.array_equal(np.load(out / "toy-plan-0001.mouth.npy"), trial.input.video.frames[..., 0])
    table = [line.split("\t") for line in (out / "manifest.tsv").read_text().splitlines()]
    assert table[0] == ["trial", "clip", "snr", "seconds", "pcm", "mouth", "frames", "reason"] and len(table) == 5
    assert {m["frames"] for m in manifest[2:]} == {trial.facts["frames"]}
    other = tmp_path / "full"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds other files"):
        render_plan(plan, rule, toy.dataset, toy.noise, other)


def test_a_rendering_cut_short_goes_on_and_another_is_refused(toy, plan, tmp_path):
    rule = get_protocol("additive-noise")
    whole, out = tmp_path / "whole", tmp_path / "cut"
    toy.dataset.sounds["dee-0"][:] = 0

    def render(folder, chosen=plan, snr=(-5.0, 0.0), **more):
        return render_plan(chosen, rule, toy.dataset, toy.noise, folder, snr=snr, video=True, **more)

    manifest = render(whole)
    void = [m for m in manifest if m["pcm"] == "void"]
    assert [m["trial"] for m in void] == ["toy-plan-0003.snr-5", "toy-plan-0003.snr0"]
    assert all("silent" in m["reason"] for m in void)
    assert {m["reason"] for m in manifest if m not in void} == {"-"}

    def kill(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(out, progress=kill)
    times = {p.name: p.stat().st_mtime_ns for p in out.iterdir()}
    assert len(times) == 7 and "manifest.tsv" not in times
    for other in (
        {"snr": (0.0, -5.0)},
        {"limit": 2},
        {"chosen": draw_plan("toy-plan", toy.dataset, toy.noise, rule=Rule(noises=2))},
    ):
        with pytest.raises(UsageError, match="holds another rendering"):
            render(out, **other)
    assert render(out) == manifest
    assert {name: (out / name).stat().st_mtime_ns for name in times} == times
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {p.name: p.read_bytes() for p in whole.iterdir()}
    toy.noise.fingerprint = "other"
    with pytest.raises(UsageError, match="drawn over other data than toy-noise"):
        render(tmp_path / "new")


@pytest.fixture
def folders(tmp_path):
    draw = Draw("folders")
    for name in ("a", "b", "c"):
        speech = 0.1 * np.abs(np.sin(np.arange(24000) / 1600)) * draw.normals(24000)
        write_wav(tmp_path / "speech" / f"{name}.wav", Audio(speech.astype(np.float32), 16000))
    for name in ("x", "y", "z"):
        write_wav(tmp_path / "noise" / f"{name}.wav", Audio((0.1 * draw.normals(40000)).astype(np.float32), 16000))
    return tmp_path


def test_the_command_line_draws_verifies_and_renders(folders, capsys, monkeypatch):
    monkeypatch.chdir(folders)
    data = ["--dataset", "folder:speech", "--noise", "folder:noise"]
    assert main(["plan", "draw", "mine", *data, "--noises", "2", "--snr", "-5:5", "--json", "drawn.json"]) == 0
    drawn = json.loads((folders / "drawn.json").read_text())
    assert drawn["rows"] == 3 and drawn["plan_sha256"] == load_plan("mine.jsonl").sha256
    capsys.readouterr()
    assert main(["plan", "verify", "mine.jsonl", *data, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "exact"
    assert main(["plan", "render", "mine.jsonl", *data, "--out", "inputs", "--snr", "-5,0", "--limit", "2"]) == 0
    assert len(list((folders / "inputs").glob("*.wav"))) == 4
    noise = read_audio(folders / "noise" / "y.wav").samples
    write_wav(folders / "noise" / "y.wav", Audio(noise[::-1] * np.linspace(0, 1, 40000, dtype=np.float32), 16000))
    capsys.readouterr()
    assert main(["plan", "verify", "mine.jsonl", *data]) == 1
    assert "noise y differs" in capsys.readouterr().err


def test_a_plan_does_not_hang_on_where_its_folders_lie(folders, capsys, monkeypatch):
    monkeypatch.chdir(folders)
    hashes = set()
    for base in ("", "./", f"{folders}/", "speech/../"):
        data = ["--dataset", f"folder:{base}speech", "--noise", f"folder:{base}noise/"]
        assert main(["plan", "draw", "mine", *data, "--noises", "2"]) == 0
        hashes.add(load_plan("mine.jsonl").sha256)
    assert len(hashes) == 1
    header = load_plan("mine.jsonl").header
    assert (header["dataset"], header["noise"]) == ("folder:", "folder:")
    for words in (["verify", "mine.jsonl"], ["render", "mine.jsonl", "--out", "inputs"]):
        for given, missing in (([], "--dataset"), (["--dataset", "folder:speech"], "--noise")):
            capsys.readouterr()
            assert main(["plan", *words, *given]) == 2
            error = capsys.readouterr().err
            assert f"name it with {missing} folder:PATH" in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["draw", "Mine"], "a-z 0-9"),
        (["draw", "mine", "--out", "mine.txt"], "a .jsonl file"),
        (["draw", "mine", "--dataset", "folder:speech", "--noise", "folder:noise", "--noises", "4"], "4 noises"),
        (["verify", "5-bm"], "5-bn"),
        (["render", "absent.jsonl", "--out", "x"], "no file absent.jsonl"),
        (["draw", "mine", "--snr", "5:-5"], "must ascend"),
        (["draw", "word-recognition", "--dataset", "folder:speech"], "is a task and no plan: draw words, or give"),
    ],
)
def test_wrong_usage_ends_in_one_line(folders, capsys, monkeypatch, words, message):
    monkeypatch.chdir(folders)
    assert main(["plan", *words]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
