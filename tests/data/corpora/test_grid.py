"""GRID: codes, times, swapped alignments, what is broken; and the real clips."""

import shutil

import corpus_trees as trees
import numpy as np
import pytest

from avbench.data.corpora import CORPORA
from avbench.data.corpora.grid import read_align, words_of
from avbench.data.dataset import open_dataset
from avbench.errors import BadFile, MissingResource
from avbench.types import Word

GRID = CORPORA["grid"]
S1 = ("bbaf2n", "lgif1s", "swib5a")


def texts(manifest, kind):
    return [p.text for p in manifest.problems if p.kind == kind]


def test_codes_are_sentences():
    assert words_of("pwzo0p") is None and words_of("pwap") is None and words_of("pwawzp") is None
    assert words_of("pwaozp") == ("place", "white", "at", "o", "zero", "please")


def test_times_are_in_25000ths_and_silence_is_left_out(tmp_path):
    path = trees.text(tmp_path / "bbaf2n.align", "0 23750 sil\r\n23750 29500 BIN\r\n29500 30000 SP\r\n")
    assert read_align(path) == [("bin", 0.95, 1.18)]
    with pytest.raises(BadFile, match=r"line 1: '0 0\.95 sil' is not"):
        read_align(trees.text(tmp_path / "x.align", "0 0.95 sil\n"))


def test_a_tree_becomes_a_data_set(tmp_path):
    manifest = GRID.prepare(trees.grid(tmp_path / "ein Körper mit Leerzeichen" / "grid"))
    assert [e.id for e in manifest.entries] == sorted(e.id for e in manifest.entries)
    assert len(manifest.entries) == 7 and not texts(manifest, "broken")
    data = open_dataset("grid", "test")
    assert data.ids == tuple(f"s1-{c}" for c in S1) and data.pictured == set(data.ids)
    clip = data.clip("s1-bbaf2n")
    assert (clip.speaker, clip.text) == ("s1", "bin blue at f two now")
    assert clip.seconds == pytest.approx(3.0, abs=0.005)  # to the end of the last picture, which begins 4 ms late
    assert clip.words[0] == Word("bin", 0.4, 0.6) and len(clip.words) == 6
    audio = data.audio(clip)
    assert audio.rate == 16000 and len(audio.samples) == round(clip.seconds * 16000)
    assert open_dataset("grid", "validation").ids[0] == "s3-brbk7n"
    assert open_dataset("grid/overlapped", "test").fingerprint != data.fingerprint
    with pytest.raises(MissingResource, match=r"has no train clips.*test"):
        open_dataset("grid/overlapped", "train")


def test_the_fingerprint_is_of_content_and_not_of_place(tmp_path):
    GRID.prepare(trees.grid(tmp_path / "grid"))
    before = open_dataset("grid").fingerprint
    for code in S1:  # an older pack
        nested = tmp_path / "elsewhere" / "s1" / "video" / "mpg_6000" / f"{code}.mpg"
        nested.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "grid" / "s1" / f"{code}.mpg", nested)
    shutil.copytree(tmp_path / "grid" / "alignments", tmp_path / "elsewhere" / "align")
    GRID.prepare(tmp_path / "elsewhere")
    assert open_dataset("grid").fingerprint == before
    trees.align(tmp_path / "elsewhere" / "align" / "s1" / "bbaf2n.align", words_of("bbaf2n"), start=11000)
    GRID.prepare(tmp_path / "elsewhere")
    assert open_dataset("grid").fingerprint != before


def test_swapped_alignment_folders_are_found_by_their_words(tmp_path):
    root = trees.grid(tmp_path / "grid")
    (root / "alignments" / "s1").rename(root / "alignments" / "x")
    (root / "alignments" / "s3").rename(root / "alignments" / "s1")
    (root / "alignments" / "x").rename(root / "alignments" / "s3")
    manifest = GRID.prepare(root)
    assert all(len(e.words) == 6 and " ".join(w.text for w in e.words) == e.text for e in manifest.entries)
    (said,) = texts(manifest, "note")
    assert "2 speakers are swapped" in said and "s3 → s1" in said and "s1 → s3" in said


def test_an_alignment_of_other_words_is_not_used(tmp_path):
    root = trees.grid(tmp_path / "grid")
    trees.align(root / "alignments" / "s1" / "bbaf2n.align", words_of("lgif1s"))
    manifest = GRID.prepare(root)
    assert "its times are not used" in texts(manifest, "broken")[0]
    assert {e.id: bool(e.words) for e in manifest.entries}["s1-bbaf2n"] is False


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    root = trees.grid(tmp_path / "grid")
    whole = (root / "s1" / "bbaf2n.mpg").read_bytes()
    (root / "s1" / "bbaf2n.mpg").write_bytes(whole[: len(whole) // 2])
    trees.film(root / "s1" / "lgif1s.mpg", frames=75, size=16, with_sound=False)
    trees.film(root / "s1" / "swib5a.mpg", frames=60, size=16)
    trees.pointer(root / "s3" / "pwij3p.mpg")
    trees.text(root / "alignments" / "s3" / "brbk7n.align", "0 1 bin é\n".encode("latin-1"))
    trees.sound(root / "s3" / "lbax4n.wav", 3.0)
    trees.text(root / "s5" / "readme.mpg", "")
    (root / "s5" / "lrwp9a.mpg").write_bytes(b"not a video at all" * 100)
    manifest = GRID.prepare(root)
    said = "\n".join(texts(manifest, "broken"))
    assert "bbaf2n.mpg shows 3.00 s and sounds 1." in said and "swib5a.mpg has 60 pictures instead of 75" in said
    assert "lgif1s.mpg has pictures and no sound" in said
    assert "pwij3p.mpg is a git-lfs pointer" in said
    assert "brbk7n.align is not UTF-8 text (byte 0xe9" in said
    assert "lrwp9a.mpg cannot be read" in said
    assert any("1 sentences of s3 have sound and no video" in t for t in texts(manifest, "missing"))
    odd = "Files of s5 are not named by a sentence code and are left out (s5/readme.mpg)."
    assert odd in texts(manifest, "note")
    assert [e.id for e in manifest.entries] == ["s3-brbk7n", "s3-lbax4n", "s3-sbia1a"]
    data = open_dataset("grid", "validation")
    assert "s3-lbax4n" not in data.pictured
    with pytest.raises(MissingResource, match="no moving pictures"):
        data.mouth(data.clip("s3-lbax4n"))


def test_the_root_may_be_one_level_up_and_must_be_a_root(tmp_path):
    root = trees.grid(tmp_path / "data" / "grid", {"s1": S1[:1]})
    assert GRID.prepare(tmp_path / "data").root == root.resolve()
    with pytest.raises(BadFile, match=r"one folder inside GRID: give the folder above"):
        GRID.prepare(root / "s1")
    with pytest.raises(BadFile, match=r"does not hold GRID. Looked for a folder of a speaker .* it holds grid/"):
        (tmp_path / "other" / "grid").mkdir(parents=True)
        GRID.prepare(tmp_path / "other")
    with pytest.raises(MissingResource, match="There is no folder"):
        GRID.prepare(tmp_path / "nowhere")
    (root / "s1").rename(tmp_path / "loose")
    with pytest.raises(BadFile, match=r"loose holds clips of GRID that are in no folder of their speaker: put those"):
        GRID.prepare(tmp_path / "loose")
    with pytest.raises(BadFile, match="is a file where the folder"):
        GRID.prepare(trees.text(tmp_path / "grid.zip", "x"))


def test_nothing_usable_says_why(tmp_path):
    trees.pointer(tmp_path / "s1" / "bbaf2n.mpg")
    with pytest.raises(BadFile, match=r"No clip of GRID.*can be used\..*git-lfs pointer"):
        GRID.prepare(tmp_path)


def test_the_real_clips(tmp_path, shared_data):
    for path in sorted((shared_data / "av" / "grid_s1").iterdir()):
        folder = tmp_path / ("s1" if path.suffix == ".mpg" else "alignments/s1")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.name)
    (tmp_path / "s22").mkdir()
    shutil.copy(shared_data / "av" / "grid_multi" / "lbbc2a.mpg", tmp_path / "s22")
    manifest = GRID.prepare(tmp_path)
    assert len(manifest.entries) == 14 and not texts(manifest, "broken") and not texts(manifest, "note")
    data = open_dataset("grid", "test")
    assert len(data.ids) == 14 and data.pictured == set(data.ids)
    first = data.clip("s1-bbaf2n")
    assert first.words[0] == Word("bin", 0.95, 1.18) and first.words[-1].end == 2.12
    assert data.clip("s22-lbbc2a").words == ()
    for clip in data.clips[:2]:
        assert data.entry(clip.id).frames == 75
        assert len(data.audio(clip).samples) == round(clip.seconds * 16000) == 47647


def test_a_real_mouth_is_as_long_as_its_sound(tmp_path, shared_data):
    pytest.importorskip("dlib")
    pytest.importorskip("face_recognition_models")
    (tmp_path / "s1").mkdir()
    shutil.copy(shared_data / "av" / "grid_s1" / "bbaf2n.mpg", tmp_path / "s1")
    GRID.prepare(tmp_path)
    data = open_dataset("grid", "test")
    mouth = data.mouth(data.clips[0])
    assert mouth.frames.shape == (75, 88, 88, 1) and mouth.fps == 25.0
    assert np.ptp(mouth.frames) > 50


@pytest.mark.parametrize("place", ["video", "videos"])
def test_folders_of_zenodo_side_by_side(tmp_path, place):
    flat = trees.grid(tmp_path / "flat")
    GRID.prepare(flat)
    expected = open_dataset("grid").fingerprint
    root = tmp_path / "grid"
    for speaker in ("s1", "s3", "s5"):
        (root / place).mkdir(parents=True, exist_ok=True)
        (flat / speaker).rename(root / place / speaker)
        for code in S1:
            trees.sound(root / "audio_25k" / speaker / f"{code}.wav", 3.0, rate=25000)
    (flat / "alignments").rename(root / "alignments")
    manifest = GRID.prepare(root)
    assert manifest.root == root.resolve()
    assert open_dataset("grid").fingerprint == expected
    assert all(len(e.words) == 6 for e in manifest.entries if e.video)


def test_missing_alignments_are_said(tmp_path):
    root = trees.grid(tmp_path / "grid")
    (root / "alignments" / "s1" / "bbaf2n.align").unlink()
    shutil.rmtree(root / "alignments" / "s5")
    said = "\n".join(texts(GRID.prepare(root), "missing"))
    assert "Clips of s1 have no .align and are used without the times of their words (s1/bbaf2n.mpg)" in said
    assert "Clips of s5 have no .align" in said and "alignments/ is not there" not in said
    shutil.rmtree(root / "alignments")
    assert sum("alignments/ is not there" in t for t in texts(GRID.prepare(root), "missing")) == 1
    trees.align(root / "s1" / "bbaf2n.align", words_of("bbaf2n"))  # beside the video, of one clip alone
    said = texts(GRID.prepare(root), "missing")
    assert not any("alignments/ is not there" in t for t in said)
    bare = [t.partition(" and")[0] for t in said if t.startswith("Clips of")]
    assert bare == [f"Clips of {speaker} have no .align" for speaker in ("s1", "s3", "s5")]
