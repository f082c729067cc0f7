"""`avbench doctor` and `avbench list`: what this machine has, and what it lacks."""

import json

import pytest

from avbench.errors import BadFile, MissingResource
from avbench.evaluation import doctor
from avbench.judges import JUDGES, list_judges
from avbench.metrics import METRICS
from avbench.metrics.golden import Replay


@pytest.fixture
def quick(monkeypatch):
    """Golden scores as told, without replaying them."""
    told = {}

    def golden(names, tell):
        return [told.get(name, Replay(name, "agrees", 1.0, 1.0)) for name in names]

    monkeypatch.setattr(doctor, "golden", golden)
    return told


def test_green_says_what_is_here_and_what_is_not(avbench, quick, monkeypatch, tmp_path):
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    quick["fid"] = Replay("fid", "absent", None, None, "no weights of the network")
    quick["lsa"] = Replay("lsa", "unasked", 0.0, None, "lsa gives 0; no original was asked")
    code, out, err = avbench("doctor", "--json", "x.json")
    assert code == 0, err
    assert "unasked lsa gives 0; no original was asked" in " ".join(out.split())  # which is not to agree
    assert "Green: nothing that is here disagrees." in out and "fid: no weights of the network" in out
    assert "The judge nisqa has no weights here" in out and max(map(len, out.split("\n"))) <= 80
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["green"] and not found["faults"] and {one["metric"] for one in found["golden"]} == set(METRICS)
    extras = {extra["name"]: extra for extra in found["extras"]}
    assert next(iter(extras)) == "core" and extras["core"]["packages"]["pesq"] == "0.0.4"
    assert {"voice", "asr", "images", "faces"} <= set(extras)
    assert [one["name"] for one in found["judges"]] == list_judges()


def test_a_score_that_differs_is_exit_code_one(avbench, quick):
    quick["stoi"] = Replay("stoi", "differs", 0.5, 0.6, "stoi gives 0.5 here and should give 0.6")
    code, out, _ = avbench("doctor")
    assert code == 1 and "stoi gives 0.5 here and should give 0.6" in out and "Not green: 1 thing" in out
    code, out, err = avbench("doctor", "--json", "-")
    assert code == 1 and json.loads(out)["faults"] == ["stoi gives 0.5 here and should give 0.6"] and "Not green" in err


def test_a_folder_of_weights_that_is_not_there_is_said(avbench, quick, monkeypatch, tmp_path):
    monkeypatch.setenv("AVBENCH_ASSETS", "nowhere")
    code, out, _ = avbench("doctor")
    assert code == 0 and "AVBENCH_ASSETS names nowhere, and there is no such folder." in out
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    assert "no such folder" not in avbench("doctor")[1]


def test_a_file_of_weights_that_is_another_is_exit_code_one(avbench, quick, monkeypatch, tmp_path):
    asset = JUDGES["nisqa"].assets[0]
    (tmp_path / asset.name).parent.mkdir(parents=True)
    (tmp_path / asset.name).write_bytes(b"something else")
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    code, out, _ = avbench("doctor")
    assert code == 1 and "wrong" in out and "is not the file that its name says" in " ".join(out.split())


@pytest.mark.parametrize(
    ("error", "status"), [(MissingResource("get it there"), "absent"), (BadFile("it is torn"), "wrong")]
)
def test_judges_are_looked_for_and_not_loaded(monkeypatch, error, status):
    def files(self, path=None):
        raise error

    monkeypatch.setattr(type(JUDGES["nisqa"]), "files", files)
    found = {one.name: one for one in doctor.judges()}
    assert found["nisqa"].status == status and found["nisqa"].reason == str(error)


def test_a_missing_extra_says_how_to_get_it(avbench, quick, monkeypatch):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: {"resemblyzer": None, "pesq": "0.0.3"}.get(name, real(name)))
    extras = {extra.name: extra for extra in doctor.extras()}
    assert extras["voice"].missing == ["resemblyzer"] and extras["voice"].remedy == "pip install 'avbench[voice]'"
    assert extras["core"].unfit == ("pesq 0.0.3 (==0.0.4 is needed)",) and extras["core"].remedy
    monkeypatch.setattr(doctor, "_version", lambda name: None)
    assert doctor.extras()[0].missing


def test_golden_scores_are_replayed_in_a_process_of_their_own():
    told = []
    found = doctor.golden(["si-sdr", "wer"], lambda done, total: told.append((done, total)))
    assert [one.metric for one in found] == ["si-sdr", "wer"] and told == [(1, 2), (2, 2)]
    assert {one.status for one in found} == {"agrees"}, [one.reason for one in found]


def test_fetch_without_a_folder_or_a_licence_is_one_sentence(avbench, quick, monkeypatch, tmp_path):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    code, _, err = avbench("doctor", "--fetch", "nisqa")
    assert code == 2 and "set AVBENCH_ASSETS to a folder" in err and err.count("\n") == 1
    monkeypatch.setenv("AVBENCH_ASSETS", str(tmp_path))
    code, _, err = avbench("doctor", "--fetch", "mstcn")
    assert code == 2 and "is not downloaded for you" in err
    assert "Did you mean nisqa" in avbench("doctor", "--fetch", "nisqua")[2]


def test_list_metrics_is_a_table(avbench, tmp_path):
    code, out, _ = avbench("list", "metrics", "--json", "x.json")
    assert code == 0 and max(map(len, out.split("\n"))) <= 80
    with (tmp_path / "x.json").open() as file:
        found = json.load(file)["metrics"]
    assert [entry["name"] for entry in found] == list(METRICS)
    for entry in found:
        metric = METRICS[entry["name"]]
        line = next(line for line in out.split("\n") if line.startswith(f"{metric.name} "))
        assert ("high" if metric.higher_is_better else "low") in line.split() and (metric.judge or "") in line
        if metric.floor is not None:
            assert f"{metric.floor:g}" in line
        assert entry["source"] == metric.source and entry["floor"] == metric.floor


def test_list_judges_says_where_the_weights_are_or_how_to_get_them(avbench, monkeypatch):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    code, out, _ = avbench("list", "judges")
    assert code == 0
    assert all(any(line.startswith(f"{name} ") for line in out.split("\n")) for name in list_judges())
    assert "The judge nisqa has no weights here: nisqa/nisqa.tar is missing" in " ".join(out.split())
