"""The official plans of all tasks but speech enhancement: their sizes, how they are verified and handed out."""

import csv
import json
from collections import Counter

import numpy as np
import pytest
from toy_people import ToyPeople

from avbench.cli import main
from avbench.data.dataset import open_dataset
from avbench.data.joined import JoinedDataset
from avbench.data.noise import open_noise
from avbench.data.synth.spec import speaker_of
from avbench.errors import UsageError
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
)
from avbench.protocols.records import UNKNOWN, Expected, read_expected, said
from avbench.protocols.rules import AVSE_PLANS, EVERY_5_DB, EVERY_DB, PLANS, clips_of
from avbench.protocols.verify import things_of
from avbench.signal.audio import read_audio

ROWS = {
    "avsr": 160, "asd": 40, "words": 1000,
    "face-to-face": 250, "voice-to-face": 250, "voice-to-voice": 250, "face-to-voice": 250,
    "talking-face": 40, "talking-face-41": 40, "talking-face-commands": 40, "talking-face-commands-41": 40,
    "image-translation": 500, "image-translation-couples": 200,
    "image-translation-cpr": 30, "image-translation-couples-cpr": 30,
    "voice-conversion": 180, "voice-conversion-couples": 180,
    "voice-conversion-cpr": 30, "voice-conversion-couples-cpr": 30,
}  # fmt: skip
TALKING = [name for name in ROWS if name.startswith("talking")]


def test_every_plan_has_a_size_here():
    assert {name for name, rule in RULES.items() if name not in AVSE_PLANS and rule.embedded} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_a_committed_plan_is_what_its_rule_says(name):
    plan, rule = load_plan(name), RULES[name]
    dataset = open_dataset(rule.dataset)
    assert len(plan.rows) == ROWS[name] and plan.content == Plan.of(plan.header, plan.rows).content
    assert plan.header["dataset_fingerprint"] == dataset.fingerprint and plan.header["dataset"] == rule.dataset
    assert plan.header["task"] == rule.task and plan.header["protocol"] == get_protocol(rule.protocol).id
    assert plan.snr == rule.snr
    if rule.noise is not None:
        assert plan.header["noise_fingerprint"] == open_noise(rule.noise).fingerprint
    record = read_record(name, plan)
    protocol = get_protocol(rule.protocol)
    assert record["plan_sha256"] == plan.sha256
    assert list(record["rows"]) == ([row.id for row in plan.rows] if protocol.noisy else [])
    for thing in things_of(plan, protocol, plan.rows):
        assert record["things"][str(thing)][0] not in ("void", "")


def test_the_five_noises_are_heard_with_every_face_at_41_levels():
    assert len(EVERY_DB) == 41 and EVERY_DB[0] == -10 and EVERY_DB[-1] == 30
    assert EVERY_5_DB == (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
    for name in TALKING:
        plan = load_plan(name)
        assert plan.snr == (EVERY_DB if name.endswith("41") else EVERY_5_DB)
        assert len(PROTOCOLS["visual"].hearings(plan)) == 5 * len(plan.snr)
        assert set(plan.header["families"]) == {"babble", "cafeteria", "motorcycle", "speech-shaped", "factory"}
        for row in plan.rows:
            assert [use.item.rsplit("-", 1)[0] for use in row.noises] == plan.header["families"]
            assert [str(use) for use in row.uses["face"]] == [f"{row.clip}#0"]
    for name in ("talking-face", "talking-face-commands"):  # every dB has the draw of every fifth
        assert [r.noises for r in load_plan(name).rows] == [r.noises for r in load_plan(f"{name}-41").rows]
    speakers = Counter(speaker_of(row.clip) for row in load_plan("talking-face").rows)
    assert len(speakers) == 40
    assert set(Counter(speaker_of(row.clip) for row in load_plan("talking-face-commands").rows).values()) == {10}


def test_words_are_asked_as_often_as_each_other_and_pairs_are_the_same_in_four_tasks():
    words = Counter(row.clip.split("-", 1)[1] for row in load_plan("words").rows)
    assert len(words) == 500 and set(words.values()) == {2}
    plans = [load_plan(name) for name in ("face-to-face", "voice-to-face", "voice-to-voice", "face-to-voice")]
    assert len({tuple((r.clip, str(r.uses)) for r in plan.rows) for plan in plans}) == 1
    for row in plans[0].rows:
        other, swapped = (row.uses[role][0].item for role in ("other", "swapped"))
        assert speaker_of(other) == speaker_of(row.clip) != speaker_of(swapped) and other != row.clip
        assert swapped.split("-", 1)[1] != row.clip.split("-", 1)[1]
    assert len({row.clip.split("-", 1)[1] for row in plans[0].rows}) == 250


def test_both_faces_of_every_test_conversation_are_asked():
    plan = load_plan("asd")
    tracks = [str(row.uses["face"][0]) for row in plan.rows]
    assert tracks == list(open_dataset("avbench-synth/conversations").tracks)
    assert all(row.noises[0].item.startswith("cafeteria") for row in plan.rows)


def test_the_first_clips_of_a_plan_come_with_all_their_rows():
    plan = load_plan("asd")
    assert [row.id for row in plan.first(2)] == [row.id for row in plan.rows[:4]]  # two faces each
    assert plan.first(None) == plan.first(10**6) == plan.rows


def test_new_plans_and_records_are_small():
    files = [p for p in PLANS.rglob("*") if p.is_file() and p.stem not in (*AVSE_PLANS, "pcm")]
    assert sum(p.stat().st_size for p in files) < 1.25 * 2**20


def test_over_a_real_corpus_the_paper_s_sizes_are_drawn():
    data = ToyPeople()
    rule = RULES["talking-face"].over(data)
    assert (rule.clips, rule.per_speaker, rule.order) == (1000, None, "hash")
    embedded = ToyPeople()
    embedded.name = "avbench-synth/words"
    assert RULES["talking-face"].over(embedded) is RULES["talking-face"]
    chosen = clips_of(data, rule)
    assert sorted(chosen) == sorted(data.ids) and chosen != list(data.ids)
    data.ids = data.ids[::-1]
    assert clips_of(data, rule) == chosen  # whatever order the clips come in
    assert RULES["asd"].over(data).noise is None and RULES["avsr"].over(data).per_speaker is None
    real = draw_plan("image-translation", data, None, rule=RULES["image-translation"].over(data))
    assert len(real.rows) == 64


def test_a_place_waits_for_the_hash_of_every_plan_over_a_real_corpus(tmp_path):
    table = read_expected()
    assert {(e.plan, e.dataset) for e in table} >= {(n, c) for n, rule in RULES.items() for c in rule.corpora}
    data = ToyPeople()
    plan = draw_plan("words", data, None)
    assert "Nobody has reported yet which hash words has over lrw" in said(plan, "lrw") and plan.sha256 in said(
        plan, "lrw"
    )
    assert said(plan, "toy-people") == ""
    noisy = Plan.of({**plan.header, "plan": "3-bn", "noise": "synth-noise", "noise_fingerprint": "n"}, plan.rows)
    assert said(noisy, "lrs3").endswith("not the plan that others draw over lrs3: that has --noise dns-noise/test.")
    usual = Plan.of({**noisy.header, "noise": "dns-noise/test"}, plan.rows)
    assert said(usual, "lrs3").endswith(f"fingerprint {data.fingerprint}, and that of the noises n.")
    known = Expected("words", "lrw", data.fingerprint, UNKNOWN, UNKNOWN, plan.sha256, "somebody")
    assert "the one that others have drawn" in said(plan, "lrw", (known,))
    other = Expected("words", "lrw", "elsewhere", UNKNOWN, UNKNOWN, "0" * 64, "somebody")
    assert "your lrw has other files" in said(plan, "lrw", (other,))
    fault = Expected("words", "lrw", data.fingerprint, UNKNOWN, UNKNOWN, "0" * 64, "somebody")
    assert "a fault of avbench" in said(plan, "lrw", (fault,))


def test_two_data_sets_are_one_and_their_clips_must_differ():
    both = open_dataset("avbench-synth/faces+avbench-synth/voices")
    assert both.name == "avbench-synth/faces+avbench-synth/voices" and both.synthetic
    assert len(both.ids) == 800 + 2600 and both.owner("s1212-f0").part.name == "faces"
    with pytest.raises(UsageError, match="more than one of them has a clip called f0-0"):
        JoinedDataset([ToyPeople(), ToyPeople()])


def visual(toy_noise):
    rule = Rule(protocol="visual", noises=1, per_speaker=None, clips=3, snr=(0.0, 10.0), task="talking-face@1")
    return draw_plan("faces", ToyPeople(), toy_noise, rule=rule)


def test_a_talking_face_is_asked_from_noisy_speech_and_one_picture(toy):
    data, plan = ToyPeople(), visual(toy.noise)
    protocol = PROTOCOLS["visual"]
    condition = {"snr": 0.0, "noise": "hum"}
    trial = protocol.render(plan, plan.rows[1], condition, data, toy.noise)
    assert trial.id == "faces-0001.snr0.noise-hum" and trial.input.video is None
    assert trial.input.face.frames.shape == (1, 128, 128, 3) and trial.target.video.frames.shape == (10, 128, 128, 3)
    assert np.array_equal(trial.input.face.frames[0], trial.target.video.frames[0])
    assert trial.facts["power_snr_db"] == pytest.approx(0, abs=0.01)
    assert protocol.render(plan, plan.rows[1], condition, data, toy.noise, video=False).input.face is None
    record = hash_plan(plan, data, toy.noise)
    assert record == hash_plan(plan, data, toy.noise, workers=2) and set(record["snr"]) == {"0", "10"}
    assert verify_plan(plan, data, toy.noise, record, video=True).verdict == "exact"
    other = ToyPeople()  # a film is kept as long as its data set
    other.shade[plan.rows[1].clip] = 70
    assert verify_plan(plan, other, toy.noise, record, video=True).first == f"frame {plan.rows[1].clip}#0"


def test_an_exam_is_handed_out_with_every_picture_once(toy, tmp_path):
    data, plan = ToyPeople(), visual(toy.noise)
    out, again = tmp_path / "one", tmp_path / "two"
    manifest = render_plan(plan, PROTOCOLS["visual"], data, toy.noise, out, axes={"noise": ("hum", "hiss")})
    assert len(manifest) == 3 * 2 * 2 and len({m["face"] for m in manifest}) == 3
    table = list(csv.DictReader((out / "manifest.tsv").read_text().splitlines(), delimiter="\t"))
    assert table == manifest and all((out / m["speech"]).is_file() and (out / m["face"]).is_file() for m in table)
    trial = PROTOCOLS["visual"].render(plan, plan.rows[0], {"snr": 10.0, "noise": "hiss"}, data, toy.noise)
    (mine,) = [m for m in manifest if m["trial"] == trial.id]
    assert np.array_equal(read_audio(out / mine["speech"]).samples, trial.input.audio.samples)
    assert mine["seed"] == str(trial.input.seed)
    render_plan(plan, PROTOCOLS["visual"], data, toy.noise, again, axes={"noise": ("hum", "hiss")}, workers=2)
    files = [p.relative_to(out) for p in out.rglob("*") if p.is_file()]
    assert all((again / f).read_bytes() == (out / f).read_bytes() for f in files)


def test_references_and_identities_are_handed_out_and_void_ones_said(tmp_path):
    data = ToyPeople()
    rule = Rule(protocol="guided", per_speaker=1, noise=None, options={"source": "face", "references": 2})
    plan = draw_plan("swap", data, None, rule=rule, snr=(), task="image-translation@1")
    manifest = render_plan(plan, PROTOCOLS["guided"], data, None, tmp_path / "a", limit=2)
    assert [m["trial"].partition(".")[2] for m in manifest[:6]] == [
        f"{g}.r{k}" for g in ("image", "voice", "latent") for k in (0, 1)
    ]
    assert {m["guidance"]: (m["image"] != "-", m["voice"] != "-") for m in manifest} == {
        "image": (True, False), "voice": (False, True), "latent": (False, False)
    }  # fmt: skip
    assert {m["gender"] for m in manifest} == {"m"} and all(m["speech"] == "-" for m in manifest)
    with pytest.raises(UsageError, match="adds no noise, so it has no SNR"):
        render_plan(plan, PROTOCOLS["guided"], data, None, tmp_path / "b", snr=(0.0,))
    audio = data.audio
    data.audio = lambda clip: type(audio(clip))(0 * audio(clip).samples, 16000)
    void = render_plan(plan, PROTOCOLS["guided"], data, None, tmp_path / "c", limit=1, axes={"guidance": ("voice",)})
    assert {m["voice"] for m in void} == {"void"}
    assert [m["trial"] for m in void] == [f"{plan.rows[0].id}.voice.r{k}" for k in (0, 1)]
    assert all("silent" in m["reason"] for m in void) and {m["reason"] for m in manifest} == {"-"}


def test_the_command_line_verifies_and_renders_a_plan_of_references(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "draw", "voice-conversion", "--noise", "synth-noise"]) == 2
    assert "adds no noise" in capsys.readouterr().err
    small = load_plan("image-translation-cpr")
    (tmp_path / "mine.jsonl").write_bytes(Plan.of(small.header | {"plan": "mine"}, small.rows[:1]).content)
    words = ["plan", "render", "mine.jsonl", "--out", "exam", "--set", "guidance=latent", "--json", "-"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [t["trial"] for t in answer["trials"]] == [f"image-translation-cpr-0000.latent.r{k}" for k in (0, 1)]
    assert (tmp_path / "exam" / answer["trials"][0]["face"]).is_file()
