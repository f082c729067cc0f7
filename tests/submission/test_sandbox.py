"""Hostile code in the sandbox: it sees no target, reaches nobody, and whatever it does costs it an answer."""

import json
import os
import re
import socket
import struct
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

import avbench
from avbench.data.synth.cache import cache_folder
from avbench.errors import EstimateFault, MissingResource
from avbench.submission import calls, sandbox
from avbench.submission.box import Box
from avbench.submission.sandbox import Limits
from avbench.submission.wire import WireError, prediction_of
from avbench.types import Audio, Inputs

PACKAGE = Path(avbench.__file__).parent


def given(seconds=0.5):
    samples = (0.1 * np.sin(np.arange(round(16000 * seconds)) / 9)).astype(np.float32)
    return Inputs("mock", Audio(samples, 16000), None, 7)


@pytest.fixture
def boxed(walled, code):
    """Opens a box of one of the hostile systems."""
    opened = []

    def make(entry, kind="audio", secret=(), prepare=lambda folder: None, **limits):
        folder = code(entry)
        prepare(folder)
        opened.append(Box(folder, f"system:{entry}", kind, Limits(**limits), secret=tuple(secret)))
        return opened[-1]

    yield make
    for box in opened:
        box.close()


def test_what_a_spy_gets_to_know(boxed, tmp_path, cache):
    """Targets, home, runs, caches, /tmp, other processes, the network, and rights."""
    runs, home = tmp_path / "runs", Path.home()
    (runs / "scores").mkdir(parents=True)
    (runs / "run.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as server, tempfile.NamedTemporaryFile() as file:
        file.write(b"secret")
        file.flush()
        asked = {
            "secrets": [
                str(runs), str(runs / "run.json"), str(cache_folder()), file.name,
                *([] if any(path.is_relative_to("/tmp") for path in sandbox.visible()) else ["/tmp"]),
                "/etc/passwd", "/etc/hostname", str(PACKAGE / "data"), str(PACKAGE / "protocols"), "/var/log", "/sys",
                str(PACKAGE.parent / "systems"), str(PACKAGE / "protocols" / "plans" / "tiny.jsonl"),
                f"/proc/{os.getpid()}/environ", "/proc/1/" + "root/etc/passwd",
            ],
            "places": [
                "/box/mine", "/mine", "/tmp/mine", "/usr/mine", "/submission/mine", "/submission/system.py",
                "/dev/mine", "/dev/shm/mine", "/proc/sys/kernel/core_pattern", str(home / "mine"), file.name,
                str(PACKAGE / "types.py"), str(PACKAGE / "data" / "mine"), str(tmp_path / "mine"),
            ],
            "addresses": [server.getsockname(), ["8.8.8.8", 53]],
            "modules": ["avbench.data.dataset", "avbench.protocols.rules", "espeakng_loader.lib",
                        "avbench.systems.mutud"],
            "pid": os.getpid(),
        }  # fmt: skip
        spy = boxed("Spy", "text", [cache_folder(), runs],
                    lambda folder: (folder / "asked.json").write_text(json.dumps(asked)))  # fmt: skip
        answer = spy.ask(given())
    assert isinstance(answer, str), answer
    found = json.loads(answer)
    assert found["read"] == [] and found["written"] == ["/box/mine"]
    assert found["connected"] == [] and found["imported"] == []
    assert found["names"] == ["audio", "face", "id", "references", "seed", "video", "wanted"]
    assert not any(name.startswith(("AVBENCH", "PYTEST")) for name in found["environment"])
    assert len(found["processes"]) <= 2
    for right in ("mounted", "namespace", "traced", "raised", "killed", "names in raw sockets"):
        assert found[right] is False, right
    if os.uname().machine in ("x86_64", "aarch64"):
        assert found["memory file"] is False and found["shared memory"] is False
        assert found["talks"] == ["own descriptors", "a socket"]


def test_of_home_and_the_working_folder_only_what_python_needs_is_there(boxed, tmp_path):
    """A Python may lie below home: then home is a bare way that leads to it, and nothing beside it."""
    hidden = [path for path in (*Path.home().iterdir(), *Path.cwd().iterdir()) if not _leads_to_python(path)]
    asked = {name: [] for name in ("places", "addresses", "modules")}
    asked |= {"secrets": [str(path) for path in hidden], "pid": os.getpid()}
    spy = boxed("Spy", "text", (), lambda folder: (folder / "asked.json").write_text(json.dumps(asked)))
    assert json.loads(spy.ask(given()))["read"] == []


def _leads_to_python(path):
    return any(seen.is_relative_to(path) or path.is_relative_to(seen) for seen in sandbox.visible())


LIMITED = {
    "Endless": ({"seconds": 1.5}, "took longer than 1.5 s"),
    "Deaf": ({"seconds": 1.5}, "took longer than 1.5 s"),
    "Spawner": ({"processes": 16}, "more than 16 processes"),
    "Hog": ({"memory": 384 << 20}, "MemoryError|MiB of memory"),
    "SharedHog": ({"memory": 384 << 20}, "384 MiB of memory"),
    "DiskHog": ({"disk": 32 << 20}, "No space left|File too large"),
    "Quitter": ({}, r"exit code 7 \(so long\)"),
    "Leaver": ({}, "raised SystemExit"),
    "Crasher": ({}, "exit code 139"),
    "Pickler": ({}, "does not begin as a message does"),
    "Braggart": ({}, "cannot be read|more than a message may hold"),
    "Bender": ({}, "cannot be read"),
    "Babbler": ({}, "holds more than it announces"),
    "Objector": ({}, "cannot be read"),
    "Mute": ({}, "no audio"),
    "TwoForOne": ({}, "2 predictions for one trial"),
}


@pytest.mark.parametrize("entry", LIMITED)
def test_whatever_it_does_costs_it_an_answer(boxed, entry):
    limits, words = LIMITED[entry]
    box = boxed(entry, **{"seconds": 30.0, **limits})
    box.load()
    began = time.monotonic()
    answer = box.ask(given())
    assert isinstance(answer, EstimateFault) and re.search(words, answer.reason), answer
    assert answer.reason.isprintable()
    assert time.monotonic() - began < 60
    assert not Path("/tmp/owned").exists()
    box.close()
    assert box.process is None


@pytest.mark.parametrize("rate", [10**400, float("inf"), float("nan"), 0, -1, True, "1"])
@pytest.mark.parametrize("kind", ["audio", "video"])
def test_a_rate_that_cannot_be(kind, rate):
    arrays = {"audio": np.zeros(9, np.float32), "video": np.zeros((1, 8, 8, 3), np.uint8)}
    with pytest.raises(WireError, match=f"holds no {kind}"):
        prediction_of({"rate": rate}, arrays, kind)


def test_torch_starts_under_the_filter(boxed):
    pytest.importorskip("torch")
    answer = boxed("Torch").ask(given())
    assert isinstance(answer, Audio) and np.array_equal(answer.samples, 0.5 * given().audio.samples)


def test_the_filter_of_every_machine_ends_where_it_should():
    """Each jump stays inside, in 8 bits, and each of both programs denies and allows what its table says."""
    for architecture, numbers, judged in calls.MACHINES.values():
        program = list(struct.iter_unpack("<HBBI", calls._program(architecture, [*numbers.values()], judged)))
        for number in numbers.values():
            assert _verdict(program, architecture, number, 0, 0) == calls.DENY
        assert _verdict(program, architecture, 0xFFF, 0, 0) == calls.ALLOW
        for name, number in judged.items():
            place, values = calls.PERMITTED[name]
            for value in (*values, 5, 6, 7, 36, 37, 38, 40, 1024, 1025, 1026):
                found = _verdict(program, architecture, number, *((0, value) if place else (value, 0)))
                assert found == (calls.ALLOW if value in values else calls.DENY)
    assert _verdict(program, 7, 0, 0, 0) == calls.DENY


def _verdict(program, architecture, number, first, second):
    """What the kernel would make of a call."""
    held = {0: number, 4: architecture, 16: first, 24: second}
    at, value = 0, None
    while True:
        code, yes, no, wanted = program[at]
        if code == calls.RETURN:
            return wanted
        if code == calls.LOAD:
            value = held[wanted]
        else:
            at += yes if (value == wanted if code == calls.EQUAL else value >= wanted) else no
        at += 1


def test_after_a_loss_it_goes_on(boxed):
    box = boxed("Chatterbox")
    answer = box.ask(given())
    assert np.array_equal(answer.samples, 0.5 * given().audio.samples) and answer.rate == 16000
    box.process.kill()
    assert isinstance(box.ask(given()), Audio)


def test_it_cannot_be_loaded(boxed):
    with pytest.raises(MissingResource, match="took longer than 1 s"):
        boxed("EndlessLoad", loading=1.0).load()
    with pytest.raises(MissingResource, match="ValueError: no") as caught:
        boxed("Unloadable").load()
    assert str(caught.value).isprintable()


def test_nothing_is_left_behind(boxed):
    box = boxed("Spawner", processes=8)
    assert isinstance(box.ask(given()), EstimateFault)
    time.sleep(0.5)
    marks = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.is_file()]
    assert not any(str(box.folder).encode() in mark for mark in marks)


def test_without_bubblewrap_it_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    sandbox.problem.cache_clear()
    assert sandbox.problem() == "bubblewrap (bwrap) is not installed"
    sandbox.problem.cache_clear()
