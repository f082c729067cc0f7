"""Work shared with other processes: errors come back whole, and nobody outlives the owner."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avbench.errors import MissingResource, UnknownName
from avbench.processors import processes


def begin(*given):
    pass


def fail(name):
    raise UnknownName("thing", name, ["this", "that"])


def die():
    os._exit(1)


def test_errors_come_back_as_they_were():
    again = pickle.loads(pickle.dumps(UnknownName("thing", "thas", ["this", "that"])))
    assert str(again) == str(UnknownName("thing", "thas", ["this", "that"]))
    with pytest.raises(UnknownName, match="There is no thing called 'thos'"), processes(1, begin) as pool:
        pool.submit(fail, "thos").result()
    with pytest.raises(MissingResource, match="use fewer workers"), processes(1, begin) as pool:
        pool.submit(die).result()


OWNER = """
import os, sys, time
sys.path.insert(0, {here!r})
from test_processors import begin
from avbench.processors import processes

if __name__ == "__main__":
    with processes(2, begin) as pool:
        print(*{{pool.submit(os.getpid).result() for _ in range(8)}}, flush=True)
        pool.submit(time.sleep, 60)
        time.sleep(60)
"""


def test_nobody_outlives_a_killed_owner(tmp_path):
    (tmp_path / "owner.py").write_text(OWNER.format(here=str(Path(__file__).parent)))
    with subprocess.Popen([sys.executable, tmp_path / "owner.py"], stdout=subprocess.PIPE, text=True) as owner:
        workers = [int(word) for word in owner.stdout.readline().split()]
        assert workers
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    for _ in range(100):
        if not any(_lives(worker) for worker in workers):
            return
        time.sleep(0.2)
    pytest.fail("a worker lives on")


def _lives(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
