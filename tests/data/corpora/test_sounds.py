"""VCTK, VoiceBank+DEMAND and the DNS evaluation set on trees in their layouts."""

import corpus_trees as trees
import pytest

from avbench.data.corpora import CORPORA
from avbench.data.corpora.dns_eval import file_number, name_facts
from avbench.data.dataset import open_dataset
from avbench.errors import BadFile


def texts(manifest, kind):
    return [p.text for p in manifest.problems if p.kind == kind]


def test_vctk_and_its_exceptions(tmp_path):
    root = trees.vctk(tmp_path / "VCTK-Corpus-0.92", ("p225", "p280", "p315", "p362", "s5"))
    (root / "wav48_silence_trimmed/p362/p362_002_mic1.flac").unlink()
    manifest = CORPORA["vctk"].prepare(root)
    assert not texts(manifest, "broken")
    assert texts(manifest, "missing") == ["5 of 110 speakers are there (109 in older releases)."]
    notes = "\n".join(texts(manifest, "note"))
    assert "p315 has no text, as in the corpus" in notes and "Texts of p362 have no sound" in notes
    entries = {e.id: e for e in manifest.entries}
    assert entries["p315_001"].text is None and entries["s5_001"].text == "Please call Stella."
    assert "mic2" in entries["p225_001"].others and not entries["p280_001"].others
    assert entries["p225_001"].traits == {"age": "23", "gender": "f", "accent": "English"}
    assert entries["p225_001"].seconds == 0.4
    data = open_dataset("vctk", "test")
    assert {c.speaker for c in data.clips}.isdisjoint(c.speaker for c in open_dataset("vctk", "train").clips)
    assert data.pictured == frozenset()


def test_vctk_of_older_releases(tmp_path):
    root = tmp_path / "VCTK-Corpus"
    trees.sound(root / "wav48/p225/p225_001.wav", rate=48000)
    trees.text(root / "txt/p225/p225_001.txt", "Ask her.\n")
    trees.text(
        root / "speaker-info.txt", "ID  AGE  GENDER  ACCENTS  REGION\n225  23  F    English    Southern  England\n"
    )
    manifest = CORPORA["vctk"].prepare(tmp_path)
    (entry,) = manifest.entries
    assert (entry.id, entry.text, entry.traits["gender"]) == ("p225_001", "Ask her.", "f")


def test_vctk_half_there(tmp_path):
    root = trees.vctk(tmp_path)
    (root / "txt").rename(root / "text")
    (root / "speaker-info.txt").unlink()
    (root / "wav48_silence_trimmed/p225/p225_001_mic2.flac").unlink()
    flac = root / "wav48_silence_trimmed/s5/s5_001_mic1.flac"
    flac.write_bytes(flac.read_bytes()[:5000])
    manifest = CORPORA["vctk"].prepare(root)
    said = "\n".join(texts(manifest, "missing"))
    assert "The folder txt/ is not there, so no clip has its words (is text/ it under another name?" in said
    assert "Nothing is known of the speakers" in said and "Clips of p225 have no second microphone" in said
    assert "s5_001_mic1.flac" in texts(manifest, "broken")[0]
    assert "s5_001" not in {e.id for e in manifest.entries}
    with pytest.raises(BadFile, match="Looked for the folder wav48_silence_trimmed"):
        CORPORA["vctk"].prepare(root / "text" / "p225")


def test_voicebank_demand(tmp_path):
    root = trees.voicebank_demand(tmp_path)
    trees.sound(root / "noisy_testset_wav" / "p257_003.wav", 0.3, rate=48000)
    trees.sound(root / "clean_testset_wav" / "p257_009.wav", rate=48000)
    manifest = CORPORA["voicebank-demand"].prepare(root)
    data = open_dataset("voicebank-demand", "test")
    assert data.ids == ("testset-p232_001",)
    clip = data.clips[0]
    assert clip.text == "Please call Stella."
    clean, noisy = data.audio(clip), data.sound(clip, "noisy")
    assert len(clean.samples) == len(noisy.samples) == 6400
    assert any("sides of different length" in t for t in texts(manifest, "broken"))
    assert any("no noisy partner (clean_testset_wav/p257_009.wav)" in t for t in texts(manifest, "missing"))
    assert "testset has 2 of 824 pairs." in texts(manifest, "missing")
    assert [c.speaker for c in open_dataset("voicebank-demand", "validation").clips] == ["p226"]
    assert len(open_dataset("voicebank-demand/56spk", "test").ids) == 1


def test_names_of_the_dns_challenge_are_read_from_the_right():
    name = "a_snr3_tl-9_fileid_1_b_snr15_tl-21_fileid_158.wav"
    assert file_number(name) == 158 and name_facts(name) == {"snr": 15.0, "level": -21.0}
    assert file_number("x_fileid_158_y.wav") is None and name_facts("clean_fileid_158.wav") == {}


def test_dns_eval(tmp_path):
    root = trees.dns_eval(tmp_path / "datasets" / "test_set")
    trees.sound(root / "synthetic/no_reverb/clean/clean_fileid_9.wav")
    trees.sound(root / "synthetic/no_reverb/noisy/strange.wav")
    manifest = CORPORA["dns-eval"].prepare(tmp_path)
    assert open_dataset("dns-eval").ids == ("no-reverb-007", "no-reverb-158")
    assert open_dataset("dns-eval/with-reverb").ids == ("with-reverb-007", "with-reverb-158")
    assert len(open_dataset("dns-eval/real-recordings").ids) == 1
    clip = open_dataset("dns-eval").clips[1]
    assert clip.traits == {"subset": "no_reverb", "snr": 15.0, "level": -21.0}
    assert any("Clean files have no noisy partner" in t for t in texts(manifest, "missing"))
    assert any("no fileid in their name" in t for t in texts(manifest, "note"))


def test_a_broken_second_microphone_costs_no_clip(tmp_path):
    root = trees.vctk(tmp_path)
    flac = root / "wav48_silence_trimmed/p225/p225_001_mic2.flac"
    flac.write_bytes(flac.read_bytes()[:5000])
    manifest = CORPORA["vctk"].prepare(root)
    entry = {e.id: e for e in manifest.entries}["p225_001"]
    assert not entry.others and entry.seconds == 0.4
    assert any("p225_001_mic2.flac" in t for t in texts(manifest, "broken"))


def test_a_broken_partner_costs_the_pair(tmp_path):
    root = trees.voicebank_demand(tmp_path)
    (root / "noisy_testset_wav" / "p232_001.wav").write_bytes(b"x" * 99)
    assert "testset-p232_001" not in {e.id for e in CORPORA["voicebank-demand"].prepare(root).entries}


def test_splits_of_vctk_do_not_hang_on_a_table(tmp_path):
    root = trees.vctk(tmp_path, ("p225", "p226", "p280", "p315", "p362", "s5"))
    before = {e.id: e.split for e in CORPORA["vctk"].prepare(root).entries}
    assert set(before.values()) >= {"train", "test"}
    (root / "speaker-info.txt").unlink()
    assert {e.id: e.split for e in CORPORA["vctk"].prepare(root).entries} == before


def test_a_fifth_of_vctk_is_for_testing_and_always_the_same(tmp_path):
    root = tmp_path / "VCTK-Corpus-0.92"
    speakers = [f"p{n}" for n in range(225, 345)]
    flac = trees.sound(root / "wav48_silence_trimmed/p225/p225_001_mic1.flac", rate=48000)
    for speaker in speakers[1:]:
        path = root / "wav48_silence_trimmed" / speaker / f"{speaker}_001_mic1.flac"
        path.parent.mkdir()
        path.hardlink_to(flac)
    test = sorted(e.speaker for e in CORPORA["vctk"].prepare(root).entries if e.split == "test")
    assert (len(test), test[:4]) == (34, ["p226", "p227", "p228", "p231"])  # published plans hang on it
