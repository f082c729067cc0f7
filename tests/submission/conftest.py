"""Submissions made on the spot, fair and foul."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from submission_cards import CODE

from avbench.submission import sandbox

HERE = Path(__file__).parent


@pytest.fixture
def walled():
    """There is a sandbox; without one the test is left out, but never in CI."""
    problem = sandbox.problem()
    if problem is not None and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have a sandbox, and {problem}")
    if problem is not None:
        pytest.skip(f"submitted code runs in a sandbox only, and {problem}")


@pytest.fixture
def archive(tmp_path):
    """Makes a zip of names and contents; `change` may alter each ZipInfo."""

    def make(files, change=None, name="made.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as out:
            for entry, content in files.items() if isinstance(files, dict) else files:
                info = zipfile.ZipInfo(entry)
                info.external_attr, info.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
                if change is not None:
                    change(info)
                out.writestr(info, content)
        return tmp_path / name

    return make


@pytest.fixture
def code(tmp_path):
    """A folder with a card and the systems of `hostile_systems`; gives it for one of them."""

    def make(entry="Fair", more="", **files):
        folder = tmp_path / f"code-{entry.lower()}"
        folder.mkdir()
        (folder / "card.toml").write_text(CODE.replace("Fair", entry) + more)
        shutil.copy(HERE / "hostile_systems.py", folder / "system.py")
        return folder

    return make
