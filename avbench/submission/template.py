"""`submit new`: a submission that works, to be changed.

Contents: `new`.
"""

from collections.abc import Mapping
from pathlib import Path

from ..errors import UsageError
from ..signal.files import atomic_write
from ..tasks import get_task
from .card import CARD, NAME

ANSWERS = {
    "audio": ("Audio(0.5 * one.audio.samples, one.audio.rate)", "Audio, Prediction", ""),
    "text": ('"the cat"', "Prediction", ""),
    "scores": (
        "np.abs(np.diff(one.face.frames.astype(float), axis=0, prepend=0)).mean((1, 2, 3))", "Prediction",
        "import numpy as np\n\n",
    ),
    "video": (
        "Video(np.repeat(one.face.frames[:1], round(25 * one.audio.seconds), axis=0), 25.0)", "Prediction, Video",
        "import numpy as np\n\n",
    ),
}  # fmt: skip
"""By the kind of answer: the simplest there is, what is imported for it from avbench.types, and before that."""
INPUTS = {"audio": ("audio",), "text": ("audio",), "scores": ("face",), "video": ("audio", "face")}
SYSTEM = '''"""A system that answers without knowing anything: a place to begin."""

{first}from avbench.submission import card_beside
from avbench.types import {names}


class Mine:
    card = card_beside(__file__)
    digest = "1"

    def load(self, device):
        """Read weights here: safetensors beside this file."""

    def predict(self, inputs):
        return [Prediction({kind}={answer}) for one in inputs]
'''
TEST = '''"""The system answers mock trials, and the submission has no fault."""

from pathlib import Path

from avbench.submission import try_out, validate

HERE = Path(__file__).parent


def test_it_has_no_fault():
    assert validate(HERE).errors == ()


def test_it_answers_mock_trials():
    assert [one.reason for one in try_out(HERE, trust=True)] == ["", "", ""]
'''
LINES = """name = "{name}"
title = "{title}"
authors = ["Your Name"]
paper = "none"
licence = "Apache-2.0"
task = "{task}"
inputs = [{inputs}]
training = "Nothing is trained."
synthetic = false
causal = true
lookahead = 0.0
rate = 16000
"""
CODE = """entry = "system:Mine"

[environment]
python = ">=3.11"
packages = ["numpy>=1.26"]
"""
OUTPUTS = """plan = "{plan}"
# snr = "-5,0"     if `avbench plan render {plan}` was given --snr
# limit = 3        if it was given --limit
"""
NOTE = """# {name}

    avbench plan render {plan} --out exam
    (your system answers exam/<trial>.wav, and whatever else manifest.tsv names, with outputs/<trial>{suffix} here)
    avbench submit validate .
"""


def new(folder: str | Path, task: str = "avse", outputs: bool = False) -> list[Path]:
    """Write a submission that works, with a card and a test; or the frame of one that hands in outputs.

    Args:
        folder: a new or empty one; the submission is called like it.
        task: which task it answers.
        outputs: hand in outputs, no code.

    Returns:
        The files.

    Raises:
        UsageError: the folder holds something, or its name cannot be that of a system.
        UnknownName: no such task.
    """
    folder, found = Path(folder), get_task(task)
    name = folder.resolve().name.lower().replace("_", "-")
    if not NAME.fullmatch(name):
        raise UsageError(f"The submission is called like its folder: name it with a-z 0-9 . _ - only, not {name!r}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already: choose a new folder.")
    inputs = ", ".join(f'"{each}"' for each in INPUTS[found.answer])
    card = LINES.format(name=name, title=f"{name}, a first try", task=found.name, inputs=inputs)
    if outputs:
        from ..evaluation.answers import ANSWERS as KINDS

        suffix = KINDS[found.answer].suffixes[0]
        files = {
            CARD: card + OUTPUTS.format(plan=found.plan),
            "README.md": NOTE.format(name=name, plan=found.plan, suffix=suffix),
        }
        (folder / "outputs").mkdir(parents=True, exist_ok=True)
    else:
        answer, names, first = ANSWERS[found.answer]
        system = SYSTEM.format(first=first, names=names, kind=found.answer, answer=answer)
        files = {CARD: card + CODE, "system.py": system, "test_system.py": TEST}
    return _write(folder, files)


def _write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    for name, text in files.items():
        with atomic_write(folder / name, "w") as file:
            file.write(text)
    return [folder / name for name in files]
