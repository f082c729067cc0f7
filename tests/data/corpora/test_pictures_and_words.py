"""LRS3, LRW, LRW-1000, EasyCom, Lip2Wav, AVSpeech and CelebA-HQ on trees in their layouts."""

import corpus_trees as trees
import numpy as np
import pytest

from avbench.data.corpora import CORPORA
from avbench.data.corpora.lrs3 import read_lrs3_text
from avbench.data.corpora.lrw import read_duration
from avbench.data.dataset import open_dataset
from avbench.data.verify import verify_corpus
from avbench.errors import BadFile, MissingResource, UsageError
from avbench.types import Word

SPLITS = ("train", "validation", "test")


def texts(manifest, kind):
    return [p.text for p in manifest.problems if p.kind == kind]


def by_id(manifest):
    return {e.id: e for e in manifest.entries}


def test_lrs3_text_has_up_to_three_blocks(tmp_path):
    path = trees.text(
        tmp_path / "a.txt", (trees.LRS3_TEXT.format("{WELL}", "x") + trees.LRS3_WORDS).replace("\n", "\r\n")
    )
    said, words, header = read_lrs3_text(path)
    assert said == "WELL I WAS BORN" and header == {"conf": "4", "ref": "x"}
    assert words == [("I", 0.02, 0.10), ("WAS", 0.10, 0.20), ("BORN", 0.20, 0.36)]
    assert read_lrs3_text(trees.text(tmp_path / "b.txt", "Text:  HI\nConf:  4\n")) == ("HI", [], {"conf": "4"})
    # A transcript may begin with the words that head the tables.
    assert read_lrs3_text(trees.text(tmp_path / "c.txt", "Text:  WORD START: {NOW}\n"))[0] == "WORD START: NOW"
    with pytest.raises(BadFile, match="no line that begins with `Text:`"):
        read_lrs3_text(trees.text(tmp_path / "d.txt", "Conf:  4\n"))
    with pytest.raises(BadFile, match="line 4: 'I now' is not `WORD START END`"):
        read_lrs3_text(trees.text(tmp_path / "e.txt", "Text:  I\n\nWORD START END\nI now\n"))


def test_lrs3(tmp_path):
    root = trees.lrs3(tmp_path / "lrs3")
    manifest = CORPORA["lrs3"].prepare(root)
    entries = by_id(manifest)
    assert set(entries) == {
        "pretrain--bcdefghi_1-00001", "trainval--bcdefghi_1-50001", "trainval-_ymde0awxzm-50002",
        "test-0fi83bhqsma-00002",
    }  # fmt: skip
    assert entries["pretrain--bcdefghi_1-00001"].words[2] == Word("BORN", 0.20, 0.36)
    assert entries["test-0fi83bhqsma-00002"].speaker == "0Fi83BHQsMA"
    assert len(open_dataset("lrs3", "train").ids) == 3 and len(open_dataset("lrs3/30h", "train").ids) == 2
    assert "no official validation split" in texts(manifest, "note")[0]
    listed = trees.text(tmp_path / "held out.id", "trainval/_YmdE0aWxZM/50002\ntrainval/absent00000/50001\n")
    manifest = CORPORA["lrs3"].prepare(root, options={"validation": str(listed)})
    assert open_dataset("lrs3", "validation").ids == ("trainval-_ymde0awxzm-50002",)
    assert "1 of 2 ids of the validation list are not there" in texts(manifest, "missing")[0]
    assert "trainval/ has 2 of 31982 clips." in texts(manifest, "missing")
    with pytest.raises(BadFile, match="must hold lines like trainval/"):
        CORPORA["lrs3"].prepare(root, options={"validation": str(trees.text(tmp_path / "x", "50002\n"))})
    with pytest.raises(UsageError, match="grid takes no --validation"):
        CORPORA["grid"].prepare(root, options={"validation": str(listed)})


def test_lrs3s_usual_validation_list_is_taken(tmp_path, shared_data):
    source = shared_data.parent / "reference" / "splits" / "lrs3" / "lrs3-valid.id"
    if not source.is_file():
        pytest.skip("the validation list is not here: put it in ../shared/reference/splits/lrs3 to run this test")
    root = trees.lrs3(tmp_path / "lrs3")
    first = source.read_text().split()[0]
    trees.film(root / f"{first}.mp4")
    trees.text(root / f"{first}.txt", trees.LRS3_TEXT.format("A", "x"))
    (root / "lrs3-valid.id").write_bytes(source.read_bytes())
    manifest = CORPORA["lrs3"].prepare(root)
    assert len(open_dataset("lrs3", "validation").ids) == 1
    assert "1199 of 1200 ids" in texts(manifest, "missing")[0]


def test_lrs3_half_there(tmp_path):
    root = trees.lrs3(tmp_path / "lrs3")
    (root / "trainval").rename(root / "train_val")
    (root / "test/0Fi83BHQsMA/00002.txt").unlink()
    trees.text(root / "test/0Fi83BHQsMA/00003.txt", "Text:  A\n")
    trees.text(root / "pretrain/-Bcdefghi_1/00001.txt", "Text:  CAFÉ\n".encode("utf-16"))
    manifest = CORPORA["lrs3"].prepare(root)
    said = "\n".join(texts(manifest, "missing"))
    assert "1 of 3 folders of LRS3 are not there: trainval (is train_val/ it under another name?" in said
    assert "Clips have no text beside them and are used without their words (test/0Fi83BHQsMA/00002.mp4)" in said
    assert "Texts have no mp4 beside them (test/0Fi83BHQsMA/00003.txt)" in said
    assert "not UTF-8 text" in texts(manifest, "broken")[0]
    assert all(e.text is None for e in manifest.entries)


def test_lrw(tmp_path):
    root = trees.lrw(tmp_path / "LRW" / "lipread_mp4")
    trees.film(root / "ABOUT/train/ABOUT_00002.mp4", frames=28)
    trees.text(root / "ABOUT/train/ABOUT_00002.txt", "Duration: 0.4 seconds\n")
    trees.film(root / "ABOUT/train/ABOUT_00003.mp4", frames=29)
    trees.text(root / "ABOUT/train/ABOUT_00003.txt", "nothing\n")
    (root / "about").mkdir()
    manifest = CORPORA["lrw"].prepare(tmp_path / "LRW" / "lipread_mp4")
    entries = by_id(manifest)
    entry = entries["train-about_00001"]
    assert (entry.text, entry.seconds, entry.frames) == ("about", 29 / 25, 29)
    (word,) = entry.words
    assert (word.start + word.end) / 2 == pytest.approx(0.58) and word.end - word.start == pytest.approx(0.53)
    data = open_dataset("lrw", "validation")
    assert data.ids == ("val-about_00001", "val-absolutely_00001")
    assert len(data.audio(data.clips[0]).samples) == 18560
    assert any("ABOUT_00002.mp4 has 28 pictures instead of 29" in t for t in texts(manifest, "broken"))
    assert any("has no line like `Duration" in t for t in texts(manifest, "broken"))
    assert entries["train-about_00003"].words == () and "train-about_00002" not in entries
    assert "2 of 500 words are there." in texts(manifest, "missing")
    assert CORPORA["lrw"].prepare(tmp_path / "LRW").root == root.resolve()
    with pytest.raises(BadFile, match="no line like"):
        read_duration(root / "ABOUT/train/ABOUT_00003.txt")


def test_lrw_1000_shows_the_last_picture_where_one_is_missing(tmp_path):
    manifest = CORPORA["lrw-1000"].prepare(trees.lrw_1000(tmp_path / "LRW1000_Public"))
    assert any("Samples lack some of their pictures" in t for t in texts(manifest, "note"))
    data = open_dataset("lrw-1000", "train")
    (clip,) = data.clips
    assert (clip.text, clip.traits["pinyin"], clip.traits["missing_pictures"]) == ("新闻", "xinwen", 1)
    frames = data.mouth(clip).frames
    assert frames.shape == (6, 88, 88, 1) and (frames[3] == frames[2]).all() and (frames[4] != frames[2]).any()
    assert data.audio(clip).seconds == 0.24


def test_pictures_of_lrw_1000_are_verified_by_names_and_sizes(tmp_path):
    root = trees.lrw_1000(tmp_path / "LRW1000_Public")
    CORPORA["lrw-1000"].prepare(root)
    assert all(check.passed for check in verify_corpus("lrw-1000"))
    before = {split: open_dataset("lrw-1000", split).fingerprint for split in SPLITS}
    trees.picture(root / "images" / "bbb2" / "3.jpg", size=16)
    there, same = verify_corpus("lrw-1000")
    assert there.passed and not same.passed and same.text.endswith("images/bbb2.")
    CORPORA["lrw-1000"].prepare(root)
    after = {split: open_dataset("lrw-1000", split).fingerprint for split in SPLITS}
    assert [split for split in SPLITS if after[split] != before[split]] == ["validation", "test"]
    (root / "images" / "aaa1" / "2.jpg").unlink()
    assert verify_corpus("lrw-1000")[1].text.endswith("images/aaa1.")
    (root / "images" / "aaa1").rename(root / "images" / "aaa")
    assert not verify_corpus("lrw-1000")[0].passed


def test_lrw_1000_half_there(tmp_path):
    root = trees.lrw_1000(tmp_path / "LRW1000_Public")
    (root / "audio" / "snd-aaa1.wav").unlink()
    (root / "info" / "val_1000.txt").unlink()
    trees.text(root / "info" / "trn_1000.txt", "aaa1,新闻,xinwen,0,0.2\nccc3,x,y,0,0.2\naaa1,x\naaa1,x,y,z,0.2\n")
    trees.text(root / "info" / "tst_1000.txt", "bbb2,中国,zhongguo,0,0.2\n".encode("gb18030"))
    manifest = CORPORA["lrw-1000"].prepare(root)
    said = "\n".join(texts(manifest, "missing") + texts(manifest, "broken"))
    for part in ("val_1000.txt.", "Samples have no sound", "tst_1000.txt is not UTF-8", "none of their pictures",
                 "fewer than 5 fields", "times that are not numbers"):  # fmt: skip
        assert part in said, part
    (clip,) = open_dataset("lrw-1000", "train").clips
    assert clip.seconds == 0.24  # of its pictures
    with pytest.raises(MissingResource, match="has no audio, only pictures"):
        open_dataset("lrw-1000", "train").audio(clip)


def test_easycom(tmp_path):
    root = trees.easycom(tmp_path / "EasyCom")
    manifest = CORPORA["easycom"].prepare(root)
    data = open_dataset("easycom", "test")
    (clip,) = data.clips
    assert (clip.id, clip.text, clip.speaker) == ("s10-01-00-288-p4-000", "so wen home", "s10-p4")
    assert data.entry(clip.id).window == (0.05, 0.5)
    whole = trees.sound(tmp_path / "whole.wav", 1.0, rate=48000)
    from avbench.signal.audio import read_audio, resample

    expected = resample(read_audio(whole)).samples[800:8000]
    np.testing.assert_array_equal(data.audio(clip).samples, expected)
    assert len(data.sound(clip, "array").samples) == 7200
    assert any("without a close microphone" in t for t in texts(manifest, "note"))
    with pytest.raises(MissingResource, match="no moving pictures that a mouth"):
        data.mouth(clip)


def test_easycom_without_git_lfs(tmp_path):
    root = trees.easycom(tmp_path)
    for path in (root / "Main").rglob("*.wav"):
        trees.pointer(path)
    with pytest.raises(BadFile, match="No clip of EasyCom"):
        CORPORA["easycom"].prepare(root)
    (path,) = (root / "Main/Speech_Transcriptions").rglob("*.json")
    trees.pointer(path)
    with pytest.raises(BadFile, match=r"git-lfs pointer.*git lfs pull"):
        CORPORA["easycom"].prepare(root)
    trees.text(path, '{"a": 1}')
    with pytest.raises(BadFile, match="is no list of utterances"):
        CORPORA["easycom"].prepare(root)


def test_lip2wav(tmp_path):
    manifest = CORPORA["lip2wav"].prepare(trees.lip2wav(tmp_path))
    assert open_dataset("lip2wav", "train").clips[0].speaker == "chem"
    (clip,) = open_dataset("lip2wav", "test").clips
    assert (clip.traits["pictures"], clip.traits["missing_pictures"]) == (3, 2)
    assert any("Videos of chem are not there" in t and "_aXbYcZd012" in t for t in texts(manifest, "missing"))


def test_avspeech(tmp_path):
    manifest = CORPORA["avspeech"].prepare(trees.avspeech(tmp_path))
    assert open_dataset("avspeech", "train").ids == ("train--axbyczd012_90.02",)
    assert texts(manifest, "missing") == ["1 pieces of avspeech_train.csv are not there as ID_START.mp4."]


def test_celeba_hq_through_its_mapping(tmp_path):
    CORPORA["celeba-hq"].prepare(trees.celeba_mask(tmp_path / "CelebAMask-HQ"))
    clips = {split: open_dataset("celeba-hq", split).clips[0] for split in SPLITS}
    assert [clips[s].id for s in SPLITS] == ["hq-00000", "hq-00001", "hq-00002"]
    assert [clips[s].speaker for s in SPLITS] == ["2880", "2937", "2880"]
    assert [clips[s].traits["gender"] for s in SPLITS] == ["m", "f", "m"]
    data = open_dataset("celeba-hq", "test")
    assert data.picture(clips["test"]).shape == (8, 8, 3)
    with pytest.raises(MissingResource, match="has no audio, only picture"):
        data.audio(clips["test"])


def test_celeba_hq_without_celebas_lists(tmp_path):
    root = trees.celeba_mask(tmp_path / "CelebAMask-HQ")
    (root / "list_eval_partition.txt").unlink()
    path = root / "CelebA-HQ-img" / "1.jpg"
    path.write_bytes(path.read_bytes()[:100])
    manifest = CORPORA["celeba-hq"].prepare(root)
    assert any("list_eval_partition.txt is not there" in t for t in texts(manifest, "missing"))
    assert any("1.jpg cannot be read as a picture" in t for t in texts(manifest, "broken"))
    assert {e.split for e in manifest.entries} == {None}
    with pytest.raises(MissingResource, match="there are: of no split at all"):
        open_dataset("celeba-hq")


def test_celeba_hq_of_stargan(tmp_path):
    manifest = CORPORA["celeba-hq"].prepare(trees.celeba_stargan(tmp_path))
    assert [(e.id, e.split, e.traits["gender"]) for e in manifest.entries] == [
        ("train-female-000012", "train", "f"),
        ("train-male-000012", "train", "m"),
        ("val-female-000012", "test", "f"),
        ("val-male-000012", "test", "m"),
    ]


def test_lip2wavs_own_lists_are_read(tmp_path, shared_data):
    import shutil

    from avbench.data.corpora import lip2wav

    source = shared_data.parent / "reference" / "splits" / "lip2wav"
    if not source.is_dir():
        pytest.skip("Lip2Wav's lists are not here: put them in ../shared/reference/splits to run this test")
    shutil.copytree(source, tmp_path / "Dataset")
    survey = lip2wav.survey(tmp_path)
    absent = {p.paths for p in survey.settle()}
    listed = {line for path in source.rglob("*.txt") for line in path.read_text().split()}
    assert {video for paths in absent for video in paths} == listed
    assert {len(video) for video in listed} == {11} and len(listed) == sum(map(len, absent))


def test_an_utterance_stays_where_its_film_is_a_pointer(tmp_path):
    root = trees.easycom(tmp_path)
    (path,) = root.rglob("*.mp4")
    trees.pointer(path)
    manifest = CORPORA["easycom"].prepare(root)
    (entry,) = manifest.entries  # and no window, which is nothing without its film
    assert set(entry.others) == {"array", "boxes"}
    assert any("git-lfs pointer" in t for t in texts(manifest, "broken"))


def test_a_bad_line_of_celeba_is_named_and_costs_one_picture(tmp_path):
    root = trees.celeba_mask(tmp_path / "CelebAMask-HQ")
    trees.text(root / "list_eval_partition.txt", "000100.jpg 0\n000101.jpg\n000102.jpg 2\n")
    manifest = CORPORA["celeba-hq"].prepare(root)
    assert any("lines of list_eval_partition.txt are not" in t.replace("Lines", "lines") and "line 2" in t
               for t in texts(manifest, "broken"))  # fmt: skip
    assert [e.split for e in manifest.entries] == ["train", None, "test"]


def test_a_duration_that_is_no_number(tmp_path):
    with pytest.raises(BadFile, match="no line like"):
        read_duration(trees.text(tmp_path / "a.txt", "Duration: 0.5.3 seconds\n"))
