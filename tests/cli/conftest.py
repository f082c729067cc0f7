"""Recordings and noises made on the spot, and the command line as a function and as a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from waves import wave

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-c", "import sys; from avbench.cli import main; sys.exit(main())"]


@pytest.fixture(scope="session")
def material(tmp_path_factory):
    """12 clips of 12 speakers below speech/, four kinds of noise below noise/."""
    home = tmp_path_factory.mktemp("material")
    for kind, count in (("speech", 12), ("noise", 4)):
        (home / kind).mkdir()
        for i in range(count):
            soundfile.write(home / kind / f"{kind}{i:02d}.wav", wave(f"{kind}{i}"), 16000, subtype="PCM_16")
    lines = ["path\tspeaker", *(f"speech{i:02d}.wav\ts{i:02d}" for i in range(12))]
    (home / "speech" / "transcripts.tsv").write_text("\n".join(lines) + "\n")
    return home


@pytest.fixture
def options(material):
    """What makes `run` use the material, cheaply."""
    return [
        "--dataset", f"folder:{material / 'speech'}", "--noise", f"folder:{material / 'noise'}",
        "--metrics", "stoi,si-sdr", "--workers", "1",
    ]  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to be in, with our own systems in reach."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(HERE))
    return tmp_path


@pytest.fixture
def avbench(home, capfd):
    """Call the command line here; gives exit code, standard output and standard error."""
    from avbench.cli import main

    def call(*words):
        code = main([str(word) for word in words])
        return code, *capfd.readouterr()

    return call


@pytest.fixture
def process(home):
    """Start the command line as a process of its own, in a session of its own."""
    started = []

    def start(*words):
        environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        words = [*COMMAND, *map(str, words)]
        started.append(subprocess.Popen(words, cwd=home, env=environment, text=True, start_new_session=True, **pipes))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.kill()
        one.communicate()
