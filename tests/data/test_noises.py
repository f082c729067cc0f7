"""Published collections of noises, on hand-made trees in their layouts and on real excerpts."""

import shutil

import numpy as np
import pytest

from avbench.cli import main
from avbench.data.noise import NOISES, NoiseSet, open_noise
from avbench.data.noises import COLLECTIONS, prepare_noises
from avbench.data.noises.demand import ENVIRONMENTS
from avbench.errors import BadFile, MissingResource, UnknownName
from avbench.protocols import Rule, draw_plan, get_protocol
from avbench.seeds import Draw
from avbench.signal.audio import rms, write_channels
from avbench.types import Audio


def write(path, seconds=1.0, rate=16000, seed=None, channels=1):
    draw = Draw("noises", str(seed or path.name))
    sound = [Audio((0.1 * draw.normals(round(seconds * rate))).astype(np.float32), rate) for _ in range(channels)]
    write_channels(path, sound, "PCM_16")


@pytest.fixture
def demand(tmp_path):
    root = tmp_path / "Döner Demand"  # a path with a space and a letter beyond ASCII
    for place, name in enumerate(ENVIRONMENTS):
        folder = (f"{name}_16k/{name}", name, f"{name}_16k")[place % 3]
        if name == "SCAFE":
            folder = "SCAFE_48k/SCAFE"
        for channel in (1, 2):
            rate = 48000 if name == "SCAFE" else 16000
            write(root / folder / f"ch{channel:02d}.wav", rate=rate, seed=f"{name} {channel}")
    return root


def test_demand_counts_environments(demand):
    found = open_noise(f"demand:{demand}")
    assert found.name == "demand" and isinstance(found, NoiseSet) and found.notes == ()
    assert [item.kind for item in found.items] == [name.lower() for name in ENVIRONMENTS]
    families = [item.family for item in found.items]
    assert {f: families.count(f) for f in families} == dict.fromkeys(
        ("domestic", "nature", "office", "public", "street", "transport"), 3
    )
    for item in found.items:
        samples = found.load(item.id)
        assert samples.dtype == np.float32 and len(samples) == 16000 == item.seconds * 16000
        assert rms(samples) == pytest.approx(1, abs=1e-4)
    second = open_noise(f"demand/ch02:{demand}")
    assert second.name == "demand/ch02" and second.items[0].id == "dkitchen-ch02"
    assert second.fingerprint != found.fingerprint
    with pytest.raises(BadFile, match="has the channel ch03"):
        open_noise(f"demand/ch03:{demand}")
    with pytest.raises(UnknownName, match="ch16"):
        open_noise(f"demand/ch17:{demand}")


def test_half_of_demand_says_what_is_missing_and_the_16_khz_copy_is_taken(demand):
    shutil.rmtree(demand / "SCAFE_48k")
    shutil.rmtree(demand / "NRIVER_16k", ignore_errors=True)
    write(demand / "TBUS_48k" / "ch01.wav", rate=48000)
    (demand / "DLIVING" / "ch01.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    cut = demand / "TMETRO_16k" / "ch01.wav"
    cut.write_bytes(cut.read_bytes()[:9000])
    found = open_noise(f"demand:{demand}")
    notes = " ".join(found.notes)
    assert "SCAFE was published at 48 kHz only" in notes and "TBUS is there 2 times" in notes
    assert "git-lfs pointer" in notes and "cut off" in notes
    held = {item.kind for item in found.items}
    assert not held & {"scafe", "dliving", "tmetro"} and "tbus" in held


def test_a_collection_is_known_by_name_once_it_was_prepared(demand, monkeypatch, tmp_path):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingResource, match="name them as demand:PATH"):
        open_noise("demand")
    seen = []
    prepared = prepare_noises("demand", demand, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (18, 18)
    assert open_noise("demand").fingerprint == prepared.fingerprint
    moved = demand.rename(tmp_path / "elsewhere")
    with pytest.raises(MissingResource, match="does not exist"):
        open_noise("demand")
    assert open_noise(f"demand:{moved}").fingerprint == prepared.fingerprint
    with pytest.raises(UnknownName, match="demand"):
        prepare_noises("demnd", moved)


def test_dns_noises_are_one_family_and_pieces_of_one_recording_are_one_kind(tmp_path):
    names = ["-0_HRDkzJVg", "a0_HRDkzJVg", "A0_HRDkzJVg", "door_Freesound_validated_387518_0"]
    names += ["door_Freesound_validated_387518_1", "fan_Freesound_validated_12_0"]
    folder = tmp_path / "DNS-Challenge" / "datasets_fullband" / "noise_fullband"
    for name in names:
        write(folder / f"{name}.wav", 0.5, 48000)
    found = open_noise(f"dns-noise:{tmp_path / 'DNS-Challenge'}")
    assert len({item.id for item in found.items}) == 6
    kinds = {item.kind for item in found.items}
    assert len(kinds) == 4 and "door_freesound_validated_387518" in kinds  # two names differ in case alone
    assert {item.family for item in found.items} == {"dns"}
    for root in (folder, folder.parent):
        assert open_noise(f"dns-noise:{root}").fingerprint == found.fingerprint
    write(folder / "z0_HRDkzJVg.wav", 0.5, 48000)
    for number in range(40):  # enough for both parts
        write(folder / f"wind_Freesound_validated_{number}_0.wav", 0.1, 48000, seed="wind")
    kinds = {item.kind for item in open_noise(f"dns-noise:{folder}").items}
    parts = {p: {i.kind for i in open_noise(f"dns-noise/{p}:{folder}").items} for p in ("train", "test")}
    assert all(parts.values())
    assert parts["train"] | parts["test"] == kinds and not parts["train"] & parts["test"]


def test_esc_50_goes_by_its_table(tmp_path):
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for fold in range(1, 6):
        for target, category, ten in ((0, "dog", True), (14, "chirping_birds", False), (49, "hand_saw", False)):
            name = f"{fold}-{100 + target}-A-{target}.wav"
            rows.append(f"{name},{fold},{target},{category},{ten},{100 + target},A")
            write(tmp_path / "ESC-50-master" / "audio" / name, 0.5, 44100)
    table = tmp_path / "ESC-50-master" / "meta" / "esc50.csv"
    table.parent.mkdir()
    table.write_text("\n".join(rows) + "\n")
    for root in (tmp_path, tmp_path / "ESC-50-master"):
        found = open_noise(f"esc-50:{root}")
        assert len(found.items) == 15
        assert {(i.kind, i.family) for i in found.items} == {
            ("dog", "animals"),
            ("chirping_birds", "nature"),
            ("hand_saw", "exterior"),
        }
    assert {i.kind for i in open_noise(f"esc-10:{tmp_path}").items} == {"dog"}
    assert len(open_noise(f"esc-50/fold1-4:{tmp_path}").items) == 12
    assert {i.id[0] for i in open_noise(f"esc-50/fold5:{tmp_path}").items} == {"5"}
    with pytest.raises(UnknownName):
        open_noise(f"esc-50/fold4-1:{tmp_path}")
    (tmp_path / "ESC-50-master" / "audio" / "1-100-A-0.wav").unlink()
    assert "1 of 15 clips" in open_noise(f"esc-50:{tmp_path}").notes[0]
    table.write_text("filename,fold\nx.wav,1\n")
    with pytest.raises(BadFile, match="not the table of ESC-50"):
        open_noise(f"esc-50:{tmp_path}")


def test_real_excerpts(shared_data):
    ten = open_noise(f"esc-10:{shared_data / 'noise' / 'esc10'}")
    assert len(ten.items) == 35 and {i.kind for i in ten.items} == {
        "rain",
        "sea_waves",
        "helicopter",
        "chainsaw",
        "crackling_fire",
    }
    assert "5 of 10 categories of ESC-10 are missing" in ten.notes[0]
    nato = open_noise(f"noisex-92:{shared_data / 'noise' / 'noisex92_excerpts'}")
    assert [i.id for i in nato.items] == ["babble", "buccaneer1", "factory1", "volvo"]
    assert "11 of 15" in nato.notes[0] and "2 sound files" in nato.notes[1]
    for item in nato.items:
        assert len(nato.load(item.id)) == round(item.seconds * 16000)


def test_a_plan_over_a_collection_keeps_its_name_and_not_its_place(demand, tmp_path):
    for name in ("a", "b"):
        write(tmp_path / "speech" / f"{name}.wav", 0.5)
    from avbench.data.dataset import open_dataset

    speech, noise = open_dataset(f"folder:{tmp_path / 'speech'}"), open_noise(f"demand:{demand}")
    rule = Rule(noises=3, per_speaker=None)
    plan = draw_plan("mine", speech, noise, rule=rule)
    assert plan.header["noise"] == "demand" and str(demand) not in plan.content.decode()
    kinds = {i.id: i for i in noise.items}
    assert all(len({kinds[use.item].family for use in row.noises}) == 3 for row in plan.rows)
    moved = demand.rename(tmp_path / "elsewhere")
    assert draw_plan("mine", speech, open_noise(f"demand:{moved}"), rule=rule).content == plan.content
    trial = get_protocol("additive-noise").render(plan, plan.rows[0], {"snr": 0.0}, speech, noise, video=False)
    assert trial.facts["power_snr_db"] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_wrong_root_says_what_is_wanted(tmp_path, name):
    assert f"{name}:PATH" in NOISES
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BadFile, match="it wants"):
        open_noise(f"{name}:{tmp_path}")
    with pytest.raises(MissingResource, match="does not exist"):
        open_noise(f"{name}:{tmp_path / 'absent'}")
    with pytest.raises(MissingResource, match="is a file"):
        open_noise(f"{name}:{tmp_path / 'letter.txt'}")


def test_a_part_can_be_prepared(demand, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    assert main(["data", "prepare", "demand/ch02", str(demand)]) == 0
    assert open_noise("demand/ch02").items[0].id == "dkitchen-ch02" and open_noise("demand").items
    assert main(["data", "prepare", f"demand/ch02:{demand}"]) == 0
    assert main(["data", "prepare", "demand/ch99", str(demand)]) == 2
    assert "There is no part of demand called 'ch99'" in capsys.readouterr().err


def test_another_root_is_read_once(demand, monkeypatch, tmp_path):
    from avbench.data.corpora import census, probe

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    other = tmp_path / "other"
    shutil.copytree(demand, other)
    read = []
    monkeypatch.setattr(census, "probe", lambda path: read.append(path) or probe.probe(path))
    for root, count in ((demand, 18), (other, 18), (other, 0), (demand, 18)):
        read.clear()
        open_noise(f"demand:{root}")
        assert len(read) == count


def test_second_copies_are_called_so(tmp_path):
    write(tmp_path / "a" / "white.wav")
    write(tmp_path / "b" / "White.wav")
    write(tmp_path / "b" / "speech.wav")
    notes = open_noise(f"noisex-92:{tmp_path}").notes
    assert "1 sound files" in notes[1] and "second copies" in notes[1] and "1 sound files" in notes[2]


def test_a_target_beyond_the_table_and_a_clip_listed_twice(tmp_path):
    write(tmp_path / "audio" / "a.wav", 0.5)
    table = tmp_path / "meta" / "esc50.csv"
    table.parent.mkdir()
    head = "filename,fold,target,category,esc10,src_file,take\n"
    table.write_text(head + "a.wav,1,0,dog,True,1,A\n" * 2)
    found = open_noise(f"esc-50:{tmp_path}")
    assert len(found.items) == 1 and "1 noises of esc-50 are passed over" in found.notes[-1]
    table.write_text(head + "a.wav,1,50,dog,True,1,A\n")
    with pytest.raises(BadFile, match="has the target 50"):
        open_noise(f"esc-50:{tmp_path}")


def test_noises_whose_names_are_not_utf8_are_passed_over(tmp_path, monkeypatch):
    import os

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    for folder, kind in (("dns", "dns-noise"), ("nato", "noisex-92")):
        write(tmp_path / folder / "white.wav")
        place = os.fsencode(tmp_path / folder) + (b"/caf\xe9.wav" if folder == "dns" else b"/caf\xe9")
        if folder == "nato":
            write(tmp_path / folder / "sub" / "pink.wav")
            os.rename(tmp_path / folder / "sub", place)  # noqa: PTH104
        else:
            shutil.copy(tmp_path / folder / "white.wav", place)
        found = open_noise(f"{kind}:{tmp_path / folder}")
        assert [i.id for i in found.items] == ["white"] and any("not UTF-8" in note for note in found.notes)
