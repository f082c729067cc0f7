"""Every clip with every noise, policies, and rows that several processes do."""

import json

import numpy as np
import pytest

from avbench.cli import main
from avbench.data.dataset import open_dataset
from avbench.data.noise import open_noise
from avbench.errors import UnknownName, UsageError
from avbench.protocols import (
    POLICIES,
    Rule,
    draw_plan,
    get_policy,
    get_protocol,
    hash_plan,
    read_record,
    render_plan,
    verify_plan,
)
from avbench.protocols.additive_noise import noise_of
from avbench.protocols.rules import RULES
from avbench.seeds import Draw
from avbench.signal.audio import write_wav
from avbench.types import Audio

EACH = Rule(noises=1, protocol="each-noise", per_speaker=None)


def test_a_row_holds_one_noise_of_every_family(toy):
    rule = get_protocol("each-noise")
    plan = draw_plan("each", toy.dataset, toy.noise, rule=EACH, snr=(0.0, 5.0))
    items = {item.id: item for item in toy.noise.items}
    families = plan.header["families"]
    assert plan.header["protocol"] == "each-noise@1" and len(families) == 6
    assert len(rule.hearings(plan)) == 12
    for row in plan.rows:
        assert [items[use.item].family for use in row.noises] == families
        assert all(row.clip[:3] not in items[use.item].talkers for use in row.noises)
    row = plan.rows[0]
    names = set()
    for family, use in zip(families, row.noises, strict=True):
        trial = rule.render(plan, row, {"snr": 5.0, "noise": family}, toy.dataset, toy.noise, video=False)
        added = trial.input.audio.samples.astype(np.float64) - trial.target.audio.samples
        alone = noise_of(row, toy.noise, [use])
        assert np.corrcoef(added, alone)[0, 1] > 0.9999
        assert trial.facts["power_snr_db"] == pytest.approx(5, abs=0.01)
        names.add(trial.id)
    assert "each-0000.snr5.noise-hum" in names and len(names) == 6
    few = draw_plan("few", toy.dataset, toy.noise, rule=Rule(noises=1, protocol="each-noise", clips=3))
    assert [r.noises for r in few.rows] == [r.noises for r in plan.rows[:3]] and len(few.rows) == 3
    with pytest.raises(UnknownName, match="hum"):
        rule.render(plan, row, {"snr": 5.0, "noise": "humm"}, toy.dataset, toy.noise)
    with pytest.raises(UsageError, match="needs a noise"):
        rule.render(plan, row, {"snr": 5.0}, toy.dataset, toy.noise)
    with pytest.raises(UsageError, match="one noise at a time"):
        draw_plan("x", toy.dataset, toy.noise, rule=Rule(noises=2, protocol="each-noise"))


def test_its_record_covers_every_noise(toy):
    toy.noise.items = tuple(item for item in toy.noise.items if item.seconds < 10)
    plan = draw_plan("each", toy.dataset, toy.noise, rule=EACH, snr=(0.0, 5.0))
    record = hash_plan(plan, toy.dataset, toy.noise)
    assert verify_plan(plan, toy.dataset, toy.noise, record).verdict == "exact"
    last = plan.rows[0].noises[-1].item
    load = toy.noise.load
    toy.noise.load = lambda item: load(item)[::-1] if item == last else load(item)
    assert verify_plan(plan, toy.dataset, toy.noise, record).first == f"noise {last}"


def test_policies_say_what_the_papers_say():
    mutud, avsr, face = (get_policy(name) for name in ("mutud", "mutud-avsr", "noisy-talking-face"))
    assert (mutud.training.least, mutud.training.most, mutud.training.low, mutud.training.high) == (1, 5, -15, 10)
    assert {name: rule.noises for name, rule in mutud.tests.items()} == {"3-bn": 3, "5-bn": 5}
    assert mutud.tests["3-bn"] is RULES["3-bn"] and sorted(mutud.snr) == [-15, -10, -5, 0, 5]
    assert (avsr.noise, avsr.training.low, avsr.training.high, avsr.training.step) == ("demand", -15, 15, None)
    assert face.training.levels == tuple(range(-6, 31, 3)) and len(face.training.levels) == 13
    assert face.snr == tuple(range(-10, 31)) and len(face.snr) == 41
    assert {item.family for item in open_noise(face.stand_in[1]).items} == set(face.families)
    assert len({item.kind for item in open_noise(face.stand_in[0]).items}) == 138
    with pytest.raises(UnknownName, match="mutud-avsr"):
        get_policy("mutud-asr")


@pytest.mark.parametrize("name", POLICIES)
def test_what_training_draws_is_within_the_policy(name):
    mixing = POLICIES[name].training
    drawn = [mixing.draw(Draw("policy", name, n)) for n in range(400)]
    assert {count for count, _ in drawn} == set(range(mixing.least, mixing.most + 1))
    levels = np.array([snr for _, snr in drawn])
    assert (
        levels.min() >= mixing.low
        and levels.max() <= mixing.high
        and np.ptp(levels) > 0.95 * (mixing.high - mixing.low)
    )
    assert mixing.levels is None or set(levels) == set(mixing.levels)
    assert drawn == [mixing.draw(Draw("policy", name, n)) for n in range(400)]


def test_records_cover_pictures_and_name_the_first_that_differs(toy):
    plan = draw_plan("toy-plan", toy.dataset, toy.noise, rule=Rule())
    record = json.loads(json.dumps(hash_plan(plan, toy.dataset, toy.noise, video=True)))
    assert set(record["frames"]) == {row.clip for row in plan.rows}
    trial = get_protocol("additive-noise").render(plan, plan.rows[1], {"snr": 0.0}, toy.dataset, toy.noise)
    assert record["frames"][plan.rows[1].clip][0] == trial.facts["frames"][:16]
    report = verify_plan(plan, toy.dataset, toy.noise, record, video=True)
    assert (report.verdict, report.pictures) == ("exact", 4)
    mouth = toy.dataset.mouth

    def other(clip, by):
        video = mouth(clip)
        video.frames[:] = np.clip(video.frames.astype(int) + (by if clip.id == "cyd-0" else 0), 0, 255)
        return video

    for by, verdict in ((1, "equivalent"), (40, "different")):
        toy.dataset.mouth = lambda clip, by=by: other(clip, by)
        report = verify_plan(plan, toy.dataset, toy.noise, record, video=True)
        assert (report.verdict, report.first) == (verdict, "picture cyd-0")
        assert verify_plan(plan, toy.dataset, toy.noise, record).verdict == "exact"  # sound alone


def test_a_rendering_holds_every_combination_with_its_pictures(toy, tmp_path):
    plan = draw_plan("toy-plan", toy.dataset, toy.noise, rule=Rule())
    rule = get_protocol("additive-noise")
    axes = {"modality": ("av", "audio", "video"), "degradation": ("none", "frame-loss-2")}
    manifest = render_plan(plan, rule, toy.dataset, toy.noise, tmp_path, snr=(0.0,), axes=axes, limit=1, video=True)
    assert len(manifest) == 6
    by = {(m["modality"], m["degradation"]): m for m in manifest}
    assert by["audio", "none"]["mouth"] == "-" and by["video", "none"]["pcm"] == "-"
    assert by["av", "none"]["mouth"] == by["video", "none"]["mouth"] == "toy-plan-0000.mouth.npy"
    assert by["av", "frame-loss-2"]["mouth"] == "toy-plan-0000.frame-loss-2.mouth.npy"
    for entry in manifest:
        assert entry["mouth"] == "-" or (tmp_path / entry["mouth"]).is_file()
        assert entry["pcm"] == "-" or (tmp_path / f"{entry['trial']}.wav").is_file()
    again = render_plan(plan, rule, toy.dataset, toy.noise, tmp_path, snr=(0.0,), axes=axes, limit=1, video=True)
    assert again == manifest
    with pytest.raises(UnknownName, match="frame-loss"):
        render_plan(plan, rule, toy.dataset, toy.noise, tmp_path / "new", axes={"degradation": ("frameloss",)})
    assert not (tmp_path / "new").exists()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("folders")
    draw = Draw("folders")
    for name in "abcdef":
        speech = 0.1 * np.abs(np.sin(np.arange(16000) / 1600)) * draw.normals(16000)
        write_wav(root / "speech" / f"{name}.wav", Audio(speech.astype(np.float32), 16000))
    for name in "xyz":
        write_wav(root / "noise" / f"{name}.wav", Audio((0.1 * draw.normals(40000)).astype(np.float32), 16000))
    return root


def test_any_number_of_workers_makes_the_same_record_and_the_same_files(folders, tmp_path):
    dataset, noise = open_dataset(f"folder:{folders / 'speech'}"), open_noise(f"folder:{folders / 'noise'}")
    plan = draw_plan("mine", dataset, noise, rule=Rule(noises=2, per_speaker=None))
    records = [hash_plan(plan, dataset, noise, workers=workers) for workers in (1, 2)]
    assert records[0] == records[1] and list(records[1]["rows"]) == [r.id for r in plan.rows]
    backwards = type(plan).of(plan.header, plan.rows[::-1])
    turned = hash_plan(backwards, dataset, noise)
    assert turned["rows"] == records[0]["rows"]
    axes = {"reverberation": ("none", "room-0.3s"), "band": ("telephone",)}
    kept = []
    for workers in (1, 2):
        out = tmp_path / str(workers)
        render_plan(plan, get_protocol("additive-noise"), dataset, noise, out, axes=axes, workers=workers)
        kept.append({p.name: p.read_bytes() for p in out.iterdir()})
    assert kept[0] == kept[1] and len(kept[0]) == 6 * 5 * 2 + 2


def test_the_command_line_draws_renders_and_verifies_with_axes(folders, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--dataset", f"folder:{folders / 'speech'}", "--noise", f"folder:{folders / 'noise'}"]
    words = ["plan", "draw", "mine", *data, "--each-noise", "--clips", "2", "--snr", "0,5", "--per-speaker", "0"]
    assert main(words) == 0
    record = read_record("mine.jsonl", draw_plan_of("mine.jsonl"))
    assert len(record["rows"]) == 2
    assert main(["plan", "verify", "mine.jsonl", *data, "--workers", "2"]) == 0
    words = ["plan", "render", "mine.jsonl", *data, "--out", "inputs", "--set", "noise=noise", "--set", "clipping=6db"]
    assert main(words) == 0
    assert sorted(p.name for p in (tmp_path / "inputs").glob("*.wav")) == [
        f"mine-000{row}.snr{snr}.noise-noise.clip-6db.wav" for row in (0, 1) for snr in (0, 5)
    ]
    capsys.readouterr()
    for setting, message in (("clipping=6", "6db"), ("cliping=6db", "clipping"), ("band", "AXIS=VALUE")):
        assert main([*words[:-5], "x", "--set", setting]) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1


def draw_plan_of(path):
    from avbench.protocols import load_plan

    return load_plan(path)
