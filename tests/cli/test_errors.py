"""Whatever the user gets wrong is one line on standard error, and an exit code."""

import subprocess
import sys

import pytest

RUN = ("run", "--system", "own_systems:Half")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("runn",), "Did you mean run?"),
        (("run",), "Missing option '--system'"),
        (("run", "--system", "gcrm"), "Did you mean gcrn"),
        (("run", "--system", "gcrn/mached"), "Did you mean gcrn/matched"),
        (("run", "--system", "mutud,mutud"), "mutud was named twice"),
        (("run", "--system", ","), "No system was named"),
        (("run", "--system", ""), "No system was named"),
        (("run", "--system", "no_such_module:Thing"), "no_such_module"),
        (("run", "--system", "own_systems:Hlf"), "Did you mean Half"),
        (("run", "--system", "outputs:nowhere"), "There is no folder nowhere"),
        ((*RUN, "--task", "avs"), "Did you mean avsr or avse"),
        ((*RUN, "--snr", "loud"), "'loud' is not a number"),
        ((*RUN, "--snr", "-15:4"), "does not hit 4"),
        ((*RUN, "--snr=5:-15"), "must ascend"),
        ((*RUN, "--snr", "0,0"), "given twice"),
        ((*RUN, "--set", "modality=sound"), "value of the axis modality called 'sound'"),
        ((*RUN, "--set", "colour=red"), "axis of the task avse called 'colour'"),
        ((*RUN, "--set", "modality"), "AXIS=VALUE"),
        ((*RUN, "--metrics", "stoy"), "Did you mean stoi"),
        ((*RUN, "--metrics", "stoi,stoi"), "stoi was named twice"),
        ((*RUN, "--anchors", "noisi"), "Did you mean noisy"),
        ((*RUN, "--snr", "0:70:1e-30"), "more than 3 decimals"),
        (("run", "--system", ":X"), "package.module:Class"),
        ((*RUN, "--limit", "0"), "--limit must be at least 1"),
        ((*RUN, "--limit", "some"), "valid integer"),
        ((*RUN, "--workers", "0"), "--workers must be at least 1"),
        ((*RUN, "--dataset", "lrs4"), "data set called 'lrs4'"),
        ((*RUN, "--dataset", "folder:nowhere"), "nowhere"),
        ((*RUN, "--noise", "rain"), "noise"),
        ((*RUN, "--protocol", "4-bn"), "Did you mean"),
        ((*RUN, "--device", "gpu"), "'gpu' is not auto, cpu or cuda"),
        ((*RUN, "--weights", "w.safetensors"), "your own class"),
        (("run", "--system", "gcrn,mutud", "--weights", "w"), "belongs to one system"),
        ((*RUN, "--loud"), "No such option"),
        (("show", "nothing"), "There is no run nothing"),
        (("compare", "a", "b"), "There is no run a"),
        (("list", "things"), "'things' is not one of"),
    ],
)
def test_a_wrong_word_is_one_line_and_exit_2(avbench, words, expected):
    code, out, err = avbench(*words)
    assert code == 2 and out == ""
    assert expected in err and err.startswith("avbench: ") and err.count("\n") == 1


def test_a_system_that_cannot_be_loaded_is_one_line_and_debug_shows_where(avbench, options):
    words = ("run", "--system", "own_systems:Suicide", "--limit", 1, *options)
    code, _, err = avbench(*words)
    assert code == 2 and "cannot be loaded: KeyError: 'surprise in" in err and "Traceback" not in err
    code, _, err = avbench("--debug", *words)
    assert code == 2 and "in load" in err


def test_an_unforeseen_error_leaves_a_log_and_debug_shows_it(avbench, options, monkeypatch):
    from avbench.evaluation import evaluate

    def load(*_):
        raise KeyError("surprise in ours")

    monkeypatch.setattr(evaluate, "set_exam", load)
    words = ("run", "--system", "own_systems:Half", "--limit", 1, *options)
    code, _, err = avbench(*words)
    assert code == 2 and "Unexpected error: KeyError" in err and "Traceback" not in err
    path = err.partition("traceback in ")[2].partition(";")[0]
    with open(path) as file:  # noqa: PTH123
        assert "surprise in" in file.read()
    code, _, err = avbench("--debug", *words)
    assert code == 2 and "Traceback" in err and "in load" in err
    assert "Traceback" in avbench(*words, "--debug")[2]


def test_help_is_fast_because_it_imports_nothing_heavy():
    script = (
        "import sys; from avbench.cli import main; code = main(['--help']); "
        "heavy = {'torch', 'numpy', 'scipy', 'numba', 'matplotlib', 'av', 'soundfile'} & set(sys.modules); "
        "sys.exit(f'heavy: {heavy}' if heavy or code else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for verb in ("run", "apply", "show", "compare", "profile", "list", "data", "plan", "train"):
        assert verb in done.stdout


@pytest.mark.parametrize("verb", ["run", "apply", "show", "compare", "profile", "list", "data", "plan", "train"])
def test_every_verb_has_help(avbench, verb):
    code, out, err = avbench(verb, "--help")
    assert code == 0 and err == "" and "Usage: avbench " + verb in " ".join(out.split())


def test_version(avbench):
    import avbench as package

    assert avbench("--version") == (0, f"avbench {package.__version__}\n", "")


@pytest.mark.parametrize("kind", ["systems", "tasks", "metrics", "datasets", "protocols"])
def test_list(avbench, kind):
    import json

    code, out, _ = avbench("list", kind)
    assert code == 0 and out.count("\n") >= 1
    _, out, _ = avbench("list", kind, "--json", "-")
    assert all(entry["name"] and entry["title"] for entry in json.loads(out)[kind])


@pytest.mark.parametrize(
    ("verb", "words"),
    [("run", "the same command goes on"), ("train", "with --resume goes on"), ("profile", "begins anew"),
     ("apply", "begins anew")],
)  # fmt: skip
def test_what_is_kept_when_interrupted_depends_on_the_verb(avbench, monkeypatch, verb, words):
    import avbench.cli as cli

    def build(verbs):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build", build)
    code, _, err = avbench(verb)
    assert code == 130 and words in err and err.count("\n") == 1
