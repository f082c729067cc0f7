"""What is common to all corpora: manifest, journal, verification, lengths."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import corpus_trees as trees
import numpy as np
import pytest
import soxr
from films import write_film

from avbench.data.corpora import CORPORA, census, probe
from avbench.data.corpora.probe import length_at_16_khz
from avbench.data.dataset import open_dataset
from avbench.data.export import MARKER
from avbench.data.manifest import Entry, line_of, manifest_folder, read_manifest, timing
from avbench.data.verify import verify_corpus
from avbench.errors import BadFile, MissingResource, UnknownName
from avbench.signal.audio import read_audio, resample
from avbench.signal.film import Film
from avbench.types import Word

GRID = CORPORA["grid"]


@pytest.fixture
def root(tmp_path):
    return trees.grid(tmp_path / "grid", {"s1": ("bbaf2n", "lgif1s"), "s3": ("pwij3p",)})


@pytest.mark.parametrize("rate", [8000, 19980, 22050, 44100, 47999, 48000])
def test_lengths_are_those_that_resampling_gives(rate):
    for count in [*range(1, 40), 1001, 65537]:
        made = soxr.resample(np.zeros(count, np.float32), rate, 16000, quality="VHQ")
        assert length_at_16_khz(count, rate) == len(made)


@pytest.mark.parametrize("name", ["a.mp4", "a.mpg", "a.wav", "a.flac"])
def test_a_probe_counts_what_reading_gives(tmp_path, name):
    make = trees.film if name.endswith(("mp4", "mpg")) else trees.sound
    path = make(tmp_path / name)
    facts = probe.probe(path)
    assert facts.problem is None and facts.size == path.stat().st_size
    assert facts.samples == len(resample(read_audio(path)).samples)
    assert facts.frames == facts.shown == (10 if make is trees.film else 0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda p: p.with_suffix(".mp4"), "There is no file"),
        (lambda p: trees.text(p.with_suffix(".mp4"), ""), "is empty"),
        (lambda p: trees.pointer(p.with_suffix(".wav")), "git-lfs pointer"),
        (lambda p: trees.text(p.with_suffix(".jpg"), "x" * 99), "cannot be read as a picture"),
        (lambda p: trees.text(p.with_suffix(".wav"), "x" * 99), "x.wav cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, make, said):
    assert said in probe.probe(make(tmp_path / "x")).problem


@pytest.mark.parametrize("name", ["a.mp4", "a.flac", "a.wav", "a.jpg"])
def test_a_file_that_is_cut_off_is_noticed(tmp_path, name):
    make = {"mp4": trees.film, "jpg": lambda p: trees.picture(p, size=64)}.get(name[-3:], trees.sound)
    path = make(tmp_path / name)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert "cut off" in probe.probe(path).problem or "cannot be read" in probe.probe(path).problem


def test_silence_is_noticed(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(1600), 16000)
    assert "silent from beginning to end" in probe.probe(tmp_path / "a.wav").problem


def test_known_files_are_not_read_again(root, monkeypatch):
    GRID.prepare(root)
    read = []
    monkeypatch.setattr(census, "probe", lambda path: read.append(path.name) or probe.probe(path))
    GRID.prepare(root)
    assert read == []
    os.utime(root / "s1" / "bbaf2n.mpg", ns=(1, 1))
    GRID.prepare(root)
    assert read == ["bbaf2n.mpg"]


def test_a_killed_preparation_goes_on_where_it_was(root, monkeypatch):
    monkeypatch.setattr(census, "CHUNK", 1)
    seen = []

    def interrupted(path):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(path)
        return probe.probe(path)

    monkeypatch.setattr(census, "probe", interrupted)
    with pytest.raises(KeyboardInterrupt):
        GRID.prepare(root)
    journal = manifest_folder("grid") / "files.jsonl"
    journal.write_bytes(journal.read_bytes() + b'["s3/pwij3p.mpg", 12, 3')  # the line it was killed in
    again = []
    monkeypatch.setattr(census, "probe", lambda path: again.append(path.name) or probe.probe(path))
    assert len(GRID.prepare(root).entries) == 3
    assert again == ["pwij3p.mpg"]


def test_progress_and_another_root(root, tmp_path):
    heard = []
    GRID.prepare(root, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 3), (2, 3), (3, 3)]
    other = trees.grid(tmp_path / "other", {"s20": ("bbaf2n",)})
    GRID.prepare(other)
    assert open_dataset("grid").ids == ("s20-bbaf2n",)


def test_verification_names_the_first_file_that_differs(root):
    GRID.prepare(root)
    assert all(c.passed for c in verify_corpus("grid"))
    path = root / "s1" / "lgif1s.mpg"
    status, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # time and size do not tell
    (root / "s3" / "pwij3p.mpg").unlink()
    there, same = verify_corpus("grid")
    assert not there.passed and there.text.endswith("pwij3p.mpg.") and there.text.startswith("5 of 6 files")
    assert not same.passed and same.text.endswith("lgif1s.mpg.") and same.text.startswith("4 of 5 files")


def test_what_changed_since_is_not_scored(root):
    GRID.prepare(root)
    data = open_dataset("grid", "test")
    trees.film(root / "s1" / "bbaf2n.mpg", frames=50, size=16)
    with pytest.raises(BadFile, match=r"samples at 16 kHz where 48\d\d\d were found"):
        data.audio(data.clips[0])
    (root / "s1" / "bbaf2n.mpg").unlink()
    with pytest.raises(MissingResource, match="There is no file"):
        data.audio(data.clips[0])


def test_a_data_set_that_cannot_be_had(root, tmp_path):
    with pytest.raises(MissingResource, match=r"grid is not prepared.*avbench data prepare grid PATH"):
        open_dataset("grid")
    with pytest.raises(UnknownName, match="grid/overlapped"):
        open_dataset("grid/overlap")
    with pytest.raises(UnknownName, match="lrw"):
        open_dataset("lwr")
    GRID.prepare(root)
    with pytest.raises(MissingResource, match=r"has no train clips on this machine .there are: test, validation"):
        open_dataset("grid", "train")
    root.rename(tmp_path / "moved")
    with pytest.raises(MissingResource, match="not there any more"):
        open_dataset("grid")


@pytest.mark.parametrize("damage", [lambda b: b[:-40], lambda b: b.replace(b"two", b"six"), lambda b: b"{}\n" + b])
def test_a_damaged_manifest_is_noticed(root, damage):
    GRID.prepare(root)
    path = manifest_folder("grid") / "manifest.jsonl"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadFile, match="run `avbench data prepare"):
        open_dataset("grid")
    GRID.prepare(root)
    assert len(open_dataset("grid").ids) == 2


def test_entries_survive_writing_and_datasets_pickling(root):
    GRID.prepare(root)
    manifest = read_manifest("grid")
    assert manifest.entries[0].words[0] == Word("bin", 0.4, 0.6)
    entry = Entry(id="a", timing=timing([("a b", 0.0, 1234.567)]), window=(0.5, 1.0), traits={"x": 1})
    assert Entry(**{**json.loads(line_of(entry)), "window": (0.5, 1.0)}) == entry
    assert entry.words == (Word("a b", 0.0, 1234.567),)
    data = pickle.loads(pickle.dumps(open_dataset("grid")))
    assert data.ids == ("s1-bbaf2n", "s1-lgif1s") and [c.id for c in data.clips[1:]] == ["s1-lgif1s"]


def test_pictures_that_do_not_fit_the_sound_are_not_used(tmp_path):
    root = trees.lrs3(tmp_path / "lrs3")
    manifest = CORPORA["lrs3"].prepare(root)
    assert all(e.frames == 10 and e.seconds == 0.4 for e in manifest.entries)
    import av

    short = trees.film(tmp_path / "short.mp4", frames=4, with_sound=False)
    long = trees.sound(tmp_path / "long.wav", 2.0)
    with av.open(str(short)) as film, av.open(str(long)) as sound:
        with av.open(str(root / "test/0Fi83BHQsMA/00002.mp4"), "w") as out:
            pictures = out.add_stream_from_template(film.streams.video[0])
            audio = out.add_stream("aac", rate=16000)
            for packet in film.demux(video=0):
                if packet.dts is not None:
                    packet.stream = pictures
                    out.mux(packet)
            for frame in sound.decode(audio=0):
                out.mux(audio.encode(frame))
            out.mux(audio.encode())
    manifest = CORPORA["lrs3"].prepare(root)
    assert any("pictures and sound of different lengths" in p.text for p in manifest.problems)
    assert open_dataset("lrs3").pictured == frozenset()


def journal_lines():
    return (manifest_folder("grid") / "files.jsonl").read_text().splitlines()


PREPARED = """
import sys, time
from pathlib import Path
from avbench.data.corpora import CORPORA, census

here, together, read, probe = *map(Path, sys.argv[2:]), census.probe

def slowly(path):
    with read.open("a") as log:
        log.write(path.name + "\\n")
    time.sleep(0.2)
    return probe(path)

census.probe = slowly
here.touch()
while len(list(together.glob("*"))) < 2:  # both begin at once, whatever their start took
    time.sleep(0.001)
print(len(CORPORA["grid"].prepare(sys.argv[1]).entries))
"""


def test_two_processes_that_prepare_one_root_end_well_and_alike(root, tmp_path, own_cache, monkeypatch):
    GRID.prepare(root)
    alone = {p.name: p.read_bytes() for p in manifest_folder("grid").iterdir() if "lock" not in p.name}
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "other cache"))
    ready = tmp_path / "ready"
    ready.mkdir()
    words = [sys.executable, "-c", PREPARED, str(root)]
    read = tmp_path / "read"
    made = [subprocess.Popen([*words, ready / str(k), ready, read], stdout=subprocess.PIPE) for k in range(2)]
    told = [process.communicate(timeout=120)[0] for process in made]
    assert told == [b"3\n", b"3\n"] and not any(process.returncode for process in made)
    both = {p.name: p.read_bytes() for p in manifest_folder("grid").iterdir() if "lock" not in p.name}
    # Every file was read once: the second has waited, and took over what the first had found.
    assert len(read.read_text().split()) == 3
    assert set(both) == set(alone) and sorted(both.pop("files.jsonl")) == sorted(alone.pop("files.jsonl"))
    assert both == alone


def test_another_root_begins_a_journal_of_its_own(root, tmp_path, monkeypatch):
    GRID.prepare(root)
    before = {e.id: e.digests for e in read_manifest("grid").entries}
    other = trees.grid(tmp_path / "other", {"s1": ("bbaf2n", "lgif1s"), "s3": ("pwij3p",)})
    for path in other.rglob("*.mpg"):  # files of one name, size and time that differ
        twin = root / path.relative_to(other)
        content = bytearray(twin.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        os.utime(path, ns=(twin.stat().st_atime_ns, twin.stat().st_mtime_ns))
    GRID.prepare(other)
    assert json.loads(journal_lines()[0])["root"] == str(other.resolve()) and len(journal_lines()) == 4
    read = []
    monkeypatch.setattr(census, "probe", lambda path: read.append(path.name) or probe.probe(path))
    GRID.prepare(other)
    assert read == []
    GRID.prepare(root)
    assert {e.id: e.digests for e in read_manifest("grid").entries} == before and len(read) == 3


def test_a_journal_has_every_file_once_whatever_changed(root):
    GRID.prepare(root)
    first = journal_lines()
    trees.film(root / "s1" / "bbaf2n.mpg", frames=75, size=16, seed=9)
    (root / "s1" / "lgif1s.mpg").unlink()
    GRID.prepare(root)
    paths = [json.loads(line)[0] for line in journal_lines()[1:]]
    assert sorted(paths) == ["s1/bbaf2n.mpg", "s3/pwij3p.mpg"] and len(first) == 4
    again = journal_lines()
    GRID.prepare(root)
    assert journal_lines() == again  # and where nothing changed nothing is written


def test_what_another_version_of_the_probe_found_is_not_taken_over(root, monkeypatch):
    GRID.prepare(root)
    read = []
    monkeypatch.setattr(census, "probe", lambda path: read.append(path.name) or probe.probe(path))
    monkeypatch.setattr(census, "VERSION", probe.VERSION + 1)
    GRID.prepare(root)
    assert len(read) == 3


def one_of_lrs3(tmp_path, film):
    """An entry of LRS3 whose film is this one, and its sound."""
    root = trees.lrs3(tmp_path / "lrs3")
    film.rename(root / "test/0Fi83BHQsMA/00002.mp4")
    CORPORA["lrs3"].prepare(root)
    data = open_dataset("lrs3")
    return data.entry(data.ids[0]), data.audio(data.clips[0])


def test_speech_before_pictures_that_begin_late_is_not_cut_off(tmp_path):
    pages = np.random.RandomState(1).randint(0, 255, (10, 32, 32), np.uint8)
    late = write_film(tmp_path / "a.mkv", pages, times=0.12 + np.arange(10) / 25, sound=0.0)
    found = probe.probe(late)
    assert (found.frames, found.shown, found.ends) == (13, 10, 8320)
    assert found.frames == len(Film(late)) and found.samples == len(resample(read_audio(late)).samples)
    entry, heard = one_of_lrs3(tmp_path, late)
    assert entry.frames == 13 and entry.seconds == 0.52 and len(heard.samples) == 8320


def test_sound_after_the_last_picture_is_kept_beyond_one_packet(tmp_path):
    pages = np.random.RandomState(1).randint(0, 255, (10, 32, 32), np.uint8)
    whole = write_film(tmp_path / "a.mp4", pages, sound=0.0)
    entry, heard = one_of_lrs3(tmp_path / "1", whole)
    assert len(heard.samples) == 6400 and 0 < entry.filling <= 1024
    longer = write_film(tmp_path / "b.mp4", pages, sound=0.0, seconds=0.49)  # 1440 samples more are no filling
    entry, heard = one_of_lrs3(tmp_path / "2", longer)
    assert len(heard.samples) >= 7840 and entry.filling == 0


def test_verification_reads_texts_too(root):
    GRID.prepare(root)
    path = root / "alignments" / "s1" / "bbaf2n.align"
    path.write_text(path.read_text().replace("bin", "set"))
    there, same = verify_corpus("grid")
    assert there.passed and not same.passed and same.text.endswith("bbaf2n.align.")
    path.unlink()
    there, same = verify_corpus("grid")
    assert same.passed and not there.passed and there.text.endswith("bbaf2n.align.")


def test_clips_of_one_name_are_said_once_and_the_first_is_used(tmp_path):
    root = trees.celeba_stargan(tmp_path)
    trees.picture(root / "train" / "female" / "000012.png")
    manifest = CORPORA["celeba-hq"].prepare(root)
    assert len(manifest.entries) == 4 and len({e.id for e in manifest.entries}) == 4
    assert any("called like another one" in p.text and "000012.png" in p.text for p in manifest.problems)


def test_names_that_are_not_utf8_are_passed_over(root):
    odd = os.fsencode(root / "s1") + b"/lrwp\xe99a.mpg"
    with open(odd, "wb") as handle:  # noqa: PTH123
        handle.write(b"x")
    os.mkdir(os.fsencode(root / "alignments") + b"/s\xff")  # noqa: PTH102
    manifest = GRID.prepare(root)
    assert len(manifest.entries) == 3
    (said,) = [p for p in manifest.problems if "not UTF-8" in p.text]
    assert said.kind == "broken" and set(said.paths) == {"s1/lrwp\\xe99a.mpg", "alignments/s\\xff"}
    assert open_dataset("grid").notes and all(c.passed for c in verify_corpus("grid"))
    bad = Path(os.fsdecode(os.fsencode(root) + b"\xff"))
    root.rename(bad)
    with pytest.raises(BadFile, match="is not UTF-8: rename it"):
        GRID.prepare(bad)


def test_the_fingerprint_is_of_how_mouths_are_cut_and_of_what_is_scored(root, tmp_path, monkeypatch):
    from avbench.data import faces

    GRID.prepare(root)
    CORPORA["vctk"].prepare(trees.vctk(tmp_path / "vctk"))
    before = {name: open_dataset(name, split).fingerprint for name, split in (("grid", "test"), ("vctk", "train"))}
    monkeypatch.setattr(faces, "MOUTH_CROP", "mutud-2")
    assert open_dataset("grid", "test").fingerprint != before["grid"]
    assert open_dataset("vctk", "train").fingerprint == before["vctk"]
    for path in (tmp_path / "vctk").rglob("*_mic2.flac"):  # which no task hears
        trees.sound(path, rate=48000, seed=99)
    CORPORA["vctk"].prepare(tmp_path / "vctk")
    assert open_dataset("vctk", "train").fingerprint == before["vctk"]
    for path in (tmp_path / "vctk").rglob("*_mic1.flac"):
        trees.sound(path, rate=48000, seed=98)
    CORPORA["vctk"].prepare(tmp_path / "vctk")
    assert open_dataset("vctk", "train").fingerprint != before["vctk"]


def test_an_export_stays_synthetic_without_its_marker(root):
    GRID.prepare(root)
    human = open_dataset("grid").fingerprint
    marker = trees.text(root / MARKER, "{}")
    assert GRID.prepare(root).synthetic
    marker.unlink()
    data = open_dataset("grid")
    assert data.synthetic and data.fingerprint != human
