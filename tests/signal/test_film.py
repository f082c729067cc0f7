"""Pictures on an even grid: what comes out of files whose pictures come late, unevenly, turned or not at all."""

import av
import numpy as np
import pytest
from films import write_film

from avbench.errors import BadFile, MissingResource
from avbench.signal.audio import RATE
from avbench.signal.film import Film, grey


def film(path, shades, **given):
    """A picture of 64 × 48 per shade, its upper left corner white."""
    pages = np.repeat(np.repeat(np.array(list(shades), np.uint8)[:, None, None], 48, 1), 64, 2)
    pages[:, :16, :16] = 255
    return write_film(path, pages, **given)


def shades_of(opened, **chosen):
    return [int(p[40, 40, 0]) for p in opened.pictures(grey, **chosen)]


def test_a_plain_film_is_itself_and_nothing_is_said(tmp_path):
    opened = Film(film(tmp_path / "a.mkv", range(0, 200, 8), sound=0.0))
    assert shades_of(opened) == list(range(0, 200, 8)) and len(opened) == 25
    assert opened.facts.notes == () and opened.facts.sound and not opened.facts.uneven
    assert shades_of(opened) == list(range(0, 200, 8))  # and again


def test_only_some_frames(tmp_path):
    opened = Film(film(tmp_path / "a.mkv", range(0, 200, 8)))
    only = np.zeros(25, bool)
    only[[0, 7, 24]] = True
    assert shades_of(opened, only=only) == [0, 56, 192]


def test_another_rate_is_said(tmp_path):
    opened = Film(film(tmp_path / "a.mkv", range(60), rate=50))
    assert shades_of(opened) == list(range(0, 60, 2))
    (note,) = opened.facts.notes
    assert note.startswith("a.mkv has 60 pictures at 50.00 a second and is shown as 30 frames at 25:")
    assert "30 pictures are passed over" in note


def test_uneven_pictures_are_shown_at_their_times(tmp_path):
    times = [0.0, 0.04, 0.08, 0.32, 0.36, 0.5, 0.54]
    opened = Film(film(tmp_path / "a.mkv", range(0, 70, 10), times=times))
    shown = shades_of(opened)
    assert shown[:13] == [0, 10, *[20] * 6, 30, *[40] * 4] and shown[13:15] == [50, 60]
    assert opened.facts.uneven and "at uneven times" in opened.facts.notes[0]


@pytest.mark.parametrize(
    ("first", "sound", "expected"),
    [(0.2, 0.0, [0] * 5 + list(range(0, 80, 8))), (0.0, 0.2, list(range(40, 80, 8))), (0.008, 0.0, None)],
)
def test_pictures_stand_where_the_sound_says(tmp_path, first, sound, expected):
    times = [first + k / 25 for k in range(10)]
    path = film(tmp_path / "a.mkv", range(0, 80, 8), times=times, sound=sound)
    opened = Film(path)
    assert shades_of(opened) == (expected or list(range(0, 80, 8)))
    assert bool(opened.facts.notes) == (expected is not None)
    if expected:
        assert ("after" if first else "before") in opened.facts.notes[0] and "0.200 s" in opened.facts.notes[0]
    assert shades_of(Film(path, origin="picture")) == list(range(0, 80, 8))


@pytest.mark.skipif(not hasattr(av.video.stream.VideoStream, "set_display_rotation"), reason="PyAV before 17")
@pytest.mark.parametrize(("turned", "corner"), [(90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_pictures_are_turned_as_the_file_asks(tmp_path, turned, corner):
    opened = Film(film(tmp_path / "a.mp4", [50] * 5, turned=turned))
    frames = np.stack(list(opened.pictures(grey)))
    assert frames.shape[1:3] == ((48, 64) if turned == 180 else (64, 48))
    assert (opened.facts.height, opened.facts.width) == frames.shape[1:3]
    assert frames[0][corner][0] > 200 and frames[0, 0, 0, 0] < 100
    assert any("turned by" in note for note in opened.facts.notes)


def test_what_is_no_film_is_one_sentence(tmp_path):
    with pytest.raises(MissingResource, match="no file"):
        Film(tmp_path / "none.mkv")
    (tmp_path / "a.mp4").write_bytes(b"nothing" * 100)
    with pytest.raises(BadFile, match="cannot be read as video"):
        Film(tmp_path / "a.mp4")
    with av.open(str(tmp_path / "sound.mkv"), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=RATE)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, RATE), np.int16), "s16", "mono")
        sound.rate = RATE
        out.mux(stream.encode(sound))
        out.mux(stream.encode(None))
    with pytest.raises(BadFile, match=r"sound\.mkv has no video stream"):
        Film(tmp_path / "sound.mkv")


def test_a_film_that_is_cut_off(tmp_path):
    """What is left of a stream is shown; an index at the end that is gone makes a file unreadable."""
    whole = film(tmp_path / "a.mp4", range(0, 250, 2)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadFile, match=r"cut\.mp4"):
        list(Film(tmp_path / "cut.mp4").pictures(grey))
    whole = film(tmp_path / "a.mkv", range(0, 250, 2)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    left = Film(tmp_path / "cut.mkv")
    assert 10 < len(left) < 100 and shades_of(left) == list(range(0, 2 * len(left), 2))


def test_pictures_that_cannot_be_decoded_are_no_film(tmp_path, monkeypatch):
    opened = Film(film(tmp_path / "a.mkv", range(0, 200, 8)))
    decode = opened._decode
    monkeypatch.setattr(opened, "_decode", lambda: (p for k, p in enumerate(decode()) if k < 15))
    with pytest.raises(BadFile, match="breaks off: 15 of its 25 pictures"):
        list(opened.pictures(grey))
