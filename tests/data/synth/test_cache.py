"""Shards: whole or absent, made once, the same from any number of workers, whatever is killed or damaged."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from avbench.data.synth import makers
from avbench.data.synth.cache import Shard, cache_folder, is_ready, open_mouth, open_sound, shards_of
from avbench.data.synth.prepare import make_ready
from avbench.data.synth.spec import CorpusSpec, clip_ids
from avbench.errors import MissingResource
from avbench.signal.files import digest, file_lock

SPEC = CorpusSpec()
IDS = clip_ids("tiny", "test")[:3]


@pytest.fixture
def shard(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "cache"))
    return Shard(SPEC, "test", "part", IDS)


def run(code, *, wait=True):
    """A process of its own that has `shard` and `make_ready` and the cache of this test."""
    head = (
        "import sys, time\nfrom avbench.data.synth import cache, makers\nfrom avbench.data.synth.cache import *\n"
        "from avbench.data.synth.prepare import make_ready\n"
        f"from avbench.data.synth.spec import CorpusSpec\nshard = Shard(CorpusSpec(), 'test', 'part', {IDS!r})\n"
        "def tell(*words): print(*words, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", head + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    return process.communicate() if wait else process


def content(shard):
    return {p.name: digest(p.read_bytes()) for p in sorted(shard.folder.iterdir())}


def test_the_cache_lies_where_the_user_says_or_where_the_platform_says(monkeypatch):
    monkeypatch.setenv("AVBENCH_CACHE", "/somewhere")
    assert cache_folder() == Path("/somewhere")
    monkeypatch.delenv("AVBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == Path("/xdg/avbench")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "avbench"


def test_the_first_shard_of_test_holds_the_first_clip_of_every_speaker():
    test = shards_of(SPEC, "base", "test")
    assert len(test) == 10 and test[0].ids == clip_ids("base", "test")[:40]
    assert {i[-3:] for i in test[0].ids} == {"000"} and len({i[:4] for i in test[0].ids}) == 40
    for shard in shards_of(SPEC, "small", "train"):
        assert len(shard.ids) == 32 and len({i[:4] for i in shard.ids}) == 16


def test_a_shard_is_the_same_from_one_process_or_three_and_holds_what_was_said(shard, tmp_path, monkeypatch):
    steps = []
    make_ready([shard], mouth=True, workers=1, progress=lambda *step: steps.append(step))
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    one = content(shard)
    assert set(one) == {"audio.npy", "offsets.npy", "meta.jsonl", "sound.json", "mouth.npy", "mouth.json"}
    make_ready([shard], mouth=True, progress=lambda *step: steps.append(step))
    assert len(steps) == 4  # nothing is missing, nothing is told

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path / "other"))
    make_ready([shard], workers=3)
    assert "mouth.npy" not in content(shard)
    make_ready([shard], mouth=True, workers=2)  # from what was said before
    assert content(shard) == one

    sound, mouth = open_sound(shard), open_mouth(shard)
    assert isinstance(sound.audio, np.memmap) and isinstance(mouth, np.memmap)
    assert sound.offsets[-1] == len(sound.audio) == 640 * len(mouth) and mouth.shape[1:] == (88, 88)
    assert [m["id"] for m in sound.meta] == list(IDS)
    assert (np.diff(sound.offsets) == [640 * m["frames"] for m in sound.meta]).all()


@pytest.mark.parametrize("name", ["audio.npy", "meta.jsonl", "mouth.npy", "sound.json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_a_damaged_shard_is_noticed_and_made_again(shard, name, damage, monkeypatch):
    # What is made matters elsewhere; here a quick stand-in makes it.
    monkeypatch.setattr(makers, "make", stand_in)
    make_ready([shard], mouth=True, workers=1)
    before, path = content(shard), shard.folder / name
    data = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(data[:-1])
        case "flip":
            path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "remove":
            path.unlink()
    assert not is_ready(shard, mouth=True)
    make_ready([shard], mouth=True, workers=1)
    assert content(shard) == before and is_ready(shard, mouth=True)


def stand_in(spec, orders, voice):
    """Silence with a made-up picture, in no time."""
    made = []
    for order in orders:
        silence = makers.Said(order.id, 2, "x", (), (), 0.08, samples=np.zeros(1280, np.int16))
        said = silence if order.record is None else None
        made.append(makers.Made(said, np.full((2, 88, 88), 7, np.uint8) if order.mouth else None))
    return made


def test_two_processes_make_one_cache_once(shard):
    code = (
        "write = cache.write_sound\ncache.write_sound = lambda *a: (tell('wrote'), write(*a))\n"
        "make_ready([shard], workers=1, say=tell)\ntell('ready', is_ready(shard, mouth=False))\n"
    )
    with file_lock(shard.folder.parent / f".{shard.folder.name}.lock"):
        both = [run(code, wait=False) for _ in range(2)]
        for process in both:  # now neither can win by being early
            assert process.stdout.readline().startswith("Waiting for another process that is making ")
    told = [process.communicate() for process in both]
    assert [p.returncode for p in both] == [0, 0] and all(err == "" for _, err in told)
    assert sorted(out for out, _ in told) == ["ready True\n", "wrote\nready True\n"]


def test_a_process_killed_while_it_writes_leaves_no_broken_shard(shard):
    code = "cache._digest = lambda path: (tell(path.name), time.sleep(60))\nmake_ready([shard], workers=1)\n"
    process = run(code, wait=False)
    assert process.stdout.readline() == "audio.npy\n"  # it lies there, whole, but aside
    process.kill()
    process.communicate()
    aside = list(shard.folder.parent.glob(".part.*.part"))
    assert len(aside) == 1 and not shard.folder.exists() and not is_ready(shard, mouth=False)
    make_ready([shard], workers=1)
    assert is_ready(shard, mouth=False) and not list(shard.folder.parent.glob(".part.*.part"))


def test_workers_end_with_a_killed_owner(shard):
    code = (
        "def stop(done, total):\n  if done: tell(*[w._process.pid for w in crew[0]._all]); time.sleep(60)\n"
        "crew = []\nenter = makers.Makers.__enter__\n"
        "makers.Makers.__enter__ = lambda self: (crew.append(self), enter(self))[1]\n"
        "make_ready([shard], mouth=True, workers=2, progress=stop)\n"
    )
    process = run(code, wait=False)
    workers = [int(pid) for pid in process.stdout.readline().split()]
    assert workers
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 30
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in workers)


def alive(pid):
    """Whether it runs; a zombie that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_that_dies_is_replaced_once_and_then_reported(shard, monkeypatch):
    with makers.Makers(2) as crew:
        orders = [makers.Order(IDS[0], mouth=False)]
        first = crew.order(SPEC, orders).result()
        for worker in crew._all:
            worker._process.kill()
        again = [crew.order(SPEC, orders) for _ in range(2)]
        assert all(np.array_equal(a.result()[0].said.samples, first[0].said.samples) for a in again)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(MissingResource, match="died twice"):
        make_ready([shard], workers=2)
    assert not shard.folder.exists()


@pytest.mark.parametrize(("number", "sentence"), [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "read-only")])
def test_a_full_or_read_only_disk_is_one_sentence(shard, monkeypatch, number, sentence):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(makers, "make", stand_in)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(MissingResource, match=sentence):
        make_ready([shard], workers=1)
    assert not shard.folder.exists() and not list(shard.folder.parent.glob("*.part"))


def test_a_cache_that_is_a_file_is_one_sentence(shard, tmp_path):
    (tmp_path / "cache").write_text("")
    with pytest.raises(Exception, match="a file stands where a folder is needed") as caught:
        make_ready([shard], workers=1)
    assert "\n" not in str(caught.value)


def test_without_an_engine_one_sentence_reaches_the_user_from_inside_and_from_a_worker(shard, monkeypatch, tmp_path):
    # A loader of another release stands before the real one.
    (tmp_path / "espeakng_loader.py").write_text("raise ModuleNotFoundError(name='espeakng_loader')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    for workers in (1, 2):
        with pytest.raises(MissingResource, match="pip install espeakng-loader"):
            make_ready([shard], workers=workers)
