import numpy as np
import pytest

from avbench.errors import BadFile, MissingResource, UsageError
from avbench.evaluation.material import CHUNK, gather
from avbench.evaluation.pairing import FACES, SOUND, TEXT, Side, match
from avbench.metrics import get_metric


@pytest.fixture
def tree(tmp_path):
    """Make files below a folder; content does not matter here."""

    def make(folder, *names, text="x"):
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / folder

    return make


def pairs(estimate, reference, *metrics):
    found = gather(
        Side.of(estimate, "estimate"),
        None if reference is None else Side.of(reference, "reference"),
        [get_metric(name) for name in metrics],
    )
    return found


def test_names_are_paths_without_suffix(tree):
    found = pairs(tree("e", "p1/a.wav", "p2/a.wav", "b.FLAC"), tree("r", "p1/a.flac", "p2/a.mp3", "b.wav"), "stoi")
    assert [pair.name for pair in found.pairs] == ["b", "p1/a", "p2/a"] and not found.alone
    for pair in found.pairs:
        mine, other = pair.estimates["sound"][0].path, pair.references["sound"][0].path
        assert mine.parent.name in ("e", other.parent.name) and mine.stem == other.stem


def test_both_sides_may_lack_a_partner(tree):
    found = pairs(tree("e", "a.wav", "b.wav", "x.wav"), tree("r", "a.wav", "b.wav", "c.wav"), "stoi")
    assert {pair.name: pair.estimates["sound"] is None for pair in found.pairs} == {"a": False, "b": False, "c": True}
    assert [path.name for path in found.alone] == ["x.wav"]


def test_the_last_part_of_names_decides_where_paths_agree_nowhere(tree):
    found = pairs(tree("e", "a.wav", "b.wav"), tree("r", "s1/a.flac", "s2/b.flac", "s2/c.flac"), "stoi")
    named = {pair.name: pair.estimates["sound"] and pair.estimates["sound"][0].path.name for pair in found.pairs}
    assert named == {"s1/a": "a.wav", "s2/b": "b.wav", "s2/c": None}
    assert any("last part of their names" in note for note in found.notes)
    with pytest.raises(UsageError, match="No estimate is called like a reference"):  # two are called a
        pairs(tree("e2", "a.wav"), tree("r2", "s1/a.flac", "s2/a.flac"), "stoi")


def test_two_files_of_one_name_are_refused(tree):
    with pytest.raises(UsageError, match=r"a\.flac and .*a\.wav have one name: which one is the estimate"):
        pairs(tree("e", "a.flac", "a.wav"), tree("r", "a.wav"), "stoi")


def test_the_sound_beside_a_video_is_the_sound(tree):
    side = Side.of(tree("e", "a.mp4", "a.wav", "b.mp4", "a.txt"), "estimate")
    assert {name: source.path.name for name, source in side.things(SOUND).items()} == {"a": "a.wav", "b": "b.mp4"}
    points = Side.of(tree("f", "a.mp4", "a.landmarks.npy"), "estimate").things(FACES)
    assert {name: source.path.name for name, source in points.items()} == {"a": "a.landmarks.npy"}


def test_hidden_files_and_links_in_a_circle_are_left_alone(tree):
    folder = tree("e", "a.wav", ".a.wav", ".cache/b.wav")
    (folder / "again").symlink_to(folder)
    assert list(Side.of(folder, "estimate").things(SOUND)) == ["a"]


def test_texts_come_from_files_or_from_a_table(tree):
    folder = tree("r", "a.txt", text="said")
    (folder / "transcripts.tsv").write_text("path\tspeaker\ttranscript\nsub/b.wav\ts\tone two\nc.wav\ts\t\n")
    found = Side.of(folder, "reference").things(TEXT)
    assert {name: source.text for name, source in found.items()} == {"a": None, "sub/b": "one two"}
    assert "c" in Side.of(folder, "estimate").things(TEXT)  # a system may have heard nothing
    (folder / "b.txt").write_text("x")
    (folder / "transcripts.tsv").write_text("path\ttranscript\nr/b.wav\tone two\n")  # with the folder's own name
    with pytest.raises(UsageError, match="both have a text for b"):
        Side.of(folder, "reference").things(TEXT)


def test_a_table_by_itself_and_a_single_file(tree):
    folder = tree("d", "a.wav", "b.wav")
    (folder / "t.tsv").write_text("path\ttranscript\na.wav\tone\nb.wav\ttwo\n")
    found = pairs(folder, folder / "t.tsv", "asr-wer")
    assert [pair.references["spoken"][0].text for pair in found.pairs] == ["one", "two"]
    (only,) = pairs(folder / "a.wav", folder / "t.tsv", "asr-wer").pairs
    assert only.name == "a" and only.references["spoken"][0].text == "one"
    (only,) = pairs(folder / "a.wav", folder / "b.wav", "stoi").pairs
    assert only.name == "a" and only.references["sound"][0].path.name == "b.wav"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name\ttranscript\na\tb\n", "needs columns called path and transcript"),
        ("path\ttranscript\na\n", "line 2: 1 fields"),
        ("", "needs columns"),
    ],
)
def test_a_broken_table_is_one_sentence(tree, table, words):
    folder = tree("r", "transcripts.tsv", text=table)
    with pytest.raises(BadFile, match=words):
        Side.of(folder, "reference").things(TEXT)


def test_several_kinds_of_metric_make_one_pair(tree):
    found = pairs(tree("e", "a.wav", "b.wav"), tree("r", "a.wav", "a.txt", "b.wav"), "stoi", "asr-wer", "nisqa")
    kinds = {pair.name: sorted(pair.estimates) for pair in found.pairs}
    assert kinds == {"a": ["sound", "speech", "spoken"], "b": ["sound", "speech"]}
    assert len({pair.estimates["sound"] == pair.estimates["speech"] for pair in found.pairs}) == 1


def test_a_missing_estimate_is_missing_for_metrics_without_reference_too(tree):
    found = pairs(tree("e", "a.wav", "x.wav"), tree("r", "a.wav", "b.wav"), "nisqa", "stoi")
    assert {pair.name: pair.estimates["speech"] is None for pair in found.pairs} == {"a": False, "b": True}
    alone = pairs(tree("e", "a.wav", "x.wav"), None, "nisqa")
    assert [pair.name for pair in alone.pairs] == ["a", "x"]
    assert "was not used" in pairs(tree("e", "a.wav"), tree("r", "b.wav"), "nisqa").notes[0]


@pytest.mark.parametrize(
    ("metric", "reference", "words"),
    [
        ("wer", "r", "wer needs text as the estimate"),
        ("stoi", None, "stoi compares with a reference"),
        ("stoi", "r/a.wav", "name two files or two folders"),
        ("cpr", "r", "cpr is not judged from files"),
        ("psnr", "r", "psnr needs pictures or video"),
    ],
)
def test_what_does_not_fit_is_one_sentence(tree, metric, reference, words):
    folder = tree("e", "a.wav")
    other = None if reference is None else tree("r", "a.wav").parent / reference
    with pytest.raises(UsageError, match=words):
        pairs(folder, other, metric)


def test_nothing_there(tmp_path, tree):
    with pytest.raises(MissingResource, match="There is no file or folder"):
        Side.of(tmp_path / "none", "estimate")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadFile, match="holds no files"):
        Side.of(tmp_path / "empty", "estimate")


def test_match_keeps_every_reference():
    mine, other = ({name: name for name in names} for names in (("a", "b"), ("b", "c")))
    assert match(mine, other) == ({"b": "b", "c": None}, ["a"], False)


@pytest.mark.parametrize(("mine", "other"), [(5, 5), (3, 100), (100, 3), (1, 2), (70, 70)])
def test_sets_are_cut_into_pieces_that_hold_every_picture_once(tmp_path, mine, other):
    from PIL import Image

    for side, count in (("e", mine), ("r", other)):
        (tmp_path / side).mkdir()
        for i in range(count):
            size = (16, 16) if i % 3 else (20, 16)
            Image.fromarray(np.zeros((*size, 3), np.uint8)).save(tmp_path / side / f"{i:03d}.png")
    found = pairs(tmp_path / "e", tmp_path / "r", "fid")
    for side, count in (("estimate", mine), ("reference", other)):
        taken = [t for p in found.sets if p.again != side for t in getattr(p, f"{side}s")["pictures"]]
        assert len(taken) == len(set(taken)) == count
    assert all(len(t["pictures"]) <= CHUNK for p in found.sets for t in (p.estimates, p.references))
