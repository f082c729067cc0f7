"""The user's own recordings: what is found, what is left out and said so."""

import os

import av
import numpy as np
import pytest
import soundfile

from avbench.data import scan as scanning
from avbench.data.dataset import open_dataset
from avbench.data.faces import NoFace
from avbench.data.folder import FolderDataset, read_transcripts
from avbench.data.noise import FolderNoise
from avbench.data.scan import load_again, scan
from avbench.data.verify import verify
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
    wav(tmp_path / "in" / "a.wav")
    before = FolderDataset(tmp_path / "in").fingerprint
    (tmp_path / "in" / "notes.txt").write_text("x")
    assert FolderDataset(tmp_path / "in").fingerprint == before
    (tmp_path / "in").rename(tmp_path / "moved")
    assert FolderDataset(tmp_path / "moved").fingerprint == before
    wav(tmp_path / "moved" / "a.wav", seed=2)
    assert FolderDataset(tmp_path / "moved").fingerprint != before


def test_labels_pictures_and_landmarks_are_in_the_fingerprint(tmp_path):
    wav(tmp_path / "in" / "a.wav")
    side, points, table = (tmp_path / n for n in ("in/a.mouth.npy", "in/a.landmarks.npy", "transcripts.tsv"))
    prints = []
    for change in (
        lambda: None,
        lambda: table.write_text("path\tspeaker\ttranscript\nin/a.wav\tann\thello\n"),
        lambda: table.write_text("path\tspeaker\ttranscript\nin/a.wav\tbob\thello\n"),
        lambda: table.write_text("path\tspeaker\ttranscript\nin/a.wav\tbob\tgoodbye\n"),
        lambda: np.save(side, np.zeros((13, 88, 88), np.uint8)),
        lambda: np.save(side, np.ones((13, 88, 88), np.uint8)),
        lambda: np.save(points, np.zeros((13, 68, 2))),
        lambda: np.save(points, np.ones((13, 68, 2))),
    ):
        change()
        prints.append(FolderDataset(tmp_path / "in").fingerprint)
    assert len(set(prints)) == len(prints)
    assert FolderDataset(tmp_path / "in").fingerprint == prints[-1]


def film(path, size, shades):
    """A grey picture per shade at 25 fps, with noise; the sound does not hang on the shades."""
    noise = np.random.RandomState(1).uniform(-9000, 9000, 640 * len(shades)).astype(np.int16)
    with av.open(str(path), "w") as out:
        video, audio = out.add_stream("ffv1", rate=25), out.add_stream("pcm_s16le", rate=RATE)
        video.width, video.height, video.pix_fmt, audio.layout = size, size, "gray", "mono"
        for shade in shades:
            picture = av.VideoFrame.from_ndarray(np.full((size, size), shade, np.uint8), "gray")
            out.mux(video.encode(picture))
        sound = av.AudioFrame.from_ndarray(noise[None], "s16", "mono")
        sound.rate = RATE
        out.mux(audio.encode(sound))
        out.mux([*video.encode(None), *audio.encode(None)])


def test_a_video_of_a_mouth_is_a_picture_and_in_the_fingerprint(tmp_path):
    film(tmp_path / "a.mkv", 96, range(25))
    film(tmp_path / "face.mkv", 200, range(25))
    data = FolderDataset(tmp_path)
    wav(tmp_path / "b.wav")
    data = FolderDataset(tmp_path)
    assert data.pictured == {"a", "face"}  # a face is to be found in it
    assert data.notes == ("1 of 3 clips have no mouth picture, the first is b.",)
    assert data.mouth(data.clip("a")).frames[:, 0, 0, 0].tolist() == list(range(25))
    film(tmp_path / "a.mkv", 96, range(1, 26))
    again = FolderDataset(tmp_path)
    assert again._found["a"].digest == data._found["a"].digest and again.fingerprint != data.fingerprint
    with pytest.raises((NoFace, MissingResource), match=r"no face in any of its 25 frames|avbench\[faces\]"):
        data.mouth(data.clip("face"))


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


def test_a_file_of_two_names_is_read_once_and_said_so(tmp_path):
    wav(tmp_path / "a.wav")
    (tmp_path / "b.wav").symlink_to(tmp_path / "a.wav")
    os.link(tmp_path / "a.wav", tmp_path / "c.wav")
    found = scan(tmp_path)
    assert [f.id for f in found.found] == ["a"]
    assert found.notes == (f"2 files below {tmp_path} are others by a second name: b.wav, c.wav.",)


def test_a_pipe_is_not_waited_for(tmp_path):
    wav(tmp_path / "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    os.mkfifo(tmp_path / "a.mouth.npy")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    data = FolderDataset(tmp_path)
    assert data.ids == ("a",) and not data.pictured
    assert [s.path.name for s in data.skipped] == ["pipe.wav", "zero.wav"]
    assert all("a pipe, a socket or a device" in s.reason for s in data.skipped)


def test_a_closed_folder_is_reported(tmp_path, monkeypatch):
    wav(tmp_path / "a.wav")
    wav(tmp_path / "shut" / "b.wav")
    listing = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    data = FolderDataset(tmp_path)
    assert data.ids == ("a",) and "shut cannot be read: permission denied" in data.notes[0]
    assert [c.passed for c in verify(data)] == [True, False]


def test_a_recording_asked_for_again_is_not_read_again(tmp_path, monkeypatch):
    for name in "abc":
        wav(tmp_path / f"{name}.wav", seed=ord(name))
    read, load = [], scanning.load
    monkeypatch.setattr(scanning, "load", lambda path: read.append(path.stem) or load(path))
    monkeypatch.setattr(scanning, "_recent", scanning._Recent(2 * 8000 * 4))
    paths = {name: tmp_path / f"{name}.wav" for name in "abc"}
    first = load_again(paths["a"])
    assert load_again(paths["a"]) is first and not first.samples.flags.writeable
    for name in "abacab":  # there is room for two: c drives out b, then b drives out c
        load_again(paths[name])
    assert read == ["a", "b", "c", "b"] and scanning._recent.bytes == 2 * 8000 * 4
    wav(paths["a"], seconds=0.25)
    assert len(load_again(paths["a"]).samples) == 4000
    paths["a"].unlink()
    with pytest.raises(MissingResource, match="no file"):
        load_again(paths["a"])


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


def test_an_impulse_response_is_no_noise(tmp_path):
    wav(tmp_path / "rain" / "soft.wav")
    answer = np.random.RandomState(1).normal(0, 0.3, 2 * RATE) * np.exp(-np.arange(2 * RATE) / (0.03 * RATE))
    soundfile.write(tmp_path / "room.wav", answer, RATE, subtype="FLOAT")
    noise = FolderNoise(tmp_path)
    assert [i.id for i in noise.items] == ["soft"]
    assert "1 of 2 recordings" in noise.notes[0] and "100 % of its energy within 0.25 s" in noise.notes[0]
    with pytest.raises(UnknownName):
        noise.load("room")
    (tmp_path / "rain" / "soft.wav").unlink()
    with pytest.raises(BadFile, match="No recording below"):
        FolderNoise(tmp_path)


def test_the_identity_of_noises_is_of_the_tree_and_not_of_its_place(tmp_path):
    for k, name in enumerate(("rain/a.wav", "wind/b.wav", "c.wav")):
        wav(tmp_path / "one" / name, seed=k)
    before = FolderNoise(tmp_path / "one")
    assert {i.id: i.family for i in before.items} == {"a": "rain", "b": "wind", "c": "."}
    (tmp_path / "one").rename(tmp_path / "two")
    after = FolderNoise(tmp_path / "two")
    assert (after.items, after.fingerprint) == (before.items, before.fingerprint)
    (tmp_path / "two" / "c.wav").rename(tmp_path / "two" / "rain" / "c.wav")
    assert FolderNoise(tmp_path / "two").fingerprint != before.fingerprint


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
    assert data.pictured == set(data.ids)


def test_real_noises(shared_data):
    noise = FolderNoise(shared_data / "noise")
    assert len({i.id for i in noise.items}) == len(noise.items) == 102
    assert sorted(s.path.name for s in noise.bursts) == [f"rir{k}.wav" for k in (1, 2, 3, 4)]
    assert any(note.startswith("4 of 106 recordings") for note in noise.notes)
    ogg = next(f for f in noise._scan.found if f.path.suffix == ".ogg")
    assert rms(noise.load(ogg.id)) == pytest.approx(1.0, abs=1e-5)
