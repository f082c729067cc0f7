"""Files that are whole or absent, locks, digests."""

import errno
import os
import subprocess
import sys
import tempfile

import numpy as np
import pytest

from avbench.errors import MissingResource, UsageError
from avbench.signal.files import atomic_folder, atomic_write, digest, file_lock


def test_a_file_appears_only_when_its_block_ends_well(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    with atomic_write(path, "w") as handle:
        handle.write("one\n")
        assert not path.exists()
    assert path.read_text() == "one\n" and path.stat().st_mode & 0o444 == 0o444
    with pytest.raises(RuntimeError), atomic_write(path, "w") as handle:
        handle.write("two\n")
        raise RuntimeError
    assert path.read_text() == "one\n" and os.listdir(path.parent) == ["a.txt"]  # noqa: PTH208


def test_a_folder_appears_only_when_its_block_ends_well_and_replaces_the_old_one(tmp_path):
    path = tmp_path / "a"
    for content in ("one", "two"):
        with atomic_folder(path) as folder:
            (folder / content).write_text(content)
    assert [p.name for p in path.iterdir()] == ["two"]
    with pytest.raises(RuntimeError), atomic_folder(path) as folder:
        (folder / "three").write_text("three")
        raise RuntimeError
    assert [p.name for p in path.iterdir()] == ["two"] and [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("number", "sentence"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "read-only")]
)
def test_what_the_system_refuses_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, number, sentence):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(MissingResource, match=sentence), atomic_write(tmp_path / "a") as handle:
        handle.write(b"x")
    with pytest.raises(MissingResource, match=sentence), atomic_folder(tmp_path / "b") as folder:
        (folder / "x").write_bytes(b"x")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    with pytest.raises(MissingResource, match=sentence), atomic_write(tmp_path / "a"):
        pass


def test_a_file_in_the_way_of_a_folder_is_one_sentence(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(UsageError, match="a file stands where a folder"), atomic_write(tmp_path / "a" / "b"):
        pass
    with pytest.raises(UsageError, match="a file stands where a folder"), file_lock(tmp_path / "a" / "b"):
        pass


def test_a_lock_keeps_others_waiting_and_falls_with_its_holder(tmp_path):
    path, told = tmp_path / "lock", []
    holder = (
        "import sys; from avbench.signal.files import file_lock\n"
        "with file_lock(sys.argv[1]):\n  print(1, flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "1\n"
        with file_lock(path, waiting=lambda: (told.append("wait"), process.kill())):
            told.append("in")
    assert told == ["wait", "in"]
    with file_lock(path, waiting=lambda: told.append("again")):
        pass
    assert told == ["wait", "in"]


def test_digest_is_of_bytes():
    assert digest(b"abc") == digest(np.frombuffer(b"abc", np.uint8)) != digest(b"abd")
    assert len(digest(b"")) == 32 and digest(np.zeros(0)) == digest(b"")
    assert digest(np.arange(6).reshape(2, 3).T) == digest(np.ascontiguousarray(np.arange(6).reshape(2, 3).T))
