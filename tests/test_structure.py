"""The house rules that a machine can see: who imports whom, what an import costs, what the wheel holds."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def imports_of(path):
    """Absolute names of what a file imports anywhere, relative imports resolved."""
    package = ["avbench", *path.relative_to(ROOT / "avbench").parent.parts]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            yield ".".join([*above, *([node.module] if node.module else [])])


def test_the_harness_never_imports_a_system():
    for path in (ROOT / "avbench").rglob("*.py"):
        for name in imports_of(path):
            assert not name.startswith(("avbench.systems", "avbench.baselines")), f"{path} imports {name}"


def test_only_one_file_touches_the_gpl_library():
    touching = [p.name for p in (ROOT / "avbench").rglob("*.py") if "CDLL" in p.read_text()]
    assert touching == ["espeak_worker.py"]
    head = (ROOT / "avbench/data/synth/espeak_worker.py").read_text()[:400]
    assert "SPDX-License-Identifier: GPL-3.0-or-later" in head


@pytest.mark.parametrize("module", ["avbench", "avbench.cli", "avbench.metrics", "avbench.registry", "avbench.tasks"])
def test_import_is_cheap(module):
    heavy = "{'torch', 'numba', 'matplotlib', 'lightning', 'av', 'scipy.signal', 'pesq'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_and_functions_stay_small():
    for folder in ("avbench", "systems", "baselines"):
        for path in (ROOT / folder).rglob("*.py"):
            lines = path.read_text().count("\n")
            assert lines <= 330, f"{path} has {lines} lines"
            assert path.name not in ("utils.py", "helpers.py")


def test_no_path_of_a_machine_and_no_host_of_a_registry():
    import re

    forbidden = re.compile(
        "|".join(["/" + "root/", "/" + "work/", "py" + "pi[.]org", "python" + "hosted", "/tmp/" + "bash"])
    )
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.split("\n"):
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".yml", ".tsv", ".cff", ".jsonl", "") and path.is_file():
            assert not forbidden.search(path.read_text(errors="ignore")), name
