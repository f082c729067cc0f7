"""Fixtures that every room shares, and the switches for slow and GPU tests."""

import importlib
import os
import signal
from pathlib import Path

import pytest

# A suite started in the background of a shell inherits an ignored Ctrl-C, and so would the programs that it interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

if "PYTEST_XDIST_WORKER" in os.environ:  # one worker for each processor: more threads would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

if os.environ.get("CI") == "true":  # where a missing extra is a hole in the suite, and not a reason to skip
    pytest.importorskip = lambda name, *_, **__: importlib.import_module(name)

# The longest files begin first, so that no processor waits for another one at the end.
FIRST = ("test_readme.py", "test_listening_page.py", "test_training.py", "test_visualvoice.py")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")
    parser.addoption("--run-gpu", action="store_true", help="also run tests marked gpu")


def pytest_collection_modifyitems(config, items):
    items.sort(key=lambda item: item.path.name not in FIRST)
    for item in items:
        for marker in ("slow", "gpu"):
            if marker in {m.name for m in item.iter_markers()} and not config.getoption(f"--run-{marker}"):
                item.add_marker(pytest.mark.skip(reason=f"marked {marker}: run with --run-{marker}"))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """One cache folder for the whole session and all its workers, unless AVBENCH_TEST_CACHE names a warm one."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = os.environ.get("AVBENCH_TEST_CACHE") or str(shared / "cache")
    before = os.environ.get("AVBENCH_CACHE")
    os.environ["AVBENCH_CACHE"] = folder
    yield Path(folder)
    if before is None:
        del os.environ["AVBENCH_CACHE"]
    else:
        os.environ["AVBENCH_CACHE"] = before


@pytest.fixture(scope="session")
def shared_data():
    """Real recordings, which never enter the repository."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("real recordings are not here: put them in ../shared/data to run this test")
    return folder
