"""docs/submit.md is executed, as it stands."""

import re
import runpy
import shlex
import subprocess
from pathlib import Path

from avbench.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "submit.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
(CODE,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_tutorial(walled, tmp_path, cache, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 12
    for command in COMMANDS:
        if command.startswith("avbench "):
            code, said = main(shlex.split(command)[1:]), capfd.readouterr()
        else:
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
            code, said = done.returncode, done
        assert code == 0, f"{command}\n{said}"
    assert (tmp_path / "my-system" / "system.py").read_text().endswith(CODE)
    assert (tmp_path / "scored" / "my-system" / "submission.json").is_file()
    assert (tmp_path / "scored-outputs" / "my-outputs" / "summary.json").is_file()
    tests = runpy.run_path(str(tmp_path / "my-system" / "test_system.py"))
    tests["test_it_has_no_fault"]()
    tests["test_it_answers_mock_trials"]()
