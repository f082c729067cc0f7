"""Bad archives: each is refused with a sentence, none is believed, and nothing is written outside."""

import io
import json
import os
import pickle
import stat
import struct
import zipfile

import numpy as np
import pytest
from submission_cards import CODE, OUTPUTS, TRIALS

from avbench.errors import BadFile, UsageError
from avbench.submission import pack, validate
from avbench.submission.archive import look, unpack
from avbench.submission.contents import expected_trials

GOOD = {"card.toml": CODE, "system.py": "class Fair: ...\n"}


def tensors(**changes):
    """A safetensors file of one tensor."""
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}
    head = json.dumps({"w": entry}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(8)


def kind(mode):
    def change(info):
        if info.filename == "link":
            info.external_attr = (mode | 0o777) << 16

    return change


def test_a_good_one_is_taken(archive):
    report = validate(archive({**GOOD, "weights/net.safetensors": tensors(), "lib/__init__.py": ""}))
    assert report.errors == () and report.kind == "code" and report.card.system.output == "audio"


NAMES = {
    "../escape.py": "leads out",
    "lib/../../escape.py": "leads out",
    "./system2.py": "leads out",
    "/etc/cron.d/job.py": "absolute",
    "C:/windows.py": "absolute",
    "..\\escape.py": "leads out",
    "<script>alert(1)<.py": "not taken",
    "a b.py": "not taken",
    "-rf.py": "not taken",
    ".hidden.py": "not taken",
    "new\nline.py": "not taken",
    "\x1b[31mred.py": "not taken",
    "caf\u00e9.py": "not taken",
    "a/b/c/d/e/f/g/h/i/deep.py": "not taken",
    "x" * 300 + ".py": "not taken",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_not_taken(archive, name):
    errors = validate(archive({**GOOD, name: ""})).errors
    assert len(errors) == 1 and NAMES[name] in errors[0] and errors[0].isascii() and errors[0].isprintable()


@pytest.mark.parametrize(
    ("mode", "word"),
    [(stat.S_IFLNK, "symbolic link"), (stat.S_IFCHR, "device"), (stat.S_IFBLK, "device"), (stat.S_IFIFO, "pipe"),
     (stat.S_IFSOCK, "socket")],
)  # fmt: skip
def test_only_regular_files_are_taken(archive, mode, word):
    errors = validate(archive({**GOOD, "link": "/etc/passwd"}, kind(mode))).errors
    assert any(f"is a {word}" in error for error in errors)


FILES = {
    "weights.pt": (pickle.dumps({"w": 1}), "safetensors only"),
    "weights.npy": (b"\x93NUMPY", "safetensors only"),
    "net.bin": (b"x", "safetensors only"),
    "lib.so": (b"\x7fELF", "compiled"),
    "system.pyc": (b"x", "compiled"),
    "inner.zip": (b"PK", "no kind that code needs"),
    "run.sh": (b"rm -rf /", "no kind that code needs"),
    "a.safetensors": (pickle.dumps({"w": np.zeros(9)}), "no safetensors file"),
    "b.safetensors": (b"", "no safetensors file"),
    "c.safetensors": (struct.pack("<Q", 1 << 60) + b"{}", "no safetensors file"),
    "d.safetensors": (tensors(data_offsets=[0, 4]), "no safetensors file"),
    "e.safetensors": (tensors(dtype="OBJECT"), "no safetensors file"),
    "f.safetensors": (tensors() + b"more", "other bytes"),
    "g.safetensors": (struct.pack("<Q", 200_000) + b"[" * 200_000, "no safetensors file"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_taken(archive, name):
    content, words = FILES[name]
    (error,) = validate(archive({**GOOD, name: content})).errors
    assert words in error and name in error


def test_a_zip_bomb(archive):
    (error,) = validate(archive({**GOOD, "bomb.txt": bytes(32 << 20)})).errors
    assert "zip bomb" in error


def test_files_that_overlap(archive):
    path = archive({**GOOD, "a.txt": os.urandom(999), "b.txt": os.urandom(999)})
    content = bytearray(path.read_bytes())
    places = [content.rindex(b"a.txt"), content.rindex(b"b.txt")]  # in the directory, 46 bytes behind its line's start
    content[places[1] - 4 : places[1]] = content[places[0] - 4 : places[0]]
    path.write_bytes(content)
    assert any("overlap" in error for error in validate(path).errors)


@pytest.mark.parametrize("place", ["before", "between", "behind"])
def test_bytes_that_belong_to_no_file(archive, place):
    """With every offset set right, so that nothing else is wrong."""
    content = bytearray(archive(GOOD).read_bytes())
    (directory,) = struct.unpack_from("<L", content, len(content) - 6)
    (second,) = struct.unpack_from("<L", content, content.rindex(b"system.py") - 4)
    at = {"before": 0, "between": second, "behind": directory}[place]
    for name in (b"card.toml", b"system.py"):
        line = content.rindex(name) - 4
        (start,) = struct.unpack_from("<L", content, line)
        struct.pack_into("<L", content, line, start + 7 * (start >= at))
    struct.pack_into("<L", content, len(content) - 6, directory + 7)
    path = archive({}, name="other.zip")
    path.write_bytes(content[:at] + b"#!/bin/" + content[at:])
    (error,) = validate(path).errors
    assert "other bytes lie between" in error


def test_an_archive_that_was_written_to_a_pipe(tmp_path):
    """Its sizes stand behind each file, which is no gap."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.content = b""

        def writable(self):
            return True

        def write(self, piece):
            self.content += bytes(piece)
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in GOOD.items():
            out.writestr(name, text)
    (tmp_path / "piped.zip").write_bytes(pipe.content)
    assert validate(tmp_path / "piped.zip").errors == ()


def test_a_fault_of_the_axes_stands_with_the_others(archive):
    card = OUTPUTS.replace('"avse"', '"word-recognition"').replace('"tiny"', '"words"')
    errors = validate(archive({"card.toml": card, "-rf.py": ""})).errors
    assert len(errors) == 2 and "not taken" in errors[0] and "has no SNR to set" in errors[1], errors


def test_a_size_that_is_a_lie(archive, tmp_path):
    path = archive({**GOOD, "long.txt": b"x" * 5000})
    content = bytearray(path.read_bytes())
    line = content.rindex(b"long.txt") - 46
    content[line + 24 : line + 28] = struct.pack("<I", 10)
    path.write_bytes(content)
    (tmp_path / "out").mkdir()
    with pytest.raises(BadFile, match=r"long.txt' is (damaged|longer)"):
        unpack(look(path), tmp_path / "out")
    assert not (tmp_path / "out" / "long.txt").exists() or (tmp_path / "out" / "long.txt").stat().st_size <= 10


def test_a_file_beyond_all_sizes(archive):
    path = archive({**GOOD, "huge.txt": b"x"})
    content = bytearray(path.read_bytes())
    line = content.rindex(b"huge.txt") - 46
    content[line + 24 : line + 28] = struct.pack("<I", (1 << 32) - 2)
    path.write_bytes(content)
    assert any("4095 MiB, more than" in error for error in validate(path).errors)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_and_names_that_collide(archive):
    (error,) = validate(archive([*GOOD.items(), ("system.py", "x = 1")])).errors
    assert "twice" in error
    (error,) = validate(archive({**GOOD, "System.py": ""})).errors
    assert "capitals" in error
    (error,) = validate(archive({**GOOD, "lib.py": "", "lib.py/a.py": ""})).errors
    assert "also a file" in error


def test_a_name_that_is_not_utf8(archive):
    path = archive({**GOOD, "cafXX.py": ""})
    path.write_bytes(path.read_bytes().replace(b"cafXX", b"caf\xe9\xff"))
    errors = validate(path).errors
    assert any("not UTF-8" in error for error in errors) and all(error.isascii() for error in errors)


def test_a_name_that_ends_early(archive):
    path = archive({**GOOD, "badX.pyXx.py": ""})
    path.write_bytes(path.read_bytes().replace(b"badX.pyXx.py", b"bad\0.py\0x.py"))
    assert validate(path).errors


def test_what_is_encrypted_or_packed_otherwise(archive):
    path = archive({**GOOD, "secret.txt": b"x"})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"secret.txt") - 46 + 8] |= 1
    path.write_bytes(content)
    assert any("encrypted" in error for error in validate(path).errors)

    def change(info):
        info.compress_type = zipfile.ZIP_LZMA

    assert any("method" in error for error in validate(archive(GOOD, change)).errors)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda content: b"", "no zip archive"),
        (lambda content: b"ustar" * 999, "no zip archive"),
        (lambda content: content[: len(content) // 2], "no zip archive"),
        (lambda content: content + b"more", "no zip archive"),
        (lambda content: b"#!/bin/sh\n" + content, "directory that does not fit"),
        (lambda content: content[:-14] + struct.pack("<HH", 60000, 60000) + content[-10:], "more than the 20000 files"),
        (lambda content: content[:-42] + b"PK\6\7" + content[-38:], "more than the 20000 files"),
    ],
)
def test_an_archive_that_is_none(archive, spoil, words):
    path = archive(GOOD)
    path.write_bytes(spoil(path.read_bytes()))
    (error,) = validate(path).errors
    assert words in error


def test_too_many_files(archive, monkeypatch):
    path = archive({f"f{i}.txt": "" for i in range(6)})
    monkeypatch.setattr("avbench.submission.archive.MOST_FILES", 5)
    (error,) = validate(path).errors
    assert "more than the 5 files" in error


def test_damage_is_found_when_it_is_unpacked(archive, tmp_path):
    path = archive({**GOOD, "text.txt": b"hello hello hello"}, lambda info: setattr(info, "compress_type", 0))
    path.write_bytes(path.read_bytes().replace(b"hello hello", b"hellO hello"))
    (tmp_path / "out").mkdir()
    with pytest.raises(BadFile, match="damaged"):
        unpack(look(path), tmp_path / "out")


def test_a_folder_with_a_link_a_pipe_and_ten_gigabytes(code):
    folder = code()
    (folder / "link.py").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe.py")
    (folder / "sparse.safetensors").touch()
    os.truncate(folder / "sparse.safetensors", 10 << 30)
    errors = " ".join(validate(folder).errors)
    assert "'link.py' is a symbolic link" in errors and "'pipe.py' is a pipe" in errors
    assert "10240 MiB, more than 1024" in errors and "no safetensors file" in errors
    with pytest.raises(BadFile, match="and 4 more"):
        pack(folder, folder.parent / "x.zip")


def test_packing_gives_the_same_bytes_and_leaves_out_what_is_private(code, tmp_path):
    folder = code()
    first = pack(folder, tmp_path / "first.zip").read_bytes()
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("token")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "system.pyc").write_bytes(b"x")
    (folder / "test_system.py").write_text("")
    os.utime(folder / "system.py", (0, 0))
    assert pack(folder, tmp_path / "second.zip").read_bytes() == first
    assert sorted(look(tmp_path / "second.zip").entries) == ["card.toml", "system.py"]
    with pytest.raises(UsageError, match=r"\.zip file"):
        pack(folder, tmp_path / "archive.tar")


def outputs(**changes):
    files = {"card.toml": OUTPUTS, **{f"outputs/{trial}.wav": b"RIFF" for trial in TRIALS}}
    return {name: content for name, content in {**files, **changes}.items() if content is not None}


def test_outputs_that_are_whole(archive):
    report = validate(archive(outputs()))
    assert report.errors == () and report.kind == "outputs" and tuple(expected_trials(report.card)) == TRIALS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({f"outputs/{TRIALS[0]}.wav": None}, "1 of 2 trials have no file ('outputs/tiny-0000.snr5.wav')"),
        ({"outputs/tiny-0002.snr5.wav": b""}, "1 files belong to no trial"),
        ({"outputs/tiny-0000.snr0.wav": b""}, "1 files belong to no trial"),
        ({"system.py": b"import os"}, "1 files belong to no trial"),
        ({f"outputs/{TRIALS[0]}.pkl": b""}, "1 files belong to no trial"),
        ({f"outputs/sub/{TRIALS[0]}.wav": b""}, "1 files belong to no trial"),
        ({f"outputs/{TRIALS[0].upper()}.wav": b""}, "capitals"),
    ],
)
def test_outputs_that_do_not_fit_the_plan(archive, changes, words):
    errors = validate(archive(outputs(**changes))).errors
    assert any(words in error for error in errors)


def test_two_answers_to_one_trial(archive):
    card = (
        OUTPUTS.replace('"avse"', '"talking-face"')
        .replace('"tiny"', '"talking-face"')
        .replace("limit = 2", "limit = 1")
    )
    report = validate(archive({"card.toml": card, "outputs/README.md": b""}))
    (missing,) = (error for error in report.errors if "have no file" in error)
    name = missing.partition("('")[2].partition(".mkv'")[0]
    both = {"card.toml": card, f"{name}.mkv": b"", f"{name}.mp4": b""}
    assert any("another answers too" in error for error in validate(archive(both)).errors)


def test_everything_at_once(archive):
    card = CODE.replace("title", "titel").replace("16000", '"fast"')
    errors = validate(archive({"card.toml": card, "../x.py": "", "w.pt": b"", "a b.py": ""})).errors
    for words in ("lacks the field title", "'titel' that no card has", "rate must be", "leads out", "safetensors only",
                  "not taken", "there is no system.py"):  # fmt: skip
        assert sum(words in error for error in errors) == (0 if words == "there is no system.py" else 1), words
    assert len(errors) == 6
