"""docs/submit.md is executed, as it stands; only who votes is no person."""

import json
import re
import runpy
import shlex
import subprocess
import sys
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from avbench.cli import main

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "submit.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    for line in block.splitlines()
]
(CODE,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def vote(command):
    """Serve a test, answer every page of it as one person would who prefers the left, and end the server."""
    main = "import sys; from avbench.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", main, *shlex.split(command)[1:], "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().split()[0]
            checks = json.loads(Path("test.key.json").read_text())["checks"]
            ask, pages = build_opener(HTTPCookieProcessor(CookieJar())).open, 0
            (code,) = re.findall(r'name="code" value="([^"]+)"', ask(url).read().decode())
            page = ask(url + "begin", urlencode({"code": code, "consent": "yes"}).encode()).read().decode()
            while found := re.search(r'name="trial" value="([^"]+)"', page):
                answer = {"trial": found[1], "answer": checks.get(found[1], "left")}
                page, pages = ask(url + "vote", urlencode(answer).encode()).read().decode(), pages + 1
            return pages
        finally:
            server.terminate()


def test_the_tutorial(walled, tmp_path, cache, monkeypatch, capfd):
    pytest.importorskip("starlette", reason="needs the extra listen")
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) >= 12
    for command in COMMANDS:
        if command.startswith("avbench listen serve "):
            assert vote(command) == 2 + 6
            continue
        if command.startswith("avbench "):
            code, said = main(shlex.split(command)[1:]), capfd.readouterr()
        else:
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
            code, said = done.returncode, done
        assert code == 0, f"{command}\n{said}"
        if command.startswith("avbench leaderboard show"):
            assert "my-system" in said.out and "mutud" in said.out
        if command.startswith("avbench listen tally"):
            assert "my-system over mutud" in said.out and "2/2" in said.out
    assert (tmp_path / "my-system" / "system.py").read_text().endswith(CODE)
    assert (tmp_path / "scored" / "my-system" / "submission.json").is_file()
    assert list((tmp_path / "boards" / "site" / "run").glob("avse-tiny-my-system-*.html"))
    assert (tmp_path / "scored-outputs" / "my-outputs" / "summary.json").is_file()
    tests = runpy.run_path(str(tmp_path / "my-system" / "test_system.py"))
    tests["test_it_has_no_fault"]()
    tests["test_it_answers_mock_trials"]()


def test_the_readme_tells_the_same():
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("people's ears")[1].split("Open `boards")[0]
    told = re.findall(r"^    (avbench .*)$", block, re.MULTILINE)
    assert told[0] == "avbench submit new my-system" and told[-1] == "avbench listen tally test"
    assert [command for command in COMMANDS if command in told] == told
