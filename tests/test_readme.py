"""What the README says is executed, as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import corpus_trees
import numpy as np
import pytest

from avbench.data.dataset import open_dataset
from avbench.data.noise import open_noise
from avbench.signal.audio import write_wav
from avbench.types import Audio

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CONSOLE = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.startswith("$ ")
]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)

MY_SYSTEM = """
from avbench.types import Card, Prediction


class MySystem:
    card = Card(id="mine", title="half as loud", paper="none", inputs=frozenset({"audio"}), output="audio", rate=16000,
                causal=True, lookahead=0.0)
    digest = "1"

    def load(self, device):
        pass

    def predict(self, inputs):
        return [Prediction(audio=type(i.audio)(i.audio.samples * 0.5, i.audio.rate)) for i in inputs]
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory, cache):
    """A user's folder with recordings, noises, a noisy file and a system."""
    desk = tmp_path_factory.mktemp("desk")
    dataset, noises = open_dataset("avbench-synth"), open_noise("synth-noise")
    for clip_id in dataset.ids[:3]:
        (desk / "speech").mkdir(exist_ok=True)
        write_wav(desk / "speech" / f"{clip_id}.wav", dataset.audio(dataset.clip(clip_id)), "PCM_16")
    (desk / "noise").mkdir()
    for item in ("rain-t00", "engine-t00", "music-t00"):
        write_wav(desk / "noise" / f"{item}.wav", Audio(0.1 * noises.load(item), 16000), "PCM_16")
    clean = dataset.audio(dataset.clip(dataset.ids[0])).samples
    noisy = clean + 0.05 * np.resize(noises.load("rain-t00"), len(clean))
    write_wav(desk / "clean.wav", Audio(clean, 16000), "PCM_16")
    write_wav(desk / "noisy.wav", Audio(noisy.astype(np.float32), 16000), "PCM_16")
    corpus_trees.grid(desk / "corpora" / "GRID")
    (desk / "my_package").mkdir()
    (desk / "my_package" / "__init__.py").touch()
    (desk / "my_package" / "my_module.py").write_text(MY_SYSTEM)
    return desk


def test_the_first_command_is_the_one_that_ci_runs():
    command = "avbench run --system mutud --task avse --snr -15:5"
    assert f"pip install uv && uv run {command}\n" in README
    assert command in (ROOT / ".ci/run").read_text()


def test_commands(desk):
    avbench = Path(sys.executable).with_name("avbench")
    assert len(CONSOLE) >= 8
    for command in CONSOLE:
        assert command.startswith("avbench ")
        typed = f"{avbench}{command.removeprefix('avbench')}"
        done = subprocess.run(["bash", "-c", typed], cwd=desk, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    assert (desk / "enhanced" / "noisy.wav").is_file()
    assert len(list((desk / "exam").glob("*.wav"))) == 12


def test_python(desk):
    for block in PYTHON:
        done = subprocess.run([sys.executable, "-c", block], cwd=desk, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
