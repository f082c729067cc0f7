"""Films of an hour: gone through piece by piece, whatever is done with them."""

import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
from films import write_film

from avbench.data.faces import cut, find_track, follow, kept
from avbench.data.faces.follow import Region
from avbench.signal.film import Film
from avbench.signal.video import fit_frames

FRAMES, PICTURE = 1000, 240 * 320

LOOKED_THROUGH = """
import resource, sys
from avbench.data.faces.follow import Region
from avbench.signal.film import Film, grey

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

next(Film(sys.argv[2]).pictures(grey))  # what a decoder takes is taken
before = peak()
film = Film(sys.argv[1])
with Region(film, (0, 0, 320, 240), 4 << 20) as region:
    total = sum(int(region.frame(number)[0, 0]) for number in range(len(film)))
print(len(film), peak() - before)
"""


def test_a_film_of_a_hundred_megabytes_is_never_held(tmp_path):
    noise = np.random.RandomState(1).randint(0, 255, (240, 320), np.uint8)
    film = write_film(tmp_path / "a.mkv", np.broadcast_to(noise, (FRAMES, 240, 320)))
    short = write_film(tmp_path / "b.mkv", np.broadcast_to(noise, (30, 240, 320)))
    assert film.stat().st_size > 0.9 * FRAMES * PICTURE  # so its packets must not be held either
    done = subprocess.run([sys.executable, "-c", LOOKED_THROUGH, film, short], capture_output=True, check=True)
    count, grown = map(int, done.stdout.split())
    assert count == FRAMES and grown < 0.4 * FRAMES * PICTURE


@pytest.mark.parametrize("held", [1, 3, 7, 1000])
def test_any_frame_of_a_region_can_be_had_in_any_order(tmp_path, held):
    pages = np.random.RandomState(1).randint(0, 255, (20, 48, 64), np.uint8)
    film = Film(write_film(tmp_path / "a.mkv", pages))
    with Region(film, (4, 8, 36, 40), held * 32 * 32) as region:
        for number in (5, 6, 7, 19, 4, 3, 2, 1, 0, 1, 18, 9, *range(20), *range(19, -1, -1)):
            np.testing.assert_array_equal(region.frame(number), pages[number, 8:40, 4:36])
            assert len(region._frames) <= held


def test_a_face_is_followed_through_pieces_as_through_the_whole(tmp_path, talker, dlib68, monkeypatch):
    pages = talker[0].copy()
    pages[:3] = 120  # so that it is looked for backwards too
    path = write_film(tmp_path / "a.mkv", pages)
    whole = find_track(path)
    monkeypatch.setattr(follow, "HELD", 5 * 300 * 400)
    monkeypatch.setattr(kept, "read", lambda *_: None)
    pieces = find_track(path)
    np.testing.assert_array_equal(pieces.points, whole.points)
    np.testing.assert_array_equal(pieces.found, whole.found)


def test_many_crops_lie_on_the_disk(tmp_path, talker, dlib68, monkeypatch):
    path = write_film(tmp_path / "a.mkv", talker[0][:9])
    usual = cut(path)[0].frames
    room = import_module("avbench.data.faces.cut")
    monkeypatch.setattr(room, "LONG", 0)
    for damage in (lambda b: b, lambda b: b[:-9], lambda b: b"nonsense"):
        mapped = cut(path)[0].frames
        assert isinstance(mapped, np.memmap)
        np.testing.assert_array_equal(mapped, usual)
        mapped[0] = 0  # changes no file
        stored = kept.key_of(path, "mutud", None, None).with_suffix(".npy")
        stored.write_bytes(damage(stored.read_bytes()))
    np.testing.assert_array_equal(cut(path)[0].frames, usual)
    monkeypatch.setattr(room, "each_aligned", None)  # kept: nothing is cut again
    np.testing.assert_array_equal(cut(path)[0].frames, usual)


def test_as_many_films_at_once_as_find_memory(monkeypatch):
    monkeypatch.setattr(kept, "usable_processors", lambda: 16)
    monkeypatch.setattr(kept, "free_memory", lambda: 3 * kept.A_FILM + 1)
    assert kept.workers(None, 100) == 3 and kept.workers(None, 2) == 2 and kept.workers(8, 100) == 8
    monkeypatch.setattr(kept, "free_memory", lambda: 0)
    assert kept.workers(None, 100) == 1


def test_a_film_as_long_as_its_sound_is_not_copied():
    frames = np.arange(12, dtype=np.uint8).reshape(6, 2)
    assert np.shares_memory(fit_frames(frames, 5), frames)
    assert fit_frames(frames, 8)[:, 0].tolist() == [0, 2, 4, 6, 8, 10, 10, 10]
