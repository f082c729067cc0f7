import os
import shutil
import subprocess
import sys
from pathlib import Path

import heard
import pytest

MAIN = "import sys; from avbench.cli import main; sys.exit(main())"


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """Runs and tests of a hundred small files; SQLite's own waiting is not touched by this."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.fixture
def people(monkeypatch):
    """A data set whose stills need no landmarks."""
    from avbench.protocols import portraits

    monkeypatch.setattr(portraits, "still", heard.still)
    return heard.People()


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Two runs over triplets of faces, one of which failed one, and the test of them; made once and copied."""
    from avbench.listening import build_test
    from avbench.protocols import portraits

    home = tmp_path_factory.mktemp("faces")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr(portraits, "still", heard.still)
        lost = ("face-cpr-0003.voice.r1",)
        runs = [heard.triplet_run(home / "alpha", "alpha"), heard.triplet_run(home / "beta", "beta", missing=lost)]
        build_test(runs, "cpr", home / "test", trials=12, dataset=heard.People())
    return home


@pytest.fixture
def faces(built, tmp_path):
    """A test of triplets, with its runs, in a folder of the test's own."""
    from avbench.listening import open_test

    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    key = tmp_path / "test.key.json"
    key.write_text(key.read_text().replace(str(built), str(tmp_path)))
    return open_test(tmp_path / "test")


class Server:
    """A real server in a process of its own."""

    def __init__(self, folder, port=0):
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "listen", "serve", str(folder), "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.line = self.process.stdout.readline()
        self.url = self.line.split()[0] if self.line else ""

    @property
    def port(self):
        return int(self.url.rstrip("/").rpartition(":")[2])

    def end(self, kill=False):
        (self.process.kill if kill else self.process.terminate)()
        _, error = self.process.communicate(timeout=20)
        return error


@pytest.fixture
def server():
    """Starts servers, and ends them."""
    pytest.importorskip("starlette", reason="needs the extra listen")
    pytest.importorskip("uvicorn", reason="needs the extra listen")
    started = []

    def start(folder: Path, port: int = 0) -> Server:
        started.append(Server(folder, port))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(kill=True)
