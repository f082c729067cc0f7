"""Finding, checking and fetching weights; opening judges by name."""

import hashlib
import subprocess
import sys
import threading
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest

import avbench.judges as judges
from avbench.errors import BadFile, MissingResource, UnknownName, UsageError
from avbench.judges import JUDGES, Judge, fetch, get_judge, judge_identity, open_judge, use_judge
from avbench.judges.assets import Asset, digest_of, find, identity_of

CONTENT = b"weights, or so it says"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def an_asset(**changes):
    facts = {"name": "toy/toy.pth", "sha256": DIGEST, "bytes": len(CONTENT), "licence": "MIT", "note": "the toy shop"}
    return Asset(**(facts | changes))


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    monkeypatch.setattr(judges, "_chosen", {})
    monkeypatch.setattr(judges, "_opened", {})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An asset folder that holds the toy."""
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/toy.pth").write_bytes(CONTENT)
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    return tmp_path


@pytest.fixture
def toy(monkeypatch):
    """A judge of one file; its adapter is what it was loaded with."""
    loads = []

    def load(files, device):
        loads.append((dict(files), device))
        return object()

    judge = Judge("toy", "A toy", "nobody", "MIT", (an_asset(),), None, load)
    monkeypatch.setattr(judges, "JUDGES", {**JUDGES, "toy": judge})
    return loads


def test_order_of_places(folder, tmp_path):
    other = tmp_path / "own.pth"
    other.write_bytes(b"fine-tuned at home")
    assert find(an_asset()) == folder / "toy/toy.pth"
    assert find(an_asset(), other) == other  # any digest
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat/toy.pth").write_bytes(b"mine")
    assert find(an_asset(), tmp_path / "flat") == tmp_path / "flat/toy.pth"
    assert find(an_asset(), tmp_path) == tmp_path / "toy/toy.pth"


def test_what_a_package_ships_is_found_without_importing_it(monkeypatch, tmp_path):
    (tmp_path / "toyshop/deep").mkdir(parents=True)
    (tmp_path / "toyshop/__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "toyshop/deep/toy.pth").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    assert find(an_asset(package="toyshop:deep/toy.pth")) == tmp_path / "toyshop/deep/toy.pth"
    with pytest.raises(MissingResource):
        find(an_asset(package="no_such_package_here:toy.pth"))


def test_absent_weights_end_in_one_sentence_that_says_what_to_do(tmp_path):
    with pytest.raises(MissingResource, match=r"judge toy .* from the toy shop .* toy/toy\.pth .* AVBENCH_ASSETS"):
        find(an_asset(), judge="toy")
    with pytest.raises(MissingResource, match="avbench doctor --fetch toy"):
        find(an_asset(url="https://example.org/toy.pth"), judge="toy")
    with pytest.raises(MissingResource, match=r"no file .*nowhere\.pth"):
        find(an_asset(), tmp_path / "nowhere.pth")
    with pytest.raises(MissingResource, match=r"holds no toy\.pth"):
        find(an_asset(), tmp_path)


def test_a_known_file_with_another_content_is_refused(folder):
    (folder / "toy/toy.pth").write_bytes(CONTENT + b"!")
    with pytest.raises(BadFile, match=f"expected.*{DIGEST[:8]}|{DIGEST[:8]} is expected"):
        find(an_asset())
    assert find(an_asset(sha256=None)).is_file()
    with pytest.raises(BadFile):
        find(an_asset(sha256=DIGEST[:8]))


def test_a_digest_is_made_once(folder, monkeypatch):
    counted = []
    real = hashlib.file_digest
    monkeypatch.setattr("avbench.judges.assets.hashlib.file_digest", lambda *a: counted.append(1) or real(*a))
    for _ in range(3):
        find(an_asset())
    assert len(counted) == 1


def test_identity_of_several_files_covers_names_and_contents(tmp_path):
    for name, content in (("a", b"1"), ("b", b"2")):
        (tmp_path / name).write_bytes(content)
    both = {"a": tmp_path / "a", "b": tmp_path / "b"}
    assert identity_of({"x": tmp_path / "a"}) == hashlib.sha256(b"1").hexdigest()
    assert identity_of(both) == digest_of(tmp_path)
    assert identity_of(both) != identity_of({"a": both["b"], "b": both["a"]})


def test_open_once_per_weights_and_device(folder, toy, tmp_path):
    first = open_judge("toy")
    assert open_judge("toy") is first and toy == [({"toy/toy.pth": folder / "toy/toy.pth"}, "cpu")]
    assert judge_identity("toy") == f"toy@{DIGEST[:8]}"
    own = tmp_path / "own.pth"
    own.write_bytes(b"other")
    use_judge("toy", own, "cuda")
    assert open_judge("toy") is not first and toy[-1] == ({"toy/toy.pth": own}, "cuda")
    assert judge_identity("toy") == f"toy@{hashlib.sha256(b'other').hexdigest()[:8]}"
    assert open_judge("toy", folder, "cpu") is first
    assert judges.chosen_judges() == {"toy": (str(own), "cuda")}


def test_names_nobody_knows():
    with pytest.raises(UnknownName, match="lpips-alex"):
        open_judge("lpips-alx")
    with pytest.raises(UnknownName):
        use_judge("nobody")


class Point:
    def __init__(self, name, loaded):
        self.name, self.value, self.loaded = name, "shop:ROW", loaded

    def load(self):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def test_judges_of_other_packages(monkeypatch):
    row = Judge("far", "From afar", "nobody", "MIT", (), None, lambda files, device: (files, device))
    points = [Point("far", row), Point("odd", 3), Point("broken", ImportError("no shop"))]
    monkeypatch.setattr(judges, "entry_points", lambda group: points if group == "avbench.judges" else [])
    assert {"far", "odd", "broken", *JUDGES} == set(judges.list_judges())
    assert get_judge("far") is row and open_judge("far") == ({}, "cpu") and judge_identity("far") == "far"
    with pytest.raises(MissingResource, match=r"not an avbench\.judges\.Judge"):
        get_judge("odd")
    with pytest.raises(MissingResource, match="no shop"):
        get_judge("broken")


@pytest.fixture
def server(tmp_path):
    """Serves a folder; what was asked for is noted."""
    served, asked = tmp_path / "served", []
    served.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    with HTTPServer(("127.0.0.1", 0), partial(Handler, directory=served)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}/", served, asked
        running.shutdown()
        thread.join()


def serve(monkeypatch, url, **changes):
    judge = Judge("toy", "A toy", "nobody", "MIT", (an_asset(url=url, **changes),), None, lambda f, d: f)
    monkeypatch.setattr(judges, "JUDGES", {"toy": judge})


def test_fetch(server, tmp_path, monkeypatch):
    url, served, asked = server
    (served / "toy.pth").write_bytes(CONTENT)
    target = tmp_path / "mine"
    monkeypatch.setenv("AVBENCH_ASSETS", str(target))
    serve(monkeypatch, url + "toy.pth")
    with pytest.raises(MissingResource):
        open_judge("toy")
    assert asked == []  # never without being told to
    assert fetch("toy") == [target / "toy/toy.pth"]
    assert (target / "toy/toy.pth").read_bytes() == CONTENT
    assert fetch("toy") and len(asked) == 1
    assert open_judge("toy")


@pytest.mark.parametrize(
    ("content", "path", "error", "words"),
    [
        (b"something else", "toy.pth", BadFile, r"is not toy/toy\.pth: its SHA-256 begins with"),
        (None, "toy.pth", MissingResource, "could not be fetched: .*File not found|Not Found"),
    ],
)
def test_a_fetch_that_fails_leaves_nothing(server, tmp_path, monkeypatch, content, path, error, words):
    url, served, _ = server
    if content is not None:
        (served / path).write_bytes(content)
    serve(monkeypatch, url + path)
    with pytest.raises(error, match=words):
        fetch("toy", tmp_path / "mine")
    assert not [p for p in (tmp_path / "mine").rglob("*") if p.is_file()]


def test_a_server_that_is_not_there(tmp_path, monkeypatch):
    serve(monkeypatch, (tmp_path / "no.pth").as_uri())
    with pytest.raises(MissingResource, match="could not be fetched"):
        fetch("toy", tmp_path)


def test_weights_that_nobody_may_fetch_and_a_place_that_nobody_names(tmp_path, monkeypatch):
    (tmp_path / "toy.pth").write_bytes(CONTENT)
    serve(monkeypatch, (tmp_path / "toy.pth").as_uri(), licence="CC-BY-NC-SA-4.0")
    with pytest.raises(MissingResource, match=r"not downloaded for you \(CC-BY-NC-SA-4\.0\).*the toy shop"):
        fetch("toy", tmp_path)
    with pytest.raises(UsageError, match="AVBENCH_ASSETS"):
        fetch("toy")


def test_another_judge_may_stand_in(tmp_path, monkeypatch):
    """Whatever asks for the one gets the other, under the other's name."""
    from dataclasses import replace
    from types import SimpleNamespace

    import avbench.judges as room
    from avbench.evaluation import judging
    from avbench.evaluation.judging import choices, identities

    monkeypatch.setattr(judging, "_known", lambda: frozenset({"usual", "other"}))
    one = next(iter(room.JUDGES.values()))
    (tmp_path / "a.pth").write_bytes(b"a")
    shipped = [Asset("a.pth", None, None, "CC0-1.0"), Asset("b.pth", None, None, "CC0-1.0")]
    judges = {
        name: replace(one, name=name, assets=(asset,), instead=(), resolve=None, load=lambda files, device: dict(files))
        for name, asset in zip(("usual", "other"), shipped, strict=True)
    }
    monkeypatch.setattr(room, "JUDGES", judges)
    monkeypatch.setattr(room, "_chosen", {})
    (tmp_path / "b.pth").write_bytes(b"b")
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    assert list(room.open_judge("usual")) == ["a.pth"]
    room.use_judge("usual", "other")
    assert list(room.open_judge("usual")) == ["b.pth"]
    assert room.judge_identity("usual").startswith("other@")
    room.use_judge("usual", "usual")
    assert list(room.open_judge("usual")) == ["a.pth"] and room.judge_identity("usual").startswith("usual@")

    own = tmp_path / "own" / "b.pth"  # weights of the one that stands in, in a place that only the user knows
    own.parent.mkdir()
    own.write_bytes(b"c")
    (tmp_path / "b.pth").unlink()
    room.use_judge("other", own)
    room.use_judge("usual", "other")
    assert room.open_judge("usual")["b.pth"] == own
    chosen = choices({"usual": "other", "other": str(own)})
    asking = SimpleNamespace(judge="usual")
    monkeypatch.setattr(room, "_chosen", {})  # an identity is asked for before the worker is told
    assert identities([asking], chosen) == {"usual": room.judge_identity("other", own)}
    assert judging.tell_judges(chosen) == {} and room.open_judge("usual")["b.pth"] == own


def test_every_row_can_be_had_or_says_where_from():
    for name, judge in JUDGES.items():
        assert judge.name == name and judge.licence and judge.source
        for asset in (a for group in (judge.assets, *judge.instead) for a in group):
            assert asset.fetchable or asset.note or asset.package, asset.name
            assert not asset.fetchable or (asset.sha256 and len(asset.sha256) >= 8), asset.name


def test_known_digests(assets):
    """Those of the table are those of the real files."""
    seen = 0
    for judge in JUDGES.values():
        for asset in (a for group in (judge.assets, *judge.instead) for a in group):
            path = assets / asset.name
            if path.is_file() and asset.sha256 is not None:
                assert digest_of(path) == asset.sha256
                assert asset.bytes is None or path.stat().st_size == asset.bytes
                seen += 1
    assert seen >= 14


def test_importing_the_room_loads_nothing_heavy():
    heavy = (
        "{'torch', 'torchvision', 'h5py', 'onnxruntime', 'dlib', 'espnet', 'espnet2', 'scipy', 'resemblyzer', 'numba'}"
    )
    code = f"import sys, avbench.judges; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
