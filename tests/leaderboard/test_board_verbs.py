"""`avbench leaderboard build`, `show` and `keep`, and the boards that are committed."""

import json
from pathlib import Path

import pytest
from made_boards import made_run

from avbench.cli import main
from avbench.errors import UsageError
from avbench.leaderboard.build import FORMATS, build, keep

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_build_writes_every_format_and_nothing_twice(here, capsys):
    made_run(here / "runs", "mutud", 0.7)
    assert main(["leaderboard", "build", "runs"]) == 0
    printed = capsys.readouterr().out.split()
    assert {path.name for path in Path("boards").iterdir()} == {Path(p).name for p in printed}
    assert {f"avse.{ending}" for ending in FORMATS} <= {Path(p).name for p in printed}
    assert "xfavot" not in {Path(p).stem for p in printed} and "voice-conversion.md" in {Path(p).name for p in printed}
    before = {path: path.read_bytes() for path in Path("boards").iterdir()}
    assert main(["leaderboard", "build", "runs"]) == 0
    assert {path: path.read_bytes() for path in Path("boards").iterdir()} == before


def test_build_finds_runs_at_any_depth_and_named_ones(here):
    run = made_run(here / "runs/avse/x/y", "mutud", 0.7)
    made_run(here / "runs/avse/x/z", "gcrn", 0.6)
    build(["runs"], "all", ["json"])
    build([run.kept], "one", ["json"])
    names = {
        folder: [row["system"] for row in json.loads(Path(folder, "avse.json").read_text())["boards"][0]["rows"]]
        for folder in ("all", "one")
    }
    assert names == {"all": ["mutud", "gcrn"], "one": ["mutud"]}


def test_show_prints_boards_then_papers(here, capsys):
    made_run(here / "runs", "mutud", 0.7)
    made_run(here / "runs", "gcrn", 0.5)
    assert main(["leaderboard", "show", "avse", "runs", "--json", "avse.json"]) == 0
    out = capsys.readouterr().out
    assert out.index("avse@1 on avbench-synth (synthetic)") < out.index("Published, on the papers' own data")
    assert "MUTUD, Table I" in out and "--papers" in out and "Table VI" not in out
    assert json.loads(Path("avse.json").read_text())["boards"]
    assert main(["leaderboard", "show", "avse", "runs", "--papers"]) == 0
    assert "Table VI" in capsys.readouterr().out


def test_show_without_runs_prints_what_papers_say(here, capsys):
    made_run(here / "runs", "mutud", 0.7)
    assert main(["leaderboard", "show", "voice-conversion", "runs"]) == 0
    assert "XFaVoT, Table 3" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words, sentence",
    [
        (["show", "avs"], "Did you mean"),
        (["show", "avse", "nowhere"], "There is no run nowhere"),
        (["build", "--format", "pdf"], "There is no format 'pdf'"),
        (["show", "avse", "runs", "--metric", "map"], "There is no metric on this board called"),
    ],
)
def test_what_is_wrong_is_one_sentence(here, capsys, words, sentence):
    made_run(here / "runs", "mutud", 0.7)
    assert main(["leaderboard", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_formats_are_checked_before_anything_is_read():
    with pytest.raises(UsageError, match="no format 'doc'"):
        build(["nowhere"], formats=["doc"])


def test_committed_boards_are_rendered_and_not_typed(tmp_path, monkeypatch):
    """`leaderboards/*.md` are what `avbench leaderboard build` makes of `leaderboards/runs` and `published`."""
    monkeypatch.chdir(ROOT)
    build(out=tmp_path, formats=["md"])
    fresh = {path.name: path.read_text() for path in tmp_path.glob("*.md")}
    committed = {path.name: path.read_text() for path in (ROOT / "leaderboards").glob("*.md") if path.name in fresh}
    stale = sorted(name for name in fresh if committed.get(name) != fresh[name])
    assert not stale, f"out of date, run `avbench leaderboard build` in the root of the repository: {stale}"


def test_a_kept_run_is_not_replaced_by_another(here, capsys):
    one = made_run(here / "runs", "mutud", 0.7)
    other = made_run(here / "runs", "mutud", 0.6, version="0.2.0")
    (path,) = keep([one.kept], "kept")
    before = path.read_bytes()
    assert keep([one.kept], "kept") == [path] and path.read_bytes() == before
    assert main(["leaderboard", "keep", str(other.kept), "--out", "kept"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "is another run of mutud than" in said and "--renew" in said and path.read_bytes() == before
    assert main(["leaderboard", "keep", str(other.kept), "--out", "kept", "--renew"]) == 0
    assert json.loads(path.read_text())["head"]["identity"]["avbench"] == "0.2.0"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda kept: kept.pop("head"), "no whole kept run"),
        (lambda kept: kept["summary"].pop("rows"), "no whole kept run"),
        (lambda kept: kept["trials"].append(5), "no whole kept run"),
        (lambda kept: kept["trials"][0].pop("scores"), "no whole kept run"),
        (lambda kept: kept.update(votes=[{"rows": 3}]), "no whole kept run"),
        (lambda kept: kept["head"].pop("identity"), "changed after it was kept"),
        (lambda kept: kept["trials"][0]["scores"].update(stoi="0.7"), "a score in it is no number"),
    ],
)
def test_a_spoilt_kept_run_is_one_sentence(here, capsys, change, sentence):
    path = made_run(here / "runs", "mutud", 0.7).kept
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    assert main(["leaderboard", "show", "avse", str(path)]) == 2
    said = capsys.readouterr().err
    assert sentence in " ".join(said.split()) and "Unexpected" not in said and str(path.name) in said


def test_two_runs_of_one_name_are_not_kept_over_each_other(here):
    made_run(here / "runs", "mutud", 0.7)
    made_run(here / "runs", "mutud", 0.6, version="0.2.0")
    with pytest.raises(UsageError, match="is another run of mutud"):
        keep(["runs"], "kept", renew=True)
