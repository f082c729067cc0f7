"""Names, folders, what is kept and what is refused."""

import errno
import hashlib
import json
import os

import pytest

from avbench.cli import main
from avbench.data.export import LAYOUTS, find_layout
from avbench.data.export.write import LIST, LOCK, MARKER, export
from avbench.errors import MissingResource, UnknownName, UsageError

SIZES = ("tiny", "small", "base")


def contents(root):
    return {
        p.relative_to(root).as_posix(): hashlib.md5(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_places_are_unlike_and_do_not_move_with_the_size(name):
    layout = find_layout(name)
    before = {}
    for size in SIZES:
        parts = [layout.places(size, split) for split in layout.splits]
        every = [place for part in parts for place in part.values()]
        assert len(set(every)) == len(every) == sum(len(layout.clip_ids(size, s)) for s in layout.splits)
        now = {clip: place for part in parts for clip, place in part.items()}
        assert before == {clip: now[clip] for clip in before if clip in now} and set(before) <= set(now)
        before = now


def test_grid_has_no_film_of_s21():
    layout = find_layout("grid")
    for clip, place in layout.places("small", "train").items():
        films = [f for f in layout.files(None, clip, place) if f.endswith(".mpg")]
        assert (not films) == place.startswith("s21/")
    speakers = {p.split("/")[0] for s in layout.splits for p in layout.places("small", s).values()}
    assert len(speakers) == 34


def test_what_is_there_is_kept_and_what_is_gone_is_made_again(tmp_path):
    root = tmp_path / "ein Ordner mit Ä"
    first = export("lrw", root, splits=["test"], limit=2, workers=1)
    assert (first.clips, first.written, first.kept) == (2, 6, 0) and first.size == sum(
        p.stat().st_size for p in root.rglob("*") if p.is_file()
    )
    before = contents(root)
    gone, left = sorted(root.rglob("*.mp4"))
    gone.unlink()
    left.write_bytes(b"somebody else's")
    leftover = left.with_name(f".{left.name}.abc.part")
    leftover.write_bytes(b"half")
    again = export("lrw", root, splits=["test"], limit=2, workers=1)
    assert (again.written, again.kept) == (1, 3) and not leftover.exists()
    assert left.read_bytes() == b"somebody else's"
    left.unlink()
    assert export("lrw", root, splits=["test"], limit=2, workers=1).written == 1
    assert contents(root) == before
    more = export("lrw", root, splits=["test", "validation"], limit=3, workers=1)
    assert (more.clips, more.written, more.kept) == (6, 8, 4)
    assert before.items() <= contents(root).items()


def test_workers_do_not_change_a_byte(tmp_path):
    seen = []
    for workers in (1, 2):
        export("grid", tmp_path / str(workers), splits=["test"], limit=3, workers=workers)
    export(
        "grid",
        tmp_path / "1",
        splits=["test"],
        limit=3,
        workers=1,
        progress=lambda *now: seen.append(now),
    )
    assert seen == []  # nothing was left to do
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_the_folder_says_what_it_is(exported):
    root = exported("grid")
    said = json.loads((root / MARKER).read_text())
    assert said["about"].startswith("Synthetic media") and said["dataset"] == "avbench-synth/commands/tiny"
    lines = (root / LIST).read_text().splitlines()
    assert lines[0] == "place\tclip\tspeaker\tsplit" and len(lines) == 1 + 32


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path, exported):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other files: choose a new folder"):
        export("grid", tmp_path / "mine", limit=1)
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]  # noqa: PTH208
    with pytest.raises(UsageError, match="is a file"):
        export("grid", tmp_path / "mine" / "thesis.txt", limit=1)
    before = contents(exported("lrw"))
    for other in (dict(layout="grid"), dict(layout="lrw", size="small")):
        with pytest.raises(UsageError, match="holds an export of another layout, size, corpus or version"):
            export(root=exported("lrw"), limit=1, **other)
    assert contents(exported("lrw")) == before
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / MARKER).write_text("{")
    with pytest.raises(UsageError, match="another layout"):
        export("grid", tmp_path / "torn", limit=1)


def test_a_begun_folder_with_a_lock_alone_is_taken(tmp_path):
    (tmp_path / LOCK).touch()
    assert export("celeba-hq/stargan-v2", tmp_path, splits=["test"], limit=1, workers=1).written == 3


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(tmp_path, monkeypatch):
    real = os.fsync
    calls = []

    def full(number):
        calls.append(number)
        if len(calls) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(number)

    export("lrw", tmp_path / "x", splits=["test"], limit=1, workers=1)  # the speech is there now
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MissingResource, match="The disk is full"):
        export("lrw", tmp_path / "y", splits=["test"], limit=1, workers=1)
    monkeypatch.undo()
    assert [p.name for p in (tmp_path / "y").rglob("*") if p.name.endswith(".part")] == []
    export("lrw", tmp_path / "y", splits=["test"], limit=1, workers=1)
    assert contents(tmp_path / "x") == contents(tmp_path / "y")


def test_wrong_names_are_refused_before_a_folder_is_made(tmp_path):
    for wrong, error, sentence in (
        (dict(layout="gird"), UnknownName, "Did you mean grid"),
        (dict(layout="grid", size="huge"), UnknownName, "size"),
        (dict(layout="grid", splits=["dev"]), UnknownName, "split"),
        (dict(layout="celeba-hq/stargan-v2", splits=["validation"]), UsageError, "has no place for the validation"),
    ):
        with pytest.raises(error, match=sentence):
            export(root=tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_the_command(tmp_path, capsys):
    words = ["data", "export", "synth", "--as", "vctk", str(tmp_path / "v"), "--split", "test", "--limit", "1"]
    assert main([*words, "--workers", "1", "--json", str(tmp_path / "v.json")]) == 0
    out = capsys.readouterr().out
    assert "1 clips; 6 files written" in out and f"avbench data prepare vctk {tmp_path / 'v'}" in out
    said = json.loads((tmp_path / "v.json").read_text())
    assert (said["clips"], said["written"], said["kept"], said["corpus"]) == (1, 6, 0, "vctk")
    assert main([*words, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["grid", "--as", "grid"], "avbench: There is no corpus that can be exported called 'grid'."),
        (["synth", "--as", "easycom"], "avbench: There is no layout called 'easycom'."),
        (["synth", "--as", "grid", "--split", "dev"], "avbench: There is no split called 'dev'."),
    ],
)
def test_what_is_wrong_is_one_line(words, sentence, tmp_path, capsys):
    assert main(["data", "export", *words, str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert err.startswith(sentence) and err.count("\n") == 1
