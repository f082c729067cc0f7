"""`apply --in NAME=FILE`: speech and a portrait become a film; every bad file is a sentence or a sensible result."""

import io
import tracemalloc

import numpy as np
import pytest
import soundfile
from PIL import Image
from waves import wave

LIVE = ("apply", "--system", "own_films:LivePainter")
WHOLE = ("apply", "--system", "own_films:Painter")


@pytest.fixture(scope="session")
def photo(shared_data):
    """`[H, W, 3]`: one person who looks into the camera."""
    path = sorted((shared_data / "faces" / "celeba_hq").rglob("*.jpg"))[0]
    return np.asarray(Image.open(path).convert("RGB").resize((256, 256)))


@pytest.fixture
def files(home, photo):
    Image.fromarray(photo).save(home / "face.png")
    soundfile.write(home / "speech.wav", wave("speech", 1.3), 16000)
    return "--in", "speech=speech.wav", "--in", "face=face.png", "--out", "there"


def opened(path):
    """Pictures, samples `[T, C]`, rate and metadata of a film."""
    import av

    with av.open(str(path)) as film:
        frames = [f.to_ndarray(format="rgb24") for f in film.decode(film.streams.video[0])]
    with av.open(str(path)) as film:
        if not film.streams.audio:
            return np.stack(frames), None, 0, film.metadata
        sound = np.concatenate([f.to_ndarray() for f in film.decode(film.streams.audio[0])], axis=1).T
        return np.stack(frames), sound, film.streams.audio[0].rate, film.metadata


@pytest.mark.parametrize("command", [LIVE, WHOLE, (*LIVE, "--stream")])
def test_speech_and_a_face_become_a_film_that_says_that_it_is_synthetic(avbench, files, home, command):
    code, out, err = avbench(*command, *files)
    assert code == 0, err
    frames, sound, rate, about = opened(home / "there" / "speech.mp4")
    assert frames.shape == (33, 128, 128, 3) and rate == 16000
    assert abs(len(sound) - 20800) < 2100 and about["comment"].startswith("Synthetic media")
    assert "compositeWithTrainedAlgorithmicMedia" in about["comment"]
    given = wave("speech", 1.3)
    like = np.correlate(sound[:20000, 0], given[1000:19000], "valid").argmax()
    assert abs(like - 1000) <= 32  # the sound lies where it lay
    assert ("hops of 40 ms" in out) == ("--stream" in command)
    assert ("algorithmic latency 80 ms" in out) == ("--stream" in command)


@pytest.mark.parametrize(("rate", "channels"), [(48000, 2), (44100, 1), (11111, 1), (8000, 6)])
def test_sound_of_any_rate_and_channels(avbench, files, home, rate, channels):
    samples = np.stack([wave(f"c{c}", 0.9, rate) for c in range(channels)], axis=1)
    soundfile.write(home / "speech.wav", samples, rate)
    code, out, err = avbench(*LIVE, *files)
    assert code == 0, err
    frames, sound, found, _ = opened(home / "there" / "speech.mp4")
    assert len(frames) == 23 and found == (48000 if rate == 11111 else rate)
    assert sound.shape[1] == (2 if channels == 2 else 1) and abs(len(sound) / found - 0.9) < 0.15
    assert f"resampled from {rate} to 16000 Hz" in out and (f"mean of {channels} channels" in out) == (channels > 1)


def test_silence_and_very_short_speech_have_films_too(avbench, files, home):
    soundfile.write(home / "speech.wav", np.zeros(16000, np.float32), 16000)
    code, out, err = avbench(*LIVE, *files)
    assert code == 0 and "the speech is silent" in out and "25 frames" in out, err
    soundfile.write(home / "speech.wav", wave("short", 0.01), 16000)
    code, out, err = avbench(*LIVE, *files)
    assert code == 0 and "1 frames" in out, err


def transparent(photo):
    alpha = np.full((*photo.shape[:2], 1), 255, np.uint8)
    alpha[:10] = 0
    return Image.fromarray(np.concatenate([photo, alpha], axis=2))


def sideways(photo):
    image, memory = Image.fromarray(np.rot90(photo).copy()), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise, to be seen
    image.save(memory, "JPEG", exif=exif)
    return Image.open(memory)


PICTURES = {
    "grey": (lambda p: Image.fromarray(p).convert("L"), "a grey picture"),
    "16 bits": (lambda p: Image.fromarray(p.mean(axis=2).astype(np.uint16) * 200), "a grey picture"),
    "palette": (lambda p: Image.fromarray(p).convert("P"), ""),
    "transparent": (transparent, "transparent places made white"),
    "on its side": (lambda p: Image.fromarray(np.rot90(p).copy()), "the picture turned by 270°"),
    "on its head": (lambda p: Image.fromarray(p[::-1, ::-1].copy()), "the picture turned by 180°"),
    "two faces": (
        lambda p: Image.fromarray(np.concatenate([p, np.array(Image.fromarray(p).resize((200, 256)))], axis=1)),
        "2 faces: the largest taken",
    ),
    "very large": (lambda p: Image.fromarray(p).resize((1500, 1500)), ""),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_portraits_as_people_have_them(avbench, files, home, kind, photo):
    make, words = PICTURES[kind]
    make(photo).save(home / "face.png")
    code, out, err = avbench(*LIVE, *files)
    assert code == 0 and words in out, err
    assert len(opened(home / "there" / "speech.mp4")[0]) == 33


def test_a_portrait_is_turned_as_its_file_asks(avbench, files, home, photo):
    image = sideways(photo)
    image.save(home / "face.jpg", exif=image.getexif())
    words = [word.replace("face.png", "face.jpg") for word in files]
    code, out, err = avbench(*LIVE, *words)
    assert code == 0 and "turned as the file asks" in out and "turned by" not in out, err


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda home: Image.new("RGB", (300, 300), "green").save(home / "face.png"), "face.png shows no face"),
        (lambda home: (home / "face.png").write_text("no picture"), "cannot be read as a picture"),
        (lambda home: (home / "face.png").write_bytes(b""), "is empty"),
        (lambda home: (home / "face.png").unlink(), "There is no file face.png"),
        (lambda home: (home / "speech.wav").unlink(), "There is no file speech.wav"),
        (lambda home: (home / "speech.wav").write_text("no sound"), "cannot be read as sound"),
        (lambda home: soundfile.write(home / "speech.wav", np.zeros(0), 16000), "holds no samples"),
        (lambda home: soundfile.write(home / "speech.wav", np.full(9000, np.nan), 16000, subtype="FLOAT"), "NaN"),
    ],
)
@pytest.mark.parametrize("command", [LIVE, WHOLE])
def test_a_bad_file_is_one_sentence_and_leaves_nothing(avbench, files, home, spoil, words, command):
    spoil(home)
    code, _, err = avbench(*command, *files)
    assert code == 2 and words in err and err.count("\n") == 1
    assert not list((home / "there").glob("*")) if (home / "there").exists() else True


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--in", "speech=speech.wav"], "add --in face=FILE"),
        (["--in", "speech=speech.wav", "--in", "face=face.png", "--in", "voice=a.wav"], "takes face and speech, and"),
        (["--in", "speech=speech.wav", "--in", "speech=face.png"], "the same name twice"),
        (["--in", "speech.wav"], "takes NAME=FILE"),
        (["--in", "speech=speech.wav", "--in", "face=face.png", "speech.wav"], "not both"),
    ],
)
def test_names_are_checked(avbench, files, given, words):
    code, _, err = avbench(*LIVE, *given, "--out", "there")
    assert code == 2 and words in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ("own_films:Scribbler", "the stream raised ZeroDivisionError"),
        ("own_films:Mumbler", "gave no frames"),
        ("own_systems:Half", "takes speech, and not face"),
    ],
)
def test_a_system_that_cannot(avbench, files, system, words):
    code, _, err = avbench("apply", "--system", system, *files)
    assert code == 2 and words in err and err.count("\n") == 1
    code, _, err = avbench(*WHOLE, "--stream", *files)
    assert code == 2 and "cannot be streamed" in err


def test_other_answers_by_name(avbench, home):
    soundfile.write(home / "x.wav", wave("x"), 16000)
    code, _, err = avbench("apply", "--system", "own_systems:Half", "--in", "speech=x.wav", "--out", "there")
    assert code == 0 and (home / "there" / "x.wav").exists(), err
    code, _, err = avbench("apply", "--system", "own_systems:Half", "--in", "speech=x.wav", "--out", ".")
    assert code == 2 and "would be overwritten" in err


def test_an_hour_takes_no_more_memory_than_a_minute(tmp_path, home):
    from own_films import LivePainter

    from avbench.evaluation.filmed import film_file
    from avbench.types import Video

    peaks = []
    for seconds in (20, 100):
        soundfile.write(tmp_path / "in.wav", np.tile(wave("in", 1.0), seconds), 16000, subtype="PCM_16")
        stream = LivePainter().animate(Video(np.full((1, 16, 16, 3), 90, np.uint8), 25.0), 1)
        tracemalloc.start()
        _, clauses = film_file(stream, tmp_path / "in.wav", tmp_path / "out.mp4")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert f"{100 * 25} frames" in clauses and peaks[1] < peaks[0] + 1_000_000
