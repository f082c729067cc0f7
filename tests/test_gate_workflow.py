"""The workflow that others call: its scripts are executed here, with a short run in place of the long one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from avbench.evaluation.check_report import markdown_text
from avbench.evaluation.kept import keep, kept_path
from avbench.evaluation.record import Record, write_json
from avbench.evaluation.runs import open_run
from avbench.evaluation.summary import summarise
from avbench.metrics import get_metric

ROOT = Path(__file__).resolve().parents[1]
GATE = (ROOT / ".github/workflows/gate.yml").read_text()
OURS = "leaderboards/runs/avse/avbench-synth/tiny/mutud.json"
STAND_IN = """#!{python}
import shutil, sys
if sys.argv[1] == "run":
    shutil.copytree("prepared", sys.argv[sys.argv.index("--out") + 1] + "/mutud")
    open("typed", "w").write("\\n".join(sys.argv[1:]))
else:
    from avbench.cli import main
    sys.exit(main())
"""


def script(name):
    """What a step runs."""
    step = GATE.split(f"- name: {name}\n")[1].split("      - ")[0]
    lines = step.split("run: |\n")[1].splitlines()
    return "\n".join(line.removeprefix(" " * 10) for line in lines)


@pytest.fixture
def desk(tmp_path):
    """A repository with a baseline, and `avbench run` replaced by a copy of the same run."""
    run = tmp_path / "prepared"
    kept = open_run(ROOT / OURS)
    (run / "scores").mkdir(parents=True)
    write_json(run / "run.json", kept.head)
    write_json(run / "summary.json", kept.record.summary)
    for trial in kept.trials:
        write_json(run / "scores" / f"{trial['trial']}.json", trial)
    write_json(run / "cost.json", kept.cost)
    keep(run, tmp_path / "baseline.json")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/avbench").write_text(STAND_IN.format(python=sys.executable))
    (tmp_path / "bin/avbench").chmod(0o755)
    return tmp_path


def follow(desk):
    """The steps `run` and `check`; gives the exit code, and what is shown under the change."""
    environment = {
        **os.environ, "PATH": f"{desk / 'bin'}:{os.environ['PATH']}", "SYSTEM": "mutud", "TASK": "avse",
        "PROTOCOL": "tiny", "BASELINE": "baseline.json", "RUN_OPTIONS": "--limit 3", "CHECK_OPTIONS": "",
        "GITHUB_STEP_SUMMARY": str(desk / "summary.md"),
    }  # fmt: skip
    for name in ("run", "check"):
        done = subprocess.run(["bash", "-ec", script(name)], cwd=desk, env=environment, capture_output=True, text=True)
        if done.returncode:
            break
    return done.returncode, (desk / "summary.md").read_text()


def test_an_equal_run_passes(desk):
    code, shown = follow(desk)
    assert code == 0 and "avbench check passed: mutud on avse (tiny)" in shown
    assert (desk / "typed").read_text().split("\n") == [
        "run", "--system", "mutud", "--task", "avse", "--protocol", "tiny", "--anchors", "none", "--out", "gate/runs",
        "--limit", "3",
    ]  # fmt: skip
    assert (desk / "gate/junit.xml").is_file() and json.loads((desk / "gate/check.json").read_text())["passed"]


def test_a_degraded_one_fails_and_the_comment_is_there(desk):
    record = Record(desk / "prepared")
    for path in sorted((desk / "prepared/scores").iterdir()):
        trial = json.loads(path.read_text())
        trial["scores"]["stoi"]["value"] -= 0.03
        write_json(path, trial)
    head = record.head
    metrics = [get_metric(name.partition("@")[0]) for name in head["identity"]["metrics"]]
    rows = summarise(record.trials(), head["identity"]["axes"], metrics, head["asked"])
    write_json(desk / "prepared/summary.json", {"sound": "exact", "rows": rows})
    code, shown = follow(desk)
    assert code == 1 and "avbench check failed" in shown and "❌ | stoi %" in shown
    assert "failure" in (desk / "gate/junit.xml").read_text()


def test_our_own_baseline_is_what_the_workflow_checks_against():
    run = open_run(ROOT / OURS)
    assert str(kept_path(run)) == OURS and OURS in (ROOT / ".github/workflows/ci.yml").read_text()
    assert run.head["official"] and run.unranked is None and run.cost["parameters"] > 1_000_000
    assert len(run.trials) == 60 and all(row["ci95"] and row["complete"] for row in run.rows)
    assert (ROOT / OURS).stat().st_size < 64_000
    named = re.findall(r"avbench check \S+ --against (\S+\.json)", (ROOT / "docs/gate.md").read_text())
    assert set(named) == {OURS}


def test_nothing_that_a_caller_gives_is_written_into_a_script():
    scripts = re.findall(r"run: (?:\|\n((?:\s{10}.*\n)+)|(.*)\n)", GATE)
    assert len(scripts) == 5 and not any("${{" in text for pair in scripts for text in pair)


def test_the_workflows_are_yaml():
    yaml = pytest.importorskip("yaml")
    gate = yaml.safe_load(GATE)
    inputs = gate[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true
    ours = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["gate"]
    assert set(ours["with"]) <= set(inputs)
    assert {name for name, facts in inputs.items() if facts.get("required")} <= set(ours["with"])
    assert set(re.findall(r"inputs\.([a-z-]+)", GATE)) == set(inputs)


def test_the_page_names_options_that_there_are():
    from avbench.cli import VERBS
    from avbench.cli import check as verb

    page = (ROOT / "docs/gate.md").read_text()
    import inspect

    known = {f"--{name.replace('_', '-')}" for name in inspect.signature(verb.check).parameters}
    asked = set(re.findall(r"`(--[a-z-]+)", page)) | {"--renew", "--against"}
    assert asked <= known and "check" in VERBS and shutil.which("bash")


def test_the_page_gives_the_relevance_that_the_table_has():
    from avbench.metrics import METRICS

    text = (ROOT / "docs/gate.md").read_text().split("The relevance of a metric")[1].split("\n\n")[0]
    said = {}
    for names, value in re.findall(r"((?:`[a-z0-9-]+`,?\s)+)([\d.]+)", text):
        said |= {name: float(value.rstrip(".")) for name in re.findall(r"`([a-z0-9-]+)`", names)}
    assert len(said) >= 20 and said == {name: METRICS[name].relevance for name in said}


def test_two_uses_of_the_gate_leave_two_artifacts(tmp_path):
    def artifact(**changed):
        names = re.findall(r"^      ([A-Z_]+): ", GATE, re.M)
        asked = {**dict.fromkeys(names, ""), "SYSTEM": 'a:b/"c"', "TASK": "avse", "PROTOCOL": "tiny", **changed}
        environment = {**os.environ, **asked, "GITHUB_OUTPUT": str(tmp_path / "output")}
        (tmp_path / "output").write_text("")
        subprocess.run(["bash", "-ec", script("name")], env=environment, check=True)
        return (tmp_path / "output").read_text().removeprefix("artifact=").removesuffix("\n")

    others = [artifact(SYSTEM='a:b/"d"'), artifact(SYSTEM="a:b-'c'"), artifact(BASELINE="b.json"), artifact(TASK="asd")]
    found = [artifact(), *others, artifact(SYSTEM="x" * 500), artifact(SYSTEM="x" * 501)]
    assert len(set(found)) == len(found) and artifact() == found[0]
    assert all(re.fullmatch(r"gate-[A-Za-z0-9._-]{1,90}", name) for name in found), found
    assert "name: ${{ steps.name.outputs.artifact }}\n" in GATE and "id: name\n" in GATE


GH = """#!{python}
import json, sys
if "--paginate" in sys.argv:
    sys.stdout.write(open("comments.json").read())
else:
    open("asked", "w").write(" ".join(sys.argv[1:]))
"""


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed; runners of GitHub have it")
@pytest.mark.parametrize(
    "system, author, edited", [("mutud", "github-actions[bot]", True), ("gcrn", "github-actions[bot]", False),
                               ("mutud", "somebody", False)],
)  # fmt: skip
def test_a_comment_takes_the_place_of_the_one_of_the_same_system(tmp_path, system, author, edited):
    def text(system, passed):
        facts = {"system": system, "task": "avse", "plan": "tiny", "kind": "synthetic", "clusters": "speakers"}
        return markdown_text(
            {**facts, "against": "b", "passed": passed, "rows": [], "cost": [], "worse": [], "notes": []}
        )

    said = [("somebody", 1, "I agree"), (author, 2, text(system, True)), ("github-actions[bot]", 3, "built: see here")]
    pages = [[{"user": {"login": who}, "id": number, "body": body} for who, number, body in said], []]
    (tmp_path / "comments.json").write_text("".join(map(json.dumps, pages)))
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate/comment.md").write_text(text("mutud", False))
    (tmp_path / "gh").write_text(GH.format(python=sys.executable))
    (tmp_path / "gh").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "NUMBER": "7", "GITHUB_REPOSITORY": "o/r"}
    subprocess.run(["bash", "-ec", script("comment")], cwd=tmp_path, env=environment, check=True)
    patch = "api --method PATCH repos/o/r/issues/comments/2 -F body=@gate/comment.md"
    new = "pr comment 7 --body-file gate/comment.md"
    assert (tmp_path / "asked").read_text() == (patch if edited else new)
