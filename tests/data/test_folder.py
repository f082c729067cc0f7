"""The user's own recordings: what is found, what is left out and said so."""

import numpy as np
import pytest
import soundfile

from avbench.data.dataset import open_dataset
from avbench.data.folder import FolderDataset, FolderNoise, read_transcripts
from avbench.data.scan import scan
from avbench.errors import BadFile, MissingResource, UnknownName
from avbench.signal.audio import RATE, rms


def wav(path, seconds=0.5, rate=RATE, value=None, seed=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.RandomState(seed).uniform(-0.3, 0.3, round(seconds * rate))
    subtype = "PCM_16" if path.suffix == ".flac" else "FLOAT"
    soundfile.write(path, noise if value is None else np.full_like(noise, value), rate, subtype=subtype)
    return path


def test_any_rate_becomes_16_khz_and_labels_come_from_the_table(tmp_path):
    wav(tmp_path / "in" / "ann" / "One.wav", rate=44100)
    wav(tmp_path / "in" / "bob" / "two.flac", rate=8000)
    (tmp_path / "transcripts.tsv").write_text(
        "path\tspeaker\tgender\ttranscript\nin/ann/One.wav\tann\tF\thello there\nnowhere.wav\tx\t\t\n"
    )
    data = open_dataset(f"folder:{tmp_path / 'in'}")
    assert not data.synthetic and data.notes == ()
    assert data.ids == ("one", "two") and data.clip("one") is data.clips[0]
    one, two = data.clips
    assert (one.speaker, one.text, one.traits) == ("ann", "hello there", {"gender": "f"})
    assert (two.speaker, two.text, two.traits) == (None, None, {})
    for clip in data.clips:
        audio = data.audio(clip)
        assert audio.rate == RATE and audio.seconds == clip.seconds == 0.5
    with pytest.raises(UnknownName, match="one"):
        data.clip("onee")
    with pytest.raises(MissingResource, match="no picture"):
        data.mouth(one)
    with pytest.raises(MissingResource, match="no landmarks"):
        data.landmarks(one)


def test_the_fingerprint_is_of_what_is_heard(tmp_path):
    wav(tmp_path / "a.wav")
    before = scan(tmp_path).fingerprint
    (tmp_path / "notes.txt").write_text("x")
    assert scan(tmp_path).fingerprint == before
    wav(tmp_path / "a.wav", seed=2)
    assert scan(tmp_path).fingerprint != before


def test_two_files_of_one_stem_get_ids_of_their_paths(tmp_path):
    for name in ("x/a.wav", "y/a.wav", "y/b c.wav", "z/d.wav", "z/D.wav", "z/d.flac"):
        wav(tmp_path / name)
    ids = {f.path.relative_to(tmp_path).as_posix(): f.id for f in scan(tmp_path).found}
    assert ids["x/a.wav"] == "x-a" and ids["y/a.wav"] == "y-a" and ids["y/b c.wav"] == "b-c"
    assert ids["z/d.flac"] == "z-d.flac" and {ids["z/d.wav"], ids["z/D.wav"]} == {"z-d.wav", "z-d.wav.2"}


def test_links_are_followed_and_loops_are_not(tmp_path):
    wav(tmp_path / "real" / "a.wav")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "real")
    (root / "self").symlink_to(root)
    (tmp_path / "real" / "up").symlink_to(root)
    (root / "dangling.wav").symlink_to(tmp_path / "nowhere")
    found = scan(root)
    assert [f.id for f in found.found] == ["a"]
    assert "leads nowhere" in found.notes[0]


def test_what_cannot_be_used_is_counted_and_named(tmp_path):
    wav(tmp_path / "good.wav")
    wav(tmp_path / "silent.wav", value=0.0)
    wav(tmp_path / "nan.wav", value=np.nan)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "broken.mp4").write_bytes(b"x" * 500)
    (tmp_path / "readme.txt").write_text("x")
    data = FolderDataset(tmp_path)
    assert data.ids == ("good",)
    reasons = {s.path.name: s.reason for s in data.skipped}
    assert "silent from beginning to end" in reasons["silent.wav"]
    assert "NaN" in reasons["nan.wav"]
    assert "0 bytes" in reasons["empty.wav"]
    assert "cannot be read as sound" in reasons["broken.mp4"]
    unusable, others = data.notes
    assert unusable.startswith("4 of 5 recordings") and "… and 1 more" in unusable
    assert others.startswith("1 files") and not any("\n" in note for note in data.notes)


def test_a_folder_without_anything_usable_is_one_sentence(tmp_path):
    with pytest.raises(MissingResource, match="does not exist"):
        scan(tmp_path / "none")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(MissingResource, match="cannot be read"):
        scan(tmp_path / "loop")
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadFile, match="a folder is needed"):
        scan(tmp_path / "file")
    with pytest.raises(BadFile, match=r"holds no sound or video files, only 2 other"):
        scan(tmp_path)
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(BadFile, match=r"None of the 1 recordings"):
        scan(tmp_path)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (b"", "no column called path"),
        (b"file\tspeaker\na.wav\tx\n", "no column called path"),
        (b"path\tspeaker\na.wav\n", "line 2: 1 fields, but the header has 2"),
        (b"path\tspeaker\na.wav\t\xff\xfe\n", "UTF-8"),
    ],
)
def test_a_bad_table_is_one_sentence(tmp_path, table, sentence):
    wav(tmp_path / "a.wav")
    (tmp_path / "transcripts.tsv").write_bytes(table)
    with pytest.raises(BadFile, match=sentence):
        FolderDataset(tmp_path)


def test_quotes_in_transcripts_are_text(tmp_path):
    (tmp_path / "transcripts.tsv").write_text('path\ttranscript\na.wav\t"no, he said\n')
    assert read_transcripts(tmp_path)[(tmp_path / "a.wav").resolve()]["transcript"] == '"no, he said'


def test_a_mouth_beside_the_file(tmp_path):
    wav(tmp_path / "a.wav", seconds=1.0)
    frames = np.random.RandomState(1).randint(0, 255, (24, 88, 88)).astype(np.uint8)
    np.save(tmp_path / "a.mouth.npy", frames)
    np.save(tmp_path / "a.landmarks.npy", np.zeros((25, 68, 2)))
    data = FolderDataset(tmp_path)
    video = data.mouth(data.clips[0])
    assert video.frames.shape == (25, 88, 88, 1) and np.array_equal(video.frames[:24, ..., 0], frames)
    assert data.landmarks(data.clips[0]).shape == (25, 68, 2)
    np.save(tmp_path / "a.mouth.npy", frames[:20])
    with pytest.raises(BadFile, match="20 frames where the sound asks for 25"):
        data.mouth(data.clips[0])
    np.save(tmp_path / "a.mouth.npy", frames[:, :50])
    with pytest.raises(BadFile, match=r"must hold \[F, 88, 88\] uint8"):
        data.mouth(data.clips[0])
    (tmp_path / "a.mouth.npy").write_bytes(b"junk")
    with pytest.raises(BadFile, match="is not a NumPy array"):
        data.mouth(data.clips[0])


def test_noises(tmp_path):
    wav(tmp_path / "rain" / "Soft.wav", rate=44100)
    wav(tmp_path / "rain" / "dead.wav", value=0.0)
    noise = FolderNoise(tmp_path)
    (item,) = noise.items
    assert (item.id, item.family, item.kind, item.split, item.seconds) == ("soft", "rain", "soft", "test", 0.5)
    loaded = noise.load("soft")
    assert loaded.dtype == np.float32 and len(loaded) == 8000 and rms(loaded) == pytest.approx(1.0, abs=1e-6)
    assert noise.notes[0].startswith("1 of 2 recordings")
    with pytest.raises(UnknownName):
        noise.load("hard")


def test_real_speech(shared_data):
    data = FolderDataset(shared_data / "speech" / "librispeech_test-other")
    assert len(data.clips) == 70 and len({c.speaker for c in data.clips}) == 7 and data.skipped == ()
    clip = data.clip("1688-142285-0002")
    assert clip.text == "you don't mean that you thought me so silly" and clip.traits["gender"] == "m"
    assert data.audio(clip).seconds == clip.seconds


def test_real_videos_one_of_them_mute(shared_data):
    data = FolderDataset(shared_data / "av")
    assert len(data.clips) == 26 and [s.path.name for s in data.skipped] == ["iplap_129.mp4"]
    assert "has no audio stream" in data.notes[0]
    assert data.audio(data.clip("bbaf2n")).rate == RATE
    with pytest.raises(MissingResource, match="360 × 288 pixels, not a mouth"):
        data.mouth(data.clip("bbaf2n"))


def test_real_noises(shared_data):
    noise = FolderNoise(shared_data / "noise")
    assert len({i.id for i in noise.items}) == len(noise.items) == 106
    ogg = next(f for f in noise._scan.found if f.path.suffix == ".ogg")
    assert rms(noise.load(ogg.id)) == pytest.approx(1.0, abs=1e-5)
